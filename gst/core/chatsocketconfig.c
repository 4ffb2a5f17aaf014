/* SPDX-License-Identifier: LGPL-2.1-or-later
 * What a connection to a server is made of, and what it tells. */
#include "chatsocketconfig.h"

#include <string.h>

void
gst_chat_socket_config_copy (GstChatSocketConfig * to,
    const GstChatSocketConfig * from)
{
  *to = *from;
  to->uri = g_strdup (from->uri);
  to->name = g_strdup (from->name);
  to->room = g_strdup (from->room);
  to->token = g_strdup (from->token);
  to->tls_ca_file = g_strdup (from->tls_ca_file);
}

void
gst_chat_socket_config_clear (GstChatSocketConfig * config)
{
  g_free (config->uri);
  g_free (config->name);
  g_free (config->room);
  g_free (config->token);
  g_free (config->tls_ca_file);
  memset (config, 0, sizeof *config);
}
