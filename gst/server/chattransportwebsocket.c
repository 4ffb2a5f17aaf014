/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The WebSocket transport: frames on a connection that HTTP has given up. */
#include "chattransportwebsocket.h"

#include <string.h>

#include "chatstream.h"
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
  GstChatStream stream;
  GstChatTask fail;             /* to tell of a failed write from the loop */
  GstChatTimer linger;          /* holds a reference while it runs */
  GstChatWsReader *reader;
  GByteArray *pending;          /* frames; the first `written` bytes are out. NULL: none */
  gsize written;
  gboolean broken;
  gboolean close_sent;
} WebSocket;

static void
on_fail (GstChatTask * task)
{
  WebSocket *ws = GST_CHAT_OWNER_OF (WebSocket, fail, task);
  gst_chat_transport_tell_failed (&ws->base, GST_CHAT_END_GONE);
}

static void
fail_later (WebSocket * ws)
{
  ws->broken = TRUE;
  gst_chat_stream_want_writable (&ws->stream, FALSE);
  gst_chat_poller_run_later (ws->stream.poller, &ws->fail);
}

static gsize
n_pending (const WebSocket * ws)
{
  return ws->pending == NULL ? 0 : ws->pending->len - ws->written;
}

/* Writes as much of @data as the socket takes. */
static gsize
write_some (WebSocket * ws, const guint8 * data, gsize len)
{
  gsize done = 0;
  while (done < len) {
    gssize n = gst_chat_stream_write (&ws->stream, data + done, len - done);
    if (n == GST_CHAT_STREAM_AGAIN)
      break;
    if (n < 0) {
      fail_later (ws);
      break;
    }
    done += (gsize) n;
  }
  return done;
}

static void
write_pending (WebSocket * ws)
{
  if (ws->broken || ws->pending == NULL)
    return;
  ws->written += write_some (ws, ws->pending->data + ws->written,
      n_pending (ws));
  if (ws->broken || n_pending (ws) > 0)
    return;
  /* An idle connection keeps no buffer. */
  g_clear_pointer (&ws->pending, g_byte_array_unref);
  ws->written = 0;
  gst_chat_stream_want_writable (&ws->stream, FALSE);
}

/* Sends @frames, or keeps what the socket does not take. */
static void
write_frames (WebSocket * ws, const GByteArray * frames)
{
  if (ws->broken)
    return;
  gsize done = 0;
  if (ws->pending == NULL)
    done = write_some (ws, frames->data, frames->len);
  if (ws->broken || done == frames->len)
    return;
  if (ws->pending == NULL) {
    ws->pending = g_byte_array_new ();
    gst_chat_stream_want_writable (&ws->stream, TRUE);
  }
  g_byte_array_append (ws->pending, frames->data + done,
      (guint) (frames->len - done));
}

/* One thread a server: it is empty between two calls. */
static GByteArray *
begin_frames (void)
{
  static GPrivate of_thread =
      G_PRIVATE_INIT ((GDestroyNotify) (void (*)(void)) g_byte_array_unref);
  GByteArray *frames = g_private_get (&of_thread);
  if (frames == NULL) {
    frames = g_byte_array_new ();
    g_private_set (&of_thread, frames);
  }
  g_byte_array_set_size (frames, 0);
  return frames;
}

static void
disconnect (WebSocket * ws)
{
  gst_chat_poller_cancel (ws->stream.poller, &ws->fail);
  gst_chat_stream_close (&ws->stream);
  if (ws->linger.next == NULL)
    return;
  gst_chat_timer_stop (&ws->linger);
  gst_chat_transport_unref (&ws->base);
}

static void
on_writable (GstChatStream * stream)
{
  WebSocket *ws = GST_CHAT_OWNER_OF (WebSocket, stream, stream);
  gst_chat_transport_ref (&ws->base);
  write_pending (ws);
  if (n_pending (ws) < PENDING_BYTES)
    gst_chat_transport_tell_writable (&ws->base);
  gst_chat_transport_unref (&ws->base);
}

static void
websocket_flush (GstChatTransport * transport, GstChatOutbox * outbox)
{
  WebSocket *ws = (WebSocket *) transport;
  while (!ws->broken && !ws->close_sent && n_pending (ws) < PENDING_BYTES) {
    GByteArray *frames = begin_frames ();
    while (frames->len < PENDING_BYTES) {
      g_autoptr (GBytes) packet = gst_chat_outbox_pop (outbox);
      if (packet == NULL)
        break;
      gsize len;
      gconstpointer data = g_bytes_get_data (packet, &len);
      gst_chat_ws_append_frame (frames, GST_CHAT_WS_TEXT, data, len);
    }
    if (frames->len == 0)
      break;
    write_frames (ws, frames);
  }
}

static guint
status_of (GstChatEnd why)
{
  switch (why) {
    case GST_CHAT_END_TOO_BIG:
      return GST_CHAT_WS_STATUS_TOO_BIG;
    case GST_CHAT_END_REPLACED:
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
  GByteArray *frames = begin_frames ();
  gst_chat_ws_append_close (frames, status);
  write_frames (ws, frames);
}

static void
on_linger_over (GstChatTimer * timer, gint64 now)
{
  WebSocket *ws = GST_CHAT_OWNER_OF (WebSocket, linger, timer);
  disconnect (ws);
  gst_chat_transport_unref (&ws->base);
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
    ws->linger.func = on_linger_over;
    gst_chat_poller_start_timer (ws->stream.poller, &ws->linger,
        g_get_monotonic_time () + LINGER_MS * 1000);
  }
}

static void
websocket_free (GstChatTransport * transport)
{
  WebSocket *ws = (WebSocket *) transport;
  disconnect (ws);
  gst_chat_ws_reader_free (ws->reader);
  g_clear_pointer (&ws->pending, g_byte_array_unref);
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
      if (n_pending (ws) < PENDING_BYTES) {
        GByteArray *frames = begin_frames ();
        gst_chat_ws_append_frame (frames, GST_CHAT_WS_PONG, data, len);
        write_frames (ws, frames);
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
static void
on_readable (GstChatStream * stream)
{
  /* One thread a server: the buffer is empty between two calls. */
  static _Thread_local guint8 buffer[READ_BYTES];
  WebSocket *ws = GST_CHAT_OWNER_OF (WebSocket, stream, stream);
  gssize n = gst_chat_stream_read (stream, buffer, sizeof buffer);
  if (n == GST_CHAT_STREAM_AGAIN)
    return;

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
}

GstChatTransport *
gst_chat_transport_websocket_new (GIOStream * stream, GstChatPoller * poller,
    GstChatEio eio, gsize max_bytes)
{
  WebSocket *ws = g_new0 (WebSocket, 1);
  gst_chat_transport_init (&ws->base, &websocket_class, eio);
  ws->reader = gst_chat_ws_reader_new (max_bytes);
  ws->fail.func = on_fail;
  ws->stream.readable = on_readable;
  ws->stream.writable = on_writable;
  gst_chat_stream_open (&ws->stream, poller, stream);
  return &ws->base;
}
