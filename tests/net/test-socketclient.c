/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The Socket.IO client against a server that behaves as a script says. */
#include "client-log.h"
#include "scripted-server.h"
#include "chatbackoff.h"
#include "chaterror.h"
#include "chatlimits.h"

#include <string.h>

#define OPEN4 ">0{\"sid\":\"engine-4\",\"upgrades\":[],\"pingInterval\":25000," \
    "\"pingTimeout\":20000,\"maxPayload\":1000000}"
#define OPEN3 ">0{\"sid\":\"engine-3\",\"upgrades\":[],\"pingInterval\":25000," \
    "\"pingTimeout\":5000}"
#define CONNECT4 OPEN4 "|<40{\"key\":\"*|>40{\"sid\":\"socket-4\"}"
#define PROBE "40/gst-chat-probe,"
#define CONNECT3 OPEN3 "|>40|<" PROBE

static const GstChatSocketConfig stay = {.tls_validate = TRUE };

static const GstChatSocketConfig again = {.tls_validate = TRUE,.reconnect = TRUE
};

static ScriptedServer *
serve (const gchar * script)
{
  const gchar *const scripts[] = { script, NULL };
  return scripted_server_new (scripts, NULL);
}

/* Runs @script for one client that does not reconnect; its log is to be
 * @lines. */
static void
check_script (const gchar * script, const gchar * const *lines)
{
  g_autoptr (ScriptedServer) server = serve (script);
  g_autoptr (ClientLog) log = client_log_new (&stay,
      scripted_server_get_port (server));
  for (guint i = 0; lines[i]; i++) {
    g_autofree gchar *line = client_log_wait (log, "");
    if (!g_str_has_prefix (line, lines[i]))
      g_error ("expected \"%s\", found \"%s\"", lines[i], line);
  }
}

#define CHECK_SCRIPT(script, ...) \
  G_STMT_START { \
    const gchar *const lines[] = { __VA_ARGS__, NULL }; \
    check_script (script, lines); \
  } G_STMT_END

static void
test_generation_4 (void)
{
  CHECK_SCRIPT (CONNECT4 "|>42[\"update-user-list\",{\"users\":[\"a\"]}]",
      "connected socket-4", "event update-user-list {\"users\":[\"a\"]}");
}

static void
test_generation_3 (void)
{
  CHECK_SCRIPT (CONNECT3 "|>42[\"update-user-list\",{\"users\":[\"a\"]}]",
      "connected engine-3", "event update-user-list {\"users\":[\"a\"]}");
}

/* 2.x sends both at once, and events right behind. */
static void
test_generation_3_back_to_back (void)
{
  CHECK_SCRIPT (OPEN3 "|>40|>42[\"a\",1]|<" PROBE, "connected engine-3",
      "event a 1");
}

/* With a middleware, 2.x answers later. */
static void
test_generation_3_late (void)
{
  CHECK_SCRIPT (OPEN3 "|<" PROBE
      "|>40|>44/gst-chat-probe,\"Invalid namespace\"|>42[\"a\"]",
      "connected engine-3", "event a ");
}

/* Socket.IO 3 and early 4 do not say maxPayload: the answer to the probe tells. */
static void
test_generation_4_without_max_payload (void)
{
  CHECK_SCRIPT (OPEN3 "|<" PROBE
      "|>44/gst-chat-probe,{\"message\":\"Invalid namespace\"}"
      "|<40{\"key\":\"*|>40{\"sid\":\"s\"}|>42[\"a\"]", "connected s", "event a ");
  CHECK_SCRIPT (OPEN3 "|<" PROBE "|>40/gst-chat-probe,{\"sid\":\"p\"}"
      "|<40{\"key\":\"*|>40{\"sid\":\"s\"}|>42[\"a\"]", "connected s", "event a ");
}

/* A server of another make that is silent about a namespace it has not. */
static void
test_probe_unanswered (void)
{
  CHECK_SCRIPT (OPEN3 "|<" PROBE "|<40{\"key\":\"*|>40{\"sid\":\"s\"}|>42[\"a\"]",
      "connected s", "event a ");
}

static void
test_connect_comes_twice (void)
{
  CHECK_SCRIPT (CONNECT4 "|>40{\"sid\":\"other\"}|>42[\"a\"]",
      "connected socket-4", "event a ");
}

static void
test_events (void)
{
  CHECK_SCRIPT (CONNECT4
      "|>42[\"a\",{\"x\":\"é😀\"},2,\"offset\"]|>42/other,[\"b\"]"
      "|>422[\"c\",null]|<432[]|>430[1]|>6|>42[7]",
      "connected", "event a {\"x\":\"é😀\"}", "event c null", "event 7 ");
}

static void
test_events_before_connect_are_dropped (void)
{
  CHECK_SCRIPT (OPEN4 "|>42[\"early\",1]|<40{\"key\":\"*|>40{\"sid\":\"s\"}|>42[\"a\"]",
      "connected s", "event a ");
}

static void
test_binary_event (void)
{
  CHECK_SCRIPT (CONNECT4 "|>452-[\"b\",{\"_placeholder\":true,\"num\":0}]"
      "|#4|#0|#9|>461-1[{}]|#3|>451-[\"cut\",{}]|>42[\"a\"]|#1|>42[\"z\"]",
      "connected", "event b {\"_placeholder\":true,\"num\":0}", "event a ",
      "event z ");
}

/* A peer can make a relay send nearly anything: dropped, and on it goes. */
static void
test_garbage_is_dropped (void)
{
  g_autoptr (GString) deep = g_string_new (CONNECT4 "|>42[\"d\",");
  for (guint i = 0; i < 1000; i++)
    g_string_append_c (deep, '[');
  g_string_append (deep, "|>42[\"a\"]");
  CHECK_SCRIPT (deep->str, "connected", "refused 1", "event a ");
  CHECK_SCRIPT (CONNECT4 "|>|>9|>x|>4|>49|>42|>42{}|>42[{}]|>42[\"a\",}]"
      "|>42[]|>429999999999999999[\"a\"]|>4599-[\"a\"]|>0nonsense|>42[\"a\"]",
      "connected", "refused 0", "refused 0", "refused 0", "refused 0",
      "refused 0", "refused 0", "refused 0", "refused 0", "refused 0",
      "refused 0", "refused 1", "refused 1", "event a ");
}

static void
test_oversize_is_dropped (void)
{
  g_autofree gchar *script = g_strdup_printf (CONNECT4 "|=%d|>42[\"a\"]",
      GST_CHAT_MAX_MESSAGE_BYTES + 10);
  CHECK_SCRIPT (script, "connected", "refused", "event a ");
}

static void
test_giant_frame_closes (void)
{
  g_autofree gchar *script = g_strdup_printf (CONNECT4 "|=%d",
      4 * GST_CHAT_MAX_MESSAGE_BYTES + 10);
  CHECK_SCRIPT (script, "connected", "disconnected 5 Connection to 127.0.0.1");
}

/* Larger than libsoup's own default of 128 KiB. */
static void
test_long_list (void)
{
  g_autoptr (GString) script = g_string_new (CONNECT4
      "|>42[\"update-user-list\",{\"users\":[\"0\"");
  for (guint i = 0; i < 20000; i++)
    g_string_append_printf (script, ",\"user-%06u-1234567\"", i);
  g_string_append (script, "]}]");
  CHECK_SCRIPT (script->str, "connected", "event update-user-list {\"users\"");
}

static void
test_bad_handshakes (void)
{
  static const gchar *const scripts[] = {
    ">0{}|wait", ">0[[[[|wait", ">0{\"sid\":\"x\"}|wait", ">0|wait",
    ">0{\"sid\":\"x\",\"pingInterval\":0,\"pingTimeout\":1}|wait"
  };
  for (guint i = 0; i < G_N_ELEMENTS (scripts); i++)
    CHECK_SCRIPT (scripts[i], "disconnected 5 127.0.0.1:");
  CHECK_SCRIPT (OPEN4 "|<40{\"key\":\"*|>40{\"sid\":\"a b\"}|<41", "disconnected 2 ");
  CHECK_SCRIPT (OPEN4 "|<40{\"key\":\"*|>40{\"sid\":7}", "disconnected 2 ");
}

static void
test_refused (void)
{
  g_autoptr (ScriptedServer) server =
      serve (OPEN4 "|<40{\"key\":\"*|>44{\"message\":\"no \\\"entry\\\"\"}");
  g_autoptr (ClientLog) log = client_log_new (&again,
      scripted_server_get_port (server));
  g_autofree gchar *line = client_log_wait (log, "disconnected 6");
  g_assert_nonnull (strstr (line, "no \"entry\""));
  g_assert_cmpint (client_log_get_retry_in (log), ==, -1);

  CHECK_SCRIPT (OPEN3 "|<" PROBE "|>44\"bad token\"",
      "disconnected 6 The server at 127.0.0.1:");
  CHECK_SCRIPT (OPEN3 "|<" PROBE "|>44", "disconnected 6");
}

static void
test_http_answers (void)
{
  static const struct
  {
    const gchar *script;
    GstChatError code;
    const gchar *words;
  } rows[] = {
    {"http 404", GST_CHAT_ERROR_CONNECT,
        "is not a Socket.IO server (HTTP 404 at /socket.io/)"},
    {"http 200", GST_CHAT_ERROR_CONNECT, "is not a Socket.IO server"},
    {"http 403", GST_CHAT_ERROR_REFUSED, "auth-token"},
    {"http 401", GST_CHAT_ERROR_REFUSED, "auth-token"},
    {"http 503", GST_CHAT_ERROR_CONNECT, "cannot serve us now"},
    {"http 301", GST_CHAT_ERROR_CONNECT, "https://elsewhere.example/"},
  };
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (ScriptedServer) server = serve (rows[i].script);
    g_autoptr (ClientLog) log = client_log_new (&stay,
        scripted_server_get_port (server));
    g_autofree gchar *line = client_log_wait (log, "disconnected");
    g_autofree gchar *prefix = g_strdup_printf ("disconnected %d ",
        rows[i].code);
    g_assert_true (g_str_has_prefix (line, prefix));
    if (!strstr (line, rows[i].words))
      g_error ("\"%s\" does not say \"%s\"", line, rows[i].words);
  }
}

static void
test_nobody_there (void)
{
  g_autoptr (ScriptedServer) server = serve ("wait");
  guint16 port = scripted_server_get_port (server);
  g_clear_pointer (&server, scripted_server_free);
  g_autoptr (ClientLog) log = client_log_new (&stay, port);
  g_autofree gchar *line = client_log_wait (log, "disconnected");
  g_autofree gchar *expected = g_strdup_printf ("disconnected 5 No chat server "
      "at 127.0.0.1:%u: connection refused. Is gst-chat-server running?", port);
  g_assert_cmpstr (line, ==, expected);
}

static void
test_bad_uri (void)
{
  GstChatSocketConfig config = again;
  config.uri = (gchar *) "ftp://localhost";
  g_autoptr (ClientLog) log = client_log_new (&config, 0);
  g_autofree gchar *line = client_log_wait (log, "disconnected 0");
  g_assert_cmpint (client_log_get_retry_in (log), ==, -1);
}

static void
silent (const gchar * script)
{
  GstChatSocketConfig config = stay;
  config.timeout = 300;
  g_autoptr (ScriptedServer) server = serve (script);
  g_autoptr (ClientLog) log = client_log_new (&config,
      scripted_server_get_port (server));
  g_autofree gchar *line = client_log_wait (log, "disconnected");
  g_assert_true (g_str_has_prefix (line,
          "disconnected 7 No Socket.IO server answered at 127.0.0.1:"));
}

static void
test_silent_server (void)
{
  silent ("hang");
  silent ("wait");
  silent (OPEN4 "|<40{\"key\":\"*|wait");
  silent (OPEN4 "|<40{\"key\":\"*|>42[\"a\"]|>2|<3|wait");
}

static void
test_heartbeat_4 (void)
{
  g_autoptr (ScriptedServer) server =
      serve (">0{\"sid\":\"x\",\"pingInterval\":200,\"pingTimeout\":200,"
      "\"maxPayload\":9}|<40{\"key\":\"*|>40{\"sid\":\"s\"}|>2|<3|>2|<3|>2probe|<3probe");
  g_autoptr (ClientLog) log = client_log_new (&stay,
      scripted_server_get_port (server));
  scripted_server_wait_done (server, 1);
  /* Then the server is silent. */
  client_log_expect (log, "connected s");
  g_autofree gchar *line = client_log_wait (log, "");
  g_assert_true (g_str_has_prefix (line,
          "disconnected 7 Connection to 127.0.0.1"));
}

static void
test_heartbeat_3 (void)
{
  g_autoptr (ScriptedServer) server =
      serve (">0{\"sid\":\"x\",\"pingInterval\":50,\"pingTimeout\":2000}"
      "|>40|<" PROBE "|<2|>42[\"a\"]|>3|<2|>3|<2|>3|<2|drop");
  g_autoptr (ClientLog) log = client_log_new (&stay,
      scripted_server_get_port (server));
  scripted_server_wait_done (server, 1);
  client_log_expect (log, "connected x");
  client_log_expect (log, "event a ");
  g_autofree gchar *line = client_log_wait (log, "disconnected 5");
}

static void
test_pong_lost (void)
{
  /* Traffic is no pong. */
  CHECK_SCRIPT (">0{\"sid\":\"x\",\"pingInterval\":50,\"pingTimeout\":300}"
      "|>40|<" PROBE "|<2|>42[\"a\"]|wait", "connected x", "event a ",
      "disconnected 7 Connection to 127.0.0.1");
}

static void
test_lost (void)
{
  CHECK_SCRIPT (CONNECT4 "|drop", "connected",
      "disconnected 5 Connection to 127.0.0.1");
  CHECK_SCRIPT (CONNECT4 "|close 1001", "connected",
      "disconnected 5 The server at 127.0.0.1");
  CHECK_SCRIPT (CONNECT4 "|close 1009", "connected", "disconnected 5 ");
  CHECK_SCRIPT (CONNECT4 "|>41", "connected", "disconnected 5 The server");
  CHECK_SCRIPT (CONNECT3 "|>1", "connected", "disconnected 5 The server");
  CHECK_SCRIPT (OPEN4 "|drop", "disconnected 5 Connection to 127.0.0.1");
}

static void
test_send (void)
{
  g_autoptr (ScriptedServer) server =
      serve ("wait|" OPEN4 "|<40{\"key\":\"*|wait|>40{\"sid\":\"s\"}"
      "|<42[\"a\",{\"x\":1}]|<42[\"b\"]|drop");
  g_autoptr (ClientLog) log = client_log_new (&stay,
      scripted_server_get_port (server));
  g_assert_false (client_log_send (log, "early", NULL));
  /* The connection may not have come yet: each wait is passed when it has. */
  gboolean connected = FALSE;
  for (guint i = 0; !connected && i < 2000; i++) {
    scripted_server_go (server);
    connected = client_log_send (log, "a", "{\"x\":1}");
    g_usleep (connected ? 0 : 5000);
  }
  g_assert_true (connected);
  g_autofree gchar *huge = g_strnfill (1000001, '1');
  g_assert_false (client_log_send (log, "huge", huge));
  g_assert_true (client_log_send (log, "b", NULL));
  g_autofree gchar *line = client_log_wait (log, "disconnected");
  g_assert_false (client_log_send (log, "late", NULL));
}

static void
test_handshake_says_who_we_are (void)
{
  GstChatSocketConfig config = stay;
  config.name = (gchar *) "Küche & \"Co\"";
  config.room = (gchar *) "r1";
  config.token = (gchar *) "t+/=";
  g_autoptr (ScriptedServer) server =
      serve (OPEN4 "|<40{\"name\":\"Küche & \\\"Co\\\"\",\"room\":\"r1\","
      "\"token\":\"t+/=\",\"key\":\"*|>40{\"sid\":\"s\"}");
  g_autoptr (ClientLog) log = client_log_new (&config,
      scripted_server_get_port (server));
  client_log_expect (log, "connected s");
  g_autofree gchar *queries = scripted_server_get_queries (server);
  g_assert_cmpstr (queries, ==, "EIO=4&transport=websocket"
      "&name=K%C3%BCche%20%26%20%22Co%22&room=r1&token=t%2B%2F%3D\n");
}

static void
test_good_bye (void)
{
  g_autoptr (ScriptedServer) server = serve (CONNECT4 "|<41");
  ClientLog *log = client_log_new (&stay, scripted_server_get_port (server));
  client_log_expect (log, "connected socket-4");
  gint64 begin = g_get_monotonic_time ();
  client_log_free (log);
  g_assert_cmpint (g_get_monotonic_time () - begin, <, 5 * G_TIME_SPAN_SECOND);
  scripted_server_wait_done (server, 1);
  scripted_server_wait_closes (server, 1);
}

/* Whatever the state, closing neither hangs nor leaks. */
static void
test_close_any_time (void)
{
  static const gchar *const scripts[] = { "hang", "wait", OPEN4 "|<40{\"key\":\"*|wait",
    CONNECT4 "|<41", "http 404"
  };
  for (guint i = 0; i < G_N_ELEMENTS (scripts); i++) {
    g_autoptr (ScriptedServer) server = serve (scripts[i]);
    client_log_free (client_log_new (&again,
            scripted_server_get_port (server)));
  }
}

static void
test_close_in_callback (void)
{
  static const gchar *const rows[][2] = {
    {CONNECT4 "|<41", "connected"},
    {OPEN3 "|>40|>42[\"a\"]|<" PROBE "|<41", "connected"},
    {"http 404", "disconnected"},
    {OPEN4 "|drop", "disconnected"},
    {CONNECT4 "|>7|<41", "connected"},
  };
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (ScriptedServer) server = serve (rows[i][0]);
    g_autoptr (ClientLog) log = client_log_new (&again,
        scripted_server_get_port (server));
    client_log_close_in_callback (log);
    g_autofree gchar *line = client_log_wait (log, rows[i][1]);
  }
}

static void
test_reconnects (void)
{
  const gchar *const scripts[] = { "http 503", CONNECT4 "|drop",
    OPEN3 "|>40|<" PROBE "|wait", NULL
  };
  g_autoptr (ScriptedServer) server = scripted_server_new (scripts, NULL);
  g_autoptr (ClientLog) log = client_log_new (&again,
      scripted_server_get_port (server));
  g_autofree gchar *first = client_log_wait (log, "");
  g_assert_true (g_str_has_prefix (first, "disconnected 5"));
  g_assert_cmpint (client_log_get_retry_in (log), >=, 500);
  g_assert_cmpint (client_log_get_retry_in (log), <=, 1500);
  client_log_expect (log, "connected socket-4");
  /* That one did not last: the delay goes on growing. */
  g_autofree gchar *second = client_log_wait (log, "");
  g_assert_true (g_str_has_prefix (second, "disconnected 5"));
  g_assert_cmpint (client_log_get_retry_in (log), >=, 1000);
  g_assert_cmpint (client_log_get_retry_in (log), <=, 3000);
  client_log_expect (log, "connected engine-3");
}

static void
test_stays_away (void)
{
  g_autoptr (ScriptedServer) server = serve (CONNECT4 "|drop");
  g_autoptr (ClientLog) log = client_log_new (&stay,
      scripted_server_get_port (server));
  g_autofree gchar *line = client_log_wait (log, "disconnected");
  g_assert_cmpint (client_log_get_retry_in (log), ==, -1);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/client/generation-4", test_generation_4);
  g_test_add_func ("/client/generation-3", test_generation_3);
  g_test_add_func ("/client/generation-3-back-to-back",
      test_generation_3_back_to_back);
  g_test_add_func ("/client/generation-3-late", test_generation_3_late);
  g_test_add_func ("/client/generation-4-without-max-payload",
      test_generation_4_without_max_payload);
  g_test_add_func ("/client/probe-unanswered", test_probe_unanswered);
  g_test_add_func ("/client/connect-comes-twice", test_connect_comes_twice);
  g_test_add_func ("/client/events", test_events);
  g_test_add_func ("/client/events-before-connect-are-dropped",
      test_events_before_connect_are_dropped);
  g_test_add_func ("/client/binary-event", test_binary_event);
  g_test_add_func ("/client/garbage-is-dropped", test_garbage_is_dropped);
  g_test_add_func ("/client/oversize-is-dropped", test_oversize_is_dropped);
  g_test_add_func ("/client/giant-frame-closes", test_giant_frame_closes);
  g_test_add_func ("/client/long-list", test_long_list);
  g_test_add_func ("/client/bad-handshakes", test_bad_handshakes);
  g_test_add_func ("/client/refused", test_refused);
  g_test_add_func ("/client/http-answers", test_http_answers);
  g_test_add_func ("/client/nobody-there", test_nobody_there);
  g_test_add_func ("/client/bad-uri", test_bad_uri);
  g_test_add_func ("/client/silent-server", test_silent_server);
  g_test_add_func ("/client/heartbeat-4", test_heartbeat_4);
  g_test_add_func ("/client/heartbeat-3", test_heartbeat_3);
  g_test_add_func ("/client/pong-lost", test_pong_lost);
  g_test_add_func ("/client/lost", test_lost);
  g_test_add_func ("/client/send", test_send);
  g_test_add_func ("/client/handshake-says-who-we-are",
      test_handshake_says_who_we_are);
  g_test_add_func ("/client/good-bye", test_good_bye);
  g_test_add_func ("/client/close-any-time", test_close_any_time);
  g_test_add_func ("/client/close-in-callback", test_close_in_callback);
  g_test_add_func ("/client/reconnects", test_reconnects);
  g_test_add_func ("/client/stays-away", test_stays_away);
  return g_test_run ();
}
