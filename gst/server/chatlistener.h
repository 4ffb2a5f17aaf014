/* SPDX-License-Identifier: LGPL-2.1-or-later
 * A listening socket that goes on when the process is out of descriptors. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _GstChatListener GstChatListener;
typedef void (*GstChatListenerFunc) (GSocketConnection * connection,
    gpointer user_data);

/* @address: an IP address, or "localhost". @port 0: any that is free. Calls
 * @func from the thread-default main context. The error is one sentence. */
GstChatListener *gst_chat_listener_new (const gchar * address, guint16 port,
    GstChatListenerFunc func, gpointer user_data, GError ** error)
    G_GNUC_WARN_UNUSED_RESULT;
void gst_chat_listener_free (GstChatListener * listener);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstChatListener, gst_chat_listener_free)

guint16 gst_chat_listener_get_port (const GstChatListener * listener);
/* Where it listens; the caller unrefs. */
GSocketAddress *gst_chat_listener_get_address (const GstChatListener *
    listener);

G_END_DECLS
