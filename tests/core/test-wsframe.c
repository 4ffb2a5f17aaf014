/* SPDX-License-Identifier: LGPL-2.1-or-later
 * WebSocket frames: what a client may send, cut anywhere, and what it may not. */
#include <glib.h>
#include <string.h>

#include "chatwsframe.h"

#define MAX_BYTES 1000

static gboolean
on_message (GstChatWsOpcode opcode, const guint8 * data, gsize len,
    gpointer user_data)
{
  GString *log = user_data;
  g_string_append_printf (log, "%d:%.*s;", opcode, (gint) len, data);
  return TRUE;
}

/* A client's frame; @head is its first byte. */
static void
append_masked (GByteArray * out, guint8 head, const gchar * data, gsize len)
{
  const guint8 mask[4] = { 0x12, 0xfe, 0x00, 0x80 };
  g_byte_array_append (out, &head, 1);
  guint8 length[9] = { 0x80 | (len <= 125 ? len : len <= 65535 ? 126 : 127), };
  guint n = len <= 125 ? 0 : len <= 65535 ? 2 : 8;
  for (guint i = 0; i < n; i++)
    length[1 + i] = (guint8) ((guint64) len >> (8 * (n - 1 - i)));
  g_byte_array_append (out, length, 1 + n);
  g_byte_array_append (out, mask, 4);
  for (gsize i = 0; i < len; i++) {
    guint8 byte = data[i] ^ mask[i & 3];
    g_byte_array_append (out, &byte, 1);
  }
}

static guint
feed_in_pieces (const GByteArray * bytes, gsize piece, GString * log)
{
  g_autoptr (GstChatWsReader) reader = gst_chat_ws_reader_new (MAX_BYTES);
  guint status = 0;
  for (gsize i = 0; i < bytes->len && status == 0; i += piece) {
    /* A copy of its own size: reading over its end is found out. */
    gsize n = MIN (piece, bytes->len - i);
    g_autofree guint8 *part = g_memdup2 (bytes->data + i, n);
    status = gst_chat_ws_reader_feed (reader, part, n, on_message, log);
  }
  return status;
}

static void
check (const GByteArray * bytes, guint status, const gchar * expected)
{
  for (gsize piece = 1; piece <= bytes->len; piece += piece < 20 ? 1 : 97) {
    g_autoptr (GString) log = g_string_new (NULL);
    g_assert_cmpuint (feed_in_pieces (bytes, piece, log), ==, status);
    g_assert_cmpstr (log->str, ==, expected);
  }
}

static void
test_messages (void)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  append_masked (bytes, 0x81, "42[\"é😀\"]", strlen ("42[\"é😀\"]"));
  append_masked (bytes, 0x82, "\x04\x01", 2);
  append_masked (bytes, 0x81, "", 0);
  append_masked (bytes, 0x89, "ping", 4);
  append_masked (bytes, 0x8a, "", 0);
  append_masked (bytes, 0x88, "\x03\xe8", 2);
  check (bytes, 0, "1:42[\"é😀\"];2:\x04\x01;1:;9:ping;10:;8:\x03\xe8;");
}

/* A character may be cut by fragments, and control frames may come between. */
static void
test_fragments (void)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  append_masked (bytes, 0x01, "a\xf0\x9f", 3);
  append_masked (bytes, 0x89, "x", 1);
  append_masked (bytes, 0x00, "", 0);
  append_masked (bytes, 0x80, "\x98\x80z", 3);
  append_masked (bytes, 0x81, "b", 1);
  check (bytes, 0, "9:x;1:a😀z;1:b;");
}

static void
test_sizes (void)
{
  static const gsize sizes[] = { 125, 126, 127, 999, MAX_BYTES };
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
    g_autofree gchar *text = g_strnfill (sizes[i], 'x');
    g_autoptr (GByteArray) bytes = g_byte_array_new ();
    append_masked (bytes, 0x81, text, sizes[i]);
    g_autofree gchar *expected = g_strdup_printf ("1:%s;", text);
    check (bytes, 0, expected);
  }
}

static void
test_too_big (void)
{
  g_autofree gchar *text = g_strnfill (MAX_BYTES + 1, 'x');
  g_autoptr (GByteArray) one = g_byte_array_new ();
  append_masked (one, 0x81, text, MAX_BYTES + 1);
  check (one, GST_CHAT_WS_STATUS_TOO_BIG, "");

  g_autoptr (GByteArray) fragments = g_byte_array_new ();
  append_masked (fragments, 0x01, text, MAX_BYTES - 1);
  append_masked (fragments, 0x00, text, 1);
  append_masked (fragments, 0x80, text, 1);
  check (fragments, GST_CHAT_WS_STATUS_TOO_BIG, "");

  /* Refused by its header: not a byte of it has come. */
  static const guint8 huge[] = { 0x82, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0, 0, 0, 0
  };
  g_autoptr (GByteArray) header = g_byte_array_new ();
  g_byte_array_append (header, huge, sizeof huge);
  check (header, GST_CHAT_WS_STATUS_TOO_BIG, "");
}

static void
test_wrong (void)
{
  static const struct
  {
    guint8 bytes[8];
    gsize len;
    guint status;
  } cases[] = {
    {{0x81, 0x01, 'x'}, 3, GST_CHAT_WS_STATUS_PROTOCOL},        /* not masked */
    {{0xc1, 0x80, 0, 0, 0, 0}, 6, GST_CHAT_WS_STATUS_PROTOCOL}, /* deflate */
    {{0xa1, 0x80, 0, 0, 0, 0}, 6, GST_CHAT_WS_STATUS_PROTOCOL},
    {{0x91, 0x80, 0, 0, 0, 0}, 6, GST_CHAT_WS_STATUS_PROTOCOL},
    {{0x80, 0x80, 0, 0, 0, 0}, 6, GST_CHAT_WS_STATUS_PROTOCOL}, /* nothing to continue */
    {{0x83, 0x80, 0, 0, 0, 0}, 6, GST_CHAT_WS_STATUS_PROTOCOL}, /* unknown */
    {{0x8b, 0x80, 0, 0, 0, 0}, 6, GST_CHAT_WS_STATUS_PROTOCOL},
    {{0x09, 0x80, 0, 0, 0, 0}, 6, GST_CHAT_WS_STATUS_PROTOCOL}, /* control in pieces */
    {{0x89, 0xfe, 0, 126, 0, 0, 0, 0}, 8, GST_CHAT_WS_STATUS_PROTOCOL}, /* too long */
    {{0x81, 0x81, 0, 0, 0, 0, 0xff}, 7, GST_CHAT_WS_STATUS_BAD_DATA},
    {{0x81, 0x81, 0, 0, 0, 0, 0x00}, 7, GST_CHAT_WS_STATUS_BAD_DATA},
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GByteArray) bytes = g_byte_array_new ();
    g_byte_array_append (bytes, cases[i].bytes, (guint) cases[i].len);
    check (bytes, cases[i].status, "");
  }
  /* A message inside a message. */
  g_autoptr (GByteArray) nested = g_byte_array_new ();
  append_masked (nested, 0x01, "a", 1);
  append_masked (nested, 0x81, "b", 1);
  check (nested, GST_CHAT_WS_STATUS_PROTOCOL, "");
}

static gboolean
stop_at_once (GstChatWsOpcode opcode, const guint8 * data, gsize len,
    gpointer user_data)
{
  (*(guint *) user_data)++;
  return FALSE;
}

static void
test_stop (void)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  append_masked (bytes, 0x81, "a", 1);
  append_masked (bytes, 0x81, "b", 1);
  g_autoptr (GstChatWsReader) reader = gst_chat_ws_reader_new (MAX_BYTES);
  guint n = 0;
  g_assert_cmpuint (gst_chat_ws_reader_feed (reader, bytes->data, bytes->len,
          stop_at_once, &n), ==, 0);
  g_assert_cmpuint (n, ==, 1);
}

static void
test_append (void)
{
  static const struct
  {
    gsize len;
    guint8 header[10];
    guint header_len;
  } cases[] = {
    {0, {0x81, 0}, 2},
    {125, {0x81, 125}, 2},
    {126, {0x81, 126, 0, 126}, 4},
    {65535, {0x81, 126, 0xff, 0xff}, 4},
    {65536, {0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0}, 10},
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GByteArray) out = g_byte_array_new ();
    g_autofree gchar *data = g_strnfill (cases[i].len, 'x');
    gst_chat_ws_append_frame (out, GST_CHAT_WS_TEXT, data, cases[i].len);
    g_assert_cmpmem (out->data, cases[i].header_len, cases[i].header,
        cases[i].header_len);
    g_assert_cmpmem (out->data + cases[i].header_len,
        out->len - cases[i].header_len, data, cases[i].len);
  }
  g_autoptr (GByteArray) closes = g_byte_array_new ();
  gst_chat_ws_append_close (closes, GST_CHAT_WS_STATUS_NONE);
  gst_chat_ws_append_close (closes, GST_CHAT_WS_STATUS_TOO_BIG);
  g_assert_cmpmem (closes->data, closes->len, "\x88\x00\x88\x02\x03\xf1", 6);
}

/* Anything at all: refused or taken, within the bound, never worse. */
static gboolean
is_bounded (GstChatWsOpcode opcode, const guint8 * data, gsize len,
    gpointer user_data)
{
  g_assert_cmpuint (len, <=, MAX_BYTES);
  return TRUE;
}

static void
test_noise (void)
{
  for (guint round = 0; round < 20000; round++) {
    g_autoptr (GstChatWsReader) reader = gst_chat_ws_reader_new (MAX_BYTES);
    guint status = 0;
    for (guint i = 0; i < 20 && status == 0; i++) {
      guint8 noise[16];
      gsize len = g_test_rand_int_range (1, sizeof noise);
      for (gsize j = 0; j < len; j++)
        noise[j] = (guint8) g_test_rand_int ();
      /* Half of them begin as a good frame does. */
      if (i == 0 && len > 1 && round % 2 == 0) {
        noise[0] &= 0x8f;
        noise[1] |= 0x80;
      }
      status = gst_chat_ws_reader_feed (reader, noise, len, is_bounded, NULL);
    }
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/wsframe/messages", test_messages);
  g_test_add_func ("/wsframe/fragments", test_fragments);
  g_test_add_func ("/wsframe/sizes", test_sizes);
  g_test_add_func ("/wsframe/too-big", test_too_big);
  g_test_add_func ("/wsframe/wrong", test_wrong);
  g_test_add_func ("/wsframe/stop", test_stop);
  g_test_add_func ("/wsframe/append", test_append);
  g_test_add_func ("/wsframe/noise", test_noise);
  return g_test_run ();
}
