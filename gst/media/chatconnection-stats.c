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

#if !GST_CHECK_VERSION (1, 27, 1)
/* As later headers have them: the binary is the same for all versions. */
typedef struct
{
  gchar *candidate;
  gint component;
  gchar *sdp_mid;
  gint sdp_mline_index;
  GstWebRTCICECandidateStats *stats;
} GstWebRTCICECandidate;

typedef struct
{
  GstWebRTCICECandidate *local;
  GstWebRTCICECandidate *remote;
} GstWebRTCICECandidatePair;

GstWebRTCICECandidatePair
    * gst_webrtc_ice_transport_get_selected_candidate_pair
    (GstWebRTCICETransport * transport);
void gst_webrtc_ice_candidate_pair_free (GstWebRTCICECandidatePair * pair);
#endif
/* NULL before 1.28. */
#pragma weak gst_webrtc_ice_transport_get_selected_candidate_pair
#pragma weak gst_webrtc_ice_candidate_pair_free

static void
add_pair_of_transport (GstWebRTCICETransport * transport, GstStructure * stats)
{
  if (!gst_webrtc_ice_transport_get_selected_candidate_pair
      || !gst_webrtc_ice_candidate_pair_free)
    return;
  GstWebRTCICECandidatePair *pair =
      gst_webrtc_ice_transport_get_selected_candidate_pair (transport);
  if (!pair)
    return;
  if (pair->local && pair->local->stats)
    add_candidate (stats, "local-candidate", pair->local->stats);
  if (pair->remote && pair->remote->stats)
    add_candidate (stats, "remote-candidate", pair->remote->stats);
  gst_webrtc_ice_candidate_pair_free (pair);
}

/* Before 1.28, of libnice's transport; another implementation may call it
 * something else. */
static void
add_pair_of_stream (GstWebRTCICE * ice, GstWebRTCICETransport * transport,
    GstStructure * stats)
{
  GstWebRTCICEStream *stream = NULL;
  GstWebRTCICECandidateStats *local = NULL, *remote = NULL;
  if (g_object_class_find_property (G_OBJECT_GET_CLASS (transport), "stream"))
    g_object_get (transport, "stream", &stream, NULL);
  if (stream && GST_WEBRTC_ICE_GET_CLASS (ice)->get_selected_pair (ice, stream,
          &local, &remote)) {
    add_candidate (stats, "local-candidate", local);
    add_candidate (stats, "remote-candidate", remote);
    gst_webrtc_ice_candidate_stats_free (local);
    gst_webrtc_ice_candidate_stats_free (remote);
  }
  gst_clear_object (&stream);
}

/* From the agent itself: webrtcbin's get-stats would ask rtpsession as well. In
 * 1.28 the agent does not say, and asking it is an assertion. */
static void
add_candidate_pair (GstChatConnection * self, GstStructure * stats)
{
  if (!self->ice_transport)
    return;
  GstWebRTCICE *ice = GST_WEBRTC_ICE (self->ice);
  if (GST_WEBRTC_ICE_GET_CLASS (ice)->get_selected_pair)
    add_pair_of_stream (ice, self->ice_transport, stats);
  else
    add_pair_of_transport (self->ice_transport, stats);
}

gchar *
gst_chat_connection_get_remote_address_in_loop (GstChatConnection * self)
{
  g_return_val_if_fail (GST_CHAT_IS_IN_LOOP (self), NULL);
  g_autoptr (GstStructure) pair = gst_structure_new_empty ("pair");
  add_candidate_pair (self, pair);
  const gchar *remote = gst_structure_get_string (pair, "remote-candidate");
  g_auto (GStrv) words = g_strsplit (remote ? remote : "", " ", -1);
  return g_strv_length (words) > 1 ? g_strdup (words[1]) : NULL;
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
