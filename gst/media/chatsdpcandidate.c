/* SPDX-License-Identifier: LGPL-2.1-or-later
 * ICE candidates (RFC 8839 §5.1). */
#include "chatsdpprivate.h"

#include <string.h>
#include <gio/gio.h>

#define PREFIX "candidate:"
/* RFC 8839: foundation = 1*32ice-char. */
#define MAX_FOUNDATION 32
/* "discard", what TCP candidates that only connect have for a port. */
#define PORT_DISCARD 9

enum
{
  FIELD_FOUNDATION,
  FIELD_COMPONENT,
  FIELD_TRANSPORT,
  FIELD_PRIORITY,
  FIELD_ADDRESS,
  FIELD_PORT,
  FIELD_TYP,
  FIELD_TYPE,
  N_FIELDS,
};

static gboolean
is_foundation (const gchar * text)
{
  gsize n = 0;
  for (const gchar * p = text; *p != '\0'; p++, n++) {
    /* ice-char; and what is seen in the wild. */
    if (!g_ascii_isalnum (*p) && strchr ("+/-_.", *p) == NULL) {
      return FALSE;
    }
  }
  return n > 0 && n <= MAX_FOUNDATION;
}

static gboolean
type_from_name (const gchar * name, GstChatCandidateType * type)
{
  static const gchar *const names[] = { "host", "srflx", "prflx", "relay" };
  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    if (g_str_equal (name, names[i])) {
      *type = i;
      return TRUE;
    }
  }
  return FALSE;
}

static gboolean
is_local_name (const gchar * address)
{
  if (!g_str_has_suffix (address, ".local") || strlen (address) > 255) {
    return FALSE;
  }
  for (const gchar * p = address; *p != '\0'; p++) {
    if (!g_ascii_isalnum (*p) && *p != '-' && *p != '.') {
      return FALSE;
    }
  }
  return address[0] != '.';
}

static gboolean
is_extension (gchar ** words)
{
  /* Pairs of name and value; not a second type, which libnice would take. */
  guint n = 0;
  for (; words[n] != NULL; n++) {
    if (words[n][0] == '\0' || (n % 2 == 0 && g_str_equal (words[n], "typ"))) {
      return FALSE;
    }
  }
  return n % 2 == 0;
}

static gboolean
fill_candidate (GstChatCandidate * candidate, gchar ** words)
{
  guint64 component, priority, port;
  if (g_strv_length (words) < N_FIELDS
      || !is_foundation (words[FIELD_FOUNDATION])
      || !gst_chat_sdp_read_number (words[FIELD_COMPONENT], 2, &component)
      || component == 0
      || !gst_chat_sdp_read_number (words[FIELD_PRIORITY], G_MAXUINT32,
          &priority)
      || !gst_chat_sdp_read_number (words[FIELD_PORT], 65535, &port)
      || !g_str_equal (words[FIELD_TYP], "typ")
      || !type_from_name (words[FIELD_TYPE], &candidate->type)
      || !is_extension (words + N_FIELDS)) {
    return FALSE;
  }
  candidate->foundation = g_strdup (words[FIELD_FOUNDATION]);
  candidate->component = component;
  candidate->priority = priority;
  candidate->port = port;
  candidate->address = g_strdup (words[FIELD_ADDRESS]);

  if (g_ascii_strcasecmp (words[FIELD_TRANSPORT], "tcp") == 0) {
    candidate->tcp = TRUE;
  } else if (g_ascii_strcasecmp (words[FIELD_TRANSPORT], "udp") != 0) {
    return FALSE;
  }

  g_autoptr (GInetAddress) address =
      g_inet_address_new_from_string (words[FIELD_ADDRESS]);
  /* A scope would name one of our own interfaces. */
  gboolean numeric = address != NULL
      && strchr (words[FIELD_ADDRESS], '%') == NULL;
  candidate->mdns = !numeric && is_local_name (words[FIELD_ADDRESS]);
  if (!numeric && !candidate->mdns) {
    return FALSE;
  }
  candidate->usable = numeric && !candidate->tcp && component == 1
      && port != 0 && port != PORT_DISCARD
      && !g_inet_address_get_is_any (address)
      && !g_inet_address_get_is_multicast (address)
      && !(g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV6
      && g_inet_address_get_is_link_local (address));
  return TRUE;
}

GstChatCandidate *
gst_chat_candidate_parse (const gchar * text, GError ** error)
{
  if (text == NULL) {
    text = "";
  }
  if (strnlen (text, GST_CHAT_MAX_CANDIDATE_BYTES + 1)
      > GST_CHAT_MAX_CANDIDATE_BYTES) {
    g_set_error (error, GST_CHAT_ERROR, GST_CHAT_ERROR_LIMIT,
        "An ICE candidate is longer than %d bytes",
        GST_CHAT_MAX_CANDIDATE_BYTES);
    return NULL;
  }
  const gchar *body = text;
  if (g_str_has_prefix (body, "a=")) {
    body += strlen ("a=");
  }
  if (g_str_has_prefix (body, PREFIX)) {
    body += strlen (PREFIX);
  }

  gboolean printable = TRUE;
  for (const gchar * p = body; *p != '\0'; p++) {
    printable = printable && g_ascii_isprint (*p);
  }
  g_auto (GStrv) words = g_strsplit (body, " ", -1);
  g_autoptr (GstChatCandidate) candidate = g_new0 (GstChatCandidate, 1);
  if (!printable || !fill_candidate (candidate, words)) {
    g_autofree gchar *quoted = gst_chat_sdp_quote (body);
    g_set_error (error, GST_CHAT_ERROR, GST_CHAT_ERROR_MALFORMED,
        "Not an ICE candidate: %s", quoted);
    return NULL;
  }
  candidate->text = g_strconcat (PREFIX, body, NULL);
  return g_steal_pointer (&candidate);
}

void
gst_chat_candidate_free (GstChatCandidate * candidate)
{
  if (candidate == NULL) {
    return;
  }
  g_free (candidate->text);
  g_free (candidate->foundation);
  g_free (candidate->address);
  g_free (candidate);
}

GstChatLocalCandidate *
gst_chat_local_candidate_new (guint mline, const gchar * text)
{
  GstChatLocalCandidate *candidate = g_new0 (GstChatLocalCandidate, 1);
  candidate->mline = mline;
  candidate->text = g_strdup (text);
  return candidate;
}

void
gst_chat_local_candidate_free (GstChatLocalCandidate * candidate)
{
  if (candidate != NULL) {
    g_free (candidate->text);
    g_free (candidate);
  }
}
