/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The Socket.IO client: finds out which generation of server it talks to,
 * keeps the connection alive and makes it again when it is lost. */
#pragma once

#include "chatloop.h"
#include "chatsocketconfig.h"

G_BEGIN_DECLS

typedef struct _GstChatSocketClient GstChatSocketClient;

/* All functions and callbacks in @loop's thread. @config and @callbacks are
 * copied. Callbacks may send and close. */
GstChatSocketClient *gst_chat_socket_client_new (GstChatLoop * loop,
    const GstChatSocketConfig * config, const GstChatSocketCallbacks * callbacks, gpointer user_data);
void gst_chat_socket_client_start_in_loop (GstChatSocketClient * client);
/* FALSE: not connected, or longer than the server takes. @payload is a JSON
 * value or NULL. */
gboolean gst_chat_socket_client_send_in_loop (GstChatSocketClient * client,
    const gchar * event, const gchar * payload) G_GNUC_WARN_UNUSED_RESULT;
/* Says good-bye, calls nobody any more, frees. Holds the loop meanwhile, for
 * half a second at most. */
void gst_chat_socket_client_close_in_loop (GstChatSocketClient * client);

G_END_DECLS
