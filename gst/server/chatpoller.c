/* SPDX-License-Identifier: LGPL-2.1-or-later
 * What a connection waits for, without a GSource of its own. */
#include "chatpoller.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#define BATCH 256
/* So long sockets are looked at before other sources get their turn, in
 * microseconds; one of them is, at least. */
#define TURN_US 2000

typedef struct
{
  GSource base;
  GstChatPoller *poller;
} PollerSource;

struct _GstChatPoller
{
  int fd;
  gpointer tag;                 /* of fd in the source */
  GSource *source;
  GSource *tick;
  GstChatTimers *timers;
  GQueue tasks;
  struct epoll_event events[BATCH];
  int n_events;
  int n_seen;                   /* of them; the others are for the next turn */
};

static gboolean
has_work (const GstChatPoller * poller)
{
  return poller->tasks.length > 0 || poller->n_seen < poller->n_events;
}

static gboolean
poller_prepare (GSource * source, gint * timeout)
{
  *timeout = -1;
  return has_work (((PollerSource *) source)->poller);
}

static gboolean
poller_check (GSource * source)
{
  GstChatPoller *poller = ((PollerSource *) source)->poller;
  return has_work (poller)
      || g_source_query_unix_fd (source, poller->tag) != 0;
}

static void
look_at_sockets (GstChatPoller * poller)
{
  gint64 end = g_get_monotonic_time () + TURN_US;
  if (poller->n_seen == poller->n_events) {
    int n = epoll_wait (poller->fd, poller->events, BATCH, 0);
    poller->n_seen = 0;
    poller->n_events = n < 0 ? 0 : n;
  }
  do {
    if (poller->n_seen == poller->n_events)
      return;
    const struct epoll_event *event = &poller->events[poller->n_seen++];
    GstChatWatch *watch = event->data.ptr;
    /* What was removed meanwhile is NULL. */
    if (watch != NULL)
      watch->func (watch, event->events);
  } while (g_get_monotonic_time () < end);
}

/* What a task leaves for later waits for the next turn. */
static void
run_tasks (GstChatPoller * poller)
{
  for (guint n = poller->tasks.length; n > 0 && poller->tasks.length > 0; n--) {
    GList *link = g_queue_pop_head_link (&poller->tasks);
    GstChatTask *task = g_steal_pointer (&link->data);
    task->func (task);
  }
}

static gboolean
poller_dispatch (GSource * source, GSourceFunc callback, gpointer user_data)
{
  GstChatPoller *poller = ((PollerSource *) source)->poller;
  if (poller->n_seen < poller->n_events
      || g_source_query_unix_fd (source, poller->tag) != 0)
    look_at_sockets (poller);
  run_tasks (poller);
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs poller_funcs = {
  .prepare = poller_prepare,
  .check = poller_check,
  .dispatch = poller_dispatch,
};

static gboolean
on_tick (gpointer user_data)
{
  GstChatPoller *poller = user_data;
  gst_chat_timers_run (poller->timers, g_get_monotonic_time ());
  return G_SOURCE_CONTINUE;
}

GstChatPoller *
gst_chat_poller_new (guint resolution)
{
  GstChatPoller *poller = g_new0 (GstChatPoller, 1);
  poller->fd = epoll_create1 (EPOLL_CLOEXEC);
  if (poller->fd < 0)
    g_error ("No epoll: %s", g_strerror (errno));
  poller->timers = gst_chat_timers_new ((gint64) resolution * 1000,
      g_get_monotonic_time ());
  poller->source = g_source_new (&poller_funcs, sizeof (PollerSource));
  ((PollerSource *) poller->source)->poller = poller;
  poller->tag = g_source_add_unix_fd (poller->source, poller->fd, G_IO_IN);
  /* Otherwise GLib takes the descriptor out of its set at each dispatch and back
   * in, and wakes itself up for both: twice the system calls of a message. */
  g_source_set_can_recurse (poller->source, TRUE);
  poller->tick = g_timeout_source_new (resolution);
  g_source_set_callback (poller->tick, on_tick, poller, NULL);

  GMainContext *context = g_main_context_get_thread_default ();
  g_source_attach (poller->source, context);
  g_source_attach (poller->tick, context);
  return poller;
}

void
gst_chat_poller_free (GstChatPoller * poller)
{
  if (poller == NULL)
    return;
  gst_chat_timers_free (poller->timers);
  g_warn_if_fail (poller->tasks.length == 0);
  g_source_destroy (poller->source);
  g_source_unref (poller->source);
  g_source_destroy (poller->tick);
  g_source_unref (poller->tick);
  close (poller->fd);
  g_free (poller);
}

static gboolean
control (GstChatPoller * poller, int operation, GstChatWatch * watch,
    guint events)
{
  struct epoll_event event = {.events = events,.data.ptr = watch };
  return epoll_ctl (poller->fd, operation, watch->fd, &event) == 0;
}

gboolean
gst_chat_poller_add (GstChatPoller * poller, GstChatWatch * watch, guint events)
{
  return control (poller, EPOLL_CTL_ADD, watch, events);
}

void
gst_chat_poller_change (GstChatPoller * poller, GstChatWatch * watch,
    guint events)
{
  control (poller, EPOLL_CTL_MOD, watch, events);
}

void
gst_chat_poller_remove (GstChatPoller * poller, GstChatWatch * watch,
    gboolean closed)
{
  /* The number of a closed one may be another's by now. */
  if (!closed)
    control (poller, EPOLL_CTL_DEL, watch, 0);
  for (int i = 0; i < poller->n_events; i++) {
    if (poller->events[i].data.ptr == watch)
      poller->events[i].data.ptr = NULL;
  }
}

gboolean
gst_chat_task_is_waiting (const GstChatTask * task)
{
  return task->link.data != NULL;
}

void
gst_chat_poller_run_later (GstChatPoller * poller, GstChatTask * task)
{
  if (gst_chat_task_is_waiting (task))
    return;
  task->link.data = task;
  g_queue_push_tail_link (&poller->tasks, &task->link);
}

void
gst_chat_poller_cancel (GstChatPoller * poller, GstChatTask * task)
{
  if (!gst_chat_task_is_waiting (task))
    return;
  g_queue_unlink (&poller->tasks, &task->link);
  task->link.data = NULL;
}

void
gst_chat_poller_start_timer (GstChatPoller * poller, GstChatTimer * timer,
    gint64 due)
{
  gst_chat_timers_start (poller->timers, timer, due);
}
