/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Engine.IO and Socket.IO framing; the bytes are those that real servers and
 * clients of both generations put on the wire. */
#include "chatwire.h"
#include "chaterror.h"
#include "chatlimits.h"

#include <string.h>

#define S2 "é€😀"

static GstChatSlice
slice (const gchar * text)
{
  GstChatSlice s = { text, strlen (text) };
  return s;
}

static void
assert_slice (GstChatSlice s, const gchar * expected)
{
  g_autofree gchar *copy = g_strndup (s.data, s.len);
  g_assert_cmpstr (copy, ==, expected);
}

static void
test_eio_text (void)
{
  GstChatEioPacket packet;
  static const gchar *const good[] =
      { "0{}", "1", "2probe", "3", "440", "5", "6" };
  for (guint i = 0; i < G_N_ELEMENTS (good); i++) {
    g_assert_true (gst_chat_eio_parse_text (good[i], strlen (good[i]),
            &packet, NULL));
    g_assert_cmpint (packet.type, ==, good[i][0] - '0');
    g_assert_false (packet.binary);
    assert_slice (packet.data, good[i] + 1);
  }
  static const gchar *const bad[] = { "", "7", "b4AQ==", "{", "\x04", " 4" };
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (GError) error = NULL;
    g_assert_false (gst_chat_eio_parse_text (bad[i], strlen (bad[i]),
            &packet, &error));
    g_assert_error (error, GST_CHAT_ERROR, GST_CHAT_ERROR_MALFORMED);
  }
}

static void
test_eio_binary (void)
{
  static const guint8 bytes[] = { 4, 1, 2, 0xff };
  GstChatEioPacket packet;
  g_assert_true (gst_chat_eio_parse_binary (GST_CHAT_EIO_3, bytes, 4, &packet,
          NULL));
  g_assert_true (packet.binary);
  g_assert_cmpmem (packet.data.data, packet.data.len, bytes + 1, 3);
  g_assert_true (gst_chat_eio_parse_binary (GST_CHAT_EIO_4, bytes, 4, &packet,
          NULL));
  g_assert_cmpmem (packet.data.data, packet.data.len, bytes, 4);
  g_assert_true (gst_chat_eio_parse_binary (GST_CHAT_EIO_4, bytes, 0, &packet,
          NULL));
  g_assert_cmpuint (packet.data.len, ==, 0);
  g_autoptr (GError) error = NULL;
  g_assert_false (gst_chat_eio_parse_binary (GST_CHAT_EIO_3, bytes, 0,
          &packet, &error));
  g_assert_error (error, GST_CHAT_ERROR, GST_CHAT_ERROR_MALFORMED);
  g_clear_error (&error);
  g_assert_false (gst_chat_eio_parse_binary (GST_CHAT_EIO_3, bytes + 1, 3,
          &packet, &error));
  g_assert_error (error, GST_CHAT_ERROR, GST_CHAT_ERROR_MALFORMED);
}

typedef struct
{
  const gchar *name;
  GstChatEio eio;
  gboolean octets;
  const gchar *body;
  gsize len;
  const gchar *packets;         /* as record() writes them; NULL: refused */
} PayloadCase;

#define BODY(text) text, sizeof (text) - 1

static const PayloadCase payload_cases[] = {
  {"4-one", 4, FALSE, BODY ("2"), "2 "},
  {"4-two", 4, FALSE, BODY ("420[\"a\",1]\x1e" "421[\"b\",\"é\"]"),
      "420[\"a\",1] 421[\"b\",\"é\"] "},
  {"4-binary", 4, FALSE,
        BODY ("451-[\"bin\",{\"_placeholder\":true,\"num\":0}]\x1e"
            "bAQID/w=="),
      "451-[\"bin\",{\"_placeholder\":true,\"num\":0}] <010203ff> "},
  {"4-binary-empty", 4, FALSE, BODY ("b"), "<> "},
  {"4-binary-bad-alphabet", 4, FALSE, BODY ("bAQ*D"), NULL},
  {"4-binary-bad-length", 4, FALSE, BODY ("bAQIDA"), NULL},
  {"4-binary-bad-padding", 4, FALSE, BODY ("bA==="), NULL},
  {"4-empty", 4, FALSE, BODY (""), NULL},
  {"4-nothing-behind", 4, FALSE, BODY ("2\x1e"), NULL},
  {"4-nothing-before", 4, FALSE, BODY ("\x1e" "2"), NULL},
  {"4-no-utf8", 4, FALSE, BODY ("4\xff"), NULL},
  {"4-nul", 4, FALSE, BODY ("4\0"), NULL},
  {"4-octets", 4, TRUE, BODY ("\x00\x01\xff" "2"), NULL},
  {"4-of-other-generation", 4, FALSE, BODY ("96:0{}"), NULL},

  {"3-one", 3, FALSE, BODY ("1:2"), "2 "},
  {"3-two", 3, FALSE, BODY ("3:0{}2:40"), "0{} 40 "},
  {"3-utf16-units", 3, FALSE, BODY ("17:431[\"got\",\"" S2 "\"]1:3"),
      "431[\"got\",\"" S2 "\"] 3 "},
  {"3-binary", 3, FALSE,
        BODY
        ("54:451-[\"bin-back\",{\"_placeholder\":true,\"num\":0},{\"n\":1}]"
            "10:b4AQID/w=="),
      "451-[\"bin-back\",{\"_placeholder\":true,\"num\":0},{\"n\":1}] "
        "<010203ff> "},
  {"3-binary-ack", 3, FALSE,
        BODY ("36:461-1[{\"_placeholder\":true,\"num\":0}]6:b4CQgH"),
      "461-1[{\"_placeholder\":true,\"num\":0}] <090807> "},
  {"3-binary-no-message", 3, FALSE, BODY ("6:b2CQgH"), NULL},
  {"3-binary-cut", 3, FALSE, BODY ("1:b"), NULL},
  {"3-empty", 3, FALSE, BODY (""), NULL},
  {"3-no-length", 3, FALSE, BODY (":2"), NULL},
  {"3-no-colon", 3, FALSE, BODY ("1"), NULL},
  {"3-zero", 3, FALSE, BODY ("0:"), NULL},
  {"3-too-short", 3, FALSE, BODY ("3:42"), NULL},
  {"3-rest", 3, FALSE, BODY ("1:2x"), NULL},
  {"3-inside-of-a-character", 3, FALSE, BODY ("2:4😀"), NULL},
  {"3-length-overflows", 3, FALSE, BODY ("4294967297:2"), NULL},
  {"3-length-negative", 3, FALSE, BODY ("-1:2"), NULL},
  {"3-no-utf8", 3, FALSE, BODY ("2:4\xff"), NULL},
  {"3-of-other-generation", 3, FALSE, BODY ("0{}"), NULL},

  {"octets", 3, TRUE,
        BODY ("\x00\x02\xff" "40" "\x01\x05\xff\x04\x01\x02\x03\xff"),
      "40 <010203ff> "},
  {"octets-two-digits", 3, TRUE, BODY ("\x00\x01\x02\xff" "42[\"é\",1]x "),
      "42[\"é\",1]x  "},
  {"octets-empty", 3, TRUE, BODY (""), NULL},
  {"octets-kind", 3, TRUE, BODY ("\x02\x01\xff" "2"), NULL},
  {"octets-no-length", 3, TRUE, BODY ("\x00\xff" "2"), NULL},
  {"octets-no-end", 3, TRUE, BODY ("\x00\x01"), NULL},
  {"octets-too-short", 3, TRUE, BODY ("\x00\x03\xff" "40"), NULL},
  {"octets-zero", 3, TRUE, BODY ("\x00\x00\xff"), NULL},
  {"octets-no-utf8", 3, TRUE, BODY ("\x00\x02\xff" "4\xff"), NULL},
  {"octets-binary-no-message", 3, TRUE, BODY ("\x01\x01\xff\x02"), NULL},
  {"octets-length-overflows", 3, TRUE,
      BODY ("\x00\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\xff" "2"), NULL},
};

static gboolean
record (const GstChatEioPacket * packet, gpointer user_data)
{
  GString *out = user_data;
  if (packet->binary) {
    g_string_append_c (out, '<');
    for (gsize i = 0; i < packet->data.len; i++)
      g_string_append_printf (out, "%02x", (guchar) packet->data.data[i]);
    g_string_append_c (out, '>');
  } else {
    g_string_append_c (out, '0' + packet->type);
    g_string_append_len (out, packet->data.data, packet->data.len);
  }
  g_string_append_c (out, ' ');
  return TRUE;
}

static void
test_payload (gconstpointer data)
{
  const PayloadCase *c = data;
  g_autofree gchar *copy = g_memdup2 (c->body, c->len);
  g_autoptr (GString) out = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  gboolean ok = gst_chat_eio_parse_payload (c->eio, c->octets, copy, c->len,
      record, out, &error);
  if (c->packets) {
    g_assert_no_error (error);
    g_assert_true (ok);
    g_assert_cmpstr (out->str, ==, c->packets);
  } else {
    g_assert_error (error, GST_CHAT_ERROR, GST_CHAT_ERROR_MALFORMED);
    g_assert_false (ok);
  }
}

static gboolean
count_to_one (const GstChatEioPacket * packet, gpointer user_data)
{
  ++*(guint *) user_data;
  return FALSE;
}

static void
test_payload_stops (void)
{
  static const struct
  {
    GstChatEio eio;
    gboolean octets;
    const gchar *body;
    gsize len;
  } rows[] = {
    {GST_CHAT_EIO_4, FALSE, BODY ("2\x1e" "2")},
    {GST_CHAT_EIO_4, FALSE, BODY ("bAQID\x1e" "2")},
    {GST_CHAT_EIO_3, FALSE, BODY ("1:21:2")},
    {GST_CHAT_EIO_3, TRUE, BODY ("\x00\x01\xff" "2" "\x00\x01\xff" "2")},
  };
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    guint n = 0;
    g_assert_true (gst_chat_eio_parse_payload (rows[i].eio, rows[i].octets,
            rows[i].body, rows[i].len, count_to_one, &n, NULL));
    g_assert_cmpuint (n, ==, 1);
  }
}

static void
test_payload_build (void)
{
  static const gchar text[] = "31[\"got\",\"" S2 "\"]";
  for (GstChatEio eio = GST_CHAT_EIO_3; eio <= GST_CHAT_EIO_4; eio++) {
    g_autoptr (GString) body = g_string_new (NULL);
    gst_chat_eio_append_payload (eio, body, GST_CHAT_EIO_MESSAGE, FALSE, text,
        strlen (text));
    gst_chat_eio_append_payload (eio, body, GST_CHAT_EIO_MESSAGE, TRUE,
        "\x01\x02\x03\xff", 4);
    gst_chat_eio_append_payload (eio, body, GST_CHAT_EIO_NOOP, FALSE, "", 0);
    g_assert_cmpstr (body->str, ==, eio == GST_CHAT_EIO_3
        ? "17:431[\"got\",\"" S2 "\"]10:b4AQID/w==1:6"
        : "431[\"got\",\"" S2 "\"]\x1e" "bAQID/w==\x1e" "6");
    g_autoptr (GString) out = g_string_new (NULL);
    g_assert_true (gst_chat_eio_parse_payload (eio, FALSE, body->str,
            body->len, record, out, NULL));
    g_assert_cmpstr (out->str, ==, "431[\"got\",\"" S2 "\"] <010203ff> 6 ");
  }
}

typedef struct
{
  const gchar *text;
  GstChatSioType type;
  guint attachments;
  const gchar *nsp;
  gint64 ack_id;
  const gchar *json;
} SioCase;

static const SioCase sio_cases[] = {
  {"0", GST_CHAT_SIO_CONNECT, 0, "", -1, ""},
  {"0{\"sid\":\"x\"}", GST_CHAT_SIO_CONNECT, 0, "", -1, "{\"sid\":\"x\"}"},
  {"0/admin,", GST_CHAT_SIO_CONNECT, 0, "/admin", -1, ""},
  {"0/admin", GST_CHAT_SIO_CONNECT, 0, "/admin", -1, ""},
  {"0/admin?token=secret,", GST_CHAT_SIO_CONNECT, 0, "/admin?token=secret", -1,
      ""},
  {"0/admin,{\"token\":\"a,b\"}", GST_CHAT_SIO_CONNECT, 0, "/admin", -1,
      "{\"token\":\"a,b\"}"},
  {"1", GST_CHAT_SIO_DISCONNECT, 0, "", -1, ""},
  {"1/admin,", GST_CHAT_SIO_DISCONNECT, 0, "/admin", -1, ""},
  {"2[\"a\",1]", GST_CHAT_SIO_EVENT, 0, "", -1, "[\"a\",1]"},
  {"2/,[\"a\"]", GST_CHAT_SIO_EVENT, 0, "", -1, "[\"a\"]"},
  {"20[\"a\"]", GST_CHAT_SIO_EVENT, 0, "", 0, "[\"a\"]"},
  {"2/admin,13[\"a\"]", GST_CHAT_SIO_EVENT, 0, "/admin", 13, "[\"a\"]"},
  {"2999999999999999[\"a\"]", GST_CHAT_SIO_EVENT, 0, "", 999999999999999,
      "[\"a\"]"},
  {"30[{\"x\":1}]", GST_CHAT_SIO_ACK, 0, "", 0, "[{\"x\":1}]"},
  {"31[]", GST_CHAT_SIO_ACK, 0, "", 1, "[]"},
  {"4\"text\"", GST_CHAT_SIO_CONNECT_ERROR, 0, "", -1, "\"text\""},
  {"4/admin,{\"message\":\"no\"}", GST_CHAT_SIO_CONNECT_ERROR, 0, "/admin", -1,
      "{\"message\":\"no\"}"},
  {"51-[\"bin\",{}]", GST_CHAT_SIO_BINARY_EVENT, 1, "", -1, "[\"bin\",{}]"},
  {"510-/a,2[\"b\"]", GST_CHAT_SIO_BINARY_EVENT, 10, "/a", 2, "[\"b\"]"},
  {"61-1[{}]", GST_CHAT_SIO_BINARY_ACK, 1, "", 1, "[{}]"},
};

static void
test_sio (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (sio_cases); i++) {
    const SioCase *c = &sio_cases[i];
    g_test_message ("%s", c->text);
    gsize len = strlen (c->text);
    g_autofree gchar *copy = g_memdup2 (c->text, len);
    GstChatSlice data = { copy, len };
    GstChatSioPacket packet;
    g_autoptr (GError) error = NULL;
    gboolean ok = gst_chat_sio_parse (data, &packet, &error);
    g_assert_no_error (error);
    g_assert_true (ok);
    g_assert_cmpint (packet.type, ==, c->type);
    g_assert_cmpuint (packet.attachments, ==, c->attachments);
    g_assert_cmpint (packet.ack_id, ==, c->ack_id);
    assert_slice (packet.nsp, c->nsp);
    assert_slice (packet.json, c->json);
  }
}

static void
test_sio_refused (void)
{
  static const struct
  {
    const gchar *text;
    GstChatError code;
  } rows[] = {
    {"", GST_CHAT_ERROR_MALFORMED},
    {"7", GST_CHAT_ERROR_MALFORMED},
    {"9[\"a\"]", GST_CHAT_ERROR_MALFORMED},
    {"2", GST_CHAT_ERROR_MALFORMED},
    {"2{\"a\":1}", GST_CHAT_ERROR_MALFORMED},
    {"2\"a\"", GST_CHAT_ERROR_MALFORMED},
    {"2[\"a\"", GST_CHAT_ERROR_MALFORMED},
    {"2[\"a\"]x", GST_CHAT_ERROR_MALFORMED},
    {"2/a[\"a\"]", GST_CHAT_ERROR_MALFORMED},
    {"21000000000000000[\"a\"]", GST_CHAT_ERROR_LIMIT},
    {"212345678901234567890[\"a\"]", GST_CHAT_ERROR_LIMIT},
    {"3[]", GST_CHAT_ERROR_MALFORMED},
    {"0[]", GST_CHAT_ERROR_MALFORMED},
    {"1{}", GST_CHAT_ERROR_MALFORMED},
    {"5[\"b\"]", GST_CHAT_ERROR_MALFORMED},
    {"51[\"b\"]", GST_CHAT_ERROR_MALFORMED},
    {"5-[\"b\"]", GST_CHAT_ERROR_MALFORMED},
    {"51-", GST_CHAT_ERROR_MALFORMED},
    {"511-[\"b\"]", GST_CHAT_ERROR_LIMIT},
    {"599999999-[\"b\"]", GST_CHAT_ERROR_LIMIT},
    {"61-[{}]", GST_CHAT_ERROR_MALFORMED},
  };
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_test_message ("%s", rows[i].text);
    GstChatSioPacket packet;
    g_autoptr (GError) error = NULL;
    g_assert_false (gst_chat_sio_parse (slice (rows[i].text), &packet, &error));
    g_assert_error (error, GST_CHAT_ERROR, (gint) rows[i].code);
  }
}

static void
test_sio_limits (void)
{
  g_autoptr (GString) deep = g_string_new ("2[\"a\",");
  for (guint i = 0; i < 100000; i++)
    g_string_append_c (deep, '[');
  GstChatSioPacket packet;
  g_autoptr (GError) error = NULL;
  g_assert_false (gst_chat_sio_parse (slice (deep->str), &packet, &error));
  g_assert_error (error, GST_CHAT_ERROR, GST_CHAT_ERROR_LIMIT);
  g_clear_error (&error);

  g_autofree gchar *fill = g_strnfill (GST_CHAT_MAX_NAMESPACE_BYTES, 'n');
  g_autofree gchar *nsp = g_strdup_printf ("2/%s,[\"a\"]", fill);
  g_assert_false (gst_chat_sio_parse (slice (nsp), &packet, &error));
  g_assert_error (error, GST_CHAT_ERROR, GST_CHAT_ERROR_LIMIT);
}

static void
test_event (void)
{
  static const struct
  {
    const gchar *text;
    const gchar *name;
    const gchar *payload;
  } rows[] = {
    {"2[\"update-user-list\",{\"users\":[]}]", "update-user-list",
        "{\"users\":[]}"},
    {"2[\"a\"]", "a", ""},
    {"2[\"a\", 1 ,2]", "a", "1"},
    {"2[\"\\u0061\",{},\"offset\"]", "a", "{}"},
    {"2[7,null]", "7", "null"},
    {"51-[\"bin\",{\"_placeholder\":true,\"num\":0}]", "bin",
        "{\"_placeholder\":true,\"num\":0}"},
  };
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    GstChatSioPacket packet;
    g_assert_true (gst_chat_sio_parse (slice (rows[i].text), &packet, NULL));
    g_autofree gchar *name = NULL;
    GstChatSlice payload;
    g_assert_true (gst_chat_sio_event (&packet, &name, &payload, NULL));
    g_assert_cmpstr (name, ==, rows[i].name);
    assert_slice (payload, rows[i].payload);
  }
}

static void
event_refused (const gchar * text, GstChatError code)
{
  GstChatSioPacket packet;
  g_assert_true (gst_chat_sio_parse (slice (text), &packet, NULL));
  gchar *name = NULL;
  GstChatSlice payload;
  g_autoptr (GError) error = NULL;
  g_assert_false (gst_chat_sio_event (&packet, &name, &payload, &error));
  g_assert_error (error, GST_CHAT_ERROR, (gint) code);
  g_assert_null (name);
}

static void
test_event_refused (void)
{
  event_refused ("2[]", GST_CHAT_ERROR_MALFORMED);
  event_refused ("2[null]", GST_CHAT_ERROR_MALFORMED);
  event_refused ("2[{\"toString\":1}]", GST_CHAT_ERROR_MALFORMED);
  g_autofree gchar *fill = g_strnfill (GST_CHAT_MAX_EVENT_NAME_BYTES + 1, '1');
  g_autofree gchar *as_string = g_strdup_printf ("2[\"%s\"]", fill);
  event_refused (as_string, GST_CHAT_ERROR_LIMIT);
}

static void
assert_takes (gchar * text, const gchar * expected)
{
  g_assert_cmpstr (text, ==, expected);
  g_free (text);
}

static void
test_build (void)
{
  assert_takes (gst_chat_sio_build_event ("a\"b", NULL), "42[\"a\\\"b\"]");
  assert_takes (gst_chat_sio_build_event ("call-user", "{\"to\":\"x\"}"),
      "42[\"call-user\",{\"to\":\"x\"}]");
  assert_takes (gst_chat_sio_build_connect (NULL), "40");
  assert_takes (gst_chat_sio_build_connect ("{\"token\":1}"),
      "40{\"token\":1}");
  assert_takes (gst_chat_sio_build_ack (12, "[]"), "4312[]");
  assert_takes (gst_chat_sio_build_connect_error (GST_CHAT_EIO_3, NULL,
          "no \"x\""), "44\"no \\\"x\\\"\"");
  assert_takes (gst_chat_sio_build_connect_error (GST_CHAT_EIO_3, "/admin",
          "no"), "44/admin,\"no\"");
  assert_takes (gst_chat_sio_build_connect_error (GST_CHAT_EIO_4, "/", "no"),
      "44{\"message\":\"no\"}");
  assert_takes (gst_chat_sio_build_connect_error (GST_CHAT_EIO_4, "/admin",
          "no"), "44/admin,{\"message\":\"no\"}");
}

static void
test_handshake (void)
{
  GstChatEioHandshake h;
  g_autoptr (GError) error = NULL;
  gboolean ok = gst_chat_eio_handshake_parse (slice
      ("{\"sid\":\"ecRRptBYBZllv4J0AAAA\",\"upgrades\":[\"websocket\"],"
          "\"pingInterval\":25000,\"pingTimeout\":20000,\"maxPayload\":1000000}"),
      &h, &error);
  g_assert_no_error (error);
  g_assert_true (ok);
  g_assert_cmpstr (h.sid, ==, "ecRRptBYBZllv4J0AAAA");
  g_assert_true (h.websocket);
  g_assert_cmpuint (h.ping_interval, ==, 25000);
  g_assert_cmpuint (h.ping_timeout, ==, 20000);
  g_assert_cmpuint (h.max_payload, ==, 1000000);
  assert_takes (gst_chat_eio_handshake_build (&h),
      "0{\"sid\":\"ecRRptBYBZllv4J0AAAA\",\"upgrades\":[\"websocket\"],"
      "\"pingInterval\":25000,\"pingTimeout\":20000,\"maxPayload\":1000000}");
  gst_chat_eio_handshake_clear (&h);

  g_assert_true (gst_chat_eio_handshake_parse (slice
          ("{\"pingTimeout\":5000,\"pingInterval\":1,\"sid\":\"x\","
              "\"upgrades\":[],\"other\":{}}"), &h, NULL));
  g_assert_false (h.websocket);
  g_assert_cmpuint (h.max_payload, ==, 0);
  assert_takes (gst_chat_eio_handshake_build (&h),
      "0{\"sid\":\"x\",\"upgrades\":[],\"pingInterval\":1,\"pingTimeout\":5000}");
  gst_chat_eio_handshake_clear (&h);
}

static void
test_handshake_refused (void)
{
  static const gchar *const rows[] = {
    "", "null", "[]", "{}", "{\"sid\":\"x\"}",
    "{\"sid\":\"x\",\"pingInterval\":0,\"pingTimeout\":5000}",
    "{\"sid\":\"x\",\"pingInterval\":-1,\"pingTimeout\":5000}",
    "{\"sid\":\"x\",\"pingInterval\":1e300,\"pingTimeout\":5000}",
    "{\"sid\":\"x\",\"pingInterval\":\"25000\",\"pingTimeout\":5000}",
    "{\"sid\":\"x\",\"pingInterval\":25000,\"pingTimeout\":0.5}",
    "{\"sid\":\"x\",\"pingInterval\":25000}",
    "{\"sid\":1,\"pingInterval\":25000,\"pingTimeout\":5000}",
    "{\"sid\":\"\",\"pingInterval\":25000,\"pingTimeout\":5000}",
    "{\"pingInterval\":25000,\"pingTimeout\":5000}",
    "{\"sid\":\"x\",\"pingInterval\":25000,\"pingTimeout\":5000",
  };
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_test_message ("%s", rows[i]);
    GstChatEioHandshake h;
    g_autoptr (GError) error = NULL;
    g_assert_false (gst_chat_eio_handshake_parse (slice (rows[i]), &h, &error));
    g_assert_error (error, GST_CHAT_ERROR, GST_CHAT_ERROR_MALFORMED);
    g_assert_null (h.sid);
  }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/wire/eio/text", test_eio_text);
  g_test_add_func ("/wire/eio/binary", test_eio_binary);
  for (guint i = 0; i < G_N_ELEMENTS (payload_cases); i++) {
    g_autofree gchar *path = g_strconcat ("/wire/payload/",
        payload_cases[i].name, NULL);
    g_test_add_data_func (path, &payload_cases[i], test_payload);
  }
  g_test_add_func ("/wire/payload/stops", test_payload_stops);
  g_test_add_func ("/wire/payload/build", test_payload_build);
  g_test_add_func ("/wire/sio/parse", test_sio);
  g_test_add_func ("/wire/sio/refused", test_sio_refused);
  g_test_add_func ("/wire/sio/limits", test_sio_limits);
  g_test_add_func ("/wire/sio/event", test_event);
  g_test_add_func ("/wire/sio/event-refused", test_event_refused);
  g_test_add_func ("/wire/sio/build", test_build);
  g_test_add_func ("/wire/handshake", test_handshake);
  g_test_add_func ("/wire/handshake/refused", test_handshake_refused);
  return g_test_run ();
}
