/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Single Engine.IO packets, the handshake, and Socket.IO packets. */
#include "chatwire.h"
#include "chaterror.h"
#include "chatlimits.h"

#include <string.h>

/* No sane server pings more rarely; keeps sums of times inside a guint. */
#define MAX_PING_MS (24 * 60 * 60 * 1000)

static gboolean
malformed (const gchar * what, GError ** error)
{
  g_set_error_literal (error, GST_CHAT_ERROR, GST_CHAT_ERROR_MALFORMED, what);
  return FALSE;
}

static gboolean
over_limit (const gchar * what, GError ** error)
{
  g_set_error_literal (error, GST_CHAT_ERROR, GST_CHAT_ERROR_LIMIT, what);
  return FALSE;
}

gboolean
gst_chat_eio_parse_text (const gchar * data, gsize len,
    GstChatEioPacket * packet, GError ** error)
{
  if (len == 0)
    return malformed ("Engine.IO: empty packet", error);
  if (data[0] < '0' || data[0] > '6')
    return malformed ("Engine.IO: unknown packet type", error);
  packet->type = data[0] - '0';
  packet->binary = FALSE;
  packet->data.data = data + 1;
  packet->data.len = len - 1;
  return TRUE;
}

gboolean
gst_chat_eio_parse_binary (GstChatEio eio, const guint8 * data, gsize len,
    GstChatEioPacket * packet, GError ** error)
{
  packet->type = GST_CHAT_EIO_MESSAGE;
  packet->binary = TRUE;
  packet->data.data = (const gchar *) data;
  packet->data.len = len;
  if (eio == GST_CHAT_EIO_4)
    return TRUE;
  if (len == 0)
    return malformed ("Engine.IO: empty packet", error);
  if (data[0] != GST_CHAT_EIO_MESSAGE)
    return malformed ("Engine.IO: unknown type of binary packet", error);
  packet->data.data++;
  packet->data.len--;
  return TRUE;
}

/* Reads a run of digits; FALSE where there are more than @max_digits. */
static gboolean
read_digits (GstChatSlice * rest, guint max_digits, gint64 * value)
{
  gint64 sum = 0;
  guint n = 0;
  for (; n < rest->len && g_ascii_isdigit (rest->data[n]); n++) {
    if (n == max_digits)
      return FALSE;
    sum = sum * 10 + (rest->data[n] - '0');
  }
  rest->data += n;
  rest->len -= n;
  *value = n > 0 ? sum : -1;
  return TRUE;
}

static gboolean
parse_attachments (GstChatSlice * rest, GstChatSioPacket * packet,
    GError ** error)
{
  if (packet->type != GST_CHAT_SIO_BINARY_EVENT
      && packet->type != GST_CHAT_SIO_BINARY_ACK)
    return TRUE;
  gint64 n;
  if (!read_digits (rest, 2, &n) || n > GST_CHAT_MAX_ATTACHMENTS)
    return over_limit ("Socket.IO: too many attachments", error);
  if (n < 0 || rest->len == 0 || rest->data[0] != '-')
    return malformed ("Socket.IO: number of attachments missing", error);
  rest->data++;
  rest->len--;
  packet->attachments = n;
  return TRUE;
}

static gboolean
parse_namespace (GstChatSlice * rest, GstChatSioPacket * packet,
    GError ** error)
{
  if (rest->len == 0 || rest->data[0] != '/')
    return TRUE;
  const gchar *comma = memchr (rest->data, ',', rest->len);
  gsize len = comma ? (gsize) (comma - rest->data) : rest->len;
  if (len > GST_CHAT_MAX_NAMESPACE_BYTES)
    return over_limit ("Socket.IO: name of the namespace too long", error);
  if (!g_utf8_validate_len (rest->data, len, NULL))
    return malformed ("Socket.IO: name of the namespace is no UTF-8", error);
  packet->nsp.data = rest->data;
  /* "/" spelt out is the root all the same. */
  packet->nsp.len = len > 1 ? len : 0;
  gsize used = comma ? len + 1 : len;
  rest->data += used;
  rest->len -= used;
  return TRUE;
}

static gboolean
json_fits_type (const GstChatSioPacket * packet)
{
  gchar first = packet->json.len > 0 ? packet->json.data[0] : '\0';
  switch (packet->type) {
    case GST_CHAT_SIO_EVENT:
    case GST_CHAT_SIO_ACK:
    case GST_CHAT_SIO_BINARY_EVENT:
    case GST_CHAT_SIO_BINARY_ACK:
      return first == '[';
    case GST_CHAT_SIO_CONNECT:
      return first == '\0' || first == '{';
    case GST_CHAT_SIO_DISCONNECT:
      return first == '\0';
    case GST_CHAT_SIO_CONNECT_ERROR:
      return TRUE;
  }
  return FALSE;
}

gboolean
gst_chat_sio_parse (GstChatSlice data, GstChatSioPacket * packet,
    GError ** error)
{
  memset (packet, 0, sizeof *packet);
  if (data.len == 0)
    return malformed ("Socket.IO: empty packet", error);
  if (data.data[0] < '0' || data.data[0] > '6')
    return malformed ("Socket.IO: unknown packet type", error);
  packet->type = data.data[0] - '0';
  packet->nsp.data = data.data;

  GstChatSlice rest = { data.data + 1, data.len - 1 };
  if (!parse_attachments (&rest, packet, error)
      || !parse_namespace (&rest, packet, error))
    return FALSE;
  if (!read_digits (&rest, GST_CHAT_MAX_ACK_DIGITS, &packet->ack_id))
    return over_limit ("Socket.IO: ack id too long", error);
  if ((packet->type == GST_CHAT_SIO_ACK
          || packet->type == GST_CHAT_SIO_BINARY_ACK) && packet->ack_id < 0)
    return malformed ("Socket.IO: acknowledgement without id", error);
  if (rest.len > 0 && !gst_chat_json_check (rest.data, rest.len,
          GST_CHAT_MAX_MESSAGE_BYTES, error))
    return FALSE;
  packet->json = rest;
  if (!json_fits_type (packet))
    return malformed ("Socket.IO: wrong JSON for this type of packet", error);
  return TRUE;
}

gboolean
gst_chat_sio_event (const GstChatSioPacket * packet, gchar ** name,
    GstChatSlice * payload, GError ** error)
{
  *name = NULL;
  payload->data = packet->json.data;
  payload->len = 0;
  GstChatSlice first;
  if (!gst_chat_json_element (packet->json, 0, &first))
    return malformed ("Socket.IO: event without name", error);
  gdouble number;
  if (first.data[0] == '"')
    *name = gst_chat_json_string (first, GST_CHAT_MAX_EVENT_NAME_BYTES);
  else if (!gst_chat_json_number (first, &number))
    return malformed ("Socket.IO: name of the event is no string", error);
  else if (first.len <= GST_CHAT_MAX_EVENT_NAME_BYTES)
    *name = g_strndup (first.data, first.len);
  if (!*name)
    return over_limit ("Socket.IO: name of the event too long", error);
  gst_chat_json_element (packet->json, 1, payload);
  return TRUE;
}

gchar *
gst_chat_sio_build_event (const gchar * name, const gchar * payload)
{
  GString *out = g_string_sized_new (64 + (payload ? strlen (payload) : 0));
  g_string_append (out, "42[");
  gst_chat_json_append_string (out, name);
  if (payload) {
    g_string_append_c (out, ',');
    g_string_append (out, payload);
  }
  g_string_append_c (out, ']');
  return g_string_free (out, FALSE);
}

gchar *
gst_chat_sio_build_connect (const gchar * json)
{
  return g_strconcat ("40", json, NULL);
}

gchar *
gst_chat_sio_build_ack (gint64 ack_id, const gchar * args)
{
  return g_strdup_printf ("43%" G_GINT64_FORMAT "%s", ack_id, args);
}

gchar *
gst_chat_sio_build_connect_error (GstChatEio eio, const gchar * nsp,
    const gchar * message)
{
  GString *out = g_string_new ("44");
  if (nsp && strcmp (nsp, "/") != 0)
    g_string_append_printf (out, "%s,", nsp);
  /* Socket.IO 2 has the bare string. */
  if (eio == GST_CHAT_EIO_4)
    g_string_append (out, "{\"message\":");
  gst_chat_json_append_string (out, message);
  if (eio == GST_CHAT_EIO_4)
    g_string_append_c (out, '}');
  return g_string_free (out, FALSE);
}

static gboolean
handshake_ms (GstChatSlice json, const gchar * name, guint * value,
    GError ** error)
{
  GstChatSlice text;
  gdouble number;
  if (!gst_chat_json_member (json, name, &text)
      || !gst_chat_json_number (text, &number) || number < 1
      || number > MAX_PING_MS) {
    g_set_error (error, GST_CHAT_ERROR, GST_CHAT_ERROR_MALFORMED,
        "Engine.IO: handshake without a usable %s", name);
    return FALSE;
  }
  *value = number;
  return TRUE;
}

static gboolean
is_not_websocket (GstChatSlice element, gpointer user_data)
{
  g_autofree gchar *name = gst_chat_json_string (element, 16);
  return g_strcmp0 (name, "websocket") != 0;
}

gboolean
gst_chat_eio_handshake_parse (GstChatSlice json,
    GstChatEioHandshake * handshake, GError ** error)
{
  memset (handshake, 0, sizeof *handshake);
  if (!gst_chat_json_check (json.data, json.len, GST_CHAT_MAX_MESSAGE_BYTES,
          error))
    return FALSE;
  GstChatEioHandshake parsed = { NULL, };
  if (!handshake_ms (json, "pingInterval", &parsed.ping_interval, error)
      || !handshake_ms (json, "pingTimeout", &parsed.ping_timeout, error))
    return FALSE;
  GstChatSlice text;
  gdouble number;
  if (gst_chat_json_member (json, "maxPayload", &text)
      && gst_chat_json_number (text, &number) && number >= 1
      && number <= G_MAXUINT)
    parsed.max_payload = number;
  if (gst_chat_json_member (json, "upgrades", &text))
    parsed.websocket = !gst_chat_json_foreach (text, is_not_websocket, NULL);
  if (gst_chat_json_member (json, "sid", &text))
    parsed.sid = gst_chat_json_string (text, GST_CHAT_MAX_ID_BYTES);
  if (!parsed.sid || !*parsed.sid) {
    g_free (parsed.sid);
    return malformed ("Engine.IO: handshake without a usable sid", error);
  }
  *handshake = parsed;
  return TRUE;
}

gchar *
gst_chat_eio_handshake_build (const GstChatEioHandshake * handshake)
{
  GString *out = g_string_new ("0{\"sid\":");
  gst_chat_json_append_string (out, handshake->sid);
  g_string_append_printf (out,
      ",\"upgrades\":[%s],\"pingInterval\":%u,\"pingTimeout\":%u",
      handshake->websocket ? "\"websocket\"" : "", handshake->ping_interval,
      handshake->ping_timeout);
  if (handshake->max_payload > 0)
    g_string_append_printf (out, ",\"maxPayload\":%u", handshake->max_payload);
  g_string_append_c (out, '}');
  return g_string_free (out, FALSE);
}

void
gst_chat_eio_handshake_clear (GstChatEioHandshake * handshake)
{
  g_free (handshake->sid);
  memset (handshake, 0, sizeof *handshake);
}
