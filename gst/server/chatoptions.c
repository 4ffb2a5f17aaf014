/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The command line of gst-chat-server, and its key file. */
#include "chatoptions.h"

#include <string.h>

#include "chaticeserver.h"
#include "chatlimits.h"

#define GROUP "gst-chat-server"
/* What no number on the command line is. */
#define UNSET G_MININT
/* Whoever can guess it makes tokens. */
#define MIN_SECRET_BYTES 16

/* In the order of GstChatLogLevel. */
static const gchar *const levels[] = { "error", "warning", "info", "debug" };

/* Not for the key file. */
static const gchar *const only_typed[] = {
  "config", "make-token", "token-name", "token-room", "token-time", "version",
  NULL
};

const gchar *
gst_chat_options_level_name (GstChatLogLevel level)
{
  return levels[level];
}

G_GNUC_PRINTF (2, 3)
     static gboolean refuse (GError ** error, const gchar * format, ...)
{
  va_list args;
  va_start (args, format);
  g_autofree gchar *text = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, text);
  return FALSE;
}

/* The caller frees it; what it points to is @options. */
static GOptionEntry *
entries_of (GstChatOptions * options)
{
  const GOptionEntry entries[] = {
    {"config", 0, 0, G_OPTION_ARG_FILENAME, &options->config,
        "Key file with what is not on the command line: in the group "
          "[gst-chat-server] the names of these options without dashes in "
          "front", "FILE"},
    {"address", 'a', 0, G_OPTION_ARG_STRING, &options->address,
        "IP address to listen on: 127.0.0.1 (default) for this machine only, "
          "0.0.0.0 or :: for everybody who can reach it", "ADDRESS"},
    {"port", 'p', 0, G_OPTION_ARG_INT, &options->port,
        "TCP port for page and signalling, 0 to 65535; 0 takes any that is "
          "free (default 5000)", "PORT"},
    {"tls-cert", 0, 0, G_OPTION_ARG_FILENAME, &options->tls_cert,
        "PEM file with the certificate and those between it and its "
          "authority: all goes by TLS, and who comes without is sent there; "
          "read again on SIGHUP", "FILE"},
    {"tls-key", 0, 0, G_OPTION_ARG_FILENAME, &options->tls_key,
        "PEM file with the certificate's private key (default: it is in that "
          "of --tls-cert)", "FILE"},
    {"redirect-port", 0, 0, G_OPTION_ARG_INT, &options->redirect_port,
        "With --tls-cert: one more port, 1 to 65535, such as 80, whose "
          "visitors are sent to the first (default: none)", "PORT"},
    {"origin", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->origins,
        "Let pages from another web server connect, such as "
          "https://example.org; * for all; may be given several times "
          "(default: only our own page)", "ORIGIN"},
    {"auth-secret-file", 0, 0, G_OPTION_ARG_FILENAME,
          &options->auth_secret_file,
        "Let only those enter the chat who have a token made with the secret "
          "in this file, of at least 16 bytes (default: everybody)", "FILE"},
    {"turn-uri", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->turn_uris,
          "Tell clients of this TURN server, turn:HOST:PORT or turns:HOST:PORT, "
          "maybe with ?transport=udp or tcp; may be given several times",
        "URI"},
    {"turn-secret-file", 0, 0, G_OPTION_ARG_FILENAME,
          &options->turn_secret_file,
        "With --turn-uri: file with the secret that those servers know as "
          "static-auth-secret", "FILE"},
    {"turn-time", 0, 0, G_OPTION_ARG_INT, &options->turn_time,
        "With --turn-uri: for so many seconds clients may use it, at least 60 "
          "(default 86400, a day); who stays gets new credentials", "S"},
    {"ping-interval", 0, 0, G_OPTION_ARG_INT, &options->ping_interval,
        "Milliseconds between two heartbeats of a connection, 100 to 3600000 "
          "(default 25000)", "MS"},
    {"ping-timeout", 0, 0, G_OPTION_ARG_INT, &options->ping_timeout,
        "Milliseconds after which a missing heartbeat ends a connection, 100 "
          "to 3600000 (default 20000)", "MS"},
    {"drain-time", 0, 0, G_OPTION_ARG_INT, &options->drain_time,
        "At the end, so many seconds at most for calls that are just being "
          "made, 0 to 300 (default 3)", "S"},
    {"metrics", 0, 0, G_OPTION_ARG_STRING, &options->metrics,
        "Serve figures for Prometheus, /metrics, and /healthz at this address "
          "and no other, such as 127.0.0.1:9464", "ADDRESS:PORT"},
    {"no-limits", 0, 0, G_OPTION_ARG_NONE, &options->no_limits,
        "Let every connection and address have and send as much as it likes: "
          "for load tests only", NULL},
    {"log-level", 0, 0, G_OPTION_ARG_STRING, &options->log_level_name,
        "What is told on the standard error, one line of key=value an event: "
          "error, warning (default), info or debug", "LEVEL"},
    {"make-token", 0, 0, G_OPTION_ARG_NONE, &options->make_token,
          "Print a token made with the secret of --auth-secret-file, and exit",
        NULL},
    {"token-name", 0, 0, G_OPTION_ARG_STRING, &options->token_name,
        "With --make-token: for this display name only (default: any)", "NAME"},
    {"token-room", 0, 0, G_OPTION_ARG_STRING, &options->token_room,
        "With --make-token: for this room only, \"\" is the default room "
          "(default: any)", "ROOM"},
    {"token-time", 0, 0, G_OPTION_ARG_INT, &options->token_time,
        "With --make-token: for so many seconds, at least 1 (default 86400, "
          "a day)", "S"},
    {"version", 0, 0, G_OPTION_ARG_NONE, &options->version,
        "Print the version and exit", NULL},
    G_OPTION_ENTRY_NULL
  };
  return g_memdup2 (entries, sizeof entries);
}

static GOptionContext *
new_context (const GOptionEntry * entries)
{
  GOptionContext *context =
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
      "Ends on SIGINT and SIGTERM, at once on the second. Exit status: 0, or 1 if it cannot listen, "
      "or 64 if\nthe command line is wrong.\n");
  return context;
}

static void
set_from_file (const GOptionEntry * entry, GKeyFile * file, GError ** error)
{
  switch (entry->arg) {
    case G_OPTION_ARG_STRING:
    case G_OPTION_ARG_FILENAME:{
      gchar **value = entry->arg_data;
      if (*value == NULL)
        *value = g_key_file_get_string (file, GROUP, entry->long_name, error);
      break;
    }
    case G_OPTION_ARG_STRING_ARRAY:{
      gchar ***value = entry->arg_data;
      if (*value == NULL)
        *value = g_key_file_get_string_list (file, GROUP, entry->long_name,
            NULL, error);
      break;
    }
    case G_OPTION_ARG_INT:{
      gint *value = entry->arg_data;
      if (*value == UNSET)
        *value = g_key_file_get_integer (file, GROUP, entry->long_name, error);
      break;
    }
    case G_OPTION_ARG_NONE:{
      gboolean *value = entry->arg_data;
      if (!*value)
        *value = g_key_file_get_boolean (file, GROUP, entry->long_name, error);
      break;
    }
    case G_OPTION_ARG_CALLBACK:
    case G_OPTION_ARG_FILENAME_ARRAY:
    case G_OPTION_ARG_DOUBLE:
    case G_OPTION_ARG_INT64:
      g_return_if_reached ();
  }
}

static const GOptionEntry *
find_entry (const GOptionEntry * entries, const gchar * name)
{
  for (; entries->long_name != NULL; entries++) {
    if (g_str_equal (entries->long_name, name)
        && !g_strv_contains (only_typed, name))
      return entries;
  }
  return NULL;
}

/* What is on the command line stays. */
static gboolean
read_config (GstChatOptions * options, const GOptionEntry * entries,
    GError ** error)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autoptr (GError) why = NULL;
  if (!g_key_file_load_from_file (file, options->config, G_KEY_FILE_NONE, &why))
    return refuse (error, "%s: %s", options->config, why->message);
  g_auto (GStrv) groups = g_key_file_get_groups (file, NULL);
  for (gchar ** group = groups; *group != NULL; group++) {
    if (!g_str_equal (*group, GROUP))
      return refuse (error, "%s: the only group is [" GROUP "], not [%s]",
          options->config, *group);
  }
  g_auto (GStrv) keys = g_key_file_get_keys (file, GROUP, NULL, NULL);
  for (gchar ** key = keys; key != NULL && *key != NULL; key++) {
    const GOptionEntry *entry = find_entry (entries, *key);
    if (entry == NULL)
      return refuse (error, "%s: “%s” is not an option for a key file",
          options->config, *key);
    set_from_file (entry, file, &why);
    if (why != NULL)
      return refuse (error, "%s: %s", options->config, why->message);
  }
  return TRUE;
}

static gboolean
check_number (const gchar * name, gint * value, gint otherwise, gint least,
    gint most, GError ** error)
{
  if (*value == UNSET)
    *value = otherwise;
  else if (*value < least || *value > most)
    return refuse (error, "--%s is a number from %d to %d, not %d", name,
        least, most, *value);
  return TRUE;
}

static gboolean
check_level (GstChatOptions * options, GError ** error)
{
  options->log_level = GST_CHAT_LOG_WARNING;
  if (options->log_level_name == NULL)
    return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (levels); i++) {
    if (g_str_equal (options->log_level_name, levels[i])) {
      options->log_level = (GstChatLogLevel) i;
      return TRUE;
    }
  }
  return refuse (error,
      "--log-level is error, warning, info or debug, not “%s”",
      options->log_level_name);
}

/* The ends of lines that an editor leaves are not part of it. */
static GBytes *
read_secret (const gchar * name, gsize least, GError ** error)
{
  g_autofree gchar *text = NULL;
  gsize len;
  g_autoptr (GError) why = NULL;
  if (!g_file_get_contents (name, &text, &len, &why)) {
    refuse (error, "%s", why->message);
    return NULL;
  }
  while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r'))
    len--;
  if (len < least) {
    refuse (error, "The secret in %s has less than %zu bytes: make one with "
        "openssl rand -base64 32", name, least);
    return NULL;
  }
  return g_bytes_new (text, len);
}

static gboolean
read_secrets (GstChatOptions * options, GError ** error)
{
  if (options->make_token && options->auth_secret_file == NULL)
    return refuse (error, "--make-token goes with --auth-secret-file");
  if (options->auth_secret_file != NULL) {
    options->auth_secret = read_secret (options->auth_secret_file,
        MIN_SECRET_BYTES, error);
    if (options->auth_secret == NULL)
      return FALSE;
  }
  if ((options->turn_uris == NULL) != (options->turn_secret_file == NULL))
    return refuse (error, "--turn-uri and --turn-secret-file go together");
  if (options->turn_secret_file != NULL) {
    options->turn_secret = read_secret (options->turn_secret_file, 1, error);
    if (options->turn_secret == NULL)
      return FALSE;
  }
  return TRUE;
}

static gboolean
check_relays (const GstChatOptions * options, GError ** error)
{
  if (options->turn_uris == NULL)
    return TRUE;
  if (g_strv_length (options->turn_uris) > GST_CHAT_MAX_ICE_SERVERS)
    return refuse (error, "--turn-uri is given more than %d times",
        GST_CHAT_MAX_ICE_SERVERS);
  for (gchar ** uri = options->turn_uris; *uri != NULL; uri++) {
    GstChatIceServer relay = { *uri, (gchar *) "u", (gchar *) "p" };
    g_autofree gchar *usable = gst_chat_ice_server_uri (&relay);
    if (usable == NULL || !g_str_has_prefix (*uri, "turn"))
      return refuse (error, "“%s” is not a TURN server: it must look like "
          "turn:turn.example.org:3478", *uri);
  }
  return TRUE;
}

static gboolean
check_metrics (GstChatOptions * options, GError ** error)
{
  if (options->metrics == NULL)
    return TRUE;
  const gchar *colon = strrchr (options->metrics, ':');
  guint64 port;
  if (colon == NULL || colon == options->metrics
      || !g_ascii_string_to_unsigned (colon + 1, 10, 0, G_MAXUINT16, &port,
          NULL))
    return refuse (error, "--metrics is an address and a port, such as "
        "127.0.0.1:9464 or [::1]:9464, not “%s”", options->metrics);
  const gchar *start = options->metrics;
  gsize len = colon - start;
  if (*start == '[' && start[len - 1] == ']') {
    start++;
    len -= 2;
  }
  options->metrics_address = g_strndup (start, len);
  options->metrics_port = (guint16) port;
  return TRUE;
}

static gboolean
check (GstChatOptions * options, GError ** error)
{
  if ((options->redirect_port != UNSET || options->tls_key != NULL)
      && options->tls_cert == NULL)
    return refuse (error, "--tls-key and --redirect-port go with --tls-cert");
  return check_number ("port", &options->port, 5000, 0, G_MAXUINT16, error)
      && check_number ("redirect-port", &options->redirect_port, 0, 1,
      G_MAXUINT16, error)
      && check_number ("ping-interval", &options->ping_interval, 25000, 100,
      3600000, error)
      && check_number ("ping-timeout", &options->ping_timeout, 20000, 100,
      3600000, error)
      && check_number ("token-time", &options->token_time, 86400, 1, G_MAXINT,
      error)
      && check_number ("drain-time", &options->drain_time, 3, 0, 300, error)
      && check_metrics (options, error)
      && check_number ("turn-time", &options->turn_time, 86400, 60, G_MAXINT,
      error) && check_relays (options, error) && check_level (options, error)
      && read_secrets (options, error);
}

gboolean
gst_chat_options_parse (GstChatOptions * options, int *argc, char ***argv,
    GError ** error)
{
  memset (options, 0, sizeof *options);
  g_autofree GOptionEntry *entries = entries_of (options);
  for (const GOptionEntry * e = entries; e->long_name != NULL; e++) {
    if (e->arg == G_OPTION_ARG_INT)
      *(gint *) e->arg_data = UNSET;
  }
  g_autoptr (GOptionContext) context = new_context (entries);
  if (!g_option_context_parse (context, argc, argv, error))
    return FALSE;
  if (*argc > 1)
    return refuse (error, "“%s” is not an option; see --help", (*argv)[1]);
  if (options->config != NULL && !read_config (options, entries, error))
    return FALSE;
  return check (options, error);
}

void
gst_chat_options_clear (GstChatOptions * options)
{
  g_autofree GOptionEntry *entries = entries_of (options);
  for (const GOptionEntry * e = entries; e->long_name != NULL; e++) {
    if (e->arg == G_OPTION_ARG_STRING || e->arg == G_OPTION_ARG_FILENAME)
      g_clear_pointer ((gchar **) e->arg_data, g_free);
    else if (e->arg == G_OPTION_ARG_STRING_ARRAY)
      g_clear_pointer ((gchar ***) e->arg_data, g_strfreev);
  }
  g_clear_pointer (&options->metrics_address, g_free);
  g_clear_pointer (&options->auth_secret, g_bytes_unref);
  g_clear_pointer (&options->turn_secret, g_bytes_unref);
}
