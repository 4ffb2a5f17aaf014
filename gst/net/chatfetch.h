/* SPDX-License-Identifier: LGPL-2.1-or-later
 * One HTTP request whose answer is read up to a bound. */
#pragma once

#include "chatloop.h"
#include <libsoup/soup.h>

G_BEGIN_DECLS

/* @body: NULL on an error. @user_data as given. */
typedef void (*GstChatFetchFunc) (SoupMessage * message, GBytes * body,
    const GError * error, gpointer user_data);

/* Sends @message and reads at most @max_bytes of its answer, whatever the
 * status; more is GST_CHAT_ERROR_LIMIT. Holds the loop until @func has come,
 * which it does in every case, and soon after @cancellable is cancelled.
 * Loop thread. */
void gst_chat_fetch_in_loop (GstChatLoop * loop, SoupSession * soup,
    SoupMessage * message, gsize max_bytes, GCancellable * cancellable,
    GstChatFetchFunc func, gpointer user_data);

G_END_DECLS
