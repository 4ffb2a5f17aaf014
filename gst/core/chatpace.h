/* SPDX-License-Identifier: LGPL-2.1-or-later
 * How much of its bitrate a sender may use, by what the remote reports as lost
 * and by the queue in the network: both halves of congestion control, after
 * draft-ietf-rmcat-gcc-02. Pure. */
#pragma once

#include "chatdelay.h"

G_BEGIN_DECLS

/* Plain data. */
typedef struct {
  gdouble share;                /* GST_CHAT_PACE_LEAST to 1, of the bitrate */
  guint bitrate;                /* bit/s, set by the caller; 0: not known */
  gboolean has_cut;             /* the last time */
  gboolean has_slowed;          /* since the last time */
  GstChatDelay delay;
  gint64 queue;                 /* µs, the last time */
  guint stubborn;               /* how often it stood though less was sent */
} GstChatPace;

#define GST_CHAT_PACE_LEAST 0.1

void gst_chat_pace_init (GstChatPace * pace);
/* Once a second or so. @loss: 0 to 1, of what was sent since the last time. TRUE:
 * the share is another one now. */
gboolean gst_chat_pace_report (GstChatPace * pace, gdouble loss);
/* For each packet, as gst_chat_delay_packet(). @bytes: of what has the bitrate,
 * else 0. @now: the clock of @sent. TRUE: too much is sent, and the share is less
 * now, or the least. */
gboolean gst_chat_pace_packet (GstChatPace * pace, gint64 sent, gint64 came,
    guint bytes, gint64 now);

G_END_DECLS
