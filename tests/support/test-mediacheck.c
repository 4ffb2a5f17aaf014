/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The content checks recognise what the tests send, and nothing else. */
#include "chatmediacheck.h"

#include <gst/check/gstcheck.h>

/* Runs a pipeline of one fakesink called "sink" to its end. */
static void
run (const gchar * text, GstPadProbeCallback on_buffer, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GstElement) pipeline = gst_parse_launch (text, &error);
  fail_unless (error == NULL, "%s: %s", text, error ? error->message : "");
  g_autoptr (GstElement) sink =
      gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  g_autoptr (GstPad) pad = gst_element_get_static_pad (sink, "sink");
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, on_buffer, user_data,
      NULL);

  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  g_autoptr (GstMessage) message = gst_bus_timed_pop_filtered (bus,
      30 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  fail_unless (message != NULL, "no end within 30 s: %s", text);
  fail_unless_equals_int (GST_MESSAGE_TYPE (message), GST_MESSAGE_EOS);
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

static GstPadProbeReturn
feed_picture (GstPad * pad, GstPadProbeInfo * info, gpointer user_data)
{
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);
  GstVideoInfo video;
  fail_unless (gst_video_info_from_caps (&video, caps));
  fail_unless (gst_chat_picture_check_feed_buffer (user_data, &video,
          GST_PAD_PROBE_INFO_BUFFER (info)));
  return GST_PAD_PROBE_OK;
}

static GstPadProbeReturn
feed_tone (GstPad * pad, GstPadProbeInfo * info, gpointer user_data)
{
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);
  GstAudioInfo audio;
  fail_unless (gst_audio_info_from_caps (&audio, caps));
  fail_unless (gst_chat_tone_check_feed_buffer (user_data, &audio,
          GST_PAD_PROBE_INFO_BUFFER (info)));
  return GST_PAD_PROBE_OK;
}

static GstChatPictureResult
see (const gchar * text)
{
  g_autoptr (GstChatPictureCheck) check = gst_chat_picture_check_new ();
  GstChatPictureResult result;
  run (text, feed_picture, check);
  gst_chat_picture_check_get (check, &result);
  return result;
}

static const struct
{
  GstChatColour colour;
  guint argb;
} balls[] = {
  {GST_CHAT_COLOUR_RED, 0xffff0000},
  {GST_CHAT_COLOUR_YELLOW, 0xffffff00},
  {GST_CHAT_COLOUR_GREEN, 0xff00ff00},
  {GST_CHAT_COLOUR_CYAN, 0xff00ffff},
  {GST_CHAT_COLOUR_BLUE, 0xff0000ff},
  {GST_CHAT_COLOUR_MAGENTA, 0xffff00ff},
  {GST_CHAT_COLOUR_WHITE, 0xffffffff},
};

GST_START_TEST (test_ball_of_each_colour_through_vp8)
{
  g_autofree gchar *text = g_strdup_printf
      ("videotestsrc num-buffers=40 pattern=ball foreground-color=0x%x ! "
      "video/x-raw,format=I420,width=320,height=240,framerate=30/1 ! "
      "vp8enc deadline=1 cpu-used=8 target-bitrate=200000 ! vp8dec ! "
      "fakesink name=sink sync=false", balls[__i__].argb);
  GstChatPictureResult result = see (text);

  assert_equals_string (gst_chat_colour_name (result.colour),
      gst_chat_colour_name (balls[__i__].colour));
  fail_unless (result.moving);
  fail_unless_equals_uint64 (result.frames, 40);
  fail_unless (result.seen[balls[__i__].colour] >= 36);
  fail_unless_equals_int (result.width, 320);
  fail_unless_equals_int (result.height, 240);
  fail_unless (result.travelled > 0.2);
}

GST_END_TEST;

GST_START_TEST (test_ball_in_each_format)
{
  static const gchar *const formats[] =
      { "I420", "NV12", "YUY2", "AYUV", "RGB", "BGRx", "RGBA", "Y444" };
  g_autofree gchar *text = g_strdup_printf
      ("videotestsrc num-buffers=20 pattern=ball foreground-color=0xff0000ff ! "
      "videoconvert ! video/x-raw,format=%s,width=640,height=360 ! "
      "fakesink name=sink sync=false", formats[__i__]);
  GstChatPictureResult result = see (text);

  fail_unless_equals_int (result.colour, GST_CHAT_COLOUR_BLUE);
  fail_unless (result.moving);
}

GST_END_TEST;

GST_START_TEST (test_ball_in_each_size)
{
  static const gint sizes[][2] = { {160, 120}, {1280, 720}, {1920, 1080},
  {240, 320}, {641, 361}
  };
  g_autofree gchar *text = g_strdup_printf
      ("videotestsrc num-buffers=20 pattern=ball foreground-color=0xffff0000 ! "
      "video/x-raw,format=I420,width=%d,height=%d ! "
      "fakesink name=sink sync=false", sizes[__i__][0], sizes[__i__][1]);
  GstChatPictureResult result = see (text);

  fail_unless_equals_int (result.colour, GST_CHAT_COLOUR_RED);
  fail_unless (result.moving);
  fail_unless_equals_int (result.width, sizes[__i__][0]);
}

GST_END_TEST;

GST_START_TEST (test_other_patterns_are_no_ball)
{
  static const gchar *const patterns[] =
      { "smpte", "snow", "black", "white", "red", "checkers-8", "gradient",
    "smpte75", "colors", "bar"
  };
  g_autofree gchar *text = g_strdup_printf
      ("videotestsrc num-buffers=20 pattern=%s ! "
      "video/x-raw,format=I420,width=320,height=240 ! "
      "fakesink name=sink sync=false", patterns[__i__]);
  GstChatPictureResult result = see (text);

  assert_equals_string (gst_chat_colour_name (result.colour), "none");
  fail_if (result.moving);
  fail_unless_equals_uint64 (result.seen[GST_CHAT_COLOUR_NONE], 20);
}

GST_END_TEST;

GST_START_TEST (test_frozen_ball_does_not_move)
{
  GstChatPictureResult result = see
      ("videotestsrc num-buffers=1 pattern=ball foreground-color=0xff00ff00 ! "
      "video/x-raw,format=I420,width=320,height=240 ! imagefreeze "
      "num-buffers=30 ! fakesink name=sink sync=false");

  fail_unless_equals_int (result.colour, GST_CHAT_COLOUR_GREEN);
  fail_if (result.moving);
}

GST_END_TEST;

GST_START_TEST (test_ball_under_text_and_on_a_coloured_ground)
{
  GstChatPictureResult result = see
      ("videotestsrc num-buffers=20 pattern=ball foreground-color=0xffff0000 "
      "background-color=0xff101060 ! "
      "video/x-raw,format=I420,width=640,height=480 ! timeoverlay "
      "halignment=left valignment=top ! fakesink name=sink sync=false");

  fail_unless_equals_int (result.colour, GST_CHAT_COLOUR_RED);
}

GST_END_TEST;

GST_START_TEST (test_change_of_colour_is_noticed)
{
  g_autoptr (GstChatPictureCheck) check = gst_chat_picture_check_new ();
  GstChatPictureResult result;

  for (guint i = 0; i < 2; i++) {
    g_autofree gchar *text = g_strdup_printf
        ("videotestsrc num-buffers=20 pattern=ball foreground-color=0x%x ! "
        "video/x-raw,format=I420,width=320,height=240 ! "
        "fakesink name=sink sync=false", balls[i].argb);
    run (text, feed_picture, check);
  }
  gst_chat_picture_check_get (check, &result);
  fail_unless_equals_int (result.colour, balls[1].colour);
  fail_unless_equals_uint64 (result.seen[balls[0].colour], 20);
  fail_unless_equals_uint64 (result.seen[balls[1].colour], 20);
}

GST_END_TEST;

GST_START_TEST (test_tones)
{
  static const struct
  {
    const gchar *format;
    gint rate, channels, hz;
  } cases[] = {
    {"S16LE", 48000, 2, 440}, {"S16LE", 8000, 1, 300}, {"F32LE", 44100, 1,
        1000},
    {"S32LE", 48000, 1, 3000}, {"U8", 16000, 2, 700},
  };
  g_autoptr (GstChatToneCheck) check = gst_chat_tone_check_new ();
  GstChatToneResult result;
  g_autofree gchar *text = g_strdup_printf
      ("audiotestsrc num-buffers=60 volume=0.5 freq=%d ! audioconvert ! "
      "audio/x-raw,format=%s,rate=%d,channels=%d,layout=interleaved ! "
      "fakesink name=sink sync=false", cases[__i__].hz, cases[__i__].format,
      cases[__i__].rate, cases[__i__].channels);

  run (text, feed_tone, check);
  gst_chat_tone_check_get (check, &result);
  fail_unless (result.tone);
  fail_unless (ABS (result.hz - cases[__i__].hz) < 5, "%f Hz", result.hz);
  fail_unless (ABS (result.db + 9.03) < 1, "%f dB", result.db);
  fail_unless_equals_int (result.rate, cases[__i__].rate);
  fail_unless (gst_chat_tone_check_windows_of (check, cases[__i__].hz) >= 5);
  fail_unless_equals_int (gst_chat_tone_check_windows_of (check,
          cases[__i__].hz + 100), 0);
}

GST_END_TEST;

GST_START_TEST (test_tone_through_opus)
{
  g_autoptr (GstChatToneCheck) check = gst_chat_tone_check_new ();
  GstChatToneResult result;

  run ("audiotestsrc num-buffers=100 volume=0.3 freq=880 ! audioconvert ! "
      "audio/x-raw,rate=48000,channels=2 ! opusenc audio-type=voice ! "
      "opusdec ! audioconvert ! fakesink name=sink sync=false", feed_tone,
      check);
  gst_chat_tone_check_get (check, &result);
  fail_unless (result.tone);
  fail_unless (ABS (result.hz - 880) < 5, "%f Hz", result.hz);
}

GST_END_TEST;

GST_START_TEST (test_silence_and_noise_are_no_tone)
{
  static const gchar *const waves[] =
      { "silence", "white-noise", "pink-noise", "gaussian-noise" };
  g_autoptr (GstChatToneCheck) check = gst_chat_tone_check_new ();
  GstChatToneResult result;
  g_autofree gchar *text = g_strdup_printf
      ("audiotestsrc num-buffers=60 wave=%s ! "
      "audio/x-raw,format=S16LE,rate=48000 ! fakesink name=sink sync=false",
      waves[__i__]);

  run (text, feed_tone, check);
  gst_chat_tone_check_get (check, &result);
  fail_if (result.tone);
  fail_unless (result.samples > 50000);
  if (__i__ == 0)
    fail_unless (result.db < -90);
  else
    fail_unless (result.db > -40);
  for (gdouble hz = 0; hz < 24000; hz += 20)
    fail_unless_equals_int (gst_chat_tone_check_windows_of (check, hz), 0);
}

GST_END_TEST;

static Suite *
mediacheck_suite (void)
{
  Suite *suite = suite_create ("mediacheck");
  TCase *picture = tcase_create ("picture");
  TCase *tone = tcase_create ("tone");

  suite_add_tcase (suite, picture);
  tcase_set_timeout (picture, 60);
  tcase_add_loop_test (picture, test_ball_of_each_colour_through_vp8, 0,
      G_N_ELEMENTS (balls));
  tcase_add_loop_test (picture, test_ball_in_each_format, 0, 8);
  tcase_add_loop_test (picture, test_ball_in_each_size, 0, 5);
  tcase_add_loop_test (picture, test_other_patterns_are_no_ball, 0, 10);
  tcase_add_test (picture, test_frozen_ball_does_not_move);
  tcase_add_test (picture, test_ball_under_text_and_on_a_coloured_ground);
  tcase_add_test (picture, test_change_of_colour_is_noticed);

  suite_add_tcase (suite, tone);
  tcase_set_timeout (tone, 60);
  tcase_add_loop_test (tone, test_tones, 0, 5);
  tcase_add_test (tone, test_tone_through_opus);
  tcase_add_loop_test (tone, test_silence_and_noise_are_no_tone, 0, 4);
  return suite;
}

GST_CHECK_MAIN (mediacheck);
