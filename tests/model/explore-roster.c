/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Every run of a few users in a large room: they come, go and say something to
 * each other in any order, while time passes. It is the shipped roster that
 * runs.
 *
 * Checked after every move: nobody is told of itself or of somebody who is gone,
 * nobody hears from somebody it was not told of, nobody waits for longer than a
 * moment. Checked at the end of every run: everybody knows exactly who is there. */
/* memmem() */
#define _GNU_SOURCE
#include "chatlimits.h"
#include "chatroster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N 4
#define DEPTH 5

/* The first one is there from the beginning. */
static const gchar *const ids[N] = { "o", "x", "y", "z" };

typedef struct
{
  enum
  {
    MOVE_TOGGLE,                /* comes or goes */
    MOVE_SAY,
    MOVE_TIME,
  } type;
  gint64 a, b;
} Move;

static const Move moves[] = {
  {MOVE_TOGGLE, 0}, {MOVE_TOGGLE, 1}, {MOVE_TOGGLE, 2}, {MOVE_TOGGLE, 3},
  {MOVE_SAY, 1, 2}, {MOVE_SAY, 2, 1}, {MOVE_SAY, 0, 1}, {MOVE_SAY, 1, 0},
  {MOVE_SAY, 3, 1}, {MOVE_TIME, GST_CHAT_JOIN_TIME_US / 2},
  {MOVE_TIME, GST_CHAT_JOIN_TIME_US},
};

static GstChatRoster *roster;
static GArray *effects;
static gint64 now = G_USEC_PER_SEC;
static GstChatRosterUser *users[N];
static gboolean knows[N][N];
static guint run[DEPTH];
static guint n_run;
static guint64 n_moves, n_lists, n_heard;

G_GNUC_NORETURN static void
fail (const gchar * what, guint who, guint whom)
{
  printf ("not ok - roster # %s %s %s, after:", ids[who], what, ids[whom]);
  for (guint i = 0; i < n_run; i++) {
    const Move *move = &moves[run[i]];
    printf (" %s(%" G_GINT64_FORMAT ",%" G_GINT64_FORMAT ")",
        move->type == MOVE_TOGGLE ? "toggle" : move->type == MOVE_SAY ? "say"
        : "time", move->a, move->b);
  }
  printf ("\n");
  exit (1);
}

static gboolean
names (const gchar * text, gsize len, guint whom)
{
  const gchar quoted[] = { '"', ids[whom][0], '"' };
  return memmem (text, len, quoted, sizeof quoted) != NULL;
}

static gboolean
begins (const gchar * text, const gchar * event)
{
  return strncmp (text + 4, event, strlen (event)) == 0;
}

static void
take (guint who, const gchar * text, gsize len)
{
  for (guint whom = 0; whom < N; whom++) {
    if (!names (text, len, whom))
      continue;
    if (begins (text, "update-user-list")) {
      if (whom == who)
        fail ("is told of itself:", who, whom);
      if (users[whom] == NULL)
        fail ("is told of somebody who is gone:", who, whom);
      knows[who][whom] = TRUE;
      n_lists++;
    } else if (begins (text, "remove-user")) {
      knows[who][whom] = FALSE;
    } else if (begins (text, "ringing")) {
      if (!knows[who][whom])
        fail ("hears from a stranger:", who, whom);
      n_heard++;
    }
  }
}

/* The data of a user is its number and one; others have none. */
static void
deliver (void)
{
  for (guint i = 0; i < effects->len; i++) {
    GstChatEffect *effect = &g_array_index (effects, GstChatEffect, i);
    if (effect->user == NULL)
      continue;
    guint who = GPOINTER_TO_UINT (effect->user) - 1;
    if (users[who] == NULL)
      fail ("is sent something although gone:", who, who);
    gsize len;
    const gchar *text = g_bytes_get_data (effect->frame, &len);
    take (who, text, len);
  }
  g_array_set_size (effects, 0);
}

static void
toggle (guint who)
{
  if (users[who] == NULL) {
    memset (knows[who], 0, sizeof knows[who]);
    users[who] = gst_chat_roster_join (roster, ids[who], NULL, NULL,
        GUINT_TO_POINTER (who + 1), now, effects);
  } else {
    GstChatRosterUser *user = g_steal_pointer (&users[who]);
    gst_chat_roster_leave (roster, user, FALSE, effects);
  }
}

static void
say (guint who, guint whom)
{
  g_autofree gchar *payload = g_strdup_printf ("{\"to\":\"%s\"}", ids[whom]);
  GstChatSlice slice = { payload, strlen (payload) };
  if (users[who] == NULL)
    return;
  GstChatRelay result = gst_chat_roster_relay (roster, users[who], "ringing",
      slice, now, effects);
  if ((result == GST_CHAT_RELAY_DONE) != (users[whom] != NULL))
    fail ("is or is not heard by", who, whom);
}

static void
let_pass (gint64 time)
{
  now += time;
  gst_chat_roster_flush (roster, now, effects);
}

static void
check (void)
{
  for (guint who = 0; who < N; who++) {
    for (guint whom = 0; whom < N; whom++) {
      if (users[who] != NULL && knows[who][whom] && users[whom] == NULL)
        fail ("keeps a ghost:", who, whom);
    }
  }
  gint64 due = gst_chat_roster_next_flush (roster);
  if (due <= now || (due != G_MAXINT64 && due > now + GST_CHAT_JOIN_TIME_US))
    fail ("and all wait for too long, with", 0, 0);
}

static void
do_move (const Move * move)
{
  switch (move->type) {
    case MOVE_TOGGLE:
      toggle ((guint) move->a);
      break;
    case MOVE_SAY:
      say ((guint) move->a, (guint) move->b);
      break;
    case MOVE_TIME:
      let_pass (move->a);
      break;
  }
  deliver ();
  check ();
  n_moves++;
}

static void
end_run (void)
{
  let_pass (GST_CHAT_JOIN_TIME_US);
  deliver ();
  for (guint who = 0; who < N; who++) {
    for (guint whom = 0; whom < N; whom++) {
      if (users[who] != NULL && who != whom
          && knows[who][whom] != (users[whom] != NULL))
        fail ("has it wrong in the end:", who, whom);
    }
  }
}

/* As before the first move, and quiet. */
static void
begin_run (void)
{
  for (guint who = 0; who < N; who++) {
    if ((users[who] == NULL) == (who == 0))
      toggle (who);
    deliver ();
  }
  now += 2 * GST_CHAT_JOIN_TIME_US;
  gst_chat_roster_flush (roster, now, effects);
  now += 2 * GST_CHAT_JOIN_TIME_US;
  deliver ();
}

/* Every sequence of moves of this length; shorter ones are part of them. */
static void
explore (void)
{
  guint64 n_runs = 1;
  for (guint i = 0; i < DEPTH; i++)
    n_runs *= G_N_ELEMENTS (moves);
  for (guint64 number = 0; number < n_runs; number++) {
    guint64 rest = number;
    begin_run ();
    for (n_run = 0; n_run < DEPTH; rest /= G_N_ELEMENTS (moves)) {
      run[n_run] = (guint) (rest % G_N_ELEMENTS (moves));
      do_move (&moves[run[n_run++]]);
    }
    end_run ();
  }
  printf ("ok - roster: %" G_GUINT64_FORMAT " runs, %" G_GUINT64_FORMAT
      " moves, %" G_GUINT64_FORMAT " times told of, %" G_GUINT64_FORMAT
      " times heard\n", n_runs, n_moves, n_lists, n_heard);
}

int
main (void)
{
  roster = gst_chat_roster_new ("model");
  effects = gst_chat_effects_new ();
  GstChatRosterUser *crowd[GST_CHAT_SMALL_ROOM];
  for (guint i = 0; i < G_N_ELEMENTS (crowd); i++) {
    g_autofree gchar *id = g_strdup_printf ("crowd-%u", i);
    crowd[i] = gst_chat_roster_join (roster, id, NULL, NULL, NULL, now,
        effects);
  }
  deliver ();
  explore ();
  for (guint who = 0; who < N; who++) {
    if (users[who] != NULL)
      toggle (who);
  }
  for (guint i = 0; i < G_N_ELEMENTS (crowd); i++)
    gst_chat_roster_leave (roster, crowd[i], FALSE, NULL);
  gst_chat_roster_free (roster);
  g_array_unref (effects);
  return 0;
}
