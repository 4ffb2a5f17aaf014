/* SPDX-License-Identifier: LGPL-2.1-or-later
 * One side of a chatpeer call. It says on stdout when which message went by
 * and when the first frames came, and measures what the process costs.
 *
 * Commands on stdin: "call ID", "hang-up", "describe", "quit". Times are
 * monotonic microseconds. The first frames of each call are told anew. */
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "peer.h"

static gint arg_seconds = 0, arg_settle = 3;
static GOptionEntry entries[] = {
  {"seconds", 0, 0, G_OPTION_ARG_INT, &arg_seconds,
      "Measure so long (0: not at all)", "S"},
  {"settle", 0, 0, G_OPTION_ARG_INT, &arg_settle,
      "Begin so long after the first frame", "S"},
  {NULL}
};

static GMainLoop *loop;
static GstElement *pipeline, *peer;
static BenchCounter video_in, audio_in;
static BenchWindow window = {.video = &video_in,.audio = &audio_in };

/* Whether this call's first frame has yet to come. */
static gint video_wanted, audio_wanted; /* atomic */

static void
say (const gchar * what, const gchar * detail)
{
  bench_line ("{\"%s\":\"%s\",\"at\":%" G_GINT64_FORMAT "}", what, detail,
      g_get_monotonic_time ());
}

/* ---- what goes by ---- */

/* The value of a string member of flat JSON, for ids and names of events. */
static gchar *
member (const gchar * text, gsize len, const gchar * name)
{
  g_autofree gchar *copy = g_strndup (text, len);
  g_autofree gchar *key = g_strdup_printf ("\"%s\":\"", name);
  const gchar *at = strstr (copy, key);
  if (!at)
    return NULL;
  at += strlen (key);
  const gchar *end = strchr (at, '"');
  return end ? g_strndup (at, end - at) : NULL;
}

static GstPadProbeReturn
on_signal_in (GstPad * pad, GstPadProbeInfo * info, gpointer data)
{
  gint64 now = g_get_monotonic_time ();
  GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER (info);
  GstMapInfo map;
  if (!gst_buffer_map (buffer, &map, GST_MAP_READ))
    return GST_PAD_PROBE_OK;
  const gchar *text = (const gchar *) map.data;
  g_autofree gchar *event = member (text, map.size, "event");
  g_autofree gchar *id = member (text, map.size, "id");
  if (event)
    bench_line ("{\"received\":\"%s\",\"id\":\"%s\",\"at\":%" G_GINT64_FORMAT
        "}", event, id ? id : "", now);
  gst_buffer_unmap (buffer, &map);
  return GST_PAD_PROBE_OK;
}

static GstPadProbeReturn
on_signal_out (GstPad * pad, GstPadProbeInfo * info, gpointer data)
{
  const GstStructure *s =
      gst_event_get_structure (GST_PAD_PROBE_INFO_EVENT (info));
  if (s && gst_structure_has_name (s, "chat-signal"))
    say ("sent", gst_structure_get_string (s, "event"));
  return GST_PAD_PROBE_OK;
}

static void
on_deep_element (GstBin * bin, GstBin * sub, GstElement * element,
    gpointer data)
{
  GstElementFactory *factory = gst_element_get_factory (element);
  if (!factory || !g_str_equal (GST_OBJECT_NAME (factory), "chatsignalsrc"))
    return;
  g_autoptr (GstPad) src = gst_element_get_static_pad (element, "src");
  gst_pad_add_probe (src, GST_PAD_PROBE_TYPE_BUFFER, on_signal_in, NULL, NULL);
  gst_pad_add_probe (src, GST_PAD_PROBE_TYPE_EVENT_UPSTREAM, on_signal_out,
      NULL, NULL);
}

static void
on_state (GObject * object, GParamSpec * spec, gpointer data)
{
  g_auto (GValue) value = G_VALUE_INIT;
  g_value_init (&value, spec->value_type);
  g_object_get_property (object, "state", &value);
  GEnumClass *names = G_ENUM_CLASS (g_type_class_peek (spec->value_type));
  const gchar *nick =
      g_enum_get_value (names, g_value_get_enum (&value))->value_nick;
  /* Not when it ends: a frame of the call that has just ended may still be on
   * its way out. */
  static gboolean was_idle = TRUE;
  gboolean idle = g_str_equal (nick, "idle");
  if (was_idle && !idle) {
    g_atomic_int_set (&video_wanted, 1);
    g_atomic_int_set (&audio_wanted, 1);
  }
  was_idle = idle;
  say ("state", nick);
}

static GstPadProbeReturn
on_frame (GstPad * pad, GstPadProbeInfo * info, gpointer data)
{
  gint *wanted = data;
  if (!g_atomic_int_compare_and_exchange (wanted, 1, 0))
    return GST_PAD_PROBE_OK;
  say ("first", wanted == &video_wanted ? "video" : "audio");
  if (wanted == &video_wanted && arg_seconds > 0)
    bench_window_start (&window);
  return GST_PAD_PROBE_OK;
}

static void
on_pad_added (GstElement * element, GstPad * pad, gpointer data)
{
  if (GST_PAD_DIRECTION (pad) != GST_PAD_SRC)
    return;
  gboolean video = g_str_has_prefix (GST_PAD_NAME (pad), "video");
  GstElement *sink = bench_sink ();
  gst_bin_add (GST_BIN (pipeline), sink);
  gst_element_sync_state_with_parent (sink);
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, on_frame,
      video ? &video_wanted : &audio_wanted, NULL);
  bench_count (pad, video ? &video_in : &audio_in);
  g_autoptr (GstPad) sink_pad = gst_element_get_static_pad (sink, "sink");
  if (gst_pad_link (pad, sink_pad) != GST_PAD_LINK_OK)
    bench_fail ("cannot link behind chatpeer");
}

/* ---- commands ---- */

static void
on_line (const gchar * line, gpointer data)
{
  if (g_str_has_prefix (line, "call ")) {
    gboolean taken = FALSE;
    say ("action", "call");
    g_signal_emit_by_name (peer, "call", line + strlen ("call "), &taken);
    if (!taken)
      bench_fail ("chatpeer does not want to call");
  } else if (g_str_equal (line, "hang-up")) {
    g_signal_emit_by_name (peer, "hang-up");
  } else if (g_str_equal (line, "describe")) {
    bench_describe (GST_BIN (pipeline));
  } else if (g_str_equal (line, "quit")) {
    g_main_loop_quit (loop);
  }
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_add_group (context, bench_peer_option_group ());
  g_option_context_add_group (context, gst_init_get_option_group ());
  if (!g_option_context_parse (context, &argc, &argv, &error))
    bench_fail ("%s", error->message);

  window.settle = arg_settle;
  window.seconds = arg_seconds;
  loop = g_main_loop_new (NULL, FALSE);
  pipeline = bench_peer_new (&peer);
  g_signal_connect (pipeline, "deep-element-added",
      G_CALLBACK (on_deep_element), NULL);
  g_signal_connect (peer, "pad-added", G_CALLBACK (on_pad_added), NULL);
  g_signal_connect (peer, "notify::state", G_CALLBACK (on_state), NULL);
  gst_object_unref (bench_peer_send (peer, bench_audio_source (), "audio_%u"));
  gst_object_unref (bench_peer_send (peer, bench_video_source (), "video_%u"));
  bench_watch_stdin (loop, on_line, NULL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  g_main_loop_run (loop);

  gst_element_set_state (pipeline, GST_STATE_NULL);
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  gst_bus_remove_watch (bus);
  gst_object_unref (pipeline);
  g_main_loop_unref (loop);
  return 0;
}
