/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Whether the way to a remote still leads from the same address of this machine:
 * what has lost its address is not told so, and waits for minutes. */
#pragma once

#include "chatloop.h"

G_BEGIN_DECLS

/* Calls @func when addresses, interfaces or routes have changed and are quiet
 * again. Returns a reference; g_source_destroy() ends it, in the loop's thread
 * too. NULL where the system cannot tell: then silence has to. Loop thread. */
GSource *gst_chat_network_watch_in_loop (GstChatLoop * loop,
    GstChatLoopFunc func, gpointer data) G_GNUC_WARN_UNUSED_RESULT;

/* The address that a packet to @remote would leave from; NULL: there is no way
 * to it. Addresses are numbers, of IPv4 or IPv6. Any thread. */
gchar *gst_chat_network_source_for (const gchar * remote);
/* Whether an interface that is up and running has @address. Any thread. */
gboolean gst_chat_network_has_address (const gchar * address);

/* Plain data of one owner. */
typedef struct _GstChatRoute GstChatRoute;

typedef enum {
  GST_CHAT_ROUTE_SAME,
  GST_CHAT_ROUTE_DOWN,          /* and there is no other */
  GST_CHAT_ROUTE_BACK,          /* after so long that the far end has given up, or soon will */
  GST_CHAT_ROUTE_CHANGED,       /* our address is no more; from another one it goes on */
} GstChatRouteState;

/* NULL: there is no way to @remote, or it is no number. */
GstChatRoute *gst_chat_route_new (const gchar * remote);
void gst_chat_route_free (GstChatRoute * route);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstChatRoute, gst_chat_route_free)
/* @now: monotonic µs. */
GstChatRouteState gst_chat_route_check (GstChatRoute * route, gint64 now);

G_END_DECLS
