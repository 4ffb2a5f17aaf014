/* SPDX-License-Identifier: LGPL-2.1-or-later
 * STUN and TURN servers as WebRTC writes them and as webrtcbin does. */
#include "chaticeserver.h"

#include <string.h>

static const struct
{
  const gchar *scheme;          /* with its colon */
  gboolean relay;
  guint port;                   /* RFC 7064, RFC 7065 */
} schemes[] = {
  {"stun:", FALSE, 3478},
  {"turn:", TRUE, 3478},
  {"turns:", TRUE, 5349},
};

/* A name, an IPv4 address, or an IPv6 one in brackets; maybe with a port. */
static gboolean
split_host (const gchar * text, gsize len, guint port, gchar ** host)
{
  g_autofree gchar *authority = g_strndup (text, len);
  const gchar *names = *authority == '[' ? "0123456789abcdefABCDEF:.%"
      : "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
  gchar *start = *authority == '[' ? authority + 1 : authority;
  gchar *end = start + strspn (start, names);
  gboolean brackets = *authority == '[';
  if (end == start || (brackets && *end != ']'))
    return FALSE;
  const gchar *rest = brackets ? end + 1 : end;
  guint64 number = port;
  if (*rest == ':'
      && !g_ascii_string_to_unsigned (rest + 1, 10, 1, G_MAXUINT16, &number,
          NULL))
    return FALSE;
  if (*rest != ':' && *rest != '\0')
    return FALSE;
  *host = g_strdup_printf ("%.*s:%u", (gint) (rest - authority), authority,
      (guint) number);
  return TRUE;
}

gchar *
gst_chat_ice_server_uri (const GstChatIceServer * server)
{
  guint i = 0;
  while (i < G_N_ELEMENTS (schemes)
      && !g_str_has_prefix (server->url, schemes[i].scheme))
    i++;
  if (i == G_N_ELEMENTS (schemes) || (schemes[i].relay
          && (server->username == NULL || server->credential == NULL)))
    return NULL;

  const gchar *rest = server->url + strlen (schemes[i].scheme);
  gsize len = strcspn (rest, "?");
  const gchar *query = rest + len;
  if (*query != '\0' && !g_str_equal (query, "?transport=udp")
      && !g_str_equal (query, "?transport=tcp"))
    return NULL;
  g_autofree gchar *host = NULL;
  if (!split_host (rest, len, schemes[i].port, &host))
    return NULL;
  if (!schemes[i].relay)
    return g_strdup_printf ("%s//%s", schemes[i].scheme, host);
  g_autofree gchar *user = g_uri_escape_string (server->username, NULL, FALSE);
  g_autofree gchar *password = g_uri_escape_string (server->credential, NULL,
      FALSE);
  return g_strdup_printf ("%s//%s:%s@%s%s", schemes[i].scheme, user, password,
      host, query);
}
