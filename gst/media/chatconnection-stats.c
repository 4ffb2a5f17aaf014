/* SPDX-License-Identifier: LGPL-2.1-or-later
 * What can be said of a call in numbers. Read from the RTP session itself; only
 * the candidate pair has to be asked for, and is that of the last time. */
/* rtpsession says it with GValueArray. */
#define GLIB_DISABLE_DEPRECATION_WARNINGS
#include "chatconnection-private.h"

/* ---- the candidate pair ---- */

static gboolean
take_candidate (GQuark id, const GValue * value, gpointer data)
{
  GstChatConnection *self = data;
  if (!GST_VALUE_HOLDS_STRUCTURE (value))
    return TRUE;
  const gchar *name = g_quark_to_string (id);
  gchar **text = g_str_has_prefix (name, "ice-candidate-local") ?
      &self->local_candidate : g_str_has_prefix (name, "ice-candidate-remote") ?
      &self->remote_candidate : NULL;
  if (!text)
    return TRUE;

  const GstStructure *s = gst_value_get_structure (value);
  const gchar *type = gst_structure_get_string (s, "candidate-type");
  const gchar *address = gst_structure_get_string (s, "address");
  const gchar *protocol = gst_structure_get_string (s, "protocol");
  guint port = 0;
  gst_structure_get_uint (s, "port", &port);
  g_free (*text);
  *text = g_strdup_printf ("%s %s %u %s", type ? type : "?",
      address ? address : "?", port, protocol ? protocol : "?");
  return TRUE;
}

static void
stats_in_loop (GstChatConnection * self, gpointer data)
{
  const GstChatReply *reply = data;
  self->stats_asked = FALSE;
  if (reply->stats)
    gst_structure_foreach (reply->stats, take_candidate, self);
}

static void
ask_stats (GstChatConnection * self)
{
  if (self->stats_asked || !self->connected)
    return;
  self->stats_asked = TRUE;
  GstPromise *promise = gst_chat_connection_promise (self, 0, stats_in_loop);
  g_signal_emit_by_name (self->webrtc, "get-stats", NULL, promise);
  gst_promise_unref (promise);
}

/* ---- the RTP session ---- */

typedef struct
{
  guint64 packets_in, packets_out, bytes_in, bytes_out;
  gint64 lost_in;
  gdouble jitter, rtt, loss_out;
  gboolean has_report;
} Sums;

static guint64
get_uint64 (const GstStructure * s, const gchar * field)
{
  guint64 value = 0;
  gst_structure_get_uint64 (s, field, &value);
  return value;
}

static void
add_own (Sums * sums, const GstStructure * s)
{
  sums->packets_out += get_uint64 (s, "packets-sent");
  sums->bytes_out += get_uint64 (s, "octets-sent");
}

static void
add_remote (Sums * sums, const GstStructure * s)
{
  gint lost = 0, clock_rate = 0;
  guint jitter = 0, fraction = 0, rtt = 0;
  gboolean have_rb = FALSE;

  sums->packets_in += get_uint64 (s, "packets-received");
  sums->bytes_in += get_uint64 (s, "octets-received");
  gst_structure_get_int (s, "packets-lost", &lost);
  sums->lost_in += MAX (lost, 0);
  gst_structure_get_uint (s, "jitter", &jitter);
  gst_structure_get_int (s, "clock-rate", &clock_rate);
  if (clock_rate > 0)
    sums->jitter = MAX (sums->jitter, (gdouble) jitter / clock_rate);

  gst_structure_get_boolean (s, "have-rb", &have_rb);
  if (!have_rb)
    return;
  sums->has_report = TRUE;
  gst_structure_get_uint (s, "rb-fractionlost", &fraction);
  gst_structure_get_uint (s, "rb-round-trip", &rtt);
  /* 1/256, and 1/65536 s: RFC 3550 §6.4.1. */
  sums->loss_out = MAX (sums->loss_out, fraction / 256.0);
  sums->rtt = MAX (sums->rtt, rtt / 65536.0);
}

static void
sum_session (GObject * session, Sums * sums)
{
  g_autoptr (GstStructure) stats = NULL;
  g_object_get (session, "stats", &stats, NULL);
  const GValue *sources = stats ?
      gst_structure_get_value (stats, "source-stats") : NULL;
  if (!sources || !G_VALUE_HOLDS_BOXED (sources))
    return;

  GValueArray *array = g_value_get_boxed (sources);
  for (guint i = 0; array && i < array->n_values; i++) {
    const GstStructure *s =
        gst_value_get_structure (g_value_array_get_nth (array, i));
    gboolean internal = FALSE;
    gst_structure_get_boolean (s, "internal", &internal);
    if (internal)
      add_own (sums, s);
    else
      add_remote (sums, s);
  }
}

static void
sum_all (GstChatConnection * self, Sums * sums)
{
  g_autoptr (GstElement) rtpbin =
      gst_bin_get_by_name (GST_BIN (self->webrtc), "rtpbin");
  /* Without BUNDLE each m-line has a session of its own. */
  for (guint i = 0; rtpbin && i < MAX (self->lines->len, 1); i++) {
    g_autoptr (GObject) session = NULL;
    g_signal_emit_by_name (rtpbin, "get-internal-session", i, &session);
    if (session)
      sum_session (session, sums);
  }
}

/* ---- together ---- */

static void
add_rates (GstChatConnection * self, GstStructure * stats, const Sums * sums)
{
  gint64 now = g_get_monotonic_time ();
  gdouble seconds = (now - (self->stats_time ? self->stats_time :
          self->created)) / (gdouble) G_USEC_PER_SEC;
  if (seconds <= 0)
    return;

  guint64 in = sums->bytes_in - MIN (self->stats_bytes_in, sums->bytes_in);
  guint64 out = sums->bytes_out - MIN (self->stats_bytes_out, sums->bytes_out);
  gint64 packets = sums->packets_in - self->stats_packets_in;
  gint64 lost = sums->lost_in - self->stats_lost_in;
  gst_structure_set (stats,
      "bitrate-in", G_TYPE_UINT, (guint) (in * 8 / seconds),
      "bitrate-out", G_TYPE_UINT, (guint) (out * 8 / seconds), NULL);
  if (lost >= 0 && packets > 0)
    gst_structure_set (stats, "loss-in", G_TYPE_DOUBLE,
        (gdouble) lost / (lost + packets), NULL);

  self->stats_time = now;
  self->stats_bytes_in = sums->bytes_in;
  self->stats_bytes_out = sums->bytes_out;
  self->stats_packets_in = sums->packets_in;
  self->stats_lost_in = sums->lost_in;
}

static void
add_line (GstStructure * stats, const GstChatLine * line)
{
  gboolean video = line->kind == GST_CHAT_KIND_VIDEO;
  gint width, height;

  if (line->attached) {
    gst_structure_set (stats, video ? "video-codec-out" : "audio-codec-out",
        G_TYPE_STRING, line->choice.codec->name, NULL);
    if (video && gst_chat_sender_get_size (line->sender, &width, &height))
      gst_structure_set (stats, "width-out", G_TYPE_INT, width,
          "height-out", G_TYPE_INT, height, NULL);
  }
  const GstChatCodec *codec = line->receiver ?
      gst_chat_receiver_get_codec (line->receiver) : NULL;
  if (codec) {
    gst_structure_set (stats, video ? "video-codec-in" : "audio-codec-in",
        G_TYPE_STRING, codec->name, NULL);
    if (video && gst_chat_receiver_get_size (line->receiver, &width, &height))
      gst_structure_set (stats, "width-in", G_TYPE_INT, width,
          "height-in", G_TYPE_INT, height, NULL);
  }
}

GstStructure *
gst_chat_connection_get_stats_in_loop (GstChatConnection * self)
{
  g_return_val_if_fail (GST_CHAT_IS_IN_LOOP (self), NULL);

  Sums sums = { 0 };
  sum_all (self, &sums);
  GstStructure *stats = gst_structure_new ("application/x-chat-stats",
      "packets-in", G_TYPE_UINT64, sums.packets_in,
      "packets-out", G_TYPE_UINT64, sums.packets_out,
      "bytes-in", G_TYPE_UINT64, sums.bytes_in,
      "bytes-out", G_TYPE_UINT64, sums.bytes_out,
      "packets-lost-in", G_TYPE_INT64, sums.lost_in,
      "jitter", G_TYPE_DOUBLE, sums.jitter,
      "idle", G_TYPE_UINT64, gst_chat_connection_get_idle_in_loop (self), NULL);
  if (sums.has_report)
    gst_structure_set (stats, "rtt", G_TYPE_DOUBLE, sums.rtt,
        "loss-out", G_TYPE_DOUBLE, sums.loss_out, NULL);
  add_rates (self, stats, &sums);

  /* The first of each kind stands for it. */
  for (guint i = self->lines->len; i > 0; i--)
    add_line (stats, g_ptr_array_index (self->lines, i - 1));
  if (self->local_candidate)
    gst_structure_set (stats, "local-candidate", G_TYPE_STRING,
        self->local_candidate, NULL);
  if (self->remote_candidate)
    gst_structure_set (stats, "remote-candidate", G_TYPE_STRING,
        self->remote_candidate, NULL);
  ask_stats (self);
  return stats;
}
