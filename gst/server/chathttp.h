/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The server's HTTP: the page, and the door to the Engine.IO sessions. */
#pragma once

#include "chatclient.h"
#include "chatdoor.h"
#include "chatgate.h"

#include <libsoup/soup.h>

G_BEGIN_DECLS

/* Before 3.3 libsoup leaks a connection that is kept for another request and
 * closed by the client instead. */
#define GST_CHAT_HTTP_KEEPS_ALIVE (soup_check_version (3, 3, 0))

typedef struct {
  GstChatClients *clients;
  GstChatDoor *door;
  GstChatGate *gate;
  guint n_polling;              /* sessions */
  guint16 tls_port;             /* 0: there is no TLS */
  gboolean stopping;            /* no new sessions */
  /* The text of /metrics; the caller frees. */
  gchar *(*metrics) (gpointer user_data);
  gpointer user_data;
  /* Origins, besides the server's own, whose pages may connect; "*": any.
   * NULL-terminated, or NULL. */
  gchar **origins;
} GstChatHttp;

/* The door that a connection came in by. */
typedef enum {
  GST_CHAT_ENTRANCE_FRONT,      /* the page and the chat */
  GST_CHAT_ENTRANCE_PLAIN,      /* without TLS where there is some: sent there */
  GST_CHAT_ENTRANCE_METRICS,    /* for whoever runs the server */
} GstChatEntrance;

/* Without it: FRONT. */
void gst_chat_http_set_entrance (GSocketAddress * remote,
    GstChatEntrance entrance);

/* Installs the routes; @http outlives @server's last request. */
void gst_chat_http_install (GstChatHttp * http, SoupServer * server);

G_END_DECLS
