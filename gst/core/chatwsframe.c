/* SPDX-License-Identifier: LGPL-2.1-or-later
 * WebSocket frames (RFC 6455) of the server's side. */
#include "chatwsframe.h"

#include <string.h>

/* RFC 6455, 5.5: "All control frames MUST have a payload length of 125 bytes
 * or less and MUST NOT be fragmented." */
#define MAX_CONTROL_BYTES 125
/* Two bytes, eight of length, four of mask. */
#define MAX_HEADER_BYTES 14
/* What an idle connection may keep of its last message. */
#define KEPT_BYTES 1024

struct _GstChatWsReader
{
  gsize max_bytes;
  guint8 header[MAX_HEADER_BYTES];
  guint have;                   /* bytes of it */
  gboolean in_payload;

  /* the frame */
  GstChatWsOpcode opcode;
  gboolean fin;
  guint64 left;                 /* bytes of payload to come */
  guint phase;                  /* of the mask */
  guint8 control[MAX_CONTROL_BYTES];
  guint control_len;

  /* the message, which control frames may interrupt */
  GstChatWsOpcode message_opcode;       /* CONTINUATION: none begun */
  GByteArray *message;          /* NULL while nothing is kept */
};

GstChatWsReader *
gst_chat_ws_reader_new (gsize max_bytes)
{
  GstChatWsReader *reader = g_new0 (GstChatWsReader, 1);
  reader->max_bytes = max_bytes;
  return reader;
}

void
gst_chat_ws_reader_free (GstChatWsReader * reader)
{
  if (reader == NULL)
    return;
  g_clear_pointer (&reader->message, g_byte_array_unref);
  g_free (reader);
}

static gboolean
is_control (GstChatWsOpcode opcode)
{
  return (opcode & 8) != 0;
}

/* How long the header is, as far as its first two bytes are known. */
static guint
header_size (const GstChatWsReader * reader)
{
  if (reader->have < 2)
    return 2;
  guint length = reader->header[1] & 0x7f;
  guint mask = (reader->header[1] & 0x80) != 0 ? 4 : 0;
  return 2 + (length == 126 ? 2 : length == 127 ? 8 : 0) + mask;
}

static guint64
header_length (const GstChatWsReader * reader)
{
  guint64 length = reader->header[1] & 0x7f;
  guint n = length == 126 ? 2 : length == 127 ? 8 : 0;
  if (n == 0)
    return length;
  length = 0;
  for (guint i = 0; i < n; i++)
    length = length << 8 | reader->header[2 + i];
  return length;
}

/* Whether the frame may come at this point. */
static gboolean
opcode_fits (const GstChatWsReader * reader)
{
  switch (reader->opcode) {
    case GST_CHAT_WS_CONTINUATION:
      return reader->message_opcode != GST_CHAT_WS_CONTINUATION;
    case GST_CHAT_WS_TEXT:
    case GST_CHAT_WS_BINARY:
      return reader->message_opcode == GST_CHAT_WS_CONTINUATION;
    case GST_CHAT_WS_CLOSE:
    case GST_CHAT_WS_PING:
    case GST_CHAT_WS_PONG:
      return reader->fin && reader->left <= MAX_CONTROL_BYTES;
  }
  return FALSE;
}

static guint
begin_frame (GstChatWsReader * reader)
{
  reader->fin = (reader->header[0] & 0x80) != 0;
  reader->opcode = reader->header[0] & 0x0f;
  reader->left = header_length (reader);
  reader->phase = 0;
  reader->control_len = 0;
  /* Reserved bits belong to extensions, of which there are none; a client
   * that does not mask is none. */
  if ((reader->header[0] & 0x70) != 0 || (reader->header[1] & 0x80) == 0
      || !opcode_fits (reader))
    return GST_CHAT_WS_STATUS_PROTOCOL;
  if (is_control (reader->opcode))
    return 0;

  gsize have = reader->message != NULL ? reader->message->len : 0;
  if (reader->left > reader->max_bytes - have)
    return GST_CHAT_WS_STATUS_TOO_BIG;
  if (reader->opcode != GST_CHAT_WS_CONTINUATION)
    reader->message_opcode = reader->opcode;
  if (reader->message == NULL)
    reader->message = g_byte_array_new ();
  return 0;
}

static void
unmask (GstChatWsReader * reader, guint8 * out, const guint8 * in, gsize len)
{
  guint8 mask[4];
  memcpy (mask, reader->header + header_size (reader) - 4, 4);
  guint phase = reader->phase;
  guint8 turned[8];
  for (guint i = 0; i < 8; i++)
    turned[i] = mask[(phase + i) & 3];
  guint64 word_mask;
  memcpy (&word_mask, turned, 8);

  gsize i = 0;
  for (; i + 8 <= len; i += 8) {
    guint64 word;
    memcpy (&word, in + i, 8);
    word ^= word_mask;
    memcpy (out + i, &word, 8);
  }
  for (; i < len; i++)
    out[i] = in[i] ^ turned[i & 7];
  reader->phase = (phase + len) & 3;
}

static void
take_payload (GstChatWsReader * reader, const guint8 * data, gsize len)
{
  if (is_control (reader->opcode)) {
    unmask (reader, reader->control + reader->control_len, data, len);
    reader->control_len += len;
  } else {
    guint before = reader->message->len;
    g_byte_array_set_size (reader->message, (guint) (before + len));
    unmask (reader, reader->message->data + before, data, len);
  }
  reader->left -= len;
}

static guint
end_message (GstChatWsReader * reader, GstChatWsFunc func, gpointer user_data,
    gboolean * go_on)
{
  GByteArray *message = reader->message;
  GstChatWsOpcode opcode = reader->message_opcode;
  reader->message_opcode = GST_CHAT_WS_CONTINUATION;
  if (opcode == GST_CHAT_WS_TEXT && message->len > 0
      && !g_utf8_validate_len ((const gchar *) message->data, message->len,
          NULL))
    return GST_CHAT_WS_STATUS_BAD_DATA;

  *go_on = func (opcode, message->data, message->len, user_data);
  if (message->len > KEPT_BYTES)
    g_clear_pointer (&reader->message, g_byte_array_unref);
  else
    g_byte_array_set_size (message, 0);
  return 0;
}

static guint
end_frame (GstChatWsReader * reader, GstChatWsFunc func, gpointer user_data,
    gboolean * go_on)
{
  reader->in_payload = FALSE;
  reader->have = 0;
  if (is_control (reader->opcode)) {
    *go_on = func (reader->opcode, reader->control, reader->control_len,
        user_data);
    return 0;
  }
  return reader->fin ? end_message (reader, func, user_data, go_on) : 0;
}

guint
gst_chat_ws_reader_feed (GstChatWsReader * reader, const guint8 * data,
    gsize len, GstChatWsFunc func, gpointer user_data)
{
  guint status = 0;
  gboolean go_on = TRUE;
  while (len > 0 && status == 0 && go_on) {
    gsize n = 1;
    if (reader->in_payload) {
      n = MIN (len, reader->left);
      take_payload (reader, data, n);
    } else {
      reader->header[reader->have++] = *data;
      if (reader->have == header_size (reader)) {
        reader->in_payload = TRUE;
        status = begin_frame (reader);
      }
    }
    data += n;
    len -= n;
    if (status == 0 && reader->in_payload && reader->left == 0)
      status = end_frame (reader, func, user_data, &go_on);
  }
  return status;
}

void
gst_chat_ws_append_frame (GByteArray * out, GstChatWsOpcode opcode,
    gconstpointer data, gsize len)
{
  guint8 header[10] = { 0x80 | opcode, };
  guint size = 2;
  if (len <= 125) {
    header[1] = (guint8) len;
  } else {
    guint n = len <= G_MAXUINT16 ? 2 : 8;
    header[1] = n == 2 ? 126 : 127;
    for (guint i = 0; i < n; i++)
      header[2 + i] = (guint8) ((guint64) len >> (8 * (n - 1 - i)));
    size += n;
  }
  g_byte_array_append (out, header, size);
  if (len > 0)
    g_byte_array_append (out, data, (guint) len);
}

void
gst_chat_ws_append_close (GByteArray * out, guint status)
{
  guint8 code[2] = { (guint8) (status >> 8), (guint8) status };
  gst_chat_ws_append_frame (out, GST_CHAT_WS_CLOSE, code,
      status == GST_CHAT_WS_STATUS_NONE ? 0 : sizeof code);
}
