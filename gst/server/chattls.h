/* SPDX-License-Identifier: LGPL-2.1-or-later
 * TLS in front of the server: certificate, handshake, and who comes without. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _GstChatTls GstChatTls;

/* @stream: what HTTP goes over, TLS or, where @plain, the connection itself. */
typedef void (*GstChatTlsFunc) (GIOStream * stream, GSocketAddress * remote,
    gboolean plain, gpointer user_data);
typedef void (*GstChatTlsFailedFunc) (GSocketAddress * remote,
    const gchar * reason, gpointer user_data);

/* @certificate and @key are PEM files; NULL @key: the key is in @certificate
 * too. The error is one sentence. */
GstChatTls *gst_chat_tls_new (const gchar * certificate, const gchar * key,
    GError ** error) G_GNUC_WARN_UNUSED_RESULT;
/* Lets nobody in any more, and calls nothing. */
void gst_chat_tls_free (GstChatTls * tls);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstChatTls, gst_chat_tls_free)

void gst_chat_tls_set_funcs (GstChatTls * tls, GstChatTlsFunc func,
    GstChatTlsFailedFunc failed, gpointer user_data);
/* Reads the files again. FALSE: they are of no use, the old ones stay. */
gboolean gst_chat_tls_reload (GstChatTls * tls, GError ** error)
    G_GNUC_WARN_UNUSED_RESULT;

/* Waits for the first byte and does the handshake. How long that may take is
 * for others to say, by shutting the socket. */
void gst_chat_tls_accept (GstChatTls * tls, GSocketConnection * connection,
    GSocketAddress * remote);

G_END_DECLS
