/* SPDX-License-Identifier: LGPL-2.1-or-later
 * WebSocket sessions: handshake, heartbeats, frames, and the way over to them
 * from polling. */
#include <string.h>

#include "chatlimits.h"
#include "scripted-client.h"

static void
test_session_4 (void)
{
  g_autoptr (GstChatServer) server = scripted_server_new (NULL);
  g_autoptr (ScriptedClient) a = scripted_websocket_new (server, "EIO=4");
  g_autofree gchar *open = scripted_websocket_expect (a, "0{\"sid\":\"");
  g_assert_nonnull (strstr (open, ",\"upgrades\":[],"));
  scripted_websocket_send (a, "40{\"name\":\"A\"}");
  g_autofree gchar *connected = scripted_websocket_expect (a, "40{\"sid\":\"");
  g_autofree gchar *id = scripted_cut (connected, "40{\"sid\":\"", "\"");
  g_autofree gchar *sid = scripted_cut (open, "{\"sid\":\"", "\"");
  g_assert_cmpstr (id, !=, sid);
  g_free (scripted_websocket_expect (a, "42[\"server-info\","));
  g_free (scripted_websocket_expect (a,
          "42[\"update-user-list\",{\"users\":[]}]"));

  g_autoptr (ScriptedClient) b = scripted_websocket_new (server,
      "EIO=3&name=B%26%3C%2F%22+b&room=");
  g_free (scripted_websocket_expect (b, "0{"));
  g_free (scripted_websocket_expect (b, "40"));
  g_free (scripted_websocket_expect (b, "42[\"server-info\","));
  g_autofree gchar *list = scripted_websocket_expect (b, "42[");
  g_autofree gchar *expected =
      g_strdup_printf ("42[\"update-user-list\",{\"users\":[\"%s\"],"
      "\"names\":{\"%s\":\"A\"}}]", id, id);
  g_assert_cmpstr (list, ==, expected);
  g_autofree gchar *joined = scripted_websocket_expect (a,
      "42[\"update-user-list\",{\"users\":[\"");
  g_assert_nonnull (strstr (joined, ":\"B&</\\\" b\"}}]"));

  /* A call, in fragments, with a ping between them. */
  g_autofree gchar *call = g_strdup_printf ("42[\"call-user\",{\"offer\":"
      "{\"sdp\":\"é\"},\"to\":\"%s\"}]", id);
  scripted_websocket_send_frame (b, 0x01, call, 30);
  scripted_websocket_send_frame (b, 0x89, "hi", 2);
  scripted_websocket_send_frame (b, 0x80, call + 30, strlen (call) - 30);
  g_autofree gchar *made = scripted_websocket_expect (a, "42[\"call-made\",");
  g_assert_true (g_str_has_prefix (made,
          "42[\"call-made\",{\"offer\":{\"sdp\":\"é\"},\"socket\":\""));
  guint8 opcode;
  g_autofree gchar *pong = scripted_websocket_next (b, &opcode);
  g_assert_cmpuint (opcode, ==, 10);
  g_assert_cmpstr (pong, ==, "hi");

  /* The good-bye of a browser's tab. */
  scripted_websocket_send_frame (b, 0x88, "\x03\xe9", 2);
  g_autofree gchar *bye = scripted_websocket_next (b, &opcode);
  g_assert_cmpuint (opcode, ==, 8);
  scripted_wait_for_end (b);
  g_free (scripted_websocket_expect (a, "42[\"remove-user\",{\"socketId\":\""));
}

static void
short_heartbeat (GstChatServerConfig * config)
{
  config->ping_interval = 200;
  config->ping_timeout = 2000;
}

static void
test_heartbeat_4 (void)
{
  g_autoptr (GstChatServer) server = scripted_server_new (short_heartbeat);
  g_autoptr (ScriptedClient) client = scripted_websocket_new (server, "EIO=4");
  g_free (scripted_websocket_expect (client, "0{"));
  for (guint i = 0; i < 3; i++) {
    g_autofree gchar *ping = scripted_websocket_expect (client, "2");
    g_assert_cmpstr (ping, ==, "2");
    scripted_websocket_send (client, "3");
  }
  /* The next one gets no answer; other packets do not count. */
  g_free (scripted_websocket_expect (client, "2"));
  scripted_websocket_send (client, "40");
  scripted_wait_for_end (client);
  g_assert_cmpuint (gst_chat_server_get_n_users (server), ==, 0);
}

static void
test_heartbeat_3 (void)
{
  g_autoptr (GstChatServer) server = scripted_server_new (short_heartbeat);
  g_autoptr (ScriptedClient) client = scripted_websocket_new (server, "EIO=3");
  for (guint i = 0; i < 4; i++)
    g_free (scripted_websocket_expect (client, i == 0 ? "0{" : "4"));
  for (guint i = 0; i < 8; i++) {
    scripted_let_pass (350);
    scripted_websocket_send (client, "2x");
    g_autofree gchar *pong = scripted_websocket_expect (client, "3");
    g_assert_cmpstr (pong, ==, "3x");
  }
  g_assert_cmpuint (gst_chat_server_get_n_users (server), ==, 1);
  scripted_wait_for_users (server, 0);
  scripted_wait_for_end (client);
}

static void
short_connect (GstChatServerConfig * config)
{
  config->connect_timeout = 1500;
}

static void
test_connect_timeout (void)
{
  g_autoptr (GstChatServer) server = scripted_server_new (short_connect);
  g_autoptr (ScriptedClient) late = scripted_websocket_new (server, "EIO=4");
  g_autoptr (ScriptedClient) good = scripted_websocket_new (server, "EIO=4");
  scripted_websocket_send (good, "40");
  scripted_wait_for_end (late);
  g_assert_cmpuint (gst_chat_server_get_n_users (server), ==, 1);
  /* Whoever leaves has that long to come again. */
  scripted_websocket_send (good, "41");
  scripted_wait_for_end (good);
}

static void
test_wrong_frames (void)
{
  static const struct
  {
    guint8 head;
    const gchar *data;
    gsize len;
    const gchar *status;        /* of the server's CLOSE */
  } cases[] = {
    {0xc1, "x", 1, "\x03\xea"},
    {0x81, "\xff", 1, "\x03\xef"},
    {0x81, "", 0, ""},
    {0x81, "x", 1, ""},
    {0x81, "4", 1, ""},
    {0x81, "42[\"x\"]", 7, ""},
    {0x81, "4999", 4, ""},
    {0x81, "2", 1, ""},
    {0x82, "x", 1, ""},
    {0x81, "4{", 2, ""},
    {0x81, "42{\"a\":1}", 9, ""},
  };
  g_autoptr (GstChatServer) server = scripted_server_new (NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_test_message ("case %u", i);
    g_autoptr (ScriptedClient) client = scripted_websocket_new (server,
        "EIO=4");
    g_free (scripted_websocket_expect (client, "0{"));
    scripted_websocket_send_frame (client, cases[i].head, cases[i].data,
        cases[i].len);
    guint8 opcode;
    g_autofree gchar *close = scripted_websocket_next (client, &opcode);
    g_assert_cmpuint (opcode, ==, 8);
    g_assert_cmpstr (close, ==, cases[i].status);
    /* Without an answer it lingers, but not for long. */
    if (i == 0)
      scripted_wait_for_end (client);
  }
}

/* The bound is for the whole message, and counts at its header. */
static void
test_too_big (void)
{
  g_autoptr (GstChatServer) server = scripted_server_new (NULL);
  g_autofree gchar *large = g_strnfill (GST_CHAT_MAX_MESSAGE_BYTES, '4');
  g_autoptr (ScriptedClient) client = scripted_websocket_new (server, "EIO=4");
  g_free (scripted_websocket_expect (client, "0{"));
  scripted_websocket_send_frame (client, 0x01, large,
      GST_CHAT_MAX_MESSAGE_BYTES);
  scripted_websocket_send_frame (client, 0x00, "4", 1);
  guint8 opcode;
  g_autofree gchar *close = scripted_websocket_next (client, &opcode);
  g_assert_cmpuint (opcode, ==, 8);
  g_assert_cmpstr (close, ==, "\x03\xf1");
}

/* A polling session; returns its query. @users: as generation 3 does. */
static gchar *
begin_polling (GstChatServer * server, const gchar * eio)
{
  g_autofree gchar *target =
      g_strdup_printf ("/socket.io/?EIO=%s&transport=polling", eio);
  g_autofree gchar *body = NULL;
  g_assert_cmpuint (scripted_fetch (server, "GET", target, "", NULL, &body),
      ==, 200);
  g_autofree gchar *sid = scripted_cut (body, "{\"sid\":\"", "\"");
  return g_strdup_printf ("EIO=%s&sid=%s", eio, sid);
}

static guint
poll_once (GstChatServer * server, const gchar * method, const gchar * query,
    const gchar * post, gchar ** body)
{
  g_autofree gchar *target =
      g_strdup_printf ("/socket.io/?transport=polling&%s", query);
  return scripted_fetch (server, method, target, "", post, body);
}

static guint
try_websocket (GstChatServer * server, const gchar * query)
{
  g_autofree gchar *target =
      g_strdup_printf ("/socket.io/?transport=websocket&%s", query);
  return scripted_fetch (server, "GET", target,
      "Connection: Upgrade\r\nUpgrade: websocket\r\n"
      "Sec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", NULL, NULL);
}

static void
test_upgrade (void)
{
  g_autoptr (GstChatServer) server = scripted_server_new (NULL);
  g_autofree gchar *query = begin_polling (server, "3");
  g_autoptr (ScriptedClient) ws = scripted_websocket_new (server, query);

  /* Only one at a time. */
  g_assert_cmpuint (try_websocket (server, query), ==, 400);

  /* Until the client goes over, polling goes on. */
  scripted_websocket_send (ws, "2probe");
  g_free (scripted_websocket_expect (ws, "3probe"));
  g_autofree gchar *noop = NULL;
  g_assert_cmpuint (poll_once (server, "GET", query, NULL, &noop), ==, 200);
  g_assert_cmpstr (noop, ==, "1:6");
  g_assert_cmpuint (poll_once (server, "POST", query, "2:2a", NULL), ==, 200);
  g_autofree gchar *pong = NULL;
  g_assert_cmpuint (poll_once (server, "GET", query, NULL, &pong), ==, 200);
  g_assert_cmpstr (pong, ==, "2:3a");

  /* What waits at that moment goes the new way. */
  g_assert_cmpuint (poll_once (server, "POST", query, "2:2b", NULL), ==, 200);
  scripted_websocket_send (ws, "5");
  g_free (scripted_websocket_expect (ws, "3b"));
  scripted_websocket_send (ws, "2c");
  g_free (scripted_websocket_expect (ws, "3c"));

  /* Nobody gets it back. */
  g_assert_cmpuint (poll_once (server, "GET", query, NULL, NULL), ==, 400);
  g_assert_cmpuint (poll_once (server, "POST", query, "1:1", NULL), ==, 400);
  g_assert_cmpuint (try_websocket (server, query), ==, 400);
  g_assert_cmpuint (gst_chat_server_get_n_users (server), ==, 1);
  scripted_websocket_send (ws, "2d");
  g_free (scripted_websocket_expect (ws, "3d"));
}

/* A session that began on a WebSocket stays there. */
static void
test_no_takeover (void)
{
  g_autoptr (GstChatServer) server = scripted_server_new (NULL);
  g_autoptr (ScriptedClient) ws = scripted_websocket_new (server, "EIO=3");
  g_autofree gchar *open = scripted_websocket_expect (ws, "0{");
  g_autofree gchar *sid = scripted_cut (open, "{\"sid\":\"", "\"");
  g_autofree gchar *query = g_strdup_printf ("EIO=3&sid=%s", sid);
  g_assert_cmpuint (try_websocket (server, query), ==, 400);
  g_assert_cmpuint (poll_once (server, "GET", query, NULL, NULL), ==, 400);
  g_assert_cmpuint (poll_once (server, "POST", query, "1:1", NULL), ==, 400);
  g_assert_cmpuint (gst_chat_server_get_n_users (server), ==, 1);
}

static void
short_upgrade (GstChatServerConfig * config)
{
  config->upgrade_timeout = 1000;
}

/* A try that fails costs the session nothing, and may be made again. */
static void
test_upgrade_fails (void)
{
  static const gchar *const said[] = { NULL, "2", "5", "42[\"x\"]", "2probe" };
  g_autoptr (GstChatServer) server = scripted_server_new (short_upgrade);
  g_autofree gchar *query = begin_polling (server, "3");
  for (guint i = 0; i < G_N_ELEMENTS (said); i++) {
    g_autoptr (ScriptedClient) ws = scripted_websocket_new (server, query);
    if (said[i] != NULL)
      scripted_websocket_send (ws, said[i]);
    scripted_wait_for_end (ws);
    g_assert_cmpuint (gst_chat_server_get_n_users (server), ==, 1);
  }
  ScriptedClient *broken = scripted_websocket_new (server, query);
  scripted_websocket_send (broken, "2probe");
  g_free (scripted_websocket_expect (broken, "3probe"));
  scripted_client_free (broken);
  scripted_let_pass (100);
  g_assert_cmpuint (poll_once (server, "POST", query, "2:2a", NULL), ==, 200);
  g_autofree gchar *pong = NULL;
  g_assert_cmpuint (poll_once (server, "GET", query, NULL, &pong), ==, 200);
  g_assert_cmpstr (pong, ==, "2:3a");
}

/* The session ends while its client is on the way over. */
static void
test_end_while_probing (void)
{
  g_autoptr (GstChatServer) server = scripted_server_new (NULL);
  g_autofree gchar *query = begin_polling (server, "3");
  g_autoptr (ScriptedClient) ws = scripted_websocket_new (server, query);
  scripted_websocket_send (ws, "2probe");
  g_free (scripted_websocket_expect (ws, "3probe"));
  g_assert_cmpuint (poll_once (server, "POST", query, "1:1", NULL), ==, 200);
  g_assert_cmpuint (gst_chat_server_get_n_users (server), ==, 0);
  scripted_wait_for_end (ws);
}

/* Frames that follow the request at once, before it is answered: some that
 * libsoup reads with it, and more than that. */
static void
test_early_frames (void)
{
  static const guint n_pings[] = { 1, 400 };
  g_autoptr (GstChatServer) server = scripted_server_new (NULL);
  for (guint i = 0; i < G_N_ELEMENTS (n_pings); i++) {
    g_autoptr (GByteArray) bytes = g_byte_array_new ();
    static const gchar request[] =
        "GET /socket.io/?transport=websocket&EIO=4 HTTP/1.1\r\n"
        "Host: test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    g_byte_array_append (bytes, (const guint8 *) request, strlen (request));
    for (guint j = 0; j < n_pings[i]; j++) {
      guint8 ping[6 + 100] = { 0x89, 0x80 | 100, };
      ping[6] = (guint8) ('0' + j % 10);
      g_byte_array_append (bytes, ping, sizeof ping);
    }
    static const guint8 connect[] = { 0x81, 0x82, 0, 0, 0, 0, '4', '0' };
    g_byte_array_append (bytes, connect, sizeof connect);

    g_autoptr (ScriptedClient) client = scripted_client_new (server);
    scripted_client_send (client, bytes->data, bytes->len);
    g_autoptr (ScriptedResponse) response = scripted_client_response (client);
    g_assert_cmpuint (response->status, ==, 101);
    guint n_pongs = 0;
    gboolean connected = FALSE;
    while (n_pongs < n_pings[i] || !connected) {
      guint8 opcode;
      g_autofree gchar *text = scripted_websocket_next (client, &opcode);
      g_assert_nonnull (text);
      if (opcode == 10)
        g_assert_cmpint (text[0], ==, '0' + n_pongs++ % 10);
      else
        connected = connected || g_str_has_prefix (text, "40{");
    }
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/websocket/session", test_session_4);
  g_test_add_func ("/websocket/heartbeat-4", test_heartbeat_4);
  g_test_add_func ("/websocket/heartbeat-3", test_heartbeat_3);
  g_test_add_func ("/websocket/connect-timeout", test_connect_timeout);
  g_test_add_func ("/websocket/wrong-frames", test_wrong_frames);
  g_test_add_func ("/websocket/too-big", test_too_big);
  g_test_add_func ("/websocket/early-frames", test_early_frames);
  g_test_add_func ("/websocket/upgrade", test_upgrade);
  g_test_add_func ("/websocket/no-takeover", test_no_takeover);
  g_test_add_func ("/websocket/upgrade-fails", test_upgrade_fails);
  g_test_add_func ("/websocket/end-while-probing", test_end_while_probing);
  return g_test_run ();
}
