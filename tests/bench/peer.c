/* SPDX-License-Identifier: LGPL-2.1-or-later
 * A pipeline around one chatpeer, as the bench programs use it. */
#include "peer.h"

#include "bench.h"

BenchPeerOptions bench_peer_options = {.latency = -1 };

static GOptionEntry entries[] = {
  {"uri", 0, 0, G_OPTION_ARG_STRING, &bench_peer_options.uri, "The server",
      "URI"},
  {"room", 0, 0, G_OPTION_ARG_STRING, &bench_peer_options.room, "The room",
      "NAME"},
  {"name", 0, 0, G_OPTION_ARG_STRING, &bench_peer_options.name,
        "The own name",
      "NAME"},
  {"call", 0, 0, G_OPTION_ARG_STRING, &bench_peer_options.call,
        "Whom to call",
      "NAME"},
  {"latency", 0, 0, G_OPTION_ARG_INT, &bench_peer_options.latency,
      "Of the jitter buffers", "MS"},
  {NULL}
};

GOptionGroup *
bench_peer_option_group (void)
{
  GOptionGroup *group =
      g_option_group_new ("peer", "chatpeer", "chatpeer", NULL, NULL);
  g_option_group_add_entries (group, entries);
  return group;
}

static GstBusSyncReply
on_message (GstBus * bus, GstMessage * message, gpointer data)
{
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
    g_autoptr (GError) error = NULL;
    g_autofree gchar *debug = NULL;
    gst_message_parse_error (message, &error, &debug);
    bench_fail ("%s: %s", error->message, debug);
  }
  return GST_BUS_PASS;
}

static gboolean
on_bus (GstBus * bus, GstMessage * message, gpointer pipeline)
{
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_LATENCY)
    gst_bin_recalculate_latency (pipeline);
  return G_SOURCE_CONTINUE;
}

static void
set_string (GstElement * peer, const gchar * property, const gchar * value)
{
  if (value)
    g_object_set (peer, property, value, NULL);
}

GstElement *
bench_peer_new (GstElement ** peer)
{
  GstElement *pipeline = gst_pipeline_new (NULL);
  *peer = gst_element_factory_make ("chatpeer", "peer");
  if (!*peer)
    bench_fail
        ("no chatpeer: set GST_PLUGIN_PATH_1_0 to gst/elements of the build");
  set_string (*peer, "uri", bench_peer_options.uri);
  set_string (*peer, "room", bench_peer_options.room);
  set_string (*peer, "display-name", bench_peer_options.name);
  set_string (*peer, "call", bench_peer_options.call);
  if (bench_peer_options.latency >= 0)
    g_object_set (*peer, "latency", (guint) bench_peer_options.latency, NULL);
  gst_bin_add (GST_BIN (pipeline), *peer);
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  gst_bus_set_sync_handler (bus, on_message, NULL, NULL);
  gst_bus_add_watch (bus, on_bus, pipeline);
  return pipeline;
}

GstPad *
bench_peer_send (GstElement * peer, GstElement * source, const gchar * name)
{
  g_autoptr (GstObject) pipeline = gst_object_get_parent (GST_OBJECT (peer));
  gst_bin_add (GST_BIN (pipeline), source);
  GstPad *sink = gst_element_request_pad_simple (peer, name);
  g_autoptr (GstPad) src = gst_element_get_static_pad (source, "src");
  if (!sink || gst_pad_link (src, sink) != GST_PAD_LINK_OK)
    bench_fail ("cannot link to chatpeer's %s", name);
  return sink;
}
