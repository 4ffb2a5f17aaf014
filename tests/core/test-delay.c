/* SPDX-License-Identifier: LGPL-2.1-or-later
 * A queue on the way to the remote: noticed, and nothing else taken for one. With
 * chatpace, on a line whose time is counted here. */
#include "chatdelay.h"
#include "chatpace.h"

#define MS 1000
#define SECOND (1000 * MS)
/* Of the remote's clock. */
#define OFFSET (123456789 * (gint64) MS)

/* ---- by hand ---- */

/* @n packets, 20 ms apart from @from on, whose delay begins at @takes and grows by
 * @more with each. The least that was said to get through. */
static gdouble
send (GstChatDelay * delay, gint64 from, guint n, gint64 takes, gint64 more)
{
  gdouble least = 1;
  for (guint i = 0; i < n; i++) {
    gint64 sent = from + i * 20 * MS;
    if (gst_chat_delay_packet (delay, sent, sent + takes + i * more + OFFSET,
            500))
      least = MIN (least, gst_chat_delay_get_passing (delay));
  }
  return least;
}

static void
test_growing (void)
{
  GstChatDelay delay;
  gst_chat_delay_init (&delay);
  g_assert_cmpint (gst_chat_delay_get_queue (&delay), ==, 0);
  g_assert_cmpfloat (send (&delay, 0, 50, 30 * MS, 0), ==, 1);
  g_assert_cmpint (gst_chat_delay_get_queue (&delay), ==, 0);
  /* Twice as much as gets through: 20 ms more with each 20 ms. */
  g_assert_cmpfloat_with_epsilon (send (&delay, SECOND, 20, 30 * MS, 20 * MS),
      0.5, 0.05);
  g_assert_cmpint (gst_chat_delay_get_queue (&delay), >=, 200 * MS);
  /* 200 kbit/s are sent. */
  g_assert_cmpfloat_with_epsilon (gst_chat_delay_get_rate (&delay), 100000,
      5000);
}

static void
test_forgotten (void)
{
  GstChatDelay delay;
  gst_chat_delay_init (&delay);
  send (&delay, 0, 50, 30 * MS, 0);
  send (&delay, SECOND, 20, 30 * MS, 20 * MS);
  gst_chat_delay_forget (&delay, 2 * SECOND);
  g_assert_cmpfloat (send (&delay, SECOND + 400 * MS, 30, 430 * MS, 20 * MS),
      ==, 1);
  /* But what is sent then counts. */
  g_assert_cmpfloat (send (&delay, 2 * SECOND, 30, 430 * MS, 10 * MS), <, 0.8);
}

static void
test_accepted (void)
{
  GstChatDelay delay;
  gst_chat_delay_init (&delay);
  send (&delay, 0, 50, 30 * MS, 0);
  g_assert_cmpfloat (send (&delay, SECOND, 50, 330 * MS, 0), ==, 1);
  g_assert_cmpint (gst_chat_delay_get_queue (&delay), ==, 300 * MS);
  gst_chat_delay_accept (&delay);
  g_assert_cmpint (gst_chat_delay_get_queue (&delay), ==, 0);
}

/* It does not grow any more, since there is no room. Without a queue loss means
 * nothing here. */
static void
test_full (void)
{
  for (guint full = 0; full < 2; full++) {
    GstChatDelay delay;
    gdouble least = 1;
    gst_chat_delay_init (&delay);
    send (&delay, 0, 50, 30 * MS, 0);
    for (gint64 i = 0; i < 50; i++) {
      gint64 sent = SECOND + i * 20 * MS;
      gint64 came = sent + (full ? 330 : 30) * MS + OFFSET;
      if (gst_chat_delay_packet (&delay, sent,
              i % 2 ? came : GST_CHAT_DELAY_LOST, 500))
        least = MIN (least, gst_chat_delay_get_passing (&delay));
    }
    g_assert_cmpfloat_with_epsilon (least, full ? 0.5 : 1, 0.1);
  }
}

/* As clocks drift. */
static void
test_base_ages (void)
{
  GstChatDelay delay;
  gst_chat_delay_init (&delay);
  g_assert_cmpfloat (send (&delay, 0, 600 * 50, 30 * MS, 2), ==, 1);
  g_assert_cmpint (gst_chat_delay_get_queue (&delay), <, 10 * MS);
}

static void
test_pause (void)
{
  GstChatDelay delay;
  gst_chat_delay_init (&delay);
  for (gint64 i = 0; i < 20; i++)
    g_assert_cmpfloat (send (&delay, i * 2 * SECOND, 6, (30 + 30 * i) * MS, 0),
        ==, 1);
}

/* ---- on a line ---- */

#define FRAMES 30
#define FULL_RATE (1000 * 1000) /* bit/s at a share of 1 */
#define SOUND 32000

typedef struct
{
  gint64 rate;                  /* bit/s */
  gint64 limit;                 /* µs that a packet waits at most; more is lost */
  gint64 jitter;                /* µs, at most */
  gint64 receiver_stops;        /* µs, each second */
} Line;

typedef struct
{
  GstChatPace pace;
  const Line *line;
  GRand *random;
  gint64 free_at, last_came;
  guint sent, lost;             /* since the last report */
  GQueue arrivals;              /* gint64 [3]: sent, came, bytes; not told yet */
  gint64 waited;                /* the most, since it was asked last */
  guint cuts;
} World;

static void
leave (World * world, gint64 now, guint bytes, gboolean sound)
{
  const Line *line = world->line;
  gint64 begin = MAX (now, world->free_at);
  world->sent++;
  gint64 *packet = g_new (gint64, 3);
  packet[0] = now;
  packet[2] = sound ? 0 : bytes;
  g_queue_push_tail (&world->arrivals, packet);
  if (begin - now > line->limit) {
    world->lost++;
    packet[1] = GST_CHAT_DELAY_LOST;
    return;
  }
  world->waited = MAX (world->waited, begin - now);
  world->free_at = begin + (gint64) bytes *8 * SECOND / line->rate;
  gint64 came = world->free_at + 20 * MS
      + (line->jitter ? g_rand_int_range (world->random, 0, line->jitter) : 0);
  /* Whoever stands reads all at once when he goes on. */
  if (line->receiver_stops && came % SECOND < line->receiver_stops)
    came += line->receiver_stops - came % SECOND;
  world->last_came = packet[1] = MAX (came, world->last_came);
}

static void
take_feedback (World * world, gint64 now)
{
  gint64 *packet;
  while ((packet = g_queue_peek_head (&world->arrivals))
      && packet[1] + 20 * MS <= now) {
    g_queue_pop_head (&world->arrivals);
    gdouble before = world->pace.share;
    gboolean lost = packet[1] == GST_CHAT_DELAY_LOST;
    gst_chat_pace_packet (&world->pace, packet[0],
        lost ? packet[1] : packet[1] + OFFSET, packet[2], now);
    world->cuts += world->pace.share < before;
    g_free (packet);
  }
}

static void
send_frame (World * world, gint64 now, guint n)
{
  gint left = world->pace.share * FULL_RATE / FRAMES / 8;
  /* A keyframe each ten seconds, as where a remote has lost something. */
  if (n % (10 * FRAMES) == 0)
    left *= 5;
  for (; left > 0; left -= 1200)
    leave (world, now, MIN (left, 1200) + 50, FALSE);
}

/* A second on @line. */
static void
live (World * world, const Line * line, guint second)
{
  world->line = line;
  world->waited = 0;
  for (gint64 now = second * (gint64) SECOND;
      now < (second + 1) * (gint64) SECOND; now += MS) {
    if (now % (20 * MS) == 0)
      leave (world, now, SOUND / 50 / 8 + 50, TRUE);
    gint64 n = now * FRAMES / SECOND;
    if (now == 0 || n != (now - MS) * FRAMES / SECOND)
      send_frame (world, now, n);
    if (now % (50 * MS) == 0)
      take_feedback (world, now);
  }
  gst_chat_pace_report (&world->pace, (gdouble) world->lost / world->sent);
  if (g_test_verbose ())
    g_test_message ("%u: share %.2f, waited %" G_GINT64_FORMAT " ms, lost %u",
        second, world->pace.share, world->waited / MS, world->lost);
  world->sent = world->lost = 0;
}

static World *
world_new (void)
{
  World *world = g_new0 (World, 1);
  gst_chat_pace_init (&world->pace);
  world->pace.bitrate = FULL_RATE;
  world->random = g_rand_new_with_seed (1);
  return world;
}

static void
world_free (World * world)
{
  g_queue_clear_full (&world->arrivals, g_free);
  g_rand_free (world->random);
  g_free (world);
}

static const Line wide = {.rate = 10 * 1000 * 1000,.limit = SECOND };

static void
test_narrow (void)
{
  static const gint64 rates[] = { 250000, 500000, 800000 };
  static const gint64 limits[] = { 100 * MS, 300 * MS, 2 * SECOND };
  for (guint r = 0; r < G_N_ELEMENTS (rates); r++) {
    for (guint l = 0; l < G_N_ELEMENTS (limits); l++) {
      World *world = world_new ();
      const Line narrow = {.rate = rates[r],.limit = limits[l] };
      gdouble room = (rates[r] - SOUND) / (gdouble) FULL_RATE, sum = 0;
      gint64 waited = 0;
      for (guint second = 0; second < 5; second++)
        live (world, &wide, second);
      g_assert_cmpfloat (world->pace.share, ==, 1);
      for (guint second = 5; second < 65; second++) {
        live (world, &narrow, second);
        if (second < 15)
          continue;
        sum += world->pace.share;
        waited += world->waited;
      }
      g_test_message ("%" G_GINT64_FORMAT " bit/s, %" G_GINT64_FORMAT
          " ms: share %.2f of %.2f, waits %" G_GINT64_FORMAT " ms",
          rates[r], limits[l] / MS, sum / 50, room, waited / 50 / MS);
      g_assert_cmpfloat (sum / 50, >, room * 0.6);
      g_assert_cmpfloat (sum / 50, <, room * 1.05);
      g_assert_cmpint (waited / 50, <, 150 * MS);
      /* And it is wide again. */
      for (guint second = 65; second < 100; second++)
        live (world, &wide, second);
      g_assert_cmpfloat (world->pace.share, ==, 1);
      world_free (world);
    }
  }
}

/* What is none. */
static void
test_no_queue (void)
{
  static const Line lines[] = {
    {.rate = 10 * 1000 * 1000,.limit = SECOND},
    {.rate = 10 * 1000 * 1000,.limit = SECOND,.jitter = 100 * MS},
    {.rate = 10 * 1000 * 1000,.limit = SECOND,.receiver_stops = 300 * MS},
    {.rate = 2 * 1000 * 1000,.limit = SECOND},
    {.rate = 2 * 1000 * 1000,.limit = SECOND,.jitter = 50 * MS},
  };
  for (guint i = 0; i < G_N_ELEMENTS (lines); i++) {
    World *world = world_new ();
    for (guint second = 0; second < 300; second++) {
      live (world, &lines[i], second);
      g_assert_cmpfloat (world->pace.share, >, 0.8);
    }
    g_test_message ("line %u: %u cuts", i, world->cuts);
    g_assert_cmpuint (world->cuts, <=, 3);
    world_free (world);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/delay/growing", test_growing);
  g_test_add_func ("/delay/forgotten", test_forgotten);
  g_test_add_func ("/delay/accepted", test_accepted);
  g_test_add_func ("/delay/full", test_full);
  g_test_add_func ("/delay/base-ages", test_base_ages);
  g_test_add_func ("/delay/pause", test_pause);
  g_test_add_func ("/delay/narrow", test_narrow);
  g_test_add_func ("/delay/no-queue", test_no_queue);
  return g_test_run ();
}
