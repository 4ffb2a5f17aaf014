/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Going through the members of a JSON object's raw text, in one pass. Pure. */
#pragma once

#include "chatjsonscan.h"

G_BEGIN_DECLS

/* @rest starts as an object that gst_chat_json_check() has passed and is moved
 * behind the member. @name is the raw JSON string, quotes included. FALSE at
 * the end, and for what is no object. */
gboolean gst_chat_json_next_member (GstChatSlice * rest, GstChatSlice * name,
    GstChatSlice * value);

/* Appends the members of @object, raw, except those called one of @except
 * (NULL-terminated); a comma in front of each but a first one behind `{`. */
void gst_chat_json_copy_members (GString * out, GstChatSlice object,
    const gchar * const *except);

G_END_DECLS
