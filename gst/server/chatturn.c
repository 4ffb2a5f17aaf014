/* SPDX-License-Identifier: LGPL-2.1-or-later
 * How long the main loop works between two looks at who is there. */
#include "chatturn.h"

#include <time.h>

/* A source that is never ready: it is asked in each turn. */
struct _GstChatTurn
{
  GSource source;
  gint64 last;                  /* microseconds of CPU; 0: no turn yet */
  gint64 longest;
};

static gboolean
on_check (GSource * source)
{
  GstChatTurn *turn = (GstChatTurn *) source;
  struct timespec cpu;
  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &cpu);
  gint64 now = (gint64) cpu.tv_sec * G_USEC_PER_SEC + cpu.tv_nsec / 1000;
  if (turn->last != 0)
    turn->longest = MAX (turn->longest, now - turn->last);
  turn->last = now;
  return FALSE;
}

GstChatTurn *
gst_chat_turn_new (void)
{
  static GSourceFuncs funcs = {.check = on_check };
  GSource *source = g_source_new (&funcs, sizeof (GstChatTurn));
  g_source_attach (source, g_main_context_get_thread_default ());
  return (GstChatTurn *) source;
}

void
gst_chat_turn_free (GstChatTurn * turn)
{
  if (turn == NULL)
    return;
  g_source_destroy (&turn->source);
  g_source_unref (&turn->source);
}

gint64
gst_chat_turn_take_longest (GstChatTurn * turn)
{
  gint64 longest = turn->longest;
  turn->longest = 0;
  return longest;
}
