/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The server's HTTP: the page, wrong requests, polling to the byte. */
#include <string.h>

#include "chatlimits.h"
#include "scripted-client.h"

#define INFO "42[\"server-info\",{\"server\":\"gst-chat-server/"

static void
test_page (void)
{
  g_autoptr (GstChatServer) server = scripted_server_new (NULL);
  g_autoptr (ScriptedClient) client = scripted_client_new (server);
  scripted_client_request (client, "GET", "/", "", NULL);
  g_autoptr (ScriptedResponse) page = scripted_client_response (client);
  g_assert_cmpuint (page->status, ==, 200);
  g_assert_nonnull (strstr (page->body, "<html"));
  static const gchar *const headers[] = {
    "Content-Type: text/html; charset=utf-8\r\n",
    "Content-Security-Policy: default-src 'none'; script-src 'self'; "
        "style-src 'self'; connect-src 'self';",
    "frame-ancestors 'none'\r\n",
    "Permissions-Policy: camera=(self), microphone=(self), "
        "display-capture=(self), geolocation=()",
    "X-Content-Type-Options: nosniff\r\n",
    "X-Frame-Options: DENY\r\n",
    "Cross-Origin-Resource-Policy: same-origin\r\n",
    "Referrer-Policy: no-referrer\r\n",
    "Cache-Control: no-cache\r\n",
  };
  for (guint i = 0; i < G_N_ELEMENTS (headers); i++)
    g_assert_nonnull (strstr (page->headers, headers[i]));
  g_assert_null (strstr (page->headers, "unsafe"));
  /* Browsers complain about that one without TLS. */
  g_assert_null (strstr (page->headers, "Cross-Origin-Opener-Policy"));

  /* The connection goes on, or it was said that it does not. */
  if (strstr (page->headers, "Connection: close\r\n") != NULL) {
    scripted_wait_for_end (client);
    return;
  }
  scripted_client_request (client, "GET", "/favicon.ico", "", NULL);
  g_autoptr (ScriptedResponse) icon = scripted_client_response (client);
  g_assert_cmpuint (icon->status, ==, 200);
  g_assert_nonnull (strstr (icon->headers, "Content-Type: image/svg+xml\r\n"));
}

static void
test_paths (void)
{
  static const struct
  {
    const gchar *method, *target;
    guint status;
  } cases[] = {
    {"GET", "/index.html", 200},
    {"GET", "/favicon.ico", 200},
    {"GET", "/?call=x", 200},
    {"GET", "/nothing", 404},
    {"GET", "/../index.html", 200},
    {"GET", "/%2e%2e/config.h", 404},
    {"GET", "//", 404},
    {"GET", "/socket.io/socket.io.js", 404},
    {"GET", "/socket.iox", 404},
    {"POST", "/", 405},
    {"DELETE", "/index.html", 405},
  };
  g_autoptr (GstChatServer) server = scripted_server_new (NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_test_message ("%s %s", cases[i].method, cases[i].target);
    guint status = scripted_fetch (server, cases[i].method, cases[i].target,
        "", NULL, NULL);
    g_assert_cmpuint (status, ==, cases[i].status);
  }
}

static gboolean
is_kept (gpointer server)
{
  g_autoptr (ScriptedClient) client = scripted_client_new (server);
  scripted_client_request (client, "GET", "/", "", NULL);
  g_autoptr (ScriptedResponse) page = scripted_client_response (client);
  g_assert_cmpuint (page->status, ==, 200);
  gboolean closed = strstr (page->headers, "Connection: close\r\n") != NULL;
  if (closed)
    scripted_wait_for_end (client);
  return !closed;
}

/* Where very many wait for their next request, none is kept for one. */
static void
test_crowd (void)
{
  g_autoptr (GstChatServer) server = scripted_server_new (NULL);
  ScriptedClient *idle[257];
  gboolean kept = is_kept (server);     /* libsoup 3.2 cannot */
  for (guint i = 0; i < G_N_ELEMENTS (idle); i++)
    idle[i] = scripted_client_new (server);
  g_assert_false (is_kept (server));
  /* WebSockets come in all the same. */
  g_autoptr (ScriptedClient) ws = scripted_websocket_new (server, "EIO=4");
  for (guint i = 0; i < G_N_ELEMENTS (idle); i++)
    scripted_client_free (idle[i]);
  if (kept)
    scripted_wait (is_kept, server, "a connection that is kept");
}

/* As real servers answer, to the byte. */
static void
test_wrong_requests (void)
{
#define UPGRADE "Connection: Upgrade\r\nUpgrade: websocket\r\n" \
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
  static const struct
  {
    const gchar *method, *query, *headers;
    guint status;
    const gchar *body;
  } cases[] = {
    {"GET", "", "", 400, "{\"code\":0,\"message\":\"Transport unknown\"}"},
    {"GET", "EIO=4", "", 400, "{\"code\":0,\"message\":\"Transport unknown\"}"},
    {"GET", "EIO=4&transport=warp", "", 400,
        "{\"code\":0,\"message\":\"Transport unknown\"}"},
    {"GET", "EIO=4&transport=polling&sid=x", "", 400,
        "{\"code\":1,\"message\":\"Session ID unknown\"}"},
    {"GET", "EIO=4&transport=polling&sid=", "", 400,
        "{\"code\":1,\"message\":\"Session ID unknown\"}"},
    {"POST", "EIO=4&transport=polling&sid=x", "", 400,
        "{\"code\":1,\"message\":\"Session ID unknown\"}"},
    {"GET", "EIO=4&transport=websocket&sid=x", UPGRADE, 400,
        "Session ID unknown"},
    {"POST", "EIO=4&transport=polling", "", 400,
        "{\"code\":2,\"message\":\"Bad handshake method\"}"},
    {"OPTIONS", "EIO=4&transport=polling", "", 400,
        "{\"code\":2,\"message\":\"Bad handshake method\"}"},
    {"GET", "EIO=4&transport=websocket", "", 400,
        "{\"code\":3,\"message\":\"Bad request\"}"},
    {"GET", "EIO=4&transport=polling", UPGRADE, 400, "Bad request"},
    {"GET", "EIO=3&transport=polling&j=1", "", 400,
        "{\"code\":3,\"message\":\"Bad request\"}"},
    {"GET", "EIO=4&transport=polling", "Origin: http://evil\r\n", 403,
        "{\"code\":4,\"message\":\"Forbidden\"}"},
    {"GET", "EIO=4&transport=websocket", "Origin: http://evil\r\n" UPGRADE,
        403, "Forbidden"},
    {"GET", "EIO=4&transport=polling", "Origin: null\r\n", 403,
        "{\"code\":4,\"message\":\"Forbidden\"}"},
    {"OPTIONS", "EIO=4&transport=polling", "Origin: http://test\r\n", 204, ""},
  };
  g_autoptr (GstChatServer) server = scripted_server_new (NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_test_message ("%s %s", cases[i].method, cases[i].query);
    g_autofree gchar *target = g_strconcat ("/socket.io/?", cases[i].query,
        NULL);
    g_autofree gchar *body = NULL;
    guint status = scripted_fetch (server, cases[i].method, target,
        cases[i].headers, NULL, &body);
    g_assert_cmpuint (status, ==, cases[i].status);
    g_assert_cmpstr (body, ==, cases[i].body);
  }
  g_assert_cmpuint (gst_chat_server_get_n_users (server), ==, 0);
}

static void
test_large_bodies (void)
{
  g_autoptr (GstChatServer) server = scripted_server_new (NULL);
  static const gchar *const targets[] = { "/", "/socket.io/?x" };
  for (guint i = 0; i < G_N_ELEMENTS (targets); i++) {
    g_autofree gchar *large = g_strnfill (GST_CHAT_MAX_MESSAGE_BYTES + 1, 'x');
    g_assert_cmpuint (scripted_fetch (server, "POST", targets[i], "", large,
            NULL), ==, 413);
    g_autoptr (ScriptedClient) client = scripted_client_new (server);
    scripted_client_request (client, "POST", targets[i],
        "Transfer-Encoding: chunked\r\n", NULL);
    scripted_client_send (client, "3\r\nabc\r\n0\r\n\r\n", 13);
    g_autoptr (ScriptedResponse) response = scripted_client_response (client);
    g_assert_cmpuint (response->status, ==, 411);
  }
}

typedef struct
{
  GstChatServer *server;
  gchar *target;                /* with the session's id */
} Poller;

static void
poller_open (Poller * poller, GstChatServer * server, const gchar * eio,
    const gchar * expected)
{
  g_autofree gchar *target =
      g_strdup_printf ("/socket.io/?EIO=%s&transport=polling", eio);
  g_autofree gchar *body = NULL;
  g_assert_cmpuint (scripted_fetch (server, "GET", target, "", NULL, &body),
      ==, 200);
  g_autofree gchar *sid = scripted_cut (body, "{\"sid\":\"", "\"");
  g_assert_cmpuint (strlen (sid), ==, 20);
  g_auto (GStrv) parts = g_strsplit (body, sid, 2);
  g_autofree gchar *rest = g_strjoinv ("SID", parts);
  g_assert_true (g_str_has_prefix (rest, expected));
  poller->server = server;
  poller->target = g_strdup_printf ("%s&sid=%s", target, sid);
}

static void
poller_close (Poller * poller)
{
  g_free (poller->target);
}

static gchar *
poller_get (Poller * poller)
{
  gchar *body;
  g_assert_cmpuint (scripted_fetch (poller->server, "GET", poller->target, "",
          NULL, &body), ==, 200);
  return body;
}

static void
poller_post (Poller * poller, const gchar * body)
{
  g_autofree gchar *answer = NULL;
  g_assert_cmpuint (scripted_fetch (poller->server, "POST", poller->target,
          "Content-Type: text/plain;charset=UTF-8\r\n", body, &answer), ==,
      200);
  g_assert_cmpstr (answer, ==, "ok");
}

static void
poller_assert_unknown (Poller * poller)
{
  g_autofree gchar *body = NULL;
  g_assert_cmpuint (scripted_fetch (poller->server, "GET", poller->target, "",
          NULL, &body), ==, 400);
  g_assert_cmpstr (body, ==, "{\"code\":1,\"message\":\"Session ID unknown\"}");
}

#define OPEN "{\"sid\":\"SID\",\"upgrades\":[\"websocket\"]," \
  "\"pingInterval\":20000,\"pingTimeout\":20000,\"maxPayload\":1048576}"

static void
test_polling_4 (void)
{
  g_autoptr (GstChatServer) server = scripted_server_new (NULL);
  Poller poller;
  poller_open (&poller, server, "4", "0" OPEN);
  g_assert_cmpuint (gst_chat_server_get_n_users (server), ==, 0);
  poller_post (&poller, "40");
  g_assert_cmpuint (gst_chat_server_get_n_users (server), ==, 1);
  g_autofree gchar *first = poller_get (&poller);
  g_assert_true (g_str_has_prefix (first, "40{\"sid\":\""));
  g_assert_nonnull (strstr (first, "\"}\x1e" INFO));
  g_assert_true (g_str_has_suffix (first,
          "\x1e" "42[\"update-user-list\",{\"users\":[]}]"));

  /* The public id is another one. */
  g_autofree gchar *id = scripted_cut (first, "40{\"sid\":\"", "\"");
  g_assert_null (strstr (poller.target, id));

  /* Several packets at once, acknowledged in order. */
  poller_post (&poller, "420[\"hang-up\",{\"to\":\"x\"}]\x1e"
      "421[\"ringing\",{\"to\":\"x\"}]\x1e" "422[\"unknown\"]");
  g_autofree gchar *acks = poller_get (&poller);
  g_assert_cmpstr (acks, ==, "430[]\x1e" "431[]");

  /* Leaving, and coming again with another id. */
  poller_post (&poller, "41");
  g_assert_cmpuint (gst_chat_server_get_n_users (server), ==, 0);
  poller_post (&poller, "40{\"name\":\"x\"}");
  g_autofree gchar *second = poller_get (&poller);
  g_assert_true (g_str_has_prefix (second, "40{\"sid\":\""));
  g_assert_null (strstr (second, id));
  poller_close (&poller);
}

static void
test_polling_3 (void)
{
  g_autoptr (GstChatServer) server = scripted_server_new (NULL);
  Poller poller;
  poller_open (&poller, server, "3", "118:0" OPEN "2:40");
  g_assert_cmpuint (gst_chat_server_get_n_users (server), ==, 1);

  /* Lengths are counted in UTF-16. */
  poller_post (&poller, "5:2é€😀" "1:2");
  g_autofree gchar *pongs = poller_get (&poller);
  g_assert_cmpstr (pongs, ==, "5:3é€😀" "1:3");

  /* The binary framing of the browser bundle of generation 2. */
  g_autoptr (ScriptedClient) client = scripted_client_new (server);
  static const gchar octets[] = "\x00\x04\x02\xff" "451-1[\"bin\","
      "{\"_placeholder\":true,\"num\":0}]\x01\x05\xff\x04\x01\x02\x03\xff"
      "\x00\x01\xff" "2";
  g_autofree gchar *head = g_strdup_printf ("POST %s HTTP/1.1\r\nHost: test\r\n"
      "Content-Type: application/octet-stream\r\nContent-Length: %zu\r\n\r\n",
      poller.target, sizeof octets - 1);
  scripted_client_send (client, head, strlen (head));
  scripted_client_send (client, octets, sizeof octets - 1);
  g_autoptr (ScriptedResponse) response = scripted_client_response (client);
  g_assert_cmpstr (response->body, ==, "ok");
  g_autofree gchar *pong = poller_get (&poller);
  g_assert_cmpstr (pong, ==, "1:3");

  /* An unknown namespace, with the query that generation 2 appends. */
  poller_post (&poller, "17:40/admin?token=x,");
  g_autofree gchar *error = poller_get (&poller);
  g_assert_cmpstr (error, ==, "28:44/admin,\"Invalid namespace\"");
  poller_close (&poller);
}

/* Both generations, and what stands for an end. */
static void
test_polling_ends (void)
{
  static const struct
  {
    const gchar *eio, *open, *post, *parked;
  } cases[] = {
    {"4", "0", "1", "6"},       /* said by the client */
    {"3", "118:0", "1:1", "1:6"},
    {"4", "0", "garbage", "1"}, /* broken by the client */
    {"3", "118:0", "garbage", "1:1"},
    {"4", "0", "2", "1"},       /* a ping in the wrong direction */
    {"4", "0", "42[\"x\"]", "1"},       /* an event before the connection */
    {"4", "0", "b", "1"},       /* binary data out of the blue */
    {"4", "0", "40\x1e" "40", "1"},     /* connected twice */
    {"4", "0", "41/nowhere,", "1"},
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_test_message ("EIO=%s, %s", cases[i].eio, cases[i].post);
    g_autoptr (GstChatServer) server = scripted_server_new (NULL);
    Poller poller;
    poller_open (&poller, server, cases[i].eio, cases[i].open);
    if (g_str_equal (cases[i].eio, "3"))
      g_assert_cmpuint (gst_chat_server_get_n_users (server), ==, 1);

    g_autoptr (ScriptedClient) parked = scripted_client_new (server);
    scripted_client_request (parked, "GET", poller.target, "", NULL);
    while (g_main_context_iteration (NULL, FALSE));
    poller_post (&poller, cases[i].post);
    g_autoptr (ScriptedResponse) response = scripted_client_response (parked);
    /* What came before the end may be in front of it. */
    if (!g_str_has_prefix (response->body, "40{"))
      g_assert_cmpstr (response->body, ==, cases[i].parked);
    poller_assert_unknown (&poller);
    g_assert_cmpuint (gst_chat_server_get_n_users (server), ==, 0);
    poller_close (&poller);
  }
}

/* Generation 2 is lax. */
static void
test_overlooked_3 (void)
{
  g_autoptr (GstChatServer) server = scripted_server_new (NULL);
  Poller poller;
  poller_open (&poller, server, "3", "118:0");
  poller_post (&poller, "2:40");
  poller_post (&poller, "6:b4AQI=");
  poller_post (&poller, "16:42/nowhere,[\"x\"]");
  poller_post (&poller, "5:2done");
  g_autofree gchar *body = poller_get (&poller);
  g_assert_cmpstr (body, ==, "5:3done");
  poller_close (&poller);
}

static void
test_second_get (void)
{
  g_autoptr (GstChatServer) server = scripted_server_new (NULL);
  Poller poller;
  poller_open (&poller, server, "4", "0");
  g_autoptr (ScriptedClient) first = scripted_client_new (server);
  scripted_client_request (first, "GET", poller.target, "", NULL);
  scripted_let_pass (50);
  g_assert_cmpuint (scripted_fetch (server, "GET", poller.target, "", NULL,
          NULL), ==, 400);
  g_autoptr (ScriptedResponse) response = scripted_client_response (first);
  g_assert_cmpstr (response->body, ==, "1");
  poller_assert_unknown (&poller);
  poller_close (&poller);
}

/* Whoever's waiting poll breaks off is gone, at once. */
static void
test_poll_breaks_off (void)
{
  g_autoptr (GstChatServer) server = scripted_server_new (NULL);
  Poller poller;
  poller_open (&poller, server, "3", "118:0");
  ScriptedClient *parked = scripted_client_new (server);
  scripted_client_request (parked, "GET", poller.target, "", NULL);
  scripted_let_pass (50);
  g_assert_cmpuint (gst_chat_server_get_n_users (server), ==, 1);
  scripted_client_free (parked);
  gint64 began = g_get_monotonic_time ();
  scripted_wait_for_users (server, 0);
  g_assert_cmpint (g_get_monotonic_time () - began, <, 5 * G_USEC_PER_SEC);
  poller_assert_unknown (&poller);
  poller_close (&poller);
}

static void
test_other_protocol (void)
{
  g_autoptr (GstChatServer) server = scripted_server_new (NULL);
  Poller poller;
  poller_open (&poller, server, "4", "0");
  g_autofree gchar *target = g_strdup (poller.target);
  *strstr (target, "EIO=4") = 'e';
  g_autofree gchar *body = NULL;
  g_assert_cmpuint (scripted_fetch (server, "GET", target, "", NULL, &body),
      ==, 400);
  g_assert_cmpstr (body, ==, "{\"code\":3,\"message\":\"Bad request\"}");
  g_assert_cmpuint (scripted_fetch (server, "PUT", poller.target, "", NULL,
          NULL), ==, 500);
  poller_close (&poller);
}

static void
short_request (GstChatServerConfig * config)
{
  config->request_timeout = 1500;
}

/* Whoever dawdles over a request is shut out, whoever waits for an answer is
 * not. */
static void
test_slow_requests (void)
{
  g_autoptr (GstChatServer) server = scripted_server_new (short_request);
  Poller poller;
  poller_open (&poller, server, "3", "118:0");
  g_autoptr (ScriptedClient) parked = scripted_client_new (server);
  scripted_client_request (parked, "GET", poller.target, "", NULL);

  g_autoptr (ScriptedClient) silent = scripted_client_new (server);
  g_autoptr (ScriptedClient) halfway = scripted_client_new (server);
  scripted_client_send (halfway, "GET / HT", 8);
  g_autoptr (ScriptedClient) body = scripted_client_new (server);
  scripted_client_request (body, "POST", poller.target,
      "Content-Length: 10\r\n", NULL);
  g_autoptr (ScriptedClient) dripping = scripted_client_new (server);
  for (guint i = 0; i < 40 && !dripping->ended; i++) {
    scripted_client_send_some (dripping, "G", 1);
    scripted_let_pass (100);
  }
  g_assert_true (dripping->ended);
  scripted_wait_for_end (silent);
  scripted_wait_for_end (halfway);
  scripted_wait_for_end (body);

  g_assert_false (parked->ended);
  poller_post (&poller, "2:2a");
  g_autoptr (ScriptedResponse) pong = scripted_client_response (parked);
  g_assert_cmpstr (pong->body, ==, "2:3a");
  /* And now it is one of those who have nothing to wait for. */
  scripted_wait_for_end (parked);
  poller_close (&poller);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/http/page", test_page);
  g_test_add_func ("/http/crowd", test_crowd);
  g_test_add_func ("/http/paths", test_paths);
  g_test_add_func ("/http/wrong-requests", test_wrong_requests);
  g_test_add_func ("/http/large-bodies", test_large_bodies);
  g_test_add_func ("/http/polling-4", test_polling_4);
  g_test_add_func ("/http/polling-3", test_polling_3);
  g_test_add_func ("/http/polling-ends", test_polling_ends);
  g_test_add_func ("/http/overlooked-3", test_overlooked_3);
  g_test_add_func ("/http/second-get", test_second_get);
  g_test_add_func ("/http/poll-breaks-off", test_poll_breaks_off);
  g_test_add_func ("/http/other-protocol", test_other_protocol);
  g_test_add_func ("/http/slow-requests", test_slow_requests);
  return g_test_run ();
}
