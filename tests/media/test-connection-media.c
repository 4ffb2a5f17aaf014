/* SPDX-License-Identifier: LGPL-2.1-or-later
 * What goes into a call and what comes out: encoded input and output, files,
 * ends, sizes that change, pads that nobody is linked to. */
#include "chatcalltest.h"

#include <gst/video/video.h>

static const struct
{
  const gchar *launch;
  const gchar *codec;
  GstChatKind kind;
} encoded[] = {
  {VIDEO_SOURCE (RED) " ! vp8enc deadline=1 keyframe-max-dist=1000", "vp8",
      GST_CHAT_KIND_VIDEO},
  {VIDEO_SOURCE (RED) " ! videoconvert ! video/x-raw,format=I420 ! vp9enc "
        "deadline=1 lag-in-frames=0 cpu-used=8", "vp9", GST_CHAT_KIND_VIDEO},
  {VIDEO_SOURCE (RED) " ! x264enc tune=zerolatency speed-preset=ultrafast "
        "key-int-max=1000 ! video/x-h264,profile=constrained-baseline ! identity",
      "h264", GST_CHAT_KIND_VIDEO},
  {VIDEO_SOURCE (RED) " ! x264enc tune=zerolatency speed-preset=ultrafast ! "
        "video/x-h264,profile=baseline,stream-format=avc ! identity",
      "h264", GST_CHAT_KIND_VIDEO},
  {AUDIO_SOURCE ("440") " ! opusenc", "opus", GST_CHAT_KIND_AUDIO},
  {"audiotestsrc is-live=true freq=440 ! audio/x-raw,rate=8000,channels=1 ! "
        "mulawenc", "pcmu", GST_CHAT_KIND_AUDIO},
  {"audiotestsrc is-live=true freq=440 ! audio/x-raw,rate=8000,channels=1 ! "
        "alawenc", "pcma", GST_CHAT_KIND_AUDIO},
};

static gboolean
has_codec (GstChatSender * sender, const gchar * name)
{
  g_autoptr (GPtrArray) codecs =
      gst_chat_sender_get_codecs (sender, NULL, NULL);
  if (codecs->len != 1)
    return FALSE;
  const GstChatCodec *codec = g_ptr_array_index (codecs, 0);
  return g_str_equal (codec->name, name);
}

/* Sent as it is: the keyframe that the call needs comes from the encoder of the
 * user, who is asked for it. */
GST_START_TEST (test_encoded_input)
{
  call_setup ();
  GstChatSender *sender = side_add_sender (caller, encoded[__i__].kind,
      encoded[__i__].launch);
  side_play (caller);
  for (guint i = 0; i < 500 && !has_codec (sender, encoded[__i__].codec); i++)
    g_usleep (10000);
  fail_unless (has_codec (sender, encoded[__i__].codec));
  call_connect ();
  if (encoded[__i__].kind == GST_CHAT_KIND_VIDEO)
    assert_sees (callee, GST_CHAT_COLOUR_RED);
  else
    assert_hears (callee, 440);
  call_teardown ();
}

GST_END_TEST;

static Received *
wait_buffers (Side * side, GstChatKind kind, guint64 n)
{
  for (guint i = 0; i < 2000; i++) {
    Received *received = side_received (side, kind);
    if (received) {
      side_lock_received ();
      gboolean enough = received->buffers >= n;
      side_unlock_received ();
      if (enough)
        return received;
    }
    g_usleep (10000);
  }
  fail ("%s: not %" G_GUINT64_FORMAT " buffers", side->name, n);
  return NULL;
}

static const struct
{
  const gchar *video, *audio, *video_type, *audio_type;
} outputs[] = {
  {"vp8", "opus", "video/x-vp8", "audio/x-opus"},
  {"h264", "pcmu", "video/x-h264", "audio/x-mulaw"},
};

GST_START_TEST (test_encoded_output)
{
  call_setup ();
  callee->decode = FALSE;
  callee->config.video_codecs = g_strsplit (outputs[__i__].video, ",", -1);
  callee->config.audio_codecs = g_strsplit (outputs[__i__].audio, ",", -1);
  side_add_sender (caller, GST_CHAT_KIND_VIDEO, VIDEO_SOURCE (RED));
  side_add_sender (caller, GST_CHAT_KIND_AUDIO, AUDIO_SOURCE ("440"));
  call_connect ();
  Received *video = wait_buffers (callee, GST_CHAT_KIND_VIDEO, 20);
  Received *audio = wait_buffers (callee, GST_CHAT_KIND_AUDIO, 20);
  side_lock_received ();
  fail_unless_equals_string (video->caps, outputs[__i__].video_type);
  fail_unless_equals_string (audio->caps, outputs[__i__].audio_type);
  side_unlock_received ();
  call_teardown ();
}

GST_END_TEST;

static gboolean
has_ended (Side * side)
{
  return side->n_ended > 0;
}

/* The end of one medium is not the end of the call, nor of the other one. */
GST_START_TEST (test_eos)
{
  call_setup ();
  GstChatSender *sender = side_add_sender (caller, GST_CHAT_KIND_VIDEO,
      "videotestsrc is-live=true num-buffers=90 pattern=ball "
      "foreground-color=" RED " ! video/x-raw,width=320,height=240,"
      "framerate=30/1 ! identity");
  side_add_sender (caller, GST_CHAT_KIND_AUDIO, AUDIO_SOURCE ("440"));
  call_connect ();
  fail_unless (side_wait (caller, has_ended, 20));
  fail_unless (gst_chat_sender_is_ended (sender));
  side_forget_received (callee);
  assert_hears (callee, 440);
  fail_if (caller->failed || callee->failed || caller->link_error);
  Received *video = side_received (callee, GST_CHAT_KIND_VIDEO);
  fail_unless (!video || video->eos == 0);
  fail_unless_equals_int (caller->n_ended, 1);
  call_teardown ();
}

GST_END_TEST;

/* A file waits for the call, then runs at its own speed, sound and picture
 * together. */
GST_START_TEST (test_file_waits)
{
  call_setup ();
  GstChatSender *video = side_add_sender (caller, GST_CHAT_KIND_VIDEO,
      "videotestsrc pattern=ball foreground-color=" RED " ! "
      "video/x-raw,width=320,height=240,framerate=30/1 ! identity");
  GstChatSender *audio = side_add_sender (caller, GST_CHAT_KIND_AUDIO,
      "audiotestsrc freq=440 ! audio/x-raw,rate=48000 ! identity");
  side_play (caller);
  for (guint i = 0; i < 500
      && !(GST_CLOCK_TIME_IS_VALID (gst_chat_sender_get_held (video))
          && GST_CLOCK_TIME_IS_VALID (gst_chat_sender_get_held (audio))); i++)
    g_usleep (10000);
  fail_unless_equals_uint64 (gst_chat_sender_get_held (video), 0);
  fail_unless_equals_uint64 (gst_chat_sender_get_held (audio), 0);

  call_connect ();
  Received *received = wait_buffers (callee, GST_CHAT_KIND_VIDEO, 1);
  gint64 begin = g_get_monotonic_time ();
  wait_buffers (callee, GST_CHAT_KIND_VIDEO, 61);
  gint64 took = g_get_monotonic_time () - begin;
  fail_unless (took > 1500 * 1000, "2 s of a file in %d ms",
      (gint) (took / 1000));
  assert_sees (callee, GST_CHAT_COLOUR_RED);
  assert_hears (callee, 440);
  fail_if (GST_CLOCK_TIME_IS_VALID (received->went_back),
      "%" GST_TIME_FORMAT " back at %" GST_TIME_FORMAT,
      GST_TIME_ARGS (received->went_back_by),
      GST_TIME_ARGS (received->went_back));

  /* It waits again, where it was, and goes on in the next call. */
  call_hang_up (caller, callee);
  for (guint i = 0; i < 500
      && !GST_CLOCK_TIME_IS_VALID (gst_chat_sender_get_held (video)); i++)
    g_usleep (10000);
  GstClockTime held = gst_chat_sender_get_held (video);
  fail_unless (held > GST_SECOND && GST_CLOCK_TIME_IS_VALID (held));
  call_start (caller, callee);
  assert_connected (callee);
  side_forget_received (callee);
  assert_sees (callee, GST_CHAT_COLOUR_RED);
  call_teardown ();
}

GST_END_TEST;

/* Nobody is linked: nothing fails. Then somebody is, and it comes. */
GST_START_TEST (test_linked_later)
{
  call_setup ();
  callee->link_sinks = FALSE;
  side_add_sender (caller, GST_CHAT_KIND_VIDEO, VIDEO_SOURCE (RED));
  side_add_sender (caller, GST_CHAT_KIND_AUDIO, AUDIO_SOURCE ("440"));
  call_connect ();
  for (guint i = 0; i < 1000 && !(side_received (callee, GST_CHAT_KIND_VIDEO)
          && side_received (callee, GST_CHAT_KIND_AUDIO)); i++)
    g_usleep (10000);
  g_usleep (500000);
  Received *video = side_received (callee, GST_CHAT_KIND_VIDEO);
  Received *audio = side_received (callee, GST_CHAT_KIND_AUDIO);
  fail_unless (video && audio);
  side_lock_received ();
  guint64 decoded = video->buffers;
  side_unlock_received ();
  fail_unless (decoded <= 2, "%d pictures decoded for nobody", (gint) decoded);

  Received *both[] = { video, audio };
  for (guint i = 0; i < 2; i++) {
    GstElement *sink = gst_element_factory_make ("fakesink", NULL);
    g_object_set (sink, "async", FALSE, NULL);
    gst_bin_add (GST_BIN (callee->pipeline), sink);
    gst_element_sync_state_with_parent (sink);
    g_autoptr (GstPad) pad = gst_element_get_static_pad (sink, "sink");
    fail_unless (gst_pad_link (gst_chat_receiver_get_src_pad (both
                [i]->receiver), pad) == GST_PAD_LINK_OK);
  }
  assert_sees (callee, GST_CHAT_COLOUR_RED);
  assert_hears (callee, 440);
  fail_if (callee->failed);
  call_teardown ();
}

GST_END_TEST;

static gint
width_in (Side * side)
{
  g_autoptr (GstStructure) stats = side_stats (side);
  gint width = 0;
  gst_structure_get_int (stats, "width-in", &width);
  return width;
}

/* A camera that is told another size in the middle of a call. */
GST_START_TEST (test_size_changes)
{
  call_setup ();
  const gchar *codec[] = { "vp8", "h264" };
  callee->config.video_codecs = g_strsplit (codec[__i__], ",", -1);
  side_add_sender (caller, GST_CHAT_KIND_VIDEO,
      "videotestsrc is-live=true pattern=ball foreground-color=" RED
      " ! capsfilter name=size caps=video/x-raw,width=320,height=240,"
      "framerate=30/1");
  call_connect ();
  assert_sees (callee, GST_CHAT_COLOUR_RED);
  fail_unless_equals_int (width_in (callee), 320);
  g_autoptr (GstElement) size =
      gst_bin_get_by_name (GST_BIN (caller->pipeline), "size");
  gst_util_set_object_arg (G_OBJECT (size), "caps",
      "video/x-raw,width=640,height=480,framerate=30/1");
  for (guint i = 0; i < 1000 && width_in (callee) != 640; i++)
    g_usleep (10000);
  fail_unless_equals_int (width_in (callee), 640);
  side_forget_received (callee);
  assert_sees (callee, GST_CHAT_COLOUR_RED);
  fail_if (caller->failed || callee->failed);
  call_teardown ();
}

GST_END_TEST;

/* Odd sizes, other formats, other rates: whatever sources have. */
GST_START_TEST (test_any_format)
{
  call_setup ();
  callee->config.video_codecs = g_strsplit ("h264", ",", -1);
  side_add_sender (caller, GST_CHAT_KIND_VIDEO,
      "videotestsrc is-live=true pattern=ball foreground-color=" RED
      " ! video/x-raw,format=RGBx,width=321,height=241,framerate=15/1 ! "
      "identity");
  side_add_sender (caller, GST_CHAT_KIND_AUDIO,
      "audiotestsrc is-live=true freq=440 ! "
      "audio/x-raw,format=F32LE,rate=44100,channels=6,"
      "channel-mask=(bitmask)0x3f ! identity");
  call_connect ();
  assert_sees (callee, GST_CHAT_COLOUR_RED);
  assert_hears (callee, 440);
  call_teardown ();
}

GST_END_TEST;

static gint n_keyframes;

static GstPadProbeReturn
count_keyframes (GstPad * pad, GstPadProbeInfo * info, gpointer data)
{
  if (!GST_BUFFER_FLAG_IS_SET (GST_PAD_PROBE_INFO_BUFFER (info),
          GST_BUFFER_FLAG_DELTA_UNIT))
    g_atomic_int_inc (&n_keyframes);
  return GST_PAD_PROBE_OK;
}

/* The remote asks: the encoder hears of it, but not of every request. */
GST_START_TEST (test_keyframe_requests)
{
  call_setup ();
  callee->decode = FALSE;
  side_add_sender (caller, GST_CHAT_KIND_VIDEO, VIDEO_SOURCE (RED));
  call_connect ();
  Received *received = wait_buffers (callee, GST_CHAT_KIND_VIDEO, 10);
  GstPad *src = gst_chat_receiver_get_src_pad (received->receiver);
  g_atomic_int_set (&n_keyframes, 0);
  gst_pad_add_probe (src, GST_PAD_PROBE_TYPE_BUFFER, count_keyframes, NULL,
      NULL);
  gint64 begin = g_get_monotonic_time ();
  while (g_get_monotonic_time () - begin < 3 * G_TIME_SPAN_SECOND) {
    gst_pad_send_event (src, gst_video_event_new_upstream_force_key_unit
        (GST_CLOCK_TIME_NONE, TRUE, 0));
    g_usleep (10000);
  }
  gint n = g_atomic_int_get (&n_keyframes);
  fail_unless (n >= 1 && n <= 9, "%d keyframes in 3 s", n);
  call_teardown ();
}

GST_END_TEST;

static Suite *
media_suite (void)
{
  Suite *suite = suite_create ("connection-media");
  call_test_init ();
  TCase *tcase = tcase_create ("media");
  suite_add_tcase (suite, tcase);
  tcase_set_timeout (tcase, 90);
  tcase_add_loop_test (tcase, test_encoded_input, 0, G_N_ELEMENTS (encoded));
  tcase_add_loop_test (tcase, test_encoded_output, 0, G_N_ELEMENTS (outputs));
  tcase_add_test (tcase, test_eos);
  tcase_add_test (tcase, test_file_waits);
  tcase_add_test (tcase, test_linked_later);
  tcase_add_loop_test (tcase, test_size_changes, 0, 2);
  tcase_add_test (tcase, test_any_format);
  tcase_add_test (tcase, test_keyframe_requests);
  return suite;
}

GST_CHECK_MAIN (media);
