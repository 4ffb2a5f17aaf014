/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The server's HTTP: the page, and the door to the Engine.IO sessions. */
#pragma once

#include "chatclient.h"
#include "chatdoor.h"
#include "chatgate.h"

#include <libsoup/soup.h>

G_BEGIN_DECLS

typedef struct {
  GstChatClients *clients;
  GstChatDoor *door;
  GstChatGate *gate;
  guint n_polling;              /* sessions */
  guint16 tls_port;             /* 0: there is no TLS */
  /* Origins, besides the server's own, whose pages may connect; "*": any.
   * NULL-terminated, or NULL. */
  gchar **origins;
} GstChatHttp;

/* The connection of @remote comes without TLS where there is some: all it gets
 * is sent there. */
void gst_chat_http_mark_plain (GSocketAddress * remote);

/* Installs the routes; @http outlives @server's last request. */
void gst_chat_http_install (GstChatHttp * http, SoupServer * server);

G_END_DECLS
