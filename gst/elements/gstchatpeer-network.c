/* SPDX-License-Identifier: LGPL-2.1-or-later
 * chatpeer's network: webrtcbin is not told that its address is no more, and
 * hears nothing for ever. */
#include "config.h"

#include "gstchatpeerprivate.h"

#define GST_CAT_DEFAULT gst_chat_peer_debug

static void
on_network_changed (gpointer data)
{
  GstChatPeer *self = data;

  if (self->remote_address == NULL)
    return;
  if (self->route == NULL) {    /* there was no way to it when it was looked for */
    self->route = gst_chat_route_new (self->remote_address);
    if (self->route == NULL)
      return;
  } else if (gst_chat_route_check (self->route, g_get_monotonic_time ())
      != GST_CHAT_ROUTE_CHANGED) {
    return;
  }
  GST_INFO_OBJECT (self, "the address that the call used is no more");
  gst_chat_peer_user_event_in_loop (self, GST_CHAT_CALL_EVENT_NETWORK_CHANGED);
}

void
gst_chat_peer_watch_network_in_loop (GstChatPeer * self)
{
  if (self->network == NULL)
    self->network = gst_chat_network_watch_in_loop (self->loop,
        on_network_changed, self);
}

void
gst_chat_peer_forget_network_in_loop (GstChatPeer * self)
{
  gst_chat_peer_forget_route_in_loop (self);
  if (self->network != NULL)
    g_source_destroy (self->network);
  g_clear_pointer (&self->network, g_source_unref);
}

void
gst_chat_peer_remember_route_in_loop (GstChatPeer * self)
{
  g_free (self->remote_address);
  self->remote_address =
      gst_chat_connection_get_remote_address_in_loop (self->connection);
  gst_chat_peer_renew_route_in_loop (self);
}

void
gst_chat_peer_renew_route_in_loop (GstChatPeer * self)
{
  g_clear_pointer (&self->route, gst_chat_route_free);
  if (self->remote_address != NULL)
    self->route = gst_chat_route_new (self->remote_address);
}

void
gst_chat_peer_forget_route_in_loop (GstChatPeer * self)
{
  g_clear_pointer (&self->route, gst_chat_route_free);
  g_clear_pointer (&self->remote_address, g_free);
}
