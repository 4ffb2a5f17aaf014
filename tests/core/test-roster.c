/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The roster: presence, rooms, and who may say what to whom. */
#include <glib.h>
#include <string.h>

#include "chatlimits.h"
#include "chatmessage.h"
#include "chatroster.h"

#define INFO "42[\"server-info\",{\"server\":\"test/1\",\"protocol\":1," \
  "\"features\":[\"names\",\"rooms\",\"relay\"],\"iceServers\":[]," \
  "\"limits\":{\"sdp\":65536,\"text\":16384}}]"
#define SECOND G_USEC_PER_SEC

typedef struct
{
  GstChatRoster *roster;
  GArray *effects;
  GPtrArray *users;
} House;

static void
house_open (House * house)
{
  house->roster = gst_chat_roster_new ("test/1");
  house->effects = gst_chat_effects_new ();
  house->users = g_ptr_array_new ();
}

static void
house_close (House * house)
{
  for (guint i = 0; i < house->users->len; i++)
    gst_chat_roster_leave (house->roster, g_ptr_array_index (house->users, i),
        house->effects);
  g_assert_cmpuint (gst_chat_roster_size (house->roster), ==, 0);
  gst_chat_roster_free (house->roster);
  g_array_unref (house->effects);
  g_ptr_array_unref (house->users);
}

/* The user's data is its id: it names the receiver in what is expected. */
static GstChatRosterUser *
join (House * house, const gchar * id, const gchar * name, const gchar * room)
{
  g_array_set_size (house->effects, 0);
  GstChatRosterUser *user = gst_chat_roster_join (house->roster, id, name,
      room, (gpointer) id, house->effects);
  if (user != NULL)
    g_ptr_array_add (house->users, user);
  return user;
}

static void
leave (House * house, GstChatRosterUser * user)
{
  g_array_set_size (house->effects, 0);
  g_ptr_array_remove (house->users, user);
  gst_chat_roster_leave (house->roster, user, house->effects);
}

static GstChatRelay
say_at (House * house, GstChatRosterUser * user, const gchar * event,
    const gchar * payload, gint64 now)
{
  GstChatSlice slice = { payload, strlen (payload) };
  g_array_set_size (house->effects, 0);
  return gst_chat_roster_relay (house->roster, user, event, slice, now,
      house->effects);
}

/* NULL-terminated pairs of receiver and frame, in order. */
static void
expect (House * house, ...)
{
  va_list args;
  va_start (args, house);
  guint i = 0;
  for (const gchar * to = va_arg (args, const gchar *); to != NULL;
      to = va_arg (args, const gchar *), i++)
  {
    const gchar *wanted = va_arg (args, const gchar *);
    g_assert_cmpuint (i, <, house->effects->len);
    GstChatEffect *effect = &g_array_index (house->effects, GstChatEffect, i);
    gsize len;
    const gchar *data = g_bytes_get_data (effect->frame, &len);
    g_autofree gchar *frame = g_strndup (data, len);
    g_assert_cmpstr (effect->user, ==, to);
    g_assert_cmpstr (frame, ==, wanted);
  }
  va_end (args);
  g_assert_cmpuint (house->effects->len, ==, i);
}

static void
test_presence (void)
{
  House house;
  house_open (&house);
  join (&house, "a", NULL, NULL);
  expect (&house, "a", INFO, "a", "42[\"update-user-list\",{\"users\":[]}]",
      NULL);
  GstChatRosterUser *b = join (&house, "b", " Bo\n\"b\" ", "");
  expect (&house, "b", INFO, "b",
      "42[\"update-user-list\",{\"users\":[\"a\"]}]", "a",
      "42[\"update-user-list\",{\"users\":[\"b\"],\"names\":{\"b\":\"Bo \\\"b\\\"\"}}]",
      NULL);
  join (&house, "c", "", NULL);
  expect (&house, "c", INFO, "c",
      "42[\"update-user-list\",{\"users\":[\"a\",\"b\"],\"names\":{\"b\":\"Bo \\\"b\\\"\"}}]",
      "a", "42[\"update-user-list\",{\"users\":[\"c\"]}]",
      "b", "42[\"update-user-list\",{\"users\":[\"c\"]}]", NULL);
  g_assert_cmpstr (gst_chat_roster_user_id (b), ==, "b");
  leave (&house, b);
  expect (&house, "a", "42[\"remove-user\",{\"socketId\":\"b\"}]",
      "c", "42[\"remove-user\",{\"socketId\":\"b\"}]", NULL);
  house_close (&house);
}

static void
test_rooms (void)
{
  House house;
  house_open (&house);
  join (&house, "a", NULL, NULL);
  GstChatRosterUser *b = join (&house, "b", NULL, "kitchen");
  expect (&house, "b", INFO, "b", "42[\"update-user-list\",{\"users\":[]}]",
      NULL);
  g_assert_cmpint (say_at (&house, b, "call-user",
          "{\"offer\":{},\"to\":\"a\"}", 0), ==, GST_CHAT_RELAY_NOBODY);
  expect (&house, NULL);
  join (&house, "c", NULL, "kitchen");
  g_assert_cmpint (say_at (&house, b, "call-user",
          "{\"offer\":{},\"to\":\"c\"}", 0), ==, GST_CHAT_RELAY_DONE);
  leave (&house, b);
  expect (&house, "c", "42[\"remove-user\",{\"socketId\":\"b\"}]", NULL);

  g_autofree gchar *long_room = g_strnfill (GST_CHAT_MAX_ROOM_BYTES + 1, 'r');
  g_assert_null (join (&house, "d", NULL, long_room));
  g_assert_null (join (&house, "a", NULL, "elsewhere"));
  expect (&house, NULL);
  g_assert_cmpuint (gst_chat_roster_size (house.roster), ==, 2);
  house_close (&house);
}

#define OFFER "{ \"type\":\"offer\", \"sdp\":\"v=0\\r\\n\\u00e9\\\"}\"," \
    " \"chat\":{\"x\":[1,{}]} }"

static void
test_call (void)
{
  House house;
  house_open (&house);
  GstChatRosterUser *a = join (&house, "a", NULL, NULL);
  GstChatRosterUser *b = join (&house, "b", NULL, NULL);
  join (&house, "c", NULL, NULL);

  g_assert_cmpint (say_at (&house, a, "call-user",
          " { \"more\":1, \"offer\" : " OFFER " , \"to\" : \"\\u0062\" } ", 0),
      ==, GST_CHAT_RELAY_DONE);
  expect (&house, "b", "42[\"call-made\",{\"offer\":" OFFER
      ",\"socket\":\"a\"}]", NULL);

  const gchar *answer =
      "{\"answer\":{\"type\":\"answer\",\"sdp\":\"w\",\"y\":0},"
      "\"to\":\"a\"}";
  g_assert_cmpint (say_at (&house, b, "make-answer", answer, SECOND), ==,
      GST_CHAT_RELAY_DONE);
  expect (&house, "a",
      "42[\"answer-made\",{\"socket\":\"b\","
      "\"answer\":{\"type\":\"answer\",\"sdp\":\"w\",\"y\":0}}]", NULL);
  house_close (&house);
}

/* An answer may be pushed on nobody. */
static void
test_answer_needs_call (void)
{
  House house;
  house_open (&house);
  GstChatRosterUser *a = join (&house, "a", NULL, NULL);
  GstChatRosterUser *b = join (&house, "b", NULL, NULL);
  GstChatRosterUser *c = join (&house, "c", NULL, NULL);
  const gchar *call = "{\"offer\":{},\"to\":\"b\"}";
  const gchar *answer = "{\"answer\":{},\"to\":\"a\"}";

  g_assert_cmpint (say_at (&house, b, "make-answer", answer, 0), ==,
      GST_CHAT_RELAY_NOBODY);
  g_assert_cmpint (say_at (&house, a, "call-user", call, 0), ==,
      GST_CHAT_RELAY_DONE);
  g_assert_cmpint (say_at (&house, c, "make-answer", answer, 0), ==,
      GST_CHAT_RELAY_NOBODY);
  /* The caller was not called itself. */
  g_assert_cmpint (say_at (&house, a, "make-answer",
          "{\"answer\":{},\"to\":\"b\"}", 0), ==, GST_CHAT_RELAY_NOBODY);

  /* Twice within the time, not once after it; a second call begins it anew. */
  g_assert_cmpint (say_at (&house, b, "make-answer", answer, SECOND), ==,
      GST_CHAT_RELAY_DONE);
  g_assert_cmpint (say_at (&house, b, "make-answer", answer, 60 * SECOND), ==,
      GST_CHAT_RELAY_DONE);
  g_assert_cmpint (say_at (&house, b, "make-answer", answer, 60 * SECOND + 1),
      ==, GST_CHAT_RELAY_NOBODY);
  g_assert_cmpint (say_at (&house, a, "call-user", call, 61 * SECOND), ==,
      GST_CHAT_RELAY_DONE);
  g_assert_cmpint (say_at (&house, b, "make-answer", answer, 62 * SECOND), ==,
      GST_CHAT_RELAY_DONE);

  /* Who comes with the id of one who left has not called. */
  leave (&house, a);
  a = join (&house, "a", NULL, NULL);
  g_assert_cmpint (say_at (&house, b, "make-answer", answer, 62 * SECOND), ==,
      GST_CHAT_RELAY_NOBODY);
  house_close (&house);
}

static void
test_callers_are_bounded (void)
{
  House house;
  house_open (&house);
  GstChatRosterUser *b = join (&house, "b", NULL, NULL);
  g_autoptr (GPtrArray) ids = g_ptr_array_new_with_free_func (g_free);
  const gchar *call = "{\"offer\":{},\"to\":\"b\"}";
  for (guint i = 0; i <= GST_CHAT_MAX_CALLERS; i++) {
    gchar *id = g_strdup_printf ("u%u", i);
    g_ptr_array_add (ids, id);
    GstChatRosterUser *user = join (&house, id, NULL, NULL);
    g_assert_cmpint (say_at (&house, user, "call-user", call, i), ==,
        GST_CHAT_RELAY_DONE);
  }
  /* The first one is forgotten, the second and the last are not. */
  const gint expected[][2] = {
    {0, GST_CHAT_RELAY_NOBODY}, {1, GST_CHAT_RELAY_DONE},
    {GST_CHAT_MAX_CALLERS, GST_CHAT_RELAY_DONE}
  };
  for (guint i = 0; i < G_N_ELEMENTS (expected); i++) {
    g_autofree gchar *answer =
        g_strdup_printf ("{\"answer\":{},\"to\":\"u%d\"}", expected[i][0]);
    g_assert_cmpint (say_at (&house, b, "make-answer", answer, 1000), ==,
        expected[i][1]);
  }
  house_close (&house);
}

static void
test_extensions (void)
{
  static const struct
  {
    const gchar *event, *payload, *frame;
  } cases[] = {
    {"ice-candidate", "{\"to\":\"b\",\"candidate\":null,\"session\":\"s\"}",
        "42[\"ice-candidate\",{\"socket\":\"a\",\"candidate\":null,\"session\":\"s\"}]"},
    {"hang-up", "{\"session\":\"s\",\"to\":\"b\",\"reason\":\"x\"}",
        "42[\"hang-up\",{\"socket\":\"a\",\"session\":\"s\",\"reason\":\"x\"}]"},
    {"ringing", "{\"to\":\"b\"}", "42[\"ringing\",{\"socket\":\"a\"}]"},
    {"decline", "{\"to\":\"b\",\"socket\":\"c\",\"\\u0073ocket\":\"d\"}",
        "42[\"decline\",{\"socket\":\"a\"}]"},
    {"cancel", "{\"to\":\"c\",\"to\":\"b\",\"x\":{\"to\":1}}",
        "42[\"cancel\",{\"socket\":\"a\",\"x\":{\"to\":1}}]"},
    {"chat-message", "{ \"text\" : \"a,\\\"b\" , \"to\" : \"b\" }",
        "42[\"chat-message\",{\"socket\":\"a\",\"text\":\"a,\\\"b\"}]"},
  };
  House house;
  house_open (&house);
  GstChatRosterUser *a = join (&house, "a", NULL, NULL);
  join (&house, "b", NULL, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_assert_cmpint (say_at (&house, a, cases[i].event, cases[i].payload, 0),
        ==, GST_CHAT_RELAY_DONE);
    expect (&house, "b", cases[i].frame, NULL);
  }
  house_close (&house);
}

static void
test_wrong (void)
{
  static const struct
  {
    const gchar *event, *payload;
    GstChatRelay result;
  } cases[] = {
    {"call-user", "", GST_CHAT_RELAY_REFUSED},
    {"call-user", "null", GST_CHAT_RELAY_REFUSED},
    {"call-user", "[]", GST_CHAT_RELAY_REFUSED},
    {"call-user", "\"b\"", GST_CHAT_RELAY_REFUSED},
    {"call-user", "{}", GST_CHAT_RELAY_REFUSED},
    {"call-user", "{\"offer\":{},\"to\":[]}", GST_CHAT_RELAY_REFUSED},
    {"call-user", "{\"offer\":{},\"to\":[\"b\"]}", GST_CHAT_RELAY_REFUSED},
    {"call-user", "{\"offer\":{},\"to\":null}", GST_CHAT_RELAY_REFUSED},
    {"call-user", "{\"offer\":{},\"to\":\"a\"}", GST_CHAT_RELAY_NOBODY},
    {"call-user", "{\"offer\":{},\"to\":\"z\"}", GST_CHAT_RELAY_NOBODY},
    {"call-user", "{\"offer\":{},\"to\":\"\"}", GST_CHAT_RELAY_NOBODY},
    {"call-user", "{\"to\":\"b\"}", GST_CHAT_RELAY_REFUSED},
    {"call-user", "{\"offer\":null,\"to\":\"b\"}", GST_CHAT_RELAY_REFUSED},
    {"call-user", "{\"offer\":\"v=0\",\"to\":\"b\"}", GST_CHAT_RELAY_REFUSED},
    {"make-answer", "{\"answer\":[],\"to\":\"b\"}", GST_CHAT_RELAY_REFUSED},
    {"make-answer", "{}", GST_CHAT_RELAY_REFUSED},
    {"hang-up", "{}", GST_CHAT_RELAY_REFUSED},
    {"hang-up", "{\"to\":{\"id\":\"b\"}}", GST_CHAT_RELAY_REFUSED},
    {"call-made", "{\"offer\":{},\"to\":\"b\"}", GST_CHAT_RELAY_UNKNOWN},
    {"update-user-list", "{\"to\":\"b\"}", GST_CHAT_RELAY_UNKNOWN},
    {"remove-user", "{\"to\":\"b\"}", GST_CHAT_RELAY_UNKNOWN},
    {"signalling-connected", "{\"to\":\"b\"}", GST_CHAT_RELAY_UNKNOWN},
    {"disconnect", "\"x\"", GST_CHAT_RELAY_UNKNOWN},
    {"error", "{}", GST_CHAT_RELAY_UNKNOWN},
    {"", "", GST_CHAT_RELAY_UNKNOWN},
  };
  House house;
  house_open (&house);
  GstChatRosterUser *a = join (&house, "a", NULL, NULL);
  join (&house, "b", NULL, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_assert_cmpint (say_at (&house, a, cases[i].event, cases[i].payload, 0),
        ==, cases[i].result);
    expect (&house, NULL);
  }

  g_autofree gchar *fill = g_strnfill (GST_CHAT_MAX_DESCRIPTION_BYTES, 'x');
  g_autofree gchar *call =
      g_strdup_printf ("{\"to\":\"b\",\"offer\":{\"sdp\":\"%s\"}}", fill);
  g_assert_cmpint (say_at (&house, a, "call-user", call, 0), ==,
      GST_CHAT_RELAY_REFUSED);
  g_autofree gchar *text = g_strdup_printf ("{\"to\":\"b\",\"text\":\"%.*s\"}",
      GST_CHAT_MAX_EXTENSION_BYTES, fill);
  g_assert_cmpint (say_at (&house, a, "chat-message", text, 0), ==,
      GST_CHAT_RELAY_REFUSED);
  house_close (&house);
}

/* A newcomer to a full room gets everybody, in pieces that any client takes,
 * each parsed by our own parser; the others get one shared frame. */
static void
test_many (void)
{
  const guint n_users = 600;
  House house;
  house_open (&house);
  g_autoptr (GPtrArray) ids = g_ptr_array_new_with_free_func (g_free);
  g_autofree gchar *name = g_strnfill (GST_CHAT_MAX_NAME_BYTES, 'n');
  for (guint i = 0; i < n_users; i++) {
    g_ptr_array_add (ids, g_strdup_printf ("user-%015u", i));
    g_assert_nonnull (join (&house, g_ptr_array_index (ids, i), name, NULL));
  }

  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash,
      g_str_equal, g_free, NULL);
  g_assert_nonnull (join (&house, "last", NULL, NULL));
  guint n_lists = 0, n_others = 0;
  GBytes *shared = NULL;
  for (guint i = 0; i < house.effects->len; i++) {
    GstChatEffect *effect = &g_array_index (house.effects, GstChatEffect, i);
    gsize len;
    const gchar *data = g_bytes_get_data (effect->frame, &len);
    if (g_strcmp0 (effect->user, "last") != 0) {
      g_assert_true (shared == NULL || shared == effect->frame);
      shared = effect->frame;
      n_others++;
      continue;
    }
    static const gchar head[] = "42[\"update-user-list\",";
    if (strncmp (data, head, strlen (head)) != 0)
      continue;
    g_assert_cmpuint (len, <, 65536);
    g_autoptr (GError) error = NULL;
    g_autoptr (GstChatMessage) message =
        gst_chat_message_parse ("update-user-list", data + strlen (head),
        len - strlen (head) - 1, &error);
    g_assert_no_error (error);
    for (guint j = 0; j < message->users->len; j++) {
      const GstChatUser *user = g_ptr_array_index (message->users, j);
      g_assert_cmpstr (user->name, ==, name);
      g_assert_true (g_hash_table_add (seen, g_strdup (user->id)));
    }
    n_lists++;
  }
  g_assert_cmpuint (n_lists, >, 1);
  g_assert_cmpuint (n_others, ==, n_users);
  g_assert_cmpuint (g_hash_table_size (seen), ==, n_users);

  /* Leaving out of order keeps everybody else reachable. */
  for (guint i = 0; i < n_users; i += 2)
    leave (&house, g_ptr_array_index (house.users, i / 2));
  GstChatRosterUser *asker = g_ptr_array_index (house.users, 0);
  guint reached = 0;
  for (guint i = 0; i < n_users; i++) {
    g_autofree gchar *payload =
        g_strdup_printf ("{\"to\":\"%s\"}", (gchar *) g_ptr_array_index (ids,
            i));
    if (say_at (&house, asker, "ringing", payload, 0) == GST_CHAT_RELAY_DONE)
      reached++;
  }
  g_assert_cmpuint (reached, >=, n_users / 2 - 1);
  house_close (&house);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/roster/presence", test_presence);
  g_test_add_func ("/roster/rooms", test_rooms);
  g_test_add_func ("/roster/call", test_call);
  g_test_add_func ("/roster/answer-needs-call", test_answer_needs_call);
  g_test_add_func ("/roster/callers-are-bounded", test_callers_are_bounded);
  g_test_add_func ("/roster/extensions", test_extensions);
  g_test_add_func ("/roster/wrong", test_wrong);
  g_test_add_func ("/roster/many", test_many);
  return g_test_run ();
}
