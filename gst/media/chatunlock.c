/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Live sources that have missed that they stop.
 *
 * From GStreamer 1.24 on a live source that begins to play takes back the
 * unlocking of its last pause in its own thread, without a lock. Where it is
 * stopped just then it takes back that of the stop, waits in its create() for
 * data, and the state change waits for it: for ever, if nothing comes. */
#include "chatunlock.h"

#include <gst/base/gstbasesrc.h>

GST_DEBUG_CATEGORY_STATIC (chat_unlock_debug);
#define GST_CAT_DEFAULT chat_unlock_debug

#define PATIENCE (200 * G_TIME_SPAN_MILLISECOND)
#define INTERVAL (100 * G_TIME_SPAN_MILLISECOND)

struct _GstChatUnlocker
{
  GstBin *bin;
  GThread *thread;
  GMutex lock;
  GCond cond;
  gboolean stopped;             /* lock */
};

static void
unlock_source (const GValue * item, gpointer unused)
{
  GstElement *element = g_value_get_object (item);

  if (!GST_IS_BASE_SRC (element))
    return;
  GstBaseSrcClass *klass = GST_BASE_SRC_GET_CLASS (element);
  if (klass->unlock)
    klass->unlock (GST_BASE_SRC (element));
}

static gpointer
unlocker_thread (gpointer data)
{
  GstChatUnlocker *self = data;
  gint64 next = g_get_monotonic_time () + PATIENCE;

  g_mutex_lock (&self->lock);
  while (!self->stopped) {
    if (g_cond_wait_until (&self->cond, &self->lock, next))
      continue;
    g_mutex_unlock (&self->lock);
    GST_DEBUG_OBJECT (self->bin, "unlocking its sources again");
    GstIterator *all = gst_bin_iterate_recurse (self->bin);
    while (gst_iterator_foreach (all, unlock_source, NULL) ==
        GST_ITERATOR_RESYNC)
      gst_iterator_resync (all);
    gst_iterator_free (all);
    g_mutex_lock (&self->lock);
    next = g_get_monotonic_time () + INTERVAL;
  }
  g_mutex_unlock (&self->lock);
  return NULL;
}

GstChatUnlocker *
gst_chat_unlocker_new (GstBin * bin)
{
  GstChatUnlocker *self = g_new0 (GstChatUnlocker, 1);

  GST_DEBUG_CATEGORY_INIT (chat_unlock_debug, "chatunlock", 0,
      "chat: sources that do not stop");
  self->bin = bin;
  g_mutex_init (&self->lock);
  g_cond_init (&self->cond);
  self->thread = g_thread_new ("chat-unlock", unlocker_thread, self);
  return self;
}

void
gst_chat_unlocker_free (GstChatUnlocker * self)
{
  g_mutex_lock (&self->lock);
  self->stopped = TRUE;
  g_cond_signal (&self->cond);
  g_mutex_unlock (&self->lock);
  g_thread_join (self->thread);
  g_cond_clear (&self->cond);
  g_mutex_clear (&self->lock);
  g_free (self);
}
