/* SPDX-License-Identifier: LGPL-2.1-or-later
 * One side of a chatpeer call that sends a flash and a click each second, and
 * says when they went in, when the remote's came out of chatpeer, and when a
 * sink would play them: {"flash":"sent|out|played","kind":…,"at":µs}. */
#include <gst/video/video.h>
#include <math.h>
#include <string.h>

#include "bench.h"
#include "impair.h"
#include "peer.h"

#define PERIOD (1 * G_USEC_PER_SEC)
#define FLASH_FRAMES 3
#define CLICK_BUFFERS 3         /* of 10 ms */

/* Longer than four frames without one: people see it. */
#define FREEZE (150 * 1000)

static BenchNetwork network;
static gint width = 640, height = 480, framerate = 30;
static GOptionEntry entries[] = {
  {"width", 0, 0, G_OPTION_ARG_INT, &width, "Of the picture", "PIXELS"},
  {"height", 0, 0, G_OPTION_ARG_INT, &height, "Of the picture", "PIXELS"},
  {"framerate", 0, 0, G_OPTION_ARG_INT, &framerate, "Of the picture", "N"},
  {"delay", 0, 0, G_OPTION_ARG_INT, &network.delay, "Of the network", "MS"},
  {"jitter", 0, 0, G_OPTION_ARG_INT, &network.jitter, "Up to so much more",
      "MS"},
  {"loss", 0, 0, G_OPTION_ARG_DOUBLE, &network.loss, "Part of the packets",
      "0…1"},
  {NULL}
};

static GMainLoop *loop;
static GstElement *pipeline;

static void
say (const gchar * what, const gchar * kind)
{
  bench_line ("{\"flash\":\"%s\",\"kind\":\"%s\",\"at\":%" G_GINT64_FORMAT
      "}", what, kind, g_get_monotonic_time ());
}

/* ---- sending ---- */

typedef struct
{
  const gchar *kind;
  gint64 next;                  /* µs; when the next one is due */
  guint left;                   /* buffers of the current one */
} Sender;

static gboolean
sender_is_due (Sender * sender, guint buffers)
{
  if (sender->left > 0) {
    sender->left--;
    return TRUE;
  }
  gint64 now = g_get_monotonic_time ();
  if (now < sender->next)
    return FALSE;
  sender->next = now + PERIOD;
  sender->left = buffers - 1;
  say ("sent", sender->kind);
  return TRUE;
}

static GstPadProbeReturn
on_video_in (GstPad * pad, GstPadProbeInfo * info, gpointer data)
{
  if (!sender_is_due (data, FLASH_FRAMES))
    return GST_PAD_PROBE_OK;
  GstBuffer *buffer =
      gst_buffer_make_writable (GST_PAD_PROBE_INFO_BUFFER (info));
  GST_PAD_PROBE_INFO_DATA (info) = buffer;
  GstMapInfo map;
  if (gst_buffer_map (buffer, &map, GST_MAP_WRITE)) {
    memset (map.data, 235, map.size * 2 / 3);   /* the luma of I420 */
    gst_buffer_unmap (buffer, &map);
  }
  return GST_PAD_PROBE_OK;
}

static GstPadProbeReturn
on_audio_in (GstPad * pad, GstPadProbeInfo * info, gpointer data)
{
  if (!sender_is_due (data, CLICK_BUFFERS))
    return GST_PAD_PROBE_OK;
  GstBuffer *buffer =
      gst_buffer_make_writable (GST_PAD_PROBE_INFO_BUFFER (info));
  GST_PAD_PROBE_INFO_DATA (info) = buffer;
  GstMapInfo map;
  if (gst_buffer_map (buffer, &map, GST_MAP_WRITE)) {
    gint16 *samples = (gint16 *) map.data;
    for (guint i = 0; i < map.size / 2; i++)
      samples[i] = (gint16) (20000 * sin (2 * G_PI * 1000 * (i / 2) / 48000.0));
    gst_buffer_unmap (buffer, &map);
  }
  return GST_PAD_PROBE_OK;
}

/* ---- receiving ---- */

/* One place where flashes are looked for. */
typedef struct
{
  const gchar *what, *kind;
  gboolean bright;              /* streaming thread */
  gint64 dark_since;
} Watch;

/* A flash begins where it becomes bright (loud) after a quiet while. */
static void
watch_level (Watch * watch, gboolean bright)
{
  gint64 now = g_get_monotonic_time ();
  if (bright && !watch->bright && now - watch->dark_since > PERIOD / 4)
    say (watch->what, watch->kind);
  if (!bright && watch->bright)
    watch->dark_since = now;
  watch->bright = bright;
}

/* How evenly the frames came; streaming thread, read when all is over. */
static struct
{
  gint64 first, last;           /* µs */
  guint frames, freezes;
  gint64 frozen;                /* µs beyond FREEZE's length and all of it */
} smooth;

static void
note_frame (void)
{
  gint64 now = g_get_monotonic_time ();
  if (smooth.last && now - smooth.last > FREEZE) {
    smooth.freezes++;
    smooth.frozen += now - smooth.last;
  }
  if (!smooth.first)
    smooth.first = now;
  smooth.last = now;
  smooth.frames++;
}

static void
report (void)
{
  bench_report_jitterbuffers (GST_BIN (pipeline));
  bench_line ("{\"smooth\":{\"us\":%" G_GINT64_FORMAT ",\"frames\":%u,"
      "\"freezes\":%u,\"frozen_us\":%" G_GINT64_FORMAT "}}",
      smooth.last - smooth.first, smooth.frames, smooth.freezes, smooth.frozen);
}

static gboolean
video_is_bright (GstPad * pad, GstBuffer * buffer)
{
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);
  GstVideoInfo info;
  GstVideoFrame frame;
  if (!caps || !gst_video_info_from_caps (&info, caps)
      || !gst_video_frame_map (&frame, &info, buffer, GST_MAP_READ))
    return FALSE;
  guint sum = 0, n = 0;
  const guint8 *line = GST_VIDEO_FRAME_PLANE_DATA (&frame, 0);
  line +=
      (GST_VIDEO_FRAME_HEIGHT (&frame) / 2) *
      GST_VIDEO_FRAME_PLANE_STRIDE (&frame, 0);
  for (gint x = 0; x < GST_VIDEO_FRAME_WIDTH (&frame); x += 16, n++)
    sum += line[x];
  gst_video_frame_unmap (&frame);
  return n > 0 && sum / n > 128;
}

static gboolean
audio_is_loud (GstPad * pad, GstBuffer * buffer)
{
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);
  const gchar *format = caps ?
      gst_structure_get_string (gst_caps_get_structure (caps, 0),
      "format") : NULL;
  GstMapInfo map;
  if (!format || !gst_buffer_map (buffer, &map, GST_MAP_READ))
    return FALSE;
  gdouble peak = 0;
  if (g_str_equal (format, "S16LE")) {
    for (gsize i = 0; i + 2 <= map.size; i += 2)
      peak =
          MAX (peak,
          fabs ((gint16) GST_READ_UINT16_LE (map.data + i) / 32768.0));
  } else if (g_str_equal (format, "F32LE")) {
    for (gsize i = 0; i + 4 <= map.size; i += 4)
      peak = MAX (peak, fabs (GST_READ_FLOAT_LE (map.data + i)));
  } else {
    bench_fail ("audio comes as %s", format);
  }
  gst_buffer_unmap (buffer, &map);
  return peak > 0.15;
}

static void
look (Watch * watch, GstPad * pad, GstBuffer * buffer)
{
  if (g_str_equal (watch->kind, "video"))
    watch_level (watch, video_is_bright (pad, buffer));
  else
    watch_level (watch, audio_is_loud (pad, buffer));
}

static GstPadProbeReturn
on_out (GstPad * pad, GstPadProbeInfo * info, gpointer data)
{
  Watch *watch = data;
  if (g_str_equal (watch->kind, "video"))
    note_frame ();
  look (watch, pad, GST_PAD_PROBE_INFO_BUFFER (info));
  return GST_PAD_PROBE_OK;
}

static void
on_handoff (GstElement * sink, GstBuffer * buffer, GstPad * pad, gpointer data)
{
  look (data, pad, buffer);
}

static void
on_pad_added (GstElement * element, GstPad * pad, gpointer data)
{
  static Watch video[] = { {"out", "video"}, {"played", "video"} };
  static Watch audio[] = { {"out", "audio"}, {"played", "audio"} };
  if (GST_PAD_DIRECTION (pad) != GST_PAD_SRC)
    return;
  Watch *watch = g_str_has_prefix (GST_PAD_NAME (pad), "video") ? video : audio;
  GstElement *queue = gst_element_factory_make ("queue", NULL);
  GstElement *sink = gst_element_factory_make ("fakesink", NULL);
  g_object_set (sink, "sync", TRUE, "async", FALSE, "signal-handoffs", TRUE,
      "enable-last-sample", FALSE, NULL);
  g_signal_connect (sink, "handoff", G_CALLBACK (on_handoff), &watch[1]);
  gst_bin_add_many (GST_BIN (pipeline), queue, sink, NULL);
  gst_element_link (queue, sink);
  gst_element_sync_state_with_parent (sink);
  gst_element_sync_state_with_parent (queue);
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, on_out, &watch[0], NULL);
  g_autoptr (GstPad) queue_pad = gst_element_get_static_pad (queue, "sink");
  if (gst_pad_link (pad, queue_pad) != GST_PAD_LINK_OK)
    bench_fail ("cannot link behind chatpeer");
  gst_bin_recalculate_latency (GST_BIN (pipeline));
}

/* ---- the program ---- */

static void
send (GstElement * peer, const gchar * description, const gchar * name,
    GstPadProbeCallback probe, Sender * sender)
{
  g_autoptr (GError) error = NULL;
  GstElement *source =
      gst_parse_bin_from_description (description, TRUE, &error);
  if (!source)
    bench_fail ("%s", error->message);
  g_autoptr (GstPad) pad = bench_peer_send (peer, source, name);
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, probe, sender, NULL);
}

static void
on_line (const gchar * line, gpointer data)
{
  if (g_str_equal (line, "report"))
    report ();
  else if (g_str_equal (line, "quit"))
    g_main_loop_quit (loop);
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

  static Sender video = {.kind = "video" }, audio = {.kind = "audio" };
  GstElement *peer;
  loop = g_main_loop_new (NULL, FALSE);
  pipeline = bench_peer_new (&peer);
  bench_impair (pipeline, &network);
  g_signal_connect (peer, "pad-added", G_CALLBACK (on_pad_added), NULL);
  send (peer, "audiotestsrc is-live=true wave=silence samplesperbuffer=480"
      " ! capsfilter caps=\"audio/x-raw,format=S16LE,layout=interleaved,"
      "rate=48000,channels=2\"", "audio_%u", on_audio_in, &audio);
  g_autofree gchar *picture =
      g_strdup_printf ("videotestsrc is-live=true pattern=black"
      " ! capsfilter caps=\"video/x-raw,format=I420,width=%d,height=%d,"
      "framerate=%d/1\"", width, height, framerate);
  send (peer, picture, "video_%u", on_video_in, &video);
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
