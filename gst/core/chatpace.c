/* SPDX-License-Identifier: LGPL-2.1-or-later
 * How much of its bitrate a sender may use. */
#include "chatpace.h"

#include <string.h>

/* Less is what networks without wires lose anyway. */
#define LITTLE_LOSS 0.02
#define MUCH_LOSS 0.1
/* A line that is far too narrow is found at once, not by halves. */
#define FAR_TOO_MUCH 0.3
#define DEEPEST_CUT 0.4
#define GROWTH 1.08
/* µs; as long as packets wait longer, more would only wait as well. */
#define SHORT_QUEUE (30 * 1000)
/* Less than gets through, so that a queue goes. */
#define DRAIN 0.85
#define DEEPEST_DRAIN 0.5
#define STUBBORN 3
/* Headers count as well, and are not the encoder's. */
#define SLOWER 0.95
/* µs; what the encoder has begun goes out as it is. */
#define ENCODING (50 * 1000)

void
gst_chat_pace_init (GstChatPace * self)
{
  memset (self, 0, sizeof *self);
  self->share = 1;
  gst_chat_delay_init (&self->delay);
}

static gboolean
multiply (GstChatPace * self, gdouble factor)
{
  gdouble before = self->share;
  self->share = CLAMP (self->share * factor, GST_CHAT_PACE_LEAST, 1);
  return self->share != before;
}

/* What was lost. */
static gdouble
factor_of_loss (GstChatPace * self, gdouble loss)
{
  gboolean cut = loss > MUCH_LOSS && loss <= FAR_TOO_MUCH;
  /* Most of what is lost now was sent before. */
  gboolean known = self->has_slowed || (cut && self->has_cut);
  self->has_slowed = FALSE;
  self->has_cut = cut && !known;
  if (known)
    return 1;
  /* What is sent again makes it look worse than it is. */
  if (loss > FAR_TOO_MUCH)
    return MAX (1 - loss, DEEPEST_CUT);
  return cut ? 1 - loss / 2 : loss < LITTLE_LOSS ? GROWTH : 1;
}

/* A queue that was there before, and does not get shorter. */
static gdouble
factor_of_queue (GstChatPace * self)
{
  gint64 before = self->queue;
  self->queue = gst_chat_delay_get_queue (&self->delay);
  if (self->queue < GST_CHAT_DELAY_LONG || self->queue < before * 0.95) {
    self->stubborn = 0;
    return 1;
  }
  if (before < GST_CHAT_DELAY_LONG)
    return 1;
  /* Less makes no difference: then it is not ours, or none. */
  if (++self->stubborn > STUBBORN) {
    self->stubborn = 0;
    gst_chat_delay_accept (&self->delay);
    return 1;
  }
  return DRAIN;
}

gboolean
gst_chat_pace_report (GstChatPace * self, gdouble loss)
{
  gboolean has_slowed = self->has_slowed;
  gdouble by_loss = factor_of_loss (self, loss);
  gdouble by_queue = factor_of_queue (self);
  if (has_slowed || by_loss < 1)
    return multiply (self, by_loss);
  return multiply (self, self->queue < SHORT_QUEUE ? by_loss : by_queue);
}

/* A longer queue shall not take longer to go. */
static gdouble
drain_of (gint64 queue)
{
  return MAX (DRAIN - DRAIN * queue / G_USEC_PER_SEC, DEEPEST_DRAIN);
}

gboolean
gst_chat_pace_packet (GstChatPace * self, gint64 sent, gint64 came,
    guint bytes, gint64 now)
{
  if (!gst_chat_delay_packet (&self->delay, sent, came, bytes))
    return FALSE;
  gdouble passing = gst_chat_delay_get_passing (&self->delay);
  if (passing == 1)
    return FALSE;
  gdouble drain = drain_of (gst_chat_delay_get_queue (&self->delay));
  gdouble factor = MAX (drain * passing, DEEPEST_CUT);
  /* An encoder takes its time, and what is sent again is not its: what does get
   * through is the better measure. */
  if (self->bitrate > 0)
    factor = MAX (factor, drain * gst_chat_delay_get_rate (&self->delay)
        / (self->share * self->bitrate));
  gst_chat_delay_forget (&self->delay, now + ENCODING);
  self->has_slowed = TRUE;
  multiply (self, MIN (factor, SLOWER));
  return TRUE;
}
