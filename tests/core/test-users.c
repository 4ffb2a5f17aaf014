/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Lists of users are merged into one. */
#include "chatusers.h"
#include "chatlimits.h"

static void
assert_user (GstChatUsers * users, guint index, const gchar * id,
    const gchar * name)
{
  const GstChatUser *user = gst_chat_users_get (users, index);
  g_assert_cmpstr (user->id, ==, id);
  g_assert_cmpstr (user->name, ==, name);
}

static void
test_merge (void)
{
  g_autoptr (GstChatUsers) users = gst_chat_users_new ();
  g_assert_cmpint (gst_chat_users_add (users, "b", NULL), ==,
      GST_CHAT_USERS_ADDED);
  g_assert_cmpint (gst_chat_users_add (users, "a", "Anna"), ==,
      GST_CHAT_USERS_ADDED);
  g_assert_cmpint (gst_chat_users_add (users, "b", NULL), ==,
      GST_CHAT_USERS_SAME);
  g_assert_cmpint (gst_chat_users_add (users, "a", NULL), ==,
      GST_CHAT_USERS_SAME);
  g_assert_cmpint (gst_chat_users_add (users, "a", "Anna"), ==,
      GST_CHAT_USERS_SAME);
  g_assert_cmpint (gst_chat_users_add (users, "b", "Bert"), ==,
      GST_CHAT_USERS_RENAMED);
  g_assert_cmpint (gst_chat_users_add (users, "c", NULL), ==,
      GST_CHAT_USERS_ADDED);
  g_assert_cmpuint (gst_chat_users_get_n (users), ==, 3);
  assert_user (users, 0, "b", "Bert");
  assert_user (users, 1, "a", "Anna");
  assert_user (users, 2, "c", NULL);
}

static void
test_remove (void)
{
  g_autoptr (GstChatUsers) users = gst_chat_users_new ();
  g_assert_false (gst_chat_users_remove (users, "a"));
  gst_chat_users_add (users, "a", NULL);
  gst_chat_users_add (users, "b", NULL);
  g_assert_true (gst_chat_users_remove (users, "a"));
  g_assert_false (gst_chat_users_remove (users, "a"));
  g_assert_cmpuint (gst_chat_users_get_n (users), ==, 1);
  assert_user (users, 0, "b", NULL);
  g_assert_cmpint (gst_chat_users_add (users, "a", NULL), ==,
      GST_CHAT_USERS_ADDED);
}

static void
test_limit (void)
{
  g_autoptr (GstChatUsers) users = gst_chat_users_new ();
  for (guint i = 0; i < GST_CHAT_MAX_USERS + 10; i++) {
    gchar id[16];
    g_snprintf (id, sizeof id, "u%u", i);
    g_assert_cmpint (gst_chat_users_add (users, id, NULL), ==,
        i < GST_CHAT_MAX_USERS ? GST_CHAT_USERS_ADDED : GST_CHAT_USERS_SAME);
  }
  g_assert_cmpuint (gst_chat_users_get_n (users), ==, GST_CHAT_MAX_USERS);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/users/merge", test_merge);
  g_test_add_func ("/users/remove", test_remove);
  g_test_add_func ("/users/limit", test_limit);
  return g_test_run ();
}
