/* SPDX-License-Identifier: LGPL-2.1-or-later
 * What the server tells of itself: the event server-info. */
#include "chatinfo.h"

#include "chatmessage.h"
#include "chatroster.h"
#include "chattoken.h"

gboolean
gst_chat_info_is_personal (const GstChatInfo * info)
{
  return info->turn_uris != NULL && info->turn_secret != NULL;
}

static void
add_relays (const GstChatInfo * info, GstChatMessage * message,
    const gchar * id)
{
  g_autofree gchar *username = gst_chat_turn_username (id,
      g_get_real_time () / G_USEC_PER_SEC + info->turn_time);
  for (gchar ** uri = info->turn_uris; *uri != NULL; uri++) {
    GstChatIceServer *relay = g_new0 (GstChatIceServer, 1);
    relay->url = g_strdup (*uri);
    relay->username = g_strdup (username);
    relay->credential = gst_chat_turn_credential (info->turn_secret, username);
    g_ptr_array_add (message->ice_servers, relay);
  }
}

GBytes *
gst_chat_info_frame (const GstChatInfo * info, const gchar * id,
    const gchar * reason)
{
  g_autoptr (GstChatMessage) message = gst_chat_server_info_new (info->server);
  message->max_events = info->limits->events.rate;
  message->max_bytes = info->limits->bytes.rate;
  message->max_users = info->limits->room_users;
  message->reason = g_strdup (reason);
  if (id != NULL && gst_chat_info_is_personal (info))
    add_relays (info, message, id);
  return gst_chat_server_info_frame (message);
}
