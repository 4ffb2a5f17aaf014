/* SPDX-License-Identifier: LGPL-2.1-or-later
 * A Socket.IO server that does what a script says. */
#include "scripted-server.h"
#include "chatloop.h"

#include <libsoup/soup.h>
#include <string.h>

struct _ScriptedServer
{
  GstChatLoop *loop;
  gchar **scripts;              /* constant */
  gchar *certificate;           /* constant */
  guint16 port;                 /* constant */

  /* loop thread */
  SoupServer *soup;
  guint next_script;
  GPtrArray *connections;

  GMutex lock;
  GCond changed;
  GString *queries;             /* lock */
  guint done;                   /* lock */
  guint closes;                 /* lock */
};

typedef struct
{
  ScriptedServer *server;
  SoupWebsocketConnection *websocket;
  gchar **steps;
  guint at;
  gboolean waiting;
  gboolean counted;
} Connection;

static void
connection_free (gpointer data)
{
  Connection *c = data;
  g_signal_handlers_disconnect_by_data (c->websocket, c);
  if (soup_websocket_connection_get_state (c->websocket) ==
      SOUP_WEBSOCKET_STATE_OPEN)
    soup_websocket_connection_close (c->websocket, 1000, NULL);
  g_object_unref (c->websocket);
  g_strfreev (c->steps);
  g_free (c);
}

static void
add_to (ScriptedServer * server, guint * counter)
{
  g_mutex_lock (&server->lock);
  ++*counter;
  g_cond_broadcast (&server->changed);
  g_mutex_unlock (&server->lock);
}

static void
send_fill (Connection * c, gsize n)
{
  g_autofree gchar *text = g_strnfill (n, 'x');
  if (n > 0)
    text[0] = '4';
  soup_websocket_connection_send_text (c->websocket, text);
}

/* FALSE: the script has to wait for something. */
static gboolean
run_step (Connection * c, const gchar * step)
{
  SoupWebsocketConnection *ws = c->websocket;
  if (step[0] == '>') {
    soup_websocket_connection_send_text (ws, step + 1);
  } else if (step[0] == '#') {
    gsize n = g_ascii_strtoull (step + 1, NULL, 10);
    g_autofree gchar *bytes = g_malloc0 (n);
    soup_websocket_connection_send_binary (ws, bytes, n);
  } else if (step[0] == '=') {
    send_fill (c, g_ascii_strtoull (step + 1, NULL, 10));
  } else if (g_str_has_prefix (step, "close ")) {
    soup_websocket_connection_close (ws, g_ascii_strtoull (step + 6, NULL,
            10), NULL);
  } else if (!strcmp (step, "drop")) {
    g_io_stream_close (soup_websocket_connection_get_io_stream (ws), NULL,
        NULL);
  } else if (!strcmp (step, "wait")) {
    c->waiting = TRUE;
    return FALSE;
  } else if (step[0] == '<') {
    return FALSE;
  } else {
    g_error ("no such step: %s", step);
  }
  return TRUE;
}

static void
run_script (Connection * c)
{
  while (c->steps[c->at] && run_step (c, c->steps[c->at]))
    c->at++;
  if (!c->steps[c->at] && !c->counted) {
    c->counted = TRUE;
    add_to (c->server, &c->server->done);
  }
}

static void
on_message (SoupWebsocketConnection * websocket, SoupWebsocketDataType type,
    GBytes * bytes, gpointer user_data)
{
  Connection *c = user_data;
  gsize len;
  const gchar *data = g_bytes_get_data (bytes, &len);
  const gchar *step = c->steps[c->at];
  if (!step || !strcmp (step, "wait"))
    return;
  if (step[0] != '<')
    g_error ("at step \"%s\" the client sent \"%.*s\"", step, (int) len, data);
  gsize n = strlen (++step);
  gboolean fits = n > 0 && step[n - 1] == '*' ?
      len >= n - 1 && !memcmp (data, step, n - 1) :
      len == n && !memcmp (data, step, n);
  if (!fits)
    g_error ("expected \"%s\", the client sent \"%.*s\"", step, (int) len,
        data);
  c->at++;
  run_script (c);
}

static void
on_closed (SoupWebsocketConnection * websocket, gpointer user_data)
{
  Connection *c = user_data;
  if (soup_websocket_connection_get_close_code (websocket) == 1000)
    add_to (c->server, &c->server->closes);
}

static const gchar *
take_script (ScriptedServer * server)
{
  const gchar *script = server->scripts[server->next_script];
  if (server->scripts[server->next_script + 1])
    server->next_script++;
  return script;
}

static void
log_request (ScriptedServer * server, SoupServerMessage * message)
{
  const gchar *query = g_uri_get_query (soup_server_message_get_uri (message));
  SoupMessageBody *body = soup_server_message_get_request_body (message);
  g_mutex_lock (&server->lock);
  g_string_append_printf (server->queries, "%s%s%.*s\n", query ? query : "",
      body->length > 0 ? " " : "", (int) body->length,
      body->length > 0 ? body->data : "");
  g_cond_broadcast (&server->changed);
  g_mutex_unlock (&server->lock);
}

static void
answer (SoupServerMessage * message, guint status, const gchar * type,
    const gchar * body, gsize len)
{
  soup_server_message_set_status (message, status, NULL);
  soup_server_message_set_response (message, type, SOUP_MEMORY_COPY, body, len);
}

static void
answer_poll (SoupServerMessage * message, const gchar * script)
{
  const gchar *body = script + strlen ("poll ");
  g_autofree gchar *fill = NULL;
  gsize len = strlen (body);
  if (body[0] == '%') {
    len = g_ascii_strtoull (body + 1, NULL, 10);
    body = fill = g_strnfill (len, 'x');
  }
  answer (message, 200, "text/plain; charset=UTF-8", body, len);
}

/* Comes before the request's body where there is one, hence a normal handler
 * for POST. */
static void
on_request (SoupServer * soup, SoupServerMessage * message,
    const char *path, GHashTable * query, gpointer user_data)
{
  ScriptedServer *server = user_data;
  if (soup_server_message_get_method (message) == SOUP_METHOD_POST)
    return;
  log_request (server, message);
  gboolean is_polling = query
      && !g_strcmp0 (g_hash_table_lookup (query, "transport"), "polling");
  const gchar *script = server->scripts[server->next_script];
  if (g_str_has_prefix (script, "http ")) {
    soup_message_headers_replace (soup_server_message_get_response_headers
        (message), "Location", "https://elsewhere.example/");
    answer (message, g_ascii_strtoull (take_script (server) + 5, NULL, 10),
        "text/html", "<html>", 6);
  } else if (g_str_has_prefix (script, "poll ")) {
    answer_poll (message, take_script (server));
  } else if (!strcmp (script, "hang") || is_polling) {
    if (!strcmp (script, "hang"))
      take_script (server);
    soup_server_message_set_status (message, 200, NULL);
    soup_server_message_pause (message);
  }
}

static void
on_post (SoupServer * soup, SoupServerMessage * message, const char *path,
    GHashTable * query, gpointer user_data)
{
  if (soup_server_message_get_method (message) != SOUP_METHOD_POST)
    return;
  log_request (user_data, message);
  answer (message, 200, "text/html", "ok", 2);
}

static void
on_websocket (SoupServer * soup, SoupServerMessage * message,
    const char *path, SoupWebsocketConnection * websocket, gpointer user_data)
{
  ScriptedServer *server = user_data;
  Connection *c = g_new0 (Connection, 1);
  c->server = server;
  c->websocket = g_object_ref (websocket);
  c->steps = g_strsplit (take_script (server), "|", -1);
  g_ptr_array_add (server->connections, c);
  g_signal_connect (websocket, "message", G_CALLBACK (on_message), c);
  g_signal_connect (websocket, "closed", G_CALLBACK (on_closed), c);
  run_script (c);
}

static void
start (gpointer data)
{
  ScriptedServer *server = data;
  g_autoptr (GError) error = NULL;
  server->soup = soup_server_new (NULL, NULL);
  if (server->certificate) {
    g_autoptr (GTlsCertificate) certificate =
        g_tls_certificate_new_from_file (server->certificate, &error);
    g_assert_no_error (error);
    soup_server_set_tls_certificate (server->soup, certificate);
  }
  soup_server_add_early_handler (server->soup, NULL, on_request, server, NULL);
  soup_server_add_handler (server->soup, NULL, on_post, server, NULL);
  soup_server_add_websocket_handler (server->soup, NULL, NULL, NULL,
      on_websocket, server, NULL);
  gboolean ok = soup_server_listen_local (server->soup, 0,
      SOUP_SERVER_LISTEN_IPV4_ONLY |
      (server->certificate ? SOUP_SERVER_LISTEN_HTTPS : 0), &error);
  g_assert_no_error (error);
  g_assert_true (ok);
  GSList *uris = soup_server_get_uris (server->soup);
  server->port = g_uri_get_port (uris->data);
  g_slist_free_full (uris, (GDestroyNotify) g_uri_unref);
}

static void
stop (gpointer data)
{
  ScriptedServer *server = data;
  g_ptr_array_unref (server->connections);
  soup_server_disconnect (server->soup);
  g_object_unref (server->soup);
}

ScriptedServer *
scripted_server_new (const gchar * const *scripts, const gchar * certificate)
{
  ScriptedServer *server = g_new0 (ScriptedServer, 1);
  server->scripts = g_strdupv ((gchar **) scripts);
  server->certificate = g_strdup (certificate);
  server->connections = g_ptr_array_new_with_free_func (connection_free);
  server->queries = g_string_new (NULL);
  g_mutex_init (&server->lock);
  g_cond_init (&server->changed);
  server->loop = gst_chat_loop_new ("scripted-server");
  gst_chat_loop_call (server->loop, start, server);
  return server;
}

void
scripted_server_free (ScriptedServer * server)
{
  gst_chat_loop_call (server->loop, stop, server);
  gst_chat_loop_unref (server->loop);
  g_strfreev (server->scripts);
  g_free (server->certificate);
  g_string_free (server->queries, TRUE);
  g_mutex_clear (&server->lock);
  g_cond_clear (&server->changed);
  g_free (server);
}

guint16
scripted_server_get_port (ScriptedServer * server)
{
  return server->port;
}

static void
go (gpointer data)
{
  ScriptedServer *server = data;
  for (guint i = 0; i < server->connections->len; i++) {
    Connection *c = g_ptr_array_index (server->connections, i);
    if (c->waiting) {
      c->waiting = FALSE;
      c->at++;
      run_script (c);
    }
  }
}

void
scripted_server_go (ScriptedServer * server)
{
  gst_chat_loop_call (server->loop, go, server);
}

static void
wait_for (ScriptedServer * server, const guint * counter, guint n,
    const gchar * what)
{
  gint64 deadline = g_get_monotonic_time () + 60 * G_TIME_SPAN_SECOND;
  g_mutex_lock (&server->lock);
  while (*counter < n)
    if (!g_cond_wait_until (&server->changed, &server->lock, deadline))
      g_error ("waited in vain for %u %s", n, what);
  g_mutex_unlock (&server->lock);
}

void
scripted_server_wait_done (ScriptedServer * server, guint n)
{
  wait_for (server, &server->done, n, "scripts to end");
}

void
scripted_server_wait_closes (ScriptedServer * server, guint n)
{
  wait_for (server, &server->closes, n, "clean closes");
}

void
scripted_server_wait_query (ScriptedServer * server, const gchar * words)
{
  gint64 deadline = g_get_monotonic_time () + 60 * G_TIME_SPAN_SECOND;
  g_mutex_lock (&server->lock);
  while (!strstr (server->queries->str, words))
    if (!g_cond_wait_until (&server->changed, &server->lock, deadline))
      g_error ("waited in vain for \"%s\" in: %s", words, server->queries->str);
  g_mutex_unlock (&server->lock);
}

gchar *
scripted_server_get_queries (ScriptedServer * server)
{
  g_mutex_lock (&server->lock);
  gchar *copy = g_strdup (server->queries->str);
  g_mutex_unlock (&server->lock);
  return copy;
}
