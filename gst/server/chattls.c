/* SPDX-License-Identifier: LGPL-2.1-or-later
 * TLS in front of the server: certificate, handshake, and who comes without. */
#include "chattls.h"

#include "chaterror.h"
#include "chattlsstream.h"

/* The first byte of a TLS handshake record; no method of HTTP begins with it. */
#define HANDSHAKE_RECORD 22

struct _GstChatTls
{
  gchar *certificate_file;
  gchar *key_file;
  SSL_CTX *context;
  GQueue arrivals;              /* Arrival */
  GstChatTlsFunc func;
  GstChatTlsFailedFunc failed;
  gpointer user_data;
};

/* One connection on its way in. */
typedef struct
{
  GstChatTls *tls;
  GSocketConnection *connection;
  GSocketAddress *remote;
  GList link;                   /* in tls->arrivals */
  GSource *source;              /* for what it waits for */
  GstChatTlsStream *stream;     /* NULL before its first byte */
} Arrival;

/* A server has nobody to ask. */
static int
no_password (char *buffer, int size, int writing, void *user_data)
{
  return 0;
}

static int
choose_protocol (SSL * ssl, const guchar ** out, guchar * out_len,
    const guchar * in, guint in_len, void *user_data)
{
  static const guchar http[] = "\x08http/1.1";
  return SSL_select_next_proto ((guchar **) out, out_len, http,
      sizeof http - 1, in, in_len) == OPENSSL_NPN_NEGOTIATED ?
      SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

static SSL_CTX *
new_context (void)
{
  SSL_CTX *context = SSL_CTX_new (TLS_server_method ());
  SSL_CTX_set_min_proto_version (context, TLS1_2_VERSION);
  SSL_CTX_set_default_passwd_cb (context, no_password);
  SSL_CTX_set_alpn_select_cb (context, choose_protocol, NULL);
  /* Many end the stream without a good-bye of TLS; HTTP and WebSockets have
   * their own lengths. */
  SSL_CTX_set_options (context, SSL_OP_NO_RENEGOTIATION
      | SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_CIPHER_SERVER_PREFERENCE);
  /* A quiet connection keeps no buffers. */
  SSL_CTX_set_mode (context, SSL_MODE_RELEASE_BUFFERS
      | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  return context;
}

static SSL_CTX *
load (const GstChatTls * tls, GError ** error)
{
  SSL_CTX *context = new_context ();
  if (SSL_CTX_use_certificate_chain_file (context, tls->certificate_file) == 1
      && SSL_CTX_use_PrivateKey_file (context, tls->key_file,
          SSL_FILETYPE_PEM) == 1 && SSL_CTX_check_private_key (context) == 1)
    return context;
  g_autofree gchar *why = gst_chat_tls_error_text ();
  g_set_error (error, GST_CHAT_ERROR, GST_CHAT_ERROR_MISSING,
      "The certificate %s with the key %s cannot be used: %s. Both have to "
      "be PEM files that this user may read, without a password.",
      tls->certificate_file, tls->key_file, why);
  SSL_CTX_free (context);
  return NULL;
}

GstChatTls *
gst_chat_tls_new (const gchar * certificate, const gchar * key, GError ** error)
{
  g_autoptr (GstChatTls) tls = g_new0 (GstChatTls, 1);
  tls->certificate_file = g_strdup (certificate);
  tls->key_file = g_strdup (key != NULL ? key : certificate);
  tls->context = load (tls, error);
  return tls->context == NULL ? NULL : g_steal_pointer (&tls);
}

static void
clear_source (Arrival * arrival)
{
  if (arrival->source == NULL)
    return;
  g_source_destroy (arrival->source);
  g_clear_pointer (&arrival->source, g_source_unref);
}

static void
arrival_free (Arrival * arrival)
{
  clear_source (arrival);
  g_queue_unlink (&arrival->tls->arrivals, &arrival->link);
  g_clear_object (&arrival->stream);
  g_object_unref (arrival->connection);
  g_object_unref (arrival->remote);
  g_free (arrival);
}

void
gst_chat_tls_free (GstChatTls * tls)
{
  if (tls == NULL)
    return;
  while (tls->arrivals.head != NULL)
    arrival_free (tls->arrivals.head->data);
  g_free (tls->certificate_file);
  g_free (tls->key_file);
  SSL_CTX_free (tls->context);
  g_free (tls);
}

void
gst_chat_tls_set_funcs (GstChatTls * tls, GstChatTlsFunc func,
    GstChatTlsFailedFunc failed, gpointer user_data)
{
  tls->func = func;
  tls->failed = failed;
  tls->user_data = user_data;
}

gboolean
gst_chat_tls_reload (GstChatTls * tls, GError ** error)
{
  SSL_CTX *fresh = load (tls, error);
  if (fresh == NULL)
    return FALSE;
  /* Connections keep the one that they began with. */
  SSL_CTX_free (tls->context);
  tls->context = fresh;
  return TRUE;
}

static GSocket *
socket_of (const Arrival * arrival)
{
  return g_socket_connection_get_socket (arrival->connection);
}

static void
await (Arrival * arrival, GIOCondition condition, GSocketSourceFunc func)
{
  clear_source (arrival);
  arrival->source = g_socket_create_source (socket_of (arrival), condition,
      NULL);
  g_source_set_callback (arrival->source, G_SOURCE_FUNC (func), arrival, NULL);
  g_source_attach (arrival->source, g_main_context_get_thread_default ());
}

static gboolean
on_ready (GSocket * socket, GIOCondition condition, gpointer user_data)
{
  Arrival *arrival = user_data;
  GstChatTls *tls = arrival->tls;
  g_autoptr (GError) error = NULL;
  GIOCondition needs = 0;
  switch (gst_chat_tls_stream_shake_hands (arrival->stream, &needs, &error)) {
    case GST_CHAT_TLS_WAIT:
      await (arrival, needs, on_ready);
      return G_SOURCE_REMOVE;
    case GST_CHAT_TLS_DONE:
      tls->func (G_IO_STREAM (arrival->stream), arrival->remote, FALSE,
          tls->user_data);
      break;
    case GST_CHAT_TLS_FAILED:
      tls->failed (arrival->remote, error->message, tls->user_data);
      break;
  }
  arrival_free (arrival);
  return G_SOURCE_REMOVE;
}

static gboolean
on_first_byte (GSocket * socket, GIOCondition condition, gpointer user_data)
{
  Arrival *arrival = user_data;
  GstChatTls *tls = arrival->tls;
  guint8 byte;
  GInputVector vector = { &byte, 1 };
  gint flags = G_SOCKET_MSG_PEEK;
  g_autoptr (GError) error = NULL;
  gssize n = g_socket_receive_message (socket, NULL, &vector, 1, NULL, NULL,
      &flags, NULL, &error);
  if (n < 0 && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    return G_SOURCE_CONTINUE;
  if (n > 0 && byte == HANDSHAKE_RECORD) {
    arrival->stream = gst_chat_tls_stream_new (tls->context, socket);
    return on_ready (socket, condition, arrival);
  }
  if (n > 0)
    tls->func (G_IO_STREAM (arrival->connection), arrival->remote, TRUE,
        tls->user_data);
  arrival_free (arrival);
  return G_SOURCE_REMOVE;
}

void
gst_chat_tls_accept (GstChatTls * tls, GSocketConnection * connection,
    GSocketAddress * remote)
{
  Arrival *arrival = g_new0 (Arrival, 1);
  arrival->tls = tls;
  arrival->connection = g_object_ref (connection);
  arrival->remote = g_object_ref (remote);
  arrival->link.data = arrival;
  g_queue_push_tail_link (&tls->arrivals, &arrival->link);
  await (arrival, G_IO_IN, on_first_byte);
}
