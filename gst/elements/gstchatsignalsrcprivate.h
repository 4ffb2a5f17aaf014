/* SPDX-License-Identifier: LGPL-2.1-or-later
 * What the two halves of chatsignalsrc share: the element as GStreamer sees it
 * (gstchatsignalsrc.c) and its connection (gstchatsignallink.c). */
#pragma once

#include "gstchatsignalsrc.h"
#include "gstchatsignalqueue.h"

#include "chatsoup.h"
#include "chatusers.h"

G_BEGIN_DECLS

GST_DEBUG_CATEGORY_EXTERN (gst_chat_signal_src_debug);

struct _GstChatSignalSrc
{
  GstPushSrc parent;

  GstChatSocketConfig config;   /* OBJECT_LOCK; copied at start */
  gboolean run_server;          /* OBJECT_LOCK */
  GstChatSignalState state;     /* OBJECT_LOCK */
  gchar *peer_id;               /* OBJECT_LOCK; NULL while not connected */
  GstChatUsers *users;          /* OBJECT_LOCK; written in the loop thread only */

  GstChatSignalQueue *queue;    /* constant after construction */
  const GstChatSoup *soup;      /* constant above NULL */
  GstChatLoop *loop;            /* OBJECT_LOCK; NULL while stopped */

  /* loop thread, while it runs */
  GstChatSocketClient *client;
  GstChatServer *server;
  GSource *progress_timer;
  gboolean progress_open;
  gboolean was_connected;       /* once since the start */
  gchar *last_warning;
  guint dropped;                /* signals, because nobody reads */
};

/* From NULL; posts an error where it cannot be. */
gboolean gst_chat_signal_src_open (GstChatSignalSrc * self);
gboolean gst_chat_signal_src_start (GstBaseSrc * src);
gboolean gst_chat_signal_src_stop (GstBaseSrc * src);
/* Any thread; only posts. @data: a JSON object, or NULL. FALSE: not connected,
 * or nothing that can be sent. */
gboolean gst_chat_signal_src_send (GstChatSignalSrc * self,
    const gchar * event, const gchar * data);
const gchar *gst_chat_signal_state_get_nick (GstChatSignalState state);

G_END_DECLS
