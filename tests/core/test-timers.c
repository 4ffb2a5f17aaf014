/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The wheel of timers: never early, late by the resolution at most, and robust
 * against what its functions do to it. */
#include "chattimers.h"

#define RESOLUTION 1000
#define N 64

typedef struct
{
  GstChatTimer timer;           /* first: functions get it */
  GstChatTimers *timers;
  guint fired;
  gint64 again;                 /* after how long it starts itself anew; 0: not */
  GstChatTimer *victim;         /* stopped by it */
} Alarm;

static void
on_alarm (GstChatTimer * timer, gint64 now)
{
  Alarm *alarm = (Alarm *) timer;
  g_assert_cmpint (now, >=, timer->due);
  if (now != G_MAXINT64)
    g_assert_cmpint (now - timer->due, <=, 2 * RESOLUTION);
  alarm->fired++;
  if (alarm->again > 0)
    gst_chat_timers_start (alarm->timers, timer, now + alarm->again);
  if (alarm->victim != NULL)
    gst_chat_timer_stop (alarm->victim);
}

static void
start (GstChatTimers * timers, Alarm * alarm, gint64 due)
{
  alarm->timer.func = on_alarm;
  alarm->timers = timers;
  gst_chat_timers_start (timers, &alarm->timer, due);
}

/* From within the slot to many rounds of the wheel. */
static void
test_times (void)
{
  static const gint64 dues[] = { -5, 0, 1, 999, 1000, 1001, 127000, 128000,
    128001, 129000, 500000, 1000000
  };
  g_autoptr (GstChatTimers) timers = gst_chat_timers_new (RESOLUTION, 0);
  Alarm alarms[G_N_ELEMENTS (dues)] = { 0 };
  for (guint i = 0; i < G_N_ELEMENTS (dues); i++)
    start (timers, &alarms[i], dues[i]);
  for (gint64 now = 0; now <= 1002000; now += 500) {
    gst_chat_timers_run (timers, now);
    for (guint i = 0; i < G_N_ELEMENTS (dues); i++) {
      g_assert_cmpuint (alarms[i].fired, <=, now >= dues[i]);
      if (now >= dues[i] + 2 * RESOLUTION)
        g_assert_cmpuint (alarms[i].fired, ==, 1);
    }
  }
}

/* One that is moved fires at the new time only, one that is stopped never. */
static void
test_move_and_stop (void)
{
  g_autoptr (GstChatTimers) timers = gst_chat_timers_new (RESOLUTION, 77);
  Alarm moved = { 0 }, stopped = { 0 };
  start (timers, &moved, 3000);
  start (timers, &moved, 9000);
  start (timers, &stopped, 3000);
  gst_chat_timer_stop (&stopped.timer);
  gst_chat_timer_stop (&stopped.timer);
  gst_chat_timers_run (timers, 8000);
  g_assert_cmpuint (moved.fired, ==, 0);
  gst_chat_timers_run (timers, 10000);
  g_assert_cmpuint (moved.fired, ==, 1);
  g_assert_cmpuint (stopped.fired, ==, 0);
}

static void
test_from_within (void)
{
  g_autoptr (GstChatTimers) timers = gst_chat_timers_new (RESOLUTION, 0);
  Alarm killer = { 0 }, victim = { 0 }, other = { 0 }, often = { 0 };
  killer.victim = &victim.timer;
  often.again = 1;              /* in the slot that comes next */
  start (timers, &often, 2500);
  start (timers, &killer, 2500);
  start (timers, &victim, 2500);
  start (timers, &other, 2500);
  for (gint64 now = 0; now <= 10000; now += RESOLUTION)
    gst_chat_timers_run (timers, now);
  g_assert_cmpuint (killer.fired, ==, 1);
  g_assert_cmpuint (victim.fired, ==, 0);
  g_assert_cmpuint (other.fired, ==, 1);
  g_assert_cmpuint (often.fired, ==, 8);
  gst_chat_timer_stop (&often.timer);
}

/* The machine was asleep for longer than the wheel is round. */
static void
on_late (GstChatTimer * timer, gint64 now)
{
  ((Alarm *) timer)->fired++;
}

static void
test_sleep (void)
{
  g_autoptr (GstChatTimers) timers = gst_chat_timers_new (RESOLUTION, 0);
  Alarm alarms[N] = { 0 };
  for (guint i = 0; i < N; i++) {
    alarms[i].timer.func = on_late;
    gst_chat_timers_start (timers, &alarms[i].timer, i * 20000 + 500);
  }
  gst_chat_timers_run (timers, 600000);
  for (guint i = 0; i < N; i++)
    g_assert_cmpuint (alarms[i].fired, ==, i < 30);
  /* Time that goes backwards does no harm. */
  gst_chat_timers_run (timers, 1000);
  gst_chat_timers_run (timers, G_GINT64_CONSTANT (1) << 40);
  for (guint i = 0; i < N; i++)
    g_assert_cmpuint (alarms[i].fired, ==, 1);
}

static void
test_free (void)
{
  Alarm alarm = { 0 };
  GstChatTimers *timers = gst_chat_timers_new (RESOLUTION, 0);
  start (timers, &alarm, 1000000);
  gst_chat_timers_free (timers);
  g_assert_cmpuint (alarm.fired, ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/timers/times", test_times);
  g_test_add_func ("/timers/move-and-stop", test_move_and_stop);
  g_test_add_func ("/timers/from-within", test_from_within);
  g_test_add_func ("/timers/sleep", test_sleep);
  g_test_add_func ("/timers/free", test_free);
  return g_test_run ();
}
