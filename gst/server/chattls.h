/* SPDX-License-Identifier: LGPL-2.1-or-later
 * TLS in front of the server: certificate, handshake, and who comes without. */
#pragma once

#include "chatpoller.h"

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _GstChatTls GstChatTls;

/* @stream: what HTTP goes over. TLS, and then the head of a request is there, or
 * more than one may have; or, where @plain, the connection itself, in which
 * something has come. */
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

/* Before the first is accepted. @poller outlives it. */
void gst_chat_tls_open (GstChatTls * tls, GstChatPoller * poller,
    GstChatTlsFunc func, GstChatTlsFailedFunc failed, gpointer user_data);
/* Reads the files again. FALSE: they are of no use, the old ones stay. */
gboolean gst_chat_tls_reload (GstChatTls * tls, GError ** error)
    G_GNUC_WARN_UNUSED_RESULT;

/* Waits for the first byte, does the handshake and waits for a request; many at
 * once take turns. How long all that may take is for others to say, by shutting
 * the socket. */
void gst_chat_tls_accept (GstChatTls * tls, GSocketConnection * connection,
    GSocketAddress * remote);

G_END_DECLS
