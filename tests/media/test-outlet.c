/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The element behind a source pad that has no media yet. */
#include "chatoutlet.h"

#include <gst/check/gstcheck.h>
#include <gst/check/gstharness.h>

/* The outlet in front of @branch, beside a live source with its own sink. */
static GstElement *
make_pipeline (const gchar * branch, const gchar * caps_text,
    GstElement ** outlet)
{
  g_autofree gchar *text = g_strdup_printf
      ("videotestsrc is-live=true ! fakesink sync=true name=other "
      "queue name=first ! %s ! fakesink name=sink sync=true", branch);
  GstElement *pipeline = gst_parse_launch (text, NULL);
  g_autoptr (GstCaps) caps = gst_caps_from_string (caps_text);
  g_autoptr (GstElement) first =
      gst_bin_get_by_name (GST_BIN (pipeline), "first");

  *outlet = gst_chat_outlet_new ("outlet", caps);
  gst_bin_add (GST_BIN (pipeline), *outlet);
  fail_unless (gst_element_link (*outlet, first));
  return pipeline;
}

static const struct
{
  const gchar *branch, *caps, *expected;
} cases[] = {
  {"audioconvert", "audio/x-raw", "audio/x-raw,rate=48000,channels=2"},
  {"audioconvert ! audioresample ! audio/x-raw,rate=8000,channels=1",
      "audio/x-raw", "audio/x-raw,rate=8000,channels=1"},
  {"videoconvert", "video/x-raw", "video/x-raw,width=640,height=480"},
  {"videoconvert ! videoscale ! video/x-raw,width=320,height=240",
      "video/x-raw", "video/x-raw,width=320,height=240"},
};

GST_START_TEST (test_gap_lets_the_pipeline_play)
{
  GstElement *outlet;
  g_autoptr (GstElement) pipeline = make_pipeline (cases[__i__].branch,
      cases[__i__].caps, &outlet);

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  fail_unless_equals_int (gst_element_get_state (pipeline, NULL, NULL,
          200 * GST_MSECOND), GST_STATE_CHANGE_ASYNC);
  gst_chat_outlet_push_gap (GST_CHAT_OUTLET (outlet));
  fail_unless_equals_int (gst_element_get_state (pipeline, NULL, NULL,
          10 * GST_SECOND), GST_STATE_CHANGE_SUCCESS);

  g_autoptr (GstElement) sink = gst_bin_get_by_name (GST_BIN (pipeline),
      "sink");
  g_autoptr (GstPad) pad = gst_element_get_static_pad (sink, "sink");
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);
  g_autoptr (GstCaps) expected = gst_caps_from_string (cases[__i__].expected);
  fail_unless (caps != NULL && gst_caps_can_intersect (caps, expected));
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

GST_END_TEST;

#define AUDIO "audio/x-raw,format=S16LE,layout=interleaved,rate=8000,channels=1"
#define VIDEO "video/x-raw,format=I420,width=16,height=16,framerate=30/1"
#define NONE G_MAXUINT

static GstHarness *
make_harness (const gchar * caps_text)
{
  g_autoptr (GstCaps) caps = gst_caps_from_string (caps_text);
  g_autoptr (GstElement) outlet =
      gst_object_ref_sink (gst_chat_outlet_new ("outlet", caps));
  return gst_harness_new_with_element (outlet, "sink", "src");
}

/* NONE: of no time. */
static GstBuffer *
buffer_at (GstHarness * h, guint ms)
{
  GstBuffer *buffer = gst_harness_create_buffer (h, 160);
  GST_BUFFER_PTS (buffer) = ms == NONE ? GST_CLOCK_TIME_NONE : ms * GST_MSECOND;
  return buffer;
}

/* Those of @ms come out, up to a 0 or @n of them, and nothing else. */
static void
expect_times (GstHarness * h, const guint * ms, guint n)
{
  for (guint i = 0; i < n && ms[i] != 0; i++) {
    g_autoptr (GstBuffer) buffer = gst_harness_try_pull (h);
    fail_unless (buffer != NULL);
    fail_unless_equals_uint64 (GST_BUFFER_PTS (buffer), ms[i] * GST_MSECOND);
  }
  fail_unless (gst_harness_try_pull (h) == NULL);
}

GST_START_TEST (test_gap_after_media_is_nothing)
{
  GstHarness *h = make_harness ("audio/x-raw");

  gst_harness_set_src_caps_str (h, AUDIO);
  gst_harness_push (h, gst_harness_create_buffer (h, 320));
  guint before = gst_harness_events_received (h);
  gst_chat_outlet_push_gap (GST_CHAT_OUTLET (h->element));
  fail_unless_equals_int (gst_harness_events_received (h), before);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_media_after_gap)
{
  g_autoptr (GstCaps) expected = gst_caps_from_string (AUDIO);
  GstHarness *h = make_harness ("audio/x-raw");

  gst_chat_outlet_push_gap (GST_CHAT_OUTLET (h->element));
  gst_harness_set_src_caps_str (h, AUDIO);
  fail_unless_equals_int (gst_harness_push (h, gst_harness_create_buffer (h,
              320)), GST_FLOW_OK);
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (h->sinkpad);
  fail_unless (gst_caps_is_equal (caps, expected));
  gst_harness_teardown (h);
}

GST_END_TEST;

static const struct
{
  const gchar *caps;
  guint in[6], out[6];          /* ms; 0 is the end of a list, NONE no time */
} orders[] = {
  {AUDIO, {10, 20, 30, 40}, {10, 20, 30, 40}},
  {AUDIO, {10, 20, 5, 15, 20, 30}, {10, 20, 20, 30}},
  {AUDIO, {10, NONE, 20, NONE}, {10, 20, 20, 30}},
  {VIDEO, {10, 40, 20, 40, 40, 50}, {10, 40, 50}},
  {"video/x-vp8", {10, 40, 20, 30, 50}, {10, 40, 40, 40, 50}},
  {"video/x-vp8", {10, NONE, 20}, {10, 20, 20}},
};

/* Of buffers of 10 ms each. */
GST_START_TEST (test_time_never_goes_back)
{
  GstHarness *h = make_harness ("ANY");

  gst_harness_set_src_caps_str (h, orders[__i__].caps);
  for (guint i = 0; i < 6 && orders[__i__].in[i] != 0; i++) {
    GstBuffer *buffer = buffer_at (h, orders[__i__].in[i]);
    GST_BUFFER_DURATION (buffer) = 10 * GST_MSECOND;
    fail_unless_equals_int (gst_harness_push (h, buffer), GST_FLOW_OK);
  }
  expect_times (h, orders[__i__].out, 6);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* The first one: it came now. */
GST_START_TEST (test_time_is_never_unknown)
{
  GstHarness *h = make_harness ("ANY");

  gst_harness_use_testclock (h);
  gst_harness_set_time (h, 123 * GST_MSECOND);
  gst_harness_set_src_caps_str (h, AUDIO);
  GstBuffer *buffer = gst_harness_push_and_pull (h, buffer_at (h, NONE));
  fail_unless_equals_uint64 (GST_BUFFER_PTS (buffer), 123 * GST_MSECOND);
  gst_buffer_unref (buffer);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* Or nothing would come for the hour that it is ahead. */
GST_START_TEST (test_the_future_is_not_believed)
{
  static const guint in[] = { 1000, 3600000, 1040, 2900, 3100 };
  static const guint out[] = { 1000, 3000, 3100 };
  GstHarness *h = make_harness ("ANY");

  gst_harness_use_testclock (h);
  gst_harness_set_time (h, 2 * GST_SECOND);
  gst_harness_set_src_caps_str (h, AUDIO);
  for (guint i = 0; i < G_N_ELEMENTS (in); i++) {
    if (in[i] == 3100)
      gst_harness_set_time (h, 3 * GST_SECOND);
    gst_harness_push (h, buffer_at (h, in[i]));
  }
  expect_times (h, out, G_N_ELEMENTS (out));
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_the_pipeline_begins_anew)
{
  GstHarness *h = make_harness ("ANY");

  gst_harness_use_testclock (h);
  gst_harness_set_time (h, 100 * GST_SECOND);
  gst_harness_set_src_caps_str (h, AUDIO);
  for (guint i = 0; i < 2; i++) {
    guint ms = i == 0 ? 100000 : 1000;
    GstBuffer *buffer = gst_harness_push_and_pull (h, buffer_at (h, ms));
    fail_unless_equals_uint64 (GST_BUFFER_PTS (buffer), ms * GST_MSECOND);
    gst_buffer_unref (buffer);
    gst_element_set_base_time (h->element, 99 * GST_SECOND);
  }
  gst_harness_teardown (h);
}

GST_END_TEST;

static Suite *
outlet_suite (void)
{
  Suite *suite = suite_create ("outlet");
  TCase *tcase = tcase_create ("gap");

  suite_add_tcase (suite, tcase);
  tcase_set_timeout (tcase, 60);
  tcase_add_loop_test (tcase, test_gap_lets_the_pipeline_play, 0,
      G_N_ELEMENTS (cases));
  tcase_add_test (tcase, test_gap_after_media_is_nothing);
  tcase_add_test (tcase, test_media_after_gap);
  tcase_add_loop_test (tcase, test_time_never_goes_back, 0,
      G_N_ELEMENTS (orders));
  tcase_add_test (tcase, test_time_is_never_unknown);
  tcase_add_test (tcase, test_the_future_is_not_believed);
  tcase_add_test (tcase, test_the_pipeline_begins_anew);
  return suite;
}

GST_CHECK_MAIN (outlet);
