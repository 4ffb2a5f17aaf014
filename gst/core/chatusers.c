/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Who is online, as a client knows it. */
#include "chatusers.h"
#include "chatlimits.h"

struct _GstChatUsers
{
  GPtrArray *list;              /* GstChatUser, owned */
  GHashTable *by_id;            /* its id → GstChatUser */
};

static void
user_free (gpointer user)
{
  gst_chat_user_free (user);
}

GstChatUsers *
gst_chat_users_new (void)
{
  GstChatUsers *users = g_new0 (GstChatUsers, 1);
  users->list = g_ptr_array_new_with_free_func (user_free);
  users->by_id = g_hash_table_new (g_str_hash, g_str_equal);
  return users;
}

void
gst_chat_users_free (GstChatUsers * users)
{
  g_hash_table_unref (users->by_id);
  g_ptr_array_unref (users->list);
  g_free (users);
}

GstChatUsersChange
gst_chat_users_add (GstChatUsers * users, const gchar * id, const gchar * name)
{
  GstChatUser *user = g_hash_table_lookup (users->by_id, id);
  if (user) {
    if (!name || g_strcmp0 (user->name, name) == 0)
      return GST_CHAT_USERS_SAME;
    g_free (user->name);
    user->name = g_strdup (name);
    return GST_CHAT_USERS_RENAMED;
  }
  if (users->list->len >= GST_CHAT_MAX_USERS)
    return GST_CHAT_USERS_SAME;
  user = gst_chat_user_new (id, name);
  g_ptr_array_add (users->list, user);
  g_hash_table_insert (users->by_id, user->id, user);
  return GST_CHAT_USERS_ADDED;
}

gboolean
gst_chat_users_remove (GstChatUsers * users, const gchar * id)
{
  GstChatUser *user = g_hash_table_lookup (users->by_id, id);
  if (!user)
    return FALSE;
  g_hash_table_remove (users->by_id, id);
  g_ptr_array_remove (users->list, user);
  return TRUE;
}

guint
gst_chat_users_get_n (const GstChatUsers * users)
{
  return users->list->len;
}

const GstChatUser *
gst_chat_users_get (const GstChatUsers * users, guint index)
{
  g_return_val_if_fail (index < users->list->len, NULL);
  return g_ptr_array_index (users->list, index);
}
