/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Which addresses can be used, and what they stand for. */
#include "chaturi.h"
#include "chaterror.h"
#include "chatlimits.h"

#include <string.h>

/* Where gst-chat-server listens unless told otherwise. */
#define DEFAULT_PORT 5000

static const struct
{
  const gchar *scheme;
  const gchar *http;
  gint port;
} schemes[] = {
  {"chat", "http", DEFAULT_PORT},
  {"chats", "https", DEFAULT_PORT},
  {"http", "http", 80},
  {"https", "https", 443},
  {"ws", "http", 80},
  {"wss", "https", 443},
};

static GUri *
refuse (GError ** error, const gchar * uri, const gchar * why)
{
  g_set_error (error, GST_CHAT_ERROR, GST_CHAT_ERROR_MALFORMED,
      "\"%.200s\" cannot be used as uri: %s (example: chat://localhost:5000)",
      uri ? uri : "", why);
  return NULL;
}

GUri *
gst_chat_uri_parse (const gchar * uri, GError ** error)
{
  if (!uri || !*uri)
    return refuse (error, uri, "it is empty");
  if (strlen (uri) > GST_CHAT_MAX_URL_BYTES)
    return refuse (error, uri, "it is too long");
  for (const gchar * at = uri; *at; at++)
    if (g_ascii_iscntrl (*at) || g_ascii_isspace (*at))
      return refuse (error, uri, "it has a space in it");
  g_autoptr (GError) reason = NULL;
  g_autoptr (GUri) parsed = g_uri_parse (uri,
      G_URI_FLAGS_ENCODED | G_URI_FLAGS_HAS_PASSWORD, &reason);
  if (!parsed)
    return refuse (error, uri, reason->message);

  guint i = 0;
  while (i < G_N_ELEMENTS (schemes)
      && g_ascii_strcasecmp (g_uri_get_scheme (parsed), schemes[i].scheme))
    i++;
  if (i == G_N_ELEMENTS (schemes))
    return refuse (error, uri,
        "its scheme is none of chat, chats, http, https, ws and wss");
  if (!g_uri_get_host (parsed) || !*g_uri_get_host (parsed))
    return refuse (error, uri, "it names no host");
  if (g_uri_get_userinfo (parsed))
    return refuse (error, uri, "user and password do not go into it, "
        "use auth-token");
  gint port = g_uri_get_port (parsed);
  if (port == 0)
    return refuse (error, uri, "port 0 cannot be connected to");

  const gchar *path = g_uri_get_path (parsed);
  g_autofree gchar *with_slash = NULL;
  if (!*path || !strcmp (path, "/"))
    path = "/socket.io/";
  else if (!g_str_has_suffix (path, "/"))
    path = with_slash = g_strconcat (path, "/", NULL);
  return g_uri_build (G_URI_FLAGS_ENCODED, schemes[i].http, NULL,
      g_uri_get_host (parsed), port < 0 ? schemes[i].port : port, path,
      g_uri_get_query (parsed), NULL);
}
