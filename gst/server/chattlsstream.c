/* SPDX-License-Identifier: LGPL-2.1-or-later
 * TLS of a server as a GIOStream that never waits. */
#include "chattlsstream.h"

#include <openssl/err.h>

/* What the three objects share: each may be the last. */
typedef struct
{
  SSL *ssl;
  GSocket *socket;
  GIOCondition read_needs;      /* TLS may have to write before it reads */
  GIOCondition write_needs;
  gboolean broken;              /* OpenSSL wants no good-bye then */
} Link;

static void
link_clear (gpointer data)
{
  Link *link = data;
  SSL_free (link->ssl);
  g_object_unref (link->socket);
}

static void
link_unref (Link * link)
{
  g_rc_box_release_full (link, link_clear);
}

gchar *
gst_chat_tls_error_text (void)
{
  gulong code = ERR_get_error ();
  ERR_clear_error ();
  if (code == 0)
    return g_strdup ("the connection ended");
  if (ERR_SYSTEM_ERROR (code))
    return g_strdup (g_strerror (ERR_GET_REASON (code)));
  const gchar *reason = ERR_reason_error_string (code);
  return g_strdup (reason != NULL ? reason : "unknown error");
}

/* What OpenSSL makes of @result: TRUE where it only has to wait. */
static gboolean
must_wait (Link * link, int result, GIOCondition * needs)
{
  switch (SSL_get_error (link->ssl, result)) {
    case SSL_ERROR_WANT_READ:
      *needs = G_IO_IN;
      return TRUE;
    case SSL_ERROR_WANT_WRITE:
      *needs = G_IO_OUT;
      return TRUE;
    default:
      return FALSE;
  }
}

static void
set_would_block (GError ** error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK,
      "TLS has to wait");
}

static gssize
break_with (Link * link, GError ** error)
{
  link->broken = TRUE;
  g_autofree gchar *text = gst_chat_tls_error_text ();
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED, text);
  return -1;
}

/* Reading. */

#define GST_CHAT_TYPE_TLS_INPUT (gst_chat_tls_input_get_type ())
G_DECLARE_FINAL_TYPE (GstChatTlsInput, gst_chat_tls_input, GST_CHAT, TLS_INPUT,
    GInputStream)
     struct _GstChatTlsInput
     {
       GInputStream parent;
       Link *link;
     };

     static void input_pollable_init (GPollableInputStreamInterface * iface);

G_DEFINE_TYPE_WITH_CODE (GstChatTlsInput, gst_chat_tls_input,
    G_TYPE_INPUT_STREAM, G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_INPUT_STREAM,
        input_pollable_init))
     static gssize input_read_now (GPollableInputStream * stream, void *buffer,
    gsize count, GError ** error)
{
  Link *link = GST_CHAT_TLS_INPUT (stream)->link;
  if (link->broken)
    return 0;
  ERR_clear_error ();
  int n = SSL_read (link->ssl, buffer, (int) MIN (count, G_MAXINT));
  if (n > 0)
    return n;
  if (must_wait (link, n, &link->read_needs)) {
    set_would_block (error);
    return -1;
  }
  if (SSL_get_error (link->ssl, n) == SSL_ERROR_ZERO_RETURN)
    return 0;
  return break_with (link, error);
}

/* Nobody in the server waits so; it is what a GInputStream has to have. */
static gssize
input_read (GInputStream * stream, void *buffer, gsize count,
    GCancellable * cancellable, GError ** error)
{
  Link *link = GST_CHAT_TLS_INPUT (stream)->link;
  for (;;) {
    g_autoptr (GError) why = NULL;
    gssize n = input_read_now (G_POLLABLE_INPUT_STREAM (stream), buffer, count,
        &why);
    if (n >= 0)
      return n;
    if (!g_error_matches (why, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK)) {
      g_propagate_error (error, g_steal_pointer (&why));
      return -1;
    }
    if (!g_socket_condition_wait (link->socket, link->read_needs, cancellable,
            error))
      return -1;
  }
}

static gboolean
input_is_readable (GPollableInputStream * stream)
{
  Link *link = GST_CHAT_TLS_INPUT (stream)->link;
  return SSL_has_pending (link->ssl)
      || g_socket_condition_check (link->socket, link->read_needs) != 0;
}

/* What TLS has read ahead does not show at the socket. */
static GSource *
input_create_source (GPollableInputStream * stream, GCancellable * cancellable)
{
  Link *link = GST_CHAT_TLS_INPUT (stream)->link;
  g_autoptr (GSource) base = SSL_pending (link->ssl) > 0 ?
      g_timeout_source_new (0) :
      g_socket_create_source (link->socket, link->read_needs, NULL);
  return g_pollable_source_new_full (stream, base, cancellable);
}

static void
input_pollable_init (GPollableInputStreamInterface * iface)
{
  iface->is_readable = input_is_readable;
  iface->create_source = input_create_source;
  iface->read_nonblocking = input_read_now;
}

static void
input_finalize (GObject * object)
{
  link_unref (GST_CHAT_TLS_INPUT (object)->link);
  G_OBJECT_CLASS (gst_chat_tls_input_parent_class)->finalize (object);
}

static void
gst_chat_tls_input_class_init (GstChatTlsInputClass * klass)
{
  G_OBJECT_CLASS (klass)->finalize = input_finalize;
  G_INPUT_STREAM_CLASS (klass)->read_fn = input_read;
}

static void
gst_chat_tls_input_init (GstChatTlsInput * self)
{
}

/* Writing. */

#define GST_CHAT_TYPE_TLS_OUTPUT (gst_chat_tls_output_get_type ())
G_DECLARE_FINAL_TYPE (GstChatTlsOutput, gst_chat_tls_output, GST_CHAT,
    TLS_OUTPUT, GOutputStream)
     struct _GstChatTlsOutput
     {
       GOutputStream parent;
       Link *link;
     };

     static void output_pollable_init (GPollableOutputStreamInterface * iface);

G_DEFINE_TYPE_WITH_CODE (GstChatTlsOutput, gst_chat_tls_output,
    G_TYPE_OUTPUT_STREAM, G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_OUTPUT_STREAM,
        output_pollable_init))
     static gssize output_write_now (GPollableOutputStream * stream,
    const void *buffer, gsize count, GError ** error)
{
  Link *link = GST_CHAT_TLS_OUTPUT (stream)->link;
  if (count == 0)
    return 0;
  if (link->broken) {
    ERR_clear_error ();
    return break_with (link, error);
  }
  ERR_clear_error ();
  int n = SSL_write (link->ssl, buffer, (int) MIN (count, G_MAXINT));
  if (n > 0)
    return n;
  if (must_wait (link, n, &link->write_needs)) {
    set_would_block (error);
    return -1;
  }
  return break_with (link, error);
}

static gssize
output_write (GOutputStream * stream, const void *buffer, gsize count,
    GCancellable * cancellable, GError ** error)
{
  Link *link = GST_CHAT_TLS_OUTPUT (stream)->link;
  for (;;) {
    g_autoptr (GError) why = NULL;
    gssize n = output_write_now (G_POLLABLE_OUTPUT_STREAM (stream), buffer,
        count, &why);
    if (n >= 0)
      return n;
    if (!g_error_matches (why, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK)) {
      g_propagate_error (error, g_steal_pointer (&why));
      return -1;
    }
    if (!g_socket_condition_wait (link->socket, link->write_needs, cancellable,
            error))
      return -1;
  }
}

static gboolean
output_is_writable (GPollableOutputStream * stream)
{
  Link *link = GST_CHAT_TLS_OUTPUT (stream)->link;
  return g_socket_condition_check (link->socket, link->write_needs) != 0;
}

static GSource *
output_create_source (GPollableOutputStream * stream,
    GCancellable * cancellable)
{
  Link *link = GST_CHAT_TLS_OUTPUT (stream)->link;
  g_autoptr (GSource) base = g_socket_create_source (link->socket,
      link->write_needs, NULL);
  return g_pollable_source_new_full (stream, base, cancellable);
}

static void
output_pollable_init (GPollableOutputStreamInterface * iface)
{
  iface->is_writable = output_is_writable;
  iface->create_source = output_create_source;
  iface->write_nonblocking = output_write_now;
}

static void
output_finalize (GObject * object)
{
  link_unref (GST_CHAT_TLS_OUTPUT (object)->link);
  G_OBJECT_CLASS (gst_chat_tls_output_parent_class)->finalize (object);
}

static void
gst_chat_tls_output_class_init (GstChatTlsOutputClass * klass)
{
  G_OBJECT_CLASS (klass)->finalize = output_finalize;
  G_OUTPUT_STREAM_CLASS (klass)->write_fn = output_write;
}

static void
gst_chat_tls_output_init (GstChatTlsOutput * self)
{
}

/* Both together. */

struct _GstChatTlsStream
{
  GIOStream parent;
  Link *link;
  GstChatTlsInput *in;
  GstChatTlsOutput *out;
};

G_DEFINE_TYPE (GstChatTlsStream, gst_chat_tls_stream, G_TYPE_IO_STREAM)
     GstChatTlsStream *gst_chat_tls_stream_new (SSL_CTX * context,
    GSocket * socket)
{
  Link *link = g_rc_box_new0 (Link);
  link->ssl = SSL_new (context);
  link->socket = g_object_ref (socket);
  link->read_needs = G_IO_IN;
  link->write_needs = G_IO_OUT;
  SSL_set_fd (link->ssl, g_socket_get_fd (socket));
  SSL_set_accept_state (link->ssl);

  GstChatTlsStream *self = g_object_new (GST_CHAT_TYPE_TLS_STREAM, NULL);
  self->link = link;
  self->in = g_object_new (GST_CHAT_TYPE_TLS_INPUT, NULL);
  self->in->link = g_rc_box_acquire (link);
  self->out = g_object_new (GST_CHAT_TYPE_TLS_OUTPUT, NULL);
  self->out->link = g_rc_box_acquire (link);
  return self;
}

GstChatTlsStep
gst_chat_tls_stream_shake_hands (GstChatTlsStream * stream, GError ** error)
{
  Link *link = stream->link;
  GIOCondition any;
  ERR_clear_error ();
  int result = SSL_do_handshake (link->ssl);
  if (result == 1)
    return GST_CHAT_TLS_DONE;
  if (must_wait (link, result, &any))
    return GST_CHAT_TLS_WAIT;
  break_with (link, error);
  return GST_CHAT_TLS_FAILED;
}

gssize
gst_chat_tls_stream_peek (GstChatTlsStream * stream, gpointer buffer,
    gsize size)
{
  Link *link = stream->link;
  ERR_clear_error ();
  int n = SSL_peek (link->ssl, buffer, (int) MIN (size, G_MAXINT));
  if (n > 0)
    return n;
  return must_wait (link, n, &link->read_needs) ? -1 : 0;
}

static GInputStream *
get_input_stream (GIOStream * stream)
{
  return G_INPUT_STREAM (GST_CHAT_TLS_STREAM (stream)->in);
}

static GOutputStream *
get_output_stream (GIOStream * stream)
{
  return G_OUTPUT_STREAM (GST_CHAT_TLS_STREAM (stream)->out);
}

static gboolean
close_stream (GIOStream * stream, GCancellable * cancellable, GError ** error)
{
  Link *link = GST_CHAT_TLS_STREAM (stream)->link;
  ERR_clear_error ();
  if (!link->broken && SSL_is_init_finished (link->ssl))
    SSL_shutdown (link->ssl);
  ERR_clear_error ();
  link->broken = TRUE;
  return g_socket_close (link->socket, error);
}

static void
finalize (GObject * object)
{
  GstChatTlsStream *self = GST_CHAT_TLS_STREAM (object);
  G_OBJECT_CLASS (gst_chat_tls_stream_parent_class)->finalize (object);
  g_object_unref (self->in);
  g_object_unref (self->out);
  link_unref (self->link);
}

static void
gst_chat_tls_stream_class_init (GstChatTlsStreamClass * klass)
{
  G_OBJECT_CLASS (klass)->finalize = finalize;
  G_IO_STREAM_CLASS (klass)->get_input_stream = get_input_stream;
  G_IO_STREAM_CLASS (klass)->get_output_stream = get_output_stream;
  G_IO_STREAM_CLASS (klass)->close_fn = close_stream;
}

static void
gst_chat_tls_stream_init (GstChatTlsStream * self)
{
}
