/* SPDX-License-Identifier: LGPL-2.1-or-later
 * A bin out of which no error leaves: what fails inside ends a call, not the
 * pipeline. */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_CHAT_FENCE (gst_chat_fence_get_type ())
G_DECLARE_FINAL_TYPE (GstChatFence, gst_chat_fence, GST, CHAT_FENCE, GstBin)

/* @error: what the element posted. Any thread; post and return. */
typedef void (*GstChatFenceFailed) (const GError * error, gpointer user_data);

/* Floating. @notify frees @user_data with the fence, or at disarm. */
GstBin *gst_chat_fence_new (const gchar * name, GstChatFenceFailed failed,
    gpointer user_data, GDestroyNotify notify);
/* Errors are dropped from now on, without a word to anybody. */
void gst_chat_fence_disarm (GstChatFence * fence);

/* Takes @fence out of its parent now, and to NULL in another thread. @first (may
 * be NULL), a child of it, goes to NULL before the rest; @before (may be NULL) is
 * called there with it, while it still runs. Takes the reference that the parent
 * had; never blocks. */
void gst_chat_fence_dismiss (GstBin * fence, GstElement * first,
    gboolean (*before) (GstElement * first));
/* Waits until all that was dismissed from @parent has stopped; FALSE: not in
 * @milliseconds. Not in a thread that has to stop for that. */
gboolean gst_chat_fence_wait (GstBin * parent, guint milliseconds);

G_END_DECLS
