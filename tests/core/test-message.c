/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The chat messages: a table of vector files, and what files cannot say. */
#include <glib.h>
#include <json-glib/json-glib.h>
#include <string.h>

#include "chaterror.h"
#include "chatlimits.h"
#include "chatmessage.h"

/* Each member of a vector's `expect` is one of these; users and ice servers
 * are written as one line each. */
static gchar *
describe_users (const GPtrArray * users)
{
  GString *out = g_string_new (NULL);
  for (guint i = 0; users != NULL && i < users->len; i++) {
    const GstChatUser *user = g_ptr_array_index (users, i);
    g_string_append_printf (out, "%s%s", i > 0 ? " " : "", user->id);
    if (user->name != NULL)
      g_string_append_printf (out, "=%s", user->name);
  }
  return g_string_free (out, FALSE);
}

static gchar *
describe_ice_servers (const GPtrArray * servers)
{
  GString *out = g_string_new (NULL);
  for (guint i = 0; servers != NULL && i < servers->len; i++) {
    const GstChatIceServer *server = g_ptr_array_index (servers, i);
    g_string_append_printf (out, "%s%s %s %s", i > 0 ? "; " : "", server->url,
        server->username, server->credential);
  }
  return g_string_free (out, FALSE);
}

static gchar *
describe (const GstChatMessage * m, const gchar * member)
{
#define STRING(key, value) \
  if (g_str_equal (member, key)) \
    return g_strdup (value)
#define NUMBER(key, value) \
  if (g_str_equal (member, key)) \
    return g_strdup_printf ("%u", (guint) (value))
  STRING ("event", gst_chat_event_name (m->event));
  STRING ("peer", m->peer);
  STRING ("sdp", m->sdp);
  STRING ("name", m->name);
  STRING ("session", m->session);
  STRING ("reason", m->reason);
  STRING ("text", m->text);
  STRING ("candidate", m->candidate);
  STRING ("sdp_mid", m->sdp_mid);
  STRING ("server", m->server);
  NUMBER ("has_chat", m->has_chat);
  NUMBER ("chat_protocol", m->chat_protocol);
  NUMBER ("seq", m->seq);
  NUMBER ("trickle", m->trickle);
  NUMBER ("sdp_mline_index", m->sdp_mline_index);
  NUMBER ("audio", m->audio);
  NUMBER ("video", m->video);
  NUMBER ("screen", m->screen);
  NUMBER ("features", m->features);
#undef STRING
#undef NUMBER
  if (g_str_equal (member, "users"))
    return describe_users (m->users);
  if (g_str_equal (member, "ice_servers"))
    return describe_ice_servers (m->ice_servers);
  g_error ("a vector expects the unknown member %s", member);
}

static void
assert_error (const GError * error, const gchar * expected)
{
  static const gchar *const names[] = { "malformed", "limit" };
  g_assert_nonnull (error);
  g_assert_true (error->domain == GST_CHAT_ERROR);
  g_assert_cmpint (error->code, <, (gint) G_N_ELEMENTS (names));
  g_assert_cmpstr (names[error->code], ==, expected);
}

static GstChatMessage *
parse_vector (JsonObject * vector, const gchar * payload, GError ** error)
{
  if (json_object_has_member (vector, "signal"))
    return gst_chat_message_parse_signal (payload, strlen (payload), error);
  return gst_chat_message_parse (json_object_get_string_member (vector,
          "event"), payload, strlen (payload), error);
}

/* What was parsed is built, parsed and built again: nothing may be lost. */
static void
check_round_trip (const GstChatMessage * message)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *once = gst_chat_message_build (message);
  g_autofree gchar *signal =
      gst_chat_signal_from_payload (gst_chat_event_name (message->event), once,
      strlen (once));
  g_autoptr (GstChatMessage) again =
      gst_chat_message_parse_signal (signal, strlen (signal), &error);
  g_assert_no_error (error);
  g_assert_cmpint (again->event, ==, message->event);
  g_autofree gchar *twice = gst_chat_message_build (again);
  g_assert_cmpstr (once, ==, twice);
}

static void
test_vector (gconstpointer data)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) error = NULL;
  json_parser_load_from_file (parser, data, &error);
  g_assert_no_error (error);
  JsonObject *vector = json_node_get_object (json_parser_get_root (parser));

  g_autofree gchar *payload = NULL;
  if (json_object_has_member (vector, "raw"))
    payload = g_strdup (json_object_get_string_member (vector, "raw"));
  else
    payload = json_to_string (json_object_get_member (vector,
            json_object_has_member (vector, "signal") ? "signal" : "payload"),
        FALSE);

  g_autoptr (GstChatMessage) message = parse_vector (vector, payload, &error);
  if (json_object_has_member (vector, "error")) {
    g_assert_null (message);
    assert_error (error, json_object_get_string_member (vector, "error"));
    return;
  }
  g_assert_no_error (error);
  g_assert_nonnull (message);

  JsonObject *expect = json_object_get_object_member (vector, "expect");
  g_autoptr (GList) members = json_object_get_members (expect);
  g_assert_nonnull (members);
  for (GList * l = members; l != NULL; l = l->next) {
    g_autofree gchar *got = describe (message, l->data);
    JsonNode *wanted = json_object_get_member (expect, l->data);
    if (json_node_is_null (wanted)) {
      g_assert_cmpstr (got, ==, NULL);
    } else if (json_node_get_value_type (wanted) == G_TYPE_STRING) {
      g_assert_cmpstr (got, ==, json_node_get_string (wanted));
    } else {
      g_autofree gchar *number =
          g_strdup_printf ("%" G_GINT64_FORMAT, json_node_get_int (wanted));
      g_assert_cmpstr (got, ==, number);
    }
  }
  if (json_object_has_member (vector, "build")) {
    g_autofree gchar *built = gst_chat_message_build (message);
    g_assert_cmpstr (built, ==, json_object_get_string_member (vector,
            "build"));
  }
  if (message->event != GST_CHAT_EVENT_UNKNOWN)
    check_round_trip (message);
}

static void
test_names (void)
{
  for (guint i = GST_CHAT_EVENT_UPDATE_USER_LIST;
      i <= GST_CHAT_EVENT_SIGNALLING_DISCONNECTED; i++) {
    const gchar *name = gst_chat_event_name (i);
    g_assert_cmpstr (name, !=, "");
    g_assert_cmpuint (gst_chat_event_from_name (name), ==, i);
  }
  g_assert_cmpstr (gst_chat_event_name (GST_CHAT_EVENT_UNKNOWN), ==, "");
  g_assert_cmpint (gst_chat_event_from_name (""), ==, GST_CHAT_EVENT_UNKNOWN);
  g_assert_cmpint (gst_chat_event_from_name ("__proto__"), ==,
      GST_CHAT_EVENT_UNKNOWN);
  g_assert_true (gst_chat_event_is_local (GST_CHAT_EVENT_SIGNALLING_CONNECTED));
  g_assert_false (gst_chat_event_is_local (GST_CHAT_EVENT_REMOVE_USER));
}

static void
test_ids (void)
{
  g_autofree gchar *longest = g_strnfill (GST_CHAT_MAX_ID_BYTES, 'x');
  g_autofree gchar *longer = g_strnfill (GST_CHAT_MAX_ID_BYTES + 1, 'x');
  const gchar *const good[] = { "a", "F7sFl0ZxeN_m-1-AAAAA", "/admin#x",
    "{6ba7b810-9dad-11d1}", longest
  };
  const gchar *const bad[] = { "", " ", "a b", "a\"", "a'", "<b", "b>", "a&b",
    "a\\", "a`", "\x7f", "\n", "é", longer
  };
  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    g_assert_true (gst_chat_id_is_valid (good[i]));
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_false (gst_chat_id_is_valid (bad[i]));
}

static void
test_clean (void)
{
  static const struct
  {
    const gchar *in;
    gsize max;
    const gchar *out;
  } cases[] = {
    {"Ann", 8, "Ann"},
    {"  Ann \t\n of  Ey ", 32, "Ann of Ey"},
    {"12345678", 8, "12345678"},
    {"123456789", 8, "12345678"},
    {"1234567é", 8, "1234567"},
    {"1234567 9", 8, "1234567"},
    {"a\x1b[31mb", 32, "a[31mb"},
    {"a\xe2\x80\xae" "b", 32, "ab"},
    {"\xe2\x81\xa6x\xe2\x81\xa9\xef\xbb\xbf", 32, "x"},
    {"\xff\xfe" "a\xc3", 32, "a"},
    {"👩\xe2\x80\x8d🔧", 32, "👩\xe2\x80\x8d🔧"},
    {" \t\x01", 32, NULL},
    {"", 32, NULL},
    {NULL, 32, NULL},
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *out = gst_chat_text_clean (cases[i].in, cases[i].max);
    g_assert_cmpstr (out, ==, cases[i].out);
  }
}

static void
test_signal_from_payload (void)
{
  static const struct
  {
    const gchar *name, *payload, *signal;
  } cases[] = {
    {"x", NULL, "{\"event\":\"x\"}"},
    {"x", "", "{\"event\":\"x\"}"},
    {"x", "{}", "{\"event\":\"x\"}"},
    {"x", " { } ", "{\"event\":\"x\"}"},
    {"x", "{\"a\":{\"event\":1}}", "{\"event\":\"x\",\"a\":{\"event\":1}}"},
    {"x", "{\"event\":\"y\"}", "{\"event\":\"x\"}"},
    {"x", "{\"a\":1,\"event\":\"y\",\"b\":[2,\"]\\\"\"]}",
        "{\"event\":\"x\",\"a\":1,\"b\":[2,\"]\\\"\"]}"},
    {"x", "{ \"\\u0065vent\" : {\"event\":[]} , \"b\" : null }",
        "{\"event\":\"x\",\"b\":null}"},
    {"x", "{\"event\":1,\"event\":2,\"c\":\"\\\\\"}",
        "{\"event\":\"x\",\"c\":\"\\\\\"}"},
    {"x", "[1,{\"event\":2}]", "{\"event\":\"x\",\"data\":[1,{\"event\":2}]}"},
    {"x", " \"s\"", "{\"event\":\"x\",\"data\": \"s\"}"},
    {"a\"b", "null", "{\"event\":\"a\\\"b\",\"data\":null}"},
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    gsize len = cases[i].payload != NULL ? strlen (cases[i].payload) : 0;
    g_autofree gchar *signal =
        gst_chat_signal_from_payload (cases[i].name, cases[i].payload, len);
    g_assert_cmpstr (signal, ==, cases[i].signal);
  }
}

static void
check_refused (const gchar * event, const gchar * payload, const gchar * why)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GstChatMessage) message =
      gst_chat_message_parse (event, payload, strlen (payload), &error);
  g_assert_null (message);
  assert_error (error, why);
}

static void
test_limits (void)
{
  g_autofree gchar *sdp = g_strnfill (GST_CHAT_MAX_SDP_BYTES + 1, 's');
  g_autofree gchar *offer =
      g_strdup_printf ("{\"offer\":{\"sdp\":\"%s\"},\"socket\":\"a\"}", sdp);
  check_refused ("call-made", offer, "limit");

  g_autofree gchar *text = g_strnfill (GST_CHAT_MAX_TEXT_BYTES + 1, 't');
  g_autofree gchar *chat =
      g_strdup_printf ("{\"socket\":\"a\",\"text\":\"%s\"}", text);
  check_refused ("chat-message", chat, "limit");

  g_autofree gchar *long_candidate =
      g_strnfill (GST_CHAT_MAX_CANDIDATE_BYTES + 1, 'c');
  g_autofree gchar *candidate =
      g_strdup_printf
      ("{\"socket\":\"a\",\"candidate\":{\"candidate\":\"%s\"}}",
      long_candidate);
  check_refused ("ice-candidate", candidate, "limit");

  g_autofree gchar *spaces = g_strnfill (GST_CHAT_MAX_MESSAGE_BYTES, ' ');
  g_autofree gchar *large = g_strdup_printf ("{%s}", spaces);
  check_refused ("remove-user", large, "limit");

  g_autofree gchar *brackets = g_strnfill (200000, '[');
  g_autofree gchar *deep = g_strdup_printf ("{\"offer\":%s", brackets);
  check_refused ("call-made", deep, "limit");
}

static void
test_users_limit (void)
{
  g_autoptr (GString) list = g_string_new ("{\"users\":[\"u0\"");
  for (guint i = 1; i < GST_CHAT_MAX_USERS; i++)
    g_string_append_printf (list, ",\"u%u\"", i);

  g_autofree gchar *full = g_strdup_printf ("%s]}", list->str);
  g_autoptr (GError) error = NULL;
  g_autoptr (GstChatMessage) message =
      gst_chat_message_parse ("update-user-list", full, strlen (full), &error);
  g_assert_no_error (error);
  g_assert_cmpuint (message->users->len, ==, GST_CHAT_MAX_USERS);

  g_string_append (list, ",\"more\"]}");
  check_refused ("update-user-list", list->str, "limit");
}

/* Every event with prefixes of a good payload, and with bytes turned into
 * others: refused or taken, but never worse. */
static void
test_mutations (void)
{
  static const gchar seed[] =
      "{\"offer\":{\"type\":\"offer\",\"sdp\":\"v=0\\r\\n\",\"chat\":{\"protocol\":1,"
      "\"session\":\"0123456789abcdef0123456789abcdef\",\"trickle\":true,\"seq\":2}},"
      "\"answer\":{\"sdp\":\"\\ud83d\\ude00\"},\"to\":\"b\",\"socket\":\"a\",\"socketId\":\"c\","
      "\"users\":[\"x\",\"y\"],\"names\":{\"x\":\"X\"},\"candidate\":{\"candidate\":\"c\","
      "\"sdpMid\":\"0\",\"sdpMLineIndex\":1},\"text\":\"t\",\"audio\":true,\"reason\":\"r\",\"id\":\"i\","
      "\"server\":\"s\",\"features\":[\"relay\"],\"iceServers\":[{\"urls\":[\"stun:a\"]}]}";
  static const gchar other[] = "\"\\{}[]:,0-x\x01\xff";

  for (guint event = 0; event <= GST_CHAT_EVENT_MEDIA_STATE; event++) {
    const gchar *name = gst_chat_event_name (event);
    for (gsize i = event % 4; i < sizeof seed; i += g_test_slow ()? 1 : 4) {
      g_autofree gchar *text = g_strdup (seed);
      for (gsize j = 0; j < sizeof other; j++) {
        if (i < sizeof seed - 1)
          text[i] = other[j];
        gsize len = j == 0 ? i : sizeof seed - 1;
        g_autoptr (GError) error = NULL;
        g_autoptr (GstChatMessage) message =
            gst_chat_message_parse (name, text, len, &error);
        g_assert_true ((message == NULL) == (error != NULL));
        if (message != NULL) {
          g_autofree gchar *built = gst_chat_message_build (message);
          g_assert_true (g_utf8_validate (built, -1, NULL));
        }
      }
    }
  }
}

static void
add_vectors (const gchar * folder)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) dir = g_dir_open (folder, 0, &error);
  g_assert_no_error (error);
  guint n_vectors = 0;
  for (const gchar * file = g_dir_read_name (dir); file != NULL;
      file = g_dir_read_name (dir)) {
    if (!g_str_has_prefix (file, "message-")
        || !g_str_has_suffix (file, ".json"))
      continue;
    g_autofree gchar *path = g_strconcat ("/message/vector/", file, NULL);
    g_test_add_data_func_full (path, g_build_filename (folder, file, NULL),
        test_vector, g_free);
    n_vectors++;
  }
  g_assert_cmpuint (n_vectors, >, 20);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add_vectors (g_getenv ("CHAT_VECTORS"));
  g_test_add_func ("/message/names", test_names);
  g_test_add_func ("/message/ids", test_ids);
  g_test_add_func ("/message/clean", test_clean);
  g_test_add_func ("/message/signal-from-payload", test_signal_from_payload);
  g_test_add_func ("/message/limits", test_limits);
  g_test_add_func ("/message/users-limit", test_users_limit);
  g_test_add_func ("/message/mutations", test_mutations);
  return g_test_run ();
}
