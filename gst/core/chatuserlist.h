/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The text of update-user-list: for all alike, and for one of those in it. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
  gsize ids_end;                /* in the list's ids */
  gsize names_end;              /* in the list's names */
} GstChatUserListMark;

/* A list under construction; ids and names grow side by side. Each entry ends
 * in a comma, where the next one begins. */
typedef struct {
  GString *ids;
  GString *names;
  GArray *marks;                /* GstChatUserListMark, one for each entry */
} GstChatUserList;

void gst_chat_user_list_init (GstChatUserList * list);
void gst_chat_user_list_clear (GstChatUserList * list);
/* Empties it. */
void gst_chat_user_list_reset (GstChatUserList * list);

/* @name: NULL for none. */
void gst_chat_user_list_add (GstChatUserList * list, const gchar * id,
    const gchar * name);
guint gst_chat_user_list_size (const GstChatUserList * list);
/* It is as large as one message should be: many WebSocket clients stop at 128
 * KiB, and a JSON object may have so many members. A list adds, so that several
 * messages are as good as one. */
gboolean gst_chat_user_list_is_full (const GstChatUserList * list);

/* The whole packet, `42["update-user-list",{…}]`. */
GBytes *gst_chat_user_list_frame (const GstChatUserList * list);
/* The same without the entry at @index: what that one is sent itself. */
GBytes *gst_chat_user_list_frame_without (const GstChatUserList * list,
    guint index);

G_END_DECLS
