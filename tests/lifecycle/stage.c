/* SPDX-License-Identifier: LGPL-2.1-or-later
 * A server in this process, pipelines, and the deadline of their changes. */
#include "stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <gio/gio.h>

/* --- the deadline --- */

static GMutex watch_lock;
static GCond watch_changed;
static GThread *watch_thread;   /* constant after the first use */
static gchar *watch_what;       /* watch_lock; NULL: nothing to watch */
static gint64 watch_until;      /* watch_lock */

static gint64
patience (void)
{
  const gchar *seconds = g_getenv ("LIFECYCLE_PATIENCE");

  return (seconds != NULL ? g_ascii_strtoll (seconds, NULL, 10) : 60)
      * G_TIME_SPAN_SECOND;
}

static gpointer
watch_in_thread (gpointer data)
{
  g_mutex_lock (&watch_lock);
  for (;;) {
    if (watch_what == NULL)
      g_cond_wait (&watch_changed, &watch_lock);
    else if (!g_cond_wait_until (&watch_changed, &watch_lock, watch_until)
        && watch_what != NULL && g_get_monotonic_time () >= watch_until) {
      printf ("not ok - %s # hangs\n", watch_what);
      fflush (stdout);
      abort ();
    }
  }
  return NULL;
}

void
watch_begin (const gchar * what)
{
  g_mutex_lock (&watch_lock);
  if (watch_thread == NULL)
    watch_thread = g_thread_new ("watch", watch_in_thread, NULL);
  g_free (watch_what);
  watch_what = g_strdup (what);
  watch_until = g_get_monotonic_time () + patience ();
  g_cond_signal (&watch_changed);
  g_mutex_unlock (&watch_lock);
}

void
watch_end (void)
{
  g_mutex_lock (&watch_lock);
  g_clear_pointer (&watch_what, g_free);
  g_mutex_unlock (&watch_lock);
}

/* --- the server --- */

static void
open_in_loop (gpointer data)
{
  House *house = data;
  GstChatServerConfig config = {.port = house->port };
  g_autoptr (GError) error = NULL;

  house->server = gst_chat_server_new (&config);
  if (!gst_chat_server_start (house->server, &error))
    g_error ("%s", error->message);
  house->port = gst_chat_server_get_port (house->server);
}

static void
close_in_loop (gpointer data)
{
  g_clear_pointer (&((House *) data)->server, gst_chat_server_free);
}

void
house_open (House * house)
{
  gst_chat_loop_call (house->loop, open_in_loop, house);
}

void
house_close (House * house)
{
  gst_chat_loop_call (house->loop, close_in_loop, house);
}

House *
house_new (gboolean up)
{
  House *house = g_new0 (House, 1);

  house->loop = gst_chat_loop_new ("house");
  house_open (house);
  if (!up)
    house_close (house);
  return house;
}

void
house_free (House * house)
{
  house_close (house);
  gst_chat_loop_unref (house->loop);
  g_free (house);
}

/* --- pipelines --- */

static GstBusSyncReply
on_message (GstBus * bus, GstMessage * message, gpointer data)
{
  Actor *actor = data;
  const GstStructure *s = gst_message_get_structure (message);

  g_mutex_lock (&actor->lock);
  if (s != NULL && gst_structure_has_name (s, "chat-call")) {
    g_free (actor->call);
    actor->call = g_strdup (gst_structure_get_string (s, "state"));
    g_free (actor->reason);
    const gchar *words = gst_structure_get_string (s, "message");
    actor->reason = g_strconcat (gst_structure_get_string (s, "reason"),
        words != NULL ? ": " : NULL, words, NULL);
  } else if (s != NULL && gst_structure_has_name (s, "chat-signalling")) {
    g_free (actor->signalling);
    actor->signalling = g_strdup (gst_structure_get_string (s, "state"));
  } else if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR
      && !actor->may_fail) {
    g_autoptr (GError) error = NULL;
    g_autofree gchar *debug = NULL;

    gst_message_parse_error (message, &error, &debug);
    printf ("# error of %s: %s (%s)\n", GST_MESSAGE_SRC_NAME (message),
        error->message, debug);
    actor->n_errors++;
  }
  g_cond_broadcast (&actor->changed);
  g_mutex_unlock (&actor->lock);
  gst_message_unref (message);
  return GST_BUS_DROP;
}

static void
on_pad_added (GstElement * peer, GstPad * pad, Actor * actor)
{
  const gchar *name = g_str_has_prefix (GST_PAD_NAME (pad), "audio_src") ?
      "in-audio" : "in-video";
  g_autoptr (GstElement) queue = NULL;

  if (!GST_PAD_IS_SRC (pad))
    return;
  queue = gst_bin_get_by_name (GST_BIN (actor->pipeline), name);
  if (queue == NULL)
    return;
  g_autoptr (GstPad) sink = gst_element_get_static_pad (queue, "sink");
  g_autoptr (GstPad) old = gst_pad_get_peer (sink);
  if (old != NULL)
    gst_pad_unlink (old, sink);
  /* One that has just been removed cannot be linked any more. */
  GstPadLinkReturn ret = gst_pad_link (pad, sink);
  g_assert_true (ret == GST_PAD_LINK_OK || actor->may_fail);
}

Actor *
actor_new (const gchar * description)
{
  Actor *actor = g_new0 (Actor, 1);
  g_autoptr (GError) error = NULL;

  g_mutex_init (&actor->lock);
  g_cond_init (&actor->changed);
  actor->call = g_strdup ("");
  actor->reason = g_strdup ("");
  actor->signalling = g_strdup ("");
  /* A single element would be no pipeline. */
  GstElement *pipeline = gst_parse_launch_full (description, NULL,
      GST_PARSE_FLAG_FATAL_ERRORS, &error);
  g_assert_no_error (error);
  if (!GST_IS_PIPELINE (pipeline)) {
    actor->pipeline = gst_pipeline_new (NULL);
    gst_bin_add (GST_BIN (actor->pipeline), pipeline);
  } else
    actor->pipeline = pipeline;
  actor->peer = gst_bin_get_by_name (GST_BIN (actor->pipeline), "peer");
  g_assert_nonnull (actor->peer);
  g_signal_connect (actor->peer, "pad-added", G_CALLBACK (on_pad_added), actor);
  g_autoptr (GstBus) bus = gst_element_get_bus (actor->pipeline);
  gst_bus_set_sync_handler (bus, on_message, actor, NULL);
  return actor;
}

void
actor_set (Actor * actor, GstState state)
{
  g_autofree gchar *what = g_strdup_printf ("%s to %s",
      GST_OBJECT_NAME (actor->pipeline), gst_element_state_get_name (state));

  watch_begin (what);
  GstStateChangeReturn ret = gst_element_set_state (actor->pipeline, state);
  watch_end ();
  g_assert_cmpint (ret, !=, GST_STATE_CHANGE_FAILURE);
  if (state <= GST_STATE_READY)
    g_assert_cmpint (ret, ==, GST_STATE_CHANGE_SUCCESS);
}

void
actor_free (Actor * actor)
{
  actor_set (actor, GST_STATE_NULL);
  g_assert_cmpuint (actor->n_errors, ==, 0);
  g_autoptr (GstBus) bus = gst_element_get_bus (actor->pipeline);
  gst_bus_set_sync_handler (bus, NULL, NULL, NULL);
  g_signal_handlers_disconnect_by_data (actor->peer, actor);
  gst_object_unref (actor->pipeline);
  gst_object_unref (actor->peer);
  g_mutex_clear (&actor->lock);
  g_cond_clear (&actor->changed);
  g_free (actor->call);
  g_free (actor->reason);
  g_free (actor->signalling);
  g_free (actor);
}

gboolean
actor_is (Actor * actor, gchar ** member, const gchar * state)
{
  g_mutex_lock (&actor->lock);
  gboolean so = g_strcmp0 (*member, state) == 0;
  g_mutex_unlock (&actor->lock);
  return so;
}

static void
wait_for (Actor * actor, gchar ** member, const gchar * state)
{
  g_autofree gchar *what = g_strdup_printf ("waiting for %s of %s", state,
      GST_OBJECT_NAME (actor->pipeline));

  watch_begin (what);
  g_mutex_lock (&actor->lock);
  while (g_strcmp0 (*member, state) != 0)
    g_cond_wait (&actor->changed, &actor->lock);
  g_mutex_unlock (&actor->lock);
  watch_end ();
}

void
actor_wait_call (Actor * actor, const gchar * state)
{
  wait_for (actor, &actor->call, state);
}

void
actor_wait_signalling (Actor * actor, const gchar * state)
{
  wait_for (actor, &actor->signalling, state);
}

void
actor_wait_picture (Actor * actor)
{
  g_autoptr (GstElement) eye = gst_bin_get_by_name (GST_BIN (actor->pipeline),
      "eye");

  watch_begin ("waiting for a picture");
  for (;;) {
    g_autoptr (GstSample) sample = NULL;

    g_object_get (eye, "last-sample", &sample, NULL);
    if (sample != NULL && gst_sample_get_buffer (sample) != NULL)
      break;
    g_usleep (10 * G_TIME_SPAN_MILLISECOND);
  }
  watch_end ();
}

static gpointer
stop_in_thread (gpointer actor)
{
  g_assert_cmpint (gst_element_set_state (((Actor *) actor)->pipeline,
          GST_STATE_NULL), ==, GST_STATE_CHANGE_SUCCESS);
  return NULL;
}

void
actor_stop_two (Actor * a, Actor * b)
{
  watch_begin ("two to NULL at once");
  GThread *one = g_thread_new ("stop-a", stop_in_thread, a);
  GThread *two = g_thread_new ("stop-b", stop_in_thread, b);
  g_thread_join (one);
  g_thread_join (two);
  watch_end ();
}
