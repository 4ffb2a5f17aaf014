/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "chatfeedback.h"

/* Of full reports; 5 s otherwise, in which one early one is allowed: then every
 * second lost packet is never asked for again. */
#define REPORT_INTERVAL GST_SECOND

/* 5 % of it are for RTCP. rtpsession begins with 64 kbit/s, which is a report a
 * second, and the remote's bitrate stays what it was at the start. */
#define BANDWIDTH 1e7

/* Without an interval feedback leaves with the end of each frame: none before
 * the first one, for which browsers wait until they have heard how fast they
 * may send, and none of a call without video. */
#define FIRST_INTERVAL (20 * GST_MSECOND)
#define FIRST_PACKETS 100
#define INTERVAL (50 * GST_MSECOND)

typedef struct
{
  GObject *session;
  gint n_packets;               /* streaming thread */
} Beginning;

static void
beginning_free (gpointer data)
{
  Beginning *beginning = data;
  g_object_unref (beginning->session);
  g_free (beginning);
}

static void
set_interval (GObject * session, GstClockTime interval)
{
  g_object_set (session, "twcc-feedback-interval", (guint64) interval, NULL);
}

static GstPadProbeReturn
on_packet (GstPad * pad, GstPadProbeInfo * info, gpointer data)
{
  Beginning *beginning = data;
  if (++beginning->n_packets < FIRST_PACKETS)
    return GST_PAD_PROBE_OK;
  set_interval (beginning->session, INTERVAL);
  return GST_PAD_PROBE_REMOVE;
}

static void
on_pad_added (GstElement * rtpsession, GstPad * pad, gpointer session)
{
  if (!g_str_equal (GST_PAD_NAME (pad), "recv_rtp_sink"))
    return;
  Beginning *beginning = g_new0 (Beginning, 1);
  beginning->session = g_object_ref (session);
  gst_pad_add_probe (pad,
      GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST, on_packet,
      beginning, beginning_free);
}

void
gst_chat_feedback_hurry (GstElement * rtpsession)
{
  g_autoptr (GObject) session = NULL;
  g_object_get (rtpsession, "internal-session", &session, NULL);
  if (!session)
    return;
  g_object_set (session, "rtcp-min-interval", (guint64) REPORT_INTERVAL,
      "bandwidth", BANDWIDTH, NULL);
  set_interval (session, FIRST_INTERVAL);
  g_signal_connect_object (rtpsession, "pad-added", G_CALLBACK (on_pad_added),
      session, 0);
}
