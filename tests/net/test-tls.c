/* SPDX-License-Identifier: LGPL-2.1-or-later
 * TLS: certificates are verified, and errors say what to do. A program of its
 * own because LeakSanitizer dies where GnuTLS has been loaded. */
#include "client-log.h"
#include "scripted-server.h"

#include <string.h>

#define CONNECT4 ">0{\"sid\":\"engine-4\",\"upgrades\":[],\"pingInterval\":25000," \
    "\"pingTimeout\":20000,\"maxPayload\":100000}|<40{\"key\":\"*|>40{\"sid\":\"socket-4\"}"

static void
check (const gchar * host, const gchar * ca, gboolean validate,
    const gchar * expected)
{
  const gchar *const scripts[] = { CONNECT4 "|wait", NULL };
  g_autoptr (ScriptedServer) server = scripted_server_new (scripts,
      TEST_DATA "/server.pem");
  g_autofree gchar *uri = g_strdup_printf ("chats://%s:%u", host,
      scripted_server_get_port (server));
  GstChatSocketConfig config = {.tls_validate = TRUE };
  config.uri = uri;
  config.tls_ca_file = (gchar *) ca;
  config.tls_validate = validate;
  g_autoptr (ClientLog) log = client_log_new (&config, 0);
  g_autofree gchar *line = client_log_wait (log, "");
  if (!strstr (line, expected))
    g_error ("expected \"%s\", found \"%s\"", expected, line);
}

static void
test_certificates (void)
{
  check ("localhost", TEST_DATA "/ca.pem", TRUE, "connected socket-4");
  check ("localhost", NULL, FALSE, "connected socket-4");
  check ("localhost", NULL, TRUE, "not signed by a known authority. "
      "Give its authority with tls-ca-file (or, for tests only, "
      "tls-validate=false)");
  check ("127.0.0.1", TEST_DATA "/ca.pem", TRUE, "made for another host");
  check ("localhost", "/nonexistent/ca.pem", TRUE,
      "tls-ca-file /nonexistent/ca.pem cannot be used");
}

static void
test_plain_server (void)
{
  const gchar *const scripts[] = { CONNECT4, NULL };
  g_autoptr (ScriptedServer) server = scripted_server_new (scripts, NULL);
  g_autofree gchar *uri = g_strdup_printf ("chats://127.0.0.1:%u",
      scripted_server_get_port (server));
  GstChatSocketConfig config = {.tls_validate = TRUE };
  config.uri = uri;
  config.timeout = 500;
  g_autoptr (ClientLog) log = client_log_new (&config, 0);
  /* This one waits for the end of a line that TLS does not have. */
  g_autofree gchar *line = client_log_wait (log, "disconnected 7");
  g_assert_nonnull (strstr (line, "use chat:// instead of chats://"));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/tls/certificates", test_certificates);
  g_test_add_func ("/tls/plain-server", test_plain_server);
  return g_test_run ();
}
