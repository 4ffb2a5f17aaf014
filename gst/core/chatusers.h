/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Who is online, as a client knows it: lists of users merged into one. Pure. */
#pragma once

#include "chatmessage.h"

G_BEGIN_DECLS

typedef struct _GstChatUsers GstChatUsers;

GstChatUsers *gst_chat_users_new (void);
void gst_chat_users_free (GstChatUsers * users);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstChatUsers, gst_chat_users_free)

typedef enum {
  GST_CHAT_USERS_SAME,          /* known already, or no room for more */
  GST_CHAT_USERS_ADDED,
  GST_CHAT_USERS_RENAMED,
} GstChatUsersChange;

/* A name replaces the one known before; NULL does not. At most
 * GST_CHAT_MAX_USERS are kept. */
GstChatUsersChange gst_chat_users_add (GstChatUsers * users, const gchar * id,
    const gchar * name);
/* FALSE: not known. */
gboolean gst_chat_users_remove (GstChatUsers * users, const gchar * id);

/* In the order of their coming; @index < n. NULL name: not known. */
guint gst_chat_users_get_n (const GstChatUsers * users);
const GstChatUser *gst_chat_users_get (const GstChatUsers * users, guint index);

G_END_DECLS
