/* SPDX-License-Identifier: LGPL-2.1-or-later
 * How long an HTTP connection may take over a request. */
#include "chatdoor.h"

#define KEY "gst-chat-visitor"
/* Between two requests, in times of the first one's. */
#define LATER 3

typedef struct
{
  guint ref_count;              /* the address's, and the door's while it is watched */
  GSocket *socket;
  gint64 due;
  gboolean watched;
  gboolean held;
} Visitor;

struct _GstChatDoor
{
  gint64 timeout;               /* microseconds */
  GPtrArray *watched;
};

static void
visitor_unref (gpointer data)
{
  Visitor *visitor = data;
  if (--visitor->ref_count > 0)
    return;
  g_object_unref (visitor->socket);
  g_free (visitor);
}

static Visitor *
visitor_of (GSocketAddress * remote)
{
  return g_object_get_data (G_OBJECT (remote), KEY);
}

GstChatDoor *
gst_chat_door_new (guint timeout)
{
  GstChatDoor *door = g_new0 (GstChatDoor, 1);
  door->timeout = (gint64) timeout *1000;
  door->watched = g_ptr_array_new_with_free_func (visitor_unref);
  return door;
}

void
gst_chat_door_free (GstChatDoor * door)
{
  if (door == NULL)
    return;
  g_ptr_array_unref (door->watched);
  g_free (door);
}

static void
watch (GstChatDoor * door, Visitor * visitor, gint64 time)
{
  visitor->due = g_get_monotonic_time () + time;
  visitor->held = FALSE;
  if (visitor->watched)
    return;
  visitor->watched = TRUE;
  visitor->ref_count++;
  g_ptr_array_add (door->watched, visitor);
}

void
gst_chat_door_enter (GstChatDoor * door, GSocketConnection * connection,
    GSocketAddress * remote)
{
  Visitor *visitor = g_new0 (Visitor, 1);
  visitor->ref_count = 1;
  visitor->socket = g_object_ref (g_socket_connection_get_socket (connection));
  g_object_set_data_full (G_OBJECT (remote), KEY, visitor, visitor_unref);
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
  visitor_of (remote)->held = TRUE;
}

GSocket *
gst_chat_door_get_socket (GSocketAddress * remote)
{
  return visitor_of (remote)->socket;
}

void
gst_chat_door_tick (GstChatDoor * door, gint64 now)
{
  for (guint i = 0; i < door->watched->len;) {
    Visitor *visitor = g_ptr_array_index (door->watched, i);
    gboolean gone = visitor->ref_count == 1;
    if (!gone && !visitor->held && visitor->due > now) {
      i++;
      continue;
    }
    /* Its owner sees the end of the stream, and cleans up. */
    if (!gone && !visitor->held)
      g_socket_shutdown (visitor->socket, TRUE, TRUE, NULL);
    visitor->watched = FALSE;
    g_ptr_array_remove_index_fast (door->watched, i);
  }
}
