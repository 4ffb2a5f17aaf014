/* SPDX-License-Identifier: LGPL-2.1-or-later
 * What is over a limit is refused, counted and told; others do not notice. */
#include <string.h>

#include "chatlimits.h"
#include "scripted-client.h"

/* The log of the server of this test. */
static GPtrArray *lines;
static GstChatLimits limits;

static void
on_log (GstChatLogLevel level, const gchar * line, gpointer user_data)
{
  if (level <= GST_CHAT_LOG_WARNING)
    g_ptr_array_add (lines, g_strdup (line));
}

static void
use_limits (GstChatServerConfig * config)
{
  config->limits = &limits;
  config->log = on_log;
}

/* A server with none but the limits that the caller has set. */
static GstChatServer *
serve (void)
{
  g_clear_pointer (&lines, g_ptr_array_unref);
  lines = g_ptr_array_new_with_free_func (g_free);
  return scripted_server_new (use_limits);
}

static ScriptedClient *
enter (GstChatServer * server)
{
  ScriptedClient *client = scripted_websocket_new (server, "EIO=4");
  g_free (scripted_websocket_expect (client, "0{"));
  scripted_websocket_send (client, "40");
  g_free (scripted_websocket_expect (client, "40{"));
  g_free (scripted_websocket_expect (client, "42[\"server-info\""));
  g_free (scripted_websocket_expect (client, "42[\"update-user-list\""));
  return client;
}

static void
check_line (const gchar * reason)
{
  g_autofree gchar *expected =
      g_strdup_printf ("event=refused reason=%s count=1 address=127.0.0.1",
      reason);
  g_assert_cmpuint (lines->len, ==, 1);
  g_assert_cmpstr (g_ptr_array_index (lines, 0), ==, expected);
}

/* Events up to the burst are acknowledged, the others are not; whoever goes
 * on is closed, and nobody else is. */
static void
test_events (void)
{
  limits = (GstChatLimits) {
  .events = { 1, 21 },.patience = 5};
  g_autoptr (GstChatServer) server = serve ();
  g_autoptr (ScriptedClient) other = enter (server);
  g_autoptr (ScriptedClient) client = enter (server);
  g_free (scripted_websocket_expect (other, "42[\"update-user-list\""));
  for (guint i = 0; i < 20; i++)
    scripted_websocket_send (client, "421[\"hang-up\",{\"to\":\"nobody\"}]");
  for (guint i = 0; i < 20; i++)
    g_free (scripted_websocket_expect (client, "431[]"));
  g_assert_cmpuint (lines->len, ==, 0);

  for (guint i = 0; i < 30; i++)
    scripted_websocket_send (client, "422[\"hang-up\",{\"to\":\"nobody\"}]");
  scripted_wait_for_end (client);
  guint8 opcode;
  guint answered = 0;
  for (gchar * text; (text = scripted_websocket_next (client, &opcode));
      g_free (text))
    answered += g_str_equal (text, "432[]");
  /* One comes back each second. */
  g_assert_cmpuint (answered, <, 20);
  check_line ("events");
  g_free (scripted_websocket_expect (other, "42[\"remove-user\""));
  scripted_websocket_send (other, "423[\"hang-up\",{\"to\":\"nobody\"}]");
  g_free (scripted_websocket_expect (other, "433[]"));
}

static void
test_bytes (void)
{
  limits = (GstChatLimits) {
  .bytes = { 100, 2000 },.patience = 64};
  g_autoptr (GstChatServer) server = serve ();
  g_autoptr (ScriptedClient) client = enter (server);
  g_autofree gchar *filler = g_strnfill (1500, 'x');
  g_autofree gchar *large = g_strdup_printf
      ("421[\"hang-up\",{\"to\":\"nobody\",\"reason\":\"%s\"}]", filler);
  scripted_websocket_send (client, large);
  g_free (scripted_websocket_expect (client, "431[]"));
  scripted_websocket_send (client, large);
  scripted_websocket_send (client, "422[\"hang-up\",{\"to\":\"nobody\"}]");
  g_free (scripted_websocket_expect (client, "432[]"));
  check_line ("bytes");
}

static gboolean
has_no_connections (gpointer server)
{
  return gst_chat_server_get_n_connections (server) == 0;
}

static void
test_connections (void)
{
  limits = (GstChatLimits) {
  .connections = 3,.count_loopback = TRUE};
  g_autoptr (GstChatServer) server = serve ();
  ScriptedClient *silent[3];
  for (guint i = 0; i < G_N_ELEMENTS (silent); i++)
    silent[i] = scripted_client_new (server);
  g_autoptr (ScriptedClient) late = scripted_client_new (server);
  scripted_wait_for_end (late);
  check_line ("connections");
  for (guint i = 0; i < G_N_ELEMENTS (silent); i++) {
    g_assert_false (silent[i]->ended);
    scripted_client_free (silent[i]);
  }
  scripted_wait (has_no_connections, server, "their places to be free");
  g_assert_cmpuint (scripted_fetch (server, "GET", "/", "", NULL, NULL), ==,
      200);
  /* A WebSocket is a session, and not a connection any more. */
  ScriptedClient *chatting[5];
  for (guint i = 0; i < G_N_ELEMENTS (chatting); i++)
    chatting[i] = scripted_websocket_new (server, "EIO=4");
  for (guint i = 0; i < G_N_ELEMENTS (chatting); i++)
    scripted_client_free (chatting[i]);
}

/* The tests, and proxies in front, come from this machine. */
static void
test_loopback (void)
{
  limits = (GstChatLimits) {
  .connections = 1,.sessions = 1,.arrivals = { 1, 1 }};
  g_autoptr (GstChatServer) server = serve ();
  for (guint i = 0; i < 4; i++) {
    g_autoptr (ScriptedClient) a = enter (server);
    g_autoptr (ScriptedClient) b = enter (server);
  }
  g_assert_cmpuint (lines->len, ==, 0);
}

static void
check_refused (GstChatServer * server, guint status, const gchar * reason)
{
  static const gchar *const targets[][2] = {
    {"polling", ""},
    {"websocket", "Connection: Upgrade\r\nUpgrade: websocket\r\n"
          "Sec-WebSocket-Version: 13\r\n"
          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"},
  };
  for (guint i = 0; i < G_N_ELEMENTS (targets); i++) {
    g_autofree gchar *target =
        g_strdup_printf ("/socket.io/?EIO=4&transport=%s", targets[i][0]);
    g_autofree gchar *body = NULL;
    g_assert_cmpuint (scripted_fetch (server, "GET", target, targets[i][1],
            NULL, &body), ==, status);
    g_autofree gchar *expected =
        g_strdup_printf ("{\"code\":3,\"message\":\"Over a limit: %s\"}",
        reason);
    g_assert_cmpstr (body, ==, expected);
  }
}

static void
test_sessions (void)
{
  limits = (GstChatLimits) {
  .sessions = 2,.count_loopback = TRUE};
  g_autoptr (GstChatServer) server = serve ();
  g_autoptr (ScriptedClient) first = enter (server);
  ScriptedClient *second = enter (server);
  check_refused (server, 429, "sessions");
  check_line ("sessions");
  g_free (scripted_websocket_expect (first, "42[\"update-user-list\""));
  scripted_client_free (second);
  g_free (scripted_websocket_expect (first, "42[\"remove-user\""));
  g_autoptr (ScriptedClient) third = enter (server);
}

static void
test_arrivals (void)
{
  limits = (GstChatLimits) {
  .arrivals = { 1, 3 },.count_loopback = TRUE};
  g_autoptr (GstChatServer) server = serve ();
  for (guint i = 0; i < 3; i++)
    scripted_client_free (enter (server));
  /* On a slow machine the first of them are forgotten already. */
  g_autofree gchar *body = NULL;
  guint status = 200;
  for (guint i = 0; status == 200 && i < 50; i++) {
    g_clear_pointer (&body, g_free);
    status = scripted_fetch (server, "GET",
        "/socket.io/?EIO=4&transport=polling", "", NULL, &body);
  }
  g_assert_cmpuint (status, ==, 429);
  g_assert_cmpstr (body, ==,
      "{\"code\":3,\"message\":\"Over a limit: arrivals\"}");
  check_line ("arrivals");
}

/* Whoever only waits gives way to whoever comes. */
static void
test_pending (void)
{
  limits = (GstChatLimits) {
  .pending = 3};
  g_autoptr (GstChatServer) server = serve ();
  g_autoptr (ScriptedClient) chatting = enter (server);
  g_autoptr (ScriptedClient) oldest = scripted_client_new (server);
  scripted_client_send (oldest, "GET / HTTP/1.1\r\n", 16);
  ScriptedClient *others[3];
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    others[i] = scripted_client_new (server);
  scripted_wait_for_end (oldest);
  check_line ("pending");
  g_assert_cmpuint (scripted_fetch (server, "GET", "/", "", NULL, NULL), ==,
      200);
  g_autoptr (ScriptedClient) late = enter (server);
  g_free (scripted_websocket_expect (chatting, "42[\"update-user-list\""));
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    scripted_client_free (others[i]);
}

static void
test_polling (void)
{
  limits = (GstChatLimits) {
  .polling = 2};
  g_autoptr (GstChatServer) server = serve ();
  const gchar *target = "/socket.io/?EIO=4&transport=polling";
  g_autofree gchar *body = NULL;
  for (guint i = 0; i < 2; i++) {
    g_clear_pointer (&body, g_free);
    g_assert_cmpuint (scripted_fetch (server, "GET", target, "", NULL, &body),
        ==, 200);
  }
  g_assert_cmpuint (scripted_fetch (server, "GET", target, "", NULL, NULL), ==,
      503);
  check_line ("polling");
  g_autoptr (ScriptedClient) websocket = enter (server);
  /* One leaves: its place is free. */
  g_autofree gchar *sid = scripted_cut (body, "{\"sid\":\"", "\"");
  g_autofree gchar *session = g_strdup_printf ("%s&sid=%s", target, sid);
  g_assert_cmpuint (scripted_fetch (server, "POST", session, "", "1", NULL),
      ==, 200);
  g_assert_cmpuint (scripted_fetch (server, "GET", target, "", NULL, NULL), ==,
      200);
}

static void
test_room (void)
{
  limits = (GstChatLimits) {
  .room_users = 2};
  g_autoptr (GstChatServer) server = serve ();
  g_autoptr (ScriptedClient) first = enter (server);
  g_autoptr (ScriptedClient) second = enter (server);
  g_autoptr (ScriptedClient) third = scripted_websocket_new (server, "EIO=4");
  g_free (scripted_websocket_expect (third, "0{"));
  scripted_websocket_send (third, "40");
  g_autofree gchar *error = scripted_websocket_expect (third, "44");
  g_assert_cmpstr (error, ==, "44{\"message\":\"This room is full\"}");
  check_line ("room");
  scripted_websocket_send (third, "40{\"room\":\"other\"}");
  g_free (scripted_websocket_expect (third, "40{"));
}

static void
test_announced (void)
{
  gst_chat_limits_init (&limits);
  g_autoptr (GstChatServer) server = serve ();
  g_autoptr (ScriptedClient) client = scripted_websocket_new (server, "EIO=3");
  g_free (scripted_websocket_expect (client, "0{"));
  g_free (scripted_websocket_expect (client, "40"));
  g_autofree gchar *info = scripted_websocket_expect (client,
      "42[\"server-info\"");
  g_autofree gchar *told = scripted_cut (info, "\"limits\":{", "}");
  g_assert_cmpstr (told, ==,
      "\"sdp\":65536,\"text\":16384,\"events\":50,\"bytes\":262144,"
      "\"users\":4096");
}

/* A flood is no flood of lines. */
static void
test_log (void)
{
  limits = (GstChatLimits) {
  .room_users = 1};
  g_autoptr (GstChatServer) server = serve ();
  g_autoptr (ScriptedClient) first = enter (server);
  g_autoptr (ScriptedClient) second = scripted_websocket_new (server, "EIO=4");
  g_free (scripted_websocket_expect (second, "0{"));
  for (guint i = 0; i < 100; i++) {
    scripted_websocket_send (second, "40");
    g_free (scripted_websocket_expect (second, "44"));
  }
  check_line ("room");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/limits/events", test_events);
  g_test_add_func ("/limits/bytes", test_bytes);
  g_test_add_func ("/limits/connections", test_connections);
  g_test_add_func ("/limits/loopback", test_loopback);
  g_test_add_func ("/limits/sessions", test_sessions);
  g_test_add_func ("/limits/arrivals", test_arrivals);
  g_test_add_func ("/limits/pending", test_pending);
  g_test_add_func ("/limits/polling", test_polling);
  g_test_add_func ("/limits/room", test_room);
  g_test_add_func ("/limits/announced", test_announced);
  g_test_add_func ("/limits/log", test_log);
  int status = g_test_run ();
  g_clear_pointer (&lines, g_ptr_array_unref);
  return status;
}
