/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The delay before the next attempt grows, is bounded and is spread. */
#include "chatbackoff.h"

static void
test_grows (void)
{
  static const guint expected[] = { 1000, 2000, 4000, 8000, 16000, 20000,
    20000
  };
  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    g_assert_cmpuint (gst_chat_backoff_delay (i + 1, 0.5), ==, expected[i]);
}

static void
test_bounds (void)
{
  g_assert_cmpuint (gst_chat_backoff_delay (0, 0.5), ==, 1000);
  g_assert_cmpuint (gst_chat_backoff_delay (G_MAXUINT, 1), ==, 30000);
  g_assert_cmpuint (gst_chat_backoff_delay (33, 0), ==, 10000);
}

static void
test_spread (void)
{
  g_assert_cmpuint (gst_chat_backoff_delay (1, 0), ==, 500);
  g_assert_cmpuint (gst_chat_backoff_delay (1, 1), ==, 1500);
  g_assert_cmpuint (gst_chat_backoff_delay (1, -3), ==, 500);
  g_assert_cmpuint (gst_chat_backoff_delay (1, 3), ==, 1500);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/backoff/grows", test_grows);
  g_test_add_func ("/backoff/bounds", test_bounds);
  g_test_add_func ("/backoff/spread", test_spread);
  return g_test_run ();
}
