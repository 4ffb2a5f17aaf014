/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Which addresses can be used, and what they stand for. */
#include "chaturi.h"
#include "chaterror.h"

static void
test_good (void)
{
  static const gchar *const rows[][2] = {
    {"chat://localhost:5000", "http://localhost:5000/socket.io/"},
    {"chat://localhost", "http://localhost:5000/socket.io/"},
    {"CHAT://Localhost", "http://Localhost:5000/socket.io/"},
    {"chats://example.org", "https://example.org:5000/socket.io/"},
    {"chats://example.org:443/", "https://example.org:443/socket.io/"},
    {"http://example.org", "http://example.org:80/socket.io/"},
    {"https://example.org/", "https://example.org:443/socket.io/"},
    {"ws://example.org:8080", "http://example.org:8080/socket.io/"},
    {"wss://example.org", "https://example.org:443/socket.io/"},
    {"chat://[::1]:5000", "http://[::1]:5000/socket.io/"},
    {"chat://192.0.2.1/app/signal", "http://192.0.2.1:5000/app/signal/"},
    {"chat://h/app/", "http://h:5000/app/"},
    {"chat://h/?key=a%20b", "http://h:5000/socket.io/?key=a%20b"},
    {"chat://h/#part", "http://h:5000/socket.io/"},
  };
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (GUri) uri = gst_chat_uri_parse (rows[i][0], &error);
    g_assert_no_error (error);
    g_autofree gchar *text = g_uri_to_string (uri);
    g_assert_cmpstr (text, ==, rows[i][1]);
  }
}

static void
test_bad (void)
{
  g_autofree gchar *fill = g_strnfill (2000, 'x');
  g_autofree gchar *too_long = g_strconcat ("chat://h/", fill, NULL);
  const gchar *const rows[] = { NULL, "", "localhost", "localhost:5000",
    "ftp://localhost", "chat://", "chat:///path", "chat:localhost",
    "chat://h:0", "chat://h:70000", "chat://h:x", "chat://user@h",
    "chat://user:password@h", "chat://h/a b", "chat://[::1", too_long
  };
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_test_message ("%s", rows[i]);
    g_autoptr (GError) error = NULL;
    g_autoptr (GUri) uri = gst_chat_uri_parse (rows[i], &error);
    g_assert_null (uri);
    g_assert_error (error, GST_CHAT_ERROR, GST_CHAT_ERROR_MALFORMED);
    g_assert_nonnull (g_strrstr (error->message, "example: chat://"));
  }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/uri/good", test_good);
  g_test_add_func ("/uri/bad", test_bad);
  return g_test_run ();
}
