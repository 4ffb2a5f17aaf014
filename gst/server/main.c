/* SPDX-License-Identifier: LGPL-2.1-or-later
 * gst-chat-server: the signalling server with its page, as a program. */
#include "chatoptions.h"
#include "chatserver.h"
#include "chattoken.h"

#include "config.h"

#include <glib-unix.h>
#include <glib/gprintf.h>
#include <locale.h>
#include <sys/resource.h>

/* As in sysexits.h: the command line was wrong. */
#define EXIT_USAGE 64

/* One line, whole: what else writes to stderr stays apart. */
static void
on_log (GstChatLogLevel level, const gchar * line, gpointer user_data)
{
  const GstChatOptions *options = user_data;
  if (level > options->log_level)
    return;
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree gchar *time = g_date_time_format (now, "%Y-%m-%dT%H:%M:%S");
  g_printerr ("time=%s.%03dZ level=%s %s\n", time,
      g_date_time_get_microsecond (now) / 1000,
      gst_chat_options_level_name (level), line);
}

typedef struct
{
  const GstChatOptions *options;
  GstChatServer *server;
  GMainLoop *loop;
  gboolean ending;
} Program;

static void
on_drained (gpointer user_data)
{
  g_main_loop_quit (user_data);
}

/* The first time politely, the second at once. */
static gboolean
on_signal (gpointer user_data)
{
  Program *program = user_data;
  if (program->ending)
    g_main_loop_quit (program->loop);
  else
    gst_chat_server_drain (program->server,
        (guint) program->options->drain_time * 1000, on_drained, program->loop);
  program->ending = TRUE;
  return G_SOURCE_CONTINUE;
}

/* A connection is a descriptor; what a shell allows by default is a thousand. */
static void
allow_descriptors (void)
{
  struct rlimit files;
  if (getrlimit (RLIMIT_NOFILE, &files) != 0)
    return;
  files.rlim_cur = files.rlim_max;
  setrlimit (RLIMIT_NOFILE, &files);
}

static gboolean
on_reload (gpointer user_data)
{
  /* The log has what went wrong. */
  gst_chat_server_reload (user_data, NULL);
  return G_SOURCE_CONTINUE;
}

static GstChatServer *
new_server (GstChatOptions * options)
{
  const GstChatLimits no_limits = { 0, };
  GstChatServerConfig config = {
    .address = options->address,
    .port = (guint16) options->port,
    .tls_certificate = options->tls_cert,
    .tls_key = options->tls_key,
    .redirect_port = (guint16) options->redirect_port,
    .origins = (const gchar * const *) options->origins,
    .auth_secret = options->auth_secret,
    .turn_uris = (const gchar * const *) options->turn_uris,
    .turn_secret = options->turn_secret,
    .turn_time = (guint) options->turn_time,
    .metrics_address = options->metrics_address,
    .metrics_port = options->metrics_port,
    .ping_interval = (guint) options->ping_interval,
    .ping_timeout = (guint) options->ping_timeout,
    .limits = options->no_limits ? &no_limits : NULL,
    .log = on_log,
    .log_data = options,
  };
  return gst_chat_server_new (&config);
}

static int
serve (GstChatOptions * options)
{
  allow_descriptors ();
  g_autoptr (GstChatServer) server = new_server (options);
  g_autoptr (GError) error = NULL;
  if (!gst_chat_server_start (server, &error)) {
    g_printerr ("gst-chat-server: %s\n", error->message);
    return 1;
  }
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  Program program = { options, server, loop, FALSE };
  guint signals[] = {
    g_unix_signal_add (SIGINT, on_signal, &program),
    g_unix_signal_add (SIGTERM, on_signal, &program),
    g_unix_signal_add (SIGHUP, on_reload, server),
  };
  g_print ("gst-chat-server: open %s\n", gst_chat_server_get_uri (server));
  if (options->metrics_address != NULL)
    g_print ("gst-chat-server: metrics at port %u of %s\n",
        gst_chat_server_get_metrics_port (server), options->metrics_address);
  g_main_loop_run (loop);
  for (guint i = 0; i < G_N_ELEMENTS (signals); i++)
    g_source_remove (signals[i]);
  gst_chat_server_stop (server);
  return 0;
}

static int
make_token (const GstChatOptions * options)
{
  g_autofree gchar *token = gst_chat_token_make (options->auth_secret,
      options->token_name, options->token_room,
      g_get_real_time () / G_USEC_PER_SEC + options->token_time);
  g_print ("%s\n", token);
  return 0;
}

int
main (int argc, char **argv)
{
  setlocale (LC_ALL, "");
  GstChatOptions options;
  g_autoptr (GError) error = NULL;
  int status = 0;
  if (!gst_chat_options_parse (&options, &argc, &argv, &error)) {
    g_printerr ("gst-chat-server: %s.\n", error->message);
    status = EXIT_USAGE;
  } else if (options.version) {
    g_print ("gst-chat-server " VERSION "\n");
  } else if (options.make_token) {
    status = make_token (&options);
  } else {
    status = serve (&options);
  }
  gst_chat_options_clear (&options);
  return status;
}
