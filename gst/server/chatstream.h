/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The bytes of one connection that HTTP has given up: a plain socket in the
 * poller, or what lies upon one, such as TLS. */
#pragma once

#include "chatpoller.h"

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _GstChatStream GstChatStream;

/* Part of its owner; to be read, none of it to be changed. */
struct _GstChatStream {
  GstChatPoller *poller;
  GstChatWatch watch;           /* fd -1: not a plain socket, or closed */
  GIOStream *io;                /* where it is not a plain socket; else NULL */
  GSource *in_source, *out_source;
  GBytes *early;                /* what came while it was libsoup's; NULL: nothing */
  GstChatTask early_task;
  /* From the loop. */
  void (*readable) (GstChatStream * stream);
  void (*writable) (GstChatStream * stream);    /* while it is wanted */
};

/* What reading and writing say beside a number of bytes. */
#define GST_CHAT_STREAM_AGAIN (-1)
#define GST_CHAT_STREAM_BROKEN (-2)

/* Takes a plain socket out of @io, which is then of no more use. */
void gst_chat_stream_open (GstChatStream * stream, GstChatPoller * poller,
    GIOStream * io);
/* Tells nothing any more. Once or more. */
void gst_chat_stream_close (GstChatStream * stream);

/* 0: the other has ended it. */
gssize gst_chat_stream_read (GstChatStream * stream, gpointer data, gsize len);
gssize gst_chat_stream_write (GstChatStream * stream, gconstpointer data,
    gsize len);
void gst_chat_stream_want_writable (GstChatStream * stream, gboolean wanted);

G_END_DECLS
