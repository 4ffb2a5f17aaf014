/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The pipeline of demo.sh: sends a picture and a tune, answers every call, and
 * says in words what comes in.
 *
 *     demo [--uri=chat://localhost:5000] [--name=NAME] [--show]
 *
 * What is worth reading here: the call is one description, and everything the
 * program knows of it are messages on the bus and buffers in its sinks. */
#include "chatmediacheck.h"

#include <glib-unix.h>
#include <gst/gst.h>

#define REPORT_SECONDS 2

#define PIPELINE \
    "chatpeer name=peer " \
    "compositor name=mix background=black ! " \
    "  video/x-raw,width=640,height=480,framerate=30/1 ! " \
    "  textoverlay text=\"Hello from a pipeline\" font-desc=\"Sans 16\" " \
    "    halignment=left valignment=top ! " \
    "  clockoverlay font-desc=\"Sans 18\" halignment=right valignment=bottom ! " \
    "  videoconvert ! queue ! peer. " \
    "videotestsrc is-live=true pattern=gradient " \
    "  foreground-color=0xff101828 background-color=0xff3b4a7a ! " \
    "  video/x-raw,format=AYUV,width=640,height=480,framerate=30/1 ! mix. " \
    "videotestsrc is-live=true pattern=ball " \
    "  foreground-color=0xffff3040 background-color=0 ! " \
    "  video/x-raw,format=AYUV,width=200,height=150,framerate=30/1 ! " \
    "  videoscale ! video/x-raw,width=640,height=480 ! mix. " \
    "audiotestsrc name=tune is-live=true volume=0.2 ! " \
    "  audio/x-raw,rate=48000 ! audioconvert ! queue ! peer."

/* Half a second each. */
static const gdouble tune[] = {
  440.00, 440.00, 523.25, 587.33, 659.26, 587.33, 523.25, 440.00,
  440.00, 392.00, 440.00, 523.25, 659.26, 783.99, 659.26, 523.25,
};

typedef struct
{
  GMainLoop *loop;
  GstElement *pipeline;
  gboolean show;                /* in windows and through loudspeakers */
  gboolean failed;
  guint beat;
  guint64 old_frames, old_samples;

  GMutex lock;
  GstChatPictureCheck *picture; /* lock */
  GstChatToneCheck *tone;       /* lock */
} Demo;

/* --- what comes in --- */

static GstPadProbeReturn
on_buffer (GstPad * pad, GstPadProbeInfo * info, gpointer user_data)
{
  Demo *demo = user_data;
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);
  GstVideoInfo video;
  GstAudioInfo audio;

  g_mutex_lock (&demo->lock);
  if (gst_video_info_from_caps (&video, caps))
    gst_chat_picture_check_feed_buffer (demo->picture, &video,
        GST_PAD_PROBE_INFO_BUFFER (info));
  else if (gst_audio_info_from_caps (&audio, caps))
    gst_chat_tone_check_feed_buffer (demo->tone, &audio,
        GST_PAD_PROBE_INFO_BUFFER (info));
  g_mutex_unlock (&demo->lock);
  return GST_PAD_PROBE_OK;
}

/* A source pad of the peer stays for the calls to come, so this happens once
 * for video and once for audio. */
static void
on_pad_added (GstElement * peer, GstPad * pad, gpointer user_data)
{
  Demo *demo = user_data;
  gboolean video = g_str_has_prefix (GST_PAD_NAME (pad), "video");

  if (GST_PAD_IS_SINK (pad))
    return;
  g_autofree gchar *text = g_strdup_printf ("queue ! %s ! %s",
      video ? "videoconvert ! video/x-raw,format=I420"
      : "audioconvert ! audio/x-raw,layout=interleaved",
      demo->show ? (video ? "autovideosink" : "autoaudiosink") :
      "fakesink sync=true");
  GstElement *branch = gst_parse_bin_from_description (text, TRUE, NULL);

  gst_bin_add (GST_BIN (demo->pipeline), branch);
  gst_element_sync_state_with_parent (branch);
  g_autoptr (GstPad) sink_pad = gst_element_get_static_pad (branch, "sink");
  g_autoptr (GstElement) sink = NULL;
  g_autoptr (GstIterator) sinks = gst_bin_iterate_sinks (GST_BIN (branch));
  g_auto (GValue) item = G_VALUE_INIT;
  if (gst_iterator_next (sinks, &item) == GST_ITERATOR_OK)
    sink = g_value_dup_object (&item);
  g_autoptr (GstPad) last = gst_element_get_static_pad (sink, "sink");
  gst_pad_add_probe (last, GST_PAD_PROBE_TYPE_BUFFER, on_buffer, demo, NULL);
  gst_pad_link (pad, sink_pad);
}

static const gchar *
loudness (gdouble db)
{
  if (db < -60)
    return "silence    ▁";
  if (db < -40)
    return "faint      ▂▁";
  if (db < -25)
    return "speaking   ▃▄▂";
  if (db < -12)
    return "loud       ▅▆▄▂";
  return "very loud  ▇█▆▄▂";
}

static gboolean
on_report (gpointer user_data)
{
  Demo *demo = user_data;
  GstChatPictureResult picture;
  GstChatToneResult tone;

  g_mutex_lock (&demo->lock);
  gst_chat_picture_check_get (demo->picture, &picture);
  gst_chat_tone_check_get (demo->tone, &tone);
  g_mutex_unlock (&demo->lock);

  if (picture.frames > demo->old_frames) {
    g_print ("  picture  %ux%u, %.0f frames a second", picture.width,
        picture.height,
        (picture.frames - demo->old_frames) / (gdouble) REPORT_SECONDS);
    if (picture.colour != GST_CHAT_COLOUR_NONE)
      g_print (", a %s ball%s", gst_chat_colour_name (picture.colour),
          picture.moving ? " that moves" : "");
    g_print ("\n");
  }
  if (tone.samples > demo->old_samples) {
    g_print ("  sound    %s (%.0f dB)", loudness (tone.db), tone.db);
    if (tone.tone)
      g_print (", a tone of %.0f Hz", tone.hz);
    g_print ("\n");
  }
  demo->old_samples = tone.samples;
  demo->old_frames = picture.frames;
  return G_SOURCE_CONTINUE;
}

/* --- what happens --- */

static void
say_call (const GstStructure * message)
{
  const gchar *state = gst_structure_get_string (message, "state");
  const gchar *name = gst_structure_get_string (message, "remote-name");
  const gchar *reason = gst_structure_get_string (message, "reason");
  const gchar *role = gst_structure_get_string (message, "role");

  if (name == NULL || name[0] == '\0')
    name = gst_structure_get_string (message, "remote-id");
  if (name == NULL)
    name = "somebody";
  if (g_strcmp0 (state, "connecting") == 0)
    g_print (g_strcmp0 (role, "caller") == 0 ? "%s has answered.\n"
        : "%s calls; answering.\n", name);
  else if (g_strcmp0 (state, "connected") == 0)
    g_print ("Connected with %s.\n", name);
  else if (g_strcmp0 (state, "ending") == 0)
    g_print ("The call with %s is over: %s.\n", name,
        reason != NULL ? reason : "no reason given");
  else if (g_strcmp0 (state, "idle") == 0)
    g_print ("Waiting for a call.\n");
}

static void
say_signalling (const GstStructure * message)
{
  const gchar *state = gst_structure_get_string (message, "state");
  const gchar *reason = gst_structure_get_string (message, "reason");

  if (g_strcmp0 (state, "connected") == 0)
    g_print ("In the list of active users now.\n");
  else if (reason != NULL)
    g_print ("No connection to the server: %s\n", reason);
}

static gboolean
on_message (GstBus * bus, GstMessage * message, gpointer user_data)
{
  Demo *demo = user_data;

  if (gst_message_has_name (message, "chat-call")) {
    say_call (gst_message_get_structure (message));
  } else if (gst_message_has_name (message, "chat-signalling")) {
    say_signalling (gst_message_get_structure (message));
  } else if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_LATENCY) {
    gst_bin_recalculate_latency (GST_BIN (demo->pipeline));
  } else if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_WARNING) {
    g_autoptr (GError) error = NULL;
    gst_message_parse_warning (message, &error, NULL);
    g_print ("Warning: %s\n", error->message);
  } else if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
    g_autoptr (GError) error = NULL;
    gst_message_parse_error (message, &error, NULL);
    g_printerr ("Error: %s\n", error->message);
    g_main_loop_quit (demo->loop);
    demo->failed = TRUE;
  }
  return G_SOURCE_CONTINUE;
}

static gboolean
on_beat (gpointer user_data)
{
  Demo *demo = user_data;
  g_autoptr (GstElement) source =
      gst_bin_get_by_name (GST_BIN (demo->pipeline), "tune");
  g_object_set (source, "freq", tune[demo->beat++ % G_N_ELEMENTS (tune)], NULL);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_quit (gpointer user_data)
{
  Demo *demo = user_data;
  g_main_loop_quit (demo->loop);
  return G_SOURCE_CONTINUE;
}

int
main (int argc, char **argv)
{
  Demo demo = { 0 };
  g_autofree gchar *uri = NULL;
  g_autofree gchar *name = NULL;
  const GOptionEntry options[] = {
    {"uri", 0, 0, G_OPTION_ARG_STRING, &uri, "The server", "URI"},
    {"name", 0, 0, G_OPTION_ARG_STRING, &name, "The name to be seen", "NAME"},
    {"show", 0, 0, G_OPTION_ARG_NONE, &demo.show,
        "Show and play what comes in", NULL},
    {NULL}
  };
  g_autoptr (GError) error = NULL;
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_option_context_add_main_entries (context, options, NULL);
  g_option_context_add_group (context, gst_init_get_option_group ());
  if (!g_option_context_parse (context, &argc, &argv, &error)) {
    g_printerr ("%s\n", error->message);
    return 2;
  }

  demo.pipeline = gst_parse_launch (PIPELINE, &error);
  if (error != NULL) {
    g_printerr ("Error: %s\n", error->message);
    return 1;
  }
  g_mutex_init (&demo.lock);
  demo.picture = gst_chat_picture_check_new ();
  demo.tone = gst_chat_tone_check_new ();
  demo.loop = g_main_loop_new (NULL, FALSE);

  g_autoptr (GstElement) peer =
      gst_bin_get_by_name (GST_BIN (demo.pipeline), "peer");
  g_object_set (peer, "uri", uri != NULL ? uri : "chat://localhost:5000",
      "display-name", name != NULL ? name : "Demo pipeline", NULL);
  g_signal_connect (peer, "pad-added", G_CALLBACK (on_pad_added), &demo);
  g_autoptr (GstBus) bus = gst_element_get_bus (demo.pipeline);
  gst_bus_add_watch (bus, on_message, &demo);
  g_timeout_add (500, on_beat, &demo);
  g_timeout_add_seconds (REPORT_SECONDS, on_report, &demo);
  g_unix_signal_add (SIGINT, on_quit, &demo);
  g_unix_signal_add (SIGTERM, on_quit, &demo);

  gst_element_set_state (demo.pipeline, GST_STATE_PLAYING);
  g_main_loop_run (demo.loop);
  gst_element_set_state (demo.pipeline, GST_STATE_NULL);

  gst_bus_remove_watch (bus);
  gst_object_unref (demo.pipeline);
  g_main_loop_unref (demo.loop);
  gst_chat_picture_check_free (demo.picture);
  gst_chat_tone_check_free (demo.tone);
  g_mutex_clear (&demo.lock);
  return demo.failed ? 1 : 0;
}
