/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Ten thousand remotes that mean harm, one after the other, through a server on a
 * real socket: they speak the protocol and do everything wrong. The pipeline that
 * they are after plays on, comes back to idle, and can have a good call; one that
 * it has is not touched. Nothing is left of them.
 *
 * With the argument "bare" there is no server: it is in their hands as well.
 *
 * HOSTILE is how many, 60 unless told otherwise. A failure names a seed:
 * HOSTILE_SEED=… HOSTILE=1 is that one again. */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bare.h"
#include "census.h"
#include "criticals.h"
#include "mallory.h"
#include "scripted-client.h"
#include "senses.h"

#define LOOK_US 1000
/* A description that is taken is answered by then, on a machine that is idle. */
#define WORKED_ON (120 * G_TIME_SPAN_MILLISECOND)
#define PATIENCE (60 * G_TIME_SPAN_SECOND)
/* What a remote may take of the memory of the process for good: nothing, but
 * caches fill, and arenas fray. */
#define MEMORY_PER_REMOTE 512   /* bytes */
#define MAX_GROWTH (48 * 1024)  /* KiB of all that is resident */
#define UPGRADE "Connection: Upgrade\r\nUpgrade: websocket\r\n" \
  "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

typedef struct
{
  House *house;                 /* NULL: without a server */
  Bare *bare;                   /* instead of it */
  Actor *victim, *friend;
  Senses *victim_senses, *friend_senses;
  gint n_pictures;              /* atomic; that the victim's own source has made */
  Mallory *mallory;
  GSocket *udp;
  ScriptedClient *client;       /* of this remote */
  gchar *victim_id;             /* as this remote sees it; NULL: not online */
  guint64 seed;
  const gchar *doing;
  Look look;
  guint n_answered;             /* remotes that were taken for real ones */
  guint n_calls;
} Scene;

/* --- waiting --- */

static void
give_up (Scene * scene, const gchar * what)
{
  printf ("not ok - hostile # seed %" G_GUINT64_FORMAT ": %s, after %s; the "
      "victim's call is %s (%s)\n", scene->seed, what, scene->doing,
      scene->victim->call, scene->victim->reason);
  fflush (stdout);
  abort ();
}

static gboolean
is_idle (Actor * actor)
{
  return actor_is (actor, &actor->call, "idle")
      || actor_is (actor, &actor->call, "");
}

static gboolean
victim_is_idle (Scene * scene)
{
  return is_idle (scene->victim);
}

static gboolean
both_connected (Scene * scene)
{
  return actor_is (scene->victim, &scene->victim->call, "connected")
      && actor_is (scene->friend, &scene->friend->call, "connected");
}

static gboolean
both_met (Scene * scene)
{
  return senses_met (scene->victim_senses) && senses_met (scene->friend_senses);
}

static gboolean
both_idle (Scene * scene)
{
  return is_idle (scene->victim) && is_idle (scene->friend);
}

/* With the heads of the frames between the texts. Caller frees. */
static gchar *
what_came (Scene * scene)
{
  if (scene->bare != NULL)
    return bare_heard (scene->bare);
  GByteArray *in = scene->client->in;
  g_autofree gchar *text = g_memdup2 (in->data, in->len);

  for (guint i = 0; i < in->len; i++) {
    if (text[i] == '\0')
      text[i] = ' ';
  }
  return g_utf8_make_valid (in->len > 0 ? text : "", in->len);
}

static gboolean
has_come (Scene * scene, const gchar * text)
{
  g_autofree gchar *all = what_came (scene);

  return strstr (all, text) != NULL;
}

static gboolean
has_ended (Scene * scene)
{
  return scene->client != NULL && scene->client->ended;
}

static gboolean
is_introduced (Scene * scene)
{
  return has_come (scene, "update-user-list") || has_ended (scene);
}

static gboolean
is_answered (Scene * scene)
{
  return has_come (scene, "answer-made") || has_come (scene, "make-answer");
}

/* An offer of ours, as far as it goes. */
static gboolean
is_decided (Scene * scene)
{
  return is_answered (scene) || has_come (scene, "decline")
      || has_come (scene, "hang-up") || has_ended (scene);
}

static gboolean
is_called (Scene * scene)
{
  return has_come (scene, "call-made") || has_come (scene, "call-user")
      || has_ended (scene);
}

static gboolean
wait_until (Scene * scene, gboolean (*is_so) (Scene * scene), gint64 patience)
{
  gint64 deadline = g_get_monotonic_time () + patience;

  while (!is_so (scene)) {
    if (g_get_monotonic_time () > deadline)
      return FALSE;
    g_main_context_iteration (NULL, FALSE);
    g_usleep (LOOK_US);
  }
  return TRUE;
}

/* Of this program, as under valgrind. */
static guint
slowness (void)
{
  const gchar *slow = g_getenv ("CALLS_SLOWNESS");
  return slow != NULL ? atoi (slow) : 1;
}

static void
must (Scene * scene, gboolean (*is_so) (Scene * scene), const gchar * what)
{
  if (!wait_until (scene, is_so, PATIENCE * slowness ()))
    give_up (scene, what);
}

/* --- the good call --- */

static void
meet (Scene * scene)
{
  scene->look += 2;
  senses_show (scene->victim_senses, scene->look);
  senses_show (scene->friend_senses, scene->look + 1);
  senses_expect (scene->friend_senses, scene->look);
  senses_expect (scene->victim_senses, scene->look + 1);
  must (scene, both_met, "picture and sound both ways");
}

/* What a remote said before it went may still be on its way: then the victim is
 * busy once more, for a moment. */
static gboolean
is_in_good_call (Scene * scene)
{
  gboolean taken;

  if (both_connected (scene))
    return TRUE;
  if (!is_idle (scene->victim) || !is_idle (scene->friend))
    return FALSE;
  if (scene->n_calls % 2)
    g_signal_emit_by_name (scene->friend->peer, "call", "Victim", &taken);
  else
    g_signal_emit_by_name (scene->victim->peer, "call", "Friend", &taken);
  return FALSE;
}

static void
good_call (Scene * scene)
{
  scene->doing = "a good call";
  must (scene, is_in_good_call, "a good call connected");
  scene->n_calls++;
  meet (scene);
}

static void
hang_up (Scene * scene)
{
  g_signal_emit_by_name (scene->friend->peer, "hang-up");
  must (scene, both_idle, "the end of the good call");
}

/* --- one that means harm --- */

static void
say (Scene * scene, const gchar * event, const gchar * payload)
{
  g_autoptr (GString) text = g_string_new ("42[");

  if (scene->bare != NULL) {
    bare_say (scene->bare, event, payload);
    return;
  }
  g_string_append_printf (text, "\"%s\",%s]", event, payload);
  scripted_websocket_send (scene->client, text->str);
}

static void
forget_what_came (Scene * scene)
{
  if (scene->bare != NULL) {
    bare_forget (scene->bare);
    return;
  }
  g_main_context_iteration (NULL, FALSE);
  g_byte_array_set_size (scene->client->in, 0);
}

static gchar *
find_victim (Scene * scene)
{
  g_autofree gchar *text = what_came (scene);
  g_autoptr (GRegex) regex = g_regex_new ("\"([^\"]+)\":\"Victim\"", 0, 0,
      NULL);
  g_autoptr (GMatchInfo) match = NULL;

  return g_regex_match (regex, text, 0, &match) ?
      g_match_info_fetch (match, 1) : NULL;
}

/* It is the server as well, and may not know the extensions. */
static gboolean
come_bare (Scene * scene)
{
  scene->doing = "coming";
  bare_forget (scene->bare);
  bare_welcome (scene->bare, mallory_draw (scene->mallory, 4) > 0);
  scene->victim_id = g_strdup ("Victim");
  return TRUE;
}

/* FALSE: the server did not want it. */
static gboolean
come (Scene * scene)
{
  g_autofree gchar *name = mallory_name (scene->mallory);
  g_autofree gchar *target = g_strdup_printf ("/socket.io/?EIO=4&"
      "transport=websocket&name=%s", name);

  scene->doing = "coming";
  scene->client = scripted_client_new (scene->house->server);
  scripted_client_request (scene->client, "GET", target, UPGRADE, NULL);
  g_autoptr (ScriptedResponse) response =
      scripted_client_response (scene->client);
  if (response->status != 101)
    return FALSE;
  scripted_websocket_send (scene->client, "40");
  must (scene, is_introduced, "an introduction");
  scene->victim_id = find_victim (scene);
  return scene->victim_id != NULL;
}

static void
go (Scene * scene)
{
  /* In the middle of a frame, with everything unread, or in due form. */
  switch (mallory_draw (scene->mallory, 3)) {
    case 0:
      scripted_client_send (scene->client, "\x81\xff\0", 3);
      break;
    case 1:
      scripted_websocket_send (scene->client, "41");
      break;
    case 2:
      scripted_client_stop_reading (scene->client);
      break;
  }
  g_clear_pointer (&scene->client, scripted_client_free);
  g_clear_pointer (&scene->victim_id, g_free);
}

static void
go_bare (Scene * scene)
{
  static const gchar gone[] = "{\"event\":\"remove-user\","
      "\"socketId\":\"Mallory\"}";

  bare_give (scene->bare, gone, strlen (gone));
  /* Whatever it said as a server is said anew. */
  bare_welcome (scene->bare, TRUE);
  g_clear_pointer (&scene->victim_id, g_free);
}

/* Garbage for the ports that an answer names; they are this machine's. */
static void
shoot (Scene * scene)
{
  g_autofree gchar *text = what_came (scene);
  g_autoptr (GRegex) regex = g_regex_new ("candidate:\\S+ 1 UDP \\d+ "
      "([0-9.]+) ([0-9]+) typ host", G_REGEX_CASELESS, 0, NULL);
  g_autoptr (GMatchInfo) match = NULL;

  g_regex_match (regex, text, 0, &match);
  for (guint i = 0; i < 4 && g_match_info_matches (match); i++) {
    g_autofree gchar *host = g_match_info_fetch (match, 1);
    g_autofree gchar *port = g_match_info_fetch (match, 2);
    g_autoptr (GSocketAddress) address =
        g_inet_socket_address_new_from_string (host, atoi (port));

    for (guint n = mallory_draw (scene->mallory, 20); n > 0 && address; n--) {
      g_autoptr (GBytes) bytes = mallory_datagram (scene->mallory);
      gsize len;
      const gchar *data = g_bytes_get_data (bytes, &len);
      g_socket_send_to (scene->udp, address, data, len, NULL, NULL);
    }
    g_match_info_next (match, NULL);
  }
}

static void
flood (Scene * scene)
{
  const gchar *event;
  g_autofree gchar *payload = mallory_event (scene->mallory, scene->victim_id,
      &event);

  if (strlen (payload) > 1000)
    return;
  for (guint n = mallory_draw (scene->mallory, 400); n > 0; n--)
    say (scene, event, payload);
}

static void
one_step (Scene * scene)
{
  Mallory *mallory = scene->mallory;
  g_autofree gchar *payload = NULL;
  const gchar *event;

  switch (mallory_draw (mallory, 16)) {
    case 0:{
      g_autoptr (GBytes) noise = mallory_noise (mallory);
      gsize len;
      const gchar *data = g_bytes_get_data (noise, &len);
      scene->doing = "noise";
      if (scene->bare != NULL)
        bare_give (scene->bare, data, len);
      else
        scripted_websocket_send_frame (scene->client, 0x81, data, len);
      return;
    }
    case 1:
      scene->doing = "a flood";
      flood (scene);
      return;
    case 2:
    case 3:
    case 4:
      /* Until it is in the middle of a call: what follows comes then. */
      scene->doing = "an offer that is waited for";
      payload = mallory_description (mallory, scene->victim_id, TRUE);
      forget_what_came (scene);
      say (scene, "call-user", payload);
      wait_until (scene, is_decided, WORKED_ON);
      scene->n_answered += is_answered (scene);
      return;
    case 5:
      scene->doing = "shots at its ports";
      shoot (scene);
      return;
    default:
      payload = mallory_event (mallory, scene->victim_id, &event);
      scene->doing = event;
      say (scene, event, payload);
      return;
  }
}

/* The victim calls it, and gets what it gets. */
static void
be_called (Scene * scene)
{
  gboolean taken;

  scene->doing = "a call of the victim";
  forget_what_came (scene);
  g_signal_emit_by_name (scene->victim->peer, "call", "Mallory", &taken);
  if (!wait_until (scene, is_called, WORKED_ON))
    return;                     /* it has another name */
  for (guint n = mallory_draw (scene->mallory, 3); n > 0; n--) {
    g_autofree gchar *payload = mallory_description (scene->mallory,
        scene->victim_id, FALSE);
    say (scene, "make-answer", payload);
  }
}

static void
one_remote (Scene * scene, guint64 seed, gboolean in_call)
{
  scene->seed = seed;
  mallory_begin (scene->mallory, seed);
  if (scene->bare != NULL ? come_bare (scene) : come (scene)) {
    if (!in_call && mallory_draw (scene->mallory, 8) == 0)
      be_called (scene);
    for (guint n = mallory_draw (scene->mallory, 12); n > 0; n--)
      one_step (scene);
  }
  if (scene->bare != NULL)
    go_bare (scene);
  else
    go (scene);
  if (in_call) {
    if (!both_connected (scene))
      give_up (scene, "the good call has ended");
  } else {
    g_signal_emit_by_name (scene->victim->peer, "hang-up");     /* no more wishes */
    must (scene, victim_is_idle, "the victim idle again");
  }
}

/* --- all of them --- */

static GstPadProbeReturn
on_picture (GstPad * pad, GstPadProbeInfo * info, gpointer data)
{
  g_atomic_int_inc (&((Scene *) data)->n_pictures);
  return GST_PAD_PROBE_OK;
}

static gint pictures_before;

static gboolean
has_played_on (Scene * scene)
{
  return g_atomic_int_get (&scene->n_pictures) > pictures_before + 3;
}

static void
check_that_it_plays (Scene * scene)
{
  pictures_before = g_atomic_int_get (&scene->n_pictures);
  must (scene, has_played_on, "pictures of its own");
  if (scene->victim->n_errors > 0)
    give_up (scene, "an error of the pipeline");
}

static Actor *
peer_of (Scene * scene, const gchar * name, Senses ** senses)
{
  g_autofree gchar *port = g_strdup_printf ("%u",
      scene->house != NULL ? scene->house->port : 1);
  g_autofree gchar *peer = senses_launch (port, name, "");
  g_autofree gchar *text = g_strconcat (peer,
      scene->bare != NULL ? " " BARE_SOURCE : NULL, NULL);
  Actor *actor = actor_new (text);

  *senses = senses_new (actor);
  actor_set (actor, GST_STATE_PLAYING);
  if (scene->bare != NULL)
    bare_join (scene->bare, actor, name);
  else
    actor_wait_signalling (actor, "connected");
  return actor;
}

static void
open_scene (Scene * scene, GPtrArray * sdp, gboolean bare)
{
  g_autoptr (GError) error = NULL;

  if (bare)
    scene->bare = bare_new ();
  else
    scene->house = house_new (TRUE);
  scene->mallory = mallory_new (sdp);
  scene->udp = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM,
      G_SOCKET_PROTOCOL_UDP, &error);
  g_assert_no_error (error);
  scene->victim = peer_of (scene, "Victim", &scene->victim_senses);
  scene->friend = peer_of (scene, "Friend", &scene->friend_senses);
  g_autoptr (GstElement) picture =
      gst_bin_get_by_name (GST_BIN (scene->victim->pipeline), "picture");
  g_autoptr (GstPad) pad = gst_element_get_static_pad (picture, "src");
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, on_picture, scene, NULL);
  if (scene->bare != NULL)
    bare_welcome (scene->bare, TRUE);
}

static void
close_scene (Scene * scene)
{
  senses_free (scene->victim_senses);
  senses_free (scene->friend_senses);
  actor_free (scene->victim);
  actor_free (scene->friend);
  g_clear_pointer (&scene->house, house_free);
  g_clear_pointer (&scene->bare, bare_free);
  mallory_free (scene->mallory);
  g_object_unref (scene->udp);
}

static gint
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(gchar * const *) a, *(gchar * const *) b);
}

static GPtrArray *
load_sdp (void)
{
  g_autofree gchar *folder = g_build_filename (g_getenv ("CHAT_VECTORS"), "sdp",
      NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) dir = g_dir_open (folder, 0, &error);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  GPtrArray *texts = g_ptr_array_new_with_free_func (g_free);
  const gchar *name;

  g_assert_no_error (error);
  while ((name = g_dir_read_name (dir)) != NULL)
    g_ptr_array_add (names, g_build_filename (folder, name, NULL));
  /* The order of a folder is not the same everywhere. */
  g_ptr_array_sort (names, compare_names);
  for (guint i = 0; i < names->len; i++) {
    gchar *text;

    g_assert_true (g_file_get_contents (names->pdata[i], &text, NULL, NULL));
    g_ptr_array_add (texts, text);
  }
  return texts;
}

static guint
resident (void)
{
  g_autofree gchar *text = NULL;
  guint pages = 0;

  if (g_file_get_contents ("/proc/self/statm", &text, NULL, NULL))
    sscanf (text, "%*u %u", &pages);
  return pages * 4;
}

/* A tenth of them later everything that grows at first has grown. */
static gboolean
is_bounded (const Census * before, guint rss_before, guint n, guint tenth)
{
  Census after;
  gboolean good = census_settle (before, &after);
  guint rss = resident ();
  g_autofree gchar *counts = census_to_string (before, &after);

  printf ("# from %u to %u: %s, resident %u to %u KiB\n", tenth, n, counts,
      rss_before, rss);
#ifndef __SANITIZE_ADDRESS__    /* its quarantine grows */
  gint grown = (gint) after.memory - (gint) before->memory;

  good = good && grown < (gint) (1024 + MEMORY_PER_REMOTE * n / 1024)
      && rss < rss_before + MAX_GROWTH;
#endif
  return good;
}

/* By its seed: two of three are after one who is free, every third after one in
 * a call, and that call is looked at in the end. */
static void
next_remote (Scene * scene, guint64 seed)
{
  gboolean in_call = seed % 60 >= 40;

  if (in_call && !both_connected (scene))
    good_call (scene);
  if (!in_call && both_connected (scene))
    hang_up (scene);
  one_remote (scene, seed, in_call);
  if (seed % 60 == 59) {
    scene->doing = "the good call that they were after";
    meet (scene);
    hang_up (scene);
    check_that_it_plays (scene);
  }
}

static void
have_good_call (Scene * scene)
{
  if (!both_connected (scene))
    good_call (scene);
  hang_up (scene);
  check_that_it_plays (scene);
}

static gboolean
run (Scene * scene, guint n, guint64 seed)
{
  guint tenth = n / 10, rss = 0;
  Census before = { 0 };

  for (guint i = 0; i < n; i++) {
    next_remote (scene, seed + i);
    if (i + 1 == tenth) {
      have_good_call (scene);
      census_take_first (&before);
      rss = resident ();
    }
    if (i % 500 == 499)
      printf ("# %u remotes, %u answered, %u good calls\n", i + 1,
          scene->n_answered, scene->n_calls);
  }
  have_good_call (scene);
  return tenth == 0 || is_bounded (&before, rss, n, tenth);
}

gint
main (gint argc, gchar ** argv)
{
  const gchar *many = g_getenv ("HOSTILE"), *first = g_getenv ("HOSTILE_SEED");
  guint n = many != NULL ? atoi (many) : 60;
  guint64 seed = first != NULL ? g_ascii_strtoull (first, NULL, 10) : 1;
  gboolean is_bare = argc > 1 && g_str_equal (argv[1], "bare");
  gint64 began = g_get_monotonic_time ();
  Scene scene = { NULL };

  setlocale (LC_ALL, "");
  setvbuf (stdout, NULL, _IOLBF, 0);
  gst_init (&argc, &argv);
  criticals_are_fatal ();
  g_autoptr (GPtrArray) sdp = load_sdp ();
  open_scene (&scene, sdp, is_bare);
  gboolean good = run (&scene, n, seed);
  close_scene (&scene);
  printf ("%s - hostile%s # %u remotes in %.0f s, %u answered, %u good calls\n",
      good ? "ok" : "not ok", is_bare ? "-bare" : "-server", n,
      (g_get_monotonic_time () - began) / 1e6, scene.n_answered, scene.n_calls);
  gst_deinit ();
  return good ? 0 : 1;
}
