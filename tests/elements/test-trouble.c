/* SPDX-License-Identifier: LGPL-2.1-or-later
 * What chatpeers say of calls that do not come about, or end. */
#include "chatpeertest.h"
#include "criticals.h"

#include <gst/check/gstcheck.h>

/* A name that nobody has: said once, with the names that there are, and the
 * call is made when somebody of that name comes. */
GST_START_TEST (test_call_to_nobody)
{
  g_auto (TestPair) pair = test_pair (chat_wire_new (TRUE, FALSE), 0, 0);
  TestPeer *a = pair.a, *b = pair.b;
  TestPeer *c = test_peer_new (pair.wire, "ccc", NULL, 440);

  g_object_set (a->peer, "call", "bbb", NULL);
  test_peer_play (a, pair.wire);
  test_peer_wait_warning (a,
      "Nobody called \"bbb\" is online, and nobody else");
  test_peer_play (c, pair.wire);
  g_object_set (a->peer, "call", "Bob", NULL);
  test_peer_wait_warning (a,
      "Nobody called \"Bob\" is online. Online are: ccc");
  test_peer_call (a, "Zoe");
  test_peer_wait_warning (a, "Nobody called \"Zoe\"");
  /* Coming and going of others, a call, and being away for a while say
   * nothing new. */
  chat_wire_leave (pair.wire, "ccc");
  chat_wire_join (pair.wire, "ccc");
  test_peer_call (c, "aaa");
  test_peer_wait_call (a, "connected", 1, "none");
  test_peer_hang_up (c);
  test_peer_wait_call (a, "idle", 1, "hung-up");
  chat_wire_cut (pair.wire, "aaa");
  chat_wire_join (pair.wire, "aaa");
  /* Who begins to wait later is told later. */
  test_peer_call (c, "Yvo");
  test_peer_wait_warning (c, "Nobody called \"Yvo\"");
  fail_unless_equals_int (test_peer_count_messages (a, GST_MESSAGE_WARNING), 3);
  g_object_set (a->peer, "call", "bbb", NULL);
  test_peer_play (b, pair.wire);
  test_peer_wait_call (a, "connected", 2, "none");
  test_peer_wait_media (a, GST_CHAT_COLOUR_GREEN, 0);
  fail_unless_equals_int (test_peer_count_messages (a, GST_MESSAGE_ERROR), 0);
  test_peer_free (c, pair.wire);
}

GST_END_TEST;

/* A base server knows ids only, which is worth saying. */
GST_START_TEST (test_call_by_name_without_names)
{
  g_auto (TestPair) pair = test_pair (chat_wire_new (FALSE, FALSE), 0, 0);
  TestPeer *a = pair.a;

  g_object_set (a->peer, "call", "Bob", NULL);
  test_pair_play (&pair);
  test_peer_wait_warning (a, "the server tells no names. Online are: bbb");
  g_object_set (a->peer, "call", "bbb", NULL);
  test_peer_wait_call (a, "connected", 1, "none");
}

GST_END_TEST;

/* Both ends of the @nth call know why it is over, one soon after the other. */
static void
ends_together (TestPeer * first, TestPeer * second, guint nth,
    const gchar * reason)
{
  test_peer_wait_call (first, "idle", nth, reason);
  gint64 began = g_get_monotonic_time ();
  test_peer_wait_call (second, "idle", nth, reason);
  gint64 took = g_get_monotonic_time () - began;
  fail_unless (took < G_TIME_SPAN_SECOND, "%s came after %" G_GINT64_FORMAT
      " us", reason, took);
}

GST_START_TEST (test_reasons_at_both_ends)
{
  g_auto (TestPair) pair = test_pair (chat_wire_new (TRUE, FALSE), 440, 880);
  TestPeer *a = pair.a, *b = pair.b;

  gst_util_set_object_arg (G_OBJECT (b->peer), "accept", "ask");
  test_pair_play (&pair);
  test_peer_call (a, "bbb");
  test_peer_wait_call (b, "ringing", 1, "none");
  test_peer_hang_up (b);
  ends_together (b, a, 1, "declined");
  test_peer_call (a, "bbb");
  test_peer_wait_call (b, "ringing", 2, "none");
  test_peer_hang_up (a);
  ends_together (a, b, 2, "cancelled");
  gst_util_set_object_arg (G_OBJECT (b->peer), "accept", "all");
  for (guint i = 3; i <= 4; i++) {
    test_peer_call (a, "bbb");
    test_peer_wait_call (a, "connected", i - 2, "none");
    test_peer_wait_call (b, "connected", i - 2, "none");
    test_peer_wait_media (a, GST_CHAT_COLOUR_GREEN, 880);
    if (i == 3) {
      test_peer_hang_up (b);
      ends_together (b, a, i, "hung-up");
    }
  }
  /* What b sends does not get out any more; what it hears still comes in, and
   * by the server it is told. */
  g_object_set (a->peer, "media-timeout", 1500, "resume-timeout", 0, NULL);
  gst_element_set_state (b->pipeline, GST_STATE_PAUSED);
  ends_together (a, b, 4, "lost");
}

GST_END_TEST;

/* It rings for 45 seconds; both give up. */
GST_START_TEST (test_no_answer)
{
  g_auto (TestPair) pair = test_pair (chat_wire_new (TRUE, FALSE), 440, 880);
  TestPeer *a = pair.a, *b = pair.b;

  gst_util_set_object_arg (G_OBJECT (b->peer), "accept", "ask");
  test_pair_play (&pair);
  test_peer_call (a, "bbb");
  test_peer_wait_call (a, "ringing", 1, "none");
  test_peer_be_patient (60);
  ends_together (a, b, 1, "no-answer");
  test_peer_be_patient (0);
  test_peer_call (a, "bbb");
  test_peer_wait_call (b, "ringing", 2, "none");
}

GST_END_TEST;

/* Both sides hear of both sides' codecs and what to change; then it is. */
GST_START_TEST (test_no_common_codec)
{
  g_auto (TestPair) pair = test_pair (chat_wire_new (TRUE, FALSE), 0, 0);
  TestPeer *a = pair.a, *b = pair.b;

  g_object_set (a->peer, "video-codecs", "vp8", "audio-codecs", "opus", NULL);
  g_object_set (b->peer, "video-codecs", "h264", "audio-codecs", "pcmu", NULL);
  test_pair_play (&pair);
  test_peer_call (a, "bbb");
  test_peer_wait_call (b, "idle", 1, "failed");
  test_peer_wait_call (a, "idle", 1, "failed");
  test_peer_wait_warning (b, "The call has ended: No common audio codec: "
      "we have pcmu; the remote has \u201cOPUS\u201d. The property "
      "audio-codecs of chatpeer says which may be used");
  test_peer_wait_warning (a, "The call has ended: The other side says: "
      "No common audio codec: we have pcmu; the remote has \u201cOPUS\u201d. "
      "The property audio-codecs of chatpeer says which may be used");
  g_object_set (b->peer, "audio-codecs", NULL, NULL);
  test_peer_call (a, "bbb");
  test_peer_wait_call (a, "connected", 1, "none");
  test_peer_wait_call (b, "connected", 1, "none");
  test_peer_wait_warning (b, "The call goes on without a part: No common video "
      "codec: we have h264; the remote has \u201cVP8\u201d. The property video-codecs");
  test_peer_wait_warning (a,
      "The call goes on without a part: The remote takes "
      "no video, offered as vp8 (the property video-codecs");
  test_peer_hang_up (a);
  test_peer_wait_call (a, "idle", 2, "hung-up");
  test_peer_wait_call (b, "idle", 2, "hung-up");
  g_object_set (b->peer, "video-codecs", "h264,vp8", NULL);
  test_peer_call (b, "aaa");
  test_peer_wait_media (a, GST_CHAT_COLOUR_GREEN, 0);
  test_peer_wait_media (b, GST_CHAT_COLOUR_RED, 0);
  fail_unless_equals_int (test_peer_count_messages (a, GST_MESSAGE_WARNING), 2);
  fail_unless_equals_int (test_peer_count_messages (b, GST_MESSAGE_WARNING), 2);
  fail_unless_equals_int (test_peer_count_messages (a, GST_MESSAGE_ERROR), 0);
  fail_unless_equals_int (test_peer_count_messages (b, GST_MESSAGE_ERROR), 0);
}

GST_END_TEST;

static Suite *
trouble_suite (void)
{
  Suite *suite = suite_create ("trouble");
  criticals_are_fatal ();
  TCase *calls = tcase_create ("calls");

  tcase_set_timeout (calls, 180);
  suite_add_tcase (suite, calls);
  tcase_add_test (calls, test_call_to_nobody);
  tcase_add_test (calls, test_call_by_name_without_names);
  tcase_add_test (calls, test_reasons_at_both_ends);
  tcase_add_test (calls, test_no_answer);
  tcase_add_test (calls, test_no_common_codec);
  return suite;
}

GST_CHECK_MAIN (trouble);
