/* SPDX-License-Identifier: LGPL-2.1-or-later
 * A call in a program that is linked with libsoup 2, where libnice does not bring
 * libsoup 3: with a transport of one's own. */
#include "chatpeertest.h"
#include "criticals.h"
#include "soupcheck.h"

#include <gst/check/gstcheck.h>

GST_START_TEST (test_call)
{
  TestPair pair = test_pair (chat_wire_new (TRUE, FALSE), 440, 880);
  test_pair_play (&pair);
  test_peer_call (pair.a, "bbb");
  test_peer_wait_media (pair.a, GST_CHAT_COLOUR_GREEN, 880);
  test_peer_wait_media (pair.b, GST_CHAT_COLOUR_RED, 440);
  test_peer_hang_up (pair.a);
  test_peer_wait_call (pair.b, "idle", 1, NULL);
  test_pair_clear (&pair);
  fail_if (soup_check_is_loaded (LIBSOUP_3));
  soup_check_expect_libsoup_2_to_work ();
}

GST_END_TEST;

/* Where its signal pad is not linked, it has a chatsignalsrc inside. */
GST_START_TEST (test_no_signalling_of_its_own)
{
  soup_check_expect_no_chatpeer ("signal pad");
  fail_if (soup_check_is_loaded (LIBSOUP_3));
  soup_check_expect_libsoup_2_to_work ();
}

GST_END_TEST;

static Suite *
soup2call_suite (void)
{
  Suite *suite = suite_create ("soup2call");
  criticals_are_fatal ();
  TCase *cases = tcase_create ("linked");

  tcase_set_timeout (cases, 120);
  suite_add_tcase (suite, cases);
  tcase_add_test (cases, test_call);
  tcase_add_test (cases, test_no_signalling_of_its_own);
  return suite;
}

GST_CHECK_MAIN (soup2call);
