/* SPDX-License-Identifier: LGPL-2.1-or-later
 * chatsignalsrc's connection: start, stop, what the client tells, who is
 * online, and what is sent. */
#include "gstchatsignalsrcprivate.h"

#include "chaterror.h"
#include "chatjsonscan.h"
#include "chatlimits.h"
#include "chaturi.h"

#include <string.h>

#define GST_CAT_DEFAULT gst_chat_signal_src_debug

/* gst-launch stays in PAUSED while a progress is open: it is closed after
 * this time, ms, even if the first attempt takes longer. */
#define PROGRESS_MS 2000

/* What everybody may see of the connection. Loop thread, or stopped. */

static void
post_state (GstChatSignalSrc * self, GstChatSignalState state,
    const gchar * id, const gchar * reason, gint retry_in)
{
  GstStructure *s = gst_structure_new ("chat-signalling",
      "state", G_TYPE_STRING, gst_chat_signal_state_get_nick (state), NULL);
  if (id)
    gst_structure_set (s, "id", G_TYPE_STRING, id, NULL);
  if (reason)
    gst_structure_set (s, "reason", G_TYPE_STRING, reason, NULL);
  if (retry_in >= 0)
    gst_structure_set (s, "retry-in", G_TYPE_UINT, (guint) retry_in, NULL);
  gst_element_post_message (GST_ELEMENT (self),
      gst_message_new_element (GST_OBJECT (self), s));
}

static void
set_state (GstChatSignalSrc * self, GstChatSignalState state,
    const gchar * id, const gchar * reason, gint retry_in)
{
  GST_OBJECT_LOCK (self);
  gboolean state_changed = self->state != state;
  gboolean id_changed = g_strcmp0 (self->peer_id, id) != 0;
  self->state = state;
  g_free (self->peer_id);
  self->peer_id = g_strdup (id);
  GST_OBJECT_UNLOCK (self);
  if (id_changed)
    g_object_notify (G_OBJECT (self), "peer-id");
  if (state_changed)
    g_object_notify (G_OBJECT (self), "state");
  if (state_changed || reason)
    post_state (self, state, id, reason, retry_in);
}

static void
open_progress (GstChatSignalSrc * self, const gchar * uri)
{
  self->progress_open = TRUE;
  g_autofree gchar *text = g_strdup_printf ("Connecting to %s", uri);
  gst_element_post_message (GST_ELEMENT (self),
      gst_message_new_progress (GST_OBJECT (self), GST_PROGRESS_TYPE_START,
          "connect", text));
}

static void
close_progress (GstChatSignalSrc * self, GstProgressType type,
    const gchar * text)
{
  if (self->progress_timer)
    g_source_destroy (self->progress_timer);
  g_clear_pointer (&self->progress_timer, g_source_unref);
  if (!self->progress_open)
    return;
  self->progress_open = FALSE;
  gst_element_post_message (GST_ELEMENT (self),
      gst_message_new_progress (GST_OBJECT (self), type, "connect", text));
}

static void
on_progress_timeout (gpointer data)
{
  close_progress (data, GST_PROGRESS_TYPE_ERROR,
      "The server has not answered yet");
}

static void
push_signal (GstChatSignalSrc * self, gchar * text, gboolean local)
{
  GST_LOG_OBJECT (self, "%s", text);
  if (gst_chat_signal_queue_push (self->queue, text, local))
    return;
  /* Once a power of two: a flood must not become a flood of messages. */
  self->dropped++;
  if ((self->dropped & (self->dropped - 1)) == 0)
    GST_ELEMENT_WARNING (self, STREAM, FAILED,
        ("Signals are dropped because nothing downstream takes them."),
        ("%u so far", self->dropped));
}

static void
push_local (GstChatSignalSrc * self, GstChatEvent event, const gchar * id,
    const gchar * reason)
{
  g_autoptr (GstChatMessage) message = gst_chat_message_new (event);
  message->peer = g_strdup (id);
  message->reason = g_strdup (reason);
  g_autofree gchar *payload = gst_chat_message_build (message);
  push_signal (self, gst_chat_signal_from_payload (gst_chat_event_name (event),
          payload, strlen (payload)), TRUE);
}

/* Who is online. Signals go out with no lock held. */

static void
add_users (GstChatSignalSrc * self, const GPtrArray * list)
{
  g_autoptr (GPtrArray) added = g_ptr_array_new ();
  gboolean changed = FALSE;
  GST_OBJECT_LOCK (self);
  for (guint i = 0; list && i < list->len; i++) {
    const GstChatUser *user = g_ptr_array_index (list, i);
    if (g_strcmp0 (user->id, self->peer_id) == 0)
      continue;
    GstChatUsersChange change = gst_chat_users_add (self->users, user->id,
        user->name);
    if (change == GST_CHAT_USERS_ADDED)
      g_ptr_array_add (added, (gpointer) user);
    changed |= change != GST_CHAT_USERS_SAME;
  }
  GST_OBJECT_UNLOCK (self);
  for (guint i = 0; i < added->len; i++) {
    const GstChatUser *user = g_ptr_array_index (added, i);
    g_signal_emit_by_name (self, "user-added", user->id, user->name);
  }
  if (changed)
    g_object_notify (G_OBJECT (self), "users");
}

static void
remove_user (GstChatSignalSrc * self, const gchar * id)
{
  GST_OBJECT_LOCK (self);
  gboolean removed = id && gst_chat_users_remove (self->users, id);
  GST_OBJECT_UNLOCK (self);
  if (!removed)
    return;
  g_signal_emit_by_name (self, "user-removed", id);
  g_object_notify (G_OBJECT (self), "users");
}

static void
remove_all_users (GstChatSignalSrc * self)
{
  GST_OBJECT_LOCK (self);
  g_autoptr (GstChatUsers) gone = self->users;
  self->users = gst_chat_users_new ();
  GST_OBJECT_UNLOCK (self);
  guint n = gst_chat_users_get_n (gone);
  for (guint i = 0; i < n; i++)
    g_signal_emit_by_name (self, "user-removed",
        gst_chat_users_get (gone, i)->id);
  if (n > 0)
    g_object_notify (G_OBJECT (self), "users");
}

/* What the client tells us. Loop thread. */

static void
on_connected (const gchar * id, gpointer user_data)
{
  GstChatSignalSrc *self = user_data;
  GST_INFO_OBJECT (self, "connected as %s", id);
  self->was_connected = TRUE;
  g_clear_pointer (&self->last_warning, g_free);
  set_state (self, GST_CHAT_SIGNAL_CONNECTED, id, NULL, -1);
  close_progress (self, GST_PROGRESS_TYPE_COMPLETE, "Connected");
  push_local (self, GST_CHAT_EVENT_SIGNALLING_CONNECTED, id, NULL);
}

static void
on_event (const gchar * name, const gchar * payload, gsize len,
    gpointer user_data)
{
  GstChatSignalSrc *self = user_data;
  if (gst_chat_event_is_local (gst_chat_event_from_name (name))) {
    GST_WARNING_OBJECT (self, "forged event %s dropped", name);
    return;
  }
  g_autoptr (GError) error = NULL;
  g_autoptr (GstChatMessage) message = gst_chat_message_parse (name, payload,
      len, &error);
  /* What is refused here still goes downstream: it is shown as it came, and
   * whoever acts on it checks it again. */
  if (!message)
    GST_WARNING_OBJECT (self, "%s: %s", name, error->message);
  else if (message->event == GST_CHAT_EVENT_UPDATE_USER_LIST)
    add_users (self, message->users);
  else if (message->event == GST_CHAT_EVENT_REMOVE_USER)
    remove_user (self, message->peer);
  push_signal (self, gst_chat_signal_from_payload (name, payload, len), FALSE);
}

static void
on_refused (const GError * reason, guint count, gpointer user_data)
{
  GstChatSignalSrc *self = user_data;
  if ((count & (count - 1)) == 0)
    GST_WARNING_OBJECT (self, "%u dropped so far; %s", count, reason->message);
}

static void
post_fatal (GstChatSignalSrc * self, const GError * reason)
{
  GstResourceError code = GST_RESOURCE_ERROR_OPEN_READ_WRITE;
  if (g_error_matches (reason, GST_CHAT_ERROR, GST_CHAT_ERROR_REFUSED))
    code = GST_RESOURCE_ERROR_NOT_AUTHORIZED;
  else if (g_error_matches (reason, GST_CHAT_ERROR, GST_CHAT_ERROR_MISSING)
      || g_error_matches (reason, GST_CHAT_ERROR, GST_CHAT_ERROR_MALFORMED))
    code = GST_RESOURCE_ERROR_SETTINGS;
  gst_element_message_full (GST_ELEMENT (self), GST_MESSAGE_ERROR,
      GST_RESOURCE_ERROR, code, g_strdup (reason->message), NULL, __FILE__,
      GST_FUNCTION, __LINE__);
}

static void
on_disconnected (const GError * reason, gint retry_in, gpointer user_data)
{
  GstChatSignalSrc *self = user_data;
  GST_INFO_OBJECT (self, "%s; next attempt in %d ms", reason->message,
      retry_in);
  GST_OBJECT_LOCK (self);
  gboolean lost = self->state == GST_CHAT_SIGNAL_CONNECTED;
  gboolean reconnect = self->config.reconnect;
  GST_OBJECT_UNLOCK (self);

  GstChatSignalState state = GST_CHAT_SIGNAL_DISCONNECTED;
  if (retry_in >= 0)
    state = self->was_connected ? GST_CHAT_SIGNAL_RECONNECTING :
        GST_CHAT_SIGNAL_CONNECTING;
  set_state (self, state, NULL, reason->message, retry_in);
  close_progress (self, GST_PROGRESS_TYPE_ERROR, reason->message);
  remove_all_users (self);
  if (lost)
    push_local (self, GST_CHAT_EVENT_SIGNALLING_DISCONNECTED, NULL,
        reason->message);

  /* A server that turns us away later does not end what is running. */
  if (retry_in < 0 && (!reconnect || !self->was_connected)) {
    post_fatal (self, reason);
  } else if (g_strcmp0 (self->last_warning, reason->message) != 0) {
    /* The same one again and again would tell nothing new. */
    g_free (self->last_warning);
    self->last_warning = g_strdup (reason->message);
    GST_ELEMENT_WARNING (self, RESOURCE, OPEN_READ_WRITE, ("%s",
            reason->message), (NULL));
  }
}

/* Start and stop. */

gboolean
gst_chat_signal_src_open (GstChatSignalSrc * self)
{
  g_autoptr (GError) error = NULL;
  self->soup = gst_chat_soup_open (&error);
  if (self->soup)
    return TRUE;
  GST_ELEMENT_ERROR (self, LIBRARY, INIT, ("%s", error->message), (NULL));
  return FALSE;
}

typedef struct
{
  GstChatSignalSrc *self;
  GstChatSocketConfig config;
  GUri *uri;
  gboolean run_server;
  GError *error;
} Start;

static gboolean
start_server (Start * start)
{
  if (g_strcmp0 (g_uri_get_scheme (start->uri), "http") != 0) {
    g_set_error_literal (&start->error, GST_CHAT_ERROR,
        GST_CHAT_ERROR_UNSUPPORTED,
        "run-server has no TLS: use chat:// as uri, or a gst-chat-server "
        "of its own with --tls-cert");
    return FALSE;
  }
  GstChatSignalSrc *self = start->self;
  self->server = self->soup->server_start (g_uri_get_host (start->uri),
      g_uri_get_port (start->uri), &start->error);
  if (!self->server)
    return FALSE;
  GST_INFO_OBJECT (self, "serving at %s",
      self->soup->server_get_uri (self->server));
  return TRUE;
}

static void
start_in_loop (gpointer data)
{
  static const GstChatSocketCallbacks callbacks = {
    on_connected, on_event, on_disconnected, on_refused
  };
  Start *start = data;
  GstChatSignalSrc *self = start->self;
  if (start->run_server && !start_server (start))
    return;
  self->was_connected = FALSE;
  self->dropped = 0;
  set_state (self, GST_CHAT_SIGNAL_CONNECTING, NULL, NULL, -1);
  open_progress (self, start->config.uri);
  self->progress_timer = gst_chat_loop_add_timeout (self->loop, PROGRESS_MS,
      on_progress_timeout, self, NULL);
  self->client = self->soup->client_new (self->loop, &start->config,
      &callbacks, self);
  self->soup->client_start_in_loop (self->client);
}

static void
stop_in_loop (gpointer data)
{
  GstChatSignalSrc *self = data;
  g_clear_pointer (&self->client, self->soup->client_close_in_loop);
  close_progress (self, GST_PROGRESS_TYPE_CANCELED, "Stopped");
  remove_all_users (self);
  set_state (self, GST_CHAT_SIGNAL_DISCONNECTED, NULL, NULL, -1);
  g_clear_pointer (&self->server, self->soup->server_free);
}

gboolean
gst_chat_signal_src_stop (GstBaseSrc * src)
{
  GstChatSignalSrc *self = GST_CHAT_SIGNAL_SRC (src);
  GST_OBJECT_LOCK (self);
  GstChatLoop *loop = g_steal_pointer (&self->loop);
  GST_OBJECT_UNLOCK (self);
  if (loop) {
    gst_chat_loop_call (loop, stop_in_loop, self);
    gst_chat_loop_stop (loop);
    gst_chat_loop_unref (loop);
  }
  gst_chat_signal_queue_clear (self->queue);
  g_clear_pointer (&self->last_warning, g_free);
  return TRUE;
}

gboolean
gst_chat_signal_src_start (GstBaseSrc * src)
{
  GstChatSignalSrc *self = GST_CHAT_SIGNAL_SRC (src);
  Start start = { self, };
  GST_OBJECT_LOCK (self);
  gst_chat_socket_config_copy (&start.config, &self->config);
  start.run_server = self->run_server;
  GST_OBJECT_UNLOCK (self);

  start.uri = gst_chat_uri_parse (start.config.uri, &start.error);
  if (start.uri) {
    GstChatLoop *loop = gst_chat_loop_new ("chatsignalsrc");
    GST_OBJECT_LOCK (self);
    self->loop = loop;
    GST_OBJECT_UNLOCK (self);
    gst_chat_loop_call (loop, start_in_loop, &start);
    g_uri_unref (start.uri);
  }
  gst_chat_socket_config_clear (&start.config);
  if (!start.error)
    return TRUE;
  GST_ELEMENT_ERROR (self, RESOURCE, SETTINGS, ("%s", start.error->message),
      (NULL));
  g_error_free (start.error);
  gst_chat_signal_src_stop (src);
  return FALSE;
}

/* What is sent. */

typedef struct
{
  GstChatSignalSrc *self;
  gchar *event;
  gchar *data;
} Send;

static void
send_free (gpointer data)
{
  Send *send = data;
  gst_object_unref (send->self);
  g_free (send->event);
  g_free (send->data);
  g_free (send);
}

static void
send_in_loop (gpointer data)
{
  Send *send = data;
  if (!send->self->client
      || !send->self->soup->client_send_in_loop (send->self->client,
          send->event, send->data))
    GST_WARNING_OBJECT (send->self, "%s cannot be sent any more", send->event);
}

/* Any thread; only posts. */
gboolean
gst_chat_signal_src_send (GstChatSignalSrc * self, const gchar * event,
    const gchar * data)
{
  g_autoptr (GError) error = NULL;
  if (!event || !*event || strlen (event) > GST_CHAT_MAX_EVENT_NAME_BYTES
      || !g_utf8_validate (event, -1, NULL)) {
    GST_WARNING_OBJECT (self, "an event without a usable name is not sent");
    return FALSE;
  }
  if (data && !gst_chat_json_check (data, strlen (data),
          GST_CHAT_MAX_MESSAGE_BYTES, &error)) {
    GST_WARNING_OBJECT (self, "%s is not sent: %s", event, error->message);
    return FALSE;
  }
  if (data && data[strspn (data, " \t\r\n")] != '{') {
    GST_WARNING_OBJECT (self, "%s is not sent: its data is no object", event);
    return FALSE;
  }
  GST_OBJECT_LOCK (self);
  g_autoptr (GstChatLoop) loop = self->loop
      && self->state == GST_CHAT_SIGNAL_CONNECTED ?
      gst_chat_loop_ref (self->loop) : NULL;
  GST_OBJECT_UNLOCK (self);
  if (!loop) {
    GST_DEBUG_OBJECT (self, "%s is not sent: not connected", event);
    return FALSE;
  }
  Send *send = g_new0 (Send, 1);
  send->self = gst_object_ref (self);
  send->event = g_strdup (event);
  send->data = g_strdup (data);
  return gst_chat_loop_post (loop, send_in_loop, send, send_free);
}
