/* SPDX-License-Identifier: LGPL-2.1-or-later
 * A bad network inside the process. */
#include "impair.h"

/* One nicesrc. Lives as long as the process. */
typedef struct
{
  const BenchNetwork *network;
  GstPad *pad;
  GRand *random;
  gint64 last_due;              /* µs, streaming thread */
  GAsyncQueue *packets;
  GThread *thread;
} Line;

typedef struct
{
  gint64 due;                   /* µs */
  GstBuffer *buffer;
} Packet;

/* Delivers; nobody else pushes media out of this pad. */
static gpointer
run_line (gpointer data)
{
  Line *line = data;
  for (;;) {
    Packet *packet = g_async_queue_pop (line->packets);
    gint64 wait = packet->due - g_get_monotonic_time ();
    if (wait > 0)
      g_usleep (wait);
    gst_pad_push (line->pad, packet->buffer);
    g_free (packet);
  }
  return NULL;
}

/* RFC 7983: 128 to 191 is RTP or RTCP. */
static gboolean
is_media (GstBuffer * buffer)
{
  guint8 first = 0;
  return gst_buffer_extract (buffer, 0, &first, 1) == 1 && first >= 128
      && first < 192;
}

static GstPadProbeReturn
on_packet (GstPad * pad, GstPadProbeInfo * info, gpointer data)
{
  Line *line = data;
  GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER (info);
  if (g_thread_self () == line->thread || !is_media (buffer))
    return GST_PAD_PROBE_OK;
  if (g_rand_double (line->random) < line->network->loss)
    return GST_PAD_PROBE_DROP;

  gint64 now = g_get_monotonic_time ();
  gint64 due = now + 1000 * (gint64) line->network->delay
      + (gint64) (1000 * line->network->jitter * g_rand_double (line->random));
  due = line->last_due = MAX (due, line->last_due);
  Packet *packet = g_new (Packet, 1);
  packet->due = due;
  packet->buffer = gst_buffer_copy (buffer);
  /* The jitter buffer takes it for the time of arrival. */
  if (GST_BUFFER_PTS_IS_VALID (buffer))
    GST_BUFFER_PTS (packet->buffer) += (due - now) * GST_USECOND;
  if (GST_BUFFER_DTS_IS_VALID (buffer))
    GST_BUFFER_DTS (packet->buffer) += (due - now) * GST_USECOND;
  g_async_queue_push (line->packets, packet);
  return GST_PAD_PROBE_DROP;
}

static void
on_deep_element (GstBin * bin, GstBin * sub, GstElement * element,
    gpointer data)
{
  GstElementFactory *factory = gst_element_get_factory (element);
  if (!factory || !g_str_equal (GST_OBJECT_NAME (factory), "nicesrc"))
    return;
  Line *line = g_new0 (Line, 1);
  line->network = data;
  line->pad = gst_element_get_static_pad (element, "src");
  line->random = g_rand_new_with_seed (7);
  line->packets = g_async_queue_new ();
  line->thread = g_thread_new ("network", run_line, line);
  gst_pad_add_probe (line->pad, GST_PAD_PROBE_TYPE_BUFFER, on_packet, line,
      NULL);
}

void
bench_impair (GstElement * pipeline, const BenchNetwork * network)
{
  if (network->delay || network->jitter || network->loss > 0)
    g_signal_connect (pipeline, "deep-element-added",
        G_CALLBACK (on_deep_element), (gpointer) network);
}
