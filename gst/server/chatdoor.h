/* SPDX-License-Identifier: LGPL-2.1-or-later
 * How long an HTTP connection may take over a request, and do nothing between
 * two. libsoup has no time-outs, and does not tell whose request it is. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _GstChatDoor GstChatDoor;

/* @timeout: ms for a connection's first request, to its last byte. */
GstChatDoor *gst_chat_door_new (guint timeout);
void gst_chat_door_free (GstChatDoor * door);

/* A connection that came in. @remote is the one address object that libsoup
 * gets for it: with that the functions below find it again. */
void gst_chat_door_enter (GstChatDoor * door, GSocketConnection * connection,
    GSocketAddress * remote);
/* A request of it is complete: the time for the next one begins. */
void gst_chat_door_pass (GstChatDoor * door, GSocketAddress * remote);
/* It waits for an answer, or is on a WebSocket: no time runs, until it passes
 * again. */
void gst_chat_door_hold (GSocketAddress * remote);
GSocket *gst_chat_door_get_socket (GSocketAddress * remote);

/* Shuts out who is late. @now: monotonic microseconds. */
void gst_chat_door_tick (GstChatDoor * door, gint64 now);

G_END_DECLS
