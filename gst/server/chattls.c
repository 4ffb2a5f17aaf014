/* SPDX-License-Identifier: LGPL-2.1-or-later
 * TLS in front of the server: certificate, handshake, and who comes without. */
#include "chattls.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "chatacceptfilter.h"
#include "chaterror.h"
#include "chattlsstream.h"

/* A handshake takes up to a millisecond, and what follows a part of one. So long
 * they are gone on with before others get their turn, in microseconds. */
#define TURN_US 2000
/* The first byte of a TLS handshake record; no method of HTTP begins with it. */
#define HANDSHAKE_RECORD 22

struct _GstChatTls
{
  gchar *certificate_file;
  gchar *key_file;
  SSL_CTX *context;
  GstChatPoller *poller;
  GQueue arrivals;              /* Arrival */
  GQueue turns;                 /* those that something has come for */
  GstChatTask take_turns;
  GstChatTlsFunc func;
  GstChatTlsFailedFunc failed;
  gpointer user_data;
};

/* One connection on its way in. */
typedef struct
{
  GstChatWatch watch;
  GstChatTls *tls;
  GSocketConnection *connection;
  GSocketAddress *remote;
  GList link;                   /* in tls->arrivals */
  GList turn;                   /* data: itself while it is in tls->turns */
  GstChatTlsStream *stream;     /* NULL before its first byte */
  gboolean secret;              /* the handshake is done */
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
arrival_free (Arrival * arrival)
{
  gst_chat_poller_remove (arrival->tls->poller, &arrival->watch, FALSE);
  g_queue_unlink (&arrival->tls->arrivals, &arrival->link);
  if (arrival->turn.data != NULL)
    g_queue_unlink (&arrival->tls->turns, &arrival->turn);
  g_clear_object (&arrival->stream);
  g_object_unref (arrival->connection);
  g_object_unref (arrival->remote);
  g_free (arrival);
}

/* It is no arrival any more. Caller unrefs. */
static GIOStream *
take_stream (Arrival * arrival)
{
  GIOStream *stream = arrival->stream != NULL ?
      G_IO_STREAM (arrival->stream) : G_IO_STREAM (arrival->connection);
  g_object_ref (stream);
  arrival_free (arrival);
  return stream;
}

/* As in the accept filter, only closing ends what knows the socket. */
static void
turn_away (Arrival * arrival)
{
  g_autoptr (GIOStream) stream = take_stream (arrival);
  g_io_stream_close (stream, NULL, NULL);
}

static void
hand_over (Arrival * arrival)
{
  GstChatTls *tls = arrival->tls;
  gboolean plain = arrival->stream == NULL;
  g_autoptr (GSocketAddress) remote = g_object_ref (arrival->remote);
  g_autoptr (GIOStream) stream = take_stream (arrival);
  tls->func (stream, remote, plain, tls->user_data);
}

void
gst_chat_tls_free (GstChatTls * tls)
{
  if (tls == NULL)
    return;
  while (tls->arrivals.head != NULL)
    turn_away (tls->arrivals.head->data);
  if (tls->poller != NULL)
    gst_chat_poller_cancel (tls->poller, &tls->take_turns);
  g_free (tls->certificate_file);
  g_free (tls->key_file);
  SSL_CTX_free (tls->context);
  g_free (tls);
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

/* TLS shows one record at a time: a head that comes in two is never seen as a
 * whole, and the socket has the second. */
static gboolean
has_request (Arrival * arrival, const gchar * text, gsize len)
{
  gchar byte;
  return gst_chat_accept_filter_has_head (text, len)
      || recv (arrival->watch.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

static void
look_for_request (Arrival * arrival)
{
  gchar head[GST_CHAT_ACCEPT_FILTER_MAX_HEAD];
  gssize n = gst_chat_tls_stream_peek (arrival->stream, head, sizeof head);
  if (n == 0)
    turn_away (arrival);
  else if (n > 0 && has_request (arrival, head, n))
    hand_over (arrival);
}

static void
shake_hands (Arrival * arrival)
{
  GstChatTls *tls = arrival->tls;
  g_autoptr (GError) error = NULL;
  switch (gst_chat_tls_stream_shake_hands (arrival->stream, &error)) {
    case GST_CHAT_TLS_WAIT:
      break;
    case GST_CHAT_TLS_DONE:
      arrival->secret = TRUE;
      look_for_request (arrival);
      break;
    case GST_CHAT_TLS_FAILED:
      tls->failed (arrival->remote, error->message, tls->user_data);
      turn_away (arrival);
      break;
  }
}

static void
look_at_first_byte (Arrival * arrival)
{
  guint8 byte;
  gssize n = recv (arrival->watch.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  if (n < 0 && (errno == EAGAIN || errno == EINTR))
    return;
  if (n <= 0) {
    turn_away (arrival);
  } else if (byte == HANDSHAKE_RECORD) {
    arrival->stream = gst_chat_tls_stream_new (arrival->tls->context,
        g_socket_connection_get_socket (arrival->connection));
    shake_hands (arrival);
  } else {
    hand_over (arrival);
  }
}

static void
on_turns (GstChatTask * task)
{
  GstChatTls *tls = GST_CHAT_OWNER_OF (GstChatTls, take_turns, task);
  gint64 end = g_get_monotonic_time () + TURN_US;
  while (tls->turns.length > 0) {
    GList *link = g_queue_pop_head_link (&tls->turns);
    Arrival *arrival = g_steal_pointer (&link->data);
    if (arrival->secret)
      look_for_request (arrival);
    else if (arrival->stream != NULL)
      shake_hands (arrival);
    else
      look_at_first_byte (arrival);
    if (g_get_monotonic_time () >= end)
      break;
  }
  if (tls->turns.length > 0)
    gst_chat_poller_run_later (tls->poller, task);
}

static void
on_event (GstChatWatch * watch, guint events)
{
  Arrival *arrival = (Arrival *) watch;
  if (arrival->turn.data != NULL)
    return;
  arrival->turn.data = arrival;
  g_queue_push_tail_link (&arrival->tls->turns, &arrival->turn);
  gst_chat_poller_run_later (arrival->tls->poller, &arrival->tls->take_turns);
}

void
gst_chat_tls_open (GstChatTls * tls, GstChatPoller * poller,
    GstChatTlsFunc func, GstChatTlsFailedFunc failed, gpointer user_data)
{
  tls->poller = poller;
  tls->take_turns.func = on_turns;
  tls->func = func;
  tls->failed = failed;
  tls->user_data = user_data;
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
  arrival->watch.fd =
      g_socket_get_fd (g_socket_connection_get_socket (connection));
  arrival->watch.func = on_event;
  /* Edge-triggered: each step goes on until it has to wait. */
  if (!gst_chat_poller_add (tls->poller, &arrival->watch,
          EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET))
    turn_away (arrival);
}
