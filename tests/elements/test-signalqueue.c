/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The queue between the loop and the streaming thread: order, bounds, flush. */
#include "gstchatsignalqueue.h"

static void
assert_pops (GstChatSignalQueue * queue, const gchar * expected)
{
  g_autofree gchar *text = gst_chat_signal_queue_pop (queue);
  g_assert_cmpstr (text, ==, expected);
}

static void
test_order (void)
{
  GstChatSignalQueue *queue = gst_chat_signal_queue_new ();
  g_assert_true (gst_chat_signal_queue_push (queue, g_strdup ("a"), FALSE));
  g_assert_true (gst_chat_signal_queue_push (queue, g_strdup ("b"), TRUE));
  assert_pops (queue, "a");
  assert_pops (queue, "b");
  gst_chat_signal_queue_free (queue);
}

static void
test_bound_of_number (void)
{
  GstChatSignalQueue *queue = gst_chat_signal_queue_new ();
  for (guint i = 0; i < GST_CHAT_SIGNAL_QUEUE_MAX; i++)
    g_assert_true (gst_chat_signal_queue_push (queue, g_strdup ("x"), FALSE));
  g_assert_false (gst_chat_signal_queue_push (queue, g_strdup ("y"), FALSE));
  g_assert_true (gst_chat_signal_queue_push (queue, g_strdup ("z"), TRUE));
  assert_pops (queue, "x");
  assert_pops (queue, "x");
  g_assert_true (gst_chat_signal_queue_push (queue, g_strdup ("y"), FALSE));
  gst_chat_signal_queue_clear (queue);
  g_assert_true (gst_chat_signal_queue_push (queue, g_strdup ("c"), FALSE));
  assert_pops (queue, "c");
  gst_chat_signal_queue_free (queue);
}

static void
test_bound_of_bytes (void)
{
  GstChatSignalQueue *queue = gst_chat_signal_queue_new ();
  gsize half = GST_CHAT_SIGNAL_QUEUE_MAX_BYTES / 2;
  g_assert_true (gst_chat_signal_queue_push (queue, g_strnfill (half, 'x'),
          FALSE));
  g_assert_true (gst_chat_signal_queue_push (queue, g_strnfill (half, 'x'),
          FALSE));
  g_assert_false (gst_chat_signal_queue_push (queue, g_strdup ("x"), FALSE));
  g_free (gst_chat_signal_queue_pop (queue));
  g_assert_true (gst_chat_signal_queue_push (queue, g_strnfill (half, 'x'),
          FALSE));
  gst_chat_signal_queue_free (queue);
}

static gpointer
pop_thread (gpointer data)
{
  return gst_chat_signal_queue_pop (data);
}

static void
test_flush (void)
{
  GstChatSignalQueue *queue = gst_chat_signal_queue_new ();
  GThread *thread = g_thread_new ("pop", pop_thread, queue);
  gst_chat_signal_queue_set_flushing (queue, TRUE);
  g_assert_null (g_thread_join (thread));
  /* Nothing is lost, nothing comes out meanwhile. */
  g_assert_true (gst_chat_signal_queue_push (queue, g_strdup ("a"), FALSE));
  assert_pops (queue, NULL);
  gst_chat_signal_queue_set_flushing (queue, FALSE);
  assert_pops (queue, "a");
  gst_chat_signal_queue_free (queue);
}

static void
test_wakes (void)
{
  GstChatSignalQueue *queue = gst_chat_signal_queue_new ();
  GThread *thread = g_thread_new ("pop", pop_thread, queue);
  g_assert_true (gst_chat_signal_queue_push (queue, g_strdup ("a"), FALSE));
  g_autofree gchar *text = g_thread_join (thread);
  g_assert_cmpstr (text, ==, "a");
  gst_chat_signal_queue_free (queue);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/signalqueue/order", test_order);
  g_test_add_func ("/signalqueue/bound-of-number", test_bound_of_number);
  g_test_add_func ("/signalqueue/bound-of-bytes", test_bound_of_bytes);
  g_test_add_func ("/signalqueue/flush", test_flush);
  g_test_add_func ("/signalqueue/wakes", test_wakes);
  return g_test_run ();
}
