/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Counts what goes through one call's RTP session: packets, bytes, loss and
 * jitter as RFC 3550 defines them. rtpsession knows the same, but
 * asking it each second costs more, and stands in the way of its threads. And
 * tells it to the remote where rtpsession does not come to do so. */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS
/* Atomic reference count. Every function in any thread; @now is monotonic
 * microseconds. */
typedef struct _GstChatMeter GstChatMeter;

typedef struct {
  guint64 packets_in, packets_out;      /* RTP, retransmissions as well */
  guint64 bytes_in, bytes_out;  /* of them, headers as well */
  gint64 last_in;               /* when the last RTP came; 0: none yet */
  guint64 lost_in;              /* packets that never came */
  gdouble jitter;               /* seconds, of the worst source; RFC 3550 §6.4.1 */
  gboolean has_report;          /* the remote has reported lately: */
  gdouble loss_out;             /* 0..1, of the worst source */
  guint64 reported_packets;     /* of ours, of all sources, as the remote reports them */
  guint64 reported_lost;
  gdouble rtt;                  /* seconds; 0: not known yet */
} GstChatMeterFigures;

GstChatMeter *gst_chat_meter_new (void);
GstChatMeter *gst_chat_meter_ref (GstChatMeter * meter);
void gst_chat_meter_unref (gpointer meter);

/* Counts on the pads that @rtpsession gets from now on, and adds reports. */
void gst_chat_meter_watch (GstChatMeter * meter, GstElement * rtpsession);
/* Without it there is no jitter of payload type @pt. */
void gst_chat_meter_set_clock_rate (GstChatMeter * meter, guint pt,
    guint clock_rate);

void gst_chat_meter_rtp_in (GstChatMeter * meter, GstBuffer * packet,
    gint64 now);
void gst_chat_meter_rtp_out (GstChatMeter * meter, GstBuffer * packet);
void gst_chat_meter_rtcp_in (GstChatMeter * meter, GstBuffer * packet,
    gint64 now);
void gst_chat_meter_rtcp_out (GstChatMeter * meter, GstBuffer * packet,
    gint64 now);

/* Puts a receiver report (RFC 3550 §6.4.2) at the end of @packet, RTCP of ours
 * that begins with a report, where none has left for a second. */
void gst_chat_meter_add_report (GstChatMeter * meter, GstBuffer * packet,
    gint64 now);

void gst_chat_meter_read (GstChatMeter * meter, gint64 now,
    GstChatMeterFigures * figures);

G_END_DECLS
