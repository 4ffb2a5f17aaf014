/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The Socket.IO client against real socket.io servers of every generation. */
#include "client-log.h"
#include "node-server.h"

#include <string.h>

static const gchar *const versions[] = { "2.3.0", "2.5.1", "3.1.2", "4.8.4" };

static const GstChatSocketConfig stay = {.tls_validate = TRUE };

static const GstChatSocketConfig again = {.tls_validate = TRUE,.reconnect = TRUE
};

static gchar *
wait_for_id (ClientLog * log)
{
  g_autofree gchar *line = client_log_wait (log, "connected ");
  return g_strdup (line + strlen ("connected "));
}

/* The very next line, so that nothing may come twice. */
static void
expect_containing (ClientLog * log, const gchar * prefix, const gchar * words)
{
  g_autofree gchar *line = client_log_wait (log, "");
  if (!g_str_has_prefix (line, prefix) || !strstr (line, words))
    g_error ("\"%s\" is no \"%s\" with \"%s\"", line, prefix, words);
}

/* The base protocol between two of us, through a server that knows nothing
 * else. */
static void
test_base (gconstpointer version)
{
  g_autoptr (NodeServer) server = node_server_new ("base-relay.mjs", version,
      NULL);
  g_autoptr (ClientLog) a = client_log_new (&stay, server->port);
  g_autofree gchar *a_id = wait_for_id (a);
  expect_containing (a, "event update-user-list", "{\"users\":[]}");
  ClientLog *b = client_log_new (&stay, server->port);
  g_autofree gchar *b_id = wait_for_id (b);
  expect_containing (b, "event update-user-list", a_id);
  expect_containing (a, "event update-user-list", b_id);

  g_autofree gchar *offer = g_strdup_printf ("{\"offer\":{\"type\":\"offer\","
      "\"sdp\":\"v=0\\r\\ns=é€😀\\r\\n\",\"extra\":[1]},\"to\":\"%s\"}",
      b_id);
  g_assert_true (client_log_send (a, "call-user", offer));
  g_autofree gchar *made = g_strdup_printf ("event call-made {\"offer\":"
      "{\"type\":\"offer\",\"sdp\":\"v=0\\r\\ns=é€😀\\r\\n\",\"extra\":[1]},"
      "\"socket\":\"%s\"}", a_id);
  client_log_expect (b, made);
  g_autofree gchar *answer = g_strdup_printf ("{\"answer\":{\"type\":"
      "\"answer\",\"sdp\":\"v=0\\r\\n\"},\"to\":\"%s\"}", a_id);
  g_assert_true (client_log_send (b, "make-answer", answer));
  expect_containing (a, "event answer-made", b_id);

  /* The good-bye reaches the others at once, not after a time-out. */
  client_log_free (b);
  g_autofree gchar *gone = g_strdup_printf
      ("event remove-user {\"socketId\":\"%s\"}", b_id);
  client_log_expect (a, gone);
}

static void
test_heartbeat (gconstpointer version)
{
  g_autoptr (NodeServer) server = node_server_new ("probe-server.mjs",
      version, "{\"pingInterval\":300,\"pingTimeout\":1500}");
  g_autoptr (ClientLog) log = client_log_new (&stay, server->port);
  g_autofree gchar *id = wait_for_id (log);
  /* Longer than interval and time-out together: without heartbeats one of
   * both sides would have given up. */
  gint64 end = g_get_monotonic_time () + 2500 * 1000;
  for (guint i = 0; g_get_monotonic_time () < end; i++) {
    g_usleep (250 * 1000);
    g_autofree gchar *data = g_strdup_printf ("{\"i\":%u}", i);
    g_assert_true (client_log_send (log, "echo", data));
    g_autofree gchar *expected = g_strdup_printf ("event echo %s", data);
    client_log_expect (log, expected);
  }
}

static void
test_requests (gconstpointer version)
{
  g_autoptr (NodeServer) server = node_server_new ("probe-server.mjs",
      version, NULL);
  GstChatSocketConfig config = again;
  config.name = (gchar *) "Küche";
  config.room = (gchar *) "a b";
  g_autoptr (ClientLog) log = client_log_new (&config, server->port);
  g_autofree gchar *id = wait_for_id (log);
  g_assert_true (client_log_send (log, "who", NULL));
  expect_containing (log, "event who",
      "\"transport\":\"websocket\",\"name\":\"Küche\",\"room\":\"a b\"");
  g_assert_true (client_log_send (log, "ask", NULL));
  client_log_expect (log, "event question {\"x\":1}");
  client_log_expect (log, "event answered {}");
  g_assert_true (client_log_send (log, "binary", NULL));
  client_log_expect (log, "event bytes {\"_placeholder\":true,\"num\":0}");
  client_log_expect (log,
      "event bytes {\"inside\":{\"_placeholder\":true,\"num\":0}}");
  client_log_expect (log, "event answered {}");
  g_assert_true (client_log_send (log, "flood", "{\"n\":2000}"));
  for (guint i = 0; i < 2000; i++) {
    g_autofree gchar *expected = g_strdup_printf
        ("event drip {\"i\":%u,\"text\":\"é€😀\"}", i);
    client_log_expect (log, expected);
  }
  g_assert_true (client_log_send (log, "kick", NULL));
  expect_containing (log, "disconnected 5", "The server at");
  g_autofree gchar *second_id = wait_for_id (log);
  g_assert_cmpstr (second_id, !=, id);
  g_assert_true (client_log_send (log, "drop", NULL));
  expect_containing (log, "disconnected 5", "lost");
}

static void
test_refused (gconstpointer version)
{
  g_autoptr (NodeServer) server = node_server_new ("probe-server.mjs",
      version, NULL);
  GstChatSocketConfig config = again;
  config.token = (gchar *) "bad";
  g_autoptr (ClientLog) log = client_log_new (&config, server->port);
  expect_containing (log, "disconnected 6", "this token is bad");
  g_assert_cmpint (client_log_get_retry_in (log), ==, -1);
}

static void
test_polling (gconstpointer version)
{
  g_autoptr (NodeServer) server = node_server_new ("probe-server.mjs",
      version, "{\"transports\":[\"polling\"],\"pingInterval\":300,"
      "\"pingTimeout\":4000}");
  ClientLog *log = client_log_new (&stay, server->port);
  g_autofree gchar *id = wait_for_id (log);
  g_assert_true (client_log_send (log, "who", NULL));
  expect_containing (log, "event who", "\"transport\":\"polling\"");
  g_assert_true (client_log_send (log, "ask", NULL));
  client_log_expect (log, "event question {\"x\":1}");
  client_log_expect (log, "event answered {}");
  g_assert_true (client_log_send (log, "binary", NULL));
  client_log_expect (log, "event bytes {\"_placeholder\":true,\"num\":0}");
  client_log_expect (log,
      "event bytes {\"inside\":{\"_placeholder\":true,\"num\":0}}");
  client_log_expect (log, "event answered {}");
  g_assert_true (client_log_send (log, "flood", "{\"n\":2000}"));
  for (guint i = 0; i < 2000; i++) {
    g_autofree gchar *expected = g_strdup_printf
        ("event drip {\"i\":%u,\"text\":\"é€😀\"}", i);
    client_log_expect (log, expected);
  }
  /* Heartbeats go on in both directions: longer than interval and time-out. */
  gint64 end = g_get_monotonic_time () + 4800 * 1000;
  while (g_get_monotonic_time () < end) {
    g_usleep (400 * 1000);
    g_assert_true (client_log_send (log, "echo", "\"é€😀\""));
    client_log_expect (log, "event echo \"é€😀\"");
  }
  g_assert_true (client_log_send (log, "kick", NULL));
  expect_containing (log, "disconnected 5", "The server at");
  client_log_free (log);
}

/* A server of protocol 4 that takes clients of protocol 3 as well. */
static void
test_allow_eio3 (gconstpointer version)
{
  g_autoptr (NodeServer) server = node_server_new ("probe-server.mjs",
      version, "{\"allowEIO3\":true,\"pingInterval\":300}");
  g_autoptr (ClientLog) log = client_log_new (&stay, server->port);
  g_autofree gchar *id = wait_for_id (log);
  g_assert_true (client_log_send (log, "echo", "[1]"));
  client_log_expect (log, "event echo [1]");
}

static void
test_server_goes_away (gconstpointer version)
{
  NodeServer *server = node_server_new ("probe-server.mjs", version, NULL);
  g_autoptr (ClientLog) log = client_log_new (&again, server->port);
  g_autofree gchar *id = wait_for_id (log);
  node_server_free (server);
  g_autofree gchar *lost = client_log_wait (log, "disconnected 5");
  expect_containing (log, "disconnected 5", "Is gst-chat-server running?");
}

static void
add (const gchar * name, const gchar * version, GTestDataFunc func)
{
  g_autofree gchar *path = g_strdup_printf ("/realservers/%s/%s", version,
      name);
  g_test_add_data_func (path, version, func);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  if (!node_server_available ()) {
    g_print ("1..0 # SKIP no node, or no tests/node_modules\n");
    return 77;
  }
  for (guint i = 0; i < G_N_ELEMENTS (versions); i++) {
    add ("base", versions[i], test_base);
    add ("heartbeat", versions[i], test_heartbeat);
    add ("requests", versions[i], test_requests);
    add ("refused", versions[i], test_refused);
    add ("polling", versions[i], test_polling);
    add ("server-goes-away", versions[i], test_server_goes_away);
  }
  add ("allow-eio3", "4.8.4", test_allow_eio3);
  return g_test_run ();
}
