/* SPDX-License-Identifier: LGPL-2.1-or-later
 * A thread with its own GMainContext, and posting to it. GLib only. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _GstChatLoop GstChatLoop;
typedef void (*GstChatLoopFunc) (gpointer data);

/* Starts the thread; returns when its loop runs. Atomic reference count; the
 * last unref stops it, from whichever thread it comes. */
GstChatLoop *gst_chat_loop_new (const gchar * thread_name);
GstChatLoop *gst_chat_loop_ref (GstChatLoop * loop);
void gst_chat_loop_unref (GstChatLoop * loop);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstChatLoop, gst_chat_loop_unref)

/* Quits and joins the thread, after everything posted before has run and every
 * hold is released; what is posted later is dropped (its @destroy still runs).
 * Timeouts still outstanding are destroyed. Not from the loop's own thread,
 * and with no lock held that a posted function may want. Any number of times,
 * from any number of threads. */
void gst_chat_loop_stop (GstChatLoop * loop);

/* Runs @func in the loop's thread, in the order of posting, never at once even
 * from that thread itself. Any thread. @destroy (may be NULL) runs once in
 * every case: behind @func in the loop's thread, or in the caller's where this
 * returns FALSE: the loop has stopped. */
gboolean gst_chat_loop_post (GstChatLoop * loop, GstChatLoopFunc func,
    gpointer data, GDestroyNotify destroy);
/* The same, and waits until it has run; at once where the caller is the loop. */
gboolean gst_chat_loop_call (GstChatLoop * loop, GstChatLoopFunc func,
    gpointer data);
/* Like post, after @milliseconds of monotonic time; the source can be
 * destroyed with g_source_destroy(). Loop thread only. Returns a reference. */
GSource *gst_chat_loop_add_timeout (GstChatLoop * loop, guint milliseconds,
    GstChatLoopFunc func, gpointer data, GDestroyNotify destroy)
    G_GNUC_WARN_UNUSED_RESULT;

/* While something is held, a stopping loop goes on: sources and timeouts run,
 * posts are refused. For a good-bye that needs the network; whoever holds
 * bounds the time. Loop thread only. */
void gst_chat_loop_hold_in_loop (GstChatLoop * loop);
void gst_chat_loop_release_in_loop (GstChatLoop * loop);

gboolean gst_chat_loop_is_current (GstChatLoop * loop);
/* Lives as long as the loop; thread-default in the loop's thread. */
GMainContext *gst_chat_loop_get_context (GstChatLoop * loop);

G_END_DECLS
