/* SPDX-License-Identifier: LGPL-2.1-or-later
 * One attempt to connect after another, each by WebSocket and, where there is
 * an HTTP server but no WebSocket, by polling. At most one session at a time. */
#include "chatsocketclient.h"
#include "chatbackoff.h"
#include "chaterror.h"
#include "chatnetwork.h"
#include "chatrandom.h"
#include "chatsession.h"

/* Everything in the loop's thread. */
struct _GstChatSocketClient
{
  GstChatLoop *loop;
  GstChatSocketConfig config;
  GstChatSocketCallbacks callbacks;
  gpointer user_data;
  gboolean closed;

  GstChatEndpoint *endpoint;    /* NULL until started */
  GstChatSession *session;      /* NULL between the attempts */
  gchar *auth;
  GSource *network;             /* watches it; NULL: the system cannot tell */
  GstChatRoute *route;          /* of this connection; NULL: none, or not known */
  GSource *timer;               /* deadline of an attempt, or the next attempt */
  gboolean polling;             /* this session goes by polling */
  gboolean second_way;          /* of this attempt; the first one failed */
  gboolean start_with_polling;  /* it has proved to be what works here */
  gint64 attempted_at;          /* monotonic µs */
  gint64 connected_at;          /* the same, 0: not connected */
  guint failures;               /* in a row */
  guint refused;                /* packets */
};

static void
clear_timer (GstChatSocketClient * self)
{
  if (self->timer)
    g_source_destroy (self->timer);
  g_clear_pointer (&self->timer, g_source_unref);
}

static void
set_timer (GstChatSocketClient * self, guint milliseconds, GstChatLoopFunc func)
{
  clear_timer (self);
  self->timer = gst_chat_loop_add_timeout (self->loop, milliseconds, func,
      self, NULL);
}

static void
client_clear (gpointer data)
{
  GstChatSocketClient *self = data;
  gst_chat_socket_config_clear (&self->config);
  g_free (self->auth);
  g_clear_pointer (&self->route, gst_chat_route_free);
  g_clear_pointer (&self->endpoint, gst_chat_endpoint_unref);
  gst_chat_loop_unref (self->loop);
}

static void
client_unref (gpointer self)
{
  g_rc_box_release_full (self, client_clear);
}

static void attempt (gpointer data);

static gboolean
may_retry (GstChatSocketClient * self, const GError * error)
{
  return self->config.reconnect && self->endpoint
      && !g_error_matches (error, GST_CHAT_ERROR, GST_CHAT_ERROR_REFUSED);
}

/* The attempt or the connection is over. @at_once: the next attempt need not
 * wait. */
static void
lose (GstChatSocketClient * self, const GError * error, gboolean at_once)
{
  g_clear_pointer (&self->session, gst_chat_session_close_in_loop);
  g_clear_pointer (&self->route, gst_chat_route_free);
  clear_timer (self);
  gint64 lasted = self->connected_at > 0 ?
      (g_get_monotonic_time () - self->connected_at) / 1000 : 0;
  self->connected_at = 0;
  if (lasted >= GST_CHAT_BACKOFF_GOOD_MS)
    self->failures = 0;
  self->failures++;
  gint retry_in = -1;
  if (may_retry (self, error)) {
    retry_in = at_once ? 0 :
        gst_chat_backoff_delay (self->failures, g_random_double ());
    set_timer (self, retry_in, attempt);
  }
  self->callbacks.disconnected (error, retry_in, self->user_data);
}

static void
on_connected (const gchar * id, gpointer user_data)
{
  GstChatSocketClient *self = user_data;
  clear_timer (self);
  self->connected_at = g_get_monotonic_time ();
  if (self->endpoint->remote)
    self->route = gst_chat_route_new (self->endpoint->remote);
  self->start_with_polling = self->polling;
  self->callbacks.connected (id, self->user_data);
}

static void
on_event (const gchar * name, const gchar * payload, gsize len,
    gpointer user_data)
{
  GstChatSocketClient *self = user_data;
  self->callbacks.event (name, payload, len, self->user_data);
}

static void
on_refused (const GError * error, gpointer user_data)
{
  GstChatSocketClient *self = user_data;
  self->refused++;
  if (self->callbacks.refused)
    self->callbacks.refused (error, self->refused, self->user_data);
}

static void try_one_way (GstChatSocketClient * self);

/* A WebSocket and polling are each the other's second way. FALSE: both have
 * been tried. */
static gboolean
try_second_way (GstChatSocketClient * self)
{
  if (self->second_way)
    return FALSE;
  self->second_way = TRUE;
  self->polling = !self->polling;
  g_clear_pointer (&self->session, gst_chat_session_close_in_loop);
  try_one_way (self);
  return TRUE;
}

static void
on_over (const GError * error, gboolean other_way, gpointer user_data)
{
  GstChatSocketClient *self = user_data;
  if (!other_way || !try_second_way (self))
    lose (self, error, FALSE);
}

static void
on_deadline (gpointer data)
{
  GstChatSocketClient *self = data;
  if (try_second_way (self))
    return;
  g_autoptr (GError) error = gst_chat_endpoint_timeout_error (self->endpoint);
  lose (self, error, FALSE);
}

/* Each way gets half of the time, since some proxies swallow a WebSocket. */
static void
try_one_way (GstChatSocketClient * self)
{
  static const GstChatSessionCallbacks callbacks = {
    on_connected, on_event, on_refused, on_over
  };
  set_timer (self, self->config.timeout / 2, on_deadline);
  self->session = gst_chat_session_new_in_loop (self->loop, self->endpoint,
      self->polling ? gst_chat_polling_new_in_loop :
      gst_chat_websocket_new_in_loop, self->auth, &callbacks, self);
}

static void
attempt (gpointer data)
{
  GstChatSocketClient *self = data;
  self->attempted_at = g_get_monotonic_time ();
  self->second_way = FALSE;
  self->polling = self->start_with_polling;
  try_one_way (self);
}

/* A connection that has lost its address is not told so, nor does one that could
 * not send for long try again soon. And what was waited for may be there. */
static void
on_network_changed (gpointer data)
{
  GstChatSocketClient *self = data;
  g_autoptr (GError) error = NULL;
  if (self->closed)
    return;
  gint64 now = g_get_monotonic_time ();
  if (!self->session) {
    /* Not each time, where networks come and go all day. */
    if (self->timer
        && now - self->attempted_at > GST_CHAT_BACKOFF_FIRST_MS * 1000)
      set_timer (self, 0, attempt);
    return;
  }
  if (!self->route)
    return;
  switch (gst_chat_route_check (self->route, now)) {
    case GST_CHAT_ROUTE_SAME:
    case GST_CHAT_ROUTE_DOWN:
      return;
    case GST_CHAT_ROUTE_BACK:
    case GST_CHAT_ROUTE_CHANGED:
      g_set_error (&error, GST_CHAT_ERROR, GST_CHAT_ERROR_CONNECT,
          "Connection to %s lost: the network of this machine has changed",
          self->endpoint->where);
      lose (self, error, TRUE);
      return;
  }
}

static void
start (gpointer data)
{
  GstChatSocketClient *self = data;
  if (self->closed)
    return;
  /* First: whoever is told of a failure may close. */
  self->network =
      gst_chat_network_watch_in_loop (self->loop, on_network_changed, self);
  g_autoptr (GError) error = NULL;
  self->endpoint = gst_chat_endpoint_new_in_loop (&self->config, &error);
  if (self->endpoint)
    attempt (self);
  else
    lose (self, error, FALSE);
}

void
gst_chat_socket_client_start_in_loop (GstChatSocketClient * client)
{
  g_assert (gst_chat_loop_is_current (client->loop));
  /* Later, so that no callback comes from inside of this call. */
  gst_chat_loop_post (client->loop, start, g_rc_box_acquire (client),
      client_unref);
}

gboolean
gst_chat_socket_client_send_in_loop (GstChatSocketClient * client,
    const gchar * event, const gchar * payload)
{
  g_assert (gst_chat_loop_is_current (client->loop));
  return client->session
      && gst_chat_session_send_in_loop (client->session, event, payload);
}

static void
append_member (GString * json, const gchar * name, const gchar * value)
{
  if (!value || !*value)
    return;
  g_string_append_c (json, json->len > 0 ? ',' : '{');
  gst_chat_json_append_string (json, name);
  g_string_append_c (json, ':');
  gst_chat_json_append_string (json, value);
}

/* The same as in the query, and more, for servers of protocol 4. */
static gchar *
build_auth (const GstChatSocketConfig * config)
{
  g_autoptr (GString) json = g_string_new (NULL);
  append_member (json, "name", config->name);
  append_member (json, "room", config->room);
  append_member (json, "token", config->token);
  /* With a server that knows it we are the same again when we come back. */
  g_autofree gchar *key = gst_chat_secret_new ();
  append_member (json, "key", key);
  g_string_append_c (json, '}');
  return g_string_free (g_steal_pointer (&json), FALSE);
}

GstChatSocketClient *
gst_chat_socket_client_new (GstChatLoop * loop,
    const GstChatSocketConfig * config,
    const GstChatSocketCallbacks * callbacks, gpointer user_data)
{
  GstChatSocketClient *self = g_rc_box_new0 (GstChatSocketClient);
  self->loop = gst_chat_loop_ref (loop);
  gst_chat_socket_config_copy (&self->config, config);
  self->auth = build_auth (config);
  self->callbacks = *callbacks;
  self->user_data = user_data;
  return self;
}

void
gst_chat_socket_client_close_in_loop (GstChatSocketClient * client)
{
  g_assert (gst_chat_loop_is_current (client->loop));
  client->closed = TRUE;
  clear_timer (client);
  if (client->network)
    g_source_destroy (client->network);
  g_clear_pointer (&client->network, g_source_unref);
  g_clear_pointer (&client->session, gst_chat_session_close_in_loop);
  client_unref (client);
}
