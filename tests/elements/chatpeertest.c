/* SPDX-License-Identifier: LGPL-2.1-or-later
 * A chatpeer in a pipeline for tests. */
#include "chatpeertest.h"

#include <gst/check/gstcheck.h>

/* Slow machines, sanitizers and eight others on two cores. */
#define PATIENCE (30 * G_TIME_SPAN_SECOND + more_patience)

static gint64 more_patience;

void
test_peer_be_patient (guint seconds)
{
  more_patience = seconds * G_TIME_SPAN_SECOND;
}

static GstPadProbeReturn
on_data (GstPad * pad, GstPadProbeInfo * info, gpointer user_data)
{
  TestPeer *test = user_data;
  gboolean video = g_str_has_prefix (GST_PAD_NAME (pad), "video");

  g_mutex_lock (&test->lock);
  if (info->type & GST_PAD_PROBE_TYPE_BUFFER) {
    g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);
    GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER (info);
    GstVideoInfo video_info;
    GstAudioInfo audio_info;

    fail_unless (caps != NULL);
    test->n_buffers[video]++;
    if (video && gst_structure_has_name (gst_caps_get_structure (caps, 0),
            "video/x-raw") && gst_video_info_from_caps (&video_info, caps))
      gst_chat_picture_check_feed_buffer (test->picture, &video_info, buffer);
    else if (gst_structure_has_name (gst_caps_get_structure (caps, 0),
            "audio/x-raw") && gst_audio_info_from_caps (&audio_info, caps))
      gst_chat_tone_check_feed_buffer (test->tone, &audio_info, buffer);
  } else if (GST_EVENT_TYPE (GST_PAD_PROBE_INFO_EVENT (info)) == GST_EVENT_EOS) {
    test->n_eos[video]++;
  }
  g_cond_broadcast (&test->changed);
  g_mutex_unlock (&test->lock);
  return GST_PAD_PROBE_OK;
}

static void
on_pad_added (GstElement * peer, GstPad * pad, TestPeer * test)
{
  if (!GST_PAD_IS_SRC (pad))
    return;
  GstElement *queue = gst_element_factory_make ("queue", NULL);
  GstElement *sink = gst_element_factory_make ("fakesink", NULL);
  g_autoptr (GstPad) queue_pad = gst_element_get_static_pad (queue, "sink");

  g_object_set (sink, "async", FALSE, "sync", FALSE, NULL);
  g_object_set (queue, "max-size-buffers", 0, "max-size-bytes", 0, "leaky", 2,
      NULL);
  gst_pad_add_probe (pad,
      GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, on_data,
      test, NULL);
  gst_bin_add_many (GST_BIN (test->pipeline), queue, sink, NULL);
  fail_unless (gst_element_link (queue, sink));
  gst_element_sync_state_with_parent (sink);
  gst_element_sync_state_with_parent (queue);
  fail_unless (gst_pad_link (pad, queue_pad) == GST_PAD_LINK_OK);
  g_mutex_lock (&test->lock);
  g_ptr_array_add (test->pads, g_strdup (GST_PAD_NAME (pad)));
  g_mutex_unlock (&test->lock);
}

static GstBusSyncReply
on_message (GstBus * bus, GstMessage * message, gpointer user_data)
{
  TestPeer *test = user_data;

  g_mutex_lock (&test->lock);
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS)
    test->n_pipeline_eos++;
  g_ptr_array_add (test->messages, gst_message_ref (message));
  g_cond_broadcast (&test->changed);
  g_mutex_unlock (&test->lock);
  return GST_BUS_DROP;
}

static void
add_source (TestPeer * test, const gchar * description)
{
  g_autoptr (GError) error = NULL;
  GstElement *source = gst_parse_bin_from_description (description, TRUE,
      &error);

  fail_unless (source != NULL, "%s: %s", description,
      error != NULL ? error->message : "");
  gst_bin_add (GST_BIN (test->pipeline), source);
  fail_unless (gst_element_link (source, test->peer), "%s", description);
}

TestPeer *
test_peer_new (ChatWire * wire, const gchar * id, const gchar * colour,
    guint hz)
{
  TestPeer *test = g_new0 (TestPeer, 1);

  test->id = id;
  g_mutex_init (&test->lock);
  g_cond_init (&test->changed);
  test->messages = g_ptr_array_new_with_free_func ((GDestroyNotify)
      gst_message_unref);
  test->pads = g_ptr_array_new_with_free_func (g_free);
  test->picture = gst_chat_picture_check_new ();
  test->tone = gst_chat_tone_check_new ();
  test->pipeline = gst_pipeline_new (id);
  test->peer = gst_element_factory_make ("chatpeer", NULL);
  fail_unless (test->peer != NULL, "no chatpeer");
  /* A machine that is busy for five seconds is no remote that has died. */
  g_object_set (test->peer, "media-timeout", 30000, NULL);
  gst_bin_add (GST_BIN (test->pipeline), test->peer);
  g_signal_connect (test->peer, "pad-added", G_CALLBACK (on_pad_added), test);
  g_autoptr (GstBus) bus = gst_element_get_bus (test->pipeline);
  gst_bus_set_sync_handler (bus, on_message, test, NULL);
  if (colour != NULL) {
    g_autofree gchar *description =
        g_strdup_printf ("videotestsrc is-live=true pattern=ball "
        "background-color=0xff101010 foreground-color=%s ! "
        "video/x-raw,width=160,height=120,framerate=15/1 ! videoconvert",
        colour);
    add_source (test, description);
  }
  if (hz != 0) {
    g_autofree gchar *description =
        g_strdup_printf ("audiotestsrc is-live=true freq=%u ! audioconvert",
        hz);
    add_source (test, description);
  }
  if (wire != NULL)
    chat_wire_attach (wire, test->peer, id, id);
  return test;
}

void
test_peer_play (TestPeer * test, ChatWire * wire)
{
  fail_if (gst_element_set_state (test->pipeline,
          GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE);
  if (wire != NULL)
    chat_wire_join (wire, test->id);
}

void
test_peer_stop (TestPeer * test)
{
  gint64 began = g_get_monotonic_time ();

  fail_unless_equals_int (gst_element_set_state (test->pipeline,
          GST_STATE_NULL), GST_STATE_CHANGE_SUCCESS);
  gint64 took = g_get_monotonic_time () - began;
  fail_unless (took < 10 * G_TIME_SPAN_SECOND, "to NULL took %" G_GINT64_FORMAT
      " us", took);
}

void
test_peer_free (TestPeer * test, ChatWire * wire)
{
  test_peer_stop (test);
  if (wire != NULL)
    chat_wire_detach (wire, test->id);
  g_autoptr (GstBus) bus = gst_element_get_bus (test->pipeline);
  gst_bus_set_sync_handler (bus, NULL, NULL, NULL);
  gst_object_unref (test->pipeline);
  g_ptr_array_unref (test->messages);
  g_ptr_array_unref (test->pads);
  gst_chat_picture_check_free (test->picture);
  gst_chat_tone_check_free (test->tone);
  g_mutex_clear (&test->lock);
  g_cond_clear (&test->changed);
  g_free (test);
}

TestPair
test_pair (ChatWire * wire, guint a_hz, guint b_hz)
{
  TestPair pair = {.wire = wire };

  pair.a = test_peer_new (wire, "aaa", RED, a_hz);
  pair.b = test_peer_new (wire, "bbb", GREEN, b_hz);
  return pair;
}

void
test_pair_play (TestPair * pair)
{
  test_peer_play (pair->a, pair->wire);
  test_peer_play (pair->b, pair->wire);
}

void
test_pair_clear (TestPair * pair)
{
  test_peer_free (pair->a, pair->wire);
  test_peer_free (pair->b, pair->wire);
  chat_wire_free (pair->wire);
}

/* Lock held. */
static const GstStructure *
nth_call (TestPeer * test, const gchar * state, guint nth, guint * count)
{
  *count = 0;
  for (guint i = 0; i < test->messages->len; i++) {
    const GstStructure *s =
        gst_message_get_structure (test->messages->pdata[i]);

    if (s != NULL && gst_structure_has_name (s, "chat-call")
        && g_strcmp0 (gst_structure_get_string (s, "state"), state) == 0
        && ++*count == nth)
      return s;
  }
  return NULL;
}

guint
test_peer_count (TestPeer * test, const gchar * state)
{
  guint count;

  g_mutex_lock (&test->lock);
  nth_call (test, state, 0, &count);
  g_mutex_unlock (&test->lock);
  return count;
}

static void
complain (TestPeer * test, const gchar * what)
{
  for (guint i = 0; i < test->messages->len; i++) {
    const GstMessage *m = test->messages->pdata[i];

    if (GST_MESSAGE_TYPE (m) & (GST_MESSAGE_ELEMENT | GST_MESSAGE_ERROR |
            GST_MESSAGE_WARNING))
      gst_printerrln ("%s: %" GST_PTR_FORMAT, test->id, m);
  }
  gst_printerrln ("%s: %u audio and %u video buffers; pads %u", test->id,
      test->n_buffers[0], test->n_buffers[1], test->pads->len);
  fail ("%s: waited for %s", test->id, what);
}

void
test_peer_wait_call (TestPeer * test, const gchar * state, guint nth,
    const gchar * reason)
{
  gint64 deadline = g_get_monotonic_time () + PATIENCE;
  const GstStructure *s;
  guint count;

  g_mutex_lock (&test->lock);
  while ((s = nth_call (test, state, nth, &count)) == NULL) {
    if (!g_cond_wait_until (&test->changed, &test->lock, deadline)) {
      g_autofree gchar *what = g_strdup_printf ("call %s number %u", state,
          nth);
      complain (test, what);
    }
  }
  if (reason != NULL)
    fail_unless_equals_string (gst_structure_get_string (s, "reason"), reason);
  g_mutex_unlock (&test->lock);
}

guint
test_peer_count_messages (TestPeer * test, GstMessageType type)
{
  guint count = 0;

  g_mutex_lock (&test->lock);
  for (guint i = 0; i < test->messages->len; i++)
    count += GST_MESSAGE_TYPE (test->messages->pdata[i]) == type;
  g_mutex_unlock (&test->lock);
  return count;
}

void
test_peer_wait_message (TestPeer * test, GstMessageType type, guint nth)
{
  gint64 deadline = g_get_monotonic_time () + PATIENCE;

  while (test_peer_count_messages (test, type) < nth) {
    g_mutex_lock (&test->lock);
    if (!g_cond_wait_until (&test->changed, &test->lock,
            MIN (deadline, g_get_monotonic_time () + G_TIME_SPAN_SECOND))
        && g_get_monotonic_time () >= deadline)
      complain (test, gst_message_type_get_name (type));
    g_mutex_unlock (&test->lock);
  }
}

/* Lock held. */
static gboolean
has_warning (TestPeer * test, const gchar * part)
{
  for (guint i = 0; i < test->messages->len; i++) {
    GstMessage *message = test->messages->pdata[i];
    g_autoptr (GError) error = NULL;

    if (GST_MESSAGE_TYPE (message) != GST_MESSAGE_WARNING)
      continue;
    gst_message_parse_warning (message, &error, NULL);
    if (strstr (error->message, part) != NULL)
      return TRUE;
  }
  return FALSE;
}

void
test_peer_wait_warning (TestPeer * test, const gchar * part)
{
  gint64 deadline = g_get_monotonic_time () + PATIENCE;

  g_mutex_lock (&test->lock);
  while (!has_warning (test, part)) {
    if (!g_cond_wait_until (&test->changed, &test->lock, deadline)) {
      g_autofree gchar *what = g_strdup_printf ("the warning \"%s\"", part);
      complain (test, what);
    }
  }
  g_mutex_unlock (&test->lock);
}

void
test_peer_wait_media (TestPeer * test, GstChatColour colour, guint hz)
{
  gint64 deadline = g_get_monotonic_time () + PATIENCE;
  GstChatPictureResult picture;

  g_mutex_lock (&test->lock);
  gst_chat_picture_check_free (test->picture);
  gst_chat_tone_check_free (test->tone);
  test->picture = gst_chat_picture_check_new ();
  test->tone = gst_chat_tone_check_new ();
  for (;;) {
    gst_chat_picture_check_get (test->picture, &picture);
    gboolean seen = colour == GST_CHAT_COLOUR_NONE
        || (picture.colour == colour && picture.moving);
    gboolean heard = hz == 0
        || gst_chat_tone_check_windows_of (test->tone, hz) >= 3;

    if (seen && heard)
      break;
    if (!g_cond_wait_until (&test->changed, &test->lock, deadline)) {
      g_autofree gchar *what = g_strdup_printf ("a %s ball (%s) and %u Hz (%s)",
          gst_chat_colour_name (colour), seen ? "seen" : "not seen", hz,
          heard ? "heard" : "not heard");
      complain (test, what);
    }
  }
  g_mutex_unlock (&test->lock);
}

void
test_peer_wait_eos (TestPeer * test, guint kind)
{
  gint64 deadline = g_get_monotonic_time () + PATIENCE;

  g_mutex_lock (&test->lock);
  while (test->n_eos[kind] == 0) {
    if (!g_cond_wait_until (&test->changed, &test->lock, deadline))
      complain (test, kind == 0 ? "EOS of audio" : "EOS of video");
  }
  g_mutex_unlock (&test->lock);
}

void
test_peer_call (TestPeer * test, const gchar * whom)
{
  gboolean done = FALSE;

  g_signal_emit_by_name (test->peer, "call", whom, &done);
  fail_unless (done, "%s cannot call %s", test->id, whom);
}

void
test_peer_hang_up (TestPeer * test)
{
  g_signal_emit_by_name (test->peer, "hang-up");
}
