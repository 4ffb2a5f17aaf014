/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The JSON scanner: what it lets through, what it refuses, what it finds. */
#include "chatjsonscan.h"
#include "chaterror.h"
#include "chatlimits.h"

#include <json-glib/json-glib.h>
#include <string.h>

#define ALLOWED -1

typedef struct
{
  const gchar *name;
  const gchar *text;
  gint code;                    /* GstChatError, or ALLOWED */
} Case;

static const Case cases[] = {
  {"null", "null", ALLOWED},
  {"true", "true", ALLOWED},
  {"false", " false\n", ALLOWED},
  {"zero", "0", ALLOWED},
  {"minus-zero", "-0", ALLOWED},
  {"float", "-12.50e+3", ALLOWED},
  {"exponent", "1E9", ALLOWED},
  {"empty-string", "\"\"", ALLOWED},
  {"string", "\"v=0\\r\\na=\\u00e9\"", ALLOWED},
  {"surrogate-pair", "\"\\ud83d\\ude00\"", ALLOWED},
  {"utf8", "\"é€😀\"", ALLOWED},
  {"delete-character", "\"\x7f\"", ALLOWED},
  {"empty-array", "[ ]", ALLOWED},
  {"empty-object", "{\t}", ALLOWED},
  {"array", "[1, \"a\" ,[ ],{} , null]", ALLOWED},
  {"object", "{\"a\" : 1,\"b\":{\"c\":[]}}", ALLOWED},
  {"same-name-twice", "{\"a\":1,\"a\":2}", ALLOWED},

  {"empty", "", GST_CHAT_ERROR_MALFORMED},
  {"space-only", " \n", GST_CHAT_ERROR_MALFORMED},
  {"two-values", "1 2", GST_CHAT_ERROR_MALFORMED},
  {"word-cut", "tru", GST_CHAT_ERROR_MALFORMED},
  {"word-long", "truee", GST_CHAT_ERROR_MALFORMED},
  {"word-wrong", "True", GST_CHAT_ERROR_MALFORMED},
  {"nan", "NaN", GST_CHAT_ERROR_MALFORMED},
  {"plus", "+1", GST_CHAT_ERROR_MALFORMED},
  {"minus-only", "-", GST_CHAT_ERROR_MALFORMED},
  {"leading-zero", "01", GST_CHAT_ERROR_MALFORMED},
  {"point-first", ".5", GST_CHAT_ERROR_MALFORMED},
  {"point-last", "5.", GST_CHAT_ERROR_MALFORMED},
  {"exponent-empty", "5e", GST_CHAT_ERROR_MALFORMED},
  {"exponent-sign", "5e+", GST_CHAT_ERROR_MALFORMED},
  {"hexadecimal", "0x10", GST_CHAT_ERROR_MALFORMED},
  {"string-open", "\"abc", GST_CHAT_ERROR_MALFORMED},
  {"string-open-escape", "\"abc\\", GST_CHAT_ERROR_MALFORMED},
  {"single-quotes", "'a'", GST_CHAT_ERROR_MALFORMED},
  {"raw-newline", "\"a\nb\"", GST_CHAT_ERROR_MALFORMED},
  {"escape-unknown", "\"\\x\"", GST_CHAT_ERROR_MALFORMED},
  {"escape-short", "\"\\u12\"", GST_CHAT_ERROR_MALFORMED},
  {"escape-short-end", "\"\\u12", GST_CHAT_ERROR_MALFORMED},
  {"escape-no-hex", "\"\\u12g4\"", GST_CHAT_ERROR_MALFORMED},
  {"escape-nul", "\"\\u0000\"", GST_CHAT_ERROR_MALFORMED},
  {"surrogate-high-alone", "\"\\ud83d\"", GST_CHAT_ERROR_MALFORMED},
  {"surrogate-high-cut", "\"\\ud83d\\u", GST_CHAT_ERROR_MALFORMED},
  {"surrogate-high-letter", "\"\\ud83d\\u0041\"", GST_CHAT_ERROR_MALFORMED},
  {"surrogate-low-alone", "\"\\ude00\"", GST_CHAT_ERROR_MALFORMED},
  {"surrogate-low-first", "\"\\ude00\\ud83d\"", GST_CHAT_ERROR_MALFORMED},
  {"latin1", "\"\xe9\"", GST_CHAT_ERROR_MALFORMED},
  {"utf8-overlong", "\"\xc0\x80\"", GST_CHAT_ERROR_MALFORMED},
  {"utf8-surrogate", "\"\xed\xa0\xbd\"", GST_CHAT_ERROR_MALFORMED},
  {"utf8-cut", "\"\xe2\x82", GST_CHAT_ERROR_MALFORMED},
  {"byte-order-mark", "\xef\xbb\xbf{}", GST_CHAT_ERROR_MALFORMED},
  {"array-open", "[1", GST_CHAT_ERROR_MALFORMED},
  {"array-open-empty", "[", GST_CHAT_ERROR_MALFORMED},
  {"array-comma-last", "[1,]", GST_CHAT_ERROR_MALFORMED},
  {"array-comma-first", "[,1]", GST_CHAT_ERROR_MALFORMED},
  {"array-comma-missing", "[1 2]", GST_CHAT_ERROR_MALFORMED},
  {"array-closed-as-object", "[1}", GST_CHAT_ERROR_MALFORMED},
  {"array-colon", "[1:2]", GST_CHAT_ERROR_MALFORMED},
  {"closing-only", "]", GST_CHAT_ERROR_MALFORMED},
  {"closed-twice", "[]]", GST_CHAT_ERROR_MALFORMED},
  {"object-open", "{\"a\":1", GST_CHAT_ERROR_MALFORMED},
  {"object-name-open", "{\"a", GST_CHAT_ERROR_MALFORMED},
  {"object-no-colon", "{\"a\"}", GST_CHAT_ERROR_MALFORMED},
  {"object-no-value", "{\"a\":}", GST_CHAT_ERROR_MALFORMED},
  {"object-comma-last", "{\"a\":1,}", GST_CHAT_ERROR_MALFORMED},
  {"object-number-name", "{1:1}", GST_CHAT_ERROR_MALFORMED},
  {"object-bare-name", "{a:1}", GST_CHAT_ERROR_MALFORMED},
  {"object-closed-as-array", "{\"a\":1]", GST_CHAT_ERROR_MALFORMED},
  {"comment", "/* */1", GST_CHAT_ERROR_MALFORMED},
};

static void
check_text (const gchar * text, gsize len, gint code)
{
  /* A copy of exact size, so that the sanitizer sees one byte too far. */
  g_autofree gchar *copy = g_memdup2 (text, len);
  g_autoptr (GError) error = NULL;
  gboolean ok = gst_chat_json_check (copy, len, GST_CHAT_MAX_MESSAGE_BYTES,
      &error);
  if (code == ALLOWED) {
    g_assert_no_error (error);
    g_assert_true (ok);
  } else {
    g_assert_error (error, GST_CHAT_ERROR, code);
    g_assert_false (ok);
  }
}

static void
test_case (gconstpointer data)
{
  const Case *c = data;
  check_text (c->text, strlen (c->text), c->code);
}

/* Whatever passes is JSON to another parser too. */
static void
test_agrees_with_json_glib (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    if (cases[i].code != ALLOWED)
      continue;
    g_autoptr (JsonParser) parser = json_parser_new ();
    g_autoptr (GError) error = NULL;
    json_parser_load_from_data (parser, cases[i].text, -1, &error);
    g_assert_no_error (error);
  }
}

static void
test_nul_byte (void)
{
  check_text ("\"a\0b\"", 5, GST_CHAT_ERROR_MALFORMED);
  check_text ("1\0", 2, GST_CHAT_ERROR_MALFORMED);
}

static void
nest (gint code, guint depth, const gchar * open, const gchar * close)
{
  g_autoptr (GString) text = g_string_new (NULL);
  for (guint i = 0; i < depth; i++)
    g_string_append (text, open);
  g_string_append (text, "1");
  for (guint i = 0; i < depth; i++)
    g_string_append (text, close);
  check_text (text->str, text->len, code);
}

static void
test_depth (void)
{
  nest (ALLOWED, GST_CHAT_MAX_JSON_DEPTH, "[", "]");
  nest (GST_CHAT_ERROR_LIMIT, GST_CHAT_MAX_JSON_DEPTH + 1, "[", "]");
  nest (ALLOWED, GST_CHAT_MAX_JSON_DEPTH, "{\"a\":", "}");
  nest (GST_CHAT_ERROR_LIMIT, GST_CHAT_MAX_JSON_DEPTH + 1, "{\"a\":", "}");
  nest (GST_CHAT_ERROR_LIMIT, 200000, "[", "]");
}

static void
members (gint code, guint n)
{
  g_autoptr (GString) text = g_string_new ("[{},{");
  for (guint i = 0; i < n; i++)
    g_string_append_printf (text, "%s\"m%u\":0", i ? "," : "", i);
  g_string_append (text, "}]");
  check_text (text->str, text->len, code);
}

static void
test_members (void)
{
  members (ALLOWED, GST_CHAT_MAX_JSON_MEMBERS);
  members (GST_CHAT_ERROR_LIMIT, GST_CHAT_MAX_JSON_MEMBERS + 1);
}

static void
test_size (void)
{
  g_autoptr (GError) error = NULL;
  g_assert_true (gst_chat_json_check ("[1,2]", 5, 5, NULL));
  g_assert_false (gst_chat_json_check ("[1,2]", 5, 4, &error));
  g_assert_error (error, GST_CHAT_ERROR, GST_CHAT_ERROR_LIMIT);
}

/* Every prefix of a valid text is refused, and reads no byte behind its end. */
static void
test_cut_anywhere (void)
{
  static const gchar text[] =
      "{\"offer\":{\"type\":\"offer\",\"sdp\":\"v=0\\r\\n\\ud83d\\ude00\"},"
      "\"n\":[-1.5e3,true,null,{}],\"to\":\"é\"}";
  for (gsize len = 0; len < sizeof text - 1; len++)
    check_text (text, len, GST_CHAT_ERROR_MALFORMED);
  check_text (text, sizeof text - 1, ALLOWED);
}

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

typedef struct
{
  const gchar *text;
  const gchar *name;
  const gchar *value;           /* NULL: not there */
} MemberCase;

static const MemberCase member_cases[] = {
  {"{\"a\":1}", "a", "1"},
  {" { \"a\" : \"x\\\"y\" , \"b\" : 2 } ", "a", "\"x\\\"y\""},
  {" { \"a\" : 1 , \"b\" : 2 } ", "b", "2"},
  {"{\"a\":{\"b\":1},\"b\":[2,{\"b\":3}]}", "b", "[2,{\"b\":3}]"},
  {"{\"a\":\"}\",\"b\":\"{\",\"c\":[\"]\"]}", "c", "[\"]\"]"},
  {"{\"a\":\"\\\\\",\"b\":\"x\"}", "b", "\"x\""},
  {"{\"a\":1,\"a\":2}", "a", "2"},
  {"{\"\\u006fffer\":true}", "offer", "true"},
  {"{\"\\u00e9\":true}", "é", "true"},
  {"{\"é\":true}", "é", "true"},
  {"{\"\\ud83d\\ude00\":null}", "😀", "null"},
  {"{\"offers\":1}", "offer", NULL},
  {"{\"offe\":1}", "offer", NULL},
  {"{\"\":1}", "offer", NULL},
  {"{\"\":1}", "", "1"},
  {"{\"b\":{\"a\":1}}", "a", NULL},
  {"{}", "a", NULL},
  {"[\"a\",1]", "a", NULL},
  {"\"a\"", "a", NULL},
  {"1", "a", NULL},
};

static void
test_member (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (member_cases); i++) {
    const MemberCase *c = &member_cases[i];
    g_autofree gchar *copy = g_memdup2 (c->text, strlen (c->text));
    GstChatSlice value = { NULL, 0 }, text = { copy, strlen (c->text) };
    g_test_message ("%s in %s", c->name, c->text);
    g_assert_cmpint (gst_chat_json_member (text, c->name, &value), ==,
        c->value != NULL);
    if (c->value)
      assert_slice (value, c->value);
  }
}

static gboolean
append_element (GstChatSlice element, gpointer user_data)
{
  g_string_append_len (user_data, element.data, element.len);
  g_string_append_c (user_data, '|');
  return element.data[0] != 'n';
}

static void
test_elements (void)
{
  GstChatSlice list = slice (" [ 1 , [2,3],\"],\" ,null, 4 ] "), value;
  static const gchar *const expected[] =
      { "1", "[2,3]", "\"],\"", "null", "4" };
  for (guint i = 0; i < G_N_ELEMENTS (expected); i++) {
    g_assert_true (gst_chat_json_element (list, i, &value));
    assert_slice (value, expected[i]);
  }
  g_assert_false (gst_chat_json_element (list, 5, &value));
  g_assert_false (gst_chat_json_element (slice ("[]"), 0, &value));
  g_assert_false (gst_chat_json_element (slice ("{\"a\":1}"), 0, &value));

  g_autoptr (GString) out = g_string_new (NULL);
  g_assert_false (gst_chat_json_foreach (list, append_element, out));
  g_assert_cmpstr (out->str, ==, "1|[2,3]|\"],\"|null|");
  g_assert_true (gst_chat_json_foreach (slice ("[1]"), append_element, out));
  g_assert_true (gst_chat_json_foreach (slice ("[]"), append_element, out));
  g_assert_true (gst_chat_json_foreach (slice ("7"), append_element, out));
}

/* Text that was not checked finds nothing, and ends. */
static void
test_unchecked_text_is_bounded (void)
{
  static const gchar *const texts[] = { "{", "{\"a", "{\"a\"", "{\"a\":",
    "{\"a\":[", "{\"a\":\"\\", "{a:1}", "{]", "[", "[[", "[1", "[\"", "", "}",
    "{\"a\":]]]]"
  };
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    gsize len = strlen (texts[i]);
    g_autofree gchar *copy = g_memdup2 (texts[i], len);
    GstChatSlice value, text = { copy, len };
    (void) gst_chat_json_member (text, "z", &value);
    (void) gst_chat_json_element (text, 9, &value);
    g_autofree gchar *string = gst_chat_json_string (text, 100);
    g_assert_null (string);
  }
}

static void
test_string (void)
{
  static const struct
  {
    const gchar *text;
    const gchar *value;
  } rows[] = {
    {"\"\"", ""},
    {" \"a\" ", "a"},
    {"\"a\\n\\t\\r\\b\\f\\/\\\\\\\"z\"", "a\n\t\r\b\f/\\\"z"},
    {"\"\\u00e9\\u20AC\\ud83d\\uDE00\"", "é€😀"},
    {"1", NULL},
    {"null", NULL},
    {"[\"a\"]", NULL},
    {"\"\\u0000\"", NULL},
    {"\"\\ud800\"", NULL},
  };
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree gchar *value = gst_chat_json_string (slice (rows[i].text), 100);
    g_assert_cmpstr (value, ==, rows[i].value);
  }
  g_autofree gchar *fits = gst_chat_json_string (slice ("\"abc\""), 3);
  g_assert_cmpstr (fits, ==, "abc");
  g_assert_null (gst_chat_json_string (slice ("\"abcd\""), 3));
}

static void
test_number (void)
{
  gdouble value = 0;
  g_assert_true (gst_chat_json_number (slice ("25000"), &value));
  g_assert_cmpfloat (value, ==, 25000);
  g_assert_true (gst_chat_json_number (slice (" -1.5e2 "), &value));
  g_assert_cmpfloat (value, ==, -150);
  g_assert_false (gst_chat_json_number (slice ("\"1\""), &value));
  g_assert_false (gst_chat_json_number (slice ("null"), &value));
  g_autofree gchar *many = g_strnfill (100, '1');
  g_assert_false (gst_chat_json_number (slice (many), &value));
}

static void
test_append_string (void)
{
  static const gchar *const rows[][2] = {
    {"", "\"\""},
    {"plain /é😀", "\"plain /é😀\""},
    {"q\"b\\n\nr\rt\t", "\"q\\\"b\\\\n\\nr\\rt\\t\""},
    {"\x01\x1f\x7f", "\"\\u0001\\u001f\x7f\""},
    {"a\u2028b\u2029c\u2027", "\"a\\u2028b\\u2029c\u2027\""},
  };
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (GString) out = g_string_new (NULL);
    gst_chat_json_append_string (out, rows[i][0]);
    g_assert_cmpstr (out->str, ==, rows[i][1]);
    g_assert_true (gst_chat_json_check (out->str, out->len, out->len, NULL));
    g_autofree gchar *back = gst_chat_json_string (slice (out->str), 100);
    g_assert_cmpstr (back, ==, rows[i][0]);
  }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *path = g_strconcat ("/jsonscan/check/", cases[i].name,
        NULL);
    g_test_add_data_func (path, &cases[i], test_case);
  }
  g_test_add_func ("/jsonscan/agrees-with-json-glib",
      test_agrees_with_json_glib);
  g_test_add_func ("/jsonscan/nul-byte", test_nul_byte);
  g_test_add_func ("/jsonscan/depth", test_depth);
  g_test_add_func ("/jsonscan/members", test_members);
  g_test_add_func ("/jsonscan/size", test_size);
  g_test_add_func ("/jsonscan/cut-anywhere", test_cut_anywhere);
  g_test_add_func ("/jsonscan/member", test_member);
  g_test_add_func ("/jsonscan/elements", test_elements);
  g_test_add_func ("/jsonscan/unchecked-text-is-bounded",
      test_unchecked_text_is_bounded);
  g_test_add_func ("/jsonscan/string", test_string);
  g_test_add_func ("/jsonscan/number", test_number);
  g_test_add_func ("/jsonscan/append-string", test_append_string);
  return g_test_run ();
}
