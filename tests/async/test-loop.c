/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The loop thread: order, draining, destroy notifications, time-outs. */
#include "chatloop.h"

typedef struct
{
  GstChatLoop *loop;
  GMutex lock;
  GCond cond;
  GString *log;                 /* lock */
  guint destroyed;              /* atomic */
  gboolean flag;                /* lock */
} Fixture;

static void
set_up (Fixture * f, gconstpointer data)
{
  f->loop = gst_chat_loop_new ("test-loop");
  g_mutex_init (&f->lock);
  g_cond_init (&f->cond);
  f->log = g_string_new (NULL);
}

static void
tear_down (Fixture * f, gconstpointer data)
{
  g_clear_pointer (&f->loop, gst_chat_loop_unref);
  g_string_free (f->log, TRUE);
  g_mutex_clear (&f->lock);
  g_cond_clear (&f->cond);
}

static void
note (Fixture * f, gchar c)
{
  g_mutex_lock (&f->lock);
  g_string_append_c (f->log, c);
  g_mutex_unlock (&f->lock);
}

static void
raise_flag (Fixture * f)
{
  g_mutex_lock (&f->lock);
  f->flag = TRUE;
  g_cond_broadcast (&f->cond);
  g_mutex_unlock (&f->lock);
}

static void
wait_for_flag (Fixture * f, const gchar * what)
{
  gint64 deadline = g_get_monotonic_time () + 10 * G_TIME_SPAN_SECOND;
  g_mutex_lock (&f->lock);
  while (!f->flag)
    if (!g_cond_wait_until (&f->cond, &f->lock, deadline))
      g_error ("waited in vain for %s", what);
  f->flag = FALSE;
  g_mutex_unlock (&f->lock);
}

static void
note_a (gpointer data)
{
  note (data, 'a');
}

static void
note_b (gpointer data)
{
  note (data, 'b');
}

static void
note_c (gpointer data)
{
  note (data, 'c');
}

static void
count_destroy (gpointer data)
{
  g_atomic_int_inc (&((Fixture *) data)->destroyed);
}

static void
do_nothing (gpointer data)
{
}

static void
test_order (Fixture * f, gconstpointer data)
{
  for (guint i = 0; i < 100; i++) {
    g_assert_true (gst_chat_loop_post (f->loop, note_a, f, count_destroy));
    g_assert_true (gst_chat_loop_post (f->loop, note_b, f, count_destroy));
  }
  g_assert_true (gst_chat_loop_call (f->loop, note_c, f));
  g_autoptr (GString) expected = g_string_new (NULL);
  for (guint i = 0; i < 100; i++)
    g_string_append (expected, "ab");
  g_string_append_c (expected, 'c');
  g_assert_cmpstr (f->log->str, ==, expected->str);
  g_assert_cmpuint (g_atomic_int_get (&f->destroyed), ==, 200);
}

static void
post_from_loop (gpointer data)
{
  Fixture *f = data;
  g_assert_true (gst_chat_loop_is_current (f->loop));
  g_assert_true (g_main_context_get_thread_default () ==
      gst_chat_loop_get_context (f->loop));
  gst_chat_loop_post (f->loop, note_b, f, NULL);
  note (f, 'a');
}

static void
test_never_at_once (Fixture * f, gconstpointer data)
{
  g_assert_false (gst_chat_loop_is_current (f->loop));
  gst_chat_loop_call (f->loop, post_from_loop, f);
  gst_chat_loop_call (f->loop, note_c, f);
  g_assert_cmpstr (f->log->str, ==, "abc");
}

static void
call_from_loop (gpointer data)
{
  Fixture *f = data;
  note (f, 'a');
  g_assert_true (gst_chat_loop_call (f->loop, note_b, f));
  note (f, 'c');
}

static void
test_call_from_own_thread (Fixture * f, gconstpointer data)
{
  g_assert_true (gst_chat_loop_call (f->loop, call_from_loop, f));
  g_assert_cmpstr (f->log->str, ==, "abc");
}

static void
test_stop_drains (Fixture * f, gconstpointer data)
{
  for (guint i = 0; i < 1000; i++)
    g_assert_true (gst_chat_loop_post (f->loop, note_a, f, count_destroy));
  gst_chat_loop_stop (f->loop);
  g_assert_cmpuint (f->log->len, ==, 1000);
  g_assert_cmpuint (g_atomic_int_get (&f->destroyed), ==, 1000);
}

static void
test_stopped_refuses (Fixture * f, gconstpointer data)
{
  gst_chat_loop_stop (f->loop);
  g_assert_false (gst_chat_loop_post (f->loop, note_a, f, count_destroy));
  g_assert_cmpuint (g_atomic_int_get (&f->destroyed), ==, 1);
  g_assert_false (gst_chat_loop_call (f->loop, note_a, f));
  g_assert_cmpuint (f->log->len, ==, 0);
  gst_chat_loop_stop (f->loop);
}

static void
wait_then_post (gpointer data)
{
  Fixture *f = data;
  wait_for_flag (f, "the other thread's refused post");
  g_assert_false (gst_chat_loop_post (f->loop, note_b, f, count_destroy));
  note (f, 'a');
}

static gpointer
post_until_refused (gpointer data)
{
  Fixture *f = data;
  while (gst_chat_loop_post (f->loop, do_nothing, NULL, NULL))
    g_thread_yield ();
  raise_flag (f);
  return NULL;
}

/* Also from a function that runs while the loop is being stopped. */
static void
test_post_while_stopping (Fixture * f, gconstpointer data)
{
  g_assert_true (gst_chat_loop_post (f->loop, wait_then_post, f, NULL));
  GThread *other = g_thread_new ("poster", post_until_refused, f);
  gst_chat_loop_stop (f->loop);
  g_thread_join (other);
  g_assert_cmpstr (f->log->str, ==, "a");
  g_assert_cmpuint (g_atomic_int_get (&f->destroyed), ==, 1);
}

static gpointer
stop_thread (gpointer data)
{
  gst_chat_loop_stop (data);
  return NULL;
}

static void
test_stop_from_many_threads (Fixture * f, gconstpointer data)
{
  GThread *threads[4];
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("stopper", stop_thread, f->loop);
  gst_chat_loop_stop (f->loop);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  g_assert_false (gst_chat_loop_post (f->loop, note_a, f, NULL));
}

static gpointer
ask_whether_current (gpointer loop)
{
  return GINT_TO_POINTER (gst_chat_loop_is_current (loop));
}

/* GLib gives a new thread the address of one that has been joined. */
static void
test_nobody_is_current_when_stopped (Fixture * f, gconstpointer data)
{
  gst_chat_loop_stop (f->loop);
  for (guint i = 0; i < 100; i++) {
    GThread *other = g_thread_new ("other", ask_whether_current, f->loop);
    g_assert_false (GPOINTER_TO_INT (g_thread_join (other)));
  }
}

static void
timeout_c (gpointer data)
{
  note (data, 'c');
  raise_flag (data);
}

static void
add_timeouts (gpointer data)
{
  Fixture *f = data;
  g_autoptr (GSource) last = gst_chat_loop_add_timeout (f->loop, 40,
      timeout_c, f, count_destroy);
  g_autoptr (GSource) never = gst_chat_loop_add_timeout (f->loop, 10,
      note_b, f, count_destroy);
  g_autoptr (GSource) first = gst_chat_loop_add_timeout (f->loop, 20,
      note_a, f, count_destroy);
  g_source_destroy (never);
  g_assert_cmpuint (g_atomic_int_get (&f->destroyed), ==, 1);
}

static void
test_timeout (Fixture * f, gconstpointer data)
{
  gint64 begin = g_get_monotonic_time ();
  gst_chat_loop_call (f->loop, add_timeouts, f);
  wait_for_flag (f, "the time-out of 40 ms");
  g_assert_cmpint (g_get_monotonic_time () - begin, >=, 39 * 1000);
  /* Each runs once. */
  gst_chat_loop_call (f->loop, do_nothing, f);
  g_assert_cmpstr (f->log->str, ==, "ac");
  g_assert_cmpuint (g_atomic_int_get (&f->destroyed), ==, 3);
}

static void
add_long_timeouts (gpointer data)
{
  Fixture *f = data;
  for (guint i = 0; i < 3; i++)
    g_source_unref (gst_chat_loop_add_timeout (f->loop, 3600 * 1000, note_a,
            f, count_destroy));
}

static void
test_stop_destroys_timeouts (Fixture * f, gconstpointer data)
{
  gst_chat_loop_call (f->loop, add_long_timeouts, f);
  gst_chat_loop_stop (f->loop);
  g_assert_cmpuint (g_atomic_int_get (&f->destroyed), ==, 3);
  g_assert_cmpuint (f->log->len, ==, 0);
}

static void
release (gpointer data)
{
  Fixture *f = data;
  note (f, 'r');
  gst_chat_loop_release_in_loop (f->loop);
}

static void
hold (gpointer data)
{
  Fixture *f = data;
  gst_chat_loop_hold_in_loop (f->loop);
  g_source_unref (gst_chat_loop_add_timeout (f->loop, 30, release, f, NULL));
}

static void
test_hold (Fixture * f, gconstpointer data)
{
  gst_chat_loop_call (f->loop, hold, f);
  gst_chat_loop_stop (f->loop);
  g_assert_cmpstr (f->log->str, ==, "r");
}

static void
test_hold_released_before_stop (Fixture * f, gconstpointer data)
{
  gst_chat_loop_call (f->loop, (GstChatLoopFunc) gst_chat_loop_hold_in_loop,
      f->loop);
  gst_chat_loop_call (f->loop, release, f);
  gst_chat_loop_call (f->loop, note_a, f);
  gst_chat_loop_stop (f->loop);
  g_assert_cmpstr (f->log->str, ==, "ra");
}

static void
unref_loop (gpointer data)
{
  gst_chat_loop_unref (data);
}

/* The last reference goes in the loop's own thread. The sanitizer sees
 * whether it is freed, and once. */
static void
test_unref_in_own_thread (Fixture * f, gconstpointer data)
{
  GMainContext *context = g_main_context_ref (gst_chat_loop_get_context
      (f->loop));
  GstChatLoop *loop = g_steal_pointer (&f->loop);
  g_assert_true (gst_chat_loop_post (loop, do_nothing,
          gst_chat_loop_ref (loop), unref_loop));
  gst_chat_loop_unref (loop);
  g_main_context_unref (context);
}

static void
test_unref_stops (Fixture * f, gconstpointer data)
{
  g_assert_true (gst_chat_loop_post (f->loop, note_a, f, NULL));
  g_clear_pointer (&f->loop, gst_chat_loop_unref);
  g_assert_cmpstr (f->log->str, ==, "a");
}

#define ADD(path, func) \
  g_test_add ("/loop/" path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("order", test_order);
  ADD ("never-at-once", test_never_at_once);
  ADD ("call-from-own-thread", test_call_from_own_thread);
  ADD ("stop-drains", test_stop_drains);
  ADD ("stopped-refuses", test_stopped_refuses);
  ADD ("post-while-stopping", test_post_while_stopping);
  ADD ("stop-from-many-threads", test_stop_from_many_threads);
  ADD ("nobody-is-current-when-stopped", test_nobody_is_current_when_stopped);
  ADD ("timeout", test_timeout);
  ADD ("stop-destroys-timeouts", test_stop_destroys_timeouts);
  ADD ("hold", test_hold);
  ADD ("hold-released-before-stop", test_hold_released_before_stop);
  ADD ("unref-stops", test_unref_stops);
  ADD ("unref-in-own-thread", test_unref_in_own_thread);
  return g_test_run ();
}
