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

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pace/steps", test_steps);
  g_test_add_func ("/pace/one-cut-at-a-time", test_one_cut_at_a_time);
  g_test_add_func ("/pace/narrow-line", test_narrow_line);
  return g_test_run ();
}
