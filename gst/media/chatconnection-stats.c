/* SPDX-License-Identifier: LGPL-2.1-or-later
 * What can be said of a call in numbers. */
#include "chatconnection-private.h"

/* ---- the candidate pair ---- */

static void
add_candidate (GstStructure * stats, const gchar * field,
    GstWebRTCICECandidateStats * candidate)
{
  g_autofree gchar *text = g_strdup_printf ("%s %s %u %s",
      candidate->type ? candidate->type : "?",
      candidate->ipaddr ? candidate->ipaddr : "?", candidate->port,
      candidate->proto ? candidate->proto : "?");
  gst_structure_set (stats, field, G_TYPE_STRING, text, NULL);
}

/* From the agent itself: webrtcbin's get-stats would ask rtpsession as well. */
static gboolean
get_selected_pair (GstChatConnection * self,
    GstWebRTCICECandidateStats ** local, GstWebRTCICECandidateStats ** remote)
{
  return self->ice_stream
      && gst_webrtc_ice_get_selected_pair (GST_WEBRTC_ICE (self->ice),
      self->ice_stream, local, remote);
}

gchar *
gst_chat_connection_get_remote_address_in_loop (GstChatConnection * self)
{
  GstWebRTCICECandidateStats *local = NULL, *remote = NULL;
  g_return_val_if_fail (GST_CHAT_IS_IN_LOOP (self), NULL);
  if (!get_selected_pair (self, &local, &remote))
    return NULL;
  gchar *address = g_strdup (remote->ipaddr);
  gst_webrtc_ice_candidate_stats_free (local);
  gst_webrtc_ice_candidate_stats_free (remote);
  return address;
}

static void
add_candidate_pair (GstChatConnection * self, GstStructure * stats)
{
  GstWebRTCICECandidateStats *local = NULL, *remote = NULL;
  if (!get_selected_pair (self, &local, &remote))
    return;
  add_candidate (stats, "local-candidate", local);
  add_candidate (stats, "remote-candidate", remote);
  gst_webrtc_ice_candidate_stats_free (local);
  gst_webrtc_ice_candidate_stats_free (remote);
}

/* From here on there was no media beside RTCP. */
#define QUIET G_USEC_PER_SEC

gboolean
gst_chat_connection_is_quiet_in_loop (GstChatConnection * self)
{
  g_return_val_if_fail (GST_CHAT_IS_IN_LOOP (self), FALSE);
  gint64 now = g_get_monotonic_time ();
  GstChatMeterFigures figures;
  gst_chat_meter_read (self->mailbox->meter, now, &figures);
  gint64 last = now - (gint64) gst_chat_connection_get_idle_in_loop (self);
  return figures.last_in == 0 || last - figures.last_in > QUIET;
}

/* ---- together ---- */

static void
add_rates (GstChatConnection * self, GstStructure * stats,
    const GstChatMeterFigures * figures)
{
  gint64 now = g_get_monotonic_time ();
  gdouble seconds = (now - (self->stats_time ? self->stats_time :
          self->created)) / (gdouble) G_USEC_PER_SEC;
  if (seconds <= 0)
    return;

  const GstChatMeterFigures *last = &self->stats_last;
  guint64 in = figures->bytes_in - last->bytes_in;
  guint64 out = figures->bytes_out - last->bytes_out;
  gint64 packets = figures->packets_in - last->packets_in;
  gint64 lost = figures->lost_in - last->lost_in;
  gst_structure_set (stats,
      "bitrate-in", G_TYPE_UINT, (guint) (in * 8 / seconds),
      "bitrate-out", G_TYPE_UINT, (guint) (out * 8 / seconds), NULL);
  /* What was late has come meanwhile: fewer are lost than before. */
  if (lost >= 0 && packets > 0)
    gst_structure_set (stats, "loss-in", G_TYPE_DOUBLE,
        (gdouble) lost / (lost + packets), NULL);

  self->stats_time = now;
  self->stats_last = *figures;
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

  GstChatMeterFigures figures;
  gst_chat_meter_read (self->mailbox->meter, g_get_monotonic_time (), &figures);
  GstStructure *stats = gst_structure_new ("application/x-chat-stats",
      "packets-in", G_TYPE_UINT64, figures.packets_in,
      "packets-out", G_TYPE_UINT64, figures.packets_out,
      "bytes-in", G_TYPE_UINT64, figures.bytes_in,
      "bytes-out", G_TYPE_UINT64, figures.bytes_out,
      "packets-lost-in", G_TYPE_INT64, (gint64) figures.lost_in,
      "jitter", G_TYPE_DOUBLE, figures.jitter,
      "idle", G_TYPE_UINT64, gst_chat_connection_get_idle_in_loop (self), NULL);
  if (figures.has_report)
    gst_structure_set (stats, "loss-out", G_TYPE_DOUBLE, figures.loss_out,
        NULL);
  if (figures.rtt > 0)
    gst_structure_set (stats, "rtt", G_TYPE_DOUBLE, figures.rtt, NULL);
  add_rates (self, stats, &figures);

  /* The first of each kind stands for it. */
  for (guint i = self->lines->len; i > 0; i--)
    add_line (stats, g_ptr_array_index (self->lines, i - 1));
  add_candidate_pair (self, stats);
  return stats;
}
