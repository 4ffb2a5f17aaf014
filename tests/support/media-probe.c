/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Runs a pipeline and tells, in lines of JSON, what its sinks see and hear.
 *
 *     media-probe videotestsrc pattern=ball ! fakesink name=vcheck
 *     media-probe --check recording.mkv
 *
 * Sinks whose names start with vcheck or acheck are looked at: raw video for
 * a moving ball and its colour, raw audio for a tone. Commands come on
 * standard input; its end is `quit`:
 *
 *     call [@ELEMENT] ID        hang-up [@ELEMENT]
 *     set ELEMENT PROPERTY VALUE        get ELEMENT PROPERTY
 *     incoming accept|decline   what to answer to the signal incoming-call
 *     lose PERCENT              of what the running calls send
 *     state NULL|READY|PAUSED|PLAYING   eos     quit
 *
 * Exits with 0 after quit or, with --check, at the end of the file; 1 where
 * the pipeline cannot be made, --check: the file cannot be played. */
#include "media-probe.h"

#include <glib-unix.h>

static void
print_error (const gchar * what, GstMessage * message)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *debug = NULL;

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR)
    gst_message_parse_error (message, &error, &debug);
  else
    gst_message_parse_warning (message, &error, &debug);
  g_autoptr (GstStructure) fields = gst_structure_new ("fields",
      "domain", G_TYPE_STRING, g_quark_to_string (error->domain),
      "code", G_TYPE_INT, error->code, "message", G_TYPE_STRING, error->message,
      "debug", G_TYPE_STRING, debug, NULL);
  probe_print_structure (what, message->src, fields);
}

static void
print_state (GstMessage * message)
{
  GstState old, now;
  gst_message_parse_state_changed (message, &old, &now, NULL);
  g_autoptr (GstStructure) fields = gst_structure_new ("fields",
      "old", G_TYPE_STRING, gst_element_state_get_name (old),
      "new", G_TYPE_STRING, gst_element_state_get_name (now), NULL);
  probe_print_structure ("state", message->src, fields);
}

static gboolean
on_message (GstBus * bus, GstMessage * message, gpointer user_data)
{
  Probe *probe = user_data;

  switch ((int) GST_MESSAGE_TYPE (message)) {
    case GST_MESSAGE_ERROR:
      print_error ("error", message);
      probe->status = 1;
      if (probe->offline)
        g_main_loop_quit (probe->loop);
      break;
    case GST_MESSAGE_WARNING:
      print_error ("warning", message);
      break;
    case GST_MESSAGE_EOS:
      probe_print_structure ("eos", message->src, NULL);
      if (probe->offline)
        g_main_loop_quit (probe->loop);
      break;
    case GST_MESSAGE_STATE_CHANGED:
      if (message->src == GST_OBJECT (probe->pipeline))
        print_state (message);
      break;
    case GST_MESSAGE_ELEMENT:
      if (gst_message_get_structure (message) != NULL
          && g_str_has_prefix (gst_structure_get_name
              (gst_message_get_structure (message)), "chat-"))
        probe_print_structure (gst_structure_get_name (gst_message_get_structure
                (message)), message->src, gst_message_get_structure (message));
      break;
    case GST_MESSAGE_LATENCY:
      gst_bin_recalculate_latency (GST_BIN (probe->pipeline));
      break;
    default:
      break;
  }
  return G_SOURCE_CONTINUE;
}

static void
add_stream (Probe * probe, GstElement * sink)
{
  ProbeStream *stream = probe_stream_new (sink);
  if (stream == NULL)
    return;
  g_mutex_lock (&probe->lock);
  g_ptr_array_add (probe->streams, stream);
  g_mutex_unlock (&probe->lock);
}

static void
report (Probe * probe, gboolean always, gboolean final)
{
  g_mutex_lock (&probe->lock);
  for (guint i = 0; i < probe->streams->len; i++) {
    JsonNode *node = probe_stream_report (probe->streams->pdata[i], always,
        final);
    if (node != NULL)
      probe_print (node);
  }
  g_mutex_unlock (&probe->lock);
}

static gboolean
on_tick (gpointer user_data)
{
  Probe *probe = user_data;
  probe->ticks++;
  report (probe, probe->ticks % 10 == 0 && !probe->offline, FALSE);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_input (GIOChannel * channel, GIOCondition condition, gpointer user_data)
{
  Probe *probe = user_data;
  g_autofree gchar *line = NULL;

  GIOStatus status = g_io_channel_read_line (channel, &line, NULL, NULL, NULL);
  if (status == G_IO_STATUS_AGAIN)
    return G_SOURCE_CONTINUE;
  if (status != G_IO_STATUS_NORMAL) {
    g_main_loop_quit (probe->loop);
    return G_SOURCE_REMOVE;
  }
  g_strchomp (line);
  if (line[0] != '\0')
    probe_run_command (probe, line);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_signal (gpointer user_data)
{
  Probe *probe = user_data;
  g_main_loop_quit (probe->loop);
  return G_SOURCE_CONTINUE;
}

/* Streaming thread. */
static void
on_decoded_pad (GstElement * decoder, GstPad * pad, gpointer user_data)
{
  Probe *probe = user_data;
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);
  const gchar *type = caps != NULL
      ? gst_structure_get_name (gst_caps_get_structure (caps, 0)) : "";
  const gchar *convert = "identity";
  g_autofree gchar *name = NULL;

  g_mutex_lock (&probe->lock);
  guint n = probe->streams->len;
  g_mutex_unlock (&probe->lock);
  if (g_str_has_prefix (type, "video/")) {
    convert = "videoconvert ! video/x-raw,format=I420";
    name = g_strdup_printf ("vcheck%u", n);
  } else if (g_str_has_prefix (type, "audio/")) {
    convert = "audioconvert ! audio/x-raw,layout=interleaved";
    name = g_strdup_printf ("acheck%u", n);
  } else {
    name = g_strdup_printf ("other-%s", GST_OBJECT_NAME (pad));
  }

  g_autofree gchar *text = g_strdup_printf
      ("queue ! %s ! fakesink sync=false name=%s", convert, name);
  GstElement *branch = gst_parse_bin_from_description (text, TRUE, NULL);
  gst_bin_add (GST_BIN (probe->pipeline), branch);
  g_autoptr (GstElement) sink = gst_bin_get_by_name (GST_BIN (branch), name);
  add_stream (probe, sink);
  gst_element_sync_state_with_parent (branch);
  g_autoptr (GstPad) sink_pad = gst_element_get_static_pad (branch, "sink");
  gst_pad_link (pad, sink_pad);
}

static GstElement *
make_pipeline_for_file (Probe * probe, const gchar * path)
{
  GstElement *pipeline = gst_pipeline_new ("check");
  GstElement *source = gst_element_factory_make ("filesrc", NULL);
  GstElement *decoder = gst_element_factory_make ("decodebin", NULL);

  g_object_set (source, "location", path, NULL);
  g_signal_connect (decoder, "pad-added", G_CALLBACK (on_decoded_pad), probe);
  gst_bin_add_many (GST_BIN (pipeline), source, decoder, NULL);
  gst_element_link (source, decoder);
  return pipeline;
}

/* One argument is a whole description; several are quoted by the shell, as
 * gst-launch-1.0 takes them. */
static GstElement *
make_pipeline (gchar ** args, GError ** error)
{
  GstElement *top = args[1] == NULL ? gst_parse_launch (args[0], error)
      : gst_parse_launchv ((const gchar **) args, error);
  if (top == NULL || GST_IS_PIPELINE (top))
    return top;
  GstElement *pipeline = gst_pipeline_new (NULL);
  gst_bin_add (GST_BIN (pipeline), top);
  return pipeline;
}

static void
find_streams (Probe * probe)
{
  g_autoptr (GstIterator) it =
      gst_bin_iterate_sinks (GST_BIN (probe->pipeline));
  g_auto (GValue) item = G_VALUE_INIT;

  while (gst_iterator_next (it, &item) == GST_ITERATOR_OK) {
    add_stream (probe, g_value_get_object (&item));
    g_value_reset (&item);
  }
}

static void
run (Probe * probe)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (probe->pipeline);
  guint bus_watch = gst_bus_add_watch (bus, on_message, probe);
  guint tick = g_timeout_add (100, on_tick, probe);
  guint signals[] = { g_unix_signal_add (SIGINT, on_signal, probe),
    g_unix_signal_add (SIGTERM, on_signal, probe)
  };
  guint input = 0;
  if (!probe->offline) {
    g_autoptr (GIOChannel) channel = g_io_channel_unix_new (0);
    g_io_channel_set_encoding (channel, NULL, NULL);
    g_io_channel_set_flags (channel, G_IO_FLAG_NONBLOCK, NULL);
    input = g_io_add_watch (channel, G_IO_IN | G_IO_HUP | G_IO_ERR, on_input,
        probe);
  }

  gst_element_set_state (probe->pipeline, GST_STATE_PLAYING);
  g_main_loop_run (probe->loop);
  gst_element_set_state (probe->pipeline, GST_STATE_NULL);
  report (probe, TRUE, TRUE);

  g_source_remove (bus_watch);
  g_source_remove (tick);
  g_source_remove (signals[0]);
  g_source_remove (signals[1]);
  GSource *source = input != 0
      ? g_main_context_find_source_by_id (NULL, input) : NULL;
  if (source != NULL)
    g_source_destroy (source);
}

int
main (int argc, char **argv)
{
  Probe probe = {.accept = TRUE };
  g_autoptr (GError) error = NULL;

  gst_init (&argc, &argv);
  probe.offline = argc == 3 && g_str_equal (argv[1], "--check");
  if (argc < 2 || (argv[1][0] == '-' && !probe.offline)) {
    g_printerr ("usage: %s PIPELINE-DESCRIPTION | --check FILE\n", argv[0]);
    return 2;
  }

  g_mutex_init (&probe.lock);
  probe.streams =
      g_ptr_array_new_with_free_func ((GDestroyNotify) probe_stream_free);
  probe.pipeline = probe.offline ? make_pipeline_for_file (&probe, argv[2])
      : make_pipeline (argv + 1, &error);
  if (error != NULL) {
    g_autoptr (GstStructure) fields = gst_structure_new ("fields",
        "message", G_TYPE_STRING, error->message, NULL);
    probe_print_structure ("error", NULL, fields);
    g_clear_pointer (&probe.streams, g_ptr_array_unref);
    gst_clear_object (&probe.pipeline);
    return 1;
  }
  find_streams (&probe);
  probe.loop = g_main_loop_new (NULL, FALSE);
  run (&probe);

  g_ptr_array_unref (probe.streams);
  g_mutex_clear (&probe.lock);
  gst_object_unref (probe.pipeline);
  g_main_loop_unref (probe.loop);
  return probe.offline ? probe.status : 0;
}
