/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Many timers for the price of one. Each lies in the slot of the moment when it
 * is due, of those that the wheel has; what is due in a later round stays. */
#include "chattimers.h"

#define SLOTS 128

struct _GstChatTimers
{
  gint64 resolution;
  gint64 turned_to;             /* the moment whose slot was looked at last */
  GstChatTimer slots[SLOTS];    /* heads of rings */
};

static void
ring_init (GstChatTimer * head)
{
  head->next = head->prev = head;
}

static void
ring_add (GstChatTimer * head, GstChatTimer * timer)
{
  timer->next = head;
  timer->prev = head->prev;
  head->prev->next = timer;
  head->prev = timer;
}

GstChatTimers *
gst_chat_timers_new (gint64 resolution, gint64 now)
{
  g_return_val_if_fail (resolution > 0, NULL);
  GstChatTimers *timers = g_new0 (GstChatTimers, 1);
  timers->resolution = resolution;
  timers->turned_to = now / resolution;
  for (guint i = 0; i < SLOTS; i++)
    ring_init (&timers->slots[i]);
  return timers;
}

void
gst_chat_timer_stop (GstChatTimer * timer)
{
  if (timer->next == NULL)
    return;
  timer->prev->next = timer->next;
  timer->next->prev = timer->prev;
  timer->next = timer->prev = NULL;
}

void
gst_chat_timers_start (GstChatTimers * timers, GstChatTimer * timer, gint64 due)
{
  gst_chat_timer_stop (timer);
  timer->due = due;
  /* The first moment that is not before it. */
  gint64 moment = due / timers->resolution + 1;
  if (moment <= timers->turned_to)
    moment = timers->turned_to + 1;
  ring_add (&timers->slots[moment % SLOTS], timer);
}

/* What is due goes into a ring of its own, where its functions find nothing
 * but what they may stop. */
static void
run_slot (GstChatTimer * slot, gint64 now)
{
  GstChatTimer due;
  ring_init (&due);
  for (GstChatTimer * timer = slot->next, *next; timer != slot; timer = next) {
    next = timer->next;
    if (timer->due > now)
      continue;
    gst_chat_timer_stop (timer);
    ring_add (&due, timer);
  }
  while (due.next != &due) {
    GstChatTimer *timer = due.next;
    gst_chat_timer_stop (timer);
    timer->func (timer, now);
  }
}

void
gst_chat_timers_run (GstChatTimers * timers, gint64 now)
{
  gint64 moment = now / timers->resolution;
  gint64 from = MAX (timers->turned_to + 1, moment - SLOTS + 1);
  timers->turned_to = MAX (timers->turned_to, moment);
  for (; from <= moment; from++)
    run_slot (&timers->slots[from % SLOTS], now);
}

void
gst_chat_timers_free (GstChatTimers * timers)
{
  if (timers == NULL)
    return;
  for (guint i = 0; i < SLOTS; i++)
    run_slot (&timers->slots[i], G_MAXINT64);
  g_free (timers);
}
