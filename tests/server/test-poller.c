/* SPDX-License-Identifier: LGPL-2.1-or-later
 * What connections wait for: sockets, tasks and timers; and the two kinds of
 * streams, which must not be told apart by whoever uses them. */
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "chatstream.h"
#include "scripted-client.h"

typedef struct
{
  GstChatWatch watch;
  GstChatTask task;
  GstChatPoller *poller;
  GstChatWatch *victim;         /* removed by the first that is called */
  guint n_called;
} Waiter;

static void
on_watch (GstChatWatch * watch, guint events)
{
  Waiter *waiter = (Waiter *) watch;
  gchar byte;
  g_assert_cmpint (read (watch->fd, &byte, 1), ==, 1);
  waiter->n_called++;
  if (waiter->victim != NULL)
    gst_chat_poller_remove (waiter->poller, waiter->victim, FALSE);
  waiter->victim = NULL;
}

/* Both are ready at once, and whoever comes first removes the other. */
static void
test_removed_in_turn (void)
{
  g_autoptr (GstChatPoller) poller = gst_chat_poller_new (10);
  int ends[2][2];
  Waiter waiters[2] = { 0 };
  for (guint i = 0; i < 2; i++) {
    g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM, 0, ends[i]), ==, 0);
    waiters[i].poller = poller;
    waiters[i].watch.fd = ends[i][0];
    waiters[i].watch.func = on_watch;
    waiters[i].victim = &waiters[1 - i].watch;
    g_assert_true (gst_chat_poller_add (poller, &waiters[i].watch, EPOLLIN));
    g_assert_cmpint (write (ends[i][1], "x", 1), ==, 1);
  }
  scripted_let_pass (50);
  g_assert_cmpuint (waiters[0].n_called + waiters[1].n_called, ==, 1);
  guint left = waiters[0].n_called == 1 ? 0 : 1;
  gst_chat_poller_remove (poller, &waiters[left].watch, FALSE);
  g_assert_cmpint (write (ends[left][1], "x", 1), ==, 1);
  scripted_let_pass (20);
  g_assert_cmpuint (waiters[left].n_called, ==, 1);
  for (guint i = 0; i < 4; i++)
    close (ends[i / 2][i % 2]);
}

static gint n_ready;

static gint
poll_and_tell (GPollFD * fds, guint n_fds, gint timeout)
{
  n_ready = g_poll (fds, n_fds, timeout);
  return n_ready;
}

/* The loop wakes up for a message, and not for itself as well. */
static void
test_calm_afterwards (void)
{
  g_autoptr (GstChatPoller) poller = gst_chat_poller_new (60000);
  Waiter waiter = {.poller = poller };
  int ends[2];
  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM, 0, ends), ==, 0);
  waiter.watch.fd = ends[0];
  waiter.watch.func = on_watch;
  g_assert_true (gst_chat_poller_add (poller, &waiter.watch, EPOLLIN));
  while (g_main_context_iteration (NULL, FALSE));
  g_main_context_set_poll_func (NULL, poll_and_tell);
  g_assert_cmpint (write (ends[1], "x", 1), ==, 1);
  while (waiter.n_called == 0)
    g_main_context_iteration (NULL, TRUE);
  g_main_context_iteration (NULL, FALSE);
  g_assert_cmpint (n_ready, ==, 0);
  g_main_context_set_poll_func (NULL, NULL);
  gst_chat_poller_remove (poller, &waiter.watch, FALSE);
  close (ends[0]);
  close (ends[1]);
}

static void
on_task (GstChatTask * task)
{
  Waiter *waiter = GST_CHAT_OWNER_OF (Waiter, task, task);
  g_assert_false (gst_chat_task_is_waiting (task));
  if (++waiter->n_called < 3)
    gst_chat_poller_run_later (waiter->poller, task);
}

static gboolean
was_called_thrice (gpointer waiter)
{
  return ((Waiter *) waiter)->n_called == 3;
}

static void
test_tasks (void)
{
  g_autoptr (GstChatPoller) poller = gst_chat_poller_new (10);
  Waiter often = { 0 }, never = { 0 };
  often.poller = never.poller = poller;
  often.task.func = never.task.func = on_task;
  gst_chat_poller_run_later (poller, &often.task);
  gst_chat_poller_run_later (poller, &often.task);
  gst_chat_poller_run_later (poller, &never.task);
  g_assert_true (gst_chat_task_is_waiting (&never.task));
  gst_chat_poller_cancel (poller, &never.task);
  gst_chat_poller_cancel (poller, &never.task);
  scripted_wait (was_called_thrice, &often, "a task that comes again");
  scripted_let_pass (20);
  g_assert_cmpuint (often.n_called, ==, 3);
  g_assert_cmpuint (never.n_called, ==, 0);
}

static void
on_timer (GstChatTimer * timer, gint64 now)
{
  timer->due = 0;
}

static gboolean
timer_is_over (gpointer timer)
{
  return ((GstChatTimer *) timer)->due == 0;
}

static void
test_timer (void)
{
  g_autoptr (GstChatPoller) poller = gst_chat_poller_new (10);
  GstChatTimer timer = {.func = on_timer };
  gint64 due = g_get_monotonic_time () + 30000;
  gst_chat_poller_start_timer (poller, &timer, due);
  scripted_wait (timer_is_over, &timer, "a timer");
  g_assert_cmpint (g_get_monotonic_time (), >=, due);
}

/* --- streams --- */

typedef struct
{
  GstChatStream stream;
  GString *in;
  gboolean ended;
  guint n_writable;
} Reader;

static void
on_readable (GstChatStream * stream)
{
  Reader *reader = (Reader *) stream;
  gchar buffer[100];
  gssize n = gst_chat_stream_read (stream, buffer, sizeof buffer);
  if (n > 0)
    g_string_append_len (reader->in, buffer, n);
  else if (n == 0)
    reader->ended = TRUE;
  if (n == 0 || n == GST_CHAT_STREAM_BROKEN)
    gst_chat_stream_close (stream);
}

static void
on_writable (GstChatStream * stream)
{
  ((Reader *) stream)->n_writable++;
}

static gboolean
has_hello (gpointer reader)
{
  return g_str_equal (((Reader *) reader)->in->str, "hello");
}

static gboolean
is_writable (gpointer reader)
{
  return ((Reader *) reader)->n_writable > 0;
}

static gboolean
has_ended (gpointer reader)
{
  return ((Reader *) reader)->ended;
}

/* More than the socket takes, until it is read at the other end. */
static void
check_writing (Reader * reader, int other)
{
  static gchar block[65536];
  gsize sent = 0;
  for (;;) {
    gssize n = gst_chat_stream_write (&reader->stream, block, sizeof block);
    if (n == GST_CHAT_STREAM_AGAIN)
      break;
    g_assert_cmpint (n, >, 0);
    sent += (gsize) n;
  }
  reader->n_writable = 0;
  gst_chat_stream_want_writable (&reader->stream, TRUE);
  scripted_let_pass (20);
  g_assert_cmpuint (reader->n_writable, ==, 0);
  while (sent > 0) {
    gssize n = read (other, block, sizeof block);
    g_assert_cmpint (n, >, 0);
    sent -= (gsize) n;
  }
  scripted_wait (is_writable, reader, "room to write");
  gst_chat_stream_want_writable (&reader->stream, FALSE);
  scripted_let_pass (20);
  reader->n_writable = 0;
  scripted_let_pass (20);
  g_assert_cmpuint (reader->n_writable, ==, 0);
}

static void
test_stream (gconstpointer data)
{
  gboolean plain = GPOINTER_TO_INT (data);
  g_autoptr (GstChatPoller) poller = gst_chat_poller_new (10);
  int ends[2];
  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM, 0, ends), ==, 0);
  g_autoptr (GSocket) socket = g_socket_new_from_fd (ends[0], NULL);
  g_autoptr (GIOStream) io = G_IO_STREAM
      (g_socket_connection_factory_create_connection (socket));
  /* Whatever is no socket itself stands for TLS. */
  g_autoptr (GIOStream) wrapped =
      g_simple_io_stream_new (g_io_stream_get_input_stream (io),
      g_io_stream_get_output_stream (io));

  Reader reader = {.in = g_string_new (NULL) };
  reader.stream.readable = on_readable;
  reader.stream.writable = on_writable;
  gst_chat_stream_open (&reader.stream, poller, plain ? io : wrapped);
  g_assert_true ((reader.stream.io == NULL) == plain);
  g_assert_true (g_socket_is_closed (socket) == plain);

  g_assert_cmpint (gst_chat_stream_read (&reader.stream, &(gchar) {
          0}, 1), ==, GST_CHAT_STREAM_AGAIN);
  g_assert_cmpint (write (ends[1], "hello", 5), ==, 5);
  scripted_wait (has_hello, &reader, "what was sent");
  check_writing (&reader, ends[1]);
  close (ends[1]);
  scripted_wait (has_ended, &reader, "the end of the stream");
  gst_chat_stream_close (&reader.stream);
  g_string_free (reader.in, TRUE);
}

/* Nobody reads any more. */
static void
test_broken (gconstpointer data)
{
  g_autoptr (GstChatPoller) poller = gst_chat_poller_new (10);
  int ends[2];
  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM, 0, ends), ==, 0);
  g_autoptr (GSocket) socket = g_socket_new_from_fd (ends[0], NULL);
  g_autoptr (GIOStream) io = G_IO_STREAM
      (g_socket_connection_factory_create_connection (socket));
  Reader reader = {.in = g_string_new (NULL) };
  reader.stream.readable = on_readable;
  reader.stream.writable = on_writable;
  gst_chat_stream_open (&reader.stream, poller, io);
  close (ends[1]);
  g_assert_cmpint (gst_chat_stream_write (&reader.stream, "x", 1), ==,
      GST_CHAT_STREAM_BROKEN);
  gst_chat_stream_close (&reader.stream);
  g_assert_cmpint (gst_chat_stream_write (&reader.stream, "x", 1), ==,
      GST_CHAT_STREAM_BROKEN);
  g_string_free (reader.in, TRUE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/poller/removed-in-turn", test_removed_in_turn);
  g_test_add_func ("/poller/calm-afterwards", test_calm_afterwards);
  g_test_add_func ("/poller/tasks", test_tasks);
  g_test_add_func ("/poller/timer", test_timer);
  g_test_add_data_func ("/stream/plain", GINT_TO_POINTER (TRUE), test_stream);
  g_test_add_data_func ("/stream/wrapped", GINT_TO_POINTER (FALSE),
      test_stream);
  g_test_add_data_func ("/stream/broken", NULL, test_broken);
  return g_test_run ();
}
