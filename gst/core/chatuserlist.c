/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The text of update-user-list. */
#include "chatuserlist.h"

#include "chatjsonwalk.h"

#define FULL_BYTES (32 * 1024)

void
gst_chat_user_list_init (GstChatUserList * list)
{
  list->ids = g_string_new (NULL);
  list->names = g_string_new (NULL);
  list->marks = g_array_new (FALSE, FALSE, sizeof (GstChatUserListMark));
}

void
gst_chat_user_list_clear (GstChatUserList * list)
{
  g_string_free (list->ids, TRUE);
  g_string_free (list->names, TRUE);
  g_array_unref (list->marks);
}

void
gst_chat_user_list_reset (GstChatUserList * list)
{
  g_string_truncate (list->ids, 0);
  g_string_truncate (list->names, 0);
  g_array_set_size (list->marks, 0);
}

void
gst_chat_user_list_add (GstChatUserList * list, const gchar * id,
    const gchar * name)
{
  gst_chat_json_append_string (list->ids, id);
  g_string_append_c (list->ids, ',');
  if (name != NULL) {
    gst_chat_json_append_string (list->names, id);
    g_string_append_c (list->names, ':');
    gst_chat_json_append_string (list->names, name);
    g_string_append_c (list->names, ',');
  }
  GstChatUserListMark mark = { list->ids->len, list->names->len };
  g_array_append_val (list->marks, mark);
}

guint
gst_chat_user_list_size (const GstChatUserList * list)
{
  return list->marks->len;
}

gboolean
gst_chat_user_list_is_full (const GstChatUserList * list)
{
  return list->ids->len + list->names->len >= FULL_BYTES;
}

/* @from without what is between @begin and @end, and without the last comma. */
static void
append_part (GString * text, const GString * from, gsize begin, gsize end)
{
  gsize before = text->len;
  g_string_append_len (text, from->str, (gssize) begin);
  g_string_append_len (text, from->str + end, (gssize) (from->len - end));
  if (text->len > before)
    g_string_truncate (text, text->len - 1);
}

static GBytes *
build (const GstChatUserList * list, GstChatUserListMark begin,
    GstChatUserListMark end)
{
  GString *text = g_string_sized_new (list->ids->len + list->names->len + 64);
  g_string_append (text, "42[\"update-user-list\",{\"users\":[");
  append_part (text, list->ids, begin.ids_end, end.ids_end);
  g_string_append_c (text, ']');
  if (list->names->len > end.names_end - begin.names_end) {
    g_string_append (text, ",\"names\":{");
    append_part (text, list->names, begin.names_end, end.names_end);
    g_string_append_c (text, '}');
  }
  g_string_append (text, "}]");
  return g_string_free_to_bytes (text);
}

GBytes *
gst_chat_user_list_frame (const GstChatUserList * list)
{
  GstChatUserListMark none = { 0, 0 };
  return build (list, none, none);
}

GBytes *
gst_chat_user_list_frame_without (const GstChatUserList * list, guint index)
{
  g_return_val_if_fail (index < list->marks->len, NULL);
  GstChatUserListMark begin = { 0, 0 };
  if (index > 0)
    begin = g_array_index (list->marks, GstChatUserListMark, index - 1);
  return build (list, begin, g_array_index (list->marks, GstChatUserListMark,
          index));
}
