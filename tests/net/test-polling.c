/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The Socket.IO client where there is no WebSocket: long polling. */
#include "client-log.h"
#include "scripted-server.h"

#include <string.h>

#define OPEN4 "0{\"sid\":\"engine-4\",\"upgrades\":[\"websocket\"]," \
    "\"pingInterval\":25000,\"pingTimeout\":20000,\"maxPayload\":200}"
#define OPEN3 "73:0{\"sid\":\"engine-3\",\"upgrades\":[]," \
    "\"pingInterval\":25000,\"pingTimeout\":5000}"

static const GstChatSocketConfig stay = {.tls_validate = TRUE };

static const GstChatSocketConfig again = {.tls_validate = TRUE,.reconnect = TRUE
};

static ClientLog *
begin (ScriptedServer ** server, const GstChatSocketConfig * config,
    const gchar * const *scripts)
{
  *server = scripted_server_new (scripts, NULL);
  return client_log_new (config, scripted_server_get_port (*server));
}

#define BEGIN(config, ...) \
  const gchar *const scripts[] = { __VA_ARGS__, NULL }; \
  ScriptedServer *begun; \
  g_autoptr (ClientLog) log = begin (&begun, config, scripts); \
  g_autoptr (ScriptedServer) server = begun

static void
test_generation_4 (void)
{
  BEGIN (&stay, "http 400", "poll " OPEN4,
      "poll 40{\"sid\":\"s\"}\x1e" "42[\"a\",\"é😀\"]",
      "poll 42[\"b\"]\x1e" "9\x1e" "42[\"never\"]",
      "poll 451-[\"c\",{}]\x1e" "bAQID\x1e" "42[\"d\"]", "hang");
  client_log_expect (log, "connected s");
  client_log_expect (log, "event a \"é😀\"");
  client_log_expect (log, "event b ");
  /* The rest of a body that is wrong is lost, the connection is not. */
  client_log_expect (log, "refused 0");
  client_log_expect (log, "event c {}");
  client_log_expect (log, "event d ");
  scripted_server_wait_query (server,
      "EIO=4&transport=polling&b64=1&sid=engine-4 40{\"key\":\"");
  g_assert_true (client_log_send (log, "x", "{}"));
  scripted_server_wait_query (server,
      "EIO=4&transport=polling&b64=1&sid=engine-4 42[\"x\",{}]\n");
}

static void
test_generation_3 (void)
{
  BEGIN (&stay, "http 400", "poll " OPEN3 "2:40",
      "poll 12:42[\"a\",\"😀\"]1:3", "hang");
  client_log_expect (log, "connected engine-3");
  client_log_expect (log, "event a \"😀\"");
  g_assert_true (client_log_send (log, "x", "\"é😀\""));
  scripted_server_wait_query (server,
      "EIO=3&transport=polling&b64=1&sid=engine-3 13:42[\"x\",\"é😀\"]\n");
}

static void
test_good_bye (void)
{
  BEGIN (&stay, "http 400", "poll " OPEN4, "poll 40{\"sid\":\"s\"}", "hang");
  client_log_expect (log, "connected s");
  g_clear_pointer (&log, client_log_free);
  scripted_server_wait_query (server, "sid=engine-4 41\x1e" "1\n");
}

/* No body is longer than the server takes; no packet is lost for that. */
static void
test_max_payload (void)
{
  BEGIN (&stay, "http 400", "poll " OPEN4, "poll 40{\"sid\":\"s\"}", "hang");
  client_log_expect (log, "connected s");
  g_autofree gchar *fill = g_strnfill (150, '1');
  for (guint i = 0; i < 5; i++)
    g_assert_true (client_log_send (log, "x", fill));
  g_assert_true (client_log_send (log, "end", NULL));
  scripted_server_wait_query (server, "42[\"end\"]\n");
  g_autofree gchar *queries = scripted_server_get_queries (server);
  g_auto (GStrv) lines = g_strsplit (queries, "\n", -1);
  guint found = 0;
  for (guint i = 0; lines[i]; i++) {
    const gchar *body = strchr (lines[i], ' ');
    g_assert_cmpuint (body ? strlen (body + 1) : 0, <=, 200);
    found += strstr (lines[i], fill) != NULL;
  }
  g_assert_cmpuint (found, ==, 5);
  g_autofree gchar *huge = g_strnfill (200, '1');
  g_assert_false (client_log_send (log, "x", huge));
}

static void
expect_lost (const gchar * const *scripts, const gchar * words)
{
  ScriptedServer *begun;
  g_autoptr (ClientLog) log = begin (&begun, &stay, scripts);
  g_autoptr (ScriptedServer) server = begun;
  g_autofree gchar *line = client_log_wait (log, "disconnected 5");
  if (!strstr (line, words))
    g_error ("\"%s\" does not say \"%s\"", line, words);
}

#define EXPECT_LOST(words, ...) \
  G_STMT_START { \
    const gchar *const scripts[] = { __VA_ARGS__, NULL }; \
    expect_lost (scripts, words); \
  } G_STMT_END

static void
test_lost (void)
{
  EXPECT_LOST ("HTTP 404 at /socket.io/", "http 400", "http 404");
  EXPECT_LOST ("it answers something else", "http 400", "poll <html>");
  EXPECT_LOST ("it answers something else", "http 400", "poll ");
  EXPECT_LOST ("handshake", "http 400", "poll 0{}");
  EXPECT_LOST ("its handshake is wrong", "http 400", "poll 1:6");
  EXPECT_LOST ("longer than", "http 400", "poll %5000000");
  EXPECT_LOST ("lost: Bad Request", "http 400", "poll " OPEN4, "http 400");
  EXPECT_LOST ("lost: the answer is longer than", "http 400", "poll " OPEN4,
      "poll 40{\"sid\":\"s\"}", "poll %5000000");
  EXPECT_LOST ("closed the connection", "http 400", "poll " OPEN4,
      "poll 40{\"sid\":\"s\"}", "poll 1");
  EXPECT_LOST ("disconnected us", "http 400", "poll " OPEN4,
      "poll 40{\"sid\":\"s\"}", "poll 41\x1e" "42[\"late\"]");
}

/* What worked is tried first the next time. */
static void
test_remembers (void)
{
  BEGIN (&again, "http 400", "poll " OPEN4, "poll 40{\"sid\":\"s\"}",
      "poll 1", "poll " OPEN4, "poll 40{\"sid\":\"t\"}", "hang");
  client_log_expect (log, "connected s");
  g_autofree gchar *line = client_log_wait (log, "disconnected 5");
  client_log_expect (log, "connected t");
}

/* A proxy that swallows the WebSocket's request. */
static void
test_websocket_hangs (void)
{
  GstChatSocketConfig config = stay;
  config.timeout = 1000;
  BEGIN (&config, "hang", "poll " OPEN4, "poll 40{\"sid\":\"s\"}", "hang");
  client_log_expect (log, "connected s");
}

static void
test_close_any_time (void)
{
  for (guint i = 0; i < 20; i++) {
    BEGIN (&again, "http 400", "poll " OPEN4, "poll 40{\"sid\":\"s\"}", "hang");
    if (i % 4 == 0)
      client_log_expect (log, "connected s");
    else if (i % 4 == 1)
      scripted_server_wait_query (server, "polling");
    else if (i % 4 == 2)
      client_log_close_in_callback (log);
    if (i % 4 == 2)
      client_log_expect (log, "connected s");
  }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/polling/generation-4", test_generation_4);
  g_test_add_func ("/polling/generation-3", test_generation_3);
  g_test_add_func ("/polling/good-bye", test_good_bye);
  g_test_add_func ("/polling/max-payload", test_max_payload);
  g_test_add_func ("/polling/lost", test_lost);
  g_test_add_func ("/polling/remembers", test_remembers);
  g_test_add_func ("/polling/websocket-hangs", test_websocket_hangs);
  g_test_add_func ("/polling/close-any-time", test_close_any_time);
  return g_test_run ();
}
