/* SPDX-License-Identifier: LGPL-2.1-or-later
 * A thousand calls of one process that plays on: caller and callee in turn, every
 * third one ended by a killed remote, every third by a killed server, and the rest
 * hung up. A call counts when picture and sound, that of this call, have come both
 * ways. After the tenth call there is a census, and after the last there is no
 * more of anything. And eight peers in one process, with calls at the same time.
 *
 * CALLS is how many, 20 unless told otherwise. CALLS_LANES pipelines make them side by side, each with a
 * server and a remote of its own: what takes its time is waiting, for a server
 * that comes again and for a remote that is silent. CALLS_END is how all of them
 * end: 0 hung up, 1 by a killed remote, 2 by a killed server. */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "census.h"
#include "crew.h"
#include "criticals.h"

#define WARM_UP 10
#define MAX_LANES 8
/* KiB; whatever leaks in each call is more. Up to one is names of SSRCs, which
 * GLib keeps for ever. */
#define MEMORY_PER_CALL 4
#define MEMORY_AT_FIRST 1024    /* KiB; caches that the first calls do not fill */
#define LOOK_US 5000
/* Above what chatsignalsrc calls a good connection: one that is lost sooner
 * makes it wait longer before the next, and longer each time. */
#define GOOD_CONNECTION (10500 * G_TIME_SPAN_MILLISECOND)

typedef struct
{
  guint number;
  Actor *actor;
  Senses *senses;
  Server server;
  Remote *remote;
  guint n_remotes;
  gint64 online_since;
  Look look;                    /* of this call; the remote's is the next one */
  gint64 longest_sleep;         /* µs, of this wait: a machine that has no time */
} Lane;

/* --- settings --- */

static guint
setting (const gchar * name, guint otherwise)
{
  const gchar *value = g_getenv (name);
  return value != NULL ? (guint) atoi (value) : otherwise;
}

/* Of this program, as under valgrind. */
static guint
slowness (void)
{
  return setting ("CALLS_SLOWNESS", 1);
}

static gchar *
properties (void)
{
  const gchar *more = g_getenv ("CALLS_PROPERTIES");
  return g_strdup_printf ("media-timeout=%u %s", 3000 * slowness (),
      more != NULL ? more : "");
}

/* --- waiting --- */

static void
give_up (Lane * lane, const gchar * what)
{
  g_autofree gchar *senses = senses_to_string (lane->senses);

  printf ("not ok - lane %u waits for %s # call %s (%s), signalling %s, %s; "
      "remote: call %s, signalling %s, met %u; look %u; once slept %d ms\n",
      lane->number, what, lane->actor->call, lane->actor->reason,
      lane->actor->signalling, senses, lane->remote->call,
      lane->remote->signalling, lane->remote->met, lane->look,
      (gint) (lane->longest_sleep / 1000));
  /* Whatever is logged is to be whole. */
  remote_leave (lane->remote);
  fflush (NULL);
  abort ();
}

static void
wait_until (Lane * lane, const gchar * what, gboolean (*is_so) (Lane * lane))
{
  gint64 deadline = g_get_monotonic_time ()
      + 60 * slowness () * G_TIME_SPAN_SECOND;

  lane->longest_sleep = 0;
  for (;;) {
    remote_listen (lane->remote);
    if (is_so (lane))
      return;
    if (g_get_monotonic_time () > deadline)
      give_up (lane, what);
    gint64 before = g_get_monotonic_time ();
    g_usleep (LOOK_US);
    gint64 slept = g_get_monotonic_time () - before;
    lane->longest_sleep = MAX (lane->longest_sleep, slept);
  }
}

static gboolean
both_online (Lane * lane)
{
  return actor_is (lane->actor, &lane->actor->signalling, "connected")
      && g_str_equal (lane->remote->signalling, "connected");
}

static gboolean
none_online (Lane * lane)
{
  return !actor_is (lane->actor, &lane->actor->signalling, "connected")
      && !g_str_equal (lane->remote->signalling, "connected");
}

static gboolean
both_connected (Lane * lane)
{
  return actor_is (lane->actor, &lane->actor->call, "connected")
      && g_str_equal (lane->remote->call, "connected");
}

static gboolean
both_met (Lane * lane)
{
  return lane->remote->met == lane->look && senses_met (lane->senses);
}

static gboolean
ours_is_idle (Lane * lane)
{
  return actor_is (lane->actor, &lane->actor->call, "idle");
}

static gboolean
both_idle (Lane * lane)
{
  return ours_is_idle (lane) && g_str_equal (lane->remote->call, "idle");
}

static gboolean
is_good_connection (Lane * lane)
{
  return g_get_monotonic_time () > lane->online_since + GOOD_CONNECTION;
}

/* --- a lane --- */

static void
next_remote (Lane * lane)
{
  g_autofree gchar *name = g_strdup_printf ("R%u-%u", lane->number,
      lane->n_remotes++);
  g_autofree gchar *how = properties ();

  lane->remote = remote_new (lane->server.port, name, how);
}

static void
come_online (Lane * lane)
{
  gboolean was = actor_is (lane->actor, &lane->actor->signalling, "connected");

  wait_until (lane, "both online", both_online);
  if (!was || lane->online_since == 0)
    lane->online_since = g_get_monotonic_time ();
}

static void
lane_open (Lane * lane, guint number)
{
  g_autofree gchar *name = g_strdup_printf ("Here%u", number);
  g_autofree gchar *how = properties ();

  lane->number = number;
  server_start (&lane->server);
  g_autofree gchar *text = senses_launch (lane->server.port, name, how);
  lane->actor = actor_new (text);
  lane->senses = senses_new (lane->actor);
  next_remote (lane);
  g_assert_cmpint (gst_element_set_state (lane->actor->pipeline,
          GST_STATE_PLAYING), !=, GST_STATE_CHANGE_FAILURE);
  come_online (lane);
}

static void
lane_close (Lane * lane)
{
  remote_free (lane->remote);
  gst_element_set_state (lane->actor->pipeline, GST_STATE_NULL);
  senses_free (lane->senses);
  actor_free (lane->actor);
  server_clear (&lane->server);
}

/* Both see and hear what they have not before. */
static void
meet (Lane * lane)
{
  lane->look += 2;
  senses_show (lane->senses, lane->look);
  remote_say (lane->remote, "show %u", lane->look + 1);
  senses_expect (lane->senses, lane->look + 1);
  remote_say (lane->remote, "expect %u", lane->look);
}

/* Forgets how the last call ended. */
static void
forget_state (Lane * lane)
{
  g_mutex_lock (&lane->actor->lock);
  g_free (lane->actor->call);
  lane->actor->call = g_strdup ("");
  g_mutex_unlock (&lane->actor->lock);
  remote_listen (lane->remote);
  g_free (lane->remote->call);
  lane->remote->call = g_strdup ("");
}

static gboolean
connected_or_idle (Lane * lane)
{
  return both_connected (lane) || both_idle (lane);
}

/* FALSE: it came to nothing. */
static gboolean
call_once (Lane * lane, gboolean as_caller)
{
  gboolean taken = TRUE;

  forget_state (lane);
  meet (lane);
  if (as_caller)
    g_signal_emit_by_name (lane->actor->peer, "call", lane->remote->name,
        &taken);
  else
    remote_say (lane->remote, "call Here%u", lane->number);
  g_assert_true (taken);
  wait_until (lane, "both connected", connected_or_idle);
  return both_connected (lane);
}

/* Twenty seconds for a connection are enough for anybody, but for valgrind on a
 * machine that has others to run. */
static void
begin (Lane * lane, gboolean as_caller)
{
  for (guint tries = 0; !call_once (lane, as_caller); tries++) {
    printf ("# lane %u: a call has come to nothing: %s; once slept %d ms\n",
        lane->number, lane->actor->reason, (gint) (lane->longest_sleep / 1000));
    if (slowness () == 1 || tries == 5)
      give_up (lane, "a connection");
  }
  wait_until (lane, "picture and sound both ways", both_met);
}

static void
hang_up (Lane * lane, gboolean ourselves)
{
  if (ourselves)
    g_signal_emit_by_name (lane->actor->peer, "hang-up");
  else
    remote_say (lane->remote, "hang-up");
  wait_until (lane, "the end", both_idle);
}

static void
lose_remote (Lane * lane)
{
  remote_kill (lane->remote);
  next_remote (lane);
  wait_until (lane, "the end after a kill", ours_is_idle);
}

/* The media goes on, and whether or not the server has come again, who hangs up
 * is heard. */
static void
lose_server (Lane * lane, gboolean comes_again, gboolean ourselves)
{
  wait_until (lane, "a connection that was good", is_good_connection);
  server_kill (&lane->server);
  wait_until (lane, "the loss of the server", none_online);
  if (comes_again) {
    server_start (&lane->server);
    come_online (lane);
  }
  meet (lane);
  wait_until (lane, "picture and sound without the server", both_met);
  hang_up (lane, ourselves);
  if (!comes_again)
    server_start (&lane->server);
}

static void
one_call (Lane * lane, guint i)
{
  come_online (lane);
  begin (lane, i % 2);
  switch (setting ("CALLS_END", i % 3)) {
    case 0:
      hang_up (lane, i / 6 % 2);
      break;
    case 1:
      lose_remote (lane);
      break;
    case 2:
      lose_server (lane, i / 6 % 2, i / 12 % 2);
      break;
  }
  come_online (lane);
}

/* --- all of them --- */

typedef struct
{
  Lane lanes[MAX_LANES];
  guint n_lanes;
  gint next;                    /* atomic; the number of the next call */
  gint stop;                    /* at this one the lanes wait; set between rounds */
  GMutex lock;
  GCond changed;
  guint round;                  /* lock; rounds begun */
  guint n_busy;                 /* lock */
  gboolean done;                /* lock */
} Show;

static Show show;

/* Children die with the thread that has started them, so it stays. */
static gpointer
run_lane (gpointer data)
{
  Lane *lane = data;
  guint round = 0;

  lane_open (lane, lane - show.lanes);
  for (;;) {
    g_mutex_lock (&show.lock);
    show.n_busy--;
    g_cond_broadcast (&show.changed);
    while (show.round == round && !show.done)
      g_cond_wait (&show.changed, &show.lock);
    gboolean done = show.round == round;
    round = show.round;
    g_mutex_unlock (&show.lock);
    if (done)
      break;
    /* Lanes begin at different ends: not all servers are killed at once. */
    for (gint i; (i = g_atomic_int_add (&show.next, 1)) < show.stop;) {
      one_call (lane, i);
      if (i % 50 == 49)
        printf ("# %d calls\n", i + 1);
    }
  }
  lane_close (lane);
  return NULL;
}

static void
wait_for_lanes (void)
{
  g_mutex_lock (&show.lock);
  while (show.n_busy > 0)
    g_cond_wait (&show.changed, &show.lock);
  g_mutex_unlock (&show.lock);
}

static void
run_calls (guint until)
{
  show.next = show.stop;        /* each lane has taken one number too many */
  show.stop = until;
  g_mutex_lock (&show.lock);
  show.n_busy = show.n_lanes;
  show.round++;
  g_cond_broadcast (&show.changed);
  g_mutex_unlock (&show.lock);
  wait_for_lanes ();
}

static guint
count_pads (void)
{
  guint n = 0;

  for (guint i = 0; i < show.n_lanes; i++)
    n += show.lanes[i].actor->peer->numpads;
  return n;
}

static gboolean
is_memory_bounded (const Census * before, const Census * after, guint n)
{
#ifndef __SANITIZE_ADDRESS__    /* its quarantine grows */
  gint grown = (gint) after->memory - (gint) before->memory;

  if (n > 5 * WARM_UP && grown > (gint) (MEMORY_AT_FIRST + MEMORY_PER_CALL * n)) {
    printf ("# memory has grown\n");
    return FALSE;
  }
#endif
  return TRUE;
}

static gboolean
calls (void)
{
  guint n = setting ("CALLS", 20);
  gint64 began = g_get_monotonic_time ();
  GThread *threads[MAX_LANES];
  Census before, after;

  show.n_lanes = show.n_busy = MIN (setting ("CALLS_LANES", 1), MAX_LANES);
  for (guint i = 0; i < show.n_lanes; i++)
    threads[i] = g_thread_new ("lane", run_lane, &show.lanes[i]);
  wait_for_lanes ();
  /* Each lane has been through each kind of end. */
  guint warm_up = WARM_UP * show.n_lanes;
  run_calls (warm_up);
  census_take_first (&before);
  guint n_pads = count_pads ();
  run_calls (warm_up + n);
  gboolean good = census_settle (&before, &after);
  good = is_memory_bounded (&before, &after, n) && good;
  good = count_pads () == n_pads && good;
  g_autofree gchar *counts = census_to_string (&before, &after);
  printf ("%s - calls # %u calls and %u before in %.0f s; pads %u to %u, %s\n",
      good ? "ok" : "not ok", n, warm_up,
      (g_get_monotonic_time () - began) / 1e6, n_pads, count_pads (), counts);
  g_mutex_lock (&show.lock);
  show.done = TRUE;
  g_cond_broadcast (&show.changed);
  g_mutex_unlock (&show.lock);
  for (guint i = 0; i < show.n_lanes; i++)
    g_thread_join (threads[i]);
  return good;
}

/* --- eight at once --- */

#define N_PEERS 8

typedef struct
{
  Actor *actor[N_PEERS];
  Senses *senses[N_PEERS];
} Eight;

static gboolean
are_all (Eight * eight, const gchar * state)
{
  for (guint i = 0; i < N_PEERS; i++) {
    if (!actor_is (eight->actor[i], &eight->actor[i]->call, state))
      return FALSE;
  }
  return TRUE;
}

static gboolean
have_all_met (Eight * eight)
{
  for (guint i = 0; i < N_PEERS; i++) {
    if (!senses_met (eight->senses[i]))
      return FALSE;
  }
  return TRUE;
}

static void
wait_for_all (Eight * eight, const gchar * state, gboolean met)
{
  watch_begin (met ? "eight see and hear each other" : state);
  while (!are_all (eight, state) || (met && !have_all_met (eight)))
    g_usleep (LOOK_US);
  watch_end ();
}

/* Each has a look of its own, and another one in each round. */
static void
expect_all (Eight * eight, guint round)
{
  for (guint i = 0; i < N_PEERS; i++) {
    senses_show (eight->senses[i], 1 + round * N_PEERS + i);
    senses_expect (eight->senses[i], 1 + round * N_PEERS + (i ^ 1));
  }
}

static void
one_round (Eight * eight, guint round)
{
  expect_all (eight, 2 * round);
  for (guint i = 0; i < N_PEERS; i += 2) {
    guint caller = i + round % 2;
    g_autofree gchar *whom = g_strdup_printf ("E%u", caller ^ 1);
    gboolean taken;

    g_signal_emit_by_name (eight->actor[caller]->peer, "call", whom, &taken);
    g_assert_true (taken);
  }
  wait_for_all (eight, "connected", FALSE);
  /* At the same time, not one after the other. */
  expect_all (eight, 2 * round + 1);
  wait_for_all (eight, "connected", TRUE);
  for (guint i = 0; i < N_PEERS; i += 2)
    g_signal_emit_by_name (eight->actor[i + round / 2 % 2]->peer, "hang-up");
  wait_for_all (eight, "idle", FALSE);
}

static gboolean
eight_at_once (void)
{
  guint n = MAX (setting ("CALLS", 20) / 50, 2);
  gint64 began = g_get_monotonic_time ();
  g_autofree gchar *how = properties ();
  Server server = { 0, };
  Eight eight;
  Census before, after;

  server_start (&server);
  for (guint i = 0; i < N_PEERS; i++) {
    g_autofree gchar *name = g_strdup_printf ("E%u", i);
    g_autofree gchar *text = senses_launch (server.port, name, how);

    eight.actor[i] = actor_new (text);
    eight.senses[i] = senses_new (eight.actor[i]);
    actor_set (eight.actor[i], GST_STATE_PLAYING);
  }
  for (guint i = 0; i < N_PEERS; i++)
    actor_wait_signalling (eight.actor[i], "connected");
  for (guint i = 0; i < 2; i++)
    one_round (&eight, i);
  census_take_first (&before);
  for (guint i = 0; i < n; i++)
    one_round (&eight, 2 + i);
  gboolean good = census_settle (&before, &after);
  /* Each call has both of its ends here. */
  good = is_memory_bounded (&before, &after, n * N_PEERS) && good;
  g_autofree gchar *counts = census_to_string (&before, &after);
  printf ("%s - eight-at-once # %u rounds and 2 before in %.0f s; %s\n",
      good ? "ok" : "not ok", n, (g_get_monotonic_time () - began) / 1e6,
      counts);
  for (guint i = 0; i < N_PEERS; i++) {
    actor_set (eight.actor[i], GST_STATE_NULL);
    senses_free (eight.senses[i]);
    actor_free (eight.actor[i]);
  }
  server_clear (&server);
  return good;
}

gint
main (gint argc, gchar ** argv)
{
  setlocale (LC_ALL, "");
  setvbuf (stdout, NULL, _IOLBF, 0);
  gst_init (&argc, &argv);
  criticals_are_fatal ();
  gboolean good = argc > 1 && g_str_equal (argv[1], "eight-at-once") ?
      eight_at_once () : calls ();
  gst_deinit ();
  return good ? 0 : 1;
}
