/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Whether a queue grows on the way to the remote. */
#include "chatdelay.h"

#include <string.h>

/* A few packets of sound, and of two or three frames. */
#define SLOT (100 * 1000)
#define PAUSE G_USEC_PER_SEC
/* Clocks drift. */
#define BASE_PERIOD (30 * G_USEC_PER_SEC)
#define GROWTH_AT_LEAST (15 * 1000)
#define TIMES_NOISE 4
#define NOISE_WEIGHT 16
/* In a long queue: it is full. */
#define MUCH_LOSS 0.1

/* No packet has come in it yet. */
static const GstChatDelaySlot empty = {.delay = G_MAXINT64 };

void
gst_chat_delay_init (GstChatDelay * self)
{
  memset (self, 0, sizeof *self);
  self->base_begin = self->ignored_until = G_MININT64;
  self->base = self->base_before = G_MAXINT64;
  self->current = empty;
}

static void
take_base (GstChatDelay * self, gint64 sent, gint64 delay)
{
  if (self->base_begin == G_MININT64 || sent - self->base_begin > BASE_PERIOD) {
    self->base_begin = sent;
    self->base_before = self->base;
    self->base = delay;
  }
  self->base = MIN (self->base, delay);
}

static void
end_slot (GstChatDelay * self)
{
  memmove (self->slots + 1, self->slots,
      sizeof self->slots - sizeof self->slots[0]);
  self->slots[0] = self->current;
  self->current = empty;
  self->n_slots = MIN (self->n_slots + 1, GST_CHAT_DELAY_SLOTS);
  if (self->n_slots > 1)
    self->noise += (ABS (self->slots[0].delay - self->slots[1].delay)
        - self->noise) / NOISE_WEIGHT;
}

gboolean
gst_chat_delay_packet (GstChatDelay * self, gint64 sent, gint64 came,
    guint bytes)
{
  GstChatDelaySlot *current = &self->current;
  gboolean lost = came == GST_CHAT_DELAY_LOST, full = FALSE;

  if (!lost)
    take_base (self, sent, came - sent);
  if (sent < self->ignored_until)
    return FALSE;
  if (current->came + current->lost == 0) {
    current->begin = sent;
  } else if (current->came > 0 && sent - current->begin >= SLOT) {
    end_slot (self);
    /* Nothing was sent for a while: what was before says nothing. */
    if (sent - self->last_sent >= PAUSE)
      self->n_slots = 1;
    current->begin = sent;
    full = TRUE;
  }
  self->last_sent = sent;
  if (lost) {
    current->lost++;
  } else {
    current->came++;
    current->bytes += bytes;
    current->delay = MIN (current->delay, came - sent);
  }
  return full;
}

gint64
gst_chat_delay_get_queue (const GstChatDelay * self)
{
  return self->n_slots == 0 ? 0 :
      self->slots[0].delay - MIN (self->base, self->base_before);
}

static gboolean
is_growing (const GstChatDelay * self)
{
  const GstChatDelaySlot *slots = self->slots;
  return slots[0].delay > slots[1].delay && slots[1].delay > slots[2].delay
      && slots[0].delay - slots[self->n_slots - 1].delay >=
      MAX (GROWTH_AT_LEAST, TIMES_NOISE * self->noise);
}

/* How much longer what was sent in the latest slots takes to come. */
static gdouble
stretch (const GstChatDelay * self)
{
  const GstChatDelaySlot *slots = self->slots;
  gdouble apart = slots[0].begin - slots[2].begin;
  return MAX (1 + (slots[0].delay - slots[2].delay) / apart, 1);
}

gdouble
gst_chat_delay_get_passing (const GstChatDelay * self)
{
  const GstChatDelaySlot *slots = self->slots;
  if (self->n_slots < 3
      || gst_chat_delay_get_queue (self) < GST_CHAT_DELAY_LONG)
    return 1;
  guint lost = slots[0].lost + slots[1].lost + slots[2].lost;
  guint came = slots[0].came + slots[1].came + slots[2].came;
  gdouble passing = 1 - (gdouble) lost / (lost + came);
  gboolean growing = is_growing (self);
  if (passing > 1 - MUCH_LOSS && !growing)
    return 1;
  return growing ? passing / stretch (self) : passing;
}

gdouble
gst_chat_delay_get_rate (const GstChatDelay * self)
{
  const GstChatDelaySlot *slots = self->slots;
  if (self->n_slots < 3)
    return 0;
  guint bytes = slots[0].bytes + slots[1].bytes + slots[2].bytes;
  gdouble sent_in = self->current.begin - slots[2].begin;
  return bytes * 8.0 * G_USEC_PER_SEC / (sent_in * stretch (self));
}

void
gst_chat_delay_forget (GstChatDelay * self, gint64 sent)
{
  self->ignored_until = sent;
  self->current = empty;
  self->n_slots = 0;
}

void
gst_chat_delay_accept (GstChatDelay * self)
{
  if (self->n_slots > 0)
    self->base = self->base_before = self->slots[0].delay;
}
