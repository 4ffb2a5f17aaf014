/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The bytes of one connection that HTTP has given up. */
#include "chatstream.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <string.h>
#include <unistd.h>

/* More than libsoup reads ahead. */
#define EARLY_BYTES (16 * 1024)

static gboolean
is_plain (const GstChatStream * stream)
{
  return stream->io == NULL;
}

static void
on_watch (GstChatWatch * watch, guint events)
{
  GstChatStream *stream = GST_CHAT_OWNER_OF (GstChatStream, watch, watch);
  /* Only one of them: what the first does may end it. Writing is wanted seldom,
   * and must not wait for one that never stops sending. Errors show on both. */
  if ((events & EPOLLOUT) != 0)
    stream->writable (stream);
  else
    stream->readable (stream);
}

/* libsoup has a stream of its own around that of the socket; what it has read
 * too much is in there. */
static GIOStream *
base_of (GIOStream * io)
{
  GIOStream *base = NULL;
  if (g_object_class_find_property (G_OBJECT_GET_CLASS (io), "base-iostream"))
    g_object_get (io, "base-iostream", &base, NULL);
  return base != NULL ? base : g_object_ref (io);
}

static GSocket *
plain_socket_of (GIOStream * base)
{
  if (!G_IS_SOCKET_CONNECTION (base) || G_IS_TCP_WRAPPER_CONNECTION (base))
    return NULL;
  return g_socket_connection_get_socket (G_SOCKET_CONNECTION (base));
}

static void
on_early (GstChatTask * task)
{
  GstChatStream *stream = GST_CHAT_OWNER_OF (GstChatStream, early_task, task);
  stream->readable (stream);
}

/* FALSE: there is still more of it, so that @io goes on being read. */
static gboolean
take_early (GstChatStream * stream, GIOStream * io)
{
  gchar buffer[EARLY_BYTES];
  GPollableInputStream *in =
      G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (io));
  gssize n = g_pollable_input_stream_read_nonblocking (in, buffer,
      sizeof buffer, NULL, NULL);
  if (n > 0) {
    stream->early = g_bytes_new (buffer, (gsize) n);
    gst_chat_poller_run_later (stream->poller, &stream->early_task);
  }
  return n < (gssize) sizeof buffer;
}

/* The descriptor of @io, doubled, so that @io and all that libsoup hangs on it
 * can go. FALSE: it has none, or there are no more. */
static gboolean
take_socket (GstChatStream * stream, GIOStream * io)
{
  g_autoptr (GIOStream) base = base_of (io);
  GSocket *socket = plain_socket_of (base);
  if (socket == NULL || !take_early (stream, io))
    return FALSE;
  stream->watch.fd = fcntl (g_socket_get_fd (socket), F_DUPFD_CLOEXEC, 0);
  if (stream->watch.fd < 0)
    return FALSE;
  if (!gst_chat_poller_add (stream->poller, &stream->watch, EPOLLIN)) {
    close (stream->watch.fd);
    stream->watch.fd = -1;
    return FALSE;
  }
  g_io_stream_close (io, NULL, NULL);
  g_io_stream_close (base, NULL, NULL);
  return TRUE;
}

static gboolean
on_io_readable (GObject * object, gpointer user_data)
{
  GstChatStream *stream = user_data;
  stream->readable (stream);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_io_writable (GObject * object, gpointer user_data)
{
  GstChatStream *stream = user_data;
  stream->writable (stream);
  return G_SOURCE_CONTINUE;
}

static void
attach (GSource ** place, GSource * source, GSourceFunc func,
    GstChatStream * stream)
{
  g_source_set_callback (source, func, stream, NULL);
  g_source_attach (source, g_main_context_get_thread_default ());
  *place = source;
}

static void
detach (GSource ** place)
{
  if (*place == NULL)
    return;
  g_source_destroy (*place);
  g_clear_pointer (place, g_source_unref);
}

static GPollableInputStream *
input_of (const GstChatStream * stream)
{
  return G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (stream->io));
}

static GPollableOutputStream *
output_of (const GstChatStream * stream)
{
  return G_POLLABLE_OUTPUT_STREAM (g_io_stream_get_output_stream (stream->io));
}

void
gst_chat_stream_open (GstChatStream * stream, GstChatPoller * poller,
    GIOStream * io)
{
  stream->poller = poller;
  stream->watch.fd = -1;
  stream->watch.func = on_watch;
  stream->early_task.func = on_early;
  if (take_socket (stream, io))
    return;
  stream->io = g_object_ref (io);
  attach (&stream->in_source,
      g_pollable_input_stream_create_source (input_of (stream), NULL),
      G_SOURCE_FUNC (on_io_readable), stream);
}

void
gst_chat_stream_close (GstChatStream * stream)
{
  if (stream->watch.fd >= 0) {
    gst_chat_poller_remove (stream->poller, &stream->watch, FALSE);
    close (stream->watch.fd);
    stream->watch.fd = -1;
  }
  gst_chat_poller_cancel (stream->poller, &stream->early_task);
  g_clear_pointer (&stream->early, g_bytes_unref);
  detach (&stream->in_source);
  detach (&stream->out_source);
  if (stream->io != NULL)
    g_io_stream_close (stream->io, NULL, NULL);
  g_clear_object (&stream->io);
}

static gssize
result_of (gssize n, const GError * error)
{
  if (n >= 0)
    return n;
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK) ?
      GST_CHAT_STREAM_AGAIN : GST_CHAT_STREAM_BROKEN;
}

static gssize
result_of_call (gssize n)
{
  if (n >= 0)
    return n;
  return errno == EAGAIN || errno == EINTR ? GST_CHAT_STREAM_AGAIN :
      GST_CHAT_STREAM_BROKEN;
}

static gsize
read_early (GstChatStream * stream, gpointer data, gsize len)
{
  gsize have;
  gconstpointer early = g_bytes_get_data (stream->early, &have);
  gsize n = MIN (len, have);
  memcpy (data, early, n);
  GBytes *rest = n == have ? NULL :
      g_bytes_new_from_bytes (stream->early, n, have - n);
  g_bytes_unref (stream->early);
  stream->early = rest;
  if (rest != NULL)
    gst_chat_poller_run_later (stream->poller, &stream->early_task);
  return n;
}

gssize
gst_chat_stream_read (GstChatStream * stream, gpointer data, gsize len)
{
  if (stream->early != NULL)
    return (gssize) read_early (stream, data, len);
  if (is_plain (stream))
    return result_of_call (recv (stream->watch.fd, data, len, 0));
  g_autoptr (GError) error = NULL;
  gssize n = g_pollable_input_stream_read_nonblocking (input_of (stream), data,
      len, NULL, &error);
  return result_of (n, error);
}

gssize
gst_chat_stream_write (GstChatStream * stream, gconstpointer data, gsize len)
{
  if (is_plain (stream))
    return result_of_call (send (stream->watch.fd, data, len, MSG_NOSIGNAL));
  g_autoptr (GError) error = NULL;
  gssize n = g_pollable_output_stream_write_nonblocking (output_of (stream),
      data, len, NULL, &error);
  return result_of (n, error);
}

void
gst_chat_stream_want_writable (GstChatStream * stream, gboolean wanted)
{
  if (stream->watch.fd >= 0)
    gst_chat_poller_change (stream->poller, &stream->watch,
        wanted ? EPOLLIN | EPOLLOUT : EPOLLIN);
  else if (stream->io != NULL && wanted && stream->out_source == NULL)
    attach (&stream->out_source,
        g_pollable_output_stream_create_source (output_of (stream), NULL),
        G_SOURCE_FUNC (on_io_writable), stream);
  else if (!wanted)
    detach (&stream->out_source);
}
