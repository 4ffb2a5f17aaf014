/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Engine.IO over a WebSocket: one message is one packet. */
#include "chatcarrier.h"
#include "chaterror.h"
#include "chatlimits.h"

/* A frame larger than a message may be is let in and its packet refused, since
 * one peer's flood must not cost us the connection; beyond this it does. */
#define MAX_FRAME_BYTES (4 * GST_CHAT_MAX_MESSAGE_BYTES)

typedef struct
{
  GstChatCarrier base;
  GstChatLoop *loop;
  GstChatEndpoint *endpoint;
  SoupMessage *request;
  GCancellable *cancellable;
  SoupWebsocketConnection *connection;  /* NULL until it is open */
  GError *error;                /* what libsoup said before it closed */
  GSource *good_bye;            /* the deadline */
  gboolean asked;               /* the request has gone out */
  gboolean closed;              /* by our owner: no callbacks */
} Websocket;

static void
websocket_clear (gpointer data)
{
  Websocket *self = data;
  if (self->connection)
    g_signal_handlers_disconnect_by_data (self->connection, self);
  g_signal_handlers_disconnect_by_data (self->request, self);
  g_clear_object (&self->connection);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->request);
  g_clear_error (&self->error);
  gst_chat_endpoint_unref (self->endpoint);
  gst_chat_loop_unref (self->loop);
}

static void
websocket_unref (gpointer self)
{
  g_rc_box_release_full (self, websocket_clear);
}

static void
fail (Websocket * self, GError * error)
{
  if (!self->closed)
    self->base.callbacks.failed (error, self->base.user_data);
  g_error_free (error);
}

static void
on_message (SoupWebsocketConnection * connection,
    SoupWebsocketDataType type, GBytes * bytes, gpointer user_data)
{
  Websocket *self = user_data;
  if (self->closed)
    return;
  gsize len;
  const gchar *data = g_bytes_get_data (bytes, &len);
  GstChatEioPacket packet;
  g_autoptr (GError) error = NULL;
  g_rc_box_acquire (self);
  if (type == SOUP_WEBSOCKET_DATA_BINARY) {
    /* The prefix of protocol 3 stays: nobody reads these bytes. */
    packet.type = GST_CHAT_EIO_MESSAGE;
    packet.binary = TRUE;
    packet.data.data = data;
    packet.data.len = len;
    self->base.callbacks.packet (&packet, self->base.user_data);
  } else if (gst_chat_eio_parse_text (data, len, &packet, &error)) {
    self->base.callbacks.packet (&packet, self->base.user_data);
  } else {
    self->base.callbacks.refused (error, self->base.user_data);
  }
  websocket_unref (self);
}

static void
on_error (SoupWebsocketConnection * connection, GError * error,
    gpointer user_data)
{
  Websocket *self = user_data;
  g_clear_error (&self->error);
  self->error = g_error_copy (error);
}

static void
finish_good_bye (Websocket * self)
{
  if (!self->good_bye)
    return;
  g_source_destroy (self->good_bye);
  g_clear_pointer (&self->good_bye, g_source_unref);
  gst_chat_loop_release_in_loop (self->loop);
  websocket_unref (self);
}

static void
on_closed (SoupWebsocketConnection * connection, gpointer user_data)
{
  Websocket *self = user_data;
  g_rc_box_acquire (self);
  const gchar *where = self->endpoint->where;
  gushort code = soup_websocket_connection_get_close_code (connection);
  if (self->error)
    fail (self, g_error_new (GST_CHAT_ERROR, GST_CHAT_ERROR_CONNECT,
            "Connection to %s lost: %s", where, self->error->message));
  else if (code == 0 || code == SOUP_WEBSOCKET_CLOSE_ABNORMAL)
    fail (self, g_error_new (GST_CHAT_ERROR, GST_CHAT_ERROR_CONNECT,
            "Connection to %s lost", where));
  else
    fail (self, g_error_new (GST_CHAT_ERROR, GST_CHAT_ERROR_CONNECT,
            "The server at %s closed the connection (code %u)", where, code));
  finish_good_bye (self);
  websocket_unref (self);
}

static void
on_wrote_headers (SoupMessage * request, gpointer user_data)
{
  ((Websocket *) user_data)->asked = TRUE;
}

/* A server in trouble, or one that sends elsewhere, is no reason to ask it in
 * another way at once. */
static gboolean
may_do_without_websocket (Websocket * self)
{
  guint status = soup_message_get_status (self->request);
  return status < 500 && status != 429 && !SOUP_STATUS_IS_REDIRECTION (status);
}

static void
on_connected (GObject * source, GAsyncResult * result, gpointer user_data)
{
  Websocket *self = user_data;
  g_autoptr (GError) error = NULL;
  self->connection = soup_session_websocket_connect_finish
      (SOUP_SESSION (source), result, &error);
  self->base.reached = self->asked && may_do_without_websocket (self);
  if (!self->connection) {
    fail (self, gst_chat_endpoint_error (self->endpoint, self->request, error));
  } else if (self->closed) {
    soup_websocket_connection_close (self->connection,
        SOUP_WEBSOCKET_CLOSE_GOING_AWAY, NULL);
  } else {
    soup_websocket_connection_set_max_incoming_payload_size (self->connection,
        MAX_FRAME_BYTES);
    /* Newer than libsoup 3.2, whose fragments add up without a bound. */
    if (g_object_class_find_property (G_OBJECT_GET_CLASS (self->connection),
            "max-total-message-size"))
      g_object_set (self->connection, "max-total-message-size",
          (guint64) MAX_FRAME_BYTES, NULL);
    g_signal_connect (self->connection, "message", G_CALLBACK (on_message),
        self);
    g_signal_connect (self->connection, "error", G_CALLBACK (on_error), self);
    g_signal_connect (self->connection, "closed", G_CALLBACK (on_closed), self);
  }
  gst_chat_loop_release_in_loop (self->loop);
  websocket_unref (self);
}

static gboolean
is_open (Websocket * self)
{
  return self->connection &&
      soup_websocket_connection_get_state (self->connection)
      == SOUP_WEBSOCKET_STATE_OPEN;
}

static void
websocket_send (GstChatCarrier * carrier, const gchar * text)
{
  Websocket *self = (Websocket *) carrier;
  if (is_open (self))
    soup_websocket_connection_send_text (self->connection, text);
}

static void
on_good_bye_timeout (gpointer data)
{
  finish_good_bye (data);
}

static void
websocket_close (GstChatCarrier * carrier, const gchar * good_bye)
{
  Websocket *self = (Websocket *) carrier;
  g_return_if_fail (!self->closed);
  self->closed = TRUE;
  /* Comes back through on_connected(), which holds the loop until then. */
  g_cancellable_cancel (self->cancellable);
  if (is_open (self)) {
    if (good_bye)
      soup_websocket_connection_send_text (self->connection, good_bye);
    gst_chat_loop_hold_in_loop (self->loop);
    self->good_bye = gst_chat_loop_add_timeout (self->loop,
        GST_CHAT_GOOD_BYE_MS, on_good_bye_timeout, g_rc_box_acquire (self),
        NULL);
    soup_websocket_connection_close (self->connection,
        SOUP_WEBSOCKET_CLOSE_NORMAL, NULL);
  }
  websocket_unref (self);
}

static const GstChatCarrierClass websocket_class = {
  websocket_send, websocket_close
};

GstChatCarrier *
gst_chat_websocket_new_in_loop (GstChatLoop * loop, GstChatEndpoint * endpoint,
    const GstChatCarrierCallbacks * callbacks, gpointer user_data)
{
  g_assert (gst_chat_loop_is_current (loop));
  Websocket *self = g_rc_box_new0 (Websocket);
  self->base.klass = &websocket_class;
  self->base.callbacks = *callbacks;
  self->base.user_data = user_data;
  self->loop = gst_chat_loop_ref (loop);
  self->endpoint = gst_chat_endpoint_ref (endpoint);
  self->cancellable = g_cancellable_new ();
  /* Protocol 4 is asked for in any case: servers of protocol 3 do not look. */
  self->request = gst_chat_endpoint_message (endpoint, SOUP_METHOD_GET,
      "websocket", NULL, GST_CHAT_EIO_4);
  g_signal_connect (self->request, "wrote-headers",
      G_CALLBACK (on_wrote_headers), self);
  gst_chat_loop_hold_in_loop (loop);
  soup_session_websocket_connect_async (endpoint->soup, self->request, NULL,
      NULL, G_PRIORITY_DEFAULT, self->cancellable, on_connected,
      g_rc_box_acquire (self));
  return &self->base;
}
