/* SPDX-License-Identifier: LGPL-2.1-or-later
 * media: the SDP gate and the certificates; beside the gate GStreamer's own
 * parser, which checks nothing. */
#include "micro.h"

#include <gst/sdp/sdp.h>

#include "bench.h"

static void
sdp_gstreamer (void)
{
  GstSDPMessage *message = NULL;
  if (gst_sdp_message_new_from_text (micro_input.sdp, &message) != GST_SDP_OK)
    bench_fail ("GStreamer cannot parse the offer");
  gst_sdp_message_free (message);
}

const MicroCase micro_media_cases[] = {
  {"GStreamer's parse of the SDP", sdp_gstreamer},
  {NULL}
};
