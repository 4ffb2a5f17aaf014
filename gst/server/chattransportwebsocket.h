/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The WebSocket transport: frames on a connection that HTTP has given up. */
#pragma once

#include "chatpoller.h"
#include "chattransport.h"

#include <gio/gio.h>

G_BEGIN_DECLS
/* @stream: what comes behind the 101; its streams are pollable. A plain socket
 * goes over to @poller and leaves it. @max_bytes bounds a message, all its
 * fragments together. */
    GstChatTransport * gst_chat_transport_websocket_new (GIOStream * stream,
    GstChatPoller * poller, GstChatEio eio, gsize max_bytes);

G_END_DECLS
