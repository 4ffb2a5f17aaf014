/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Engine.IO over HTTP, for where a WebSocket cannot be had: one GET waits for
 * what the server says, one POST at a time carries what we say. */
#include "chatcarrier.h"
#include "chaterror.h"
#include "chatfetch.h"
#include "chatlimits.h"

#include <string.h>

/* One body may carry several messages. */
#define MAX_BODY_BYTES (4 * GST_CHAT_MAX_MESSAGE_BYTES)
/* What a POST is answered with: "ok". */
#define MAX_POST_ANSWER_BYTES 4096

typedef struct
{
  GstChatCarrier base;
  GstChatLoop *loop;
  GstChatEndpoint *endpoint;
  GCancellable *cancellable;
  gchar *sid;                   /* NULL until the handshake */
  guint max_payload;
  GQueue outbox;                /* gchar, owned: packets */
  gboolean posting;
  gboolean over;                /* failed, or closed by our owner: no callbacks */
  GSource *good_bye;            /* the deadline */
} Polling;

static void
polling_clear (gpointer data)
{
  Polling *self = data;
  g_queue_clear_full (&self->outbox, g_free);
  g_free (self->sid);
  g_object_unref (self->cancellable);
  gst_chat_endpoint_unref (self->endpoint);
  gst_chat_loop_unref (self->loop);
}

static void
polling_unref (gpointer self)
{
  g_rc_box_release_full (self, polling_clear);
}

static void
finish_good_bye (Polling * self)
{
  if (!self->good_bye)
    return;
  g_source_destroy (self->good_bye);
  g_clear_pointer (&self->good_bye, g_source_unref);
  g_cancellable_cancel (self->cancellable);
  gst_chat_loop_release_in_loop (self->loop);
  polling_unref (self);
}

/* Takes @error. */
static void
fail (Polling * self, GError * error)
{
  finish_good_bye (self);
  if (!self->over) {
    self->over = TRUE;
    g_cancellable_cancel (self->cancellable);
    self->base.callbacks.failed (error, self->base.user_data);
  }
  g_error_free (error);
}

static gboolean
on_packet (const GstChatEioPacket * packet, gpointer user_data)
{
  Polling *self = user_data;
  GstChatEioHandshake handshake;
  if (!self->sid && packet->type == GST_CHAT_EIO_OPEN
      && gst_chat_eio_handshake_parse (packet->data, &handshake, NULL)) {
    self->sid = g_strdup (handshake.sid);
    self->max_payload = handshake.max_payload;
    gst_chat_eio_handshake_clear (&handshake);
  }
  self->base.callbacks.packet (packet, self->base.user_data);
  return !self->over;
}

/* Which framing @body has: protocol 4 begins with the type of its first
 * packet, protocol 3 with a length. 0: neither. */
static GstChatEio
detect_eio (const gchar * body, gsize len)
{
  gsize digits = 0;
  while (digits < len && g_ascii_isdigit (body[digits]))
    digits++;
  if (digits > 0 && digits < len && body[digits] == ':')
    return GST_CHAT_EIO_3;
  return len > 1 && body[0] == '0' ? GST_CHAT_EIO_4 : 0;
}

static void poll_once (Polling * self);

static void
on_polled (SoupMessage * message, GBytes * bytes, const GError * error,
    gpointer user_data)
{
  Polling *self = user_data;
  gsize len = 0;
  const gchar *body = bytes ? g_bytes_get_data (bytes, &len) : NULL;
  g_autoptr (GError) reason = NULL;
  if (self->over) {
    polling_unref (self);
    return;
  }
  self->base.reached = bytes != NULL;
  if (!bytes || soup_message_get_status (message) != SOUP_STATUS_OK) {
    if (self->sid)
      fail (self, g_error_new (GST_CHAT_ERROR, GST_CHAT_ERROR_CONNECT,
              "Connection to %s lost: %s", self->endpoint->where,
              error ? error->message : soup_message_get_reason_phrase
              (message)));
    else
      fail (self, gst_chat_endpoint_error (self->endpoint, message, error));
  } else if (!self->sid && !(self->base.eio = detect_eio (body, len))) {
    fail (self, g_error_new (GST_CHAT_ERROR, GST_CHAT_ERROR_CONNECT,
            "%s is not a Socket.IO server: it answers something else at %s",
            self->endpoint->where, g_uri_get_path (self->endpoint->uri)));
  } else {
    if (!gst_chat_eio_parse_payload (self->base.eio, FALSE, body, len,
            on_packet, self, &reason) && !self->over)
      self->base.callbacks.refused (reason, self->base.user_data);
    if (self->sid)
      poll_once (self);
    else
      fail (self, g_error_new (GST_CHAT_ERROR, GST_CHAT_ERROR_CONNECT,
              "%s is not a Socket.IO server: its handshake is wrong",
              self->endpoint->where));
  }
  polling_unref (self);
}

static SoupMessage *
make_message (Polling * self, const gchar * method)
{
  /* Base64 for what is binary, so that a body is always text. */
  return gst_chat_endpoint_message (self->endpoint, method, "polling&b64=1",
      self->sid, self->base.eio ? self->base.eio : GST_CHAT_EIO_4);
}

static void
poll_once (Polling * self)
{
  if (self->over)
    return;
  g_autoptr (SoupMessage) message = make_message (self, SOUP_METHOD_GET);
  gst_chat_fetch_in_loop (self->loop, self->endpoint->soup, message,
      MAX_BODY_BYTES, self->cancellable, on_polled, g_rc_box_acquire (self));
}

static void post_next (Polling * self);

static void
on_posted (SoupMessage * message, GBytes * bytes, const GError * error,
    gpointer user_data)
{
  Polling *self = user_data;
  self->posting = FALSE;
  if (!bytes || soup_message_get_status (message) != SOUP_STATUS_OK)
    fail (self, g_error_new (GST_CHAT_ERROR, GST_CHAT_ERROR_CONNECT,
            "Connection to %s lost: %s", self->endpoint->where,
            error ? error->message : soup_message_get_reason_phrase (message)));
  else
    post_next (self);
  polling_unref (self);
}

/* As much of the outbox as the server takes in one body; one packet at least. */
static GBytes *
take_body (Polling * self)
{
  gsize limit = self->max_payload > 0 ? self->max_payload :
      GST_CHAT_MAX_MESSAGE_BYTES;
  GString *body = g_string_new (NULL);
  const gchar *next;
  /* Separator or length take less than 16 bytes. */
  while ((next = g_queue_peek_head (&self->outbox)) && (body->len == 0
          || body->len + strlen (next) + 16 <= limit)) {
    gst_chat_eio_append_payload (self->base.eio, body, next[0] - '0', FALSE,
        next + 1, strlen (next) - 1);
    g_free (g_queue_pop_head (&self->outbox));
  }
  return g_string_free_to_bytes (body);
}

static void
post_next (Polling * self)
{
  if (self->posting || !self->sid)
    return;
  if (g_queue_is_empty (&self->outbox)) {
    finish_good_bye (self);
    return;
  }
  self->posting = TRUE;
  g_autoptr (GBytes) body = take_body (self);
  g_autoptr (SoupMessage) message = make_message (self, SOUP_METHOD_POST);
  soup_message_set_request_body_from_bytes (message,
      "text/plain;charset=UTF-8", body);
  gst_chat_fetch_in_loop (self->loop, self->endpoint->soup, message,
      MAX_POST_ANSWER_BYTES, self->cancellable, on_posted,
      g_rc_box_acquire (self));
}

static void
polling_send (GstChatCarrier * carrier, const gchar * text)
{
  Polling *self = (Polling *) carrier;
  if (self->over || !self->sid)
    return;
  g_queue_push_tail (&self->outbox, g_strdup (text));
  post_next (self);
}

static void
on_good_bye_timeout (gpointer data)
{
  finish_good_bye (data);
}

static void
polling_close (GstChatCarrier * carrier, const gchar * good_bye)
{
  Polling *self = (Polling *) carrier;
  gboolean open = self->sid && !self->over;
  self->over = TRUE;
  if (!open) {
    g_cancellable_cancel (self->cancellable);
    polling_unref (self);
    return;
  }
  if (good_bye)
    g_queue_push_tail (&self->outbox, g_strdup (good_bye));
  g_queue_push_tail (&self->outbox, g_strdup ("1"));
  gst_chat_loop_hold_in_loop (self->loop);
  self->good_bye = gst_chat_loop_add_timeout (self->loop,
      GST_CHAT_GOOD_BYE_MS, on_good_bye_timeout, g_rc_box_acquire (self), NULL);
  post_next (self);
  polling_unref (self);
}

static const GstChatCarrierClass polling_class = {
  polling_send, polling_close
};

GstChatCarrier *
gst_chat_polling_new_in_loop (GstChatLoop * loop, GstChatEndpoint * endpoint,
    const GstChatCarrierCallbacks * callbacks, gpointer user_data)
{
  g_assert (gst_chat_loop_is_current (loop));
  Polling *self = g_rc_box_new0 (Polling);
  self->base.klass = &polling_class;
  self->base.callbacks = *callbacks;
  self->base.user_data = user_data;
  self->loop = gst_chat_loop_ref (loop);
  self->endpoint = gst_chat_endpoint_ref (endpoint);
  self->cancellable = g_cancellable_new ();
  g_queue_init (&self->outbox);
  poll_once (self);
  return &self->base;
}
