/* SPDX-License-Identifier: LGPL-2.1-or-later
 * chatpeer's signalling: the signal pad or our own chatsignalsrc, who is
 * online, and whom to call. */
#include "config.h"

#include "gstchatpeerprivate.h"

#include "chaticeserver.h"
#include "chatlimits.h"

#define GST_CAT_DEFAULT gst_chat_peer_debug

#define SIGNAL_CAPS "application/x-chat-signal"
/* A server that floods us waits for our loop from here on. */
#define MAX_QUEUED 256
/* Ids live as long as a connection: this many calls in one is nobody's need,
 * and forgetting costs a second call at the worst. */
#define MAX_CALLED 1024

GstStaticPadTemplate gst_chat_peer_signal_template =
GST_STATIC_PAD_TEMPLATE ("signal", GST_PAD_SINK, GST_PAD_REQUEST,
    GST_STATIC_CAPS (SIGNAL_CAPS));

void
gst_chat_peer_signal_init (GstChatPeer * self)
{
  self->roster = g_hash_table_new_full (g_str_hash, g_str_equal, NULL,
      (GDestroyNotify) gst_chat_user_free);
  self->arrivals = g_ptr_array_new ();
  self->called = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}

void
gst_chat_peer_signal_clear (GstChatPeer * self)
{
  g_ptr_array_unref (self->arrivals);
  g_hash_table_unref (self->roster);
  g_hash_table_unref (self->called);
  g_free (self->own_id);
  g_free (self->wish);
  g_free (self->told);
  g_free (self->given_stun);
  g_strfreev (self->given_turn);
}

/* --- out --- */

gboolean
gst_chat_peer_send_in_loop (GstChatPeer * self, const GstChatMessage * message)
{
  const gchar *name = gst_chat_event_name (message->event);
  g_autofree gchar *payload = gst_chat_message_build (message);

  GST_OBJECT_LOCK (self);
  GstPad *pad = self->signal_pad != NULL ? self->signal_pad : self->inner_pad;
  g_autoptr (GstPad) pad_ref = pad != NULL ? gst_object_ref (pad) : NULL;
  GST_OBJECT_UNLOCK (self);
  GST_DEBUG_OBJECT (self, "sending %s to %s", name, message->peer);
  GST_LOG_OBJECT (self, "%s", payload);
  gboolean sent = pad_ref != NULL && gst_pad_push_event (pad_ref,
      gst_event_new_custom (GST_EVENT_CUSTOM_UPSTREAM,
          gst_structure_new ("chat-signal", "event", G_TYPE_STRING, name,
              "data", G_TYPE_STRING, payload, NULL)));
  if (!sent)
    GST_WARNING_OBJECT (self, "%s was not taken by the signalling", name);
  return sent;
}

/* --- who is online --- */

const gchar *
gst_chat_peer_user_name_in_loop (GstChatPeer * self, const gchar * id)
{
  const GstChatUser *user = g_hash_table_lookup (self->roster, id);

  return user != NULL ? user->name : NULL;
}

static void
remember_user (GstChatPeer * self, const GstChatUser * user)
{
  GstChatUser *known = g_hash_table_lookup (self->roster, user->id);

  if (g_strcmp0 (user->id, self->own_id) == 0)
    return;
  if (known != NULL) {
    if (user->name != NULL) {
      g_free (known->name);
      known->name = g_strdup (user->name);
    }
    return;
  }
  if (g_hash_table_size (self->roster) >= GST_CHAT_MAX_USERS) {
    GST_INFO_OBJECT (self, "too many users; %s is left out", user->id);
    return;
  }
  known = gst_chat_user_new (user->id, user->name);
  g_hash_table_insert (self->roster, known->id, known);
  g_ptr_array_add (self->arrivals, known->id);
}

static void
forget_user (GstChatPeer * self, const gchar * id)
{
  const GstChatUser *known = g_hash_table_lookup (self->roster, id);

  g_hash_table_remove (self->called, id);
  if (known == NULL)
    return;
  g_ptr_array_remove (self->arrivals, known->id);
  g_hash_table_remove (self->roster, id);
}

void
gst_chat_peer_forget_users_in_loop (GstChatPeer * self)
{
  g_ptr_array_set_size (self->arrivals, 0);
  g_hash_table_remove_all (self->roster);
}

static gboolean
is_meant (GstChatPeer * self, const gchar * whom, const gchar * id)
{
  if (g_str_equal (whom, "*") || g_str_equal (whom, id))
    return TRUE;
  return g_strcmp0 (gst_chat_peer_user_name_in_loop (self, id), whom) == 0;
}

const gchar *
gst_chat_peer_find_user_in_loop (GstChatPeer * self, const gchar * whom,
    gboolean again)
{
  for (guint i = 0; i < self->arrivals->len; i++) {
    const gchar *id = self->arrivals->pdata[i];

    if (is_meant (self, whom, id)
        && (again || !g_hash_table_contains (self->called, id)))
      return id;
  }
  return NULL;
}

void
gst_chat_peer_dial_armed_in_loop (gpointer data)
{
  GstChatPeer *self = data;

  if (!self->running || self->eos || !self->call.online
      || self->call.state != GST_CHAT_CALL_IDLE || self->stepping)
    return;
  GST_OBJECT_LOCK (self);
  g_autofree gchar *armed = g_strdup (self->settings.call);
  GST_OBJECT_UNLOCK (self);
  const gchar *found = NULL;
  if (self->wish != NULL && (found =
          gst_chat_peer_find_user_in_loop (self, self->wish, TRUE)))
    g_clear_pointer (&self->wish, g_free);
  if (found == NULL && armed != NULL
      && (found = gst_chat_peer_find_user_in_loop (self, armed, FALSE))) {
    g_free (self->told);
    self->told = g_steal_pointer (&armed);
  }
  if (found == NULL) {
    gst_chat_peer_watch_absent_in_loop (self);
    return;
  }
  if (g_hash_table_size (self->called) >= MAX_CALLED)
    g_hash_table_remove_all (self->called);
  g_autofree gchar *id = g_strdup (found);
  gst_chat_peer_dial_in_loop (self, id);
}

void
gst_chat_peer_rearm_in_loop (gpointer data)
{
  GstChatPeer *self = data;

  g_hash_table_remove_all (self->called);
  g_clear_pointer (&self->told, g_free);
  gst_chat_peer_dial_armed_in_loop (self);
}

/* --- in --- */

static GstChatCallRelation
relation_of (GstChatPeer * self, const GstChatMessage * message)
{
  gboolean in_call = self->call.state != GST_CHAT_CALL_IDLE
      && self->call.state != GST_CHAT_CALL_ENDING;

  if (in_call && message->session != NULL
      && g_strcmp0 (message->session, self->session) == 0) {
    /* Only the two of us know it: the remote has come back with a new id. */
    if (g_strcmp0 (message->peer, self->peer_id) != 0) {
      GST_INFO_OBJECT (self, "%s is %s now", self->peer_id, message->peer);
      g_free (self->peer_id);
      self->peer_id = g_strdup (message->peer);
    }
    return GST_CHAT_CALL_FROM_REMOTE;
  }
  if (!in_call && message->session != NULL
      && g_strcmp0 (message->session, self->last_session) == 0)
    return GST_CHAT_CALL_FROM_PAST;
  if (g_strcmp0 (message->peer, self->peer_id) != 0)
    return GST_CHAT_CALL_FROM_OTHER;
  if (message->event != GST_CHAT_EVENT_CALL_MADE && message->session != NULL
      && self->session != NULL)
    return GST_CHAT_CALL_FROM_PAST;
  return GST_CHAT_CALL_FROM_REMOTE;
}

static GstChatCallOffer
change_of (GstChatPeer * self, const gchar * sdp)
{
  g_autoptr (GError) error = NULL;

  if (self->connection == NULL)
    return GST_CHAT_CALL_OFFER_FIRST;
  switch (gst_chat_connection_classify_offer_in_loop (self->connection, sdp,
          &error)) {
    case GST_CHAT_OFFER_FIRST:
      return GST_CHAT_CALL_OFFER_FIRST;
    case GST_CHAT_OFFER_SAME:
      return GST_CHAT_CALL_OFFER_SAME;
    case GST_CHAT_OFFER_MEDIA:
      return GST_CHAT_CALL_OFFER_MEDIA;
    case GST_CHAT_OFFER_TRANSPORT:
      return GST_CHAT_CALL_OFFER_TRANSPORT;
    case GST_CHAT_OFFER_INVALID:
      GST_WARNING_OBJECT (self, "an offer that cannot be: %s",
          error != NULL ? error->message : "no reason given");
      return GST_CHAT_CALL_OFFER_INVALID;
  }
  return GST_CHAT_CALL_OFFER_INVALID;
}

/* A connection that was given up meanwhile, in the same session. */
static gboolean
is_old_offer (GstChatPeer * self, const GstChatMessage * message,
    GstChatCallOffer change)
{
  return change != GST_CHAT_CALL_OFFER_SAME && message->seq != 0
      && message->seq <= self->remote_seq && message->session != NULL
      && g_strcmp0 (message->session, self->session) == 0;
}

/* An answer repeats the number of its offer. */
static gboolean
is_old_answer (GstChatPeer * self, const GstChatMessage * message)
{
  return message->seq != 0 && message->seq < self->first_seq;
}

static void
handle_peer (GstChatPeer * self, const GstChatMessage * message,
    GstChatCallEventType type)
{
  GstChatCallEvent event = {
    .type = type,
    .relation = relation_of (self, message),
    .chat = message->has_chat,
    .own_id_lower = g_strcmp0 (self->own_id, message->peer) < 0,
    .reason = gst_chat_call_reason_from_name (message->reason),
    .lost = message->lost,
  };

  gboolean from_remote = event.relation == GST_CHAT_CALL_FROM_REMOTE;

  if (type == GST_CHAT_CALL_EVENT_OFFER) {
    event.change = change_of (self, message->sdp);
    if (from_remote && is_old_offer (self, message, event.change))
      event.relation = GST_CHAT_CALL_FROM_PAST;
  } else if (type == GST_CHAT_CALL_EVENT_ANSWER) {
    event.candidates = strstr (message->sdp, "a=candidate:") != NULL;
    if (from_remote && is_old_answer (self, message))
      event.relation = GST_CHAT_CALL_FROM_PAST;
    else if (from_remote)
      self->trickle = message->trickle;
  } else if (from_remote && event.reason == GST_CHAT_CALL_REASON_FAILED) {
    gst_chat_peer_take_words_in_loop (self, message);
  }
  gst_chat_peer_step_in_loop (self, &event, message);
}

void
gst_chat_peer_handle_offer_in_loop (GstChatPeer * self,
    const GstChatMessage * message)
{
  handle_peer (self, message, GST_CHAT_CALL_EVENT_OFFER);
}

static void
handle_offline (GstChatPeer * self)
{
  if (!self->call.online)
    return;
  gst_chat_peer_user_event_in_loop (self, GST_CHAT_CALL_EVENT_OFFLINE);
  gst_chat_peer_forget_users_in_loop (self);
  g_clear_pointer (&self->own_id, g_free);
}

/* Takes both. The next call has them. */
static void
set_ice_servers (GstChatPeer * self, gchar * stun, gchar ** turn)
{
  GST_OBJECT_LOCK (self);
  g_free (self->given_stun);
  self->given_stun = stun;
  g_strfreev (self->given_turn);
  self->given_turn = turn;
  GST_OBJECT_UNLOCK (self);
}

static void
take_ice_servers (GstChatPeer * self, const GstChatMessage * message)
{
  g_autofree gchar *stun = NULL;
  g_autoptr (GPtrArray) turn = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < message->ice_servers->len; i++) {
    gchar *uri = gst_chat_ice_server_uri (message->ice_servers->pdata[i]);
    if (uri == NULL)
      continue;
    if (g_str_has_prefix (uri, "turn")) {
      g_ptr_array_add (turn, uri);
    } else {
      g_free (stun);
      stun = uri;
    }
  }
  gboolean any = turn->len > 0;
  g_ptr_array_add (turn, NULL);
  set_ice_servers (self, g_steal_pointer (&stun),
      any ? (gchar **) g_ptr_array_steal (turn, NULL) : NULL);
}

static void
handle_online (GstChatPeer * self, const gchar * id)
{
  set_ice_servers (self, NULL, NULL);
  handle_offline (self);
  self->own_id = g_strdup (id);
  gst_chat_peer_user_event_in_loop (self, GST_CHAT_CALL_EVENT_ONLINE);
}

static void
handle_users (GstChatPeer * self, const GstChatMessage * message)
{
  for (guint i = 0; message->users != NULL && i < message->users->len; i++)
    remember_user (self, message->users->pdata[i]);
}

static void
handle_message (GstChatPeer * self, const GstChatMessage * message)
{
  /* An application's own transport need not say that it is connected. */
  if (!self->call.online && message->event != GST_CHAT_EVENT_UNKNOWN
      && !gst_chat_event_is_local (message->event))
    handle_online (self, NULL);

  switch (message->event) {
    case GST_CHAT_EVENT_SIGNALLING_CONNECTED:
      handle_online (self, message->peer);
      return;
    case GST_CHAT_EVENT_SIGNALLING_DISCONNECTED:
      handle_offline (self);
      return;
    case GST_CHAT_EVENT_UPDATE_USER_LIST:
      handle_users (self, message);
      return;
    case GST_CHAT_EVENT_REMOVE_USER:
      handle_peer (self, message, GST_CHAT_CALL_EVENT_REMOTE_GONE);
      forget_user (self, message->peer);
      return;
    case GST_CHAT_EVENT_SERVER_INFO:{
      take_ice_servers (self, message);
      GstChatCallEvent event = {
        .type = GST_CHAT_CALL_EVENT_SERVER_INFO,
        .relay = (message->features & GST_CHAT_FEATURE_RELAY) != 0,
      };
      gst_chat_peer_step_in_loop (self, &event, message);
      return;
    }
    case GST_CHAT_EVENT_CALL_MADE:
      gst_chat_peer_handle_offer_in_loop (self, message);
      return;
    case GST_CHAT_EVENT_ANSWER_MADE:
      handle_peer (self, message, GST_CHAT_CALL_EVENT_ANSWER);
      return;
    case GST_CHAT_EVENT_RINGING:
      handle_peer (self, message, GST_CHAT_CALL_EVENT_REMOTE_RINGING);
      return;
    case GST_CHAT_EVENT_DECLINE:
      handle_peer (self, message, GST_CHAT_CALL_EVENT_REMOTE_DECLINE);
      return;
    case GST_CHAT_EVENT_CANCEL:
      handle_peer (self, message, GST_CHAT_CALL_EVENT_REMOTE_CANCEL);
      return;
    case GST_CHAT_EVENT_HANG_UP:
      handle_peer (self, message, GST_CHAT_CALL_EVENT_REMOTE_HANG_UP);
      return;
    case GST_CHAT_EVENT_ICE_CANDIDATE:
      handle_peer (self, message, GST_CHAT_CALL_EVENT_REMOTE_CANDIDATE);
      return;
    case GST_CHAT_EVENT_UNKNOWN:
    case GST_CHAT_EVENT_CALL_USER:     /* only ever sent to a server */
    case GST_CHAT_EVENT_MAKE_ANSWER:
    case GST_CHAT_EVENT_CHAT_MESSAGE:  /* has its own readers */
    case GST_CHAT_EVENT_MEDIA_STATE:   /* so has this: the media itself says it here */
      GST_DEBUG_OBJECT (self, "nothing to do for \"%s\"",
          gst_chat_event_name (message->event));
      return;
  }
}

typedef struct
{
  GstChatPeer *self;
  gchar *text;                  /* NULL: the stream has ended */
  gsize len;
} Arrival;

static void
arrival_free (gpointer data)
{
  Arrival *arrival = data;

  g_atomic_int_add (&arrival->self->queued, -1);
  gst_object_unref (arrival->self);
  g_free (arrival->text);
  g_free (arrival);
}

static void
arrival_in_loop (gpointer data)
{
  Arrival *arrival = data;
  GstChatPeer *self = arrival->self;
  g_autoptr (GError) error = NULL;

  if (!self->running)
    return;
  if (arrival->text == NULL) {
    handle_offline (self);
    return;
  }
  g_autoptr (GstChatMessage) message =
      gst_chat_message_parse_signal (arrival->text, arrival->len, &error);
  if (message == NULL) {
    self->n_bad++;
    GST_WARNING_OBJECT (self, "signal %u that cannot be read: %s",
        self->n_bad, error->message);
    /* Once a power of two: a remote must not fill the application's log. */
    if ((self->n_bad & (self->n_bad - 1)) == 0)
      GST_ELEMENT_WARNING (self, STREAM, DECODE,
          ("The signalling has sent something that is no chat message (%u so "
              "far); it was ignored.", self->n_bad), ("%s", error->message));
    return;
  }
  GST_DEBUG_OBJECT (self, "got %s of %s", gst_chat_event_name (message->event),
      message->peer);
  handle_message (self, message);
  gst_chat_peer_dial_armed_in_loop (self);
}

static void
nothing (gpointer data)
{
}

/* Streaming thread. */
static void
arrive (GstChatPeer * self, gchar * text, gsize len)
{
  g_autoptr (GstChatLoop) loop = gst_chat_peer_ref_loop (self);
  Arrival *arrival = g_new0 (Arrival, 1);

  arrival->self = gst_object_ref (self);
  arrival->text = text;
  arrival->len = len;
  gint before = g_atomic_int_add (&self->queued, 1);
  if (loop == NULL) {
    arrival_free (arrival);
    return;
  }
  gst_chat_loop_post (loop, arrival_in_loop, arrival, arrival_free);
  if (before > MAX_QUEUED)
    gst_chat_loop_call (loop, nothing, NULL);
}

static GstFlowReturn
signal_chain (GstPad * pad, GstObject * parent, GstBuffer * buffer)
{
  GstChatPeer *self = gst_pad_get_element_private (pad);
  gsize len = gst_buffer_get_size (buffer);
  GstMapInfo map;

  if (len > GST_CHAT_MAX_MESSAGE_BYTES || !gst_buffer_map (buffer, &map,
          GST_MAP_READ)) {
    arrive (self, g_strdup (""), 0);    /* counted with what cannot be read */
  } else {
    arrive (self, g_strndup ((const gchar *) map.data, map.size), map.size);
    gst_buffer_unmap (buffer, &map);
  }
  gst_buffer_unref (buffer);
  return GST_FLOW_OK;
}

static gboolean
signal_event (GstPad * pad, GstObject * parent, GstEvent * event)
{
  GstChatPeer *self = gst_pad_get_element_private (pad);

  /* Signalling is no media: nothing of it may reach the source pads. */
  if (GST_EVENT_TYPE (event) == GST_EVENT_EOS)
    arrive (self, NULL, 0);
  gst_event_unref (event);
  return TRUE;
}

GstPad *
gst_chat_peer_new_signal_pad (GstChatPeer * self, const gchar * name,
    gboolean from_template)
{
  GstPad *pad = from_template ?
      gst_pad_new_from_static_template (&gst_chat_peer_signal_template, name) :
      gst_pad_new (name, GST_PAD_SINK);

  gst_pad_set_element_private (pad, self);
  gst_pad_set_chain_function (pad, signal_chain);
  gst_pad_set_event_function (pad, signal_event);
  return pad;
}

/* --- our own chatsignalsrc --- */

static gboolean
is_signal_linked (GstChatPeer * self)
{
  GST_OBJECT_LOCK (self);
  gboolean linked = self->signal_pad != NULL;
  GST_OBJECT_UNLOCK (self);
  return linked;
}

gboolean
gst_chat_peer_open_source (GstChatPeer * self)
{
  if (is_signal_linked (self)) {
    g_autofree gchar *names = gst_chat_peer_useless_settings (self);

    if (names != NULL)
      GST_ELEMENT_WARNING (self, LIBRARY, SETTINGS,
          ("Without effect on chatpeer while its signal pad is linked, set it "
              "on the chatsignalsrc: %s", names), (NULL));
    return TRUE;
  }
  GstElement *source = gst_element_factory_make ("chatsignalsrc", "signalling");
  if (source == NULL) {
    GST_ELEMENT_ERROR (self, CORE, MISSING_PLUGIN,
        ("There is no chatsignalsrc: install gst-plugins-chat completely."),
        (NULL));
    return FALSE;
  }
  gst_chat_peer_configure_source (self, source);
  /* The pad belongs to nobody: what is inside a bin may link to it, and
   * nothing outside can see it. */
  GstPad *pad = gst_object_ref_sink (gst_chat_peer_new_signal_pad (self,
          "signalling-sink", FALSE));
  gst_pad_set_active (pad, TRUE);
  gst_bin_add (GST_BIN (self), source);
  g_autoptr (GstPad) source_pad = gst_element_get_static_pad (source, "src");
  gst_pad_link_full (source_pad, pad, GST_PAD_LINK_CHECK_NOTHING);
  GST_OBJECT_LOCK (self);
  self->inner_source = source;
  self->inner_pad = pad;
  GST_OBJECT_UNLOCK (self);
  /* A bin tries to bring back to READY who fails on the way to PAUSED: one that
   * cannot be opened would say so twice. */
  if (gst_element_set_state (source, GST_STATE_READY) !=
      GST_STATE_CHANGE_FAILURE)
    return TRUE;
  gst_chat_peer_close_source (self);
  return FALSE;
}

void
gst_chat_peer_close_source (GstChatPeer * self)
{
  GST_OBJECT_LOCK (self);
  GstElement *source = g_steal_pointer (&self->inner_source);
  g_autoptr (GstPad) pad = g_steal_pointer (&self->inner_pad);
  GST_OBJECT_UNLOCK (self);

  if (source == NULL)
    return;
  gst_element_set_locked_state (source, TRUE);
  gst_element_set_state (source, GST_STATE_NULL);
  g_autoptr (GstPad) source_pad = gst_element_get_static_pad (source, "src");
  gst_pad_unlink (source_pad, pad);
  gst_bin_remove (GST_BIN (self), source);
  gst_pad_set_active (pad, FALSE);
}

/* --- actions --- */

typedef struct
{
  GstChatPeer *self;
  const gchar *whom;
  gboolean done;
} Wish;

static void
call_in_loop (gpointer data)
{
  Wish *wish = data;
  GstChatPeer *self = wish->self;

  if (self->call.state == GST_CHAT_CALL_RINGING
      && self->call.role == GST_CHAT_CALL_ROLE_CALLEE) {
    if (g_strcmp0 (wish->whom, self->peer_id) == 0
        || g_strcmp0 (wish->whom, self->peer_name) == 0
        || g_str_equal (wish->whom, "*")) {
      gst_chat_peer_user_event_in_loop (self, GST_CHAT_CALL_EVENT_ACCEPT);
      wish->done = TRUE;
    }
    return;
  }
  if (self->eos || (self->call.state != GST_CHAT_CALL_IDLE
          && self->call.state != GST_CHAT_CALL_ENDING))
    return;
  g_free (self->wish);
  self->wish = g_strdup (wish->whom);
  if (g_strcmp0 (self->told, wish->whom) == 0)
    g_clear_pointer (&self->told, g_free);
  wish->done = TRUE;
  gst_chat_peer_dial_armed_in_loop (self);
}

gboolean
gst_chat_peer_action_call (GstChatPeer * self, const gchar * id)
{
  Wish wish = { self, id, FALSE };

  if (id == NULL || *id == '\0')
    return FALSE;
  return gst_chat_peer_run (self, call_in_loop, &wish) && wish.done;
}

static void
hang_up_in_loop (gpointer data)
{
  GstChatPeer *self = data;

  g_clear_pointer (&self->wish, g_free);
  if (self->running)
    gst_chat_peer_user_event_in_loop (self, GST_CHAT_CALL_EVENT_HANG_UP);
}

void
gst_chat_peer_action_hang_up (GstChatPeer * self)
{
  gst_chat_peer_run (self, hang_up_in_loop, self);
}
