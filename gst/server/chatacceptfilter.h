/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Connections wait here until their first request is there, as accf_http(9) of
 * FreeBSD makes them wait in the kernel: what is slow, or silent, costs neither
 * a GSource nor a parser, and not too many are served in one turn of the loop. */
#pragma once

#include "chatpoller.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/* Of a longer head libsoup says what is wrong with it. */
#define GST_CHAT_ACCEPT_FILTER_MAX_HEAD 8192

typedef struct _GstChatAcceptFilter GstChatAcceptFilter;

/* @connection has the head of a request to read, or more than one may have. */
typedef void (*GstChatAcceptFilterFunc) (GSocketConnection * connection,
    GSocketAddress * remote, gpointer user_data);

/* @poller outlives it. */
GstChatAcceptFilter *gst_chat_accept_filter_new (GstChatPoller * poller,
    GstChatAcceptFilterFunc func, gpointer user_data);
/* Closes what still waits. */
void gst_chat_accept_filter_free (GstChatAcceptFilter * filter);

/* Whether the head of a request is complete, or as long as one may be. */
gboolean gst_chat_accept_filter_has_head (const gchar * text, gsize len);

/* One that breaks off meanwhile, or is shut down, is closed. */
void gst_chat_accept_filter_add (GstChatAcceptFilter * filter,
    GSocketConnection * connection, GSocketAddress * remote);

G_END_DECLS
