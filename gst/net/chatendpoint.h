/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The server as libsoup sees it: requests to it, and what its errors mean. */
#pragma once

#include "chatsocketclient.h"
#include <libsoup/soup.h>

G_BEGIN_DECLS

/* Constant after construction, but for what libsoup does inside, and remote. */
typedef struct {
  GUri *uri;                    /* http or https, path, the user's own query */
  gchar *where;                 /* host:port, for people */
  gchar *query;                 /* name, room, token; encoded; "" or "&…" */
  gboolean tls_validate;
  gboolean own_ca;              /* tls-ca-file is set */
  guint timeout;                /* ms, for error texts */
  SoupSession *soup;
  gchar *remote;                /* loop thread: the address that was reached last; NULL: none yet */
} GstChatEndpoint;

/* Loop thread only, as libsoup remembers the thread. Fails where the uri or
 * the CA file cannot be used. */
GstChatEndpoint *gst_chat_endpoint_new_in_loop (const GstChatSocketConfig * config,
    GError ** error);
GstChatEndpoint *gst_chat_endpoint_ref (GstChatEndpoint * endpoint);
void gst_chat_endpoint_unref (GstChatEndpoint * endpoint);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstChatEndpoint, gst_chat_endpoint_unref)

/* A request to Engine.IO; @transport: "websocket" or "polling"; @sid: NULL for
 * a handshake; @eio: the generation to ask for. */
SoupMessage *gst_chat_endpoint_message (GstChatEndpoint * endpoint,
    const gchar * method, const gchar * transport, const gchar * sid, guint eio);

/* In words that say what to do next. @error: what libsoup or GIO said about
 * @message, or NULL where the answer of status @message is what is wrong. */
GError *gst_chat_endpoint_error (GstChatEndpoint * endpoint,
    SoupMessage * message, const GError * error);
GError *gst_chat_endpoint_timeout_error (GstChatEndpoint * endpoint);

G_END_DECLS
