/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The reader of WebSocket frames: the first byte says in what pieces the stream
 * comes, and they make no difference. */
#include "fuzz.h"

#include "chatwsframe.h"

#include <string.h>

#define MAX_BYTES 2000

/* What came out, one after the other. */
static gboolean
on_message (GstChatWsOpcode opcode, const guint8 * data, gsize len,
    gpointer user_data)
{
  GByteArray *all = user_data;
  fuzz_assert (len <= MAX_BYTES);
  switch (opcode) {
    case GST_CHAT_WS_TEXT:
      fuzz_assert (g_utf8_validate ((const gchar *) data, (gssize) len, NULL));
      break;
    case GST_CHAT_WS_BINARY:
      break;
    case GST_CHAT_WS_CLOSE:
    case GST_CHAT_WS_PING:
    case GST_CHAT_WS_PONG:
      fuzz_assert (len <= 125);
      break;
    case GST_CHAT_WS_CONTINUATION:
      fuzz_fail ("a fragment came out");
  }
  guint8 head[] = { opcode, len >> 8, len & 0xff };
  g_byte_array_append (all, head, sizeof head);
  g_byte_array_append (all, data, (guint) len);
  return opcode != GST_CHAT_WS_CLOSE;
}

static guint
read_in_pieces (const guint8 * data, gsize size, gsize piece, GByteArray * all)
{
  g_autoptr (GstChatWsReader) reader = gst_chat_ws_reader_new (MAX_BYTES);
  guint status = 0;
  for (gsize at = 0; at < size && status == 0; at += piece) {
    gsize len = MIN (piece, size - at);
    /* In a place of its own, so that a byte too far is seen. */
    g_autofree guint8 *copy = g_memdup2 (data + at, len);
    guint before = all->len;
    status = gst_chat_ws_reader_feed (reader, copy, len, on_message, all);
    /* Nothing is fed behind a CLOSE, whose head begins somewhere new. */
    for (guint i = before; i + 2 < all->len;
        i += 3 + (all->data[i + 1] << 8 | all->data[i + 2])) {
      if (all->data[i] == GST_CHAT_WS_CLOSE)
        return status;
    }
  }
  return status;
}

int
LLVMFuzzerTestOneInput (const guint8 * data, gsize size)
{
  if (size == 0)
    return 0;
  g_autoptr (GByteArray) once = g_byte_array_new ();
  g_autoptr (GByteArray) pieces = g_byte_array_new ();
  guint status = read_in_pieces (data + 1, size - 1, size, once);
  guint same = read_in_pieces (data + 1, size - 1, data[0] % 32 + 1, pieces);
  fuzz_assert (status == same);
  fuzz_assert (once->len == pieces->len);
  fuzz_assert (once->len == 0
      || memcmp (once->data, pieces->data, once->len) == 0);
  return 0;
}

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  return 0;
}
