/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The other end of the calls of calls.c: a chatpeer in a process of its own, that
 * can be killed. remote PORT NAME PROPERTIES; on its standard input `show LOOK`, `expect
 * LOOK`, `call NAME`, `hang-up`, and its end; it says what its call and its
 * signalling do, and `met LOOK` when it has seen and heard that. */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "criticals.h"
#include "senses.h"

#define LOOK_MS 10
#define STALLED (500 * G_TIME_SPAN_MILLISECOND)

typedef struct
{
  Actor *actor;
  Senses *senses;
  Look expected;
  gboolean met;
  GString *input;
  gchar *call, *signalling;     /* said last */
} Remote;

static void
obey (Remote * remote, const gchar * line)
{
  gboolean done;

  if (g_str_has_prefix (line, "show ")) {
    senses_show (remote->senses, atoi (line + strlen ("show ")));
  } else if (g_str_has_prefix (line, "expect ")) {
    remote->expected = atoi (line + strlen ("expect "));
    remote->met = FALSE;
    senses_expect (remote->senses, remote->expected);
  } else if (g_str_has_prefix (line, "call ")) {
    g_signal_emit_by_name (remote->actor->peer, "call",
        line + strlen ("call "), &done);
    if (!done)
      printf ("refused\n");
  } else if (g_str_equal (line, "hang-up")) {
    g_signal_emit_by_name (remote->actor->peer, "hang-up");
  } else {
    g_error ("no such command: %s", line);
  }
}

/* FALSE: nobody is there any more to obey. */
static gboolean
take_input (Remote * remote)
{
  GPollFD in = {.fd = 0,.events = G_IO_IN };
  gchar part[512];
  const gchar *end;

  if (g_poll (&in, 1, LOOK_MS) <= 0)
    return TRUE;
  gssize n = read (0, part, sizeof part);
  if (n <= 0)
    return FALSE;
  g_string_append_len (remote->input, part, n);
  while ((end = strchr (remote->input->str, '\n')) != NULL) {
    g_autofree gchar *line = g_strndup (remote->input->str,
        end - remote->input->str);
    g_string_erase (remote->input, 0, end + 1 - remote->input->str);
    obey (remote, line);
  }
  return TRUE;
}

static void
say_what_is_new (Remote * remote)
{
  Actor *actor = remote->actor;

  g_mutex_lock (&actor->lock);
  if (g_strcmp0 (actor->signalling, remote->signalling) != 0) {
    g_free (remote->signalling);
    remote->signalling = g_strdup (actor->signalling);
    printf ("signalling %s\n", remote->signalling);
  }
  if (g_strcmp0 (actor->call, remote->call) != 0) {
    g_free (remote->call);
    remote->call = g_strdup (actor->call);
    printf ("call %s\n", remote->call);
  }
  g_mutex_unlock (&actor->lock);
  if (!remote->met && remote->expected != 0 && senses_met (remote->senses)) {
    remote->met = TRUE;
    printf ("met %u\n", remote->expected);
  }
}

gint
main (gint argc, gchar ** argv)
{
  setlocale (LC_ALL, "");
  setvbuf (stdout, NULL, _IOLBF, 0);
  gst_init (&argc, &argv);
  criticals_are_fatal ();
  if (argc != 4)
    g_error ("usage: remote PORT NAME PROPERTIES");
  g_autofree gchar *text = senses_launch (argv[1], argv[2], argv[3]);
  Remote remote = {.actor = actor_new (text),.input = g_string_new (NULL) };

  remote.senses = senses_new (remote.actor);
  actor_set (remote.actor, GST_STATE_PLAYING);
  gint64 looked = g_get_monotonic_time ();
  while (take_input (&remote)) {
    say_what_is_new (&remote);
    gint64 now = g_get_monotonic_time ();
    if (now - looked > STALLED)
      printf ("no time to run for %d ms\n", (gint) (now - looked) / 1000);
    looked = now;
  }
  actor_set (remote.actor, GST_STATE_NULL);
  senses_free (remote.senses);
  actor_free (remote.actor);
  g_string_free (remote.input, TRUE);
  g_free (remote.call);
  g_free (remote.signalling);
  gst_deinit ();
  return 0;
}
