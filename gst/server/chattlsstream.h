/* SPDX-License-Identifier: LGPL-2.1-or-later
 * TLS of a server as a GIOStream that never waits. GTlsConnection has a thread
 * wait for each handshake: a hundred clients that stop half-way stop all. */
#pragma once

#include <gio/gio.h>
#include <openssl/ssl.h>

G_BEGIN_DECLS

#define GST_CHAT_TYPE_TLS_STREAM (gst_chat_tls_stream_get_type ())
G_DECLARE_FINAL_TYPE (GstChatTlsStream, gst_chat_tls_stream, GST_CHAT,
    TLS_STREAM, GIOStream)

/* The server's end, on a socket that does not block. Both of its streams are
 * pollable; closing it says good-bye as far as that goes without waiting. */
GstChatTlsStream *gst_chat_tls_stream_new (SSL_CTX * context,
    GSocket * socket);

typedef enum {
  GST_CHAT_TLS_DONE,
  GST_CHAT_TLS_WAIT,            /* try again when something comes, or can go */
  GST_CHAT_TLS_FAILED,
} GstChatTlsStep;

/* Goes on with the handshake, once it is asked to. */
GstChatTlsStep gst_chat_tls_stream_shake_hands (GstChatTlsStream * stream,
    GError ** error);
/* What can be read, of one record at most, and stays there. 0: it has ended; -1:
 * nothing yet. */
gssize gst_chat_tls_stream_peek (GstChatTlsStream * stream, gpointer buffer,
    gsize size);

/* The oldest of OpenSSL's errors, in words; clears them all. Caller frees. */
gchar *gst_chat_tls_error_text (void);

G_END_DECLS
