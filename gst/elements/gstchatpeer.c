/* SPDX-License-Identifier: LGPL-2.1-or-later
 * chatpeer, the shell: type, states, messages, queries. */
/**
 * SECTION:element-chatpeer
 * @title: chatpeer
 * @short_description: a two-way call with a browser or another pipeline
 * @see_also: chatsignalsrc
 *
 * chatpeer registers with a chat server, shows up in everybody's list of users
 * there, and takes calls or makes them. What goes into its sink pads is sent to
 * the remote, what the remote sends comes out of its source pads. Raw media is
 * encoded, media that is encoded already is sent as it is.
 *
 * One chatpeer is one call at a time; the next call uses the same pads. Source
 * pads appear when the first remote sends (for what it does not send, a second
 * after the call has connected), and stay. What a remote does never
 * ends the pipeline: the call ends, with a warning where something was wrong,
 * and a `chat-call` message in any case.
 *
 * ## Messages
 * The element message `chat-call` is posted at every change of state. Fields:
 * `state`, `role` (none, caller, callee), `remote-id`, `remote-name` (where one
 * is known), `reason` (none, hung-up, declined, busy, no-answer, cancelled, lost,
 * gone, failed) and, where there is more to say, `message`. `chat-signalling`
 * messages are those of chatsignalsrc.
 *
 * ## Asking before a call is taken
 * With `accept=ask`, the signal `incoming-call` is emitted with the caller's id
 * and name; its handler returns %TRUE to take the call, %FALSE to decline it.
 * Where no handler is connected the call rings until the action `call` is
 * emitted with the caller's id, which takes it, or `hang-up`, which declines
 * it, or 45 seconds are over.
 *
 * ## The end
 * An EOS event sent to chatpeer, or EOS on all its media sink pads, ends the
 * call; source pads get EOS. So `gst-launch-1.0 -e` ends a recording.
 *
 * ## Example launch lines
 * |[
 * gst-launch-1.0 chatpeer name=peer display-name=Camera v4l2src ! videoconvert ! peer. pulsesrc ! audioconvert ! peer. peer. ! queue ! videoconvert ! autovideosink peer. ! queue ! audioconvert ! autoaudiosink
 * ]| A video telephone: everybody on the server at localhost:5000 can call it.
 * |[
 * gst-launch-1.0 videotestsrc is-live=true ! chatpeer call=Anna
 * ]| Calls Anna as soon as she is online, and shows her a test picture.
 * |[
 * gst-launch-1.0 chatsignalsrc display-name=Bot ! chatpeer name=peer audiotestsrc is-live=true ! peer.
 * ]| The same connection to the server as an element of its own.
 */
#include "config.h"

#include "gstchatpeerprivate.h"

GST_DEBUG_CATEGORY (gst_chat_peer_debug);
#define GST_CAT_DEFAULT gst_chat_peer_debug

#define DOC_URI "docs/chatpeer.md"

guint gst_chat_peer_signal_incoming_call;

G_DEFINE_FINAL_TYPE (GstChatPeer, gst_chat_peer, GST_TYPE_BIN)
    GST_ELEMENT_REGISTER_DEFINE (chatpeer, "chatpeer", GST_RANK_NONE,
    GST_TYPE_CHAT_PEER);

     GstChatLoop *gst_chat_peer_ref_loop (GstChatPeer * self)
{
  GST_OBJECT_LOCK (self);
  GstChatLoop *loop = self->loop != NULL ?
      gst_chat_loop_ref (self->loop) : NULL;
  GST_OBJECT_UNLOCK (self);
  return loop;
}

gboolean
gst_chat_peer_post (GstChatPeer * self, GstChatLoopFunc func)
{
  g_autoptr (GstChatLoop) loop = gst_chat_peer_ref_loop (self);

  return loop != NULL && gst_chat_loop_post (loop, func,
      gst_object_ref (self), gst_object_unref);
}

gboolean
gst_chat_peer_run (GstChatPeer * self, GstChatLoopFunc func, gpointer data)
{
  g_autoptr (GstChatLoop) loop = gst_chat_peer_ref_loop (self);

  return loop != NULL && gst_chat_loop_call (loop, func, data);
}

static gboolean
open_loop (GstChatPeer * self)
{
  g_autoptr (GError) error = NULL;

  if (!gst_chat_check_elements (&error)
      || !gst_chat_peer_check_codecs (self, &error)) {
    GST_ELEMENT_ERROR (self, CORE, MISSING_PLUGIN, ("%s", error->message),
        (NULL));
    return FALSE;
  }
  if (!gst_chat_peer_check_host (&error)) {
    GST_ELEMENT_ERROR (self, LIBRARY, INIT, ("%s", error->message), (NULL));
    return FALSE;
  }
  gst_chat_connection_prewarm ();
  GstChatLoop *loop = gst_chat_loop_new ("chatpeer");
  GST_OBJECT_LOCK (self);
  self->loop = loop;
  GST_OBJECT_UNLOCK (self);
  return TRUE;
}

static void
close_loop (GstChatPeer * self)
{
  g_autoptr (GstChatLoop) loop = gst_chat_peer_ref_loop (self);

  if (loop == NULL)
    return;
  gst_chat_loop_stop (loop);    /* what runs there until then may want it */
  GST_OBJECT_LOCK (self);
  g_clear_pointer (&self->loop, gst_chat_loop_unref);
  GST_OBJECT_UNLOCK (self);
}

/* The loop cannot wait for itself; an application that does this from a
 * handler of ours would hang for ever. */
static gboolean
is_own_thread (GstChatPeer * self)
{
  g_autoptr (GstChatLoop) loop = gst_chat_peer_ref_loop (self);

  if (loop == NULL || !gst_chat_loop_is_current (loop))
    return FALSE;
  GST_ELEMENT_ERROR (self, CORE, STATE_CHANGE,
      ("chatpeer cannot be stopped from a handler of its own signals or "
          "messages; do it from the main loop."), (NULL));
  return TRUE;
}

/* On the way down, a bin fails to which another thread adds something just
 * then, as webrtcbin does while a call begins; the next try finds it there. */
#define TRIES_DOWN 10

static GstStateChangeReturn
change_children (GstElement * element, GstStateChange transition)
{
  GstElementClass *parent = GST_ELEMENT_CLASS (gst_chat_peer_parent_class);
  guint tries = GST_STATE_TRANSITION_NEXT (transition) <
      GST_STATE_TRANSITION_CURRENT (transition) ? TRIES_DOWN : 1;
  GstStateChangeReturn ret = GST_STATE_CHANGE_FAILURE;

  for (guint i = 0; i < tries && ret == GST_STATE_CHANGE_FAILURE; i++)
    ret = parent->change_state (element, transition);
  return ret;
}

static GstStateChangeReturn
gst_chat_peer_change_state (GstElement * element, GstStateChange transition)
{
  GstChatPeer *self = GST_CHAT_PEER (element);

  switch (transition) {
    case GST_STATE_CHANGE_NULL_TO_READY:
      if (!open_loop (self))
        return GST_STATE_CHANGE_FAILURE;
      break;
    case GST_STATE_CHANGE_READY_TO_PAUSED:
      if (!gst_chat_peer_open_source (self))
        return GST_STATE_CHANGE_FAILURE;
      gst_chat_peer_run (self, gst_chat_peer_start_in_loop, self);
      break;
    case GST_STATE_CHANGE_PAUSED_TO_READY:
      if (is_own_thread (self))
        return GST_STATE_CHANGE_FAILURE;
      /* The good-bye needs the signalling, so before the children stop. */
      gst_chat_peer_run (self, gst_chat_peer_stop_in_loop, self);
      break;
    case GST_STATE_CHANGE_READY_TO_NULL:
      if (is_own_thread (self))
        return GST_STATE_CHANGE_FAILURE;
      close_loop (self);
      gst_chat_connection_wait_prewarmed ();
      break;
    case GST_STATE_CHANGE_PAUSED_TO_PLAYING:
    case GST_STATE_CHANGE_PLAYING_TO_PAUSED:
    case GST_STATE_CHANGE_NULL_TO_NULL:
    case GST_STATE_CHANGE_READY_TO_READY:
    case GST_STATE_CHANGE_PAUSED_TO_PAUSED:
    case GST_STATE_CHANGE_PLAYING_TO_PLAYING:
      break;
  }

  GstStateChangeReturn ret = change_children (element, transition);

  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY
      || (transition == GST_STATE_CHANGE_READY_TO_PAUSED
          && ret == GST_STATE_CHANGE_FAILURE)) {
    gst_chat_peer_run (self, gst_chat_peer_stop_in_loop, self);
    gst_chat_peer_close_source (self);
    gst_chat_peer_remove_outputs (self);
    /* What calls have left behind is being stopped in other threads. */
    if (!gst_chat_connection_wait_closed (GST_BIN (self)))
      GST_WARNING_OBJECT (self, "what is left of a call does not stop");
  } else if (transition == GST_STATE_CHANGE_NULL_TO_READY
      && ret == GST_STATE_CHANGE_FAILURE) {
    close_loop (self);
  } else if ((transition == GST_STATE_CHANGE_READY_TO_PAUSED
          || transition == GST_STATE_CHANGE_PLAYING_TO_PAUSED)
      && ret != GST_STATE_CHANGE_FAILURE) {
    ret = GST_STATE_CHANGE_NO_PREROLL;  /* live, whatever is inside just now */
  }
  return ret;
}

typedef struct
{
  GstChatPeer *self;
  GError *error;
} Failure;

static void
failure_free (gpointer data)
{
  Failure *failure = data;

  gst_object_unref (failure->self);
  g_clear_error (&failure->error);
  g_free (failure);
}

static void
fail_in_loop (gpointer data)
{
  Failure *failure = data;

  gst_chat_peer_fail_in_loop (failure->self, g_steal_pointer (&failure->error));
}

/* An element of the call gave up: that is the end of the call, not of the
 * pipeline. The signalling's own errors are about what the user has set. */
static gboolean
take_error (GstChatPeer * self, GstMessage * message)
{
  GST_OBJECT_LOCK (self);
  gboolean ours = GST_MESSAGE_SRC (message) != NULL
      && (self->inner_source == NULL
      || !gst_object_has_as_ancestor (GST_MESSAGE_SRC (message),
          GST_OBJECT (self->inner_source)));
  gboolean in_call = self->state != GST_CHAT_CALL_IDLE;
  GST_OBJECT_UNLOCK (self);
  g_autoptr (GstChatLoop) loop = gst_chat_peer_ref_loop (self);

  if (!ours || !in_call || loop == NULL)
    return FALSE;
  g_autoptr (GError) error = NULL;
  g_autofree gchar *debug = NULL;
  gst_message_parse_error (message, &error, &debug);
  GST_WARNING_OBJECT (self, "%" GST_PTR_FORMAT " failed in a call: %s (%s)",
      GST_MESSAGE_SRC (message), error->message, debug);
  Failure *failure = g_new0 (Failure, 1);
  failure->self = gst_object_ref (self);
  failure->error = g_error_new_literal (GST_CHAT_ERROR, GST_CHAT_ERROR_FAILED,
      error->message);
  gst_chat_loop_post (loop, fail_in_loop, failure, failure_free);
  return TRUE;
}

static void
gst_chat_peer_handle_message (GstBin * bin, GstMessage * message)
{
  GstChatPeer *self = GST_CHAT_PEER (bin);
  GstMessageType type = GST_MESSAGE_TYPE (message);

  /* EOS is ours to say: gst_chat_peer_send_eos(). */
  if (type == GST_MESSAGE_EOS
      || (type == GST_MESSAGE_ERROR && take_error (self, message))) {
    gst_message_unref (message);
    return;
  }
  GST_BIN_CLASS (gst_chat_peer_parent_class)->handle_message (bin, message);
}

static gboolean
gst_chat_peer_send_event (GstElement * element, GstEvent * event)
{
  /* Nothing that flows through a call is seeked or flushed from outside, and
   * webrtcbin swallows EOS. */
  if (GST_EVENT_TYPE (event) == GST_EVENT_EOS) {
    gst_event_unref (event);
    return gst_chat_peer_send_eos (GST_CHAT_PEER (element));
  }
  return GST_ELEMENT_CLASS (gst_chat_peer_parent_class)->send_event (element,
      event);
}

static gboolean
gst_chat_peer_query (GstElement * element, GstQuery * query)
{
  if (GST_ELEMENT_CLASS (gst_chat_peer_parent_class)->query (element, query))
    return TRUE;
  if (GST_QUERY_TYPE (query) != GST_QUERY_LATENCY)
    return FALSE;
  gst_query_set_latency (query, TRUE, 0, GST_CLOCK_TIME_NONE);
  return TRUE;
}

static void
gst_chat_peer_dispose (GObject * object)
{
  GstChatPeer *self = GST_CHAT_PEER (object);

  close_loop (self);
  gst_chat_peer_clear_pads (self);
  G_OBJECT_CLASS (gst_chat_peer_parent_class)->dispose (object);
}

static void
gst_chat_peer_finalize (GObject * object)
{
  GstChatPeer *self = GST_CHAT_PEER (object);

  gst_chat_peer_call_clear (self);
  gst_chat_peer_signal_clear (self);
  gst_chat_peer_clear_settings (&self->settings);
  g_free (self->remote_id);
  if (self->stats != NULL)
    gst_structure_free (self->stats);
  g_ptr_array_unref (self->inputs);
  g_ptr_array_unref (self->outputs);
  G_OBJECT_CLASS (gst_chat_peer_parent_class)->finalize (object);
}

static void
gst_chat_peer_init (GstChatPeer * self)
{
  gst_chat_peer_init_settings (&self->settings);
  self->inputs = g_ptr_array_new ();
  self->outputs = g_ptr_array_new ();
  gst_chat_peer_call_init (self);
  gst_chat_peer_signal_init (self);
  /* EOS and latency must reach us, whatever is inside at the moment. */
  gst_bin_set_suppressed_flags (GST_BIN (self),
      GST_ELEMENT_FLAG_SOURCE | GST_ELEMENT_FLAG_SINK);
  GST_OBJECT_FLAG_SET (self, GST_ELEMENT_FLAG_SOURCE | GST_ELEMENT_FLAG_SINK);
}

static void
install_signals (GType type)
{
  /**
   * GstChatPeer::incoming-call:
   * @id: the caller's id
   * @name: its name, or ""
   *
   * With `accept=ask`: %TRUE takes the call, %FALSE declines it. Emitted from a
   * thread of chatpeer, with no lock held; return soon, and do not change
   * chatpeer's state in it. Not connected: the call rings.
   */
  gst_chat_peer_signal_incoming_call = g_signal_new ("incoming-call", type,
      G_SIGNAL_RUN_LAST, 0, g_signal_accumulator_first_wins, NULL, NULL,
      G_TYPE_BOOLEAN, 2, G_TYPE_STRING, G_TYPE_STRING);
  /**
   * GstChatPeer::call:
   * @id: an id, a name, or `*`
   *
   * Calls, or takes the ringing call of that user. Who is not online is called
   * when they are.
   *
   * Returns: %FALSE where that cannot be: in another call, or in state NULL
   */
  g_signal_new_class_handler ("call", type,
      G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION,
      G_CALLBACK (gst_chat_peer_action_call), NULL, NULL, NULL,
      G_TYPE_BOOLEAN, 1, G_TYPE_STRING);
  /**
   * GstChatPeer::hang-up:
   *
   * Ends the call, declines one that rings, withdraws one that was asked for.
   */
  g_signal_new_class_handler ("hang-up", type,
      G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION,
      G_CALLBACK (gst_chat_peer_action_hang_up), NULL, NULL, NULL,
      G_TYPE_NONE, 0);
}

static void
gst_chat_peer_class_init (GstChatPeerClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBinClass *bin_class = GST_BIN_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (gst_chat_peer_debug, "chatpeer", 0,
      "a two-way call");

  object_class->dispose = gst_chat_peer_dispose;
  object_class->finalize = gst_chat_peer_finalize;
  gst_chat_peer_install_properties (object_class);
  install_signals (G_TYPE_FROM_CLASS (klass));

  gst_element_class_add_static_pad_template (element_class,
      &gst_chat_peer_signal_template);
  for (guint kind = 0; kind < 2; kind++) {
    gst_element_class_add_pad_template (element_class,
        gst_chat_peer_media_template (kind, GST_PAD_SINK));
    gst_element_class_add_pad_template (element_class,
        gst_chat_peer_media_template (kind, GST_PAD_SRC));
  }
  gst_element_class_set_static_metadata (element_class, "Chat peer",
      "Sink/Source/Network/WebRTC",
      "A two-way video call with a browser or another pipeline",
      "The gst-plugins-chat authors");
  gst_element_class_add_static_metadata (element_class,
      GST_ELEMENT_METADATA_DOC_URI, DOC_URI);

  element_class->change_state = gst_chat_peer_change_state;
  element_class->send_event = gst_chat_peer_send_event;
  element_class->query = gst_chat_peer_query;
  element_class->request_new_pad = gst_chat_peer_request_new_pad;
  element_class->release_pad = gst_chat_peer_release_pad;
  bin_class->handle_message = gst_chat_peer_handle_message;
}
