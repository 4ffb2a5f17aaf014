/* SPDX-License-Identifier: LGPL-2.1-or-later
 * How much of its bitrate a sender may use, by what the remote reports as lost:
 * the loss-based half of Google's congestion control
 * (draft-ietf-rmcat-gcc-02, section 6). Pure. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Plain data. */
typedef struct {
  gdouble share;                /* GST_CHAT_PACE_LEAST to 1, of the bitrate */
  gboolean has_cut;             /* the last time */
} GstChatPace;

#define GST_CHAT_PACE_LEAST 0.1

void gst_chat_pace_init (GstChatPace * pace);
/* Once a second or so. @loss: 0 to 1, of what was sent since the last time. TRUE:
 * the share is another one now. */
gboolean gst_chat_pace_report (GstChatPace * pace, gdouble loss);

G_END_DECLS
