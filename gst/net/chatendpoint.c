/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Requests to the server, and its errors in words that say what to do next. */
#include "chatendpoint.h"
#include "chaterror.h"
#include "chaturi.h"

#include <string.h>

static void
append_query (GString * query, const gchar * key, const gchar * value)
{
  if (!value || !*value)
    return;
  g_autofree gchar *escaped = g_uri_escape_string (value, NULL, FALSE);
  g_string_append_printf (query, "&%s=%s", key, escaped);
}

static SoupSession *
make_soup (const GstChatSocketConfig * config, GError ** error)
{
  g_autoptr (GTlsDatabase) ca = NULL;
  if (config->tls_ca_file) {
    g_autoptr (GError) reason = NULL;
    ca = g_tls_file_database_new (config->tls_ca_file, &reason);
    if (!ca) {
      g_set_error (error, GST_CHAT_ERROR, GST_CHAT_ERROR_MISSING,
          "tls-ca-file %s cannot be used: %s", config->tls_ca_file,
          reason->message);
      return NULL;
    }
  }
  /* No time-outs of libsoup's: a long poll and a quiet WebSocket are both
   * legal, and the deadlines above it know more. */
  SoupSession *soup = soup_session_new_with_options ("timeout", 0,
      "idle-timeout", 60, "max-conns-per-host", 8, NULL);
  if (ca)
    soup_session_set_tls_database (soup, ca);
  return soup;
}

GstChatEndpoint *
gst_chat_endpoint_new_in_loop (const GstChatSocketConfig * config,
    GError ** error)
{
  g_autoptr (GUri) uri = gst_chat_uri_parse (config->uri, error);
  if (!uri)
    return NULL;
  SoupSession *soup = make_soup (config, error);
  if (!soup)
    return NULL;

  GstChatEndpoint *self = g_rc_box_new0 (GstChatEndpoint);
  self->soup = soup;
  const gchar *host = g_uri_get_host (uri);
  self->where = g_strdup_printf (strchr (host, ':') ? "[%s]:%d" : "%s:%d",
      host, g_uri_get_port (uri));
  self->uri = g_steal_pointer (&uri);
  GString *query = g_string_new (NULL);
  append_query (query, "name", config->name);
  append_query (query, "room", config->room);
  append_query (query, "token", config->token);
  self->query = g_string_free (query, FALSE);
  self->tls_validate = config->tls_validate;
  self->own_ca = config->tls_ca_file != NULL;
  self->timeout = config->timeout;
  return self;
}

GstChatEndpoint *
gst_chat_endpoint_ref (GstChatEndpoint * endpoint)
{
  return g_rc_box_acquire (endpoint);
}

static void
endpoint_clear (gpointer data)
{
  GstChatEndpoint *self = data;
  g_uri_unref (self->uri);
  g_free (self->where);
  g_free (self->query);
  g_free (self->remote);
  g_object_unref (self->soup);
}

void
gst_chat_endpoint_unref (GstChatEndpoint * endpoint)
{
  g_rc_box_release_full (endpoint, endpoint_clear);
}

static gboolean
accept_any_certificate (SoupMessage * message, GTlsCertificate * certificate,
    GTlsCertificateFlags errors, gpointer user_data)
{
  return TRUE;
}

static void
remember_remote (SoupMessage * message, gpointer user_data)
{
  GstChatEndpoint *endpoint = user_data;
  GSocketAddress *address = soup_message_get_remote_address (message);
  if (!G_IS_INET_SOCKET_ADDRESS (address))
    return;
  g_free (endpoint->remote);
  endpoint->remote = g_inet_address_to_string (g_inet_socket_address_get_address
      (G_INET_SOCKET_ADDRESS (address)));
}

SoupMessage *
gst_chat_endpoint_message (GstChatEndpoint * endpoint, const gchar * method,
    const gchar * transport, const gchar * sid, guint eio)
{
  g_autoptr (GString) query = g_string_new (NULL);
  const gchar *own = g_uri_get_query (endpoint->uri);
  if (own && *own)
    g_string_append_printf (query, "%s&", own);
  g_string_append_printf (query, "EIO=%u&transport=%s", eio, transport);
  /* Who we are is said once, in the handshake. */
  if (!sid)
    g_string_append (query, endpoint->query);
  append_query (query, "sid", sid);

  g_autoptr (GUri) uri = g_uri_build (G_URI_FLAGS_ENCODED,
      g_uri_get_scheme (endpoint->uri), NULL, g_uri_get_host (endpoint->uri),
      g_uri_get_port (endpoint->uri), g_uri_get_path (endpoint->uri),
      query->str, NULL);
  SoupMessage *message = soup_message_new_from_uri (method, uri);
  g_signal_connect_data (message, "wrote-headers",
      G_CALLBACK (remember_remote), gst_chat_endpoint_ref (endpoint),
      (GClosureNotify) (void (*)(void)) gst_chat_endpoint_unref, 0);
  /* A redirection could lead away from TLS, or the token to somebody else. */
  soup_message_add_flags (message, SOUP_MESSAGE_NO_REDIRECT);
  if (!endpoint->tls_validate)
    g_signal_connect (message, "accept-certificate",
        G_CALLBACK (accept_any_certificate), NULL);
  return message;
}

static GError *
make_error (GstChatError code, const gchar * format, ...)
G_GNUC_PRINTF (2, 3);

     static GError *make_error (GstChatError code, const gchar * format, ...)
{
  va_list args;
  va_start (args, format);
  GError *error = g_error_new_valist (GST_CHAT_ERROR, code, format, args);
  va_end (args);
  return error;
}

GError *
gst_chat_endpoint_timeout_error (GstChatEndpoint * endpoint)
{
  return make_error (GST_CHAT_ERROR_TIMEOUT,
      "No Socket.IO server answered at %s within %u.%u s. Is the uri right?%s",
      endpoint->where, endpoint->timeout / 1000, endpoint->timeout / 100 % 10,
      strcmp (g_uri_get_scheme (endpoint->uri), "https") == 0 ?
      " Where the server has no TLS, use chat:// instead of chats://." : "");
}

static GError *
status_error (GstChatEndpoint * endpoint, SoupMessage * message)
{
  guint status = soup_message_get_status (message);
  const gchar *path = g_uri_get_path (endpoint->uri);
  if (status == SOUP_STATUS_UNAUTHORIZED || status == SOUP_STATUS_FORBIDDEN)
    return make_error (GST_CHAT_ERROR_REFUSED,
        "The server at %s refused the connection (HTTP %u). "
        "Is the auth-token right?", endpoint->where, status);
  if (SOUP_STATUS_IS_REDIRECTION (status)) {
    const gchar *location =
        soup_message_headers_get_one (soup_message_get_response_headers
        (message), "Location");
    return make_error (GST_CHAT_ERROR_CONNECT,
        "%s sends on to %.200s (HTTP %u): use that as uri", endpoint->where,
        location ? location : "somewhere else", status);
  }
  if (status == 429 || status >= 500)
    return make_error (GST_CHAT_ERROR_CONNECT,
        "The server at %s cannot serve us now (HTTP %u at %s)",
        endpoint->where, status, path);
  return make_error (GST_CHAT_ERROR_CONNECT,
      "%s is not a Socket.IO server (HTTP %u at %s)", endpoint->where, status,
      path);
}

static void
append_flag (GString * text, GTlsCertificateFlags flags,
    GTlsCertificateFlags flag, const gchar * words)
{
  if (flags & flag)
    g_string_append_printf (text, "%s%s", text->len > 0 ? ", " : "", words);
}

static GError *
certificate_error (GstChatEndpoint * endpoint, SoupMessage * message,
    const GError * error)
{
  GTlsCertificateFlags flags = message ?
      soup_message_get_tls_peer_certificate_errors (message) : 0;
  g_autoptr (GString) text = g_string_new (NULL);
  append_flag (text, flags, G_TLS_CERTIFICATE_UNKNOWN_CA,
      "not signed by a known authority");
  append_flag (text, flags, G_TLS_CERTIFICATE_BAD_IDENTITY,
      "made for another host");
  append_flag (text, flags, G_TLS_CERTIFICATE_NOT_ACTIVATED, "not valid yet");
  append_flag (text, flags, G_TLS_CERTIFICATE_EXPIRED, "expired");
  append_flag (text, flags, G_TLS_CERTIFICATE_REVOKED, "revoked");
  append_flag (text, flags, G_TLS_CERTIFICATE_INSECURE, "too weak");
  const gchar *hint = "Is the clock of this machine right?";
  if (flags & G_TLS_CERTIFICATE_BAD_IDENTITY)
    hint = "Is the host in the uri right?";
  else if (flags & G_TLS_CERTIFICATE_UNKNOWN_CA)
    hint = endpoint->own_ca ? "Is its authority in tls-ca-file?"
        : "Give its authority with tls-ca-file";
  return make_error (GST_CHAT_ERROR_CONNECT,
      "The certificate of %s cannot be trusted: %s. %s (or, for tests only, "
      "tls-validate=false).", endpoint->where,
      text->len > 0 ? text->str : error->message, hint);
}

GError *
gst_chat_endpoint_error (GstChatEndpoint * endpoint, SoupMessage * message,
    const GError * error)
{
  const gchar *where = endpoint->where;
  if (!error || g_error_matches (error, SOUP_WEBSOCKET_ERROR,
          SOUP_WEBSOCKET_ERROR_NOT_WEBSOCKET)) {
    guint status = message ? soup_message_get_status (message) : 0;
    if (status >= 200)
      return status_error (endpoint, message);
    return make_error (GST_CHAT_ERROR_CONNECT,
        "%s is not a Socket.IO server: %s", where,
        error ? error->message : "no answer");
  }
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED))
    return make_error (GST_CHAT_ERROR_CONNECT,
        "No chat server at %s: connection refused. Is gst-chat-server running?",
        where);
  if (error->domain == G_RESOLVER_ERROR)
    return make_error (GST_CHAT_ERROR_CONNECT,
        "The host of %s cannot be found: %s. Is the uri right?", where,
        error->message);
  if (g_error_matches (error, G_TLS_ERROR, G_TLS_ERROR_BAD_CERTIFICATE))
    return certificate_error (endpoint, message, error);
  if (g_error_matches (error, G_TLS_ERROR, G_TLS_ERROR_UNAVAILABLE)
      || g_error_matches (error, G_TLS_ERROR, G_TLS_ERROR_MISC)
      || g_error_matches (error, G_TLS_ERROR, G_TLS_ERROR_NOT_TLS)
      || g_error_matches (error, G_TLS_ERROR, G_TLS_ERROR_HANDSHAKE)) {
    if (g_tls_backend_supports_tls (g_tls_backend_get_default ()))
      return make_error (GST_CHAT_ERROR_CONNECT,
          "No TLS with %s: %s. Does it speak TLS at all? If not, use chat:// "
          "instead of chats://", where, error->message);
    return make_error (GST_CHAT_ERROR_MISSING,
        "TLS is not available: install glib-networking");
  }
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
    return make_error (GST_CHAT_ERROR_CONNECT,
        "No chat server at %s: no answer. Is the uri right, and no firewall "
        "in between?", where);
  return make_error (GST_CHAT_ERROR_CONNECT, "No connection to %s: %s", where,
      error->message);
}
