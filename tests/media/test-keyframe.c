/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Requests for keyframes: not too many, and not too few. */
#include "chatkeyframe.h"
#include "criticals.h"

#include <gst/check/gstcheck.h>
#include <gst/check/gstharness.h>
#include <gst/video/video.h>

#define INTERVAL_MS 50

/* RTP goes in, and what comes out is a picture of one buffer each. */
static GstHarness *
start (void)
{
  GstHarness *harness = gst_harness_new ("identity");
  g_autoptr (GstPad) sink = gst_element_get_static_pad (harness->element,
      "sink");
  g_autoptr (GstPad) src = gst_element_get_static_pad (harness->element, "src");

  gst_chat_keyframe_limit (sink, INTERVAL_MS * GST_MSECOND);
  gst_chat_keyframe_insist (sink, src);
  gst_harness_set_src_caps_str (harness, "video/x-vp8");
  while (gst_harness_upstream_events_in_queue (harness) > 0)
    gst_event_unref (gst_harness_pull_upstream_event (harness));
  return harness;
}

static void
push (GstHarness * harness, gboolean keyframe)
{
  GstBuffer *buffer = gst_buffer_new ();

  if (!keyframe)
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DELTA_UNIT);
  fail_unless_equals_int (gst_harness_push (harness, buffer), GST_FLOW_OK);
  gst_buffer_unref (gst_harness_pull (harness));
}

static guint
requests (GstHarness * harness)
{
  guint n = 0;

  for (guint i = gst_harness_upstream_events_in_queue (harness); i > 0; i--) {
    g_autoptr (GstEvent) event = gst_harness_pull_upstream_event (harness);
    n += gst_video_event_is_force_key_unit (event);
  }
  return n;
}

static void
lose (GstHarness * harness)
{
  gst_harness_push_upstream_event (harness,
      gst_video_event_new_upstream_force_key_unit (GST_CLOCK_TIME_NONE, TRUE,
          0));
}

/* How many requests there are while pictures come for so long. */
static guint
requests_within (GstHarness * harness, guint milliseconds)
{
  gint64 end = g_get_monotonic_time () + milliseconds * 1000;
  guint n = 0;

  while (g_get_monotonic_time () < end) {
    push (harness, FALSE);
    n += requests (harness);
    g_usleep (1000);
  }
  return n;
}

GST_START_TEST (test_unanswered)
{
  GstHarness *harness = start ();

  fail_unless_equals_int (requests_within (harness, 4 * INTERVAL_MS), 0);
  lose (harness);
  fail_unless_equals_int (requests (harness), 1);
  guint n = requests_within (harness, 20 * INTERVAL_MS);
  fail_unless (n >= 2 && n <= 10, "%u requests more", n);
  push (harness, TRUE);
  requests (harness);
  fail_unless_equals_int (requests_within (harness, 20 * INTERVAL_MS), 0);
  gst_harness_teardown (harness);
}

GST_END_TEST;

/* However much is lost, nobody is asked more often than that. */
GST_START_TEST (test_limited)
{
  GstHarness *harness = start ();

  for (guint i = 0; i < 100; i++)
    lose (harness);
  fail_unless_equals_int (requests (harness), 1);
  push (harness, TRUE);
  /* The one that had to wait. */
  fail_unless (requests_within (harness, 4 * INTERVAL_MS) >= 1,
      "no request comes late");
  push (harness, TRUE);
  fail_unless_equals_int (requests_within (harness, 4 * INTERVAL_MS), 0);
  gst_harness_teardown (harness);
}

GST_END_TEST;

GST_START_TEST (test_longer_interval)
{
  GstHarness *harness = start ();
  g_autoptr (GstPad) sink = gst_element_get_static_pad (harness->element,
      "sink");

  gst_chat_keyframe_set_interval (sink, GST_CLOCK_TIME_NONE);
  lose (harness);
  fail_unless_equals_int (requests (harness), 1);
  lose (harness);
  fail_unless_equals_int (requests_within (harness, 4 * INTERVAL_MS), 0);
  gst_chat_keyframe_set_interval (sink, INTERVAL_MS * GST_MSECOND);
  fail_unless (requests_within (harness, 4 * INTERVAL_MS) >= 1,
      "the request is lost");
  gst_harness_teardown (harness);
}

GST_END_TEST;

static Suite *
keyframe_suite (void)
{
  Suite *suite = suite_create ("keyframe");
  criticals_are_fatal ();
  TCase *tcase = tcase_create ("keyframe");

  tcase_add_test (tcase, test_unanswered);
  tcase_add_test (tcase, test_limited);
  tcase_add_test (tcase, test_longer_interval);
  suite_add_tcase (suite, tcase);
  return suite;
}

GST_CHECK_MAIN (keyframe);
