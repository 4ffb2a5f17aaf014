/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Whether a queue grows on the way to the remote, by when its packets left and
 * came: the delay-based half of congestion control. Finds out before anything is
 * lost, and how much gets through. Pure. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define GST_CHAT_DELAY_SLOTS 5
/* µs; a shorter queue is not worth a worse picture. */
#define GST_CHAT_DELAY_LONG (60 * 1000)

/* What was sent in some time. Of its delays the least: a queue that stands is in
 * all of them, jitter and the burst of a large frame are not. */
typedef struct {
  gint64 begin;                 /* µs of the sender's clock */
  gint64 delay;                 /* µs */
  guint came, lost;             /* packets */
  guint bytes;                  /* that came */
} GstChatDelaySlot;

/* Plain data. */
typedef struct {
  GstChatDelaySlot current;
  GstChatDelaySlot slots[GST_CHAT_DELAY_SLOTS]; /* the latest first */
  guint n_slots;
  gint64 noise;                 /* µs; how much one differs from the next, a mean */
  gint64 base_begin;            /* what an empty line takes: the least of two periods */
  gint64 base, base_before;
  gint64 last_sent, ignored_until;      /* µs of the sender's clock */
} GstChatDelay;

void gst_chat_delay_init (GstChatDelay * delay);

/* A packet that was sent. @sent and @came: µs, each by a monotonic clock of its
 * own; @came GST_CHAT_DELAY_LOST: it did not. @bytes: what get_rate() counts of
 * it. TRUE: a slot is full, and the functions below say something new. */
gboolean gst_chat_delay_packet (GstChatDelay * delay, gint64 sent, gint64 came, guint bytes);
#define GST_CHAT_DELAY_LOST G_MININT64

/* How much of what is sent gets through, 0 to 1, while the queue grows or is
 * full; 1: it is neither. */
gdouble gst_chat_delay_get_passing (const GstChatDelay * delay);
/* bit/s that come; 0: not known yet. */
gdouble gst_chat_delay_get_rate (const GstChatDelay * delay);
/* µs that a packet waits; 0: not known yet. */
gint64 gst_chat_delay_get_queue (const GstChatDelay * delay);

/* What was sent before @sent no longer counts: less is sent from then on. */
void gst_chat_delay_forget (GstChatDelay * delay, gint64 sent);
/* What waits now is no queue, the way has become longer. */
void gst_chat_delay_accept (GstChatDelay * delay);

G_END_DECLS
