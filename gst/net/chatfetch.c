/* SPDX-License-Identifier: LGPL-2.1-or-later
 * One HTTP request whose answer is read up to a bound. */
#include "chatfetch.h"
#include "chaterror.h"

#define CHUNK_BYTES 16384

typedef struct
{
  GstChatLoop *loop;
  SoupMessage *message;
  gsize max_bytes;
  GCancellable *cancellable;
  GstChatFetchFunc func;
  gpointer user_data;
  GInputStream *stream;
  GByteArray *body;
} Fetch;

static void
finish (Fetch * fetch, const GError * error)
{
  g_autoptr (GBytes) body = g_byte_array_free_to_bytes (fetch->body);
  fetch->func (fetch->message, error ? NULL : body, error, fetch->user_data);
  g_clear_object (&fetch->stream);
  g_object_unref (fetch->message);
  g_object_unref (fetch->cancellable);
  gst_chat_loop_release_in_loop (fetch->loop);
  gst_chat_loop_unref (fetch->loop);
  g_free (fetch);
}

static void read_on (Fetch * fetch);

static void
on_read (GObject * source, GAsyncResult * result, gpointer user_data)
{
  Fetch *fetch = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) chunk =
      g_input_stream_read_bytes_finish (G_INPUT_STREAM (source), result,
      &error);
  if (!chunk || g_bytes_get_size (chunk) == 0) {
    finish (fetch, error);
    return;
  }
  gsize len;
  const guint8 *data = g_bytes_get_data (chunk, &len);
  if (len > fetch->max_bytes - fetch->body->len) {
    g_set_error (&error, GST_CHAT_ERROR, GST_CHAT_ERROR_LIMIT,
        "the answer is longer than %" G_GSIZE_FORMAT " bytes",
        fetch->max_bytes);
    finish (fetch, error);
    return;
  }
  g_byte_array_append (fetch->body, data, len);
  read_on (fetch);
}

static void
read_on (Fetch * fetch)
{
  g_input_stream_read_bytes_async (fetch->stream, CHUNK_BYTES,
      G_PRIORITY_DEFAULT, fetch->cancellable, on_read, fetch);
}

static void
on_sent (GObject * source, GAsyncResult * result, gpointer user_data)
{
  Fetch *fetch = user_data;
  g_autoptr (GError) error = NULL;
  fetch->stream = soup_session_send_finish (SOUP_SESSION (source), result,
      &error);
  if (fetch->stream)
    read_on (fetch);
  else
    finish (fetch, error);
}

void
gst_chat_fetch_in_loop (GstChatLoop * loop, SoupSession * soup,
    SoupMessage * message, gsize max_bytes, GCancellable * cancellable,
    GstChatFetchFunc func, gpointer user_data)
{
  g_assert (gst_chat_loop_is_current (loop));
  Fetch *fetch = g_new0 (Fetch, 1);
  fetch->loop = gst_chat_loop_ref (loop);
  fetch->message = g_object_ref (message);
  fetch->max_bytes = max_bytes;
  fetch->cancellable = g_object_ref (cancellable);
  fetch->func = func;
  fetch->user_data = user_data;
  fetch->body = g_byte_array_new ();
  gst_chat_loop_hold_in_loop (loop);
  soup_session_send_async (soup, message, G_PRIORITY_DEFAULT, cancellable,
      on_sent, fetch);
}
