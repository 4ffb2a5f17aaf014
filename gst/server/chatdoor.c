/* SPDX-License-Identifier: LGPL-2.1-or-later
 * How long an HTTP connection may take over a request. */
#include "chatdoor.h"

#define KEY "gst-chat-visitor"
/* Between two requests, in times of the first one's. */
#define LATER 3
#define CROWD 256
/* Each costs its owner some tens of microseconds, and thousands at once would
 * keep all others waiting. */
#define SHUT_AT_ONCE 100

typedef struct
{
  GstChatDoor *door;
  GstChatTimer timer;           /* while no time runs it is stopped */
  GList late;                   /* data: itself while it is to be shut out */
  GSocket *socket;
} Visitor;

struct _GstChatDoor
{
  guint ref_count;              /* the owner's, and each visitor's */
  guint n_timers;               /* that run */
  GstChatPoller *poller;
  GQueue late;                  /* Visitor */
  GstChatTask shut;
  gint64 timeout;               /* microseconds */
};

static void
door_unref (GstChatDoor * door)
{
  if (--door->ref_count == 0)
    g_free (door);
}

static void
stop_timer (Visitor * visitor)
{
  if (visitor->late.data != NULL) {
    g_queue_unlink (&visitor->door->late, &visitor->late);
    visitor->late.data = NULL;
  }
  if (visitor->timer.next == NULL)
    return;
  gst_chat_timer_stop (&visitor->timer);
  visitor->door->n_timers--;
}

static void
visitor_free (gpointer data)
{
  Visitor *visitor = data;
  stop_timer (visitor);
  door_unref (visitor->door);
  g_object_unref (visitor->socket);
  g_free (visitor);
}

static Visitor *
visitor_of (GSocketAddress * remote)
{
  return g_object_get_data (G_OBJECT (remote), KEY);
}

/* Their owners see the end of the stream, and clean up. */
static void
on_shut (GstChatTask * task)
{
  GstChatDoor *door = GST_CHAT_OWNER_OF (GstChatDoor, shut, task);
  for (guint i = 0; i < SHUT_AT_ONCE && door->late.length > 0; i++) {
    GList *link = g_queue_pop_head_link (&door->late);
    Visitor *visitor = g_steal_pointer (&link->data);
    g_socket_shutdown (visitor->socket, TRUE, TRUE, NULL);
  }
  if (door->late.length > 0)
    gst_chat_poller_run_later (door->poller, task);
}

GstChatDoor *
gst_chat_door_new (GstChatPoller * poller, guint timeout)
{
  GstChatDoor *door = g_new0 (GstChatDoor, 1);
  door->ref_count = 1;
  door->poller = poller;
  door->shut.func = on_shut;
  door->timeout = (gint64) timeout *1000;
  return door;
}

void
gst_chat_door_free (GstChatDoor * door)
{
  gst_chat_poller_cancel (door->poller, &door->shut);
  door_unref (door);
}

gboolean
gst_chat_door_is_crowded (const GstChatDoor * door)
{
  return door->n_timers > CROWD;
}

GstChatPoller *
gst_chat_door_get_poller (GstChatDoor * door)
{
  return door->poller;
}

static void
on_late (GstChatTimer * timer, gint64 now)
{
  Visitor *visitor = GST_CHAT_OWNER_OF (Visitor, timer, timer);
  GstChatDoor *door = visitor->door;
  door->n_timers--;
  visitor->late.data = visitor;
  g_queue_push_tail_link (&door->late, &visitor->late);
  gst_chat_poller_run_later (door->poller, &door->shut);
}

static void
watch (GstChatDoor * door, Visitor * visitor, gint64 time)
{
  stop_timer (visitor);
  door->n_timers++;
  gst_chat_poller_start_timer (door->poller, &visitor->timer,
      g_get_monotonic_time () + time);
}

void
gst_chat_door_enter (GstChatDoor * door, GSocketConnection * connection,
    GSocketAddress * remote)
{
  Visitor *visitor = g_new0 (Visitor, 1);
  visitor->door = door;
  door->ref_count++;
  visitor->timer.func = on_late;
  visitor->socket = g_object_ref (g_socket_connection_get_socket (connection));
  g_object_set_data_full (G_OBJECT (remote), KEY, visitor, visitor_free);
  watch (door, visitor, door->timeout);
}

void
gst_chat_door_pass (GstChatDoor * door, GSocketAddress * remote)
{
  watch (door, visitor_of (remote), LATER * door->timeout);
}

void
gst_chat_door_hold (GSocketAddress * remote)
{
  stop_timer (visitor_of (remote));
}

GSocket *
gst_chat_door_get_socket (GSocketAddress * remote)
{
  return visitor_of (remote)->socket;
}
