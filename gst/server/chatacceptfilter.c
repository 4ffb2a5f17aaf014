/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _GNU_SOURCE             /* memmem */
#include "chatacceptfilter.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

/* Each takes libsoup some hundred microseconds. */
#define PER_TURN 16

typedef struct
{
  GstChatWatch watch;           /* while it is in `waiting` */
  GList link;                   /* data: itself; of `waiting` or of `ready` */
  GstChatAcceptFilter *filter;
  GSocketConnection *connection;
  GSocketAddress *remote;
} Visitor;

struct _GstChatAcceptFilter
{
  GstChatPoller *poller;
  GstChatAcceptFilterFunc func;
  gpointer user_data;
  GQueue waiting;               /* Visitor */
  GQueue ready;                 /* likewise, first come first served */
  GstChatTask serve;
};

static void
visitor_free (Visitor * visitor)
{
  g_object_unref (visitor->connection);
  g_object_unref (visitor->remote);
  g_free (visitor);
}

/* The socket knows @remote, and what others have put there may know the socket:
 * only closing ends that. */
static void
drop (Visitor * visitor)
{
  g_io_stream_close (G_IO_STREAM (visitor->connection), NULL, NULL);
  visitor_free (visitor);
}

static void
stop_waiting (Visitor * visitor)
{
  gst_chat_poller_remove (visitor->filter->poller, &visitor->watch, FALSE);
  g_queue_unlink (&visitor->filter->waiting, &visitor->link);
}

/* An empty line ends it, however lines end. */
gboolean
gst_chat_accept_filter_has_head (const gchar * text, gsize len)
{
  return len >= GST_CHAT_ACCEPT_FILTER_MAX_HEAD
      || memmem (text, len, "\n\r\n", 3) != NULL
      || memmem (text, len, "\n\n", 2) != NULL;
}

static void
on_event (GstChatWatch * watch, guint events)
{
  Visitor *visitor = (Visitor *) watch;
  GstChatAcceptFilter *filter = visitor->filter;
  gchar head[GST_CHAT_ACCEPT_FILTER_MAX_HEAD];
  gssize n = recv (watch->fd, head, sizeof head, MSG_PEEK | MSG_DONTWAIT);
  if (n > 0 && gst_chat_accept_filter_has_head (head, n)) {
    stop_waiting (visitor);
    g_queue_push_tail_link (&filter->ready, &visitor->link);
    gst_chat_poller_run_later (filter->poller, &filter->serve);
  } else if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)
      || (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))) {
    stop_waiting (visitor);
    drop (visitor);
  }
}

static void
on_serve (GstChatTask * task)
{
  GstChatAcceptFilter *filter =
      GST_CHAT_OWNER_OF (GstChatAcceptFilter, serve, task);
  for (guint i = 0; i < PER_TURN && filter->ready.length > 0; i++) {
    Visitor *visitor = g_queue_pop_head_link (&filter->ready)->data;
    filter->func (visitor->connection, visitor->remote, filter->user_data);
    visitor_free (visitor);
  }
  if (filter->ready.length > 0)
    gst_chat_poller_run_later (filter->poller, task);
}

GstChatAcceptFilter *
gst_chat_accept_filter_new (GstChatPoller * poller,
    GstChatAcceptFilterFunc func, gpointer user_data)
{
  GstChatAcceptFilter *filter = g_new0 (GstChatAcceptFilter, 1);
  filter->poller = poller;
  filter->func = func;
  filter->user_data = user_data;
  filter->serve.func = on_serve;
  return filter;
}

void
gst_chat_accept_filter_free (GstChatAcceptFilter * filter)
{
  while (filter->waiting.length > 0) {
    Visitor *visitor = filter->waiting.head->data;
    stop_waiting (visitor);
    drop (visitor);
  }
  while (filter->ready.length > 0)
    drop (g_queue_pop_head_link (&filter->ready)->data);
  gst_chat_poller_cancel (filter->poller, &filter->serve);
  g_free (filter);
}

void
gst_chat_accept_filter_add (GstChatAcceptFilter * filter,
    GSocketConnection * connection, GSocketAddress * remote)
{
  Visitor *visitor = g_new0 (Visitor, 1);
  visitor->filter = filter;
  visitor->connection = g_object_ref (connection);
  visitor->remote = g_object_ref (remote);
  visitor->link.data = visitor;
  visitor->watch.fd =
      g_socket_get_fd (g_socket_connection_get_socket (connection));
  visitor->watch.func = on_event;
  /* Edge-triggered: what is peeked at stays there, and would call again. */
  if (gst_chat_poller_add (filter->poller, &visitor->watch,
          EPOLLIN | EPOLLRDHUP | EPOLLET))
    g_queue_push_tail_link (&filter->waiting, &visitor->link);
  else
    drop (visitor);
}
