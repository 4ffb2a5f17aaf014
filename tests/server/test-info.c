/* SPDX-License-Identifier: LGPL-2.1-or-later
 * server-info: relays with credentials of each user's own. */
#include <string.h>

#include "chattoken.h"
#include "scripted-client.h"

static const gchar *const uris[] = {
  "turn:a.example:3478?transport=udp", "turns:b.example", NULL
};

static void
with_relays (GstChatServerConfig * config)
{
  static GBytes *secret;
  if (secret == NULL)
    secret = g_bytes_new_static ("north", 5);
  config->turn_uris = uris;
  config->turn_secret = secret;
  config->turn_time = 600;
}

static void
with_short_time (GstChatServerConfig * config)
{
  with_relays (config);
  config->turn_time = 2;
  config->connect_timeout = 1000;       /* ticks every 250 ms */
}

static ScriptedClient *
enter (GstChatServer * server, gchar ** id, gchar ** info)
{
  ScriptedClient *client = scripted_websocket_new (server, "EIO=4");
  g_free (scripted_websocket_expect (client, "0{"));
  scripted_websocket_send (client, "40");
  g_autofree gchar *connected = scripted_websocket_expect (client, "40{");
  *id = scripted_cut (connected, "{\"sid\":\"", "\"");
  *info = scripted_websocket_expect (client, "42[\"server-info\"");
  g_free (scripted_websocket_expect (client, "42[\"update-user-list\""));
  return client;
}

static gint64
check_relays (const gchar * info, const gchar * id)
{
  g_autofree gchar *servers = scripted_cut (info, "\"iceServers\":[", "]");
  g_autofree gchar *username = scripted_cut (servers, "\"username\":\"", "\"");
  g_autoptr (GBytes) secret = g_bytes_new_static ("north", 5);
  g_autofree gchar *credential = gst_chat_turn_credential (secret, username);
  g_autofree gchar *expected = g_strdup_printf ("{\"urls\":\"%s\","
      "\"username\":\"%s\",\"credential\":\"%s\"},{\"urls\":\"%s\","
      "\"username\":\"%s\",\"credential\":\"%s\"}", uris[0], username,
      credential, uris[1], username, credential);
  g_assert_cmpstr (servers, ==, expected);
  g_auto (GStrv) parts = g_strsplit (username, ":", 2);
  g_assert_cmpstr (parts[1], ==, id);
  return g_ascii_strtoll (parts[0], NULL, 10);
}

static void
test_credentials (void)
{
  g_autoptr (GstChatServer) server = scripted_server_new (with_relays);
  for (guint i = 0; i < 2; i++) {
    gint64 before = g_get_real_time () / G_USEC_PER_SEC;
    g_autofree gchar *id = NULL, *info = NULL;
    g_autoptr (ScriptedClient) client = enter (server, &id, &info);
    gint64 expires = check_relays (info, id);
    gint64 after = g_get_real_time () / G_USEC_PER_SEC;
    g_assert_cmpint (expires, >=, before + 600);
    g_assert_cmpint (expires, <=, after + 600);
  }
}

/* Whoever stays gets new ones before the old ones end. */
static void
test_renewed (void)
{
  g_autoptr (GstChatServer) server = scripted_server_new (with_short_time);
  g_autofree gchar *id = NULL, *info = NULL;
  g_autoptr (ScriptedClient) client = enter (server, &id, &info);
  gint64 first = check_relays (info, id);
  g_autofree gchar *again = scripted_websocket_expect (client,
      "42[\"server-info\"");
  g_assert_cmpint (check_relays (again, id), >, first);
}

static void
test_none (void)
{
  g_autoptr (GstChatServer) server = scripted_server_new (NULL);
  g_autofree gchar *id = NULL, *info = NULL;
  g_autoptr (ScriptedClient) client = enter (server, &id, &info);
  g_assert_nonnull (strstr (info, "\"iceServers\":[]"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/info/credentials", test_credentials);
  g_test_add_func ("/info/renewed", test_renewed);
  g_test_add_func ("/info/none", test_none);
  return g_test_run ();
}
