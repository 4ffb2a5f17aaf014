/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The signalling server with its page: what listens, routes and ticks. */
#include "chatserver.h"

#include "config.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "chatacceptfilter.h"
#include "chatdoor.h"
#include "chathttp.h"
#include "chatlistener.h"
#include "chatmetrics.h"
#include "chattls.h"
#include "chatturn.h"

#define DEFAULT_ADDRESS "127.0.0.1"
/* socket.io's own defaults: clients are tried with them. */
#define DEFAULT_PING_INTERVAL 25000
#define DEFAULT_PING_TIMEOUT 20000
#define DEFAULT_UPGRADE_TIMEOUT 10000
#define DEFAULT_CONNECT_TIMEOUT 45000
/* Long enough for a phone on a bad line. */
#define DEFAULT_REQUEST_TIMEOUT 10000
/* A full list of users and a burst of calls beside it. */
#define DEFAULT_MAX_QUEUE (4 * 1024 * 1024)
/* Before the end: how often it is looked, and for how long nothing may have been
 * relayed. The parts of one call's beginning come closer together. */
#define DRAIN_TICK_MS 20
#define QUIET_US G_TIME_SPAN_SECOND
/* A day: more than any call. */
#define DEFAULT_TURN_TIME 86400
/* How finely time-outs are kept; finer only where a heartbeat is shorter. */
#define TICK_MS 1000
/* How often the gate is swept. */
#define SWEEP_MS 1000

struct _GstChatServer
{
  gchar *address;
  guint16 port;                 /* as asked for */
  guint16 redirect_port;
  gchar *tls_certificate;       /* NULL: no TLS */
  gchar *tls_key;
  gchar *metrics_address;       /* NULL: no figures */
  guint16 metrics_port;
  guint request_timeout;        /* ms */
  gchar *uri;                   /* while it runs */
  GstChatLimits limits;
  GstChatJournal journal;
  GstChatClients clients;
  GstChatHttp http;
  SoupServer *soup;             /* while it runs, as all below */
  GstChatDoor *door;
  GstChatGate *gate;
  GstChatTls *tls;              /* NULL: none */
  GSocketAddress *local;
  GstChatListener *listener;
  GstChatAcceptFilter *filter;
  GstChatListener *redirect;    /* NULL: none */
  GstChatTimer sweep;           /* of the gate */
  GstChatListener *metrics;     /* NULL: none */
  GstChatTurn *turn;            /* NULL: no metrics */
  GSource *drain;               /* while it waits for the end; else NULL */
  gint64 drain_until;
  GstChatServerFunc drained;
  gpointer drained_data;
};

static gchar *on_metrics (gpointer user_data);

static guint
or_default (guint value, guint otherwise)
{
  return value != 0 ? value : otherwise;
}

GstChatServer *
gst_chat_server_new (const GstChatServerConfig * config)
{
  g_return_val_if_fail (config != NULL, NULL);

  GstChatServer *server = g_new0 (GstChatServer, 1);
  server->address = g_strdup (config->address != NULL ? config->address :
      DEFAULT_ADDRESS);
  server->port = config->port;
  server->redirect_port = config->redirect_port;
  server->tls_certificate = g_strdup (config->tls_certificate);
  server->tls_key = g_strdup (config->tls_key);
  server->metrics_address = g_strdup (config->metrics_address);
  server->metrics_port = config->metrics_port;
  server->http.metrics = on_metrics;
  server->http.user_data = server;
  server->request_timeout =
      or_default (config->request_timeout, DEFAULT_REQUEST_TIMEOUT);
  if (config->limits != NULL)
    server->limits = *config->limits;
  else
    gst_chat_limits_init (&server->limits);
  server->journal.func = config->log;
  server->journal.user_data = config->log_data;
  server->http.clients = &server->clients;
  server->http.origins = g_strdupv ((gchar **) config->origins);

  GstChatClients *clients = &server->clients;
  clients->journal = &server->journal;
  if (config->auth_secret != NULL)
    clients->auth_secret = g_bytes_ref (config->auth_secret);
  GstChatInfo *info = &clients->info;
  info->limits = &server->limits;
  info->server = "gst-chat-server/" VERSION;
  info->turn_uris = g_strdupv ((gchar **) config->turn_uris);
  if (config->turn_secret != NULL)
    info->turn_secret = g_bytes_ref (config->turn_secret);
  info->turn_time = or_default (config->turn_time, DEFAULT_TURN_TIME);
  clients->engine.limits = &server->limits;
  clients->engine.ping_interval =
      or_default (config->ping_interval, DEFAULT_PING_INTERVAL);
  clients->engine.ping_timeout =
      or_default (config->ping_timeout, DEFAULT_PING_TIMEOUT);
  clients->engine.upgrade_timeout =
      or_default (config->upgrade_timeout, DEFAULT_UPGRADE_TIMEOUT);
  clients->engine.max_queue =
      config->max_queue != 0 ? config->max_queue : DEFAULT_MAX_QUEUE;
  clients->connect_timeout =
      or_default (config->connect_timeout, DEFAULT_CONNECT_TIMEOUT);
  return server;
}

void
gst_chat_server_free (GstChatServer * server)
{
  if (server == NULL)
    return;
  gst_chat_server_stop (server);
  g_strfreev (server->http.origins);
  g_clear_pointer (&server->clients.auth_secret, g_bytes_unref);
  g_strfreev (server->clients.info.turn_uris);
  g_clear_pointer (&server->clients.info.turn_secret, g_bytes_unref);
  g_free (server->address);
  g_free (server->tls_certificate);
  g_free (server->tls_key);
  g_free (server->metrics_address);
  g_free (server);
}

/* libsoup goes on with it. */
static void
serve (GstChatServer * server, GIOStream * stream, GSocketAddress * remote)
{
  soup_server_accept_iostream (server->soup, stream, server->local, remote,
      NULL);
}

static void
on_stream (GIOStream * stream, GSocketAddress * remote, gboolean plain,
    gpointer user_data)
{
  GstChatServer *server = user_data;
  if (!plain) {
    serve (server, stream, remote);
    return;
  }
  gst_chat_http_set_entrance (remote, GST_CHAT_ENTRANCE_PLAIN);
  gst_chat_accept_filter_add (server->filter, G_SOCKET_CONNECTION (stream),
      remote);
}

static void
on_tls_failed (GSocketAddress * remote, const gchar * reason,
    gpointer user_data)
{
  GstChatServer *server = user_data;
  server->journal.counts[GST_CHAT_COUNT_TLS_FAILED]++;
  gst_chat_journal_tell (&server->journal, GST_CHAT_LOG_DEBUG, "tls-failed",
      "reason", reason, NULL);
}

/* The address of the other end, or NULL: it is not let in. */
static GSocketAddress *
let_in (GstChatServer * server, GSocketConnection * connection)
{
  g_autoptr (GSocketAddress) remote =
      g_socket_connection_get_remote_address (connection, NULL);
  /* One that is gone already has no address. */
  if (remote == NULL || !gst_chat_gate_enter (server->gate, connection, remote))
    return NULL;
  gst_chat_door_enter (server->door, connection, remote);
  return g_steal_pointer (&remote);
}

static void
on_connection (GSocketConnection * connection, gpointer user_data)
{
  GstChatServer *server = user_data;
  g_autoptr (GSocketAddress) remote = let_in (server, connection);
  if (remote == NULL)
    return;
  if (server->tls != NULL)
    gst_chat_tls_accept (server->tls, connection, remote);
  else
    gst_chat_accept_filter_add (server->filter, connection, remote);
}

static void
on_request_there (GSocketConnection * connection, GSocketAddress * remote,
    gpointer user_data)
{
  serve (user_data, G_IO_STREAM (connection), remote);
}

/* One that is for something else than the chat. */
static void
let_in_by (GstChatServer * server, GSocketConnection * connection,
    GstChatEntrance entrance)
{
  g_autoptr (GSocketAddress) remote = let_in (server, connection);
  if (remote == NULL)
    return;
  gst_chat_http_set_entrance (remote, entrance);
  gst_chat_accept_filter_add (server->filter, connection, remote);
}

static void
on_redirect_connection (GSocketConnection * connection, gpointer user_data)
{
  let_in_by (user_data, connection, GST_CHAT_ENTRANCE_PLAIN);
}

static void
on_metrics_connection (GSocketConnection * connection, gpointer user_data)
{
  let_in_by (user_data, connection, GST_CHAT_ENTRANCE_METRICS);
}

static gchar *
on_metrics (gpointer user_data)
{
  GstChatServer *server = user_data;
  GstChatFigures figures = {
    .users = gst_chat_server_get_n_users (server),
    .sessions = gst_chat_clients_get_n (&server->clients),
    .polling = server->http.n_polling,
    .connections = gst_chat_gate_get_n_connections (server->gate),
    .pending = gst_chat_gate_get_n_pending (server->gate),
    .longest_turn = gst_chat_turn_take_longest (server->turn),
    .stopping = server->http.stopping,
  };
  return gst_chat_metrics_text (&figures, &server->journal);
}

static void
stop_source (GSource ** source)
{
  if (*source == NULL)
    return;
  g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

/* Addresses from which nobody comes any more are forgotten. */
static void
on_sweep (GstChatTimer * timer, gint64 now)
{
  GstChatServer *server = GST_CHAT_OWNER_OF (GstChatServer, sweep, timer);
  gst_chat_gate_tick (server->gate, now);
  gst_chat_poller_start_timer (server->clients.engine.poller, timer,
      now + SWEEP_MS * 1000);
}

static guint
tick_interval (const GstChatServer * server)
{
  guint shortest = MIN (server->clients.engine.ping_interval,
      server->clients.engine.ping_timeout);
  shortest = MIN (shortest, server->clients.engine.upgrade_timeout);
  shortest = MIN (shortest, server->clients.connect_timeout);
  shortest = MIN (shortest, server->request_timeout);
  return CLAMP (shortest / 4, 10, TICK_MS);
}

/* What a person can open: who listens everywhere is also here. */
static gchar *
build_uri (const GstChatServer * server)
{
  const gchar *host = server->address;
  if (g_str_equal (host, "0.0.0.0") || g_str_equal (host, "::")
      || g_str_equal (host, "127.0.0.1"))
    host = "localhost";
  return g_uri_join (G_URI_FLAGS_NONE, server->tls != NULL ? "https" : "http",
      NULL, host,
      gst_chat_listener_get_port (server->listener), "/", NULL, NULL);
}

/* libsoup keeps a connection for another request only while it has a listener
 * of its own. It gets the end of a pipe, whose other end is closed. */
static void
allow_keep_alive (SoupServer * soup)
{
  int ends[2];
  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return;
  g_autoptr (GSocket) deaf = g_socket_new_from_fd (ends[0], NULL);
  if (deaf != NULL)
    soup_server_listen_socket (soup, deaf, 0, NULL);
  else
    close (ends[0]);
  close (ends[1]);
}

/* What can fail. */
static gboolean
open_doors (GstChatServer * server, GError ** error)
{
  if (server->tls_certificate != NULL) {
    server->tls = gst_chat_tls_new (server->tls_certificate, server->tls_key,
        error);
    if (server->tls == NULL)
      return FALSE;
  }
  server->listener = gst_chat_listener_new (server->address, server->port,
      on_connection, server, error);
  if (server->listener == NULL)
    return FALSE;
  if (server->tls != NULL && server->redirect_port != 0) {
    server->redirect = gst_chat_listener_new (server->address,
        server->redirect_port, on_redirect_connection, server, error);
    if (server->redirect == NULL)
      return FALSE;
  }
  if (server->metrics_address == NULL)
    return TRUE;
  server->metrics = gst_chat_listener_new (server->metrics_address,
      server->metrics_port, on_metrics_connection, server, error);
  if (server->metrics == NULL)
    return FALSE;
  server->turn = gst_chat_turn_new ();
  return TRUE;
}

static void
close_doors (GstChatServer * server)
{
  g_clear_pointer (&server->turn, gst_chat_turn_free);
  g_clear_pointer (&server->metrics, gst_chat_listener_free);
  g_clear_pointer (&server->redirect, gst_chat_listener_free);
  g_clear_pointer (&server->listener, gst_chat_listener_free);
  g_clear_pointer (&server->tls, gst_chat_tls_free);
}

gboolean
gst_chat_server_start (GstChatServer * server, GError ** error)
{
  g_return_val_if_fail (server->listener == NULL, FALSE);

  if (!open_doors (server, error)) {
    close_doors (server);
    return FALSE;
  }
  GstChatPoller *poller = server->clients.engine.poller =
      gst_chat_poller_new (tick_interval (server));
  server->filter =
      gst_chat_accept_filter_new (poller, on_request_there, server);
  if (server->tls != NULL)
    gst_chat_tls_open (server->tls, poller, on_stream, on_tls_failed, server);
  gst_chat_clients_init (&server->clients);
  server->door = server->http.door =
      gst_chat_door_new (poller, server->request_timeout);
  server->gate = server->http.gate =
      gst_chat_gate_new (&server->limits, &server->journal);
  server->sweep.func = on_sweep;
  on_sweep (&server->sweep, g_get_monotonic_time ());
  server->soup = soup_server_new (NULL, NULL);
  if (GST_CHAT_HTTP_KEEPS_ALIVE)
    allow_keep_alive (server->soup);
  server->http.tls_port = server->tls == NULL ? 0 :
      gst_chat_listener_get_port (server->listener);
  gst_chat_http_install (&server->http, server->soup);
  server->local = gst_chat_listener_get_address (server->listener);
  server->uri = build_uri (server);
  gst_chat_journal_tell (&server->journal, GST_CHAT_LOG_INFO, "started", "uri",
      server->uri, NULL);
  return TRUE;
}

void
gst_chat_server_stop (GstChatServer * server)
{
  if (server->listener == NULL)
    return;
  gst_chat_timer_stop (&server->sweep);
  stop_source (&server->drain);
  close_doors (server);
  g_clear_pointer (&server->filter, gst_chat_accept_filter_free);
  gst_chat_clients_clear (&server->clients);
  soup_server_disconnect (server->soup);
  g_clear_object (&server->soup);
  g_clear_object (&server->local);
  g_clear_pointer (&server->door, gst_chat_door_free);
  g_clear_pointer (&server->gate, gst_chat_gate_unref);
  g_clear_pointer (&server->clients.engine.poller, gst_chat_poller_free);
  g_clear_pointer (&server->uri, g_free);
  server->http.stopping = FALSE;
  gst_chat_journal_tell (&server->journal, GST_CHAT_LOG_INFO, "stopped", NULL);
}

static gboolean
on_drain (gpointer user_data)
{
  GstChatServer *server = user_data;
  gint64 now = g_get_monotonic_time ();
  gint64 quiet_at = server->clients.relayed_at == 0 ? 0 :
      server->clients.relayed_at + QUIET_US;
  if (now < MIN (server->drain_until, quiet_at)
      && gst_chat_server_get_n_users (server) > 0)
    return G_SOURCE_CONTINUE;
  stop_source (&server->drain);
  server->drained (server->drained_data);
  return G_SOURCE_REMOVE;
}

void
gst_chat_server_drain (GstChatServer * server, guint ms,
    GstChatServerFunc drained, gpointer user_data)
{
  g_return_if_fail (server->listener != NULL && server->drain == NULL);
  gst_chat_journal_tell (&server->journal, GST_CHAT_LOG_INFO, "stopping", NULL);
  server->http.stopping = TRUE;
  gst_chat_clients_warn (&server->clients, "This server stops");
  server->drained = drained;
  server->drained_data = user_data;
  server->drain_until = g_get_monotonic_time () + ms * G_TIME_SPAN_MILLISECOND;
  server->drain = g_timeout_source_new (DRAIN_TICK_MS);
  g_source_set_callback (server->drain, on_drain, server, NULL);
  g_source_attach (server->drain, g_main_context_get_thread_default ());
}

gboolean
gst_chat_server_reload (GstChatServer * server, GError ** error)
{
  if (server->tls == NULL)
    return TRUE;
  g_autoptr (GError) why = NULL;
  if (gst_chat_tls_reload (server->tls, &why)) {
    gst_chat_journal_tell (&server->journal, GST_CHAT_LOG_INFO, "reloaded",
        "certificate", server->tls_certificate, NULL);
    return TRUE;
  }
  gst_chat_journal_tell (&server->journal, GST_CHAT_LOG_ERROR,
      "reload-failed", "reason", why->message, NULL);
  g_propagate_error (error, g_steal_pointer (&why));
  return FALSE;
}

const gchar *
gst_chat_server_get_uri (const GstChatServer * server)
{
  return server->uri;
}

guint16
gst_chat_server_get_port (const GstChatServer * server)
{
  return server->listener == NULL ? 0 :
      gst_chat_listener_get_port (server->listener);
}

guint
gst_chat_server_get_n_users (const GstChatServer * server)
{
  return server->clients.roster == NULL ? 0 :
      gst_chat_roster_size (server->clients.roster);
}

guint
gst_chat_server_get_n_connections (const GstChatServer * server)
{
  return server->gate == NULL ? 0 :
      gst_chat_gate_get_n_connections (server->gate);
}

guint16
gst_chat_server_get_metrics_port (const GstChatServer * server)
{
  return server->metrics == NULL ? 0 :
      gst_chat_listener_get_port (server->metrics);
}
