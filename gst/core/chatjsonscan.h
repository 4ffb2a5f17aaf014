/* SPDX-License-Identifier: LGPL-2.1-or-later
 * A validating scanner of JSON text (RFC 8259): the guard in front of every
 * parser that recurses, and the way to raw members without a tree. Pure. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A part of somebody else's buffer; not terminated. */
typedef struct {
  const gchar *data;
  gsize len;
} GstChatSlice;

/* Whether @text is one whole JSON value, valid UTF-8, without a NUL, at most
 * @max_bytes long, GST_CHAT_MAX_JSON_DEPTH deep, and with at most
 * GST_CHAT_MAX_JSON_MEMBERS members in one object. No recursion, no
 * allocation but the error's. */
gboolean gst_chat_json_check (const gchar * text, gsize len, gsize max_bytes,
    GError ** error) G_GNUC_WARN_UNUSED_RESULT;

/* Both of these want text that gst_chat_json_check() has passed. The raw text
 * of member @name of the object @text (the last one of that name, as
 * JavaScript has it), or FALSE. */
gboolean gst_chat_json_member (GstChatSlice text, const gchar * name,
    GstChatSlice * value);
/* The raw text of element @index of the array @text, or FALSE. */
gboolean gst_chat_json_element (GstChatSlice text, guint index,
    GstChatSlice * value);
/* The string that the JSON string @text stands for; NULL where @text is no
 * string, is longer than @max_bytes, or holds a NUL or a lone surrogate. */
gchar *gst_chat_json_string (GstChatSlice text, gsize max_bytes);

/* Appends @text to @out as a JSON string, quotes included. Escapes what JSON
 * and JavaScript want escaped, nothing else. */
void gst_chat_json_append_string (GString * out, const gchar * text);

G_END_DECLS
