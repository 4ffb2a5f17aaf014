/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Counts what goes through one call's RTP session, and reports it. */
#include "chatmeter.h"

#include <gst/rtp/gstrtcpbuffer.h>
#include <gst/rtp/gstrtpbuffer.h>

#include "chatlimits.h"

/* RFC 3550 §A.1: a larger gap is a sender that has begun anew, a packet that is
 * later than this belongs to what was before. */
#define MAX_DROPOUT 3000
#define MAX_MISORDER 100
/* Of our sender reports, by which the remote's can still be dated; up to one of
 * each source with each feedback, some 20 a second. */
#define N_SENT_REPORTS 128
/* Packets between two reports; more is nonsense. */
#define MAX_REPORTED 100000
/* What the remote has not said again for so long is no longer so. */
#define REPORT_AGE (15 * G_USEC_PER_SEC)
/* rtpsession's own reports come later than this only where feedback puts them
 * off. */
#define REPORT_INTERVAL G_USEC_PER_SEC

typedef struct
{
  guint32 ssrc;
  guint32 max_seq;              /* extended by the cycles */
  guint32 base_seq;
  guint64 received;             /* since base_seq */
  guint64 lost_before;          /* base_seq */
  guint64 packets;              /* all that came */
  gboolean has_transit;
  gdouble transit;              /* seconds */
  gdouble jitter;
  guint clock_rate;             /* Hz, of the last packet; 0: not known */
  guint32 sr_ntp;               /* of its last report, the middle 32 bits */
  gint64 sr_received;           /* 0: it has sent none */
  guint64 reported_packets;     /* as of our last report of it */
  guint64 reported_lost;
} RemoteSource;

/* One of ours, as the remote reports it. */
typedef struct
{
  guint32 ssrc;
  gint64 reported;              /* 0: not yet */
  gdouble loss;
  guint32 highest;              /* sequence number that the remote has, extended */
  gint32 lost;
} OwnSource;

typedef struct
{
  guint32 ntp;                  /* the middle 32 bits of its NTP time */
  gint64 sent;                  /* 0: none */
} SentReport;

struct _GstChatMeter
{
  GMutex lock;                  /* of everything below */
  GstChatMeterFigures figures;  /* the sums over all sources */
  GArray *remote;               /* RemoteSource, GST_CHAT_MAX_SSRCS at most */
  GArray *own;                  /* OwnSource, the same */
  SentReport sent[N_SENT_REPORTS];
  guint n_sent;
  gint64 reported;              /* blocks of ours have left last; 0: none yet */
  guint clock_rates[128];       /* by payload type */
};

GstChatMeter *
gst_chat_meter_new (void)
{
  GstChatMeter *self = g_atomic_rc_box_new0 (GstChatMeter);
  g_mutex_init (&self->lock);
  self->remote = g_array_new (FALSE, FALSE, sizeof (RemoteSource));
  self->own = g_array_new (FALSE, FALSE, sizeof (OwnSource));
  return self;
}

GstChatMeter *
gst_chat_meter_ref (GstChatMeter * self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
meter_clear (gpointer data)
{
  GstChatMeter *self = data;
  g_array_unref (self->remote);
  g_array_unref (self->own);
  g_mutex_clear (&self->lock);
}

void
gst_chat_meter_unref (gpointer self)
{
  g_atomic_rc_box_release_full (self, meter_clear);
}

void
gst_chat_meter_set_clock_rate (GstChatMeter * self, guint pt, guint clock_rate)
{
  g_return_if_fail (pt < G_N_ELEMENTS (self->clock_rates));
  g_mutex_lock (&self->lock);
  self->clock_rates[pt] = clock_rate;
  g_mutex_unlock (&self->lock);
}

/* ---- what comes in ---- */

static RemoteSource *
find_remote_source (GstChatMeter * self, guint32 ssrc)
{
  for (guint i = 0; i < self->remote->len; i++) {
    RemoteSource *source = &g_array_index (self->remote, RemoteSource, i);
    if (source->ssrc == ssrc)
      return source;
  }
  return NULL;
}

static RemoteSource *
remote_source (GstChatMeter * self, guint32 ssrc, guint16 seq)
{
  RemoteSource *source = find_remote_source (self, ssrc);
  if (source || self->remote->len == GST_CHAT_MAX_SSRCS)
    return source;
  RemoteSource fresh = {.ssrc = ssrc,.max_seq = seq,.base_seq = seq };
  g_array_append_val (self->remote, fresh);
  return &g_array_index (self->remote, RemoteSource, self->remote->len - 1);
}

static guint64
lost_since_base (const RemoteSource * source)
{
  guint64 expected = (guint64) (source->max_seq - source->base_seq) + 1;
  /* Packets that came twice can make it less than nothing. */
  return expected - MIN (expected, source->received);
}

static void
count_sequence (RemoteSource * source, guint16 seq)
{
  guint16 ahead = seq - (guint16) source->max_seq;
  if (ahead < MAX_DROPOUT)
    source->max_seq += ahead;
  else if (ahead <= G_MAXUINT16 + 1 - MAX_MISORDER) {
    source->lost_before += lost_since_base (source);
    source->base_seq = source->max_seq = seq;
    source->received = 0;
  }
  source->received++;
  source->packets++;
}

/* RFC 3550 §A.8. */
static void
count_jitter (RemoteSource * source, guint32 timestamp, guint clock_rate,
    gint64 now)
{
  if (clock_rate == 0)
    return;
  gdouble wrap = (G_MAXUINT32 + 1.0) / clock_rate;
  gdouble transit = now / (gdouble) G_USEC_PER_SEC -
      timestamp / (gdouble) clock_rate;
  source->clock_rate = clock_rate;
  gdouble difference = ABS (transit - source->transit);
  if (difference > wrap / 2)
    difference = ABS (difference - wrap);
  if (source->has_transit)
    source->jitter += (difference - source->jitter) / 16;
  source->has_transit = TRUE;
  source->transit = transit;
}

void
gst_chat_meter_rtp_in (GstChatMeter * self, GstBuffer * packet, gint64 now)
{
  GstRTPBuffer rtp = GST_RTP_BUFFER_INIT;
  if (!gst_rtp_buffer_map (packet, GST_MAP_READ, &rtp)) {
    /* The two share a port, and rtpsession takes both from one pad. */
    gst_chat_meter_rtcp_in (self, packet, now);
    return;
  }
  guint32 ssrc = gst_rtp_buffer_get_ssrc (&rtp);
  guint16 seq = gst_rtp_buffer_get_seq (&rtp);
  guint32 timestamp = gst_rtp_buffer_get_timestamp (&rtp);
  guint pt = gst_rtp_buffer_get_payload_type (&rtp);
  gst_rtp_buffer_unmap (&rtp);

  g_mutex_lock (&self->lock);
  self->figures.packets_in++;
  self->figures.last_in = now;
  self->figures.bytes_in += gst_buffer_get_size (packet);
  RemoteSource *source = remote_source (self, ssrc, seq);
  if (source) {
    count_sequence (source, seq);
    count_jitter (source, timestamp, self->clock_rates[pt], now);
  }
  g_mutex_unlock (&self->lock);
}

/* ---- what goes out ---- */

void
gst_chat_meter_rtp_out (GstChatMeter * self, GstBuffer * packet)
{
  g_mutex_lock (&self->lock);
  self->figures.packets_out++;
  self->figures.bytes_out += gst_buffer_get_size (packet);
  g_mutex_unlock (&self->lock);
}

/* ---- reports ---- */

typedef void (*TakePart) (GstChatMeter * self, GstRTCPPacket * part,
    gint64 now);

static void
take_parts (GstChatMeter * self, GstBuffer * packet, gint64 now, TakePart take)
{
  GstRTCPBuffer rtcp = GST_RTCP_BUFFER_INIT;
  GstRTCPPacket part;
  if (!gst_rtcp_buffer_validate_reduced (packet)
      || !gst_rtcp_buffer_map (packet, GST_MAP_READ, &rtcp))
    return;
  g_mutex_lock (&self->lock);
  for (gboolean more = gst_rtcp_buffer_get_first_packet (&rtcp, &part); more;
      more = gst_rtcp_packet_move_to_next (&part))
    take (self, &part, now);
  g_mutex_unlock (&self->lock);
  gst_rtcp_buffer_unmap (&rtcp);
}

static gboolean
is_report (const GstRTCPPacket * part)
{
  return part->type == GST_RTCP_TYPE_SR || part->type == GST_RTCP_TYPE_RR;
}

static void
take_sent_report (GstChatMeter * self, GstRTCPPacket * part, gint64 now)
{
  guint64 ntp = 0;
  if (is_report (part) && gst_rtcp_packet_get_rb_count (part) > 0)
    self->reported = now;
  if (gst_rtcp_packet_get_type (part) != GST_RTCP_TYPE_SR)
    return;
  gst_rtcp_packet_sr_get_sender_info (part, NULL, &ntp, NULL, NULL, NULL);
  SentReport *report = &self->sent[self->n_sent++ % N_SENT_REPORTS];
  report->ntp = (guint32) (ntp >> 16);
  report->sent = now;
}

void
gst_chat_meter_rtcp_out (GstChatMeter * self, GstBuffer * packet, gint64 now)
{
  take_parts (self, packet, now, take_sent_report);
}

static OwnSource *
own_source (GstChatMeter * self, guint32 ssrc)
{
  for (guint i = 0; i < self->own->len; i++) {
    OwnSource *source = &g_array_index (self->own, OwnSource, i);
    if (source->ssrc == ssrc)
      return source;
  }
  if (self->own->len == GST_CHAT_MAX_SSRCS)
    return NULL;
  OwnSource fresh = {.ssrc = ssrc };
  g_array_append_val (self->own, fresh);
  return &g_array_index (self->own, OwnSource, self->own->len - 1);
}

static void
count_reported (GstChatMeter * self, OwnSource * source, guint32 highest,
    gint32 lost)
{
  guint32 packets = highest - source->highest;
  gint32 more = lost - source->lost;
  if (source->reported != 0 && packets < MAX_REPORTED) {
    self->figures.reported_packets += packets;
    self->figures.reported_lost += CLAMP (more, 0, (gint32) packets);
  }
  source->highest = highest;
  source->lost = lost;
}

/* RFC 3550 §6.4.1, by our own clock at both ends. @delay: 1/65536 s. */
static void
take_round_trip (GstChatMeter * self, guint32 ntp, guint32 delay, gint64 now)
{
  for (guint i = 0; ntp != 0 && i < N_SENT_REPORTS; i++) {
    const SentReport *report = &self->sent[i];
    if (report->sent == 0 || report->ntp != ntp)
      continue;
    gdouble rtt = (now - report->sent) / (gdouble) G_USEC_PER_SEC -
        delay / 65536.0;
    self->figures.rtt = MAX (rtt, 0);
  }
}

static void
take_sender (GstChatMeter * self, GstRTCPPacket * part, gint64 now)
{
  guint32 ssrc;
  guint64 ntp;
  if (gst_rtcp_packet_get_type (part) != GST_RTCP_TYPE_SR)
    return;
  gst_rtcp_packet_sr_get_sender_info (part, &ssrc, &ntp, NULL, NULL, NULL);
  RemoteSource *source = find_remote_source (self, ssrc);
  if (source) {
    source->sr_ntp = (guint32) (ntp >> 16);
    source->sr_received = now;
  }
}

static void
take_received_report (GstChatMeter * self, GstRTCPPacket * part, gint64 now)
{
  if (!is_report (part))
    return;
  take_sender (self, part, now);
  guint n = gst_rtcp_packet_get_rb_count (part);
  for (guint i = 0; i < n; i++) {
    guint32 ssrc, highest, jitter, ntp, delay;
    guint8 fraction;
    gint32 lost;
    gst_rtcp_packet_get_rb (part, i, &ssrc, &fraction, &lost, &highest,
        &jitter, &ntp, &delay);
    OwnSource *source = own_source (self, ssrc);
    if (!source)
      continue;
    count_reported (self, source, highest, lost);
    source->reported = now;
    source->loss = fraction / 256.0;
    take_round_trip (self, ntp, delay, now);
  }
}

void
gst_chat_meter_rtcp_in (GstChatMeter * self, GstBuffer * packet, gint64 now)
{
  take_parts (self, packet, now, take_received_report);
}

/* ---- reports of our own ---- */

/* RFC 3550 §6.4.1. */
static void
add_block (RemoteSource * source, GstRTCPPacket * part, gint64 now)
{
  guint64 all_lost = source->lost_before + lost_since_base (source);
  guint64 packets = source->packets - source->reported_packets;
  /* What was late has come meanwhile: fewer are lost than before. */
  guint64 lost = all_lost - MIN (all_lost, source->reported_lost);
  guint32 delay = source->sr_received == 0 ? 0 :
      (now - source->sr_received) * 65536 / G_USEC_PER_SEC;
  if (packets == 0 || !gst_rtcp_packet_add_rb (part, source->ssrc,
          lost * 256 / (lost + packets), MIN (all_lost, 0x7fffff),
          source->max_seq, source->jitter * source->clock_rate,
          source->sr_ntp, delay))
    return;
  source->reported_packets = source->packets;
  source->reported_lost = all_lost;
}

void
gst_chat_meter_add_report (GstChatMeter * self, GstBuffer * packet, gint64 now)
{
  GstRTCPBuffer rtcp = GST_RTCP_BUFFER_INIT;
  GstRTCPPacket part;
  guint32 ssrc = 0;
  if (!gst_rtcp_buffer_validate_reduced (packet)
      || !gst_rtcp_buffer_map (packet, GST_MAP_READWRITE, &rtcp))
    return;
  g_mutex_lock (&self->lock);
  gboolean due = now - self->reported >= REPORT_INTERVAL
      && self->remote->len > 0
      && gst_rtcp_buffer_get_first_packet (&rtcp, &part) && is_report (&part);
  if (due) {
    if (part.type == GST_RTCP_TYPE_SR)
      gst_rtcp_packet_sr_get_sender_info (&part, &ssrc, NULL, NULL, NULL, NULL);
    else
      ssrc = gst_rtcp_packet_rr_get_ssrc (&part);
    if (gst_rtcp_buffer_add_packet (&rtcp, GST_RTCP_TYPE_RR, &part)) {
      gst_rtcp_packet_rr_set_ssrc (&part, ssrc);
      for (guint i = 0; i < self->remote->len; i++)
        add_block (&g_array_index (self->remote, RemoteSource, i), &part, now);
      if (gst_rtcp_packet_get_rb_count (&part) == 0)
        gst_rtcp_packet_remove (&part);
    }
  }
  g_mutex_unlock (&self->lock);
  gst_rtcp_buffer_unmap (&rtcp);
}

/* ---- together ---- */

void
gst_chat_meter_read (GstChatMeter * self, gint64 now,
    GstChatMeterFigures * figures)
{
  g_mutex_lock (&self->lock);
  *figures = self->figures;
  for (guint i = 0; i < self->remote->len; i++) {
    const RemoteSource *source = &g_array_index (self->remote, RemoteSource, i);
    figures->lost_in += source->lost_before + lost_since_base (source);
    figures->jitter = MAX (figures->jitter, source->jitter);
  }
  for (guint i = 0; i < self->own->len; i++) {
    const OwnSource *source = &g_array_index (self->own, OwnSource, i);
    if (now - source->reported > REPORT_AGE)
      continue;
    figures->has_report = TRUE;
    figures->loss_out = MAX (figures->loss_out, source->loss);
  }
  g_mutex_unlock (&self->lock);
}

/* ---- the pads ---- */

static void
each_rtp_in (GstBuffer * packet, gpointer self)
{
  gst_chat_meter_rtp_in (self, packet, g_get_monotonic_time ());
}

static void
each_rtp_out (GstBuffer * packet, gpointer self)
{
  gst_chat_meter_rtp_out (self, packet);
}

static void
each_rtcp_in (GstBuffer * packet, gpointer self)
{
  gst_chat_meter_rtcp_in (self, packet, g_get_monotonic_time ());
}

static void
each_rtcp_out (GstBuffer * packet, gpointer self)
{
  gst_chat_meter_rtcp_out (self, packet, g_get_monotonic_time ());
}

typedef void (*EachPacket) (GstBuffer * packet, gpointer self);

static const struct
{
  const gchar *pad;
  EachPacket each;
} sides[] = {
  {"recv_rtp_sink", each_rtp_in},
  {"send_rtp_src", each_rtp_out},
  {"recv_rtcp_sink", each_rtcp_in},
  {"send_rtcp_src", each_rtcp_out},
};

typedef struct
{
  GstChatMeter *meter;
  EachPacket each;
} Probe;

static void
probe_free (gpointer data)
{
  Probe *probe = data;
  gst_chat_meter_unref (probe->meter);
  g_free (probe);
}

/* rtpsession's streaming threads. */
static GstPadProbeReturn
on_packets (GstPad * pad, GstPadProbeInfo * info, gpointer data)
{
  const Probe *probe = data;
  if (info->type & GST_PAD_PROBE_TYPE_BUFFER_LIST) {
    GstBufferList *list = GST_PAD_PROBE_INFO_BUFFER_LIST (info);
    for (guint i = 0; i < gst_buffer_list_length (list); i++)
      probe->each (gst_buffer_list_get (list, i), probe->meter);
  } else
    probe->each (GST_PAD_PROBE_INFO_BUFFER (info), probe->meter);
  return GST_PAD_PROBE_OK;
}

/* Whoever asks for the pad, before anything can flow. */
static void
on_pad_added (GstElement * rtpsession, GstPad * pad, gpointer meter)
{
  for (guint i = 0; i < G_N_ELEMENTS (sides); i++) {
    if (g_strcmp0 (GST_PAD_NAME (pad), sides[i].pad) != 0)
      continue;
    Probe *probe = g_new (Probe, 1);
    probe->meter = gst_chat_meter_ref (meter);
    probe->each = sides[i].each;
    gst_pad_add_probe (pad,
        GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST, on_packets,
        probe, probe_free);
  }
}

/* rtpsession's thread of RTCP. An early packet has no report blocks, and each one
 * puts the regular one off: where feedback goes on and on there are none. */
static gboolean
on_sending_rtcp (GObject * session, GstBuffer * packet, gboolean early,
    gpointer meter)
{
  if (early)
    gst_chat_meter_add_report (meter, packet, g_get_monotonic_time ());
  return FALSE;
}

void
gst_chat_meter_watch (GstChatMeter * self, GstElement * rtpsession)
{
  g_autoptr (GObject) session = NULL;
  g_object_get (rtpsession, "internal-session", &session, NULL);
  if (session)
    g_signal_connect_data (session, "on-sending-rtcp",
        G_CALLBACK (on_sending_rtcp), gst_chat_meter_ref (self),
        (GClosureNotify) (void (*)(void)) gst_chat_meter_unref, 0);
  g_signal_connect_data (rtpsession, "pad-added", G_CALLBACK (on_pad_added),
      gst_chat_meter_ref (self),
      (GClosureNotify) (void (*)(void)) gst_chat_meter_unref, 0);
}
