/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The module: net and server, and with them libsoup 3, behind one name. */
#include "config.h"

#include "chatsoup.h"
#include "chatserver.h"
#include "chatsocketclient.h"

#include <gmodule.h>

static GstChatServer *
server_start (const gchar * address, guint16 port, GError ** error)
{
  GstChatServerConfig config = {
    .address = address,
    .port = port
  };
  g_autoptr (GstChatServer) server = gst_chat_server_new (&config);
  return gst_chat_server_start (server, error) ? g_steal_pointer (&server) :
      NULL;
}

G_MODULE_EXPORT const GstChatSoup gst_chat_soup = {
  .version = VERSION,
  .client_new = gst_chat_socket_client_new,
  .client_start_in_loop = gst_chat_socket_client_start_in_loop,
  .client_send_in_loop = gst_chat_socket_client_send_in_loop,
  .client_close_in_loop = gst_chat_socket_client_close_in_loop,
  .server_start = server_start,
  .server_get_uri = gst_chat_server_get_uri,
  .server_free = gst_chat_server_free,
};
