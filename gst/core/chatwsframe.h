/* SPDX-License-Identifier: LGPL-2.1-or-later
 * WebSocket frames (RFC 6455) of the server's side, without extensions. Pure:
 * bytes in, whole messages out; every bound is kept before memory is taken. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Values are the wire's. */
typedef enum {
  GST_CHAT_WS_CONTINUATION = 0,
  GST_CHAT_WS_TEXT = 1,
  GST_CHAT_WS_BINARY = 2,
  GST_CHAT_WS_CLOSE = 8,
  GST_CHAT_WS_PING = 9,
  GST_CHAT_WS_PONG = 10,
} GstChatWsOpcode;

/* Status codes of a CLOSE frame; 0 stands for one without. */
#define GST_CHAT_WS_STATUS_NONE 0
#define GST_CHAT_WS_STATUS_GOING_AWAY 1001
#define GST_CHAT_WS_STATUS_PROTOCOL 1002
#define GST_CHAT_WS_STATUS_BAD_DATA 1007
#define GST_CHAT_WS_STATUS_TOO_BIG 1009

typedef struct _GstChatWsReader GstChatWsReader;

/* A whole message or control frame; TEXT is UTF-8. FALSE: read no further. */
typedef gboolean (*GstChatWsFunc) (GstChatWsOpcode opcode, const guint8 * data,
    gsize len, gpointer user_data);

/* @max_bytes bounds a message, all its fragments together. */
GstChatWsReader *gst_chat_ws_reader_new (gsize max_bytes);
void gst_chat_ws_reader_free (GstChatWsReader * reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstChatWsReader, gst_chat_ws_reader_free)

/* Takes any piece of a client's stream. 0, or the status to close with; after
 * that, or after FALSE from @func, nothing more may be fed. */
guint gst_chat_ws_reader_feed (GstChatWsReader * reader, const guint8 * data,
    gsize len, GstChatWsFunc func, gpointer user_data)
    G_GNUC_WARN_UNUSED_RESULT;

/* Appends one whole, unmasked frame. */
void gst_chat_ws_append_frame (GByteArray * out, GstChatWsOpcode opcode,
    gconstpointer data, gsize len);
void gst_chat_ws_append_close (GByteArray * out, guint status);

G_END_DECLS
