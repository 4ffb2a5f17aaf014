/* SPDX-License-Identifier: LGPL-2.1-or-later
 * How much of its bitrate the call's video may use: as much as the network takes. */
#include "chatconnection-private.h"

GST_DEBUG_CATEGORY_STATIC (chat_pace_debug);
#define GST_CAT_DEFAULT chat_pace_debug

/* Fewer are chance. */
#define ENOUGH_PACKETS 20
/* µs; what is sent again now would be late, and make more of what follows late. */
#define CROWDED (500 * 1000)

/* µs of the clock by which rtpsession notes when a packet leaves. */
static gint64
sending_time (void)
{
  g_autoptr (GstClock) clock = gst_system_clock_obtain ();
  return GST_TIME_AS_USECONDS (gst_clock_get_time (clock));
}

static void
share_out (GstChatConnection * self)
{
  GST_DEBUG_OBJECT (self->webrtc, "%.0f %% of the bitrate, packets wait %"
      G_GINT64_FORMAT " ms", 100 * self->pace.share,
      gst_chat_delay_get_queue (&self->pace.delay) / 1000);
  for (guint i = 0; i < self->lines->len; i++) {
    GstChatLine *line = g_ptr_array_index (self->lines, i);
    if (line->attached && line->kind == GST_CHAT_KIND_VIDEO)
      gst_chat_sender_set_share (line->sender, self->pace.share);
  }
}

void
gst_chat_connection_adapt_in_loop (GstChatConnection * self)
{
  g_return_if_fail (GST_CHAT_IS_IN_LOOP (self));
  GstChatMeterFigures figures;
  gst_chat_meter_read (self->mailbox->meter, g_get_monotonic_time (), &figures);
  guint64 packets = figures.reported_packets - self->pace_last.reported_packets;
  guint64 lost = figures.reported_lost - self->pace_last.reported_lost;
  if (packets < ENOUGH_PACKETS)
    return;
  self->pace_last = figures;
  if (gst_chat_pace_report (&self->pace, (gdouble) lost / packets))
    share_out (self);
}

/* ---- feedback on each packet ---- */

typedef struct
{
  gint64 sent, came;            /* as in chatdelay.h */
  guint bytes;
  guint pt;
} Arrival;

static gboolean
is_sound (GstChatConnection * self, guint pt)
{
  for (guint i = 0; i < self->lines->len; i++) {
    const GstChatLine *line = g_ptr_array_index (self->lines, i);
    if (line->attached && line->kind == GST_CHAT_KIND_AUDIO
        && line->choice.pt == pt)
      return TRUE;
  }
  return FALSE;
}

/* bit/s of all that is encoded here and can be made less; 0: nothing is. */
static guint
full_bitrate (GstChatConnection * self)
{
  guint sum = 0;
  for (guint i = 0; i < self->lines->len; i++) {
    const GstChatLine *line = g_ptr_array_index (self->lines, i);
    if (line->attached && line->kind == GST_CHAT_KIND_VIDEO)
      sum += gst_chat_sender_get_bitrate (line->sender);
  }
  return sum;
}

static void
arrivals_in_loop (GstChatConnection * self, gpointer data)
{
  const GArray *arrivals = data;
  gint64 now = sending_time ();
  gboolean crowded = FALSE;

  self->pace.bitrate = full_bitrate (self);
  for (guint i = 0; i < arrivals->len; i++) {
    const Arrival *arrival = &g_array_index (arrivals, Arrival, i);
    crowded |= gst_chat_pace_packet (&self->pace, arrival->sent, arrival->came,
        is_sound (self, arrival->pt) ? 0 : arrival->bytes, now);
  }
  if (!crowded)
    return;
  g_mutex_lock (&self->mailbox->lock);
  self->mailbox->crowded_until = g_get_monotonic_time () + CROWDED;
  g_mutex_unlock (&self->mailbox->lock);
  share_out (self);
}

static gboolean
is_crowded (GstChatMailbox * mailbox)
{
  g_mutex_lock (&mailbox->lock);
  gboolean crowded = g_get_monotonic_time () < mailbox->crowded_until;
  g_mutex_unlock (&mailbox->lock);
  return crowded;
}

/* @packets: RTPTWCCPackets of rtpsession. */
static GArray *
read_arrivals (const GstStructure * packets)
{
  const GValue *list = gst_structure_get_value (packets, "packets");
  /* GLib would rather have no one use it, rtpsession does. */
  if (!list || !g_str_equal (G_VALUE_TYPE_NAME (list), "GValueArray"))
    return NULL;
  const GValueArray *values = g_value_get_boxed (list);
  GArray *arrivals =
      g_array_sized_new (FALSE, FALSE, sizeof (Arrival), values->n_values);
  for (guint i = 0; i < values->n_values; i++) {
    const GstStructure *packet = gst_value_get_structure (&values->values[i]);
    GstClockTime sent = GST_CLOCK_TIME_NONE, came = GST_CLOCK_TIME_NONE;
    guchar pt = 0;
    guint bytes = 0;
    gst_structure_get (packet, "local-ts", G_TYPE_UINT64, &sent,
        "remote-ts", G_TYPE_UINT64, &came, "size", G_TYPE_UINT, &bytes,
        "payload-type", G_TYPE_UCHAR, &pt, NULL);
    /* The remote may tell of packets that were never sent. */
    if (!GST_CLOCK_TIME_IS_VALID (sent))
      continue;
    Arrival arrival = {.sent = GST_TIME_AS_USECONDS (sent),
      .came = GST_CHAT_DELAY_LOST,.bytes = bytes,.pt = pt
    };
    if (GST_CLOCK_TIME_IS_VALID (came))
      arrival.came = GST_TIME_AS_USECONDS (came);
    g_array_append_val (arrivals, arrival);
  }
  return arrivals;
}

/* rtpsession's thread of RTCP that comes in. */
static GstPadProbeReturn
on_feedback (GstPad * pad, GstPadProbeInfo * info, gpointer mailbox)
{
  const GstStructure *s =
      gst_event_get_structure (GST_PAD_PROBE_INFO_EVENT (info));
  if (s && gst_structure_has_name (s, "GstRTPRetransmissionRequest"))
    return is_crowded (mailbox) ? GST_PAD_PROBE_DROP : GST_PAD_PROBE_OK;
  if (!s || !gst_structure_has_name (s, "RTPTWCCPackets"))
    return GST_PAD_PROBE_OK;
  GArray *arrivals = read_arrivals (s);
  if (arrivals)
    gst_chat_mailbox_post (mailbox, 0, arrivals_in_loop, arrivals,
        (GDestroyNotify) g_array_unref);
  /* Sources and encoders have no use for it, and it would wake each of them
   * twenty times a second. */
  return GST_PAD_PROBE_DROP;
}

/* Whoever asks for the pad, before anything can flow. */
static void
on_pad_added (GstElement * rtpsession, GstPad * pad, gpointer mailbox)
{
  if (g_strcmp0 (GST_PAD_NAME (pad), "send_rtp_sink") == 0)
    gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_EVENT_UPSTREAM, on_feedback,
        gst_chat_mailbox_ref (mailbox), gst_chat_mailbox_unref);
}

void
gst_chat_connection_watch_feedback (GstElement * rtpsession,
    GstChatMailbox * mailbox)
{
  GST_DEBUG_CATEGORY_INIT (chat_pace_debug, "chatpace", 0,
      "what the network takes");
  gst_chat_mailbox_connect (mailbox, rtpsession, "pad-added",
      G_CALLBACK (on_pad_added));
}
