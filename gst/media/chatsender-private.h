/* SPDX-License-Identifier: LGPL-2.1-or-later
 * What the files of GstChatSender share. */
#pragma once

#include "chatsender.h"

G_BEGIN_DECLS

/* Who hears of failures in one call. Atomic reference count. */
typedef struct {
  GstChatSenderFailed failed;
  gpointer user_data;
  GDestroyNotify notify;
} GstChatSenderListener;

void gst_chat_sender_listener_unref (GstChatSenderListener * listener);

/* What encoders are told, also those of a call that is being taken down. Atomic
 * reference count. */
typedef struct {
  GstChatKind kind;             /* constant */
  gint bitrate;                 /* bit/s, 0: default; atomic, as the next two */
  gint least;                   /* bit/s, whatever the share */
  gint share;                   /* of the bitrate, in thousandths */
} GstChatSenderTarget;

struct _GstChatSender {
  GstBin *bin;                  /* not a reference: it owns us; constant after
                                   construction, as the next nine */
  GstChatKind kind;
  gchar *name;
  const GstChatSenderCallbacks *callbacks;
  gpointer user_data;
  GstElement *entrance;
  GstPad *sinkpad;
  GstPad *srcpad;
  GstChatSenderTarget *target;

  GMutex lock;
  GstChatSenderListener *listener;      /* lock */
  GstElement *encoder;          /* lock */
  const GstChatEncoder *line;   /* lock */

  /* Of one call; whoever attaches and detaches, one at a time. */
  gboolean encoded;             /* the input is */
  GstBin *encode;               /* a GstChatFence: from the input to encoded media */
  GstPad *encode_src;
  GstPad *call_sink;            /* of the call's bin, in front of the payloader */
};

/* The codec of input that is encoded already; NULL: it is raw, or not known. */
const GstChatCodec *gst_chat_sender_find_encoded_codec (GstChatSender * sender);
void gst_chat_sender_update_bitrate (GstChatSender * sender);
void gst_chat_sender_update_keyframes (GstChatSender * sender);
void gst_chat_sender_dismiss_branch (GstChatSender * sender);

G_END_DECLS
