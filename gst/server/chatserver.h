/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The signalling server with its page, as a part of any program. */
#pragma once

#include "chatjournal.h"

G_BEGIN_DECLS

typedef struct _GstChatServer GstChatServer;
typedef void (*GstChatServerFunc) (gpointer user_data);

/* What is 0 or NULL has the default. All times in milliseconds. */
typedef struct {
  const gchar *address;         /* an IP address or "localhost"; default 127.0.0.1 */
  guint16 port;                 /* 0: any that is free */
  /* PEM files: all goes by TLS, and who comes without is sent there. NULL key:
   * it is in the file of the certificate. */
  const gchar *tls_certificate;
  const gchar *tls_key;
  /* With TLS: another port, whose visitors are sent to the first; 0: none. */
  guint16 redirect_port;
  /* Where /metrics and /healthz are for whoever runs it; NULL: nowhere. */
  const gchar *metrics_address;
  guint16 metrics_port;         /* 0: any that is free */
  /* Origins of pages that are not ours but may connect, "*": any; NULL: none. */
  const gchar *const *origins;
  /* Only who has a token made with it may enter the chat; NULL: everybody. */
  GBytes *auth_secret;
  /* TURN servers, and the secret that they and we know; NULL: none. */
  const gchar *const *turn_uris;
  GBytes *turn_secret;
  guint turn_time;              /* seconds of credentials; default 86,400 */
  guint ping_interval;          /* default 25,000 */
  guint ping_timeout;           /* default 20,000 */
  guint upgrade_timeout;        /* default 10,000 */
  guint request_timeout;        /* for a connection's first request, thrice that for each other; default 10,000 */
  guint connect_timeout;        /* from the handshake to the chat; default 45,000 */
  gsize max_queue;              /* bytes waiting for one slow reader; default 4 MiB */
  const GstChatLimits *limits;  /* NULL: those of chatlimits.h */
  /* Called in the server's thread; NULL: nothing is told. */
  GstChatLogFunc log;
  gpointer log_data;
} GstChatServerConfig;

/* Copies @config. Everything below belongs to one thread, whose thread-default
 * main context does the work. */
GstChatServer *gst_chat_server_new (const GstChatServerConfig * config);
/* Stops it if need be. */
void gst_chat_server_free (GstChatServer * server);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstChatServer, gst_chat_server_free)

/* Listens. FALSE: the address is wrong, taken or not allowed; the error's
 * message is one sentence that says so (GST_CHAT_ERROR_CONNECT). */
gboolean gst_chat_server_start (GstChatServer * server, GError ** error)
    G_GNUC_WARN_UNUSED_RESULT;
/* Closes every connection at once. It may be started again. */
void gst_chat_server_stop (GstChatServer * server);

/* Before a stop: tells all that it comes, lets nobody begin a session or a call,
 * and calls @drained, once, when no call is just being made, or after @ms. */
void gst_chat_server_drain (GstChatServer * server, guint ms,
    GstChatServerFunc drained, gpointer user_data);
/* Reads the certificate again, for connections that come from now on. FALSE:
 * the files are of no use, and all stays as it is. Nothing without TLS. */
gboolean gst_chat_server_reload (GstChatServer * server, GError ** error);

/* While it runs: where to go with a browser, `http://host:port/` or https, and
 * the port that it really has. */
const gchar *gst_chat_server_get_uri (const GstChatServer * server);
guint16 gst_chat_server_get_port (const GstChatServer * server);
/* That of the metrics, or 0. */
guint16 gst_chat_server_get_metrics_port (const GstChatServer * server);
/* How many are in the chat. */
guint gst_chat_server_get_n_users (const GstChatServer * server);
/* How many connections there are that speak HTTP. */
guint gst_chat_server_get_n_connections (const GstChatServer * server);

G_END_DECLS
