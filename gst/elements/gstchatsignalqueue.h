/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The signals between the loop that receives them and the streaming thread:
 * bounded, and flushed for a state change. Any thread. */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* A consumer that is this far behind does not read at all. */
#define GST_CHAT_SIGNAL_QUEUE_MAX 1024
#define GST_CHAT_SIGNAL_QUEUE_MAX_BYTES (8 * 1024 * 1024)

typedef struct _GstChatSignalQueue GstChatSignalQueue;

GstChatSignalQueue *gst_chat_signal_queue_new (void);
void gst_chat_signal_queue_free (GstChatSignalQueue * queue);

/* Takes @text. FALSE: full, and @text is dropped; what is @local (few, and
 * without them a consumer would not know where it is) is always taken. */
gboolean gst_chat_signal_queue_push (GstChatSignalQueue * queue, gchar * text,
    gboolean local);
/* Waits. NULL: flushing. Transfer full. */
gchar *gst_chat_signal_queue_pop (GstChatSignalQueue * queue);
void gst_chat_signal_queue_set_flushing (GstChatSignalQueue * queue, gboolean flushing);
void gst_chat_signal_queue_clear (GstChatSignalQueue * queue);

G_END_DECLS
