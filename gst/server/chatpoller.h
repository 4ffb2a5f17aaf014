/* SPDX-License-Identifier: LGPL-2.1-or-later
 * What a connection waits for, without a GSource of its own: its socket, a
 * time, the end of the loop's turn. GLib looks at every source whenever it wakes
 * up; the kernel's epoll tells only of those sockets that are ready. */
#pragma once

#include "chattimers.h"

G_BEGIN_DECLS

typedef struct _GstChatPoller GstChatPoller;

/* Part of what waits. Removed before it goes. */
typedef struct _GstChatWatch GstChatWatch;
struct _GstChatWatch {
  int fd;
  /* @events: EPOLLIN, … Whatever it does, also to other watches. */
  void (*func) (GstChatWatch * watch, guint events);
};

/* Likewise; all zero at first. */
typedef struct _GstChatTask GstChatTask;
struct _GstChatTask {
  GList link;                   /* data: itself while it waits, else NULL */
  void (*func) (GstChatTask * task);
};

/* Works in the thread-default main context. @resolution: of the timers, in
 * milliseconds. */
GstChatPoller *gst_chat_poller_new (guint resolution);
/* No watch is left, and no task; timers are called a last time. */
void gst_chat_poller_free (GstChatPoller * poller);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstChatPoller, gst_chat_poller_free)
/* FALSE: the kernel has no memory for it. */
gboolean gst_chat_poller_add (GstChatPoller * poller, GstChatWatch * watch,
    guint events) G_GNUC_WARN_UNUSED_RESULT;
void gst_chat_poller_change (GstChatPoller * poller, GstChatWatch * watch,
    guint events);
/* Before its descriptor is closed, unless @closed. */
void gst_chat_poller_remove (GstChatPoller * poller, GstChatWatch * watch,
    gboolean closed);

/* Calls task->func once, when all that is ready now has been looked at. */
void gst_chat_poller_run_later (GstChatPoller * poller,
    GstChatTask * task);
void gst_chat_poller_cancel (GstChatPoller * poller, GstChatTask * task);
gboolean gst_chat_task_is_waiting (const GstChatTask * task);

/* As gst_chat_timers_start(). */
void gst_chat_poller_start_timer (GstChatPoller * poller,
    GstChatTimer * timer, gint64 due);

G_END_DECLS
