/* SPDX-License-Identifier: LGPL-2.1-or-later
 * chatsignalsrc: the connection to a Socket.IO signalling server as a live
 * source. */
#pragma once

#include <gst/base/gstpushsrc.h>

G_BEGIN_DECLS

#define GST_TYPE_CHAT_SIGNAL_SRC (gst_chat_signal_src_get_type ())
G_DECLARE_FINAL_TYPE (GstChatSignalSrc, gst_chat_signal_src, GST,
    CHAT_SIGNAL_SRC, GstPushSrc)
GST_ELEMENT_REGISTER_DECLARE (chatsignalsrc);

/**
 * GstChatSignalState:
 * @GST_CHAT_SIGNAL_DISCONNECTED: not started, stopped, or given up
 * @GST_CHAT_SIGNAL_CONNECTING: the first attempts to reach the server
 * @GST_CHAT_SIGNAL_CONNECTED: in the server's list of users
 * @GST_CHAT_SIGNAL_RECONNECTING: it was connected and is trying to be so again
 */
typedef enum {
  GST_CHAT_SIGNAL_DISCONNECTED,
  GST_CHAT_SIGNAL_CONNECTING,
  GST_CHAT_SIGNAL_CONNECTED,
  GST_CHAT_SIGNAL_RECONNECTING,
} GstChatSignalState;

#define GST_TYPE_CHAT_SIGNAL_STATE (gst_chat_signal_state_get_type ())
GType gst_chat_signal_state_get_type (void);

/* The defaults that chatpeer repeats. */
#define GST_CHAT_DEFAULT_URI "chat://localhost:5000"
#define GST_CHAT_DEFAULT_TIMEOUT 10000
#define GST_CHAT_MIN_TIMEOUT 100
#define GST_CHAT_MAX_TIMEOUT 600000

G_END_DECLS
