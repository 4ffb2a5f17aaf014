/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The WebSocket transport: frames on a connection that HTTP has given up. */
#include "chattransportwebsocket.h"

#include <string.h>

#include "chatwsframe.h"

/* What one connection may read before others get their turn. */
#define READ_BYTES (64 * 1024)
/* Beyond it packets stay in the session's outbox, where they are counted. */
#define PENDING_BYTES (64 * 1024)
/* How long a closed connection waits for the other's CLOSE. */
#define LINGER_MS 1000

typedef struct
{
  GstChatTransport base;
  GIOStream *stream;
  GPollableInputStream *in;
  GPollableOutputStream *out;
  GSource *in_source;
  GSource *out_source;          /* while something is pending */
  GSource *fail_source;         /* to tell of a failed write from the loop */
  GSource *linger;              /* holds a reference */
  GstChatWsReader *reader;
  GByteArray *pending;          /* frames; the first `written` bytes are out */
  gsize written;
  gboolean broken;
  gboolean close_sent;
} WebSocket;

static gboolean on_writable (GObject * stream, gpointer user_data);

static void
clear_source (GSource ** source)
{
  if (*source == NULL)
    return;
  g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static void
add_source (GSource ** source, GSource * fresh, GSourceFunc func,
    gpointer user_data, GDestroyNotify destroy)
{
  g_source_set_callback (fresh, func, user_data, destroy);
  g_source_attach (fresh, g_main_context_get_thread_default ());
  *source = fresh;
}

static gboolean
on_failed (gpointer user_data)
{
  WebSocket *ws = user_data;
  gst_chat_transport_ref (&ws->base);
  clear_source (&ws->fail_source);
  gst_chat_transport_tell_failed (&ws->base, GST_CHAT_END_GONE);
  gst_chat_transport_unref (&ws->base);
  return G_SOURCE_REMOVE;
}

static void
fail_later (WebSocket * ws)
{
  ws->broken = TRUE;
  clear_source (&ws->out_source);
  if (ws->fail_source == NULL)
    add_source (&ws->fail_source, g_idle_source_new (), on_failed, ws, NULL);
}

/* Writes what the socket takes. */
static void
write_pending (WebSocket * ws)
{
  while (!ws->broken && ws->written < ws->pending->len) {
    g_autoptr (GError) error = NULL;
    gssize n = g_pollable_output_stream_write_nonblocking (ws->out,
        ws->pending->data + ws->written, ws->pending->len - ws->written, NULL,
        &error);
    if (n >= 0) {
      ws->written += n;
    } else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK)) {
      if (ws->out_source == NULL)
        add_source (&ws->out_source,
            g_pollable_output_stream_create_source (ws->out, NULL),
            G_SOURCE_FUNC (on_writable), ws, NULL);
      return;
    } else {
      fail_later (ws);
    }
  }
  clear_source (&ws->out_source);
  ws->written = 0;
  /* An idle connection keeps no buffer. */
  g_byte_array_unref (ws->pending);
  ws->pending = g_byte_array_new ();
}

static void
disconnect (WebSocket * ws)
{
  clear_source (&ws->in_source);
  clear_source (&ws->out_source);
  clear_source (&ws->fail_source);
  clear_source (&ws->linger);
  g_io_stream_close (ws->stream, NULL, NULL);
}

static gboolean
on_writable (GObject * stream, gpointer user_data)
{
  WebSocket *ws = user_data;
  gst_chat_transport_ref (&ws->base);
  write_pending (ws);
  if (ws->pending->len - ws->written < PENDING_BYTES)
    gst_chat_transport_tell_writable (&ws->base);
  gst_chat_transport_unref (&ws->base);
  return G_SOURCE_CONTINUE;
}

static void
websocket_flush (GstChatTransport * transport, GstChatOutbox * outbox)
{
  WebSocket *ws = (WebSocket *) transport;
  while (!ws->broken && ws->pending->len - ws->written < PENDING_BYTES) {
    g_autoptr (GBytes) packet = gst_chat_outbox_pop (outbox);
    if (packet == NULL)
      break;
    gsize len;
    gconstpointer data = g_bytes_get_data (packet, &len);
    gst_chat_ws_append_frame (ws->pending, GST_CHAT_WS_TEXT, data, len);
  }
  write_pending (ws);
}

static guint
status_of (GstChatEnd why)
{
  switch (why) {
    case GST_CHAT_END_TOO_BIG:
      return GST_CHAT_WS_STATUS_TOO_BIG;
    case GST_CHAT_END_SHUTDOWN:
      return GST_CHAT_WS_STATUS_GOING_AWAY;
    case GST_CHAT_END_GONE:
    case GST_CHAT_END_MALFORMED:
    case GST_CHAT_END_SAID:
    case GST_CHAT_END_TIMEOUT:
    case GST_CHAT_END_SLOW:
    case GST_CHAT_END_KICKED:
    case GST_CHAT_END_UPGRADED:
      return GST_CHAT_WS_STATUS_NONE;
  }
  return GST_CHAT_WS_STATUS_NONE;
}

static void
send_close (WebSocket * ws, guint status)
{
  if (ws->close_sent)
    return;
  ws->close_sent = TRUE;
  gst_chat_ws_append_close (ws->pending, status);
  write_pending (ws);
}

static gboolean
on_linger_over (gpointer user_data)
{
  disconnect (user_data);
  return G_SOURCE_REMOVE;
}

/* Closing at once could take the CLOSE frame with it: a connection with
 * unread data is reset. So the other may close first, for a moment. */
static void
websocket_close (GstChatTransport * transport, GstChatEnd why)
{
  WebSocket *ws = (WebSocket *) transport;
  send_close (ws, status_of (why));
  if (ws->broken || why == GST_CHAT_END_GONE || why == GST_CHAT_END_SHUTDOWN
      || why == GST_CHAT_END_SLOW) {
    disconnect (ws);
    gst_chat_transport_unref (transport);
  } else {
    add_source (&ws->linger, g_timeout_source_new (LINGER_MS), on_linger_over,
        ws, (GDestroyNotify) gst_chat_transport_unref);
  }
}

static void
websocket_free (GstChatTransport * transport)
{
  WebSocket *ws = (WebSocket *) transport;
  disconnect (ws);
  g_object_unref (ws->stream);
  gst_chat_ws_reader_free (ws->reader);
  g_byte_array_unref (ws->pending);
  g_free (ws);
}

static const GstChatTransportClass websocket_class = {
  .name = "websocket",
  .flush = websocket_flush,
  .close = websocket_close,
  .free = websocket_free,
};

static gboolean
on_message (GstChatWsOpcode opcode, const guint8 * data, gsize len,
    gpointer user_data)
{
  WebSocket *ws = user_data;
  GstChatEioPacket packet;

  switch (opcode) {
    case GST_CHAT_WS_TEXT:
      if (!gst_chat_eio_parse_text ((const gchar *) data, len, &packet, NULL))
        gst_chat_transport_tell_failed (&ws->base, GST_CHAT_END_MALFORMED);
      else
        gst_chat_transport_tell_packet (&ws->base, &packet);
      break;
    case GST_CHAT_WS_BINARY:
      if (!gst_chat_eio_parse_binary (ws->base.eio, data, len, &packet, NULL))
        gst_chat_transport_tell_failed (&ws->base, GST_CHAT_END_MALFORMED);
      else
        gst_chat_transport_tell_packet (&ws->base, &packet);
      break;
    case GST_CHAT_WS_PING:
      /* A client that pings and does not read gets no answers. */
      if (ws->pending->len - ws->written < PENDING_BYTES) {
        gst_chat_ws_append_frame (ws->pending, GST_CHAT_WS_PONG, data, len);
        write_pending (ws);
      }
      break;
    case GST_CHAT_WS_CLOSE:
      send_close (ws, GST_CHAT_WS_STATUS_NONE);
      gst_chat_transport_tell_failed (&ws->base, GST_CHAT_END_GONE);
      break;
    case GST_CHAT_WS_PONG:
    case GST_CHAT_WS_CONTINUATION:
      break;
  }
  return ws->base.events != NULL;
}

static void
fail_with_status (WebSocket * ws, guint status)
{
  /* The precise status now; the session knows only what is alike everywhere. */
  send_close (ws, status);
  gst_chat_transport_tell_failed (&ws->base,
      status == GST_CHAT_WS_STATUS_TOO_BIG ? GST_CHAT_END_TOO_BIG :
      GST_CHAT_END_MALFORMED);
}

/* Behind the CLOSE frame only the end of the stream is of interest. */
static gboolean
on_readable (GObject * stream, gpointer user_data)
{
  /* One thread a server: the buffer is empty between two calls. */
  static _Thread_local guint8 buffer[READ_BYTES];
  WebSocket *ws = user_data;
  g_autoptr (GError) error = NULL;
  gssize n = g_pollable_input_stream_read_nonblocking (ws->in, buffer,
      sizeof buffer, NULL, &error);
  if (n < 0 && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    return G_SOURCE_CONTINUE;

  gst_chat_transport_ref (&ws->base);
  if (n <= 0) {
    ws->broken = TRUE;
    gst_chat_transport_tell_failed (&ws->base, GST_CHAT_END_GONE);
    disconnect (ws);
  } else if (ws->base.events != NULL) {
    guint status = gst_chat_ws_reader_feed (ws->reader, buffer, (gsize) n,
        on_message, ws);
    if (status != 0)
      fail_with_status (ws, status);
  }
  gst_chat_transport_unref (&ws->base);
  return G_SOURCE_CONTINUE;
}

GstChatTransport *
gst_chat_transport_websocket_new (GIOStream * stream, GstChatEio eio,
    gsize max_bytes)
{
  WebSocket *ws = g_new0 (WebSocket, 1);
  gst_chat_transport_init (&ws->base, &websocket_class, eio);
  ws->stream = g_object_ref (stream);
  ws->in = G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (stream));
  ws->out = G_POLLABLE_OUTPUT_STREAM (g_io_stream_get_output_stream (stream));
  ws->reader = gst_chat_ws_reader_new (max_bytes);
  ws->pending = g_byte_array_new ();
  add_source (&ws->in_source,
      g_pollable_input_stream_create_source (ws->in, NULL),
      G_SOURCE_FUNC (on_readable), ws, NULL);
  return &ws->base;
}
