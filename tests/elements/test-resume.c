/* SPDX-License-Identifier: LGPL-2.1-or-later
 * A call whose network changes is made anew: the pads stay, downstream sees a
 * gap and no end. */
#include "chatpeertest.h"
#include "criticals.h"

#include <gst/check/gstcheck.h>

static GstPadProbeReturn
drop (GstPad * pad, GstPadProbeInfo * info, gpointer user_data)
{
  return GST_PAD_PROBE_DROP;
}

static void
mute_one (const GValue * item, gpointer user_data)
{
  g_autoptr (GstPad) pad =
      gst_element_get_static_pad (g_value_get_object (item), "sink");
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER |
      GST_PAD_PROBE_TYPE_BUFFER_LIST, drop, NULL, NULL);
}

/* Nothing gets out any more by the connection that there is. */
static void
mute (TestPeer * test)
{
  GstIterator *all = gst_bin_iterate_all_by_element_factory_name (GST_BIN
      (test->peer), "nicesink");
  fail_unless_equals_int (gst_iterator_foreach (all, mute_one, NULL),
      GST_ITERATOR_DONE);
  gst_iterator_free (all);
}

static guint
count_pads (TestPeer * test)
{
  g_mutex_lock (&test->lock);
  guint n = test->pads->len;
  g_mutex_unlock (&test->lock);
  return n;
}

static void
begin_call (TestPair * pair)
{
  g_object_set (pair->a->peer, "media-timeout", 1500, NULL);
  test_pair_play (pair);
  test_peer_call (pair->a, "bbb");
  test_peer_wait_media (pair->a, GST_CHAT_COLOUR_GREEN, 880);
  test_peer_wait_media (pair->b, GST_CHAT_COLOUR_RED, 440);
}

static void
assert_goes_on (TestPair * pair, guint nth)
{
  test_peer_wait_call (pair->a, "connected", nth, "none");
  test_peer_wait_call (pair->b, "connected", nth, "none");
  test_peer_wait_media (pair->a, GST_CHAT_COLOUR_GREEN, 880);
  test_peer_wait_media (pair->b, GST_CHAT_COLOUR_RED, 440);
  TestPeer *both[] = { pair->a, pair->b };
  for (guint i = 0; i < G_N_ELEMENTS (both); i++) {
    fail_unless_equals_int (count_pads (both[i]), 2);
    fail_unless_equals_int (both[i]->n_eos[0] + both[i]->n_eos[1], 0);
    fail_unless_equals_int (test_peer_count (both[i], "ending"), 0);
    fail_unless_equals_int (test_peer_count_messages (both[i],
            GST_MESSAGE_ERROR), 0);
  }
}

/* On a server that relays, and on one of the base protocol. */
GST_START_TEST (test_silence)
{
  g_auto (TestPair) pair = test_pair (chat_wire_new (__i__, FALSE), 440, 880);

  begin_call (&pair);
  mute (pair.b);
  test_peer_wait_call (pair.a, "connecting", 2, "lost");
  assert_goes_on (&pair, 2);
  /* And once more, from both sides at the same moment. */
  g_object_set (pair.b->peer, "media-timeout", 1500, NULL);
  mute (pair.a);
  mute (pair.b);
  assert_goes_on (&pair, 3);
  test_peer_hang_up (pair.b);
  test_peer_wait_call (pair.a, "idle", 1, "hung-up");
  test_peer_wait_call (pair.b, "idle", 1, "hung-up");
}

GST_END_TEST;

/* While the server is away there is nobody to tell; then there is. */
GST_START_TEST (test_silence_without_server)
{
  g_auto (TestPair) pair = test_pair (chat_wire_new (TRUE, FALSE), 440, 880);

  begin_call (&pair);
  chat_wire_cut (pair.wire, "aaa");
  mute (pair.b);
  test_peer_wait_call (pair.a, "connecting", 2, "lost");
  chat_wire_rename (pair.wire, "aaa", "zzz");
  pair.a->id = "zzz";
  chat_wire_join (pair.wire, "zzz");
  assert_goes_on (&pair, 2);
}

GST_END_TEST;

/* It does not come back. */
GST_START_TEST (test_patience_ends)
{
  g_auto (TestPair) pair = test_pair (chat_wire_new (TRUE, FALSE), 440, 880);

  g_object_set (pair.a->peer, "resume-timeout", 1000, NULL);
  begin_call (&pair);
  chat_wire_cut (pair.wire, "aaa");
  mute (pair.b);
  test_peer_wait_call (pair.a, "connecting", 2, "lost");
  test_peer_wait_call (pair.a, "idle", 1, "lost");
  test_peer_wait_warning (pair.a, "The call has ended");
  fail_unless_equals_int (test_peer_count_messages (pair.a,
          GST_MESSAGE_ERROR), 0);
}

GST_END_TEST;

/* Who has hung up meanwhile says so when it is asked. */
GST_START_TEST (test_hung_up_meanwhile)
{
  g_auto (TestPair) pair = test_pair (chat_wire_new (TRUE, FALSE), 440, 880);

  begin_call (&pair);
  chat_wire_cut (pair.wire, "aaa");
  mute (pair.b);
  test_peer_wait_call (pair.a, "connecting", 2, "lost");
  test_peer_hang_up (pair.b);
  test_peer_wait_call (pair.b, "idle", 1, "hung-up");
  chat_wire_rename (pair.wire, "aaa", "zzz");
  pair.a->id = "zzz";
  chat_wire_join (pair.wire, "zzz");
  test_peer_wait_call (pair.a, "idle", 1, "hung-up");
}

GST_END_TEST;

static Suite *
resume_suite (void)
{
  Suite *suite = suite_create ("resume");
  criticals_are_fatal ();
  TCase *tcase = tcase_create ("calls");
  suite_add_tcase (suite, tcase);
  tcase_set_timeout (tcase, 90);
  tcase_add_loop_test (tcase, test_silence, 0, 2);
  tcase_add_test (tcase, test_silence_without_server);
  tcase_add_test (tcase, test_patience_ends);
  tcase_add_test (tcase, test_hung_up_meanwhile);
  return suite;
}

GST_CHECK_MAIN (resume);
