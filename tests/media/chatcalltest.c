/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Two GstChatConnections in one process, wired by passing SDP text. */
#include "chatcalltest.h"

#include <string.h>

#include "chatcertificate.h"
#include "criticals.h"

Side *caller, *callee;

/* ---- what is received ---- */

static GMutex received_lock;

static void
feed (Received * received, GstPad * pad, GstBuffer * buffer)
{
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);
  if (!caps)
    return;                     /* the pad is being taken down */
  if (received->kind == GST_CHAT_KIND_VIDEO) {
    GstVideoInfo info;
    if (gst_video_info_from_caps (&info, caps))
      gst_chat_picture_check_feed_buffer (received->picture, &info, buffer);
  } else {
    GstAudioInfo info;
    if (gst_audio_info_from_caps (&info, caps))
      gst_chat_tone_check_feed_buffer (received->tone, &info, buffer);
  }
  if (!received->caps)
    received->caps = g_strdup (gst_structure_get_name
        (gst_caps_get_structure (caps, 0)));

  received->buffers++;
  if (GST_BUFFER_IS_DISCONT (buffer))
    received->discontinuities++;
  GstClockTime pts = GST_BUFFER_PTS (buffer);
  if (GST_CLOCK_TIME_IS_VALID (pts)) {
    if (GST_CLOCK_TIME_IS_VALID (received->last_pts)) {
      if (pts < received->last_pts) {
        received->went_back = received->last_pts;
        received->went_back_by = received->last_pts - pts;
      } else
        received->max_gap_ms = MAX (received->max_gap_ms,
            (pts - received->last_pts) / GST_MSECOND);
    }
    received->last_pts = pts;
  }
}

void
side_lock_received (void)
{
  g_mutex_lock (&received_lock);
}

void
side_unlock_received (void)
{
  g_mutex_unlock (&received_lock);
}

void
side_forget_received (Side * side)
{
  g_mutex_lock (&received_lock);
  for (guint i = 0; i < side->received->len; i++) {
    Received *received = g_ptr_array_index (side->received, i);
    gst_chat_picture_check_free (received->picture);
    gst_chat_tone_check_free (received->tone);
    received->picture = gst_chat_picture_check_new ();
    received->tone = gst_chat_tone_check_new ();
    received->buffers = 0;
  }
  g_mutex_unlock (&received_lock);
}

static GstPadProbeReturn
on_data (GstPad * pad, GstPadProbeInfo * info, gpointer data)
{
  Received *received = data;
  g_mutex_lock (&received_lock);
  if (info->type & GST_PAD_PROBE_TYPE_BUFFER)
    feed (received, pad, GST_PAD_PROBE_INFO_BUFFER (info));
  else
    switch ((guint) GST_EVENT_TYPE (GST_PAD_PROBE_INFO_EVENT (info))) {
      case GST_EVENT_EOS:
        received->eos++;
        break;
      case GST_EVENT_SEGMENT:
        received->segments++;
        break;
      case GST_EVENT_STREAM_START:
        received->stream_starts++;
        break;
      case GST_EVENT_FLUSH_START:
      case GST_EVENT_FLUSH_STOP:
        fail ("a flush came downstream");
        break;
      default:
        break;
    }
  g_mutex_unlock (&received_lock);
  return GST_PAD_PROBE_OK;
}

static GstChatReceiver *
on_receiver_for (GstChatKind kind, guint index, gpointer data)
{
  Side *side = data;
  g_mutex_lock (&side->lock);
  Received *found = NULL;
  guint n = 0;
  for (guint i = 0; i < side->received->len && !found; i++) {
    Received *received = g_ptr_array_index (side->received, i);
    if (received->kind == kind && n++ == index)
      found = received;
  }
  g_mutex_unlock (&side->lock);
  if (found)
    return found->receiver;

  found = g_new0 (Received, 1);
  found->kind = kind;
  found->last_pts = GST_CLOCK_TIME_NONE;
  found->went_back = GST_CLOCK_TIME_NONE;
  found->picture = gst_chat_picture_check_new ();
  found->tone = gst_chat_tone_check_new ();
  g_autofree gchar *name = g_strdup_printf ("%s-%s%u", side->name,
      kind == GST_CHAT_KIND_VIDEO ? "video" : "audio", n);
  found->receiver = gst_chat_receiver_new (GST_BIN (side->pipeline), kind, name,
      side->decode);
  GstPad *src = gst_chat_receiver_get_src_pad (found->receiver);
  gst_pad_add_probe (src, GST_PAD_PROBE_TYPE_BUFFER |
      GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM | GST_PAD_PROBE_TYPE_EVENT_FLUSH,
      on_data, found, NULL);
  if (side->link_sinks) {
    found->sink = gst_element_factory_make ("fakesink", NULL);
    g_object_set (found->sink, "async", FALSE, "sync", FALSE, NULL);
    gst_bin_add (GST_BIN (side->pipeline), found->sink);
    gst_element_sync_state_with_parent (found->sink);
    g_autoptr (GstPad) sink = gst_element_get_static_pad (found->sink, "sink");
    fail_unless (gst_pad_link (src, sink) == GST_PAD_LINK_OK);
  }
  g_mutex_lock (&side->lock);
  g_ptr_array_add (side->received, found);
  g_mutex_unlock (&side->lock);
  return found->receiver;
}

/* ---- signalling ---- */

typedef struct
{
  Side *to;
  gboolean is_offer;
  gchar *sdp;
} Text;

static void
text_free (gpointer data)
{
  Text *text = data;
  g_free (text->sdp);
  g_free (text);
}

static void
deliver (gpointer data)
{
  Text *text = data;
  GstChatConnection *connection = text->to->connection;
  if (!connection)
    return;
  if (text->is_offer)
    gst_chat_connection_remote_offer_in_loop (connection, text->sdp);
  else
    gst_chat_connection_remote_answer_in_loop (connection, text->sdp);
}

static gchar *
without_candidates (gchar * sdp)
{
  g_autoptr (GRegex) regex = g_regex_new ("a=candidate:[^\r\n]*\r\n", 0, 0,
      NULL);
  gchar *out = g_regex_replace_literal (regex, sdp, -1, 0, "", 0, NULL);
  g_free (sdp);
  return out;
}

static void
send_text (Side * side, gboolean is_offer, const gchar * sdp)
{
  Text *text = g_new0 (Text, 1);
  text->to = side->other;
  text->is_offer = is_offer;
  text->sdp = g_strdup (sdp);
  if (side->rewrite)
    text->sdp = side->rewrite (text->sdp, is_offer);
  if (side->trickle_only) {
    text->sdp = without_candidates (text->sdp);
    side->trickle_only = FALSE;
  }
  gst_chat_loop_post (side->other->loop, deliver, text, text_free);
}

static void
on_local_description (gboolean is_offer, const gchar * sdp, gpointer data)
{
  Side *side = data;
  g_mutex_lock (&side->lock);
  gchar **slot = is_offer ? &side->offer : &side->answer;
  g_free (*slot);
  *slot = g_strdup (sdp);
  if (is_offer)
    side->n_offers++;
  else
    side->n_answers++;
  g_cond_broadcast (&side->cond);
  g_mutex_unlock (&side->lock);
  if (side->other)
    send_text (side, is_offer, sdp);
}

static void
on_candidates_changed (gboolean complete, gpointer data)
{
  Side *side = data;
  g_mutex_lock (&side->lock);
  side->n_changes++;
  side->complete |= complete;
  g_cond_broadcast (&side->cond);
  g_mutex_unlock (&side->lock);
}

static void
on_link_state (GstChatLinkState state, const GError * error, gpointer data)
{
  Side *side = data;
  g_mutex_lock (&side->lock);
  if (state == GST_CHAT_LINK_CONNECTED) {
    side->connected = TRUE;
    side->n_connected++;
  } else if (state == GST_CHAT_LINK_CLOSED) {
    side->closed = TRUE;
  } else {
    g_clear_error (&side->link_error);
    side->link_error = g_error_copy (error);
  }
  g_cond_broadcast (&side->cond);
  g_mutex_unlock (&side->lock);
}

static void
on_failed (const GError * error, gpointer data)
{
  Side *side = data;
  g_mutex_lock (&side->lock);
  g_clear_error (&side->failed);
  side->failed = g_error_copy (error);
  g_cond_broadcast (&side->cond);
  g_mutex_unlock (&side->lock);
}

static const GstChatConnectionCallbacks callbacks = {
  .local_description = on_local_description,
  .candidates_changed = on_candidates_changed,
  .link_state = on_link_state,
  .failed = on_failed,
  .receiver_for = on_receiver_for,
};

/* ---- sides ---- */

static void
recalculate (GstElement * pipeline, gpointer data)
{
  gst_bin_recalculate_latency (GST_BIN (pipeline));
}

/* What gst-launch does, and every application should. */
static GstBusSyncReply
on_message (GstBus * bus, GstMessage * message, gpointer pipeline)
{
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_LATENCY)
    gst_element_call_async (pipeline, recalculate, NULL, NULL);
  /* A message that nobody takes keeps its element, and that its call. */
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR)
    return GST_BUS_PASS;
  gst_message_unref (message);
  return GST_BUS_DROP;
}

void
call_test_init (void)
{
  criticals_are_fatal ();
  gst_chat_crypto_stay_at_exit ();
  /* The dtls plugin makes an RSA key first, which takes seconds on a machine
   * with work: once for all tests, each of which is a fork of this process. */
  GstElement *dtls = gst_element_factory_make ("dtlsdec", NULL);
  if (dtls)
    gst_object_unref (gst_object_ref_sink (dtls));
}

Side *
side_new (const gchar * name)
{
  Side *side = g_new0 (Side, 1);
  side->name = name;
  side->pipeline = gst_pipeline_new (name);
  g_autoptr (GstBus) bus = gst_element_get_bus (side->pipeline);
  gst_bus_set_sync_handler (bus, on_message, side->pipeline, NULL);
  side->loop = gst_chat_loop_new (name);
  side->senders = g_ptr_array_new ();
  side->received = g_ptr_array_new ();
  side->decode = TRUE;
  side->link_sinks = TRUE;
  side->config.latency = 50;
  side->config.local_address = g_strdup ("127.0.0.1");
  g_mutex_init (&side->lock);
  g_cond_init (&side->cond);
  return side;
}

static void
close_in_loop (gpointer data)
{
  Side *side = data;
  if (side->connection) {
    gst_chat_connection_say_goodbye_in_loop (side->connection);
    gst_chat_connection_close_in_loop (side->connection);
  }
  side->connection = NULL;
}

void
side_call (Side * side, GstChatLoopFunc func)
{
  fail_unless (gst_chat_loop_call (side->loop, func, side));
}

void
side_free (Side * side)
{
  side_call (side, close_in_loop);
  gst_chat_loop_stop (side->loop);
  gst_chat_loop_unref (side->loop);

  g_autoptr (GstBus) bus = gst_element_get_bus (side->pipeline);
  g_autoptr (GstMessage) message =
      gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  if (message) {
    g_autoptr (GError) error = NULL;
    gst_message_parse_error (message, &error, NULL);
    fail ("%s: an error left the call: %s", side->name, error->message);
  }

  fail_unless (gst_chat_connection_wait_closed (GST_BIN (side->pipeline)),
      "%s: a call does not come to its end", side->name);
  gst_element_set_state (side->pipeline, GST_STATE_NULL);
  for (guint i = 0; i < side->senders->len; i++)
    gst_chat_sender_free (g_ptr_array_index (side->senders, i));
  for (guint i = 0; i < side->received->len; i++) {
    Received *received = g_ptr_array_index (side->received, i);
    gst_chat_receiver_free (received->receiver);
    gst_chat_picture_check_free (received->picture);
    gst_chat_tone_check_free (received->tone);
    g_free (received->caps);
    g_free (received);
  }
  gst_object_unref (side->pipeline);
  g_ptr_array_unref (side->senders);
  g_ptr_array_unref (side->received);
  g_free (side->config.local_address);
  g_free (side->config.stun_server);
  g_strfreev (side->config.video_codecs);
  g_strfreev (side->config.audio_codecs);
  g_clear_error (&side->failed);
  g_clear_error (&side->link_error);
  g_free (side->offer);
  g_free (side->answer);
  g_mutex_clear (&side->lock);
  g_cond_clear (&side->cond);
  g_free (side);
}

static void
on_ended (GstChatSender * sender, gpointer data)
{
  Side *side = data;
  g_mutex_lock (&side->lock);
  side->n_ended++;
  g_cond_broadcast (&side->cond);
  g_mutex_unlock (&side->lock);
}

static const GstChatSenderCallbacks sender_callbacks = {.ended = on_ended };

GstChatSender *
side_add_sender (Side * side, GstChatKind kind, const gchar * launch)
{
  g_autoptr (GError) error = NULL;
  GstElement *source = gst_parse_bin_from_description (launch, TRUE, &error);
  fail_unless (source != NULL, "%s: %s", launch, error ? error->message : "");
  gst_bin_add (GST_BIN (side->pipeline), source);

  g_autofree gchar *name = g_strdup_printf ("%s-in%u", side->name,
      side->senders->len);
  GstChatSenderConfig config = { 0 };
  GstChatSender *sender = gst_chat_sender_new (GST_BIN (side->pipeline), kind,
      name, &config, &sender_callbacks, side);
  g_ptr_array_add (side->senders, sender);
  g_autoptr (GstPad) src = gst_element_get_static_pad (source, "src");
  fail_unless (gst_pad_link (src, gst_chat_sender_get_sink_pad (sender)) ==
      GST_PAD_LINK_OK);
  return sender;
}

void
side_play (Side * side)
{
  fail_if (gst_element_set_state (side->pipeline, GST_STATE_PLAYING) ==
      GST_STATE_CHANGE_FAILURE);
}

static void
open_in_loop (gpointer data)
{
  Side *side = data;
  g_mutex_lock (&side->lock);
  side->connected = side->closed = FALSE;
  side->n_offers = side->n_answers = side->n_changes = 0;
  side->complete = FALSE;
  g_clear_error (&side->failed);
  g_clear_error (&side->link_error);
  g_mutex_unlock (&side->lock);

  g_autoptr (GError) error = NULL;
  side->connection = gst_chat_connection_new_in_loop (side->loop,
      GST_BIN (side->pipeline), &side->config, side->senders, &callbacks, side,
      &error);
  fail_unless (side->connection != NULL, "%s", error ? error->message : "?");
}

static void
offer_in_loop (gpointer data)
{
  Side *side = data;
  gst_chat_connection_create_offer_in_loop (side->connection);
}

void
call_prepare (Side * one, Side * two)
{
  one->other = two;
  two->other = one;
  side_call (one, open_in_loop);
  side_call (two, open_in_loop);
}

void
call_start (Side * one, Side * two)
{
  call_prepare (one, two);
  side_call (one, offer_in_loop);
}

void
call_hang_up (Side * one, Side * two)
{
  side_call (one, close_in_loop);
  side_call (two, close_in_loop);
}

static void
second_round_in_loop (gpointer data)
{
  Side *side = data;
  g_autofree gchar *offer =
      gst_chat_connection_repeat_offer_in_loop (side->connection);
  fail_unless (offer != NULL, "no offer to repeat");
  send_text (side, TRUE, offer);
}

void
call_second_round (Side * side)
{
  side_call (side, second_round_in_loop);
}

/* ---- waiting ---- */

gboolean
side_wait (Side * side, Condition condition, guint seconds)
{
  gint64 end = g_get_monotonic_time () +
      seconds * (WITH_SANITIZER ? 3 : 1) * G_TIME_SPAN_SECOND;
  g_mutex_lock (&side->lock);
  gboolean met;
  /* What streaming threads count wakes nobody: look again by the clock. */
  while (!(met = condition (side)) && g_get_monotonic_time () < end)
    g_cond_wait_until (&side->cond, &side->lock,
        MIN (end, g_get_monotonic_time () + 20 * G_TIME_SPAN_MILLISECOND));
  g_mutex_unlock (&side->lock);
  return met;
}

gboolean
has_offered (Side * side)
{
  return side->n_offers > 0;
}

gboolean
has_answered (Side * side)
{
  return side->n_answers > 0;
}

gchar *
sdp_replace (gchar * sdp, const gchar * pattern, const gchar * with)
{
  g_autoptr (GRegex) regex = g_regex_new (pattern, G_REGEX_MULTILINE, 0, NULL);
  gchar *out = g_regex_replace (regex, sdp, -1, 0, with, 0, NULL);
  g_free (sdp);
  return out;
}

gboolean
is_connected (Side * side)
{
  return side->connected;
}

gboolean
has_failed (Side * side)
{
  return side->failed != NULL;
}

gboolean
is_closed (Side * side)
{
  return side->closed;
}

gboolean
has_link_error (Side * side)
{
  return side->link_error != NULL;
}

static gboolean
is_connected_or_failed (Side * side)
{
  return side->connected || side->failed || side->link_error;
}

void
assert_connected (Side * side)
{
  side_wait (side, is_connected_or_failed, 20);
  fail_unless (side->connected, "%s does not connect: %s", side->name,
      side->failed ? side->failed->message : side->link_error ?
      side->link_error->message : "nothing happens");
}

void
call_setup (void)
{
  caller = side_new ("caller");
  callee = side_new ("callee");
}

void
call_teardown (void)
{
  /* Each posts to the other's loop until it is closed. */
  side_call (caller, close_in_loop);
  side_call (callee, close_in_loop);
  side_free (caller);
  side_free (callee);
}

void
call_add_media (void)
{
  side_add_sender (caller, GST_CHAT_KIND_VIDEO, VIDEO_SOURCE (RED));
  side_add_sender (caller, GST_CHAT_KIND_AUDIO, AUDIO_SOURCE ("440"));
  side_add_sender (callee, GST_CHAT_KIND_VIDEO, VIDEO_SOURCE (BLUE));
  side_add_sender (callee, GST_CHAT_KIND_AUDIO, AUDIO_SOURCE ("1000"));
}

void
call_play (void)
{
  side_play (caller);
  side_play (callee);
}

void
call_connect (void)
{
  call_play ();
  call_start (caller, callee);
  assert_connected (caller);
  assert_connected (callee);
}

Received *
side_received (Side * side, GstChatKind kind)
{
  Received *found = NULL;
  g_mutex_lock (&side->lock);
  for (guint i = 0; i < side->received->len && !found; i++) {
    Received *received = g_ptr_array_index (side->received, i);
    if (received->kind == kind)
      found = received;
  }
  g_mutex_unlock (&side->lock);
  return found;
}

GstElement *
find_element (GstElement * bin, const gchar * factory)
{
  g_autoptr (GstIterator) all =
      gst_bin_iterate_all_by_element_factory_name (GST_BIN (bin), factory);
  g_auto (GValue) value = G_VALUE_INIT;
  return gst_iterator_next (all, &value) == GST_ITERATOR_OK ?
      g_value_dup_object (&value) : NULL;
}

GstElement *
side_element (Side * side, const gchar * factory)
{
  GstElement *element = find_element (side->pipeline, factory);
  fail_unless (element != NULL, "%s: no %s", side->name, factory);
  return element;
}

void
assert_sees (Side * side, GstChatColour colour)
{
  gint64 end = g_get_monotonic_time () + 20 * G_TIME_SPAN_SECOND;
  GstChatPictureResult result = { 0 };
  do {
    Received *received = side_received (side, GST_CHAT_KIND_VIDEO);
    if (received) {
      g_mutex_lock (&received_lock);
      gst_chat_picture_check_get (received->picture, &result);
      g_mutex_unlock (&received_lock);
    }
    if (result.colour == colour && result.moving)
      return;
    g_usleep (10000);
  } while (g_get_monotonic_time () < end);
  fail ("%s sees no moving %s ball: %s, %smoving, %" G_GUINT64_FORMAT
      " pictures%s%s", side->name, gst_chat_colour_name (colour),
      gst_chat_colour_name (result.colour), result.moving ? "" : "not ",
      result.frames, side->failed ? ", failed: " : "",
      side->failed ? side->failed->message : "");
}

void
assert_hears (Side * side, gdouble hz)
{
  gint64 end = g_get_monotonic_time () + 20 * G_TIME_SPAN_SECOND;
  GstChatToneResult result = { 0 };
  do {
    Received *received = side_received (side, GST_CHAT_KIND_AUDIO);
    if (received) {
      g_mutex_lock (&received_lock);
      gst_chat_tone_check_get (received->tone, &result);
      g_mutex_unlock (&received_lock);
    }
    if (result.tone && ABS (result.hz - hz) < 20)
      return;
    g_usleep (10000);
  } while (g_get_monotonic_time () < end);
  fail ("%s does not hear %.0f Hz, but %.0f Hz at %.0f dB of %" G_GUINT64_FORMAT
      " samples%s%s", side->name, hz, result.hz, result.db, result.samples,
      side->failed ? ", failed: " : "",
      side->failed ? side->failed->message : "");
}

typedef struct
{
  Side *side;
  GstStructure *stats;
} StatsCall;

static void
stats_in_loop (gpointer data)
{
  StatsCall *call = data;
  call->stats = gst_chat_connection_get_stats_in_loop (call->side->connection);
}

GstStructure *
side_stats (Side * side)
{
  StatsCall call = {.side = side };
  fail_unless (gst_chat_loop_call (side->loop, stats_in_loop, &call));
  return call.stats;
}
