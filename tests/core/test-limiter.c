/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Rates of one connection and places of one address, second by second. */
#include "chatlimiter.h"
#include "chatlimits.h"

#define SECOND G_TIME_SPAN_SECOND
/* A machine that has run for a while. */
#define START (1000 * SECOND)

static void
test_bucket (void)
{
  GstChatBucket bucket = { 0, };
  GstChatRate rate = { 10, 25 };
  g_assert_true (gst_chat_bucket_is_full (&bucket, rate, START));
  g_assert_false (gst_chat_bucket_take (&bucket, rate, 26, START));
  g_assert_true (gst_chat_bucket_take (&bucket, rate, 20, START));
  g_assert_true (gst_chat_bucket_take (&bucket, rate, 5, START));
  g_assert_false (gst_chat_bucket_take (&bucket, rate, 1, START));
  /* A tenth of a second brings one, and no fraction is lost. */
  g_assert_false (gst_chat_bucket_take (&bucket, rate, 1,
          START + SECOND / 10 - 1));
  g_assert_true (gst_chat_bucket_take (&bucket, rate, 1, START + SECOND / 10));
  g_assert_false (gst_chat_bucket_take (&bucket, rate, 1, START + SECOND / 10));
  /* It fills, and never beyond. */
  g_assert_false (gst_chat_bucket_is_full (&bucket, rate, START + 2 * SECOND));
  gint64 later = START + 1000000 * SECOND;
  g_assert_true (gst_chat_bucket_is_full (&bucket, rate, later));
  g_assert_true (gst_chat_bucket_take (&bucket, rate, 25, later));
  g_assert_false (gst_chat_bucket_take (&bucket, rate, 1, later));
  /* A clock that goes back brings nothing. */
  g_assert_false (gst_chat_bucket_take (&bucket, rate, 1, START));
  /* The largest that is ever asked for. */
  GstChatRate wide = { G_MAXUINT, G_MAXUINT };
  GstChatBucket other = { 0, };
  g_assert_true (gst_chat_bucket_take (&other, wide, G_MAXUINT, START));
  g_assert_false (gst_chat_bucket_take (&other, wide, 1, START));
  g_assert_true (gst_chat_bucket_take (&other, wide, G_MAXUINT, later));
}

static void
test_no_limits (void)
{
  GstChatLimits none = { 0, };
  GstChatFlow flow = { 0, };
  g_autoptr (GstChatCrowd) crowd = gst_chat_crowd_new (&none);
  for (guint i = 0; i < 100000; i++) {
    g_assert_cmpint (gst_chat_flow_take (&flow, &none, 1 << 20, START), ==,
        GST_CHAT_REFUSAL_NONE);
    g_assert_true (gst_chat_flow_forgive (&flow, &none, START));
    g_assert_cmpint (gst_chat_crowd_enter (crowd, "a", i % 2, START), ==,
        GST_CHAT_REFUSAL_NONE);
  }
}

/* Which of the two rates is exceeded, and that one does not pay for the other. */
static void
test_flow (void)
{
  GstChatLimits limits = {.events = {10, 3},.bytes = {1000, 5000} };
  GstChatFlow flow = { 0, };
  g_assert_cmpint (gst_chat_flow_take (&flow, &limits, 5000, START), ==,
      GST_CHAT_REFUSAL_NONE);
  g_assert_cmpint (gst_chat_flow_take (&flow, &limits, 1, START), ==,
      GST_CHAT_REFUSAL_BYTES);
  g_assert_cmpint (gst_chat_flow_take (&flow, &limits, 0, START), ==,
      GST_CHAT_REFUSAL_NONE);
  g_assert_cmpint (gst_chat_flow_take (&flow, &limits, 0, START), ==,
      GST_CHAT_REFUSAL_EVENTS);
  g_assert_cmpint (gst_chat_flow_take (&flow, &limits, 1000, START + SECOND),
      ==, GST_CHAT_REFUSAL_NONE);
}

static void
test_patience (void)
{
  GstChatLimits limits;
  gst_chat_limits_init (&limits);
  GstChatFlow flow = { 0, };
  for (guint i = 0; i < GST_CHAT_PATIENCE; i++)
    g_assert_true (gst_chat_flow_forgive (&flow, &limits, START + i));
  g_assert_false (gst_chat_flow_forgive (&flow, &limits, START + SECOND));
  g_assert_true (gst_chat_flow_forgive (&flow, &limits, START + 60 * SECOND));
  g_assert_false (gst_chat_flow_forgive (&flow, &limits, START + 61 * SECOND));
}

/* What an honest client does at most is never refused. */
static void
test_defaults (void)
{
  GstChatLimits limits;
  gst_chat_limits_init (&limits);
  GstChatFlow flow = { 0, };
  /* A mesh of six, all at once, with long descriptions. */
  for (guint i = 0; i < 5 * 70; i++)
    g_assert_cmpint (gst_chat_flow_take (&flow, &limits, i % 70 ? 300 : 20000,
            START), ==, GST_CHAT_REFUSAL_NONE);
  GstChatFlow large = { 0, };
  g_assert_cmpint (gst_chat_flow_take (&large, &limits,
          GST_CHAT_MAX_MESSAGE_BYTES, START), ==, GST_CHAT_REFUSAL_NONE);
}

static void
test_crowd (void)
{
  GstChatLimits limits = {.connections = 2,.sessions = 3,.arrivals = {1, 4} };
  g_autoptr (GstChatCrowd) crowd = gst_chat_crowd_new (&limits);
  for (guint i = 0; i < 2; i++)
    g_assert_cmpint (gst_chat_crowd_enter (crowd, "a",
            GST_CHAT_PLACE_CONNECTION, START), ==, GST_CHAT_REFUSAL_NONE);
  g_assert_cmpint (gst_chat_crowd_enter (crowd, "a",
          GST_CHAT_PLACE_CONNECTION, START), ==, GST_CHAT_REFUSAL_CONNECTIONS);
  g_assert_cmpint (gst_chat_crowd_enter (crowd, "b",
          GST_CHAT_PLACE_CONNECTION, START), ==, GST_CHAT_REFUSAL_NONE);
  gst_chat_crowd_leave (crowd, "a", GST_CHAT_PLACE_CONNECTION);
  g_assert_cmpint (gst_chat_crowd_enter (crowd, "a",
          GST_CHAT_PLACE_CONNECTION, START), ==, GST_CHAT_REFUSAL_NONE);

  for (guint i = 0; i < 3; i++)
    g_assert_cmpint (gst_chat_crowd_enter (crowd, "a",
            GST_CHAT_PLACE_SESSION, START), ==, GST_CHAT_REFUSAL_NONE);
  g_assert_cmpint (gst_chat_crowd_enter (crowd, "a",
          GST_CHAT_PLACE_SESSION, START), ==, GST_CHAT_REFUSAL_SESSIONS);
  /* Coming and going is counted too. */
  for (guint i = 0; i < 2; i++)
    gst_chat_crowd_leave (crowd, "a", GST_CHAT_PLACE_SESSION);
  g_assert_cmpint (gst_chat_crowd_enter (crowd, "a",
          GST_CHAT_PLACE_SESSION, START), ==, GST_CHAT_REFUSAL_NONE);
  g_assert_cmpint (gst_chat_crowd_enter (crowd, "a",
          GST_CHAT_PLACE_SESSION, START), ==, GST_CHAT_REFUSAL_ARRIVALS);
  g_assert_cmpint (gst_chat_crowd_enter (crowd, "a",
          GST_CHAT_PLACE_SESSION, START + SECOND), ==, GST_CHAT_REFUSAL_NONE);
}

/* Whoever left is forgotten, but not before its arrivals are. */
static void
test_sweep (void)
{
  GstChatLimits limits = {.arrivals = {1, 2} };
  g_autoptr (GstChatCrowd) crowd = gst_chat_crowd_new (&limits);
  for (guint i = 0; i < 2; i++) {
    g_assert_cmpint (gst_chat_crowd_enter (crowd, "a",
            GST_CHAT_PLACE_SESSION, START), ==, GST_CHAT_REFUSAL_NONE);
    gst_chat_crowd_leave (crowd, "a", GST_CHAT_PLACE_SESSION);
  }
  g_assert_cmpint (gst_chat_crowd_enter (crowd, "here",
          GST_CHAT_PLACE_CONNECTION, START), ==, GST_CHAT_REFUSAL_NONE);
  gst_chat_crowd_sweep (crowd, START + SECOND);
  g_assert_cmpuint (gst_chat_crowd_size (crowd), ==, 2);
  g_assert_cmpint (gst_chat_crowd_enter (crowd, "a",
          GST_CHAT_PLACE_SESSION, START), ==, GST_CHAT_REFUSAL_ARRIVALS);
  gst_chat_crowd_sweep (crowd, START + 2 * SECOND);
  g_assert_cmpuint (gst_chat_crowd_size (crowd), ==, 1);
}

static void
test_names (void)
{
  for (guint i = 0; i < GST_CHAT_N_REFUSALS; i++) {
    g_assert_nonnull (gst_chat_refusal_name (i));
    for (guint j = 0; j < i; j++)
      g_assert_cmpstr (gst_chat_refusal_name (i), !=,
          gst_chat_refusal_name (j));
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/limiter/bucket", test_bucket);
  g_test_add_func ("/limiter/no-limits", test_no_limits);
  g_test_add_func ("/limiter/flow", test_flow);
  g_test_add_func ("/limiter/patience", test_patience);
  g_test_add_func ("/limiter/defaults", test_defaults);
  g_test_add_func ("/limiter/crowd", test_crowd);
  g_test_add_func ("/limiter/sweep", test_sweep);
  g_test_add_func ("/limiter/names", test_names);
  return g_test_run ();
}
