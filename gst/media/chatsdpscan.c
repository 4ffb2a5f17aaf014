/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The first look at an SDP: line by line, before any parser sees it. GstSDP
 * takes "hello" for a description and skips what it does not understand. */
#include "chatsdpprivate.h"

#include <string.h>

#define SESSION_TYPES "vosiuepcbtrzka"
#define MEDIA_TYPES "micbka"

typedef struct
{
  guint n_lines;
  guint n_media;
  gboolean has_origin;
  gboolean has_name;
} Scan;

static gboolean
malformed (GError ** error, guint line, const gchar * what)
{
  g_set_error (error, GST_CHAT_ERROR, GST_CHAT_ERROR_MALFORMED,
      "The SDP is malformed in line %u: %s", line, what);
  return FALSE;
}

static gboolean
check_m_line (const gchar * value)
{
  g_auto (GStrv) words = g_strsplit (value, " ", -1);
  if (g_strv_length (words) < 4) {
    return FALSE;
  }
  for (guint i = 0; words[i] != NULL; i++) {
    if (words[i][0] == '\0') {
      return FALSE;
    }
  }
  guint64 number;
  g_auto (GStrv) port = g_strsplit (words[1], "/", 2);
  return gst_chat_sdp_is_token (words[0], 32)
      && gst_chat_sdp_read_number (port[0], 65535, &number)
      && (port[1] == NULL || gst_chat_sdp_read_number (port[1], 255, &number));
}

static gboolean
scan_line (Scan * scan, const gchar * line, GError ** error)
{
  guint number = scan->n_lines;
  if (!g_ascii_islower (line[0]) || line[1] != '=') {
    return malformed (error, number, "not of the form x=…");
  }
  gchar type = line[0];
  const gchar *value = line + 2;

  if (number == 1) {
    return g_str_equal (line, "v=0") || malformed (error, number,
        "v=0 has to come first");
  }
  if (type == 'm') {
    if (!scan->has_origin || !scan->has_name) {
      return malformed (error, number, "m= before o= and s=");
    }
    if (++scan->n_media > GST_CHAT_MAX_MLINES) {
      g_set_error (error, GST_CHAT_ERROR, GST_CHAT_ERROR_LIMIT,
          "The SDP has more than %d m-lines", GST_CHAT_MAX_MLINES);
      return FALSE;
    }
    return check_m_line (value) || malformed (error, number,
        "an m-line needs kind, port, transport and formats");
  }
  if (strchr (scan->n_media > 0 ? MEDIA_TYPES : SESSION_TYPES, type) == NULL) {
    return malformed (error, number, "this type of line does not belong here");
  }
  if (type == 'v' || (type == 'o' && scan->has_origin)
      || (type == 's' && scan->has_name)) {
    return malformed (error, number, "this type of line comes once only");
  }
  if (type == 'o') {
    g_auto (GStrv) words = g_strsplit (value, " ", -1);
    scan->has_origin = g_strv_length (words) == 6;
    return scan->has_origin || malformed (error, number, "o= has six fields");
  }
  if (type == 's') {
    scan->has_name = TRUE;
  }
  return TRUE;
}

/* The only characters that are neither text nor the end of a line: none. */
static gboolean
check_characters (const gchar * text, GError ** error)
{
  for (const gchar * p = text; *p != '\0'; p++) {
    gboolean ok = *p == '\r' ? p[1] == '\n'
        : *p == '\n' || *p == '\t' || !g_ascii_iscntrl (*p);
    if (!ok) {
      g_set_error_literal (error, GST_CHAT_ERROR, GST_CHAT_ERROR_MALFORMED,
          "The SDP has control characters in it");
      return FALSE;
    }
  }
  if (!g_utf8_validate (text, -1, NULL)) {
    g_set_error_literal (error, GST_CHAT_ERROR, GST_CHAT_ERROR_MALFORMED,
        "The SDP is not UTF-8");
    return FALSE;
  }
  return TRUE;
}

gboolean
gst_chat_sdp_scan (const gchar * text, GError ** error)
{
  if (text == NULL || text[0] == '\0') {
    g_set_error_literal (error, GST_CHAT_ERROR, GST_CHAT_ERROR_MALFORMED,
        "The SDP is empty");
    return FALSE;
  }
  if (strnlen (text, GST_CHAT_MAX_SDP_BYTES + 1) > GST_CHAT_MAX_SDP_BYTES) {
    g_set_error (error, GST_CHAT_ERROR, GST_CHAT_ERROR_LIMIT,
        "The SDP is longer than %d bytes", GST_CHAT_MAX_SDP_BYTES);
    return FALSE;
  }
  if (!check_characters (text, error)) {
    return FALSE;
  }

  Scan scan = { 0, };
  for (const gchar * p = text; *p != '\0';) {
    const gchar *end = strchr (p, '\n');
    gsize len = end != NULL ? (gsize) (end - p) : strlen (p);
    const gchar *next = p + len + (end != NULL ? 1 : 0);
    if (len > 0 && p[len - 1] == '\r') {
      len--;
    }
    if (len > GST_CHAT_MAX_SDP_LINE_BYTES) {
      g_set_error (error, GST_CHAT_ERROR, GST_CHAT_ERROR_LIMIT,
          "The SDP has a line of more than %d bytes",
          GST_CHAT_MAX_SDP_LINE_BYTES);
      return FALSE;
    }
    /* Some senders end with an empty line; one between others is an error. */
    if (len == 0 && *next == '\0' && scan.n_lines > 0) {
      break;
    }
    scan.n_lines++;
    g_autofree gchar *line = g_strndup (p, len);
    if (!scan_line (&scan, line, error)) {
      return FALSE;
    }
    p = next;
  }
  if (!scan.has_origin || !scan.has_name) {
    return malformed (error, scan.n_lines, "o= or s= is missing");
  }
  return TRUE;
}
