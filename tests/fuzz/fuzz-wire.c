/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The framing of Engine.IO and Socket.IO: the first byte says how the rest comes;
 * what is taken apart lies inside it, and put together it is the same. */
#include "fuzz.h"

#include "chatlimits.h"
#include "chatwire.h"

#include <string.h>

static void
use_event (const GstChatSioPacket * packet)
{
  g_autofree gchar *name = NULL;
  GstChatSlice payload;
  if (!gst_chat_sio_event (packet, &name, &payload, NULL))
    return;
  fuzz_assert (strlen (name) <= GST_CHAT_MAX_EVENT_NAME_BYTES
      && g_utf8_validate (name, -1, NULL));
  if (payload.len == 0)
    return;
  fuzz_assert (payload.data >= packet->json.data
      && payload.data + payload.len <= packet->json.data + packet->json.len);
  g_autofree gchar *text = g_strndup (payload.data, payload.len);
  g_autofree gchar *built = gst_chat_sio_build_event (name, text);
  GstChatSlice slice = { built + 1, strlen (built) - 1 };
  GstChatSioPacket again;
  fuzz_assert (gst_chat_sio_parse (slice, &again, NULL));
  g_autofree gchar *same = NULL;
  GstChatSlice same_payload;
  fuzz_assert (gst_chat_sio_event (&again, &same, &same_payload, NULL));
  fuzz_assert (g_str_equal (name, same) && same_payload.len == payload.len
      && memcmp (same_payload.data, payload.data, payload.len) == 0);
}

static void
use_message (GstChatSlice data)
{
  GstChatSioPacket packet;
  g_autoptr (GError) error = NULL;
  if (!gst_chat_sio_parse (data, &packet, &error)) {
    fuzz_assert (error != NULL);
    return;
  }
  fuzz_assert (packet.attachments <= GST_CHAT_MAX_ATTACHMENTS);
  fuzz_assert (packet.ack_id >= -1);
  fuzz_assert (packet.nsp.len <= GST_CHAT_MAX_NAMESPACE_BYTES);
  fuzz_assert (packet.json.len == 0 || gst_chat_json_check (packet.json.data,
          packet.json.len, GST_CHAT_MAX_MESSAGE_BYTES, NULL));
  if (packet.type == GST_CHAT_SIO_EVENT
      || packet.type == GST_CHAT_SIO_BINARY_EVENT)
    use_event (&packet);
}

static void
use_handshake (GstChatSlice json)
{
  GstChatEioHandshake handshake = { 0, }, again = { 0, };
  if (!gst_chat_json_check (json.data, json.len, GST_CHAT_MAX_MESSAGE_BYTES,
          NULL)
      || !gst_chat_eio_handshake_parse (json, &handshake, NULL))
    return;
  g_autofree gchar *built = gst_chat_eio_handshake_build (&handshake);
  GstChatSlice slice = { built + 1, strlen (built) - 1 };
  fuzz_assert (gst_chat_eio_handshake_parse (slice, &again, NULL));
  fuzz_assert (g_strcmp0 (handshake.sid, again.sid) == 0
      && handshake.ping_interval == again.ping_interval
      && handshake.ping_timeout == again.ping_timeout);
  gst_chat_eio_handshake_clear (&handshake);
  gst_chat_eio_handshake_clear (&again);
}

typedef struct
{
  GstChatEio eio;
  GString *body;                /* all packets, put together again */
  guint n;
} Packets;

static gboolean
on_packet (const GstChatEioPacket * packet, gpointer user_data)
{
  Packets *packets = user_data;
  packets->n++;
  gst_chat_eio_append_payload (packets->eio, packets->body, packet->type,
      packet->binary, packet->data.data, packet->data.len);
  if (packet->binary)
    return TRUE;
  if (packet->type == GST_CHAT_EIO_MESSAGE)
    use_message (packet->data);
  else if (packet->type == GST_CHAT_EIO_OPEN)
    use_handshake (packet->data);
  return packets->n < 1000;
}

static gboolean
count (const GstChatEioPacket * packet, gpointer user_data)
{
  (*(guint *) user_data)++;
  return TRUE;
}

static void
use_payload (GstChatEio eio, gboolean octets, const gchar * body, gsize len)
{
  Packets packets = { eio, g_string_new (NULL), 0 };
  g_autoptr (GError) error = NULL;
  gboolean whole = gst_chat_eio_parse_payload (eio, octets, body, len,
      on_packet, &packets, &error);
  fuzz_assert (whole == (error == NULL));
  guint n = 0;
  if (packets.n > 0) {
    fuzz_assert (gst_chat_eio_parse_payload (eio, FALSE, packets.body->str,
            packets.body->len, count, &n, NULL));
    fuzz_assert (n == packets.n);
  }
  g_string_free (packets.body, TRUE);
}

static void
use_websocket (const gchar * data, gsize len)
{
  GstChatEioPacket packet;
  Packets packets = { GST_CHAT_EIO_4, g_string_new (NULL), 0 };
  if (g_utf8_validate (data, (gssize) len, NULL)
      && gst_chat_eio_parse_text (data, len, &packet, NULL))
    on_packet (&packet, &packets);
  for (GstChatEio eio = GST_CHAT_EIO_3; eio <= GST_CHAT_EIO_4; eio++) {
    if (gst_chat_eio_parse_binary (eio, (const guint8 *) data, len, &packet,
            NULL))
      fuzz_assert (packet.binary && packet.data.len <= len);
  }
  g_string_free (packets.body, TRUE);
}

int
LLVMFuzzerTestOneInput (const guint8 * data, gsize size)
{
  if (size == 0)
    return 0;
  g_autofree gchar *body = g_memdup2 (data + 1, size - 1);
  gsize len = size - 1;
  switch (data[0] % 4) {
    case 0:
      use_websocket (body, len);
      break;
    case 1:
      use_payload (GST_CHAT_EIO_3, FALSE, body, len);
      break;
    case 2:
      use_payload (GST_CHAT_EIO_3, TRUE, body, len);
      break;
    case 3:
      use_payload (GST_CHAT_EIO_4, FALSE, body, len);
      break;
  }
  return 0;
}

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  return 0;
}
