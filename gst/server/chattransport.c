/* SPDX-License-Identifier: LGPL-2.1-or-later
 * What the transports have in common, and the queue in front of them. */
#include "chattransport.h"

void
gst_chat_outbox_push (GstChatOutbox * outbox, GBytes * packet)
{
  g_queue_push_tail (&outbox->packets, g_bytes_ref (packet));
  outbox->bytes += g_bytes_get_size (packet);
}

GBytes *
gst_chat_outbox_pop (GstChatOutbox * outbox)
{
  GBytes *packet = g_queue_pop_head (&outbox->packets);
  if (packet != NULL)
    outbox->bytes -= g_bytes_get_size (packet);
  return packet;
}

void
gst_chat_outbox_clear (GstChatOutbox * outbox)
{
  g_queue_clear_full (&outbox->packets, (GDestroyNotify) g_bytes_unref);
  outbox->bytes = 0;
}

void
gst_chat_transport_init (GstChatTransport * transport,
    const GstChatTransportClass * klass, GstChatEio eio)
{
  transport->klass = klass;
  transport->ref_count = 1;
  transport->eio = eio;
}

GstChatTransport *
gst_chat_transport_ref (GstChatTransport * transport)
{
  transport->ref_count++;
  return transport;
}

void
gst_chat_transport_unref (GstChatTransport * transport)
{
  g_return_if_fail (transport->ref_count > 0);
  if (--transport->ref_count == 0)
    transport->klass->free (transport);
}

void
gst_chat_transport_attach (GstChatTransport * transport,
    const GstChatTransportEvents * events, gpointer user_data)
{
  transport->events = events;
  transport->user_data = user_data;
}

void
gst_chat_transport_close (GstChatTransport * transport, GstChatEnd why)
{
  transport->events = NULL;
  transport->klass->close (transport, why);
}

void
gst_chat_transport_tell_packet (GstChatTransport * transport,
    const GstChatEioPacket * packet)
{
  if (transport->events != NULL)
    transport->events->packet (transport, packet, transport->user_data);
}

void
gst_chat_transport_tell_writable (GstChatTransport * transport)
{
  if (transport->events != NULL)
    transport->events->writable (transport, transport->user_data);
}

void
gst_chat_transport_tell_failed (GstChatTransport * transport, GstChatEnd why)
{
  if (transport->events != NULL)
    transport->events->failed (transport, why, transport->user_data);
}
