/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Engine.IO's polling bodies: three framings of the same packets. */
#include "chatwire.h"
#include "chaterror.h"

#include <string.h>

/* Protocol 4 separates with it; JSON has it only escaped. */
#define SEPARATOR '\x1e'
/* Nine digits are more than any bounded body has bytes. */
#define MAX_LENGTH_DIGITS 9

static gboolean
malformed (const gchar * what, GError ** error)
{
  g_set_error_literal (error, GST_CHAT_ERROR, GST_CHAT_ERROR_MALFORMED, what);
  return FALSE;
}

/* Whether it is what an encoder writes: g_base64_decode() would skip rubbish. */
static gboolean
is_base64 (const gchar * text, gsize len)
{
  if (len % 4 != 0)
    return FALSE;
  while (len > 0 && text[len - 1] == '=' && len % 4 != 2)
    len--;
  for (gsize i = 0; i < len; i++)
    if (!g_ascii_isalnum (text[i]) && text[i] != '+' && text[i] != '/')
      return FALSE;
  return TRUE;
}

static gboolean
hand_over_base64 (const gchar * text, gsize len, GstChatEioFunc func,
    gpointer user_data, gboolean * go_on, GError ** error)
{
  if (!is_base64 (text, len))
    return malformed ("Engine.IO: bad base64", error);
  g_autofree gchar *copy = g_strndup (text, len);
  gsize n = 0;
  g_autofree guchar *bytes = g_base64_decode (copy, &n);
  GstChatEioPacket packet =
      { GST_CHAT_EIO_MESSAGE, TRUE, {(const gchar *) bytes, n} };
  *go_on = func (&packet, user_data);
  return TRUE;
}

/* One packet in text form, which may be binary data in base64. */
static gboolean
hand_over (GstChatEio eio, const gchar * text, gsize len, GstChatEioFunc func,
    gpointer user_data, gboolean * go_on, GError ** error)
{
  if (len > 0 && text[0] == 'b') {
    gsize prefix = eio == GST_CHAT_EIO_3 ? 2 : 1;
    if (len < prefix || (prefix == 2 && text[1] != '4'))
      return malformed ("Engine.IO: unknown type of binary packet", error);
    return hand_over_base64 (text + prefix, len - prefix, func, user_data,
        go_on, error);
  }
  GstChatEioPacket packet;
  if (!gst_chat_eio_parse_text (text, len, &packet, error))
    return FALSE;
  *go_on = func (&packet, user_data);
  return TRUE;
}

static gboolean
parse_separated (const gchar * body, gsize len, GstChatEioFunc func,
    gpointer user_data, GError ** error)
{
  const gchar *at = body, *end = body + len;
  gboolean go_on = TRUE;
  while (go_on) {
    const gchar *stop = memchr (at, SEPARATOR, end - at);
    if (!hand_over (GST_CHAT_EIO_4, at, (stop ? stop : end) - at, func,
            user_data, &go_on, error))
      return FALSE;
    if (!stop)
      return TRUE;
    at = stop + 1;
  }
  return TRUE;
}

/* Behind @units UTF-16 code units of valid UTF-8, or NULL: too short, or the
 * count ends inside of a character. */
static const gchar *
skip_utf16_units (const gchar * at, const gchar * end, gsize units)
{
  while (units > 0 && at < end) {
    /* Only what takes four bytes in UTF-8 takes two units. */
    guint n = (guchar) * at >= 0xF0 ? 2 : 1;
    if (n > units)
      return NULL;
    units -= n;
    at = g_utf8_next_char (at);
  }
  return units == 0 ? at : NULL;
}

static gboolean
parse_counted (const gchar * body, gsize len, GstChatEioFunc func,
    gpointer user_data, GError ** error)
{
  const gchar *at = body, *end = body + len;
  gboolean go_on = TRUE;
  while (at < end && go_on) {
    gsize units = 0;
    guint digits = 0;
    for (; at < end && g_ascii_isdigit (*at); at++) {
      if (++digits > MAX_LENGTH_DIGITS)
        return malformed ("Engine.IO: length too long", error);
      units = units * 10 + (*at - '0');
    }
    if (digits == 0 || at == end || *at != ':')
      return malformed ("Engine.IO: length of a packet missing", error);
    at++;
    const gchar *stop = skip_utf16_units (at, end, units);
    if (!stop)
      return malformed ("Engine.IO: length of a packet is wrong", error);
    if (!hand_over (GST_CHAT_EIO_3, at, stop - at, func, user_data, &go_on,
            error))
      return FALSE;
    at = stop;
  }
  return TRUE;
}

static gboolean
parse_octets (const gchar * body, gsize len, GstChatEioFunc func,
    gpointer user_data, GError ** error)
{
  const guint8 *at = (const guint8 *) body, *end = at + len;
  gboolean go_on = TRUE;
  while (at < end && go_on) {
    if (*at > 1)
      return malformed ("Engine.IO: neither text nor binary", error);
    gboolean binary = *at++ == 1;
    gsize size = 0;
    guint digits = 0;
    for (; at < end && *at <= 9; at++) {
      if (++digits > MAX_LENGTH_DIGITS)
        return malformed ("Engine.IO: length too long", error);
      size = size * 10 + *at;
    }
    if (digits == 0 || at == end || *at != 0xFF)
      return malformed ("Engine.IO: length of a packet missing", error);
    at++;
    if (size > (gsize) (end - at))
      return malformed ("Engine.IO: length of a packet is wrong", error);
    GstChatEioPacket packet;
    if (binary) {
      if (!gst_chat_eio_parse_binary (GST_CHAT_EIO_3, at, size, &packet, error))
        return FALSE;
    } else {
      if (!g_utf8_validate_len ((const gchar *) at, size, NULL))
        return malformed ("Engine.IO: text is no UTF-8", error);
      if (!gst_chat_eio_parse_text ((const gchar *) at, size, &packet, error))
        return FALSE;
    }
    go_on = func (&packet, user_data);
    at += size;
  }
  return TRUE;
}

gboolean
gst_chat_eio_parse_payload (GstChatEio eio, gboolean octet_stream,
    const gchar * body, gsize len, GstChatEioFunc func, gpointer user_data,
    GError ** error)
{
  if (len == 0)
    return malformed ("Engine.IO: empty body", error);
  if (octet_stream) {
    if (eio == GST_CHAT_EIO_3)
      return parse_octets (body, len, func, user_data, error);
    return malformed ("Engine.IO: protocol 4 has text bodies only", error);
  }
  if (!g_utf8_validate_len (body, len, NULL))
    return malformed ("Engine.IO: body is no UTF-8", error);
  if (eio == GST_CHAT_EIO_3)
    return parse_counted (body, len, func, user_data, error);
  return parse_separated (body, len, func, user_data, error);
}

static gsize
utf16_units (const gchar * text, gsize len)
{
  gsize units = 0;
  for (gsize i = 0; i < len; i++) {
    guchar byte = text[i];
    if ((byte & 0xC0) != 0x80)
      units += byte >= 0xF0 ? 2 : 1;
  }
  return units;
}

void
gst_chat_eio_append_payload (GstChatEio eio, GString * body,
    GstChatEioType type, gboolean binary, const gchar * data, gsize len)
{
  g_autofree gchar *base64 = NULL;
  if (binary) {
    base64 = g_base64_encode ((const guchar *) data, len);
    data = base64;
    len = strlen (base64);
  }
  if (eio == GST_CHAT_EIO_3) {
    gsize units = utf16_units (data, len) + (binary ? 2 : 1);
    g_string_append_printf (body, "%" G_GSIZE_FORMAT ":", units);
  } else if (body->len > 0) {
    g_string_append_c (body, SEPARATOR);
  }
  if (binary)
    g_string_append_c (body, 'b');
  if (!binary || eio == GST_CHAT_EIO_3)
    g_string_append_c (body, '0' + type);
  g_string_append_len (body, data, len);
}
