/* SPDX-License-Identifier: LGPL-2.1-or-later
 * A server in this process, and clients that say to the byte what they are
 * told to. */
#include "scripted-client.h"

#include <string.h>

#define PATIENCE_US (20 * G_USEC_PER_SEC)

GstChatServer *
scripted_server_new (void (*change) (GstChatServerConfig *))
{
  GstChatServerConfig config = {
    .ping_interval = 20000,
    .ping_timeout = 20000,
    .upgrade_timeout = 20000,
    .connect_timeout = 20000,
  };
  if (change != NULL)
    change (&config);
  GstChatServer *server = gst_chat_server_new (&config);
  g_autoptr (GError) error = NULL;
  gboolean started = gst_chat_server_start (server, &error);
  g_assert_no_error (error);
  g_assert_true (started);
  g_assert_cmpuint (gst_chat_server_get_port (server), >, 0);
  return server;
}

static gboolean
set_true (gpointer data)
{
  *(gboolean *) data = TRUE;
  return G_SOURCE_REMOVE;
}

void
scripted_wait (ScriptedCondition condition, gpointer data, const gchar * what)
{
  gint64 end = g_get_monotonic_time () + PATIENCE_US;
  gboolean woken;
  /* So that an iteration does not wait for ever. */
  while (!condition (data)) {
    if (g_get_monotonic_time () > end)
      g_error ("waited in vain for %s", what);
    woken = FALSE;
    guint waker = g_timeout_add (200, set_true, &woken);
    g_main_context_iteration (NULL, TRUE);
    if (!woken)
      g_source_remove (waker);
  }
}

void
scripted_let_pass (guint ms)
{
  gboolean over = FALSE;
  g_timeout_add (ms, set_true, &over);
  while (!over)
    g_main_context_iteration (NULL, TRUE);
}

static gboolean
on_readable (GSocket * socket, GIOCondition condition, gpointer user_data)
{
  ScriptedClient *client = user_data;
  gchar buffer[16384];
  g_autoptr (GError) error = NULL;
  gssize n = g_socket_receive (socket, buffer, sizeof buffer, NULL, &error);
  if (n > 0) {
    g_byte_array_append (client->in, (guint8 *) buffer, (guint) n);
    return G_SOURCE_CONTINUE;
  }
  if (n < 0 && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    return G_SOURCE_CONTINUE;
  client->ended = TRUE;
  g_clear_pointer (&client->source, g_source_unref);
  return G_SOURCE_REMOVE;
}

ScriptedClient *
scripted_client_new (GstChatServer * server)
{
  ScriptedClient *client = g_new0 (ScriptedClient, 1);
  g_autoptr (GError) error = NULL;
  client->socket = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM,
      G_SOCKET_PROTOCOL_TCP, &error);
  g_assert_no_error (error);
  g_autoptr (GSocketAddress) address =
      g_inet_socket_address_new_from_string ("127.0.0.1",
      gst_chat_server_get_port (server));
  g_socket_connect (client->socket, address, NULL, &error);
  g_assert_no_error (error);
  g_socket_set_blocking (client->socket, FALSE);
  client->in = g_byte_array_new ();
  client->source = g_socket_create_source (client->socket, G_IO_IN, NULL);
  g_source_set_callback (client->source, G_SOURCE_FUNC (on_readable), client,
      NULL);
  g_source_attach (client->source, NULL);
  return client;
}

void
scripted_client_stop_reading (ScriptedClient * client)
{
  if (client->source == NULL)
    return;
  g_source_destroy (client->source);
  g_clear_pointer (&client->source, g_source_unref);
}

void
scripted_client_free (ScriptedClient * client)
{
  if (client == NULL)
    return;
  scripted_client_stop_reading (client);
  g_socket_close (client->socket, NULL);
  g_object_unref (client->socket);
  g_byte_array_unref (client->in);
  g_free (client);
}

gsize
scripted_client_send_some (ScriptedClient * client, gconstpointer data,
    gsize len)
{
  gsize sent = 0;
  while (sent < len) {
    gssize n = g_socket_send (client->socket, (const gchar *) data + sent,
        len - sent, NULL, NULL);
    if (n <= 0)
      break;
    sent += n;
  }
  return sent;
}

void
scripted_client_send (ScriptedClient * client, gconstpointer data, gsize len)
{
  gint64 end = g_get_monotonic_time () + PATIENCE_US;
  gsize sent = scripted_client_send_some (client, data, len);
  /* A server that has had enough closes: what is left is of no interest. */
  while (sent < len && !client->ended) {
    g_assert_cmpint (g_get_monotonic_time (), <, end);
    g_main_context_iteration (NULL, FALSE);
    sent += scripted_client_send_some (client, (const gchar *) data + sent,
        len - sent);
  }
}

void
scripted_client_request (ScriptedClient * client, const gchar * method,
    const gchar * target, const gchar * headers, const gchar * body)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_string_append_printf (text, "%s %s HTTP/1.1\r\nHost: test\r\n%s", method,
      target, headers);
  if (body != NULL)
    g_string_append_printf (text, "Content-Length: %zu\r\n", strlen (body));
  g_string_append (text, "\r\n");
  if (body != NULL)
    g_string_append (text, body);
  scripted_client_send (client, text->str, text->len);
}

/* How many bytes the whole response has, or 0 where it is not all here. */
static gsize
response_size (const ScriptedClient * client, gsize * head)
{
  if (client->in->len == 0)
    return 0;
  const gchar *text = (const gchar *) client->in->data;
  const gchar *end = g_strstr_len (text, client->in->len, "\r\n\r\n");
  if (end == NULL)
    return 0;
  *head = end + 4 - text;
  const gchar *length = g_strstr_len (text, *head, "Content-Length: ");
  gsize body = length == NULL ? 0 :
      g_ascii_strtoull (length + strlen ("Content-Length: "), NULL, 10);
  return *head + body <= client->in->len ? *head + body : 0;
}

static gboolean
has_response (gpointer data)
{
  gsize head;
  ScriptedClient *client = data;
  return response_size (client, &head) > 0 || client->ended;
}

ScriptedResponse *
scripted_client_response (ScriptedClient * client)
{
  scripted_wait (has_response, client, "a response");
  gsize head = 0, size = response_size (client, &head);
  if (size == 0)
    g_error ("no response, but “%.*s”", (gint) client->in->len,
        client->in->data);

  ScriptedResponse *response = g_new0 (ScriptedResponse, 1);
  const gchar *text = (const gchar *) client->in->data;
  g_assert_true (g_str_has_prefix (text, "HTTP/1.1 "));
  response->status = (guint) g_ascii_strtoull (text + 9, NULL, 10);
  response->headers = g_strndup (text, head);
  response->body = g_strndup (text + head, size - head);
  g_byte_array_remove_range (client->in, 0, (guint) size);
  return response;
}

void
scripted_response_free (ScriptedResponse * response)
{
  if (response == NULL)
    return;
  g_free (response->headers);
  g_free (response->body);
  g_free (response);
}

guint
scripted_fetch (GstChatServer * server, const gchar * method,
    const gchar * target, const gchar * headers, const gchar * request_body,
    gchar ** body)
{
  g_autoptr (ScriptedClient) client = scripted_client_new (server);
  scripted_client_request (client, method, target, headers, request_body);
  g_autoptr (ScriptedResponse) response = scripted_client_response (client);
  if (body != NULL)
    *body = g_steal_pointer (&response->body);
  return response->status;
}

ScriptedClient *
scripted_websocket_new (GstChatServer * server, const gchar * query)
{
  ScriptedClient *client = scripted_client_new (server);
  g_autofree gchar *target =
      g_strdup_printf ("/socket.io/?transport=websocket&%s", query);
  scripted_client_request (client, "GET", target,
      "Connection: Upgrade\r\nUpgrade: websocket\r\n"
      "Sec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
      "Sec-WebSocket-Extensions: permessage-deflate\r\n", NULL);
  g_autoptr (ScriptedResponse) response = scripted_client_response (client);
  g_assert_cmpuint (response->status, ==, 101);
  g_assert_nonnull (strstr (response->headers,
          "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
  g_assert_null (strstr (response->headers, "deflate"));
  return client;
}

void
scripted_websocket_send_frame (ScriptedClient * client, guint8 head,
    gconstpointer data, gsize len)
{
  static const guint8 no_mask[4] = { 0, };
  g_autoptr (GByteArray) frame = g_byte_array_new ();
  guint8 size[9] = { 0x80 | (len <= 125 ? len : len <= 65535 ? 126 : 127), };
  guint n = len <= 125 ? 0 : len <= 65535 ? 2 : 8;
  for (guint i = 0; i < n; i++)
    size[1 + i] = (guint8) ((guint64) len >> (8 * (n - 1 - i)));
  g_byte_array_append (frame, &head, 1);
  g_byte_array_append (frame, size, 1 + n);
  g_byte_array_append (frame, no_mask, sizeof no_mask);
  g_byte_array_append (frame, data, (guint) len);
  scripted_client_send (client, frame->data, frame->len);
}

void
scripted_websocket_send (ScriptedClient * client, const gchar * text)
{
  scripted_websocket_send_frame (client, 0x81, text, strlen (text));
}

/* The server's frames: unmasked, never in pieces. */
static gsize
frame_size (const ScriptedClient * client, gsize * head)
{
  const guint8 *data = client->in->data;
  if (client->in->len < 2)
    return 0;
  gsize len = data[1] & 0x7f;
  guint n = len == 126 ? 2 : len == 127 ? 8 : 0;
  if (client->in->len < 2 + n)
    return 0;
  if (n > 0)
    len = 0;
  for (guint i = 0; i < n; i++)
    len = len << 8 | data[2 + i];
  *head = 2 + n;
  return client->in->len >= *head + len ? *head + len : 0;
}

static gboolean
has_frame (gpointer data)
{
  gsize head;
  ScriptedClient *client = data;
  return frame_size (client, &head) > 0 || client->ended;
}

gchar *
scripted_websocket_next (ScriptedClient * client, guint8 * opcode)
{
  scripted_wait (has_frame, client, "a frame");
  gsize head, size = frame_size (client, &head);
  if (size == 0)
    return NULL;
  g_assert_cmpuint (client->in->data[0] & 0xf0, ==, 0x80);
  *opcode = client->in->data[0] & 0x0f;
  gchar *payload = g_strndup ((gchar *) client->in->data + head, size - head);
  g_byte_array_remove_range (client->in, 0, (guint) size);
  return payload;
}

gchar *
scripted_websocket_expect (ScriptedClient * client, const gchar * prefix)
{
  guint8 opcode;
  gchar *text = scripted_websocket_next (client, &opcode);
  g_assert_nonnull (text);
  g_assert_cmpuint (opcode, ==, 1);
  if (!g_str_has_prefix (text, prefix))
    g_error ("expected %s, got %s", prefix, text);
  return text;
}

static gboolean
has_ended (gpointer data)
{
  return ((ScriptedClient *) data)->ended;
}

void
scripted_wait_for_end (ScriptedClient * client)
{
  scripted_wait (has_ended, client, "the server to close a connection");
}

typedef struct
{
  GstChatServer *server;
  guint n_users;
} Users;

static gboolean
has_users (gpointer data)
{
  const Users *users = data;
  return gst_chat_server_get_n_users (users->server) == users->n_users;
}

void
scripted_wait_for_users (GstChatServer * server, guint n_users)
{
  Users users = { server, n_users };
  scripted_wait (has_users, &users, "a number of users");
}

gchar *
scripted_cut (const gchar * text, const gchar * before, const gchar * after)
{
  const gchar *start = strstr (text, before);
  g_assert_nonnull (start);
  start += strlen (before);
  const gchar *end = strstr (start, after);
  g_assert_nonnull (end);
  return g_strndup (start, end - start);
}
