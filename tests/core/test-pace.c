/* SPDX-License-Identifier: LGPL-2.1-or-later
 * How much of its bitrate a sender may use. */
#include "chatpace.h"

static void
test_steps (void)
{
  static const struct
  {
    gdouble before, loss, after;
  } cases[] = {
    {1, 0, 1},
    {0.5, 0, 0.54},
    {0.99, 0, 1},
    {1, 0.05, 1},               /* neither */
    {0.5, 0.05, 0.5},
    {1, 0.2, 0.9},
    {1, 0.5, 0.5},
    {0.5, 0.6, 0.2},
    {1, 0.9, 0.4},
    {0.12, 1, GST_CHAT_PACE_LEAST},
    {GST_CHAT_PACE_LEAST, 1, GST_CHAT_PACE_LEAST},
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    GstChatPace pace = {.share = cases[i].before };
    gboolean changed = gst_chat_pace_report (&pace, cases[i].loss);
    g_assert_cmpfloat_with_epsilon (pace.share, cases[i].after, 1e-9);
    g_assert_cmpint (changed, ==, pace.share != cases[i].before);
  }
}

/* What is reported next was sent before that. */
static void
test_one_cut_at_a_time (void)
{
  GstChatPace pace;
  gst_chat_pace_init (&pace);
  g_assert_true (gst_chat_pace_report (&pace, 0.2));
  g_assert_false (gst_chat_pace_report (&pace, 0.2));
  g_assert_cmpfloat (pace.share, ==, 0.9);
  g_assert_true (gst_chat_pace_report (&pace, 0.2));
  g_assert_true (gst_chat_pace_report (&pace, 0));
  g_assert_true (gst_chat_pace_report (&pace, 0.2));
  /* But where hardly anything gets through. */
  g_assert_true (gst_chat_pace_report (&pace, 0.5));
  g_assert_true (gst_chat_pace_report (&pace, 0.5));
}

static void
test_narrow_line (void)
{
  GstChatPace pace;
  gst_chat_pace_init (&pace);
  for (guint second = 0; second < 120; second++) {
    gdouble loss = pace.share > 0.5 ? 1 - 0.5 / pace.share : 0;
    if (second >= 3) {
      g_assert_cmpfloat (loss, <, 0.2);
      g_assert_cmpfloat (pace.share, >, 0.4);
    }
    gst_chat_pace_report (&pace, loss);
  }
}

#define MS 1000

/* @n packets, 20 ms apart from @from on, whose delay begins at @takes and grows by
 * @more with each. How often the share changed. */
static guint
send (GstChatPace * pace, gint64 from, guint n, gint64 takes, gint64 more)
{
  guint changes = 0;
  for (guint i = 0; i < n; i++) {
    gint64 sent = from + i * 20 * MS, came = sent + takes + i * more;
    changes += gst_chat_pace_packet (pace, sent, came, 500, came);
  }
  return changes;
}

/* Packets wait: no more than now. */
static void
test_queue_holds (void)
{
  GstChatPace pace;
  gst_chat_pace_init (&pace);
  pace.share = 0.5;
  send (&pace, 0, 50, 0, 0);
  g_assert_true (gst_chat_pace_report (&pace, 0));
  send (&pace, 1000 * MS, 50, 50 * MS, 0);
  g_assert_false (gst_chat_pace_report (&pace, 0));
  g_assert_true (gst_chat_pace_report (&pace, 0.2));
  send (&pace, 2000 * MS, 50, 10 * MS, 0);
  g_assert_true (gst_chat_pace_report (&pace, 0));
}

static void
test_growing_queue (void)
{
  GstChatPace pace;
  gst_chat_pace_init (&pace);
  send (&pace, 0, 50, 0, 0);
  g_assert_cmpuint (send (&pace, 1000 * MS, 25, 0, 5 * MS), ==, 1);
  /* Four fifths get through, and what waits, 75 ms of it, is to go. */
  g_assert_cmpfloat_with_epsilon (pace.share, 0.85 * (1 - 0.075) * 0.8, 1e-9);
  /* What the queue has lost is known already, once. */
  g_assert_false (gst_chat_pace_report (&pace, 0.5));
  g_assert_true (gst_chat_pace_report (&pace, 0.5));
}

/* Much more is sent than the encoder was told: what gets through counts. */
static void
test_rate_that_gets_through (void)
{
  for (guint known = 0; known < 2; known++) {
    GstChatPace pace;
    gst_chat_pace_init (&pace);
    pace.bitrate = known ? 125000 : 0;
    send (&pace, 0, 50, 0, 0);
    /* 200 kbit/s, of which half come. */
    g_assert_cmpuint (send (&pace, 1000 * MS, 22, 0, 20 * MS), ==, 1);
    g_assert_cmpfloat_with_epsilon (pace.share,
        known ? 0.85 * (1 - 0.2) * 100000 / 125000 : 0.4, 0.03);
  }
}

/* One that stands is drained; one that stands in spite of that is a longer way. */
static void
test_standing_queue (void)
{
  GstChatPace pace;
  gst_chat_pace_init (&pace);
  send (&pace, 0, 50, 0, 0);
  gst_chat_pace_report (&pace, 0);
  for (guint second = 1; second < 20; second++) {
    send (&pace, second * 1000 * MS, 50, 300 * MS, 0);
    gst_chat_pace_report (&pace, 0);
    g_assert_cmpfloat (pace.share, >, 0.6);
  }
  g_assert_cmpfloat (pace.share, ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pace/steps", test_steps);
  g_test_add_func ("/pace/one-cut-at-a-time", test_one_cut_at_a_time);
  g_test_add_func ("/pace/narrow-line", test_narrow_line);
  g_test_add_func ("/pace/queue-holds", test_queue_holds);
  g_test_add_func ("/pace/growing-queue", test_growing_queue);
  g_test_add_func ("/pace/rate-that-gets-through", test_rate_that_gets_through);
  g_test_add_func ("/pace/standing-queue", test_standing_queue);
  return g_test_run ();
}
