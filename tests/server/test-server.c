/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The server as a whole: starting, stopping, and clients that mean it harm. */
#include <string.h>
#include <sys/resource.h>

#include "chaterror.h"
#include "chatlimits.h"
#include "scripted-client.h"

static void
test_start_stop (void)
{
  GstChatServerConfig config = {.address = "localhost" };
  g_autoptr (GstChatServer) server = gst_chat_server_new (&config);
  for (guint i = 0; i < 20; i++) {
    g_autoptr (GError) error = NULL;
    g_assert_true (gst_chat_server_start (server, &error));
    g_assert_no_error (error);
    g_autofree gchar *uri = g_strdup_printf ("http://localhost:%u/",
        gst_chat_server_get_port (server));
    g_assert_cmpstr (gst_chat_server_get_uri (server), ==, uri);
    g_autoptr (ScriptedClient) idle = scripted_client_new (server);
    g_autoptr (ScriptedClient) ws = scripted_websocket_new (server, "EIO=3");
    g_autoptr (ScriptedClient) parked = scripted_client_new (server);
    g_autofree gchar *body = NULL;
    scripted_fetch (server, "GET", "/socket.io/?EIO=3&transport=polling", "",
        NULL, &body);
    g_autofree gchar *sid = scripted_cut (body, "{\"sid\":\"", "\"");
    g_autofree gchar *target =
        g_strdup_printf ("/socket.io/?EIO=3&transport=polling&sid=%s", sid);
    scripted_client_request (parked, "GET", target, "", NULL);
    scripted_wait_for_users (server, 2);
    gst_chat_server_stop (server);
    g_assert_cmpuint (gst_chat_server_get_port (server), ==, 0);
    g_assert_null (gst_chat_server_get_uri (server));
    scripted_wait_for_end (ws);
    scripted_wait_for_end (parked);
    scripted_wait_for_end (idle);
  }
  gst_chat_server_stop (server);
}

static void
check_refused (const gchar * address, guint16 port, const gchar * reason)
{
  GstChatServerConfig config = {.address = address,.port = port };
  g_autoptr (GstChatServer) server = gst_chat_server_new (&config);
  g_autoptr (GError) error = NULL;
  g_assert_false (gst_chat_server_start (server, &error));
  g_assert_error (error, GST_CHAT_ERROR, GST_CHAT_ERROR_CONNECT);
  g_assert_nonnull (strstr (error->message, reason));
}

static void
test_refused (void)
{
  g_autoptr (GstChatServer) first = scripted_server_new (NULL);
  check_refused ("127.0.0.1", gst_chat_server_get_port (first),
      "is in use by another program");
  check_refused ("somewhere", 0, "“somewhere” is not an IP address");
  check_refused ("192.0.2.1", 0, "is not an address of this machine");
}

static void
test_ipv6 (void)
{
  GstChatServerConfig config = {.address = "::1" };
  g_autoptr (GstChatServer) server = gst_chat_server_new (&config);
  g_autoptr (GError) error = NULL;
  if (!gst_chat_server_start (server, &error)) {
    g_test_skip ("no IPv6 here");
    return;
  }
  g_assert_true (g_str_has_prefix (gst_chat_server_get_uri (server),
          "http://[::1]:"));
}

static ScriptedClient *
enter_as (GstChatServer * server, const gchar * auth, gchar ** id)
{
  ScriptedClient *client = scripted_websocket_new (server, "EIO=4");
  g_autofree gchar *connect = g_strconcat ("40", auth, NULL);
  g_free (scripted_websocket_expect (client, "0{"));
  scripted_websocket_send (client, connect);
  g_autofree gchar *connected = scripted_websocket_expect (client, "40{");
  *id = scripted_cut (connected, "{\"sid\":\"", "\"");
  g_free (scripted_websocket_expect (client, "42[\"server-info\""));
  g_free (scripted_websocket_expect (client, "42[\"update-user-list\""));
  return client;
}

static ScriptedClient *
enter (GstChatServer * server, gchar ** id)
{
  return enter_as (server, NULL, id);
}

#define KEY "\"key\":\"00112233445566778899aabbccddeeff\""

/* Who comes again by another connection is the same, and nobody else notices;
 * also where the server does not remember. */
static void
test_same_again (void)
{
  g_autoptr (GstChatServer) server = scripted_server_new (NULL);
  g_autofree gchar *id = NULL, *again = NULL, *other_id = NULL;
  g_autofree gchar *later = NULL, *short_id = NULL;
  g_autoptr (ScriptedClient) first =
      enter_as (server, "{\"name\":\"Bo\"," KEY "}", &id);
  g_autoptr (ScriptedClient) other = enter (server, &other_id);
  g_free (scripted_websocket_expect (first, "42[\"update-user-list\""));
  g_autoptr (ScriptedClient) second =
      enter_as (server, "{\"name\":\"Bo\"," KEY "}", &again);
  g_assert_cmpstr (again, ==, id);
  scripted_wait_for_end (first);
  g_autofree gchar *ringing =
      g_strdup_printf ("42[\"ringing\",{\"to\":\"%s\"}]", id);
  scripted_websocket_send (other, ringing);
  g_free (scripted_websocket_expect (second, "42[\"ringing\""));
  g_autofree gchar *back =
      g_strdup_printf ("42[\"cancel\",{\"to\":\"%s\"}]", other_id);
  scripted_websocket_send (second, back);
  /* The first thing that it hears since it came. */
  g_free (scripted_websocket_expect (other, "42[\"cancel\""));

  /* Somebody else who has the key, or a key that anybody may guess. */
  ScriptedClient *thief = scripted_websocket_new (server, "EIO=4");
  g_free (scripted_websocket_expect (thief, "0{"));
  scripted_websocket_send (thief, "40{\"name\":\"Eve\"," KEY "}");
  g_free (scripted_websocket_expect (thief, "44{"));
  scripted_client_free (thief);
  g_autoptr (ScriptedClient) guess =
      enter_as (server, "{\"key\":\"0011\"}", &short_id);
  g_assert_cmpstr (short_id, !=, id);

  g_autoptr (GstChatServer) next = scripted_server_new (NULL);
  g_autoptr (ScriptedClient) third = enter_as (next, "{" KEY "}", &later);
  g_assert_cmpstr (later, ==, id);
}

/* So much in so short a time is not allowed otherwise. */
static const GstChatLimits no_limits;

static void
small_queue (GstChatServerConfig * config)
{
  config->limits = &no_limits;
  config->max_queue = 1024 * 1024;
  config->connect_timeout = 2000;       /* ticks every 500 ms */
}

static gboolean
is_back_to_one (gpointer server)
{
  return gst_chat_server_get_n_users (server) == 1;
}

/* Whoever does not read is cut off at a bounded queue; nobody else notices. */
static void
test_slow_reader (void)
{
  g_autoptr (GstChatServer) server = scripted_server_new (small_queue);
  g_autofree gchar *slow_id = NULL, *fast_id = NULL;
  g_autoptr (ScriptedClient) slow = enter (server, &slow_id);
  g_autoptr (ScriptedClient) fast = enter (server, &fast_id);
  g_free (scripted_websocket_expect (slow, "42[\"update-user-list\""));
  scripted_client_stop_reading (slow);

  g_autofree gchar *sdp = g_strnfill (GST_CHAT_MAX_SDP_BYTES, 's');
  g_autofree gchar *call = g_strdup_printf ("42[\"call-user\",{\"to\":\"%s\","
      "\"offer\":{\"sdp\":\"%s\"}}]", slow_id, sdp);
  /* The kernel takes some megabytes before anything waits here. */
  for (guint i = 0; i < 2000 && !is_back_to_one (server); i++) {
    scripted_websocket_send (fast, call);
    while (g_main_context_iteration (NULL, FALSE));
  }
  scripted_wait (is_back_to_one, server, "the slow reader to be cut off");
  g_assert_false (fast->ended);
}

/* Events of a wrong shape are forgiven, but not for ever. */
static void
test_abuse (void)
{
  g_autoptr (GstChatServer) server = scripted_server_new (NULL);
  g_autofree gchar *id = NULL;
  g_autoptr (ScriptedClient) client = enter (server, &id);
  for (guint i = 0; i < 64; i++)
    scripted_websocket_send (client, "42[\"call-user\",null]");
  scripted_websocket_send (client, "421[\"hang-up\",{\"to\":\"nobody\"}]");
  g_free (scripted_websocket_expect (client, "431[]"));
  scripted_websocket_send (client, "42[\"call-user\"]");
  scripted_wait_for_end (client);
}

/* 200,000 brackets, forged attachments, and a name without end. */
static void
test_hostile_json (void)
{
  g_autofree gchar *brackets = g_strnfill (200000, '[');
  g_autofree gchar *deep =
      g_strdup_printf ("42[\"call-user\",{\"offer\":%s", brackets);
  g_autofree gchar *name = g_strdup_printf ("42[\"%s\"]", brackets);
  const gchar *const texts[] = { deep, name, "451234567-[\"x\"]",
    "42[{\"toString\":1}]", "42[", "4299999999999999999999[\"x\"]", "42[]",
    "40[1]", "42[\"a\\u0000b\"]x"
  };
  g_autoptr (GstChatServer) server = scripted_server_new (NULL);
  g_autofree gchar *other_id = NULL;
  g_autoptr (ScriptedClient) other = enter (server, &other_id);
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_autofree gchar *id = NULL;
    g_autoptr (ScriptedClient) client = enter (server, &id);
    g_free (scripted_websocket_expect (other, "42[\"update-user-list\""));
    scripted_websocket_send (client, texts[i]);
    guint8 opcode;
    g_free (scripted_websocket_next (client, &opcode));
    g_assert_cmpuint (opcode, ==, 8);
    g_free (scripted_websocket_expect (other, "42[\"remove-user\""));
  }
}

static void
test_room_too_long (void)
{
  g_autoptr (GstChatServer) server = scripted_server_new (NULL);
  g_autofree gchar *room = g_strnfill (GST_CHAT_MAX_ROOM_BYTES + 1, 'r');
  g_autofree gchar *query = g_strdup_printf ("EIO=3&room=%s", room);
  g_autoptr (ScriptedClient) client = scripted_websocket_new (server, query);
  g_free (scripted_websocket_expect (client, "0{"));
  g_autofree gchar *error = scripted_websocket_expect (client, "44");
  g_assert_cmpstr (error, ==, "44\"This room cannot be entered\"");
  g_assert_cmpuint (gst_chat_server_get_n_users (server), ==, 0);
}

/* How many ids are between the brackets of "users". */
static guint
count_users (const gchar * list)
{
  g_autofree gchar *users = scripted_cut (list, "\"users\":[", "]");
  guint n = 0;
  for (const gchar * at = users; *at != '\0'; at++)
    n += *at == '"';
  return n / 2;
}

/* More than a small room, all at once: in the end each has been told of all
 * others, once, and a good-bye arrives at everybody. */
static void
test_crowd (void)
{
  g_autoptr (GstChatServer) server = scripted_server_new (NULL);
  ScriptedClient *crowd[3 * GST_CHAT_SMALL_ROOM];
  for (guint i = 0; i < G_N_ELEMENTS (crowd); i++)
    crowd[i] = scripted_websocket_new (server, "EIO=3");
  for (guint i = 0; i < G_N_ELEMENTS (crowd); i++) {
    guint known = 0;
    while (known < G_N_ELEMENTS (crowd) - 1) {
      guint8 opcode;
      g_autofree gchar *text = scripted_websocket_next (crowd[i], &opcode);
      g_assert_nonnull (text);
      if (g_str_has_prefix (text, "42[\"update-user-list\""))
        known += count_users (text);
    }
    g_assert_cmpuint (known, ==, G_N_ELEMENTS (crowd) - 1);
  }
  scripted_client_free (crowd[0]);
  for (guint i = 1; i < G_N_ELEMENTS (crowd); i++) {
    g_free (scripted_websocket_expect (crowd[i], "42[\"remove-user\""));
    scripted_client_free (crowd[i]);
  }
}

/* Out of descriptors, and back: SoupServer's own listener would be dead. */
static void
test_descriptors (void)
{
  g_autoptr (GstChatServer) server = scripted_server_new (NULL);
  struct rlimit before, few;
  g_assert_cmpint (getrlimit (RLIMIT_NOFILE, &before), ==, 0);
  few = before;
  few.rlim_cur = 40;
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &few), ==, 0);

  /* Both ends are in this process: the client's are made first. */
  GSocket *sockets[64];
  guint n_sockets = 0;
  for (; n_sockets < G_N_ELEMENTS (sockets); n_sockets++) {
    GSocket *socket = g_socket_new (G_SOCKET_FAMILY_IPV4,
        G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);
    if (socket == NULL)
      break;
    sockets[n_sockets] = socket;
  }
  g_assert_cmpuint (n_sockets, >, 4);
  g_autoptr (GSocketAddress) address =
      g_inet_socket_address_new_from_string ("127.0.0.1",
      gst_chat_server_get_port (server));
  for (guint i = 0; i < n_sockets; i++)
    g_assert_true (g_socket_connect (sockets[i], address, NULL, NULL));
  scripted_let_pass (300);
  for (guint i = 0; i < n_sockets; i++) {
    g_socket_close (sockets[i], NULL);
    g_object_unref (sockets[i]);
  }
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &before), ==, 0);
  g_assert_cmpuint (scripted_fetch (server, "GET", "/", "", NULL, NULL), ==,
      200);
}

/* A server in a thread of its own, as a pipeline has it. */
typedef struct
{
  GMainContext *context;
  GMainLoop *loop;
  GAsyncQueue *ready;
} Other;

static gpointer
run_other (gpointer data)
{
  Other *other = data;
  g_main_context_push_thread_default (other->context);
  GstChatServer *server = scripted_server_new (NULL);
  g_async_queue_push (other->ready, server);
  g_main_loop_run (other->loop);
  gst_chat_server_free (server);
  g_main_context_pop_thread_default (other->context);
  return NULL;
}

static void
test_other_thread (void)
{
  Other other = { g_main_context_new (), NULL, g_async_queue_new () };
  other.loop = g_main_loop_new (other.context, FALSE);
  GThread *thread = g_thread_new ("server", run_other, &other);
  GstChatServer *server = g_async_queue_pop (other.ready);

  g_assert_cmpuint (scripted_fetch (server, "GET", "/", "", NULL, NULL), ==,
      200);
  g_autofree gchar *id = NULL;
  g_autoptr (ScriptedClient) client = enter (server, &id);
  g_autofree gchar *other_id = NULL;
  g_autoptr (ScriptedClient) second = enter (server, &other_id);
  g_free (scripted_websocket_expect (client, "42[\"update-user-list\""));

  g_main_loop_quit (other.loop);
  g_thread_join (thread);
  scripted_wait_for_end (client);
  g_main_loop_unref (other.loop);
  g_main_context_unref (other.context);
  g_async_queue_unref (other.ready);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/server/start-stop", test_start_stop);
  g_test_add_func ("/server/refused", test_refused);
  g_test_add_func ("/server/ipv6", test_ipv6);
  g_test_add_func ("/server/same-again", test_same_again);
  g_test_add_func ("/server/slow-reader", test_slow_reader);
  g_test_add_func ("/server/abuse", test_abuse);
  g_test_add_func ("/server/hostile-json", test_hostile_json);
  g_test_add_func ("/server/room-too-long", test_room_too_long);
  g_test_add_func ("/server/crowd", test_crowd);
  g_test_add_func ("/server/other-thread", test_other_thread);
  g_test_add_func ("/server/descriptors", test_descriptors);
  return g_test_run ();
}
