/* SPDX-License-Identifier: LGPL-2.1-or-later
 * What a server's secret says of somebody: who may enter as whom and where, and
 * who may use a relay for a while. Pure: time is an argument, in seconds since
 * 1970. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A token for @name in @room (NULL: any of them) until @expires, a text that
 * needs no quoting in a URL. Caller frees. */
gchar *gst_chat_token_make (GBytes * secret, const gchar * name,
    const gchar * room, gint64 expires);

typedef enum {
  GST_CHAT_TOKEN_FINE,
  GST_CHAT_TOKEN_MISSING,
  GST_CHAT_TOKEN_WRONG,         /* not made with this secret */
  GST_CHAT_TOKEN_EXPIRED,
  GST_CHAT_TOKEN_NAME,          /* for another one */
  GST_CHAT_TOKEN_ROOM,
} GstChatTokenCheck;

/* @name and @room as the client gives them; NULL or "": none. */
GstChatTokenCheck gst_chat_token_check (GBytes * secret, const gchar * token,
    const gchar * name, const gchar * room, gint64 now);
/* For whoever is refused: one sentence without a full stop. */
const gchar *gst_chat_token_text (GstChatTokenCheck check);

/* The public id of whoever knows @key, a secret of its own: the same after a new
 * connection, and after a restart of the server, which need not remember it.
 * NULL: not long enough to be a secret, or too long. Caller frees. */
gchar *gst_chat_id_from_key (const gchar * key);

/* Credentials of coturn's REST API: the user name "@expires:@id", and what
 * belongs to it. The caller frees both. */
gchar *gst_chat_turn_username (const gchar * id, gint64 expires);
gchar *gst_chat_turn_credential (GBytes * secret, const gchar * username);

G_END_DECLS
