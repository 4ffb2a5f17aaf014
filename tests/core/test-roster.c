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
  gint64 now;
} House;

static void
house_open (House * house)
{
  house->roster = gst_chat_roster_new ("test/1");
  house->effects = gst_chat_effects_new ();
  house->users = g_ptr_array_new ();
  house->now = SECOND;
}

static void
house_close (House * house)
{
  for (guint i = 0; i < house->users->len; i++)
    gst_chat_roster_leave (house->roster, g_ptr_array_index (house->users, i),
        FALSE, house->effects);
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
      room, (gpointer) id, house->now, house->effects);
  if (user != NULL)
    g_ptr_array_add (house->users, user);
  return user;
}

static void
leave (House * house, GstChatRosterUser * user)
{
  g_array_set_size (house->effects, 0);
  g_ptr_array_remove (house->users, user);
  gst_chat_roster_leave (house->roster, user, FALSE, house->effects);
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

/* The same user by another connection, and one that is not heard of any more. */
static void
test_connections_change (void)
{
  House house;
  house_open (&house);
  join (&house, "a", NULL, NULL);
  GstChatRosterUser *b = join (&house, "b", "Bo", NULL);
  GstChatRosterUser *c = join (&house, "c", NULL, NULL);
  g_assert_true (gst_chat_roster_find (house.roster, "b") == b);
  g_assert_null (gst_chat_roster_find (house.roster, "x"));
  g_assert_true (gst_chat_roster_user_is (b, " Bo ", ""));
  g_assert_false (gst_chat_roster_user_is (b, "Bo", "r"));
  g_assert_false (gst_chat_roster_user_is (b, NULL, NULL));
  g_array_set_size (house.effects, 0);
  g_assert_cmpstr (gst_chat_roster_take_over (house.roster, b, (gpointer) "b2",
          house.effects), ==, "b");
  expect (&house, "b2", INFO,
      "b2", "42[\"update-user-list\",{\"users\":[\"a\"]}]",
      "b2", "42[\"update-user-list\",{\"users\":[\"c\"]}]", NULL);
  say_at (&house, c, "ringing", "{\"to\":\"b\"}", 0);
  expect (&house, "b2", "42[\"ringing\",{\"socket\":\"c\"}]", NULL);
  g_array_set_size (house.effects, 0);
  g_ptr_array_remove (house.users, b);
  gst_chat_roster_leave (house.roster, b, TRUE, house.effects);
  expect (&house, "a", "42[\"remove-user\",{\"socketId\":\"b\",\"lost\":true}]",
      "c", "42[\"remove-user\",{\"socketId\":\"b\",\"lost\":true}]", NULL);
  house_close (&house);

  house_open (&house);
  GstChatRosterUser *alone = join (&house, "a", NULL, NULL);
  g_array_set_size (house.effects, 0);
  gst_chat_roster_take_over (house.roster, alone, (gpointer) "a2",
      house.effects);
  expect (&house, "a2", INFO, "a2",
      "42[\"update-user-list\",{\"users\":[]}]", NULL);
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
    {"media-state", "{\"to\":\"b\",\"session\":\"s\",\"audio\":false}",
        "42[\"media-state\",{\"socket\":\"a\",\"session\":\"s\",\"audio\":false}]"},
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
  for (guint i = 0; i < n_users; i++, house.now += SECOND) {
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

/* A room in which newcomers have to wait for each other: it is just not small,
 * and the last one came just now. */
static void
house_fill (House * house)
{
  static const gchar *const ids[] = { "o0", "o1", "o2", "o3", "o4", "o5", "o6",
    "o7", "o8", "o9", "o10", "o11", "o12", "o13", "o14", "o15", "o16"
  };
  G_STATIC_ASSERT (G_N_ELEMENTS (ids) == GST_CHAT_SMALL_ROOM + 1);
  for (guint i = 0; i < G_N_ELEMENTS (ids); i++) {
    house->now += i == GST_CHAT_SMALL_ROOM ? SECOND : 0;
    join (house, ids[i], NULL, NULL);
    /* Itself, its list, and all the others. */
    g_assert_cmpuint (house->effects->len, ==, 2 + i);
  }
  g_assert_cmpint (gst_chat_roster_next_flush (house->roster), ==, G_MAXINT64);
}

static void
flush (House * house)
{
  g_array_set_size (house->effects, 0);
  gst_chat_roster_flush (house->roster, house->now, house->effects);
}

static const gchar *
effect_text (House * house, guint i, const gchar * receiver)
{
  g_assert_cmpuint (i, <, house->effects->len);
  GstChatEffect *effect = &g_array_index (house->effects, GstChatEffect, i);
  g_assert_cmpstr (effect->user, ==, receiver);
  return g_bytes_get_data (effect->frame, NULL);
}

#define OLD "\"o0\",\"o1\",\"o2\",\"o3\",\"o4\",\"o5\",\"o6\",\"o7\"," \
    "\"o8\",\"o9\",\"o10\",\"o11\",\"o12\",\"o13\",\"o14\",\"o15\",\"o16\""
#define LIST(users) "42[\"update-user-list\",{\"users\":[" users "]"

/* Those of one moment: one shared frame for all who were there, and for each
 * of them those before, and the others. */
static void
test_together (void)
{
  House house;
  house_open (&house);
  house_fill (&house);
  join (&house, "a", "Ann", NULL);
  expect (&house, "a", INFO, NULL);
  gint64 due = gst_chat_roster_next_flush (house.roster);
  g_assert_cmpint (due, ==, house.now + GST_CHAT_JOIN_TIME_US);
  house.now += GST_CHAT_JOIN_TIME_US - 1;
  join (&house, "b", NULL, NULL);
  join (&house, "c", "Cid", NULL);
  g_assert_cmpint (gst_chat_roster_next_flush (house.roster), ==, due);
  flush (&house);
  expect (&house, NULL);

  house.now = due;
  flush (&house);
  guint n_old = GST_CHAT_SMALL_ROOM + 1;
  g_assert_cmpuint (house.effects->len, ==, 6 + n_old);
  g_array_remove_range (house.effects, 6, n_old - 1);
  expect (&house, "a", LIST (OLD) "}]", "b", LIST (OLD) "}]",
      "c", LIST (OLD) "}]",
      "a", LIST ("\"b\",\"c\"") ",\"names\":{\"c\":\"Cid\"}}]",
      "b", LIST ("\"a\",\"c\"")
      ",\"names\":{\"a\":\"Ann\",\"c\":\"Cid\"}}]",
      "c", LIST ("\"a\",\"b\"") ",\"names\":{\"a\":\"Ann\"}}]",
      "o16", LIST ("\"a\",\"b\",\"c\"")
      ",\"names\":{\"a\":\"Ann\",\"c\":\"Cid\"}}]", NULL);
  g_assert_cmpint (gst_chat_roster_next_flush (house.roster), ==, G_MAXINT64);

  /* Once it is quiet nobody waits. */
  house.now += GST_CHAT_JOIN_TIME_US;
  join (&house, "d", NULL, NULL);
  g_assert_cmpuint (house.effects->len, ==, 2 + n_old + 3);
  house_close (&house);
}

/* Who comes and goes within a moment was never there. */
static void
test_gone_at_once (void)
{
  House house;
  house_open (&house);
  house_fill (&house);
  GstChatRosterUser *a = join (&house, "a", NULL, NULL);
  join (&house, "b", NULL, NULL);
  leave (&house, a);
  expect (&house, NULL);
  /* One who was there goes: b does not know it, and never will. */
  leave (&house, g_ptr_array_index (house.users, 3));
  g_assert_cmpuint (house.effects->len, ==, GST_CHAT_SMALL_ROOM);
  for (guint i = 0; i < house.effects->len; i++)
    g_assert_cmpstr (g_array_index (house.effects, GstChatEffect, i).user, !=,
        "b");
  house.now += GST_CHAT_JOIN_TIME_US;
  flush (&house);
  g_assert_cmpuint (house.effects->len, ==, 1 + GST_CHAT_SMALL_ROOM);
  const gchar *list = effect_text (&house, 0, "b");
  g_assert_null (strstr (list, "\"o3\""));
  g_assert_nonnull (strstr (list, "\"o16\""));
  g_assert_true (g_str_has_prefix (effect_text (&house, 1, "o0"),
          LIST ("\"b\"") "}]"));

  /* The only one who waits goes: nothing is due any more. */
  GstChatRosterUser *c = join (&house, "c", NULL, NULL);
  g_assert_cmpint (gst_chat_roster_next_flush (house.roster), <, G_MAXINT64);
  leave (&house, c);
  g_assert_cmpint (gst_chat_roster_next_flush (house.roster), ==, G_MAXINT64);
  house_close (&house);
}

/* Who waits may call and be called; the other is told of it before. */
static void
test_call_while_waiting (void)
{
  House house;
  house_open (&house);
  house_fill (&house);
  GstChatRosterUser *a = join (&house, "a", "Ann", NULL);
  join (&house, "b", NULL, NULL);
  g_assert_cmpint (say_at (&house, a, "ringing", "{\"to\":\"o5\"}", 0), ==,
      GST_CHAT_RELAY_DONE);
  expect (&house, "o5", LIST ("\"a\"") ",\"names\":{\"a\":\"Ann\"}}]",
      "o5", "42[\"ringing\",{\"socket\":\"a\"}]", NULL);
  GstChatRosterUser *o5 = g_ptr_array_index (house.users, 5);
  g_assert_cmpint (say_at (&house, o5, "ringing", "{\"to\":\"a\"}", 0), ==,
      GST_CHAT_RELAY_DONE);
  expect (&house, "a", LIST ("\"o5\"") "}]",
      "a", "42[\"ringing\",{\"socket\":\"o5\"}]", NULL);

  /* Both good-byes arrive, the one of o5 not at b. */
  leave (&house, o5);
  g_assert_cmpuint (house.effects->len, ==, GST_CHAT_SMALL_ROOM + 1);
  effect_text (&house, GST_CHAT_SMALL_ROOM, "a");
  leave (&house, a);
  g_assert_cmpuint (house.effects->len, ==, GST_CHAT_SMALL_ROOM);
  g_assert_cmpstr (effect_text (&house, 0, "o0"), ==,
      "42[\"remove-user\",{\"socketId\":\"a\"}]");
  house_close (&house);
}

/* More than one list holds, all at once. */
static void
test_crowd (void)
{
  const guint n_crowd = 500;
  House house;
  house_open (&house);
  house_fill (&house);
  g_autoptr (GPtrArray) ids = g_ptr_array_new_with_free_func (g_free);
  g_autofree gchar *name = g_strnfill (GST_CHAT_MAX_NAME_BYTES, 'n');
  for (guint i = 0; i < n_crowd; i++) {
    g_ptr_array_add (ids, g_strdup_printf ("crowd-%u", i));
    join (&house, g_ptr_array_index (ids, i), name, NULL);
  }
  house.now += GST_CHAT_JOIN_TIME_US;
  flush (&house);

  /* receiver → how many it was told of */
  g_autoptr (GHashTable) told = g_hash_table_new (g_str_hash, g_str_equal);
  for (guint i = 0; i < house.effects->len; i++) {
    GstChatEffect *effect = &g_array_index (house.effects, GstChatEffect, i);
    gsize len;
    const gchar *data = g_bytes_get_data (effect->frame, &len);
    g_assert_cmpuint (len, <, 65536);
    static const gchar head[] = "42[\"update-user-list\",";
    g_autoptr (GError) error = NULL;
    g_autoptr (GstChatMessage) message =
        gst_chat_message_parse ("update-user-list", data + strlen (head),
        len - strlen (head) - 1, &error);
    g_assert_no_error (error);
    guint before = GPOINTER_TO_UINT (g_hash_table_lookup (told, effect->user));
    g_hash_table_insert (told, effect->user,
        GUINT_TO_POINTER (before + message->users->len));
    for (guint j = 0; j < message->users->len; j++) {
      const GstChatUser *user = g_ptr_array_index (message->users, j);
      g_assert_cmpstr (user->id, !=, effect->user);
    }
  }
  for (guint i = 0; i < house.users->len; i++) {
    const gchar *id = gst_chat_roster_user_id (g_ptr_array_index (house.users,
            i));
    guint wanted = i <= GST_CHAT_SMALL_ROOM ? n_crowd :
        n_crowd + GST_CHAT_SMALL_ROOM;
    g_assert_cmpuint (GPOINTER_TO_UINT (g_hash_table_lookup (told, id)), ==,
        wanted);
  }
  house_close (&house);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/roster/presence", test_presence);
  g_test_add_func ("/roster/connections-change", test_connections_change);
  g_test_add_func ("/roster/rooms", test_rooms);
  g_test_add_func ("/roster/call", test_call);
  g_test_add_func ("/roster/answer-needs-call", test_answer_needs_call);
  g_test_add_func ("/roster/callers-are-bounded", test_callers_are_bounded);
  g_test_add_func ("/roster/extensions", test_extensions);
  g_test_add_func ("/roster/wrong", test_wrong);
  g_test_add_func ("/roster/many", test_many);
  g_test_add_func ("/roster/together", test_together);
  g_test_add_func ("/roster/gone-at-once", test_gone_at_once);
  g_test_add_func ("/roster/call-while-waiting", test_call_while_waiting);
  g_test_add_func ("/roster/crowd", test_crowd);
  return g_test_run ();
}
