/* SPDX-License-Identifier: LGPL-2.1-or-later
 * media: the SDP gate and the certificates; beside the gate GStreamer's own
 * parser, which checks nothing. */
#include "micro.h"

#include <gst/sdp/sdp.h>

#include "bench.h"
#include "chatcertificate.h"
#include "chatsdp.h"

static void
sdp_gstreamer (void)
{
  GstSDPMessage *message = NULL;
  if (gst_sdp_message_new_from_text (micro_input.sdp, &message) != GST_SDP_OK)
    bench_fail ("GStreamer cannot parse the offer");
  gst_sdp_message_free (message);
}

static void
sdp_gate (void)
{
  g_autoptr (GstChatSdp) offer =
      gst_chat_sdp_parse_remote (micro_input.sdp, TRUE, NULL);
  if (!offer)
    bench_fail ("the gate refuses the offer");
}

/* All that is done between an offer and set-remote-description. */
static void
sdp_inside (void)
{
  static const gchar *const names[] = { "vp8", "opus", NULL };
  g_autoptr (GstChatSdp) offer =
      gst_chat_sdp_parse_remote (micro_input.sdp, TRUE, NULL);
  g_autoptr (GstChatSdpMap) map = gst_chat_sdp_map_new ();
  gboolean accept[8] = { FALSE, };
  for (guint i = 0; i < MIN (gst_chat_sdp_n_media (offer), 8); i++) {
    GstChatCodecChoice choice = { NULL, };
    accept[i] =
        gst_chat_sdp_choose_codec (gst_chat_sdp_get_media (offer, i), names,
        &choice, NULL);
    if (!accept[i])
      bench_fail ("no codec for m-line %u", i);
    gst_chat_codec_choice_clear (&choice);
  }
  gst_sdp_message_free (gst_chat_sdp_offer_for_webrtcbin (offer, accept, map));
}

static void
certificate (void)
{
  g_autoptr (GstChatCertificate) made = gst_chat_certificate_new (NULL);
  if (!made)
    bench_fail ("no certificate");
}

const MicroCase micro_media_cases[] = {
  {"GStreamer's parse of the SDP", sdp_gstreamer},
  {"the SDP gate: checked and parsed", sdp_gate},
  {"… codecs chosen, rewritten for webrtcbin", sdp_inside},
  {"a DTLS certificate (EC P-256)", certificate},
  {NULL}
};
