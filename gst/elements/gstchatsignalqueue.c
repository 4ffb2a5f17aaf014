/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The signals between the loop and the streaming thread. */
#include "gstchatsignalqueue.h"

#include <string.h>

struct _GstChatSignalQueue
{
  GMutex lock;
  GCond changed;
  GQueue texts;                 /* lock; gchar, owned */
  gsize bytes;                  /* lock */
  gboolean flushing;            /* lock */
};

GstChatSignalQueue *
gst_chat_signal_queue_new (void)
{
  GstChatSignalQueue *queue = g_new0 (GstChatSignalQueue, 1);
  g_mutex_init (&queue->lock);
  g_cond_init (&queue->changed);
  g_queue_init (&queue->texts);
  return queue;
}

void
gst_chat_signal_queue_free (GstChatSignalQueue * queue)
{
  g_queue_clear_full (&queue->texts, g_free);
  g_mutex_clear (&queue->lock);
  g_cond_clear (&queue->changed);
  g_free (queue);
}

gboolean
gst_chat_signal_queue_push (GstChatSignalQueue * queue, gchar * text,
    gboolean local)
{
  gsize len = strlen (text);
  g_mutex_lock (&queue->lock);
  gboolean room = local || (queue->texts.length < GST_CHAT_SIGNAL_QUEUE_MAX
      && queue->bytes + len <= GST_CHAT_SIGNAL_QUEUE_MAX_BYTES);
  if (room) {
    g_queue_push_tail (&queue->texts, text);
    queue->bytes += len;
    g_cond_signal (&queue->changed);
  }
  g_mutex_unlock (&queue->lock);
  if (!room)
    g_free (text);
  return room;
}

gchar *
gst_chat_signal_queue_pop (GstChatSignalQueue * queue)
{
  gchar *text = NULL;
  g_mutex_lock (&queue->lock);
  while (!queue->flushing && queue->texts.length == 0)
    g_cond_wait (&queue->changed, &queue->lock);
  if (!queue->flushing) {
    text = g_queue_pop_head (&queue->texts);
    queue->bytes -= strlen (text);
  }
  g_mutex_unlock (&queue->lock);
  return text;
}

void
gst_chat_signal_queue_set_flushing (GstChatSignalQueue * queue,
    gboolean flushing)
{
  g_mutex_lock (&queue->lock);
  queue->flushing = flushing;
  g_cond_signal (&queue->changed);
  g_mutex_unlock (&queue->lock);
}

void
gst_chat_signal_queue_clear (GstChatSignalQueue * queue)
{
  g_mutex_lock (&queue->lock);
  g_queue_clear_full (&queue->texts, g_free);
  queue->bytes = 0;
  g_mutex_unlock (&queue->lock);
}
