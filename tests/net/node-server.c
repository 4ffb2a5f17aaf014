/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Real servers out of tests/support, which run in Node. */
#include "node-server.h"

#include <string.h>

gboolean
node_server_available (void)
{
  g_autofree gchar *node = g_find_program_in_path ("node");
  return node && g_file_test (TEST_TOP "/node_modules/sio484",
      G_FILE_TEST_IS_DIR);
}

NodeServer *
node_server_new (const gchar * script, const gchar * version,
    const gchar * options)
{
  g_autofree gchar *path = g_build_filename (TEST_TOP, "support", script, NULL);
  g_autoptr (GError) error = NULL;
  NodeServer *server = g_new0 (NodeServer, 1);
  server->process = g_subprocess_new (G_SUBPROCESS_FLAGS_STDIN_PIPE |
      G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error, "node", path, version, options,
      NULL);
  g_assert_no_error (error);
  g_autoptr (GDataInputStream) output =
      g_data_input_stream_new (g_subprocess_get_stdout_pipe (server->process));
  g_autofree gchar *line =
      g_data_input_stream_read_line (output, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (line);
  const gchar *port = strstr (line, "\"port\":");
  g_assert_nonnull (port);
  server->port = g_ascii_strtoull (port + strlen ("\"port\":"), NULL, 10);
  g_assert_cmpuint (server->port, >, 0);
  return server;
}

void
node_server_free (NodeServer * server)
{
  g_output_stream_close (g_subprocess_get_stdin_pipe (server->process), NULL,
      NULL);
  g_subprocess_wait (server->process, NULL, NULL);
  g_object_unref (server->process);
  g_free (server);
}
