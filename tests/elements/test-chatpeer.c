/* SPDX-License-Identifier: LGPL-2.1-or-later
 * chatpeer without a network for its signalling: two of them in one process,
 * or one and a script. */
#include "chatpeertest.h"
#include "criticals.h"

#include <gst/check/gstcheck.h>
#include <gst/check/gstharness.h>

/* --- calls --- */

static void
run_call (gboolean relay, gboolean doubled)
{
  g_auto (TestPair) pair = test_pair (chat_wire_new (relay, doubled), 440, 880);
  TestPeer *a = pair.a, *b = pair.b;

  test_pair_play (&pair);
  test_peer_call (a, "bbb");
  test_peer_wait_call (a, "connected", 1, "none");
  test_peer_wait_call (b, "connected", 1, "none");
  test_peer_wait_media (a, GST_CHAT_COLOUR_GREEN, 880);
  test_peer_wait_media (b, GST_CHAT_COLOUR_RED, 440);
  if (!relay) {
    /* It may come back with another id: the media goes on. */
    chat_wire_leave (pair.wire, "bbb");
    test_peer_wait_media (a, GST_CHAT_COLOUR_GREEN, 880);
  }
  /* A base server does not pass on that it is over: DTLS does, and nobody waits
   * for media that does not come. */
  gint64 began = g_get_monotonic_time ();
  test_peer_hang_up (b);
  test_peer_wait_call (a, "idle", 1, "hung-up");
  gint64 took = g_get_monotonic_time () - began;
  fail_unless (took < 5 * G_TIME_SPAN_SECOND, "noticed after %" G_GINT64_FORMAT
      " us", took);
  test_peer_wait_call (b, "idle", 1, "hung-up");
  fail_unless_equals_int (test_peer_count_messages (a, GST_MESSAGE_ERROR), 0);
  fail_unless_equals_int (test_peer_count_messages (b, GST_MESSAGE_ERROR), 0);
}

GST_START_TEST (test_call)
{
  run_call (TRUE, FALSE);
}

GST_END_TEST;

GST_START_TEST (test_call_through_base_server)
{
  run_call (FALSE, FALSE);
}

GST_END_TEST;

GST_START_TEST (test_call_with_everything_doubled)
{
  run_call (FALSE, TRUE);
}

GST_END_TEST;

/* A pipeline that goes down says so, too, though its sinks pause before. */
GST_START_TEST (test_remote_stops)
{
  g_auto (TestPair) pair = test_pair (chat_wire_new (FALSE, FALSE), 440, 880);
  TestPeer *a = pair.a, *b = pair.b;

  test_pair_play (&pair);
  test_peer_call (a, "bbb");
  test_peer_wait_media (a, GST_CHAT_COLOUR_GREEN, 880);
  test_peer_wait_media (b, GST_CHAT_COLOUR_RED, 440);
  test_peer_stop (b);
  gint64 began = g_get_monotonic_time ();
  test_peer_wait_call (a, "idle", 1, "hung-up");
  gint64 took = g_get_monotonic_time () - began;
  fail_unless (took < 5 * G_TIME_SPAN_SECOND, "noticed after %" G_GINT64_FORMAT
      " us", took);
}

GST_END_TEST;

/* Pads stay, and the third call is as good as the first; both directions. */
GST_START_TEST (test_three_calls_in_a_row)
{
  g_auto (TestPair) pair = test_pair (chat_wire_new (TRUE, FALSE), 440, 880);
  TestPeer *a = pair.a, *b = pair.b;

  test_pair_play (&pair);
  for (guint i = 1; i <= 3; i++) {
    test_peer_call (i == 2 ? b : a, i == 2 ? "aaa" : "bbb");
    test_peer_wait_call (a, "connected", i, "none");
    test_peer_wait_call (b, "connected", i, "none");
    test_peer_wait_media (a, GST_CHAT_COLOUR_GREEN, 880);
    test_peer_wait_media (b, GST_CHAT_COLOUR_RED, 440);
    test_peer_hang_up (i == 3 ? b : a);
    test_peer_wait_call (a, "idle", i, "hung-up");
    test_peer_wait_call (b, "idle", i, "hung-up");
  }
  fail_unless_equals_int (a->pads->len, 2);
  fail_unless_equals_int (b->pads->len, 2);
}

GST_END_TEST;

/* Both call at once, again and again: one call comes of it every time. */
GST_START_TEST (test_both_call)
{
  g_auto (TestPair) pair = test_pair (chat_wire_new (TRUE, FALSE), 0, 0);
  TestPeer *a = pair.a, *b = pair.b;

  test_pair_play (&pair);
  for (guint i = 1; i <= 3; i++) {
    gboolean done;

    g_signal_emit_by_name (i % 2 ? a->peer : b->peer, "call",
        i % 2 ? "bbb" : "aaa", &done);
    g_signal_emit_by_name (i % 2 ? b->peer : a->peer, "call",
        i % 2 ? "aaa" : "bbb", &done);
    test_peer_wait_call (a, "connected", i, "none");
    test_peer_wait_call (b, "connected", i, "none");
    test_peer_wait_media (a, GST_CHAT_COLOUR_GREEN, 0);
    test_peer_wait_media (b, GST_CHAT_COLOUR_RED, 0);
    test_peer_hang_up (a);
    test_peer_wait_call (a, "idle", i, NULL);
    test_peer_wait_call (b, "idle", i, NULL);
  }
}

GST_END_TEST;

/* One sends video alone, the other nothing. */
GST_START_TEST (test_one_way)
{
  ChatWire *wire = chat_wire_new (TRUE, FALSE);
  TestPeer *a = test_peer_new (wire, "aaa", RED, 0);
  TestPeer *b = test_peer_new (wire, "bbb", NULL, 0);

  test_peer_play (a, wire);
  test_peer_play (b, wire);
  test_peer_call (a, "bbb");
  test_peer_wait_call (a, "connected", 1, "none");
  test_peer_wait_call (b, "connected", 1, "none");
  test_peer_wait_media (b, GST_CHAT_COLOUR_RED, 0);
  test_peer_hang_up (a);
  test_peer_wait_call (b, "idle", 1, "hung-up");
  test_peer_call (b, "aaa");
  test_peer_wait_call (b, "connected", 2, "none");
  test_peer_wait_media (b, GST_CHAT_COLOUR_RED, 0);
  test_peer_free (a, wire);
  test_peer_free (b, wire);
  chat_wire_free (wire);
}

GST_END_TEST;

/* --- whom to call --- */

GST_START_TEST (test_armed_by_name)
{
  g_auto (TestPair) pair = test_pair (chat_wire_new (TRUE, FALSE), 0, 0);
  TestPeer *a = pair.a, *b = pair.b;

  g_object_set (a->peer, "call", "bbb", NULL);
  test_pair_play (&pair);
  test_peer_wait_call (a, "connected", 1, "none");
  /* Hung up: not called again unasked. */
  test_peer_hang_up (a);
  test_peer_wait_call (a, "idle", 1, NULL);
  test_peer_wait_call (b, "idle", 1, NULL);
  fail_unless_equals_int (test_peer_count (a, "calling"), 1);
  /* Back after having left: called. */
  chat_wire_leave (pair.wire, "bbb");
  chat_wire_join (pair.wire, "bbb");
  test_peer_wait_call (a, "connected", 2, "none");
  test_peer_hang_up (b);
  test_peer_wait_call (a, "idle", 2, NULL);
  /* Set again: called. */
  g_object_set (a->peer, "call", "*", NULL);
  test_peer_wait_call (a, "connected", 3, "none");
}

GST_END_TEST;

GST_START_TEST (test_call_before_online)
{
  g_auto (TestPair) pair = test_pair (chat_wire_new (FALSE, FALSE), 0, 0);
  TestPeer *a = pair.a, *b = pair.b;
  gboolean done = TRUE;

  g_signal_emit_by_name (a->peer, "call", "bbb", &done);
  fail_if (done, "called in state NULL");
  test_peer_play (b, pair.wire);
  gst_element_set_state (a->pipeline, GST_STATE_PLAYING);
  test_peer_call (a, "bbb");
  chat_wire_join (pair.wire, "aaa");
  test_peer_wait_call (a, "connected", 1, "none");
  g_signal_emit_by_name (a->peer, "call", "bbb", &done);
  fail_if (done, "called in a call");
}

GST_END_TEST;

/* --- who is let in --- */

static gboolean
on_incoming (GstElement * peer, const gchar * id, const gchar * name,
    gint * answer)
{
  fail_unless_equals_string (id, "aaa");
  fail_unless_equals_string (name, "aaa");
  return g_atomic_int_get (answer);
}

GST_START_TEST (test_ask)
{
  g_auto (TestPair) pair = test_pair (chat_wire_new (TRUE, FALSE), 0, 0);
  TestPeer *a = pair.a, *b = pair.b;
  gint answer = FALSE;

  gst_util_set_object_arg (G_OBJECT (b->peer), "accept", "ask");
  test_pair_play (&pair);

  /* Nobody to ask: it rings until an action decides. */
  test_peer_call (a, "bbb");
  test_peer_wait_call (a, "ringing", 1, "none");
  test_peer_wait_call (b, "ringing", 1, "none");
  test_peer_hang_up (b);
  test_peer_wait_call (a, "idle", 1, "declined");
  test_peer_wait_call (b, "idle", 1, "declined");
  test_peer_call (a, "bbb");
  test_peer_wait_call (b, "ringing", 2, "none");
  test_peer_call (b, "aaa");
  test_peer_wait_call (a, "connected", 1, "none");
  test_peer_wait_call (b, "connected", 1, "none");
  test_peer_hang_up (a);
  test_peer_wait_call (b, "idle", 2, "hung-up");
  test_peer_wait_call (a, "idle", 2, "hung-up");

  /* The caller gives up first. */
  test_peer_call (a, "bbb");
  test_peer_wait_call (b, "ringing", 3, "none");
  test_peer_hang_up (a);
  test_peer_wait_call (b, "idle", 3, "cancelled");
  test_peer_wait_call (a, "idle", 3, "cancelled");

  /* A handler decides. */
  g_signal_connect (b->peer, "incoming-call", G_CALLBACK (on_incoming),
      &answer);
  test_peer_call (a, "bbb");
  test_peer_wait_call (a, "idle", 4, "declined");
  g_atomic_int_set (&answer, TRUE);
  test_peer_call (a, "bbb");
  test_peer_wait_call (a, "connected", 2, "none");
  test_peer_wait_call (b, "connected", 2, "none");
}

GST_END_TEST;

GST_START_TEST (test_accept_none)
{
  g_auto (TestPair) pair = test_pair (chat_wire_new (TRUE, FALSE), 0, 0);
  TestPeer *a = pair.a, *b = pair.b;

  gst_util_set_object_arg (G_OBJECT (b->peer), "accept", "none");
  test_pair_play (&pair);
  test_peer_call (a, "bbb");
  test_peer_wait_call (a, "idle", 1, "declined");
  fail_unless_equals_int (test_peer_count (b, "connecting"), 0);
  test_peer_call (b, "aaa");
  test_peer_wait_call (b, "connected", 1, "none");
}

GST_END_TEST;

GST_START_TEST (test_third_caller_is_told_busy)
{
  g_auto (TestPair) pair = test_pair (chat_wire_new (TRUE, FALSE), 0, 0);
  TestPeer *a = pair.a, *b = pair.b;
  TestPeer *c = test_peer_new (pair.wire, "ccc", NULL, 440);

  test_pair_play (&pair);
  test_peer_play (c, pair.wire);
  test_peer_call (a, "bbb");
  test_peer_wait_call (b, "connected", 1, "none");
  test_peer_call (c, "bbb");
  test_peer_wait_call (c, "idle", 1, "busy");
  test_peer_wait_media (b, GST_CHAT_COLOUR_RED, 0);
  test_peer_wait_media (a, GST_CHAT_COLOUR_GREEN, 0);
  test_peer_free (c, pair.wire);
}

GST_END_TEST;

/* --- what goes wrong --- */

/* The media of two of ours goes on without the server, and the session tells
 * them who is who afterwards. */
GST_START_TEST (test_signalling_lost_and_back)
{
  g_auto (TestPair) pair = test_pair (chat_wire_new (TRUE, FALSE), 0, 0);
  TestPeer *a = pair.a, *b = pair.b;

  test_pair_play (&pair);
  test_peer_call (a, "bbb");
  test_peer_wait_call (a, "connected", 1, "none");
  test_peer_wait_call (b, "connected", 1, "none");
  chat_wire_cut (pair.wire, "aaa");
  test_peer_wait_media (a, GST_CHAT_COLOUR_GREEN, 0);
  test_peer_wait_media (b, GST_CHAT_COLOUR_RED, 0);
  chat_wire_rename (pair.wire, "aaa", "zzz");
  a->id = "zzz";
  chat_wire_join (pair.wire, "zzz");
  g_free (chat_wire_wait (pair.wire, "bbb", "make-answer", 2));
  test_peer_hang_up (b);
  test_peer_wait_call (a, "idle", 1, "hung-up");
  test_peer_wait_call (b, "idle", 1, "hung-up");
}

GST_END_TEST;

/* A killed process says nothing: its media stops, and that is the end. */
GST_START_TEST (test_remote_falls_silent)
{
  g_auto (TestPair) pair = test_pair (chat_wire_new (FALSE, FALSE), 440, 880);
  TestPeer *a = pair.a, *b = pair.b;

  g_object_set (a->peer, "media-timeout", 1500, "resume-timeout", 0, NULL);
  test_pair_play (&pair);
  test_peer_call (a, "bbb");
  test_peer_wait_media (a, GST_CHAT_COLOUR_GREEN, 880);
  /* Nothing of it reaches the wire any more. */
  chat_wire_detach (pair.wire, "bbb");
  gst_element_set_state (b->pipeline, GST_STATE_PAUSED);
  test_peer_wait_call (a, "idle", 1, NULL);
  fail_unless_equals_int (test_peer_count_messages (a, GST_MESSAGE_ERROR), 0);
}

GST_END_TEST;

/* One that has left the server as well has not only a bad moment: nobody waits
 * for the whole of media-timeout. */
GST_START_TEST (test_remote_is_killed)
{
  g_auto (TestPair) pair = test_pair (chat_wire_new (TRUE, FALSE), 440, 880);
  TestPeer *a = pair.a, *b = pair.b;

  test_pair_play (&pair);
  test_peer_call (a, "bbb");
  test_peer_wait_media (a, GST_CHAT_COLOUR_GREEN, 880);
  gst_element_set_state (b->pipeline, GST_STATE_PAUSED);
  chat_wire_leave (pair.wire, "bbb");
  gint64 began = g_get_monotonic_time ();
  test_peer_wait_call (a, "idle", 1, "gone");
  gint64 took = g_get_monotonic_time () - began;
  fail_unless (took < 5 * G_TIME_SPAN_SECOND, "it took %" G_GINT64_FORMAT
      " us", took);
}

GST_END_TEST;

/* What is no message is counted and warned of; what is no SDP ends the call.
 * The pipeline lives, and the next call is a good one. */
GST_START_TEST (test_garbage)
{
  static const gchar *const texts[] = {
    "", "{", "[]", "null", "{\"event\":7}", "\xff\xfe",
    "{\"event\":\"no-such\"}",
    "{\"event\":\"call-made\"}", "{\"event\":\"call-made\",\"socket\":\"x\"}",
    "{\"event\":\"call-made\",\"socket\":\"x\",\"offer\":7}",
    "{\"event\":\"answer-made\",\"socket\":\"x\",\"answer\":{\"type\":\"answer\","
        "\"sdp\":\"v=0\"}}",
    "{\"event\":\"update-user-list\",\"users\":{\"a\":1}}",
    "{\"event\":\"remove-user\"}", "{\"event\":\"hang-up\",\"socket\":\"x\"}",
  };
  static const gchar *const offers[] = {
    "hello", "v=0", "v=0\\r\\nm=video", "",
    "v=0\\r\\no=- 1 1 IN IP4 0.0.0.0\\r\\ns=-\\r\\nt=0 0\\r\\n"
        "m=video 9 UDP/TLS/RTP/SAVPF 96\\r\\na=rtpmap:96 VP8/90000\\r\\n",
  };
  g_auto (TestPair) pair = test_pair (chat_wire_new (TRUE, FALSE), 0, 0);
  TestPeer *a = pair.a, *b = pair.b;

  test_peer_play (a, pair.wire);
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    chat_wire_say (pair.wire, "aaa", texts[i], -1);
  chat_wire_say (pair.wire, "aaa", "{\"event\":\"x\"}\0{}", 16);
  g_autofree gchar *huge = g_strnfill (2 * 1024 * 1024, '[');
  chat_wire_say (pair.wire, "aaa", huge, -1);
  test_peer_wait_message (a, GST_MESSAGE_WARNING, 3);

  guint n_ended = 0;
  for (guint i = 0; i < G_N_ELEMENTS (offers); i++) {
    g_autofree gchar *text =
        g_strdup_printf ("{\"event\":\"call-made\",\"socket\":\"evil%u\","
        "\"offer\":{\"type\":\"offer\",\"sdp\":\"%s\"}}", i, offers[i]);
    chat_wire_say (pair.wire, "aaa", text, -1);
    if (*offers[i] != '\0')
      test_peer_wait_call (a, "idle", ++n_ended, "failed");
  }
  fail_unless_equals_int (test_peer_count_messages (a, GST_MESSAGE_ERROR), 0);

  test_peer_play (b, pair.wire);
  test_peer_call (b, "aaa");
  test_peer_wait_media (b, GST_CHAT_COLOUR_RED, 0);
  test_peer_wait_media (a, GST_CHAT_COLOUR_GREEN, 0);
}

GST_END_TEST;

/* --- EOS and states --- */

GST_START_TEST (test_eos_in_a_call)
{
  g_auto (TestPair) pair = test_pair (chat_wire_new (TRUE, FALSE), 440, 880);
  TestPeer *a = pair.a, *b = pair.b;

  test_pair_play (&pair);
  test_peer_call (a, "bbb");
  test_peer_wait_media (a, GST_CHAT_COLOUR_GREEN, 880);
  fail_unless (gst_element_send_event (a->pipeline, gst_event_new_eos ()));
  test_peer_wait_eos (a, 0);
  test_peer_wait_eos (a, 1);
  test_peer_wait_message (a, GST_MESSAGE_EOS, 1);
  test_peer_wait_call (b, "idle", 1, "hung-up");
  fail_unless_equals_int (test_peer_count_messages (b, GST_MESSAGE_EOS), 0);
}

GST_END_TEST;

GST_START_TEST (test_eos_without_a_call)
{
  ChatWire *wire = chat_wire_new (TRUE, FALSE);
  TestPeer *a = test_peer_new (wire, "aaa", RED, 440);

  test_peer_play (a, wire);
  fail_unless (gst_element_send_event (a->pipeline, gst_event_new_eos ()));
  test_peer_wait_message (a, GST_MESSAGE_EOS, 1);
  test_peer_wait_eos (a, 0);
  test_peer_wait_eos (a, 1);
  test_peer_free (a, wire);
  chat_wire_free (wire);
}

GST_END_TEST;

GST_START_TEST (test_up_and_down)
{
  g_auto (TestPair) pair = test_pair (chat_wire_new (TRUE, FALSE), 440, 880);
  TestPeer *a = pair.a, *b = pair.b;

  test_peer_play (b, pair.wire);
  for (guint i = 0; i < 50; i++) {
    test_peer_play (a, pair.wire);
    /* Some in the middle of a call's beginning, some in none. */
    if (i % 3 == 0)
      test_peer_call (a, "bbb");
    if (i % 6 == 0)
      g_free (chat_wire_wait (pair.wire, "aaa", "call-user", i / 6 + 1));
    chat_wire_leave (pair.wire, "aaa");
    test_peer_stop (a);
  }
}

GST_END_TEST;

/* The harness stands for an application with a transport of its own. */
GST_START_TEST (test_harness)
{
  GstHarness *harness = gst_harness_new_with_padnames ("chatpeer", "signal",
      NULL);
  static const gchar list[] =
      "{\"event\":\"update-user-list\",\"users\":[\"somebody\"]}";

  gst_harness_use_systemclock (harness);
  g_object_set (harness->element, "call", "somebody", NULL);
  gst_harness_set_src_caps_str (harness, "application/x-chat-signal");
  gst_harness_push (harness, gst_buffer_new_memdup (list, strlen (list)));
  for (;;) {
    g_autoptr (GstEvent) event = gst_harness_pull_upstream_event (harness);
    const GstStructure *s;

    fail_unless (event != NULL, "no offer was sent");
    s = gst_event_get_structure (event);
    if (GST_EVENT_TYPE (event) != GST_EVENT_CUSTOM_UPSTREAM
        || !gst_structure_has_name (s, "chat-signal"))
      continue;
    fail_unless_equals_string (gst_structure_get_string (s, "event"),
        "call-user");
    fail_unless (strstr (gst_structure_get_string (s, "data"),
            "\"to\":\"somebody\"") != NULL);
    break;
  }
  gst_harness_teardown (harness);
}

GST_END_TEST;

GST_START_TEST (test_pads)
{
  GstElement *peer = gst_element_factory_make ("chatpeer", NULL);
  g_autoptr (GstPad) video = gst_element_request_pad_simple (peer, "video_%u");
  g_autoptr (GstPad) third = gst_element_request_pad_simple (peer, "video_3");
  g_autoptr (GstPad) fourth = gst_element_request_pad_simple (peer, "video_%u");
  g_autoptr (GstPad) audio = gst_element_request_pad_simple (peer, "audio_%u");
  g_autoptr (GstPad) signal = gst_element_request_pad_simple (peer, "signal");

  fail_unless_equals_string (GST_PAD_NAME (video), "video_0");
  fail_unless_equals_string (GST_PAD_NAME (third), "video_3");
  fail_unless_equals_string (GST_PAD_NAME (fourth), "video_4");
  fail_unless_equals_string (GST_PAD_NAME (audio), "audio_0");
  fail_unless (signal != NULL);
  gst_element_release_request_pad (peer, video);
  gst_element_release_request_pad (peer, signal);
  fail_unless_equals_int (peer->numpads, 3);
  fail_unless_equals_int (gst_element_set_state (peer, GST_STATE_READY),
      GST_STATE_CHANGE_SUCCESS);
  gst_element_release_request_pad (peer, third);
  gst_element_set_state (peer, GST_STATE_NULL);
  gst_object_unref (peer);
}

GST_END_TEST;

static Suite *
chatpeer_suite (void)
{
  Suite *suite = suite_create ("chatpeer");
  criticals_are_fatal ();
  TCase *calls = tcase_create ("calls");
  TCase *states = tcase_create ("states");

  tcase_set_timeout (calls, 180);
  tcase_set_timeout (states, 180);
  suite_add_tcase (suite, calls);
  tcase_add_test (calls, test_call);
  tcase_add_test (calls, test_call_through_base_server);
  tcase_add_test (calls, test_call_with_everything_doubled);
  tcase_add_test (calls, test_remote_stops);
  tcase_add_test (calls, test_three_calls_in_a_row);
  tcase_add_test (calls, test_both_call);
  tcase_add_test (calls, test_one_way);
  tcase_add_test (calls, test_armed_by_name);
  tcase_add_test (calls, test_call_before_online);
  tcase_add_test (calls, test_ask);
  tcase_add_test (calls, test_accept_none);
  tcase_add_test (calls, test_third_caller_is_told_busy);
  tcase_add_test (calls, test_signalling_lost_and_back);
  tcase_add_test (calls, test_remote_falls_silent);
  tcase_add_test (calls, test_remote_is_killed);
  tcase_add_test (calls, test_garbage);
  suite_add_tcase (suite, states);
  tcase_add_test (states, test_pads);
  tcase_add_test (states, test_harness);
  tcase_add_test (states, test_eos_in_a_call);
  tcase_add_test (states, test_eos_without_a_call);
  tcase_add_test (states, test_up_and_down);
  return suite;
}

GST_CHECK_MAIN (chatpeer);
