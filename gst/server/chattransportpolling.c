/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The polling transport: packets in the bodies of HTTP requests. */
#include "chattransportpolling.h"

#include <errno.h>
#include <gio/gio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "chatlimits.h"

#define TEXT "text/plain; charset=UTF-8"

typedef struct
{
  GstChatTransport base;
  GstChatDoor *door;
  guint *count;                 /* of all that live */
  SoupServerMessage *parked;    /* the GET that waits, or NULL */
  gulong finished_id;
  GstChatWatch hang_up;         /* the parked client's socket; fd -1: none */
} Polling;

static void
stop_watching (Polling * polling)
{
  if (polling->hang_up.fd < 0)
    return;
  GSocket *socket = gst_chat_door_get_socket
      (soup_server_message_get_remote_address (polling->parked));
  gst_chat_poller_remove (gst_chat_door_get_poller (polling->door),
      &polling->hang_up, g_socket_is_closed (socket));
  polling->hang_up.fd = -1;
}

static void
forget_parked (Polling * polling)
{
  stop_watching (polling);
  if (polling->parked != NULL)
    gst_chat_door_pass (polling->door,
        soup_server_message_get_remote_address (polling->parked));
  g_clear_signal_handler (&polling->finished_id, polling->parked);
  g_clear_object (&polling->parked);
}

static void
answer (SoupServerMessage * message, GString * body)
{
  soup_server_message_set_status (message, SOUP_STATUS_OK, NULL);
  soup_server_message_set_response (message, TEXT, SOUP_MEMORY_COPY,
      body->str, body->len);
}

static void
answer_parked (Polling * polling, GString * body)
{
  answer (polling->parked, body);
  soup_server_message_unpause (polling->parked);
  forget_parked (polling);
}

static void
answer_parked_with (Polling * polling, GstChatEioType type)
{
  if (polling->parked == NULL)
    return;
  g_autoptr (GString) body = g_string_new (NULL);
  gst_chat_eio_append_payload (polling->base.eio, body, type, FALSE, "", 0);
  answer_parked (polling, body);
}

/* A packet's text begins with its type. */
static void
append_packet (GstChatEio eio, GString * body, GBytes * packet)
{
  gsize len;
  const gchar *text = g_bytes_get_data (packet, &len);
  gst_chat_eio_append_payload (eio, body, (GstChatEioType) (text[0] - '0'),
      FALSE, text + 1, len - 1);
}

/* As much as one body should hold; the client comes again at once. */
static GString *
take_body (GstChatEio eio, GstChatOutbox * outbox)
{
  GString *body = g_string_new (NULL);
  while (body->len < GST_CHAT_MAX_MESSAGE_BYTES) {
    g_autoptr (GBytes) packet = gst_chat_outbox_pop (outbox);
    if (packet == NULL)
      break;
    append_packet (eio, body, packet);
  }
  return body;
}

static void
polling_flush (GstChatTransport * transport, GstChatOutbox * outbox)
{
  Polling *polling = (Polling *) transport;
  if (polling->parked == NULL || outbox->bytes == 0)
    return;
  g_autoptr (GString) body = take_body (transport->eio, outbox);
  answer_parked (polling, body);
}

static void
polling_release (GstChatTransport * transport)
{
  answer_parked_with ((Polling *) transport, GST_CHAT_EIO_NOOP);
}

static void
polling_close (GstChatTransport * transport, GstChatEnd why)
{
  answer_parked_with ((Polling *) transport,
      why == GST_CHAT_END_SAID || why == GST_CHAT_END_UPGRADED ?
      GST_CHAT_EIO_NOOP : GST_CHAT_EIO_CLOSE);
  gst_chat_transport_unref (transport);
}

static void
polling_free (GstChatTransport * transport)
{
  Polling *polling = (Polling *) transport;
  forget_parked (polling);
  (*polling->count)--;
  g_free (polling);
}

static const GstChatTransportClass polling_class = {
  .name = "polling",
  .flush = polling_flush,
  .release = polling_release,
  .close = polling_close,
  .free = polling_free,
};

GstChatTransport *
gst_chat_transport_polling_new (GstChatEio eio, GstChatDoor * door,
    guint * count)
{
  Polling *polling = g_new0 (Polling, 1);
  gst_chat_transport_init (&polling->base, &polling_class, eio);
  polling->door = door;
  polling->count = count;
  (*count)++;
  polling->hang_up.fd = -1;
  return &polling->base;
}

/* The connection of a parked request ended without an answer. */
static void
on_finished (SoupServerMessage * message, gpointer user_data)
{
  Polling *polling = user_data;
  gst_chat_transport_ref (&polling->base);
  forget_parked (polling);
  gst_chat_transport_tell_failed (&polling->base, GST_CHAT_END_GONE);
  gst_chat_transport_unref (&polling->base);
}

static void
lose_parked (Polling * polling)
{
  SoupServerMessage *parked = g_object_ref (polling->parked);
  on_finished (parked, polling);
  soup_server_message_unpause (parked);
  g_object_unref (parked);
}

/* libsoup does not look at the socket of a message that is paused. */
static void
on_socket (GstChatWatch * watch, guint events)
{
  Polling *polling = GST_CHAT_OWNER_OF (Polling, hang_up, watch);
  gchar byte;
  gssize n = (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0 ? 0 :
      recv (watch->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  if (n < 0 && (errno == EAGAIN || errno == EINTR))
    return;
  if (n > 0) {
    /* It sends its next request already, which libsoup reads later, or TLS
     * has something to say, which may be good-bye: the end comes behind. */
    gst_chat_poller_change (gst_chat_door_get_poller (polling->door), watch,
        EPOLLRDHUP);
    return;
  }
  lose_parked (polling);
}

static void
park (Polling * polling, SoupServerMessage * message)
{
  /* Without a status libsoup would go on by itself. */
  soup_server_message_set_status (message, SOUP_STATUS_OK, NULL);
  soup_server_message_pause (message);
  polling->parked = g_object_ref (message);
  polling->finished_id = g_signal_connect (message, "finished",
      G_CALLBACK (on_finished), polling);

  GSocketAddress *remote = soup_server_message_get_remote_address (message);
  GSocket *socket = gst_chat_door_get_socket (remote);
  gst_chat_door_hold (remote);
  polling->hang_up.fd = g_socket_get_fd (socket);
  polling->hang_up.func = on_socket;
  /* Without memory for that its time-out ends it. */
  if (!gst_chat_poller_add (gst_chat_door_get_poller (polling->door),
          &polling->hang_up, EPOLLIN))
    polling->hang_up.fd = -1;
}

void
gst_chat_transport_polling_get (GstChatTransport * transport,
    SoupServerMessage * message, GstChatOutbox * outbox)
{
  Polling *polling = (Polling *) transport;
  if (polling->parked != NULL) {
    /* As real servers have it: the second is refused and both are lost. */
    soup_server_message_set_status (message,
        transport->eio == GST_CHAT_EIO_3 ? SOUP_STATUS_INTERNAL_SERVER_ERROR :
        SOUP_STATUS_BAD_REQUEST, NULL);
    gst_chat_transport_tell_failed (transport, GST_CHAT_END_MALFORMED);
    return;
  }
  if (outbox->bytes == 0) {
    park (polling, message);
    return;
  }
  g_autoptr (GString) body = take_body (transport->eio, outbox);
  answer (message, body);
}

static gboolean
on_packet (const GstChatEioPacket * packet, gpointer user_data)
{
  GstChatTransport *transport = user_data;
  gst_chat_transport_tell_packet (transport, packet);
  return transport->events != NULL;
}

void
gst_chat_transport_polling_post (GstChatTransport * transport,
    SoupServerMessage * message)
{
  const gchar *type = soup_message_headers_get_content_type
      (soup_server_message_get_request_headers (message), NULL);
  gboolean octets = g_strcmp0 (type, "application/octet-stream") == 0;
  if (octets && transport->eio == GST_CHAT_EIO_4) {
    soup_server_message_set_status (message, SOUP_STATUS_BAD_REQUEST, NULL);
    gst_chat_transport_tell_failed (transport, GST_CHAT_END_MALFORMED);
    return;
  }

  soup_server_message_set_status (message, SOUP_STATUS_OK, NULL);
  soup_server_message_set_response (message, "text/html", SOUP_MEMORY_STATIC,
      "ok", 2);

  SoupMessageBody *request = soup_server_message_get_request_body (message);
  g_autoptr (GBytes) body = soup_message_body_flatten (request);
  gsize len;
  const gchar *data = g_bytes_get_data (body, &len);
  gst_chat_transport_ref (transport);
  if (!gst_chat_eio_parse_payload (transport->eio, octets, data, len,
          on_packet, transport, NULL))
    gst_chat_transport_tell_failed (transport, GST_CHAT_END_MALFORMED);
  gst_chat_transport_unref (transport);
}
