/* SPDX-License-Identifier: LGPL-2.1-or-later
 * How long an HTTP connection may take over a request, and do nothing between
 * two. libsoup has no time-outs, and does not tell whose request it is. */
#pragma once

#include "chatpoller.h"

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _GstChatDoor GstChatDoor;

/* @timeout: ms for a connection's first request, to its last byte; who is late
 * is shut out. */
GstChatDoor *gst_chat_door_new (GstChatPoller * poller, guint timeout);
void gst_chat_door_free (GstChatDoor * door);
GstChatPoller *gst_chat_door_get_poller (GstChatDoor * door);

/* A connection that came in. @remote is the one address object that libsoup
 * gets for it: with that the functions below find it again. */
void gst_chat_door_enter (GstChatDoor * door, GSocketConnection * connection,
    GSocketAddress * remote);
/* A request of it is complete: the time for the next one begins. */
void gst_chat_door_pass (GstChatDoor * door, GSocketAddress * remote);
/* So many connections are between two requests that none should stay for
 * another one: the main loop looks at each of them whenever it wakes up. */
gboolean gst_chat_door_is_crowded (const GstChatDoor * door);
/* It waits for an answer, or is on a WebSocket: no time runs, until it passes
 * again. */
void gst_chat_door_hold (GSocketAddress * remote);
GSocket *gst_chat_door_get_socket (GSocketAddress * remote);

G_END_DECLS
