/* SPDX-License-Identifier: LGPL-2.1-or-later
 * One side of a call, and when what is seen there: a pipeline with a chatpeer
 * named peer and sinks named vcheck and acheck.
 *
 *     call-watch PIPELINE COLOUR HZ
 *
 * Lines of JSON, each with the monotonic time in µs as "at": what the call and
 * the signalling are ("call", "signalling"), what a user is told ("warning",
 * "error"), and each new picture of a ball of COLOUR and piece of a tone of HZ
 * ("picture", "tone"); a wall clock that was stepped, by how many seconds
 * ("clock"); and chatpeer's statistics. Lines on stdin: "call WHOM", "hang-up".
 * It ends where stdin ends. */
#include <stdio.h>
#include <string.h>

#include <json-glib/json-glib.h>

#include "chatmediacheck.h"

/* Less is noise of the codec. */
#define MOVED 0.002

typedef struct
{
  GMainLoop *loop;
  GstElement *pipeline, *peer;
  GstChatColour colour;         /* constant */
  gdouble hz;                   /* constant */
  gint64 wall;                  /* main thread: µs, between the two clocks */
  gint pictures;                /* atomic; whatever is on them */
  /* streaming thread of the picture */
  GstChatPictureCheck *picture;
  GstChatPictureResult last;
  /* streaming thread of the sound */
  GstChatToneCheck *tone;
  guint windows;
} Watch;

/* One line, whole and at once. Any thread. */
static void
say (const gchar * what, const gchar * value, const GstStructure * fields)
{
  static const gchar *const names[] = { "role", "reason", "message", NULL };
  g_autoptr (JsonBuilder) json = json_builder_new ();

  json_builder_begin_object (json);
  json_builder_set_member_name (json, "at");
  json_builder_add_int_value (json, g_get_monotonic_time ());
  json_builder_set_member_name (json, what);
  json_builder_add_string_value (json, value);
  for (guint i = 0; fields != NULL && names[i] != NULL; i++) {
    const gchar *text = gst_structure_get_string (fields, names[i]);
    if (text != NULL) {
      json_builder_set_member_name (json, names[i]);
      json_builder_add_string_value (json, text);
    }
  }
  json_builder_end_object (json);
  g_autoptr (JsonNode) node = json_builder_get_root (json);
  g_autofree gchar *text = json_to_string (node, FALSE);
  g_autofree gchar *line = g_strconcat (text, "\n", NULL);
  fputs (line, stdout);
  fflush (stdout);
}

static GstPadProbeReturn
on_picture (GstPad * pad, GstPadProbeInfo * info, gpointer data)
{
  Watch *watch = data;
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);
  GstVideoInfo format;
  GstChatPictureResult now;

  g_atomic_int_inc (&watch->pictures);
  if (caps == NULL || !gst_video_info_from_caps (&format, caps)
      || !gst_chat_picture_check_feed_buffer (watch->picture, &format,
          GST_PAD_PROBE_INFO_BUFFER (info)))
    return GST_PAD_PROBE_OK;
  gst_chat_picture_check_get (watch->picture, &now);
  if (now.seen[watch->colour] > watch->last.seen[watch->colour]
      && (ABS (now.x - watch->last.x) > MOVED
          || ABS (now.y - watch->last.y) > MOVED)) {
    watch->last = now;
    say ("picture", gst_chat_colour_name (watch->colour), NULL);
  }
  return GST_PAD_PROBE_OK;
}

static GstPadProbeReturn
on_sound (GstPad * pad, GstPadProbeInfo * info, gpointer data)
{
  Watch *watch = data;
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);
  GstAudioInfo format;

  if (caps == NULL || !gst_audio_info_from_caps (&format, caps)
      || !gst_chat_tone_check_feed_buffer (watch->tone, &format,
          GST_PAD_PROBE_INFO_BUFFER (info)))
    return GST_PAD_PROBE_OK;
  guint windows = gst_chat_tone_check_windows_of (watch->tone, watch->hz);
  if (windows != watch->windows) {
    watch->windows = windows;
    say ("tone", "heard", NULL);
  }
  return GST_PAD_PROBE_OK;
}

/* A clock that a test steps. */
static gboolean
on_second (gpointer data)
{
  Watch *watch = data;
  gint64 wall = g_get_real_time () - g_get_monotonic_time ();
  gint64 moved = wall - watch->wall;

  if (ABS (moved) > G_TIME_SPAN_MINUTE) {
    g_autofree gchar *text = g_strdup_printf ("%" G_GINT64_FORMAT,
        moved / G_TIME_SPAN_SECOND);
    say ("clock", text, NULL);
    watch->wall = wall;
  }
  return G_SOURCE_CONTINUE;
}

static void
say_text (const gchar * what, GstMessage * message)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *debug = NULL;

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR)
    gst_message_parse_error (message, &error, &debug);
  else
    gst_message_parse_warning (message, &error, &debug);
  say (what, error->message, NULL);
}

static gboolean
on_message (GstBus * bus, GstMessage * message, gpointer data)
{
  Watch *watch = data;
  const GstStructure *fields = gst_message_get_structure (message);

  switch ((int) GST_MESSAGE_TYPE (message)) {
    case GST_MESSAGE_ERROR:
      say_text ("error", message);
      break;
    case GST_MESSAGE_WARNING:
      say_text ("warning", message);
      break;
    case GST_MESSAGE_ELEMENT:
      if (gst_structure_has_name (fields, "chat-call"))
        say ("call", gst_structure_get_string (fields, "state"), fields);
      else if (gst_structure_has_name (fields, "chat-signalling"))
        say ("signalling", gst_structure_get_string (fields, "state"), fields);
      break;
    case GST_MESSAGE_LATENCY:
      gst_bin_recalculate_latency (GST_BIN (watch->pipeline));
      break;
    default:
      break;
  }
  return G_SOURCE_CONTINUE;
}

static void
obey (Watch * watch, const gchar * line)
{
  gboolean taken = TRUE;

  if (g_str_has_prefix (line, "call "))
    g_signal_emit_by_name (watch->peer, "call", line + strlen ("call "),
        &taken);
  else if (g_str_equal (line, "hang-up"))
    g_signal_emit_by_name (watch->peer, "hang-up");
  else
    say ("error", "no such command", NULL);
  if (!taken)
    say ("error", "the call was refused", NULL);
}

static gboolean
on_input (GIOChannel * channel, GIOCondition condition, gpointer data)
{
  Watch *watch = data;

  for (;;) {
    g_autofree gchar *line = NULL;
    GIOStatus status = g_io_channel_read_line (channel, &line, NULL, NULL,
        NULL);
    if (status == G_IO_STATUS_AGAIN)
      return G_SOURCE_CONTINUE;
    if (status != G_IO_STATUS_NORMAL) {
      g_main_loop_quit (watch->loop);
      return G_SOURCE_REMOVE;
    }
    obey (watch, g_strchomp (line));
  }
}

/* Once a second: for whoever wants to know why. */
static void
on_stats (GObject * peer, GParamSpec * spec, gpointer data)
{
  Watch *watch = data;
  g_autoptr (GstStructure) stats = NULL;

  g_object_get (peer, "stats", &stats, NULL);
  if (stats == NULL)
    return;
  g_autofree gchar *text = gst_structure_to_string (stats);
  g_autofree gchar *line = g_strdup_printf ("%d pictures, %s",
      g_atomic_int_get (&watch->pictures), text);
  say ("stats", line, NULL);
}

static void
look_at (Watch * watch, const gchar * name, GstPadProbeCallback callback)
{
  g_autoptr (GstElement) sink =
      gst_bin_get_by_name (GST_BIN (watch->pipeline), name);
  if (sink == NULL)
    g_error ("no sink called %s", name);
  g_autoptr (GstPad) pad = gst_element_get_static_pad (sink, "sink");
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, callback, watch, NULL);
}

static GstChatColour
colour_of (const gchar * name)
{
  for (GstChatColour c = 0; c < GST_CHAT_N_COLOURS; c++)
    if (g_str_equal (gst_chat_colour_name (c), name))
      return c;
  g_error ("no colour called %s", name);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;

  gst_init (&argc, &argv);
  if (argc != 4) {
    g_printerr ("usage: %s PIPELINE COLOUR HZ\n", argv[0]);
    return 2;
  }
  Watch watch = {.colour = colour_of (argv[2]),.hz =
        g_ascii_strtod (argv[3], NULL)
  };
  watch.picture = gst_chat_picture_check_new ();
  watch.tone = gst_chat_tone_check_new ();
  watch.pipeline = gst_parse_launch (argv[1], &error);
  if (error != NULL)
    g_error ("%s", error->message);
  watch.peer = gst_bin_get_by_name (GST_BIN (watch.pipeline), "peer");
  look_at (&watch, "vcheck", on_picture);
  look_at (&watch, "acheck", on_sound);

  g_signal_connect (watch.peer, "notify::stats", G_CALLBACK (on_stats), &watch);

  watch.wall = g_get_real_time () - g_get_monotonic_time ();
  guint second = g_timeout_add_seconds (1, on_second, &watch);

  watch.loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GstBus) bus = gst_element_get_bus (watch.pipeline);
  gst_bus_add_watch (bus, on_message, &watch);
  g_autoptr (GIOChannel) channel = g_io_channel_unix_new (0);
  g_io_channel_set_encoding (channel, NULL, NULL);
  g_io_channel_set_flags (channel, G_IO_FLAG_NONBLOCK, NULL);
  g_io_add_watch (channel, G_IO_IN | G_IO_HUP, on_input, &watch);
  gst_element_set_state (watch.pipeline, GST_STATE_PLAYING);
  g_main_loop_run (watch.loop);

  gst_element_set_state (watch.pipeline, GST_STATE_NULL);
  g_source_remove (second);
  gst_bus_remove_watch (bus);
  gst_object_unref (watch.peer);
  gst_object_unref (watch.pipeline);
  gst_chat_picture_check_free (watch.picture);
  gst_chat_tone_check_free (watch.tone);
  g_main_loop_unref (watch.loop);
  return 0;
}
