/* SPDX-License-Identifier: LGPL-2.1-or-later
 * gst-chat-server: the signalling server with its page, as a program. */
#include "chatserver.h"

#include "config.h"

#include <glib-unix.h>
#include <glib/gprintf.h>
#include <locale.h>
#include <sys/resource.h>

/* As in sysexits.h: the command line was wrong. */
#define EXIT_USAGE 64

typedef struct
{
  gchar *address;
  gint port;
  gchar *tls_cert;
  gchar *tls_key;
  gint redirect_port;
  gchar **origins;
  gint ping_interval;
  gint ping_timeout;
  gboolean no_limits;
  gchar *log_level;
  gboolean version;
} Options;

/* In the order of GstChatLogLevel. */
static const gchar *const levels[] = { "error", "warning", "info", "debug" };

static gboolean
parse_level (const gchar * text, GstChatLogLevel * level, GError ** error)
{
  *level = GST_CHAT_LOG_WARNING;
  for (guint i = 0; i < G_N_ELEMENTS (levels); i++) {
    if (text != NULL && g_str_equal (text, levels[i])) {
      *level = (GstChatLogLevel) i;
      text = NULL;
    }
  }
  if (text == NULL)
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
      "--log-level is error, warning, info or debug, not “%s”", text);
  return FALSE;
}

/* One line, whole: what else writes to stderr stays apart. */
static void
on_log (GstChatLogLevel level, const gchar * line, gpointer user_data)
{
  const GstChatLogLevel *most = user_data;
  if (level > *most)
    return;
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree gchar *time = g_date_time_format (now, "%Y-%m-%dT%H:%M:%S");
  g_printerr ("time=%s.%03dZ level=%s %s\n", time,
      g_date_time_get_microsecond (now) / 1000, levels[level], line);
}

static gboolean
check_ms (const gchar * option, gint value, GError ** error)
{
  if (value >= 100 && value <= 60 * 60 * 1000)
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
      "%s is a number of milliseconds from 100 to 3600000, not %d", option,
      value);
  return FALSE;
}

static gboolean
parse (Options * options, int *argc, char ***argv, GError ** error)
{
  const GOptionEntry entries[] = {
    {"address", 'a', G_OPTION_FLAG_NONE, G_OPTION_ARG_STRING,
          &options->address,
        "IP address to listen on: 127.0.0.1 (default) for this machine only, "
          "0.0.0.0 or :: for everybody who can reach it", "ADDRESS"},
    {"port", 'p', G_OPTION_FLAG_NONE, G_OPTION_ARG_INT, &options->port,
        "TCP port for page and signalling, 0 to 65535; 0 takes any that is "
          "free (default 5000)", "PORT"},
    {"tls-cert", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_FILENAME,
          &options->tls_cert,
        "PEM file with the certificate and those between it and its "
          "authority: all goes by TLS, and who comes without is sent there; "
          "read again on SIGHUP", "FILE"},
    {"tls-key", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_FILENAME,
          &options->tls_key,
        "PEM file with the certificate's private key (default: it is in that "
          "of --tls-cert)", "FILE"},
    {"redirect-port", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_INT,
          &options->redirect_port,
        "With --tls-cert: one more port, 1 to 65535, such as 80, whose visitors are "
          "sent to the first (default: none)", "PORT"},
    {"origin", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_STRING_ARRAY,
          &options->origins,
        "Let pages from another web server connect, such as "
          "https://example.org; * for all; may be given several times "
          "(default: only our own page)", "ORIGIN"},
    {"ping-interval", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_INT,
          &options->ping_interval,
        "Milliseconds between two heartbeats of a connection, 100 to 3600000 "
          "(default 25000)", "MS"},
    {"ping-timeout", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_INT,
          &options->ping_timeout,
        "Milliseconds after which a missing heartbeat ends a connection, 100 "
          "to 3600000 (default 20000)", "MS"},
    {"no-limits", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_NONE,
          &options->no_limits,
        "Let every connection and address have and send as much as it likes: "
          "for load tests only", NULL},
    {"log-level", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_STRING,
          &options->log_level,
        "What is told on the standard error, one line of key=value an event: "
          "error, warning (default), info or debug", "LEVEL"},
    {"version", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_NONE, &options->version,
        "Print the version and exit", NULL},
    G_OPTION_ENTRY_NULL
  };
  g_autoptr (GOptionContext) context =
      g_option_context_new ("- web page and signalling for video calls");
  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_set_summary (context,
      "Serves a web page for video calls, and connects its visitors with each "
      "other\nand with GStreamer pipelines (chatpeer, chatsignalsrc). Media "
      "does not pass\nthrough the server.");
  g_option_context_set_description (context,
      "Example:\n"
      "  gst-chat-server --port=5000\n"
      "then open http://localhost:5000/ in a browser and run\n"
      "  gst-launch-1.0 chatpeer name=peer uri=chat://localhost:5000 "
      "videotestsrc is-live=true ! peer.\n\n"
      "Browsers give camera and microphone only to pages from localhost or by "
      "HTTPS:\nfor other machines use --tls-cert, or put a web server with TLS "
      "in front.\n\n"
      "Ends on SIGINT and SIGTERM. Exit status: 0, or 1 if it cannot listen, "
      "or 64 if\nthe command line is wrong.\n");
  if (!g_option_context_parse (context, argc, argv, error))
    return FALSE;
  if (*argc > 1) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "“%s” is not an option; see --help", (*argv)[1]);
    return FALSE;
  }
  if (options->port < 0 || options->port > G_MAXUINT16) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "A port is a number from 0 to 65535, not %d", options->port);
    return FALSE;
  }
  if (options->redirect_port < 0 || options->redirect_port > G_MAXUINT16
      || (options->redirect_port > 0 && options->tls_cert == NULL)
      || (options->tls_key != NULL && options->tls_cert == NULL)) {
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "--tls-key and --redirect-port, a number from 1 to 65535, go with "
        "--tls-cert");
    return FALSE;
  }
  return check_ms ("--ping-interval", options->ping_interval, error)
      && check_ms ("--ping-timeout", options->ping_timeout, error);
}

static gboolean
on_signal (gpointer user_data)
{
  g_main_loop_quit (user_data);
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
  g_autoptr (GError) error = NULL;
  if (!gst_chat_server_reload (user_data, &error))
    g_printerr ("gst-chat-server: %s\n", error->message);
  return G_SOURCE_CONTINUE;
}

static int
serve (const Options * options, GstChatLogLevel level)
{
  const GstChatLimits no_limits = { 0, };
  GstChatServerConfig config = {
    .address = options->address,
    .port = (guint16) options->port,
    .tls_certificate = options->tls_cert,
    .tls_key = options->tls_key,
    .redirect_port = (guint16) options->redirect_port,
    .origins = (const gchar * const *) options->origins,
    .ping_interval = (guint) options->ping_interval,
    .ping_timeout = (guint) options->ping_timeout,
    .limits = options->no_limits ? &no_limits : NULL,
    .log = on_log,
    .log_data = &level,
  };
  allow_descriptors ();
  g_autoptr (GstChatServer) server = gst_chat_server_new (&config);
  g_autoptr (GError) error = NULL;
  if (!gst_chat_server_start (server, &error)) {
    g_printerr ("gst-chat-server: %s\n", error->message);
    return 1;
  }
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  guint signals[] = {
    g_unix_signal_add (SIGINT, on_signal, loop),
    g_unix_signal_add (SIGTERM, on_signal, loop),
    g_unix_signal_add (SIGHUP, on_reload, server),
  };
  g_print ("gst-chat-server: open %s\n", gst_chat_server_get_uri (server));
  g_main_loop_run (loop);
  for (guint i = 0; i < G_N_ELEMENTS (signals); i++)
    g_source_remove (signals[i]);
  gst_chat_server_stop (server);
  return 0;
}

int
main (int argc, char **argv)
{
  setlocale (LC_ALL, "");
  Options options = {.port = 5000,.ping_interval = 25000,.ping_timeout = 20000
  };
  g_autoptr (GError) error = NULL;
  GstChatLogLevel level;
  int status;
  if (!parse (&options, &argc, &argv, &error)
      || !parse_level (options.log_level, &level, &error)) {
    g_printerr ("gst-chat-server: %s.\n", error->message);
    status = EXIT_USAGE;
  } else if (options.version) {
    g_print ("gst-chat-server " VERSION "\n");
    status = 0;
  } else {
    status = serve (&options, level);
  }
  g_free (options.address);
  g_free (options.tls_cert);
  g_free (options.tls_key);
  g_free (options.log_level);
  g_strfreev (options.origins);
  return status;
}
