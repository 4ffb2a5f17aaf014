/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The codecs of a call, in one table: names, RTP caps, elements, packages. */
#include "chatcodec.h"
#include "chatcodecprivate.h"

/* Keyframes come when somebody asks; no frame waits for a later one. Whoever
 * makes the encoder sets the bitrate, and gets no more: what cannot be made worse
 * has fewer frames. A keyframe takes three frames' worth at most: it has to get
 * through a line that takes no more than the bitrate, or it is asked for again. */
#define VPX_SETTINGS "deadline=1 cpu-used=8 end-usage=cbr lag-in-frames=0 " \
  "keyframe-max-dist=100000 dropframe-threshold=30 buffer-size=500 " \
  "buffer-initial-size=250 buffer-optimal-size=300 max-intra-bitrate=300 "
/* What fits into a UDP packet on every path, with SRTP and TURN around it. */
#define PAY_MTU "mtu=1200"
#define VIDEO_DEPAY "request-keyframe=true wait-for-keyframe=false"

static const GstChatEncoder vp8_encoders[] = {
  {"vp8enc", VPX_SETTINGS "error-resilient=partitions", "target-bitrate", 1,
      PACKAGE_GOOD},
  {NULL,}
};

static const GstChatEncoder vp9_encoders[] = {
  {"vp9enc", VPX_SETTINGS "row-mt=true", "target-bitrate", 1, PACKAGE_GOOD},
  {NULL,}
};

static const GstChatEncoder h264_encoders[] = {
  {"x264enc", "tune=zerolatency speed-preset=ultrafast key-int-max=100000 "
        "bframes=0", "bitrate", 1000, PACKAGE_UGLY},
  {"openh264enc", "gop-size=100000 complexity=low rate-control=bitrate",
      "bitrate", 1, PACKAGE_BAD},
  {NULL,}
};

static const GstChatEncoder opus_encoders[] = {
  {"opusenc", "audio-type=voice inband-fec=true", "bitrate", 1, PACKAGE_BASE},
  {NULL,}
};

static const GstChatEncoder pcmu_encoders[] = {
  {"mulawenc", NULL, NULL, 0, PACKAGE_GOOD},
  {NULL,}
};

static const GstChatEncoder pcma_encoders[] = {
  {"alawenc", NULL, NULL, 0, PACKAGE_GOOD},
  {NULL,}
};

static const gchar *const vp8_decoders[] = { "vp8dec", NULL };
static const gchar *const vp9_decoders[] = { "vp9dec", NULL };

static const gchar *const h264_decoders[] = { "avdec_h264", "openh264dec",
  NULL
};
static const gchar *const opus_decoders[] = { "opusdec", NULL };
static const gchar *const pcmu_decoders[] = { "mulawdec", NULL };
static const gchar *const pcma_decoders[] = { "alawdec", NULL };

/* I420 and nothing else: what browsers decode of VP9 and H.264 is 4:2:0, and
 * the encoders take 4:4:4 where videoconvert offers it. */
#define RAW_VIDEO "video/x-raw,format=I420"
#define RAW_G711 "audio/x-raw,format=S16LE,layout=interleaved,rate=8000,channels=1"

static const GstChatCodec vp8 = {
  .name = "vp8",
  .kind = GST_CHAT_KIND_VIDEO,
  .encoding_name = "VP8",
  .clock_rate = 90000,
  .static_pt = -1,
  .default_pt = 96,
  .encoded_caps = "video/x-vp8",
  .raw_caps = RAW_VIDEO,
  .encoders = vp8_encoders,
  .decoders = vp8_decoders,
  .decoder_package = PACKAGE_GOOD,
  .payloader = "rtpvp8pay",
  .payloader_settings = "picture-id-mode=15-bit " PAY_MTU,
  .depayloader = "rtpvp8depay",
  .depayloader_settings = VIDEO_DEPAY,
  .rtp_package = PACKAGE_GOOD,
};

/* Its encoders refuse odd sizes. */
static const GstChatCodec h264 = {
  .name = "h264",
  .kind = GST_CHAT_KIND_VIDEO,
  .encoding_name = "H264",
  .clock_rate = 90000,
  .static_pt = -1,
  .default_pt = 102,
  .offer_fmtp = "level-asymmetry-allowed=1;packetization-mode=1;"
      "profile-level-id=42e01f",
  .input_caps = "video/x-h264,profile=constrained-baseline;"
      "video/x-h264,profile=baseline;video/x-h264,profile=main;"
      "video/x-h264,profile=constrained-high;video/x-h264,profile=high",
  .encoded_caps = "video/x-h264",
  .raw_caps = RAW_VIDEO ",width=[2,8192,2],height=[2,8192,2]",
  .encoder_caps = "video/x-h264,profile=constrained-baseline,"
      "stream-format=byte-stream",
  .encoders = h264_encoders,
  .decoders = h264_decoders,
  .decoder_package = PACKAGE_LIBAV,
  .parser = "h264parse",
  .parser_package = PACKAGE_BAD,
  .payloader = "rtph264pay",
  .payloader_settings = "aggregate-mode=zero-latency config-interval=-1 "
      PAY_MTU,
  .depayloader = "rtph264depay",
  .depayloader_settings = VIDEO_DEPAY,
  .rtp_package = PACKAGE_GOOD,
};

static const GstChatCodec vp9 = {
  .name = "vp9",
  .kind = GST_CHAT_KIND_VIDEO,
  .encoding_name = "VP9",
  .clock_rate = 90000,
  .static_pt = -1,
  .default_pt = 98,
  .offer_fmtp = "profile-id=0",
  .encoded_caps = "video/x-vp9",
  .raw_caps = RAW_VIDEO,
  .encoders = vp9_encoders,
  .decoders = vp9_decoders,
  .decoder_package = PACKAGE_GOOD,
  .payloader = "rtpvp9pay",
  .payloader_settings = "picture-id-mode=15-bit " PAY_MTU,
  .depayloader = "rtpvp9depay",
  .depayloader_settings = VIDEO_DEPAY,
  .rtp_package = PACKAGE_GOOD,
};

static const GstChatCodec opus = {
  .name = "opus",
  .kind = GST_CHAT_KIND_AUDIO,
  .encoding_name = "OPUS",
  .clock_rate = 48000,
  .encoding_params = 2,
  .static_pt = -1,
  .default_pt = 111,
  .offer_fmtp = "minptime=10;useinbandfec=1",
  .encoded_caps = "audio/x-opus",
  .raw_caps = "audio/x-raw,format=S16LE,layout=interleaved,rate=48000,"
      "channels=[1,2]",
  .encoders = opus_encoders,
  .decoders = opus_decoders,
  .decoder_package = PACKAGE_BASE,
  .payloader = "rtpopuspay",
  .payloader_settings = PAY_MTU,
  .depayloader = "rtpopusdepay",
  .rtp_package = PACKAGE_GOOD,
};

static const GstChatCodec pcmu = {
  .name = "pcmu",
  .kind = GST_CHAT_KIND_AUDIO,
  .encoding_name = "PCMU",
  .clock_rate = 8000,
  .static_pt = 0,
  .default_pt = 0,
  .encoded_caps = "audio/x-mulaw,rate=8000,channels=1",
  .raw_caps = RAW_G711,
  .encoders = pcmu_encoders,
  .decoders = pcmu_decoders,
  .decoder_package = PACKAGE_GOOD,
  .payloader = "rtppcmupay",
  .payloader_settings = PAY_MTU,
  .depayloader = "rtppcmudepay",
  .rtp_package = PACKAGE_GOOD,
};

static const GstChatCodec pcma = {
  .name = "pcma",
  .kind = GST_CHAT_KIND_AUDIO,
  .encoding_name = "PCMA",
  .clock_rate = 8000,
  .static_pt = 8,
  .default_pt = 8,
  .encoded_caps = "audio/x-alaw,rate=8000,channels=1",
  .raw_caps = RAW_G711,
  .encoders = pcma_encoders,
  .decoders = pcma_decoders,
  .decoder_package = PACKAGE_GOOD,
  .payloader = "rtppcmapay",
  .payloader_settings = PAY_MTU,
  .depayloader = "rtppcmadepay",
  .rtp_package = PACKAGE_GOOD,
};

static const GstChatCodec *const codecs[] = {
  &vp8, &h264, &vp9, &opus, &pcmu, &pcma, NULL
};

const GstChatCodec *const *
gst_chat_codecs (void)
{
  return codecs;
}

const GstChatCodec *
gst_chat_codec_by_name (const gchar * name)
{
  for (guint i = 0; name != NULL && codecs[i] != NULL; i++) {
    if (g_ascii_strcasecmp (codecs[i]->name, name) == 0) {
      return codecs[i];
    }
  }
  return NULL;
}

const GstChatCodec *
gst_chat_codec_by_encoding_name (GstChatKind kind, const gchar * encoding_name)
{
  for (guint i = 0; encoding_name != NULL && codecs[i] != NULL; i++) {
    if (codecs[i]->kind == kind
        && g_ascii_strcasecmp (codecs[i]->encoding_name, encoding_name) == 0) {
      return codecs[i];
    }
  }
  return NULL;
}

const GstChatCodec *
gst_chat_codec_for_caps (const GstCaps * encoded_caps)
{
  for (guint i = 0; codecs[i] != NULL; i++) {
    g_autoptr (GstCaps) caps = gst_caps_from_string (codecs[i]->encoded_caps);
    if (encoded_caps != NULL && !gst_caps_is_empty (encoded_caps)
        && gst_caps_can_intersect (encoded_caps, caps)) {
      return codecs[i];
    }
  }
  return NULL;
}
