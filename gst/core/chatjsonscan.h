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

/* Whether @text is one whole JSON value, valid UTF-8, at most @max_bytes long,
 * GST_CHAT_MAX_JSON_DEPTH deep, and with at most GST_CHAT_MAX_JSON_MEMBERS
 * members in one object (else GST_CHAT_ERROR_LIMIT or _MALFORMED). Stricter
 * than RFC 8259 in one point: a string must not hold a NUL nor a lone
 * surrogate, escaped or not: C strings and JSON parsers disagree on them. No
 * recursion, no allocation but the error's. */
gboolean gst_chat_json_check (const gchar * text, gsize len, gsize max_bytes,
    GError ** error) G_GNUC_WARN_UNUSED_RESULT;

/* All that follow want text that gst_chat_json_check() has passed. The raw text
 * of member @name of the object @text (the last one of that name, as
 * JavaScript has it), or FALSE. */
gboolean gst_chat_json_member (GstChatSlice text, const gchar * name,
    GstChatSlice * value);
/* The raw text of element @index of the array @text, or FALSE. */
gboolean gst_chat_json_element (GstChatSlice text, guint index,
    GstChatSlice * value);
/* Calls @func for the elements of the array @text in order, until it returns
 * FALSE; FALSE if it did. Nothing to do where @text is no array. */
typedef gboolean (*GstChatJsonFunc) (GstChatSlice element, gpointer user_data);
gboolean gst_chat_json_foreach (GstChatSlice text, GstChatJsonFunc func,
    gpointer user_data);
/* The string that the JSON string @text stands for; NULL where @text is no
 * string, is longer than @max_bytes, or holds a NUL or a lone surrogate. */
gchar *gst_chat_json_string (GstChatSlice text, gsize max_bytes);

/* FALSE where @text is no number. */
gboolean gst_chat_json_number (GstChatSlice text, gdouble * value);

/* Appends @text, which must be UTF-8, to @out as a JSON string, quotes
 * included. Escapes what JSON and JavaScript want escaped, nothing else. */
void gst_chat_json_append_string (GString * out, const gchar * text);

G_END_DECLS
