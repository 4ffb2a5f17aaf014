/* SPDX-License-Identifier: LGPL-2.1-or-later
 * What the bench programs share: lines of JSON, usage, media, counters. */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

void
bench_line (const gchar * format, ...)
{
  va_list args;
  va_start (args, format);
  g_autofree gchar *text = g_strdup_vprintf (format, args);
  va_end (args);
  g_autofree gchar *line = g_strconcat (text, "\n", NULL);
  fputs (line, stdout);
  fflush (stdout);
}

void
bench_fail (const gchar * format, ...)
{
  va_list args;
  va_start (args, format);
  g_autofree gchar *text = g_strdup_vprintf (format, args);
  va_end (args);
  fprintf (stderr, "%s: %s\n", g_get_prgname (), text);
  exit (1);
}

/* ---- stdin ---- */

typedef struct
{
  GMainLoop *loop;
  BenchLineFunc func;
  gpointer user_data;
} Watch;

static gboolean
on_stdin (GIOChannel * channel, GIOCondition condition, gpointer data)
{
  Watch *watch = data;
  for (;;) {
    g_autofree gchar *line = NULL;
    gsize end = 0;
    GIOStatus status =
        g_io_channel_read_line (channel, &line, NULL, &end, NULL);
    if (status == G_IO_STATUS_AGAIN)
      return G_SOURCE_CONTINUE;
    if (status != G_IO_STATUS_NORMAL) {
      g_main_loop_quit (watch->loop);
      return G_SOURCE_REMOVE;
    }
    line[end] = '\0';
    watch->func (line, watch->user_data);
  }
}

void
bench_watch_stdin (GMainLoop * loop, BenchLineFunc func, gpointer user_data)
{
  Watch *watch = g_new (Watch, 1);
  *watch = (Watch) {
  loop, func, user_data};
  GIOChannel *channel = g_io_channel_unix_new (0);
  g_io_channel_set_encoding (channel, NULL, NULL);
  g_io_channel_set_flags (channel, G_IO_FLAG_NONBLOCK, NULL);
  g_io_add_watch_full (channel, G_PRIORITY_DEFAULT, G_IO_IN | G_IO_HUP,
      on_stdin, watch, g_free);
  g_io_channel_unref (channel);
}

/* ---- media ---- */

static GstElement *
make_bin (const gchar * description)
{
  g_autoptr (GError) error = NULL;
  GstElement *bin = gst_parse_bin_from_description (description, TRUE, &error);
  if (!bin)
    bench_fail ("%s", error->message);
  return bin;
}

GstElement *
bench_video_source (void)
{
  return make_bin ("videotestsrc is-live=true pattern=ball"
      " ! capsfilter caps=\"video/x-raw,format=I420,width=640,height=480,"
      "framerate=30/1\"");
}

GstElement *
bench_audio_source (void)
{
  return make_bin ("audiotestsrc is-live=true wave=sine freq=440 volume=0.3"
      " samplesperbuffer=960"
      " ! capsfilter caps=\"audio/x-raw,format=S16LE,layout=interleaved,"
      "rate=48000,channels=2\"");
}

GstElement *
bench_sink (void)
{
  GstElement *sink = gst_element_factory_make ("fakesink", NULL);
  g_object_set (sink, "sync", FALSE, "async", FALSE, "enable-last-sample",
      FALSE, NULL);
  return sink;
}

static GstPadProbeReturn
on_buffer (GstPad * pad, GstPadProbeInfo * info, gpointer data)
{
  BenchCounter *counter = data;
  if (g_atomic_int_add (&counter->buffers, 1) == 0) {
    counter->first = g_get_monotonic_time ();
    if (counter->on_first)
      counter->on_first (counter->user_data);
  }
  return GST_PAD_PROBE_OK;
}

void
bench_count (GstPad * pad, BenchCounter * counter)
{
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, on_buffer, counter, NULL);
}

/* ---- usage ---- */

typedef struct
{
  gint64 at;                    /* µs */
  gint64 cpu;                   /* µs, user and system */
  glong switches;
  gint video, audio;
} Usage;

static gint64
micros (struct timeval tv)
{
  return tv.tv_sec * G_USEC_PER_SEC + tv.tv_usec;
}

static Usage
usage_now (BenchWindow * window)
{
  struct rusage r;
  getrusage (RUSAGE_SELF, &r);
  return (Usage) {
  .at = g_get_monotonic_time (),.cpu =
        micros (r.ru_utime) + micros (r.ru_stime),.switches =
        r.ru_nvcsw + r.ru_nivcsw,.video =
        g_atomic_int_get (&window->video->buffers),.audio =
        g_atomic_int_get (&window->audio->buffers),};
}

/* A number of /proc/self/status: "VmRSS:", "VmHWM:" (KiB), "Threads:". */
static glong
status_field (const gchar * name)
{
  g_autofree gchar *text = NULL;
  if (!g_file_get_contents ("/proc/self/status", &text, NULL, NULL))
    return 0;
  const gchar *at = strstr (text, name);
  return at ? strtol (at + strlen (name), NULL, 10) : 0;
}

/* ---- the window ---- */

typedef struct
{
  BenchWindow *window;
  Usage begin;
} Measure;

static gboolean
window_end (gpointer data)
{
  Measure *m = data;
  Usage end = usage_now (m->window);
  struct rusage total;
  getrusage (RUSAGE_SELF, &total);
  bench_line ("{\"result\":{\"wall_us\":%" G_GINT64_FORMAT ",\"cpu_us\":%"
      G_GINT64_FORMAT ",\"switches\":%ld,\"video\":%d,\"audio\":%d,"
      "\"rss_kib\":%ld,\"peak_kib\":%ld,\"threads\":%ld,\"total_cpu_us\":%"
      G_GINT64_FORMAT "}}", end.at - m->begin.at,
      end.cpu - m->begin.cpu, end.switches - m->begin.switches,
      end.video - m->begin.video, end.audio - m->begin.audio,
      status_field ("VmRSS:"), status_field ("VmHWM:"),
      status_field ("Threads:"),
      micros (total.ru_utime) + micros (total.ru_stime));
  return G_SOURCE_REMOVE;
}

static gboolean
window_begin (gpointer data)
{
  Measure *m = g_new0 (Measure, 1);
  m->window = data;
  m->begin = usage_now (m->window);
  g_timeout_add_full (G_PRIORITY_HIGH, m->window->seconds * 1000, window_end,
      m, g_free);
  return G_SOURCE_REMOVE;
}

void
bench_window_start (BenchWindow * window)
{
  static gint started = 0;
  if (g_atomic_int_add (&started, 1) == 0)
    g_timeout_add_full (G_PRIORITY_HIGH, window->settle * 1000, window_begin,
        window, NULL);
}

/* ---- description of a pipeline ---- */

static gboolean
is_comparable (const GParamSpec * spec)
{
  static const gchar *const differ[] = { "name", "ts-offset", "seqnum-offset",
    "timestamp-offset", "ssrc", "parent", NULL
  };
  const guint both = G_PARAM_READABLE | G_PARAM_WRITABLE;
  if ((spec->flags & both) != both || g_strv_contains (differ, spec->name))
    return FALSE;
  GType type = G_TYPE_FUNDAMENTAL (spec->value_type);
  return type > G_TYPE_INTERFACE && type < G_TYPE_STRING;
}

/* " name=value" for the properties of @object that are not at their defaults:
 * numbers, flags and enumerations, nothing that differs from run to run. */
static gchar *
settings_of (GObject * object)
{
  g_autoptr (GString) out = g_string_new (NULL);
  guint n = 0;
  g_autofree GParamSpec **specs =
      g_object_class_list_properties (G_OBJECT_GET_CLASS (object), &n);
  for (guint i = 0; i < n; i++) {
    if (!is_comparable (specs[i]))
      continue;
    g_auto (GValue) value = G_VALUE_INIT;
    g_value_init (&value, specs[i]->value_type);
    g_object_get_property (object, specs[i]->name, &value);
    if (g_param_value_defaults (specs[i], &value))
      continue;
    g_autofree gchar *text = gst_value_serialize (&value);
    g_string_append_printf (out, " %s=%s", specs[i]->name, text ? text : "?");
  }
  return g_strescape (out->str, NULL);
}

static void
describe_element (const GValue * item, gpointer data)
{
  GTree *counts = data;
  GstElement *element = g_value_get_object (item);
  GstElementFactory *factory = gst_element_get_factory (element);
  if (!factory)
    return;
  g_autofree gchar *settings = settings_of (G_OBJECT (element));
  gchar *key = g_strconcat (GST_OBJECT_NAME (factory), settings, NULL);
  gpointer count = g_tree_lookup (counts, key);
  g_tree_replace (counts, key, GUINT_TO_POINTER (GPOINTER_TO_UINT (count) + 1));
}

static gboolean
append_count (gpointer key, gpointer value, gpointer data)
{
  GString *out = data;
  g_string_append_printf (out, "%s\"%s\":%u", out->len ? "," : "",
      (const gchar *) key, GPOINTER_TO_UINT (value));
  return FALSE;
}

static gint
compare_keys (gconstpointer a, gconstpointer b, gpointer unused)
{
  return strcmp (a, b);
}

void
bench_describe (GstBin * bin)
{
  g_autoptr (GTree) counts = g_tree_new_full (compare_keys, NULL, g_free, NULL);
  GstIterator *it = gst_bin_iterate_recurse (bin);
  while (gst_iterator_foreach (it, describe_element,
          counts) == GST_ITERATOR_RESYNC)
    gst_iterator_resync (it);
  gst_iterator_free (it);
  g_autoptr (GString) out = g_string_new (NULL);
  g_tree_foreach (counts, append_count, out);
  bench_line ("{\"describe\":{%s}}", out->str);
}

/* ---- jitter buffers ---- */

/* Only the demultiplexer behind a jitter buffer knows what goes through it. */
static gchar *
media_behind (GstElement * jitterbuffer)
{
  g_autoptr (GstPad) src = gst_element_get_static_pad (jitterbuffer, "src");
  g_autoptr (GstPad) peer = gst_pad_get_peer (src);
  g_autoptr (GstElement) demux =
      peer ? gst_pad_get_parent_element (peer) : NULL;
  gchar *media = NULL;
  if (!demux)
    return NULL;
  GST_OBJECT_LOCK (demux);
  for (GList * l = demux->srcpads; l && !media; l = l->next) {
    g_autoptr (GstCaps) caps = gst_pad_get_current_caps (l->data);
    if (caps)
      media = g_strdup (gst_structure_get_string (gst_caps_get_structure (caps,
                  0), "media"));
  }
  GST_OBJECT_UNLOCK (demux);
  return media;
}

static void
report_jitterbuffer (const GValue * item, gpointer data)
{
  GstElement *element = g_value_get_object (item);
  GstElementFactory *factory = gst_element_get_factory (element);
  if (!factory || !g_str_equal (GST_OBJECT_NAME (factory), "rtpjitterbuffer"))
    return;
  g_autoptr (GstStructure) stats = NULL;
  g_object_get (element, "stats", &stats, NULL);
  guint64 pushed = 0, lost = 0, late = 0, rtx = 0, rtx_ok = 0;
  gst_structure_get_uint64 (stats, "num-pushed", &pushed);
  gst_structure_get_uint64 (stats, "num-lost", &lost);
  gst_structure_get_uint64 (stats, "num-late", &late);
  gst_structure_get_uint64 (stats, "rtx-count", &rtx);
  gst_structure_get_uint64 (stats, "rtx-success-count", &rtx_ok);
  g_autofree gchar *media = media_behind (element);
  bench_line ("{\"jitterbuffer\":\"%s\",\"pushed\":%" G_GUINT64_FORMAT
      ",\"lost\":%" G_GUINT64_FORMAT ",\"late\":%" G_GUINT64_FORMAT
      ",\"rtx\":%" G_GUINT64_FORMAT ",\"rtx_ok\":%" G_GUINT64_FORMAT
      "}", media ? media : "", pushed, lost, late, rtx, rtx_ok);
}

void
bench_report_jitterbuffers (GstBin * bin)
{
  GstIterator *it = gst_bin_iterate_recurse (bin);
  while (gst_iterator_foreach (it, report_jitterbuffer, NULL) ==
      GST_ITERATOR_RESYNC)
    gst_iterator_resync (it);
  gst_iterator_free (it);
}
