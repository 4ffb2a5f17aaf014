/* SPDX-License-Identifier: LGPL-2.1-or-later
 * A call between two connections: media is recognised by content, both ways. */
#include "chatcalltest.h"

#include <string.h>

static void
add_both (Side * side, const gchar * video, const gchar * audio)
{
  side_add_sender (side, GST_CHAT_KIND_VIDEO, video);
  side_add_sender (side, GST_CHAT_KIND_AUDIO, audio);
}

static void
assert_both_ways (void)
{
  assert_connected (caller);
  assert_connected (callee);
  assert_sees (callee, GST_CHAT_COLOUR_RED);
  assert_hears (callee, 440);
  assert_sees (caller, GST_CHAT_COLOUR_BLUE);
  assert_hears (caller, 1000);
}

static void
assert_codec (Side * side, const gchar * field, const gchar * name)
{
  g_autoptr (GstStructure) stats = side_stats (side);
  fail_unless_equals_string (gst_structure_get_string (stats, field), name);
}

GST_START_TEST (test_default)
{
  call_setup ();
  call_add_media ();
  call_play ();
  call_start (caller, callee);
  assert_both_ways ();
  assert_codec (caller, "video-codec-out", "vp8");
  assert_codec (caller, "audio-codec-in", "opus");
  call_teardown ();
}

GST_END_TEST;

/* A caller says all it can do: the callee chooses. */
static const struct
{
  const gchar *video, *audio;
} codecs[] = {
  {"vp9", "opus"}, {"h264", "pcmu"}, {"vp8", "pcma"},
};

GST_START_TEST (test_answer_chooses)
{
  call_setup ();
  callee->config.video_codecs = g_strsplit (codecs[__i__].video, ",", -1);
  callee->config.audio_codecs = g_strsplit (codecs[__i__].audio, ",", -1);
  call_add_media ();
  call_play ();
  call_start (caller, callee);
  assert_both_ways ();
  assert_codec (caller, "video-codec-out", codecs[__i__].video);
  assert_codec (caller, "video-codec-in", codecs[__i__].video);
  assert_codec (callee, "audio-codec-out", codecs[__i__].audio);
  assert_codec (callee, "audio-codec-in", codecs[__i__].audio);
  call_teardown ();
}

GST_END_TEST;

GST_START_TEST (test_nothing_in_common)
{
  call_setup ();
  caller->config.video_codecs = g_strsplit ("vp8", ",", -1);
  callee->config.video_codecs = g_strsplit ("h264", ",", -1);
  caller->config.audio_codecs = g_strsplit ("opus", ",", -1);
  callee->config.audio_codecs = g_strsplit ("pcmu", ",", -1);
  call_add_media ();
  call_play ();
  call_start (caller, callee);
  fail_unless (side_wait (callee, has_failed, 10));
  fail_unless (g_error_matches (callee->failed, GST_CHAT_ERROR,
          GST_CHAT_ERROR_UNSUPPORTED));
  call_teardown ();
}

GST_END_TEST;

/* The caller only looks and listens. */
GST_START_TEST (test_caller_without_senders)
{
  call_setup ();
  add_both (callee, VIDEO_SOURCE (BLUE), AUDIO_SOURCE ("1000"));
  call_play ();
  call_start (caller, callee);
  assert_connected (caller);
  assert_sees (caller, GST_CHAT_COLOUR_BLUE);
  assert_hears (caller, 1000);
  fail_unless (side_received (callee, GST_CHAT_KIND_VIDEO) == NULL);
  call_teardown ();
}

GST_END_TEST;

GST_START_TEST (test_callee_without_senders)
{
  call_setup ();
  add_both (caller, VIDEO_SOURCE (RED), AUDIO_SOURCE ("440"));
  call_play ();
  call_start (caller, callee);
  assert_connected (callee);
  assert_sees (callee, GST_CHAT_COLOUR_RED);
  assert_hears (callee, 440);
  fail_unless (side_received (caller, GST_CHAT_KIND_VIDEO) == NULL);
  call_teardown ();
}

GST_END_TEST;

GST_START_TEST (test_audio_against_video)
{
  call_setup ();
  side_add_sender (caller, GST_CHAT_KIND_AUDIO, AUDIO_SOURCE ("440"));
  side_add_sender (callee, GST_CHAT_KIND_VIDEO, VIDEO_SOURCE (BLUE));
  call_play ();
  call_start (caller, callee);
  assert_connected (caller);
  assert_hears (callee, 440);
  assert_sees (caller, GST_CHAT_COLOUR_BLUE);
  call_teardown ();
}

GST_END_TEST;

/* webrtcbin does not even begin DTLS where nothing is to flow. */
GST_START_TEST (test_nobody_sends)
{
  call_setup ();
  call_play ();
  call_start (caller, callee);
  fail_unless (side_wait (callee, has_answered, 10));
  fail_unless (strstr (callee->answer, "a=inactive") != NULL);
  fail_if (strstr (callee->answer, "a=sendrecv"));
  fail_if (callee->failed || caller->failed);
  call_teardown ();
}

GST_END_TEST;

static gchar *
reject_video (gchar * sdp, gboolean is_offer)
{
  /* As a browser that has stopped its video. */
  g_autoptr (GRegex) line = g_regex_new ("m=video \\d+", 0, 0, NULL);
  gchar *out = g_regex_replace_literal (line, sdp, -1, 0, "m=video 0", 0, NULL);
  g_free (sdp);
  g_autoptr (GRegex) only = g_regex_new ("a=bundle-only:?\r\n", 0, 0, NULL);
  sdp = g_regex_replace_literal (only, out, -1, 0, "", 0, NULL);
  g_free (out);
  g_autoptr (GRegex) group = g_regex_new ("a=group:BUNDLE[^\r]*", 0, 0, NULL);
  out = g_regex_replace_literal (group, sdp, -1, 0, "a=group:BUNDLE 0", 0,
      NULL);
  g_free (sdp);
  return out;
}

GST_START_TEST (test_video_rejected)
{
  call_setup ();
  if (__i__ == 0)
    caller->rewrite = reject_video;
  else
    callee->rewrite = reject_video;
  call_add_media ();
  call_play ();
  call_start (caller, callee);
  assert_connected (caller);
  assert_hears (callee, 440);
  assert_hears (caller, 1000);
  call_teardown ();
}

GST_END_TEST;

static gboolean
has_answered_twice (Side * side)
{
  return side->n_answers == 2;
}

static gboolean
has_answered_thrice (Side * side)
{
  return side->n_answers == 3;
}

static void
offer_without_video_in_loop (gpointer data)
{
  Side *side = data;
  g_autofree gchar *offer = reject_video (g_strdup (side->other->offer), TRUE);
  gst_chat_connection_remote_offer_in_loop (side->connection, offer);
}

static void
first_offer_in_loop (gpointer data)
{
  Side *side = data;
  gst_chat_connection_remote_offer_in_loop (side->connection,
      side->other->offer);
}

/* A transceiver that is stopped, and its m-line used again. */
GST_START_TEST (test_video_goes_and_comes_back)
{
  call_setup ();
  call_add_media ();
  call_connect ();
  assert_sees (callee, GST_CHAT_COLOUR_RED);
  side_call (callee, offer_without_video_in_loop);
  fail_unless (side_wait (callee, has_answered_twice, 10), "%s",
      callee->failed ? callee->failed->message : "no answer");
  fail_unless (strstr (callee->answer, "m=video 0"));
  side_call (callee, first_offer_in_loop);
  fail_unless (side_wait (callee, has_answered_thrice, 10), "%s",
      callee->failed ? callee->failed->message : "no answer");
  fail_if (strstr (callee->answer, "m=video 0"));
  side_forget_received (callee);
  assert_sees (callee, GST_CHAT_COLOUR_RED);
  assert_hears (callee, 440);
  fail_unless_equals_int (side_received (callee, GST_CHAT_KIND_VIDEO)->eos, 0);
  call_teardown ();
}

GST_END_TEST;

static void
empty_offer_in_loop (gpointer data)
{
  Side *side = data;
  gst_chat_connection_remote_offer_in_loop (side->connection,
      "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n");
}

static void
offer_in_loop (gpointer data)
{
  Side *side = data;
  gst_chat_connection_create_offer_in_loop (side->connection);
}

/* A page that has no permission for its camera yet, and gets it. */
GST_START_TEST (test_media_comes_later)
{
  call_setup ();
  call_add_media ();
  call_play ();
  call_prepare (caller, callee);
  caller->other = callee;
  callee->other = NULL;
  side_call (callee, empty_offer_in_loop);
  fail_unless (side_wait (callee, has_answered, 5));
  fail_if (strstr (callee->answer, "m="));
  callee->other = caller;
  side_call (caller, offer_in_loop);
  assert_both_ways ();
  call_teardown ();
}

GST_END_TEST;

/* Neither first description has a candidate: the second round brings them. */
GST_START_TEST (test_second_round_connects)
{
  call_setup ();
  caller->trickle_only = callee->trickle_only = TRUE;
  call_add_media ();
  call_play ();
  call_start (caller, callee);
  fail_unless (side_wait (callee, has_answered, 10));
  g_autofree gchar *before = g_strdup (callee->answer);
  call_second_round (caller);
  assert_both_ways ();
  fail_unless (side_wait (callee, has_answered_twice, 5));
  fail_unless_equals_int (caller->n_offers, 1);
  /* The same call: only the version has changed. */
  g_auto (GStrv) one =
      g_strsplit (strstr (before, "m=audio"), "a=candidate", 2);
  g_auto (GStrv) two =
      g_strsplit (strstr (callee->answer, "m=audio"), "a=candidate", 2);
  fail_unless_equals_string (one[0], two[0]);
  call_teardown ();
}

GST_END_TEST;

/* The server relays everything twice, as the tutorial's does when its listings
 * are put together literally. */
static void
same_offer_in_loop (gpointer data)
{
  Side *side = data;
  gst_chat_connection_remote_offer_in_loop (side->connection,
      side->other->offer);
  gst_chat_connection_remote_offer_in_loop (side->connection,
      side->other->offer);
}

GST_START_TEST (test_same_offer_again_and_again)
{
  call_setup ();
  call_add_media ();
  call_play ();
  call_start (caller, callee);
  assert_both_ways ();
  side_call (callee, same_offer_in_loop);
  side_forget_received (caller);
  side_forget_received (callee);
  assert_both_ways ();
  fail_if (callee->failed || caller->failed);
  call_teardown ();
}

GST_END_TEST;

/* Calls one after the other in the same pipeline: for what is downstream it is
 * one stream. */
GST_START_TEST (test_twenty_calls)
{
  call_setup ();
  call_add_media ();
  call_play ();
  for (guint i = 0; i < 20; i++) {
    Side *one = i % 2 ? callee : caller;
    Side *two = i % 2 ? caller : callee;
    call_start (one, two);
    assert_connected (caller);
    assert_connected (callee);
    if (i % 5 == 0) {
      side_forget_received (caller);
      side_forget_received (callee);
      assert_both_ways ();
    }
    call_hang_up (caller, callee);
  }
  static const GstChatKind kinds[] =
      { GST_CHAT_KIND_AUDIO, GST_CHAT_KIND_VIDEO };
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++) {
    Received *received = side_received (caller, kinds[i]);
    side_lock_received ();
    fail_unless_equals_int (received->eos, 0);
    fail_unless_equals_int (received->segments, 1);
    fail_unless_equals_int (received->stream_starts, 1);
    fail_if (GST_CLOCK_TIME_IS_VALID (received->went_back),
        "%" GST_TIME_FORMAT " back at %" GST_TIME_FORMAT,
        GST_TIME_ARGS (received->went_back_by),
        GST_TIME_ARGS (received->went_back));
    side_unlock_received ();
  }
  call_teardown ();
}

GST_END_TEST;

/* Whatever it is doing just then. */
GST_START_TEST (test_close_at_any_time)
{
  call_setup ();
  call_add_media ();
  call_play ();
  for (guint i = 0; i < 24; i++) {
    call_start (caller, callee);
    g_usleep (i * i * 400);
    call_hang_up (caller, callee);
  }
  call_start (caller, callee);
  assert_both_ways ();
  call_teardown ();
}

GST_END_TEST;

GST_START_TEST (test_stats)
{
  call_setup ();
  call_add_media ();
  call_play ();
  call_start (caller, callee);
  assert_both_ways ();
  /* Since the beginning of the call. */
  g_autoptr (GstStructure) stats = side_stats (caller);
  guint bitrate = 0;
  gint width = 0;
  guint64 idle = G_MAXUINT64;
  fail_unless (gst_structure_get_uint (stats, "bitrate-out", &bitrate));
  fail_unless (bitrate > 0);
  fail_unless (gst_structure_get_uint (stats, "bitrate-in", &bitrate));
  fail_unless (bitrate > 0);
  guint64 bytes = 0;
  fail_unless (gst_structure_get_uint64 (stats, "bytes-out", &bytes));
  fail_unless (bytes > 1000);
  fail_unless (gst_structure_get_uint64 (stats, "bytes-in", &bytes));
  fail_unless (bytes > 1000);
  fail_unless (gst_structure_get_int (stats, "width-in", &width));
  fail_unless_equals_int (width, 320);
  fail_unless (gst_structure_get_uint64 (stats, "idle", &idle));
  fail_unless (idle < 10 * G_USEC_PER_SEC);
  /* The remote's report comes once a second. */
  for (guint i = 0; i < 200 && !gst_structure_has_field (stats, "rtt"); i++) {
    g_usleep (100000);
    gst_structure_free (stats);
    stats = side_stats (caller);
  }
  gdouble rtt = -1, jitter = -1, loss = -1;
  fail_unless (gst_structure_get_double (stats, "rtt", &rtt));
  fail_unless (rtt > 0 && rtt < 30, "%f s", rtt);
  fail_unless (gst_structure_get_double (stats, "loss-out", &loss));
  fail_unless (gst_structure_get_double (stats, "jitter", &jitter));
  fail_unless (jitter > 0 && jitter < 30, "%f s", jitter);
  fail_unless (g_str_has_prefix (gst_structure_get_string (stats,
              "local-candidate"), "host 127.0.0.1 "));
  fail_unless (g_str_has_prefix (gst_structure_get_string (stats,
              "remote-candidate"), "host 127.0.0.1 ")
      || g_str_has_prefix (gst_structure_get_string (stats,
              "remote-candidate"), "prflx 127.0.0.1 "));
  call_teardown ();
}

GST_END_TEST;

static Suite *
connection_suite (void)
{
  Suite *suite = suite_create ("connection");
  call_test_init ();
  TCase *tcase = tcase_create ("calls");
  suite_add_tcase (suite, tcase);
  tcase_set_timeout (tcase, 90);
  tcase_add_test (tcase, test_default);
  tcase_add_loop_test (tcase, test_answer_chooses, 0, G_N_ELEMENTS (codecs));
  tcase_add_test (tcase, test_nothing_in_common);
  tcase_add_test (tcase, test_caller_without_senders);
  tcase_add_test (tcase, test_callee_without_senders);
  tcase_add_test (tcase, test_audio_against_video);
  tcase_add_test (tcase, test_nobody_sends);
  tcase_add_loop_test (tcase, test_video_rejected, 0, 2);
  tcase_add_test (tcase, test_video_goes_and_comes_back);
  tcase_add_test (tcase, test_media_comes_later);
  tcase_add_test (tcase, test_second_round_connects);
  tcase_add_test (tcase, test_same_offer_again_and_again);
  tcase_add_test (tcase, test_twenty_calls);
  tcase_add_test (tcase, test_close_at_any_time);
  tcase_add_test (tcase, test_stats);
  return suite;
}

GST_CHECK_MAIN (connection);
