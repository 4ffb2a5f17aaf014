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
assert_both_ways (Side * caller, Side * callee)
{
  assert_connected (caller);
  assert_connected (callee);
  assert_sees (callee, GST_CHAT_COLOUR_RED);
  assert_hears (callee, 440);
  assert_sees (caller, GST_CHAT_COLOUR_BLUE);
  assert_hears (caller, 1000);
}

GST_START_TEST (test_call_default_codecs)
{
  Side *caller = side_new ("caller");
  Side *callee = side_new ("callee");
  add_both (caller, VIDEO_SOURCE (RED), AUDIO_SOURCE ("440"));
  add_both (callee, VIDEO_SOURCE (BLUE), AUDIO_SOURCE ("1000"));
  side_play (caller);
  side_play (callee);

  call_start (caller, callee);
  assert_both_ways (caller, callee);

  side_free (caller);
  side_free (callee);
}

GST_END_TEST;

static Suite *
connection_suite (void)
{
  Suite *suite = suite_create ("connection");
  TCase *tcase = tcase_create ("calls");
  suite_add_tcase (suite, tcase);
  tcase_set_timeout (tcase, 60);
  tcase_add_test (tcase, test_call_default_codecs);
  return suite;
}

GST_CHECK_MAIN (connection);
