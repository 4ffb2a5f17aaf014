/* SPDX-License-Identifier: LGPL-2.1-or-later
 * chatpeer's call: runs core/chatcall in the loop thread, does what it says,
 * and tells the application. */
#include "config.h"

#include "gstchatpeerprivate.h"

#include "chatlimits.h"
#include "chatrandom.h"

#include <string.h>

#define GST_CAT_DEFAULT gst_chat_peer_debug

/* How often the media watchdog looks, and how many looks make a second. */
#define WATCH_MS 250
#define WATCH_PER_SECOND 4
/* Of one that sends RTCP alone. */
#define QUIET_REMOTE_MS 8000
/* A remote that has left the server is dead, or will be back under another id
 * and sends meanwhile: our own say something each second. */
#define GONE_REMOTE_MS 2500

/* A session that we make is one that we take. */
G_STATIC_ASSERT (GST_CHAT_SECRET_CHARS == GST_CHAT_SESSION_CHARS);

static void step_posted (gpointer data);

void
gst_chat_peer_call_init (GstChatPeer * self)
{
  gst_chat_call_init (&self->call, GST_CHAT_CALL_ACCEPT_ALL);
}

void
gst_chat_peer_call_clear (GstChatPeer * self)
{
  g_clear_pointer (&self->held, gst_chat_message_free);
  g_clear_error (&self->call_error);
  g_free (self->local_sdp);
  g_free (self->peer_id);
  g_free (self->peer_name);
  g_free (self->session);
  g_free (self->last_session);
  g_free (self->remote_address);
}

/* --- to the application --- */

static void
post_message (GstChatPeer * self, const GstChatCallEffect * effect)
{
  GstStructure *s = gst_structure_new ("chat-call",
      "state", G_TYPE_STRING, gst_chat_call_state_name (effect->state),
      "role", G_TYPE_STRING, gst_chat_call_role_name (self->call.role),
      "reason", G_TYPE_STRING, gst_chat_call_reason_name (effect->reason),
      NULL);

  if (self->peer_id != NULL)
    gst_structure_set (s, "remote-id", G_TYPE_STRING, self->peer_id, NULL);
  if (self->peer_name != NULL)
    gst_structure_set (s, "remote-name", G_TYPE_STRING, self->peer_name, NULL);
  if (self->call_error != NULL)
    gst_structure_set (s, "message", G_TYPE_STRING, self->call_error->message,
        NULL);
  gst_element_post_message (GST_ELEMENT (self),
      gst_message_new_element (GST_OBJECT (self), s));
}

/* Of a call that was connected, where nothing else says why. */
static void
explain_loss (GstChatPeer * self)
{
  if (self->call_error == NULL)
    self->call_error = g_error_new_literal (GST_CHAT_ERROR,
        GST_CHAT_ERROR_TIMEOUT, "the connection to the other side was lost and "
        "could not be made again");
}

/* What the remote or the network did is a warning; what is missing here has to
 * be put right by the user. */
static void
post_error (GstChatPeer * self)
{
  if (g_error_matches (self->call_error, GST_CHAT_ERROR,
          GST_CHAT_ERROR_MISSING))
    GST_ELEMENT_ERROR (self, CORE, MISSING_PLUGIN,
        ("%s", self->call_error->message), (NULL));
  else
    GST_ELEMENT_WARNING (self, RESOURCE, FAILED,
        ("The call has ended: %s", self->call_error->message), (NULL));
}

static void
publish (GstChatPeer * self, const GstChatCallEffect * effect)
{
  const gchar *remote = effect->state == GST_CHAT_CALL_IDLE ? NULL :
      self->peer_id;

  GST_INFO_OBJECT (self, "call %s as %s with %s: %s",
      gst_chat_call_state_name (effect->state),
      gst_chat_call_role_name (self->call.role), GST_STR_NULL (self->peer_id),
      gst_chat_call_reason_name (effect->reason));
  GST_OBJECT_LOCK (self);
  gboolean changed = g_strcmp0 (remote, self->remote_id) != 0;
  self->state = effect->state;
  if (changed) {
    g_free (self->remote_id);
    self->remote_id = g_strdup (remote);
  }
  GST_OBJECT_UNLOCK (self);
  if (effect->state == GST_CHAT_CALL_ENDING
      && effect->reason == GST_CHAT_CALL_REASON_LOST
      && self->remote_address != NULL)
    explain_loss (self);
  if (effect->state == GST_CHAT_CALL_ENDING && self->call_error != NULL)
    post_error (self);
  post_message (self, effect);
  gst_chat_peer_notify_call_in_loop (self, changed);
}

static void
publish_stats (GstChatPeer * self, GstStructure * stats)
{
  GST_OBJECT_LOCK (self);
  GstStructure *old = self->stats;
  self->stats = stats;
  GST_OBJECT_UNLOCK (self);
  if (old != NULL)
    gst_structure_free (old);
  gst_chat_peer_notify_stats_in_loop (self);
}

/* --- the connection's callbacks; loop thread, never inside our calls to it --- */

static void
completion (GstChatPeer * self, GstChatCallEventType type)
{
  GstChatCallEvent event = {
    .type = type,
    .generation = self->connection_generation,
    .empty = type == GST_CHAT_CALL_EVENT_LOCAL_ANSWER
        && strstr (self->local_sdp, "\nm=") == NULL,
  };

  gst_chat_peer_step_in_loop (self, &event, NULL);
}

static void
on_local_description (gboolean is_offer, const gchar * sdp, gpointer user_data)
{
  GstChatPeer *self = user_data;

  g_free (self->local_sdp);
  self->local_sdp = g_strdup (sdp);
  completion (self, is_offer ? GST_CHAT_CALL_EVENT_LOCAL_OFFER :
      GST_CHAT_CALL_EVENT_LOCAL_ANSWER);
}

static void
on_candidates_changed (gboolean complete, gpointer user_data)
{
  completion (user_data, GST_CHAT_CALL_EVENT_CANDIDATES);
}

static void
on_link_state (GstChatLinkState state, const GError * error, gpointer user_data)
{
  GstChatPeer *self = user_data;

  switch (state) {
    case GST_CHAT_LINK_CONNECTED:
      completion (self, GST_CHAT_CALL_EVENT_LINK_UP);
      return;
    case GST_CHAT_LINK_FAILED:
      g_clear_error (&self->call_error);
      self->call_error = error != NULL ? g_error_copy (error) : NULL;
      completion (self, GST_CHAT_CALL_EVENT_LINK_DOWN);
      return;
    case GST_CHAT_LINK_CLOSED:
      completion (self, GST_CHAT_CALL_EVENT_LINK_CLOSED);
      return;
  }
}

static void
on_failed (const GError * error, gpointer user_data)
{
  gst_chat_peer_fail_in_loop (user_data, g_error_copy (error));
}

/* A second round would bring it too, but a callee never begins one. */
static void
on_local_candidate (const gchar * candidate, guint mline_index,
    gpointer user_data)
{
  GstChatPeer *self = user_data;
  g_autoptr (GstChatMessage) message =
      gst_chat_message_new (GST_CHAT_EVENT_ICE_CANDIDATE);

  if (!self->trickle || !self->call.relay || !self->call.online
      || self->call.state == GST_CHAT_CALL_ENDING)
    return;
  message->peer = g_strdup (self->peer_id);
  message->session = g_strdup (self->session);
  message->candidate = g_strdup (candidate);
  message->sdp_mline_index = mline_index;
  gst_chat_peer_send_in_loop (self, message);
}

static void
on_notice (const gchar * text, gpointer user_data)
{
  GstChatPeer *self = user_data;

  GST_ELEMENT_WARNING (self, STREAM, CODEC_NOT_FOUND,
      ("The call goes on without a part: %s", text), (NULL));
}

void
gst_chat_peer_fail_in_loop (GstChatPeer * self, GError * error)
{
  if (self->connection == NULL) {       /* late: the call is over */
    GST_INFO_OBJECT (self, "after the call: %s", error->message);
    g_error_free (error);
    return;
  }
  g_clear_error (&self->call_error);
  self->call_error = error;
  completion (self, GST_CHAT_CALL_EVENT_FAILED);
}

static const GstChatConnectionCallbacks callbacks = {
  .local_description = on_local_description,
  .candidates_changed = on_candidates_changed,
  .link_state = on_link_state,
  .failed = on_failed,
  .notice = on_notice,
  .local_candidate = on_local_candidate,
  .receiver_for = gst_chat_peer_receiver_for_in_loop,
};

/* --- watching --- */

static void
stop_source (GSource ** source)
{
  if (*source != NULL) {
    g_source_destroy (*source);
    g_source_unref (*source);
    *source = NULL;
  }
}

static void watch_in_loop (gpointer data);

static void
watch_again (GstChatPeer * self)
{
  stop_source (&self->watch);
  self->watch = gst_chat_loop_add_timeout (self->loop, WATCH_MS,
      watch_in_loop, self, NULL);
}

static gboolean
is_silent (GstChatPeer * self)
{
  guint64 idle = gst_chat_connection_get_idle_in_loop (self->connection);

  GST_OBJECT_LOCK (self);
  guint limit = self->settings.media_timeout;
  GST_OBJECT_UNLOCK (self);
  if (limit == 0)
    return FALSE;
  if (gst_chat_connection_is_quiet_in_loop (self->connection))
    limit = MAX (limit, QUIET_REMOTE_MS);
  else if (self->call.remote_gone && !self->call.remote_lost)
    limit = MIN (limit, GONE_REMOTE_MS);
  return idle / 1000 > limit;
}

static void
watch_in_loop (gpointer data)
{
  GstChatPeer *self = data;

  if (self->connection == NULL)
    return;
  /* What the remote sends has come by then. */
  if (self->watch_ticks == WATCH_PER_SECOND)
    gst_chat_peer_add_outputs_in_loop (self);
  if (++self->watch_ticks % WATCH_PER_SECOND == 0) {
    gst_chat_connection_adapt_in_loop (self->connection);
    publish_stats (self,
        gst_chat_connection_get_stats_in_loop (self->connection));
  }
  watch_again (self);
  if (GST_STATE (self) != GST_STATE_PLAYING
      || self->call.state != GST_CHAT_CALL_CONNECTED || !is_silent (self))
    return;
  g_clear_error (&self->call_error);
  self->call_error = g_error_new_literal (GST_CHAT_ERROR,
      GST_CHAT_ERROR_TIMEOUT, "nothing came from the other side any more");
  completion (self, GST_CHAT_CALL_EVENT_SILENT);
}

/* --- effects --- */

static void
close_connection (GstChatPeer * self)
{
  stop_source (&self->watch);
  if (self->connection == NULL)
    return;
  gst_chat_connection_close_in_loop (g_steal_pointer (&self->connection));
  gst_chat_peer_drop_released_in_loop (self);
}

/* Who is told a reason by the server must not hear of a hang-up first, which
 * comes the faster way. */
static void
say_goodbye (GstChatPeer * self)
{
  gboolean told = self->call.relay && self->call.online
      && self->call.remote_chat;

  if (self->connection != NULL
      && (!told || self->call.reason == GST_CHAT_CALL_REASON_HUNG_UP))
    gst_chat_connection_say_goodbye_in_loop (self->connection);
}

static void
open_connection (GstChatPeer * self)
{
  g_autoptr (GstChatConnectionConfig) config =
      gst_chat_peer_connection_config (self);
  g_autoptr (GPtrArray) senders = NULL;
  g_autoptr (GError) error = NULL;

  close_connection (self);
  g_clear_error (&self->call_error);
  g_clear_pointer (&self->local_sdp, g_free);
  self->first_seq = self->seq + 1;
  self->connection_generation = self->call.generation;
  gst_chat_peer_renew_route_in_loop (self);
  senders = gst_chat_peer_senders_in_loop (self);
  self->connection = gst_chat_connection_new_in_loop (self->loop,
      GST_BIN (self), config, senders, &callbacks, self, &error);
  if (self->connection == NULL) {
    self->call_error = g_steal_pointer (&error);
    if (self->call_error == NULL)
      self->call_error = g_error_new_literal (GST_CHAT_ERROR,
          GST_CHAT_ERROR_FAILED, "no connection could be made");
  }
}

static void
adopt (GstChatPeer * self, const GstChatMessage * message)
{
  const gchar *name = gst_chat_peer_user_name_in_loop (self, message->peer);
  g_autofree gchar *id = g_strdup (message->peer);

  if (name == NULL)
    name = message->name;
  g_free (self->peer_name);
  self->peer_name = g_strdup (name);
  g_free (self->peer_id);
  self->peer_id = g_steal_pointer (&id);
  if (message->session == NULL
      || g_strcmp0 (message->session, self->session) != 0)
    self->seq = 0;
  self->remote_seq = 0;
  g_free (self->session);
  self->session = g_strdup (message->session);
  self->trickle = message->trickle;
  g_hash_table_add (self->called, g_strdup (self->peer_id));
}

static void
send_description (GstChatPeer * self, GstChatEvent event, const gchar * sdp)
{
  g_autoptr (GstChatMessage) message = gst_chat_message_new (event);

  if (sdp == NULL) {
    GST_WARNING_OBJECT (self, "there is no description to send");
    return;
  }
  message->peer = g_strdup (self->peer_id);
  message->sdp = g_strdup (sdp);
  message->has_chat = TRUE;
  message->chat_protocol = 1;
  message->trickle = self->call.relay;
  message->seq = event == GST_CHAT_EVENT_CALL_USER ?
      ++self->seq : self->remote_seq;
  message->session = g_strdup (self->session);
  GST_OBJECT_LOCK (self);
  message->name = g_strdup (self->settings.display_name);
  GST_OBJECT_UNLOCK (self);
  gst_chat_peer_send_in_loop (self, message);
}

/* What the remote can do something about; what else may be in an error, as the
 * name of a file, is nobody else's. */
static gboolean
concerns_remote (const GError * error)
{
  return g_error_matches (error, GST_CHAT_ERROR, GST_CHAT_ERROR_UNSUPPORTED)
      || g_error_matches (error, GST_CHAT_ERROR, GST_CHAT_ERROR_MALFORMED)
      || g_error_matches (error, GST_CHAT_ERROR, GST_CHAT_ERROR_PROTOCOL)
      || g_error_matches (error, GST_CHAT_ERROR, GST_CHAT_ERROR_LIMIT);
}

void
gst_chat_peer_take_words_in_loop (GstChatPeer * self,
    const GstChatMessage * message)
{
  if (message->text == NULL || self->call.state == GST_CHAT_CALL_IDLE
      || self->call.state == GST_CHAT_CALL_ENDING)
    return;
  g_clear_error (&self->call_error);
  self->call_error = g_error_new (GST_CHAT_ERROR, GST_CHAT_ERROR_FAILED,
      "The other side says: %s", message->text);
}

static void
send_word (GstChatPeer * self, GstChatEvent event, const gchar * to,
    const gchar * session, GstChatCallReason reason)
{
  g_autoptr (GstChatMessage) message = gst_chat_message_new (event);

  if (reason == GST_CHAT_CALL_REASON_FAILED
      && concerns_remote (self->call_error))
    message->text = g_strdup (self->call_error->message);
  message->peer = g_strdup (to);
  message->session = g_strdup (session);
  if (reason != GST_CHAT_CALL_REASON_NONE)
    message->reason = g_strdup (gst_chat_call_reason_name (reason));
  gst_chat_peer_send_in_loop (self, message);
}

static void
ask_in_loop (gpointer data)
{
  GstChatPeer *self = data;
  guint asked = self->asked;
  gboolean accepted = FALSE;

  if (self->call.state != GST_CHAT_CALL_RINGING
      || self->call.role != GST_CHAT_CALL_ROLE_CALLEE)
    return;
  if (!g_signal_has_handler_pending (self,
          gst_chat_peer_signal_incoming_call, 0, FALSE))
    return;                     /* it rings until an action decides */
  g_signal_emit (self, gst_chat_peer_signal_incoming_call, 0, self->peer_id,
      self->peer_name != NULL ? self->peer_name : "", &accepted);
  if (asked == self->asked && self->call.state == GST_CHAT_CALL_RINGING)
    gst_chat_peer_user_event_in_loop (self, accepted ?
        GST_CHAT_CALL_EVENT_ACCEPT : GST_CHAT_CALL_EVENT_DECLINE);
}

typedef struct
{
  GstChatPeer *self;
  GstChatCallEvent event;
  GstChatMessage *message;
} Posted;

static void
posted_free (gpointer data)
{
  Posted *posted = data;

  gst_object_unref (posted->self);
  g_clear_pointer (&posted->message, gst_chat_message_free);
  g_free (posted);
}

static void
step_posted (gpointer data)
{
  Posted *posted = data;

  if (posted->self->running)
    gst_chat_peer_step_in_loop (posted->self, &posted->event, posted->message);
}

static void
post_event (GstChatPeer * self, GstChatCallEventType type, guint generation)
{
  Posted *posted = g_new0 (Posted, 1);

  posted->self = gst_object_ref (self);
  posted->event.type = type;
  posted->event.generation = generation;
  gst_chat_loop_post (self->loop, step_posted, posted, posted_free);
}

static void
entered (GstChatPeer * self, const GstChatCallEffect * effect)
{
  publish (self, effect);
  switch (effect->state) {
    case GST_CHAT_CALL_CONNECTED:
      self->watch_ticks = 0;
      watch_again (self);
      gst_chat_peer_remember_route_in_loop (self);
      GST_DEBUG_BIN_TO_DOT_FILE_WITH_TS (GST_BIN (self),
          GST_DEBUG_GRAPH_SHOW_ALL, "chatpeer.connected");
      return;
    case GST_CHAT_CALL_ENDING:
      g_free (self->last_session);
      self->last_session = g_strdup (self->session);
      return;
    case GST_CHAT_CALL_IDLE:
      g_clear_pointer (&self->peer_id, g_free);
      g_clear_pointer (&self->peer_name, g_free);
      g_clear_pointer (&self->session, g_free);
      g_clear_error (&self->call_error);
      gst_chat_peer_forget_route_in_loop (self);
      return;
    case GST_CHAT_CALL_CALLING:
    case GST_CHAT_CALL_RINGING:
    case GST_CHAT_CALL_CONNECTING:
      return;
  }
}

static void
hold (GstChatPeer * self, const GstChatMessage * message)
{
  GstChatMessage *held = gst_chat_message_new (message->event);

  held->peer = g_strdup (message->peer);
  held->sdp = g_strdup (message->sdp);
  held->has_chat = message->has_chat;
  held->chat_protocol = message->chat_protocol;
  held->seq = message->seq;
  held->trickle = message->trickle;
  held->name = g_strdup (message->name);
  held->session = g_strdup (message->session);
  g_clear_pointer (&self->held, gst_chat_message_free);
  self->held = held;
}

/* An effect on a connection that could not be made is followed by FAILED. */
static void
run_on_connection (GstChatPeer * self, GstChatCallEffectType type,
    const GstChatMessage * message)
{
  if (self->connection == NULL) {
    post_event (self, GST_CHAT_CALL_EVENT_FAILED, self->call.generation);
    return;
  }
  if (type == GST_CHAT_CALL_EFFECT_CREATE_OFFER) {
    gst_chat_connection_create_offer_in_loop (self->connection);
  } else if (type == GST_CHAT_CALL_EFFECT_APPLY_OFFER) {
    self->remote_seq = message->seq;
    gst_chat_connection_remote_offer_in_loop (self->connection, message->sdp);
  } else if (type == GST_CHAT_CALL_EFFECT_APPLY_HELD) {
    g_autoptr (GstChatMessage) held = g_steal_pointer (&self->held);
    self->remote_seq = held->seq;
    gst_chat_connection_remote_offer_in_loop (self->connection, held->sdp);
  } else if (type == GST_CHAT_CALL_EFFECT_APPLY_ANSWER) {
    gst_chat_connection_remote_answer_in_loop (self->connection, message->sdp);
  } else if (type == GST_CHAT_CALL_EFFECT_REPEAT_OFFER) {
    g_autofree gchar *sdp =
        gst_chat_connection_repeat_offer_in_loop (self->connection);
    send_description (self, GST_CHAT_EVENT_CALL_USER, sdp);
  } else {
    gst_chat_connection_add_candidate_in_loop (self->connection,
        message->candidate, message->sdp_mline_index);
  }
}

static void
run_effect (GstChatPeer * self, const GstChatCallEffect * effect,
    const GstChatCallEvent * event, const GstChatMessage * message)
{
  switch (effect->type) {
    case GST_CHAT_CALL_EFFECT_ADOPT:
      adopt (self, message);
      return;
    case GST_CHAT_CALL_EFFECT_OPEN:
      open_connection (self);
      return;
    case GST_CHAT_CALL_EFFECT_CLOSE:
      say_goodbye (self);
      close_connection (self);
      post_event (self, GST_CHAT_CALL_EVENT_CLOSED, self->call.generation);
      return;
    case GST_CHAT_CALL_EFFECT_CREATE_OFFER:
    case GST_CHAT_CALL_EFFECT_APPLY_OFFER:
    case GST_CHAT_CALL_EFFECT_APPLY_HELD:
    case GST_CHAT_CALL_EFFECT_APPLY_ANSWER:
    case GST_CHAT_CALL_EFFECT_REPEAT_OFFER:
    case GST_CHAT_CALL_EFFECT_ADD_CANDIDATE:
      run_on_connection (self, effect->type, message);
      return;
    case GST_CHAT_CALL_EFFECT_SEND_OFFER:
      send_description (self, GST_CHAT_EVENT_CALL_USER, self->local_sdp);
      return;
    case GST_CHAT_CALL_EFFECT_SEND_ANSWER:
      send_description (self, GST_CHAT_EVENT_MAKE_ANSWER, self->local_sdp);
      return;
    case GST_CHAT_CALL_EFFECT_HOLD:
      hold (self, message);
      return;
    case GST_CHAT_CALL_EFFECT_REPLAY:
      return;                   /* after all the others, in step */
    case GST_CHAT_CALL_EFFECT_SEND_RINGING:
      send_word (self, GST_CHAT_EVENT_RINGING, self->peer_id, self->session,
          GST_CHAT_CALL_REASON_NONE);
      return;
    case GST_CHAT_CALL_EFFECT_SEND_DECLINE:
      send_word (self, GST_CHAT_EVENT_DECLINE, self->peer_id, self->session,
          effect->reason);
      return;
    case GST_CHAT_CALL_EFFECT_SEND_CANCEL:
      send_word (self, GST_CHAT_EVENT_CANCEL, self->peer_id, self->session,
          effect->reason);
      return;
    case GST_CHAT_CALL_EFFECT_SEND_HANG_UP:
      send_word (self, GST_CHAT_EVENT_HANG_UP, self->peer_id, self->session,
          effect->reason);
      return;
    case GST_CHAT_CALL_EFFECT_REJECT:
      send_word (self, event->type == GST_CHAT_CALL_EVENT_OFFER ?
          GST_CHAT_EVENT_DECLINE : GST_CHAT_EVENT_HANG_UP, message->peer,
          message->session, effect->reason);
      return;
    case GST_CHAT_CALL_EFFECT_ASK:
      self->asked++;
      gst_chat_peer_post (self, ask_in_loop);
      return;
    case GST_CHAT_CALL_EFFECT_NOTIFY:
      entered (self, effect);
      return;
    case GST_CHAT_CALL_EFFECT_VIOLATION:
      g_clear_error (&self->call_error);
      self->call_error = g_error_new (GST_CHAT_ERROR, GST_CHAT_ERROR_PROTOCOL,
          "the other side sent what it may not send at this point (%s)",
          gst_chat_call_event_name (event->type));
      return;
    case GST_CHAT_CALL_EFFECT_REFUSE:
    case GST_CHAT_CALL_EFFECT_IGNORE:
      GST_DEBUG_OBJECT (self, "%s: %s", gst_chat_call_event_name (event->type),
          gst_chat_call_effect_name (effect->type));
      return;
  }
}

/* --- stepping --- */

static void
timer_in_loop (gpointer data)
{
  GstChatPeer *self = data;
  GstChatCallEvent event = {.type = GST_CHAT_CALL_EVENT_TIMER };

  gst_chat_peer_step_in_loop (self, &event, NULL);
}

static void
set_timer (GstChatPeer * self)
{
  gint64 due = gst_chat_call_next_timer (&self->call);

  stop_source (&self->timer);
  if (due == 0)
    return;
  gint64 wait = MAX (0, due - g_get_monotonic_time ());
  self->timer = gst_chat_loop_add_timeout (self->loop, wait / 1000 + 1,
      timer_in_loop, self, NULL);
}

/* A held offer comes as an event once more, as if it had come now. */
static void
replay_in_loop (gpointer data)
{
  GstChatPeer *self = data;
  g_autoptr (GstChatMessage) held = g_steal_pointer (&self->held);

  if (held != NULL && self->running)
    gst_chat_peer_handle_offer_in_loop (self, held);
}

void
gst_chat_peer_step_in_loop (GstChatPeer * self, const GstChatCallEvent * event,
    const GstChatMessage * message)
{
  GstChatCallEffects effects;
  gboolean replay = FALSE;

  g_assert (gst_chat_loop_is_current (self->loop));
  g_assert (!self->stepping);

  GST_OBJECT_LOCK (self);
  self->call.accept = self->eos ? GST_CHAT_CALL_ACCEPT_NONE :
      self->settings.accept;
  self->call.resume_patience = (gint64) self->settings.resume_timeout * 1000;
  GST_OBJECT_UNLOCK (self);
  self->stepping = TRUE;
  gst_chat_call_step (&self->call, event, g_get_monotonic_time (), &effects);
  for (guint i = 0; i < effects.n; i++) {
    replay |= effects.effect[i].type == GST_CHAT_CALL_EFFECT_REPLAY;
    run_effect (self, &effects.effect[i], event, message);
  }
  self->stepping = FALSE;
  if (!self->call.held && !replay)
    g_clear_pointer (&self->held, gst_chat_message_free);
  set_timer (self);
  if (replay)
    gst_chat_peer_post (self, replay_in_loop);
  if (self->call.state == GST_CHAT_CALL_IDLE)
    gst_chat_peer_post (self, gst_chat_peer_dial_armed_in_loop);
}

void
gst_chat_peer_user_event_in_loop (GstChatPeer * self, GstChatCallEventType type)
{
  GstChatCallEvent event = {.type = type };

  /* From a handler of what this very step tells the application. */
  if (self->stepping)
    post_event (self, type, 0);
  else
    gst_chat_peer_step_in_loop (self, &event, NULL);
}

void
gst_chat_peer_dial_in_loop (GstChatPeer * self, const gchar * id)
{
  GstChatCallEvent event = {.type = GST_CHAT_CALL_EVENT_CALL };
  g_autoptr (GstChatMessage) message =
      gst_chat_message_new (GST_CHAT_EVENT_CALL_USER);

  message->peer = g_strdup (id);
  message->session = gst_chat_secret_new ();
  gst_chat_peer_step_in_loop (self, &event, message);
}

/* --- start and stop --- */

void
gst_chat_peer_start_in_loop (gpointer data)
{
  GstChatPeer *self = data;

  gst_chat_call_init (&self->call, GST_CHAT_CALL_ACCEPT_ALL);
  g_clear_pointer (&self->last_session, g_free);
  g_hash_table_remove_all (self->called);
  g_clear_pointer (&self->told, g_free);
  self->n_bad = 0;
  self->eos = FALSE;
  self->running = TRUE;
  gst_chat_peer_watch_network_in_loop (self);
}

void
gst_chat_peer_stop_in_loop (gpointer data)
{
  GstChatPeer *self = data;
  GstChatCallEvent closed = {.type = GST_CHAT_CALL_EVENT_CLOSED };

  if (!self->running)
    return;
  g_clear_pointer (&self->wish, g_free);
  if (self->call.state != GST_CHAT_CALL_IDLE) {
    gst_chat_peer_user_event_in_loop (self, GST_CHAT_CALL_EVENT_HANG_UP);
    closed.generation = self->call.generation;
    gst_chat_peer_step_in_loop (self, &closed, NULL);
  }
  self->running = FALSE;
  close_connection (self);
  gst_chat_peer_forget_network_in_loop (self);
  gst_chat_peer_forget_absent_in_loop (self);
  stop_source (&self->timer);
  g_clear_pointer (&self->held, gst_chat_message_free);
  gst_chat_peer_forget_users_in_loop (self);
  g_clear_pointer (&self->own_id, g_free);
}
