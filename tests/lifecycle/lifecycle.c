/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Starts and stops the elements again and again, at every moment of a call:
 * afterwards there is no more of anything than after the tenth time. */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <gio/gio.h>

#include "census.h"
#include "criticals.h"
#include "stage.h"

#define WARM_UP 10
/* KiB. Whatever leaks in each cycle is more than the names of SSRCs, which GLib
 * keeps for ever: half a KiB a call. */
#define MEMORY_PER_CYCLE 1
#define MEMORY_AT_FIRST 128     /* KiB; caches that the first cycles do not fill */

#define MEDIA_OUT \
  "videotestsrc is-live=true ! video/x-raw,width=160,height=120,framerate=10/1 " \
  "! peer. audiotestsrc is-live=true ! audio/x-raw,rate=48000,channels=1 ! peer. "
#define MEDIA_IN \
  "queue name=in-video ! fakesink name=eye async=false " \
  "queue name=in-audio ! fakesink async=false "

typedef struct
{
  House *house;
  GSocket *deaf;                /* takes connections and says nothing */
  Actor *a, *b;                 /* where they stay for all cycles */
} Scene;

/* In milliseconds after the start; or when it is up; or when pictures come. */
#define CONNECTED -1
#define SEEN -2
static const gint phases[] = { 0, 5, 20, 60, 120, 250, CONNECTED, SEEN };

static Actor *
signal_source (guint16 port)
{
  g_autofree gchar *text =
      g_strdup_printf ("chatsignalsrc name=peer uri=chat://127.0.0.1:%u "
      "! fakesink async=false", port);
  return actor_new (text);
}

/* @whom NULL: calls nobody. @more: properties. */
static Actor *
peer (guint16 port, const gchar * name, const gchar * whom, const gchar * more)
{
  g_autofree gchar *text = g_strdup_printf ("chatpeer name=peer "
      "uri=chat://127.0.0.1:%u display-name=%s %s%s %s " MEDIA_OUT MEDIA_IN,
      port, name, whom != NULL ? "call=" : "", whom != NULL ? whom : "", more);
  return actor_new (text);
}

/* A moment, not a condition: any will do, and each has to be met. */
static void
pass (gint milliseconds)
{
  if (milliseconds > 0)
    g_usleep (milliseconds * G_TIME_SPAN_MILLISECOND);
}

static void
stop_in_order (Actor * a, Actor * b, guint order)
{
  switch (order % 3) {
    case 0:
      actor_set (a, GST_STATE_NULL);
      actor_set (b, GST_STATE_NULL);
      break;
    case 1:
      actor_set (b, GST_STATE_NULL);
      actor_set (a, GST_STATE_NULL);
      break;
    case 2:
      actor_stop_two (a, b);
      break;
  }
}

/* --- chatsignalsrc --- */

static void
open_house (Scene * scene)
{
  scene->house = house_new (TRUE);
}

static void
keep_source (Scene * scene)
{
  if (scene->house == NULL)
    scene->house = house_new (TRUE);
  scene->a = signal_source (scene->house->port);
}

static void
keep_source_alone (Scene * scene)
{
  scene->house = house_new (FALSE);
  keep_source (scene);
}

static void
source_up (Scene * scene, guint i)
{
  gint phase = phases[i % 4];

  actor_set (scene->a, GST_STATE_PLAYING);
  if (i % 5 == 0)
    actor_wait_signalling (scene->a, "connected");
  else
    pass (phase);
  actor_set (scene->a, i % 2 ? GST_STATE_READY : GST_STATE_NULL);
}

static void
source_down (Scene * scene, guint i)
{
  actor_set (scene->a, GST_STATE_PLAYING);
  pass (phases[i % 5]);
  actor_set (scene->a, i % 2 ? GST_STATE_READY : GST_STATE_NULL);
}

static void
source_comes_and_goes (Scene * scene, guint i)
{
  Actor *a = signal_source (scene->house->port);

  actor_set (a, GST_STATE_PLAYING);
  pass (phases[i % 3]);
  house_open (scene->house);
  if (i % 4 == 0) {
    actor_wait_signalling (a, "connected");
    house_close (scene->house);
    actor_wait_signalling (a, "reconnecting");
  }
  actor_free (a);
  house_close (scene->house);
}

static void
deafen (Scene * scene)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketAddress) any =
      g_inet_socket_address_new_from_string ("127.0.0.1", 0);

  scene->deaf = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM,
      G_SOCKET_PROTOCOL_TCP, &error);
  g_assert_no_error (error);
  g_assert_true (g_socket_bind (scene->deaf, any, FALSE, NULL));
  g_socket_set_listen_backlog (scene->deaf, 1024);
  g_assert_true (g_socket_listen (scene->deaf, NULL));
  g_autoptr (GSocketAddress) local =
      g_socket_get_local_address (scene->deaf, NULL);
  scene->a =
      signal_source (g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS
          (local)));
}

/* --- chatpeer without a call --- */

static void
keep_peer (Scene * scene)
{
  scene->house = house_new (TRUE);
  scene->a = peer (scene->house->port, "Anna", NULL, "");
}

static void
peer_alone (Scene * scene, guint i)
{
  Actor *a = peer (scene->house->port, "Anna", "Nobody", "");

  actor_set (a, GST_STATE_PLAYING);
  if (i % 5 == 0)
    actor_wait_signalling (a, "connected");
  else
    pass (phases[i % 5]);
  actor_free (a);
}

static void
peer_restarts (Scene * scene, guint i)
{
  actor_set (scene->a, GST_STATE_PLAYING);
  if (i % 5 == 0)
    actor_wait_signalling (scene->a, "connected");
  else
    pass (phases[i % 5]);
  actor_set (scene->a, i % 3 == 0 ? GST_STATE_NULL : i % 3 == 1 ?
      GST_STATE_READY : GST_STATE_PAUSED);
}

/* The port is one that was free a moment ago. */
static void
peer_with_server (Scene * scene, guint i)
{
  Actor *a = peer (scene->house->port, "Host", NULL, "run-server=true");

  actor_set (a, GST_STATE_PLAYING);
  if (i % 3 == 0)
    actor_wait_signalling (a, "connected");
  else
    pass (phases[i % 4]);
  actor_free (a);
}

static void
close_house (Scene * scene)
{
  scene->house = house_new (FALSE);
}

/* --- calls --- */

static void
begin_call (Scene * scene, Actor ** a, Actor ** b)
{
  *a = peer (scene->house->port, "Anna", "Bert", "");
  *b = peer (scene->house->port, "Bert", NULL, "");
  actor_set (*b, GST_STATE_PLAYING);
  actor_set (*a, GST_STATE_PLAYING);
}

static void
reach (Actor * a, Actor * b, gint phase)
{
  if (phase < 0) {
    actor_wait_call (a, "connected");
    actor_wait_call (b, "connected");
  }
  if (phase == SEEN) {
    actor_wait_picture (a);
    actor_wait_picture (b);
  }
  pass (phase);
}

static void
call_ends_anywhen (Scene * scene, guint i)
{
  Actor *a, *b;

  begin_call (scene, &a, &b);
  if (i % 2)
    actor_wait_signalling (a, "connected");
  reach (a, b, phases[i % G_N_ELEMENTS (phases)]);
  stop_in_order (a, b, i);
  actor_free (a);
  actor_free (b);
}

static void
keep_pair (Scene * scene)
{
  scene->house = house_new (TRUE);
  scene->a = peer (scene->house->port, "Anna", "Bert", "");
  scene->b = peer (scene->house->port, "Bert", NULL, "");
}

/* The same pipelines; one of them stays, three times of four. */
static void
call_restarts (Scene * scene, guint i)
{
  actor_set (scene->b, GST_STATE_PLAYING);
  actor_set (scene->a, GST_STATE_PLAYING);
  reach (scene->a, scene->b, i % 3 == 0 ? SEEN : phases[i % 7]);
  actor_set (i % 2 ? scene->a : scene->b, GST_STATE_READY);
  if (i % 4 == 0)
    stop_in_order (scene->a, scene->b, i / 4);
}

static void
add_pad (Actor * a, const gchar * name, const gchar * description)
{
  g_autoptr (GError) error = NULL;
  GstElement *source = gst_parse_bin_from_description (description, TRUE,
      &error);
  g_assert_no_error (error);
  g_autoptr (GstPad) src = gst_element_get_static_pad (source, "src");
  g_autoptr (GstPad) sink = gst_element_request_pad_simple (a->peer, name);

  g_assert_nonnull (sink);
  gst_bin_add (GST_BIN (a->pipeline), source);
  g_assert_cmpint (gst_pad_link (src, sink), ==, GST_PAD_LINK_OK);
  g_assert_true (gst_element_sync_state_with_parent (source));
}

/* Takes whatever feeds @name away, the pad first or the source first. */
static void
drop_pad (Actor * a, const gchar * name, gboolean pad_first)
{
  g_autoptr (GstPad) sink = gst_element_get_static_pad (a->peer, name);
  g_autoptr (GstPad) src = gst_pad_get_peer (sink);
  g_autoptr (GstElement) source = gst_pad_get_parent_element (src);

  watch_begin ("a pad is released");
  /* Nobody takes what a source still has; and of the launch line's only the
   * filter behind it is taken away. */
  a->may_fail |= pad_first || g_str_has_suffix (name, "_0");
  if (pad_first)
    gst_element_release_request_pad (a->peer, sink);
  gst_element_set_locked_state (source, TRUE);
  gst_element_set_state (source, GST_STATE_NULL);
  gst_bin_remove (GST_BIN (a->pipeline), source);
  if (!pad_first)
    gst_element_release_request_pad (a->peer, sink);
  watch_end ();
}

static void
pads_come_and_go (Scene * scene, guint i)
{
  Actor *a, *b;

  begin_call (scene, &a, &b);
  reach (a, b, phases[i % G_N_ELEMENTS (phases)]);
  /* The first "audio_0" and "video_0" are those of the launch line. */
  add_pad (a, "video_1", "videotestsrc is-live=true ! "
      "capsfilter caps=video/x-raw,width=160,height=120,framerate=10/1");
  add_pad (a, "audio_1", "audiotestsrc is-live=true ! "
      "capsfilter caps=audio/x-raw,rate=48000");
  pass (i % 3 * 10);
  drop_pad (a, i % 4 ? "video_1" : "video_0", i % 2);
  drop_pad (a, i % 5 ? "audio_1" : "audio_0", i % 2 == 0);
  pass (i % 2 * 10);
  stop_in_order (a, b, i);
  actor_free (a);
  actor_free (b);
}

static void
peer_is_removed (Scene * scene, guint i)
{
  Actor *a, *b;

  begin_call (scene, &a, &b);
  reach (a, b, phases[i % G_N_ELEMENTS (phases)]);
  Actor *gone = i % 2 ? a : b;
  gone->may_fail = TRUE;        /* its sources lose their link */
  watch_begin ("chatpeer is removed");
  gst_bin_remove (GST_BIN (gone->pipeline), gone->peer);
  g_assert_cmpint (gst_element_set_state (gone->peer, GST_STATE_NULL), ==,
      GST_STATE_CHANGE_SUCCESS);
  watch_end ();
  actor_free (gone);
  actor_free (gone == a ? b : a);
}

/* --- the table --- */

static const struct
{
  const gchar *name;
  void (*set_up) (Scene * scene);
  void (*cycle) (Scene * scene, guint i);
  guint part;                   /* does the n-th part of the cycles: they are long */
} variants[] = {
  {"source-up", keep_source, source_up, 1},
  {"source-down", keep_source_alone, source_down, 1},
  {"source-deaf", deafen, source_down, 1},
  {"source-comes-and-goes", close_house, source_comes_and_goes, 4},
  {"peer-alone", open_house, peer_alone, 1},
  {"peer-restarts", keep_peer, peer_restarts, 1},
  {"peer-with-server", close_house, peer_with_server, 2},
  {"call-ends-anywhen", open_house, call_ends_anywhen, 1},
  {"call-restarts", keep_pair, call_restarts, 2},
  {"pads-come-and-go", open_house, pads_come_and_go, 4},
  {"peer-is-removed", open_house, peer_is_removed, 4},
};

static gboolean
run (guint n, guint cycles)
{
  Scene scene = { NULL };
  Census before, after;
  gint64 began = g_get_monotonic_time ();

  cycles = MAX (cycles / variants[n].part, 1) + WARM_UP;
  variants[n].set_up (&scene);
  /* Kept pipelines are brought to NULL for each counting. */
  for (guint i = 0; i < WARM_UP; i++)
    variants[n].cycle (&scene, i);
  for (guint i = WARM_UP;; i++) {
    if (i == WARM_UP || i == cycles) {
      if (scene.a != NULL)
        actor_set (scene.a, GST_STATE_NULL);
      if (scene.b != NULL)
        actor_set (scene.b, GST_STATE_NULL);
    }
    if (i == WARM_UP)
      census_take_first (&before);
    if (i == cycles)
      break;
    variants[n].cycle (&scene, i);
  }
  gboolean good = census_settle (&before, &after);
  gdouble seconds = (g_get_monotonic_time () - began) / 1e6;
  g_autofree gchar *counts = census_to_string (&before, &after);
  g_autofree gchar *figures =
      g_strdup_printf ("%u cycles in %.0f s; %s", cycles, seconds, counts);
#ifndef __SANITIZE_ADDRESS__    /* its quarantine grows */
  gint grown = (gint) after.memory - (gint) before.memory;
  gint allowed = MEMORY_AT_FIRST + MEMORY_PER_CYCLE * (cycles - WARM_UP);
  if (cycles > 5 * WARM_UP && grown > allowed) {
    printf ("# memory has grown\n");
    good = FALSE;
  }
#endif
  g_clear_pointer (&scene.a, actor_free);
  g_clear_pointer (&scene.b, actor_free);
  g_clear_pointer (&scene.house, house_free);
  g_clear_object (&scene.deaf);
  printf ("%s - %s # %s\n", good ? "ok" : "not ok", variants[n].name, figures);
  fflush (stdout);
  return good;
}

gint
main (gint argc, gchar ** argv)
{
  const gchar *cycles = g_getenv ("LIFECYCLE_CYCLES");
  gboolean good = TRUE, any = FALSE;

  setlocale (LC_ALL, "");
  setvbuf (stdout, NULL, _IOLBF, 0);
  gst_init (&argc, &argv);
  criticals_are_fatal ();
  for (guint n = 0; n < G_N_ELEMENTS (variants); n++) {
    if (argc > 1 && strcmp (argv[1], variants[n].name) != 0)
      continue;
    any = TRUE;
    good = run (n, cycles != NULL ? atoi (cycles) : 200) && good;
  }
  if (!any)
    printf ("not ok - %s # there is no such variant\n", argv[1]);
  gst_deinit ();
  return any && good ? 0 : 1;
}
