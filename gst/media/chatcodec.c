/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The codecs of a call, in one table: names, RTP caps, elements, packages; and
 * which elements are not installed, with the Debian package to install. */
#include "chatcodec.h"

#include <string.h>

#include "chaterror.h"

#define BASE "gstreamer1.0-plugins-base"
#define GOOD "gstreamer1.0-plugins-good"
#define BAD "gstreamer1.0-plugins-bad"
#define UGLY "gstreamer1.0-plugins-ugly"
#define LIBAV "gstreamer1.0-libav"
#define NICE "gstreamer1.0-nice"
#define CORE "libgstreamer1.0-0"

/* Keyframes come when somebody asks; no frame waits for a later one. Whoever
 * makes the encoder sets the bitrate. */
#define VPX_SETTINGS "deadline=1 cpu-used=8 end-usage=cbr lag-in-frames=0 " \
  "keyframe-max-dist=100000 "
/* What fits into a UDP packet on every path, with SRTP and TURN around it. */
#define PAY_MTU "mtu=1200"
#define VIDEO_DEPAY "request-keyframe=true wait-for-keyframe=false"

static const GstChatEncoder vp8_encoders[] = {
  {"vp8enc", VPX_SETTINGS "error-resilient=partitions", "target-bitrate", 1,
      GOOD},
  {NULL,}
};

static const GstChatEncoder vp9_encoders[] = {
  {"vp9enc", VPX_SETTINGS "row-mt=true", "target-bitrate", 1, GOOD},
  {NULL,}
};

static const GstChatEncoder h264_encoders[] = {
  {"x264enc", "tune=zerolatency speed-preset=ultrafast key-int-max=100000 "
        "bframes=0", "bitrate", 1000, UGLY},
  {"openh264enc", "gop-size=100000 complexity=low rate-control=bitrate",
      "bitrate", 1, BAD},
  {NULL,}
};

static const GstChatEncoder opus_encoders[] = {
  {"opusenc", "audio-type=voice inband-fec=true", "bitrate", 1, BASE},
  {NULL,}
};

static const GstChatEncoder pcmu_encoders[] = {
  {"mulawenc", NULL, NULL, 0, GOOD},
  {NULL,}
};

static const GstChatEncoder pcma_encoders[] = {
  {"alawenc", NULL, NULL, 0, GOOD},
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
  .decoder_package = GOOD,
  .payloader = "rtpvp8pay",
  .payloader_settings = "picture-id-mode=15-bit " PAY_MTU,
  .depayloader = "rtpvp8depay",
  .depayloader_settings = VIDEO_DEPAY,
  .rtp_package = GOOD,
};

static const GstChatCodec h264 = {
  .name = "h264",
  .kind = GST_CHAT_KIND_VIDEO,
  .encoding_name = "H264",
  .clock_rate = 90000,
  .static_pt = -1,
  .default_pt = 102,
  .offer_fmtp = "level-asymmetry-allowed=1;packetization-mode=1;"
      "profile-level-id=42e01f",
  .encoded_caps = "video/x-h264",
  .raw_caps = RAW_VIDEO,
  .encoder_caps = "video/x-h264,profile=constrained-baseline,"
      "stream-format=byte-stream",
  .encoders = h264_encoders,
  .decoders = h264_decoders,
  .decoder_package = LIBAV,
  .parser = "h264parse",
  .parser_package = BAD,
  .payloader = "rtph264pay",
  .payloader_settings = "aggregate-mode=zero-latency config-interval=-1 "
      PAY_MTU,
  .depayloader = "rtph264depay",
  .depayloader_settings = VIDEO_DEPAY,
  .rtp_package = GOOD,
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
  .decoder_package = GOOD,
  .payloader = "rtpvp9pay",
  .payloader_settings = "picture-id-mode=15-bit " PAY_MTU,
  .depayloader = "rtpvp9depay",
  .depayloader_settings = VIDEO_DEPAY,
  .rtp_package = GOOD,
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
  .decoder_package = BASE,
  .payloader = "rtpopuspay",
  .payloader_settings = PAY_MTU,
  .depayloader = "rtpopusdepay",
  .rtp_package = GOOD,
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
  .decoder_package = GOOD,
  .payloader = "rtppcmupay",
  .payloader_settings = PAY_MTU,
  .depayloader = "rtppcmudepay",
  .rtp_package = GOOD,
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
  .decoder_package = GOOD,
  .payloader = "rtppcmapay",
  .payloader_settings = PAY_MTU,
  .depayloader = "rtppcmadepay",
  .rtp_package = GOOD,
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

/* ---- what is installed ---- */

/* The feature of the registry, without loading its plugin. */
static gboolean
is_installed (const gchar * factory)
{
  g_autoptr (GstPluginFeature) feature =
      gst_registry_find_feature (gst_registry_get (), factory,
      GST_TYPE_ELEMENT_FACTORY);
  return feature != NULL;
}

static const struct
{
  const gchar *factory;
  const gchar *package;
} needed[] = {
  {"webrtcbin", BAD},
  {"nicesrc", NICE},
  {"nicesink", NICE},
  {"dtlssrtpdec", BAD},
  {"dtlssrtpenc", BAD},
  {"srtpenc", BAD},
  {"srtpdec", BAD},
  {"rtpbin", GOOD},
  {"rtpfunnel", GOOD},
  {"rtprtxsend", GOOD},
  {"rtprtxreceive", GOOD},
  {"rtpptdemux", GOOD},
  {"rtpssrcdemux", GOOD},
  {"rtpjitterbuffer", GOOD},
  {"rtpopuspay", GOOD},
  {"rtpopusdepay", GOOD},
  {"opusenc", BASE},
  {"opusdec", BASE},
  {"videoconvert", BASE},
  {"videoscale", BASE},
  {"audioconvert", BASE},
  {"audioresample", BASE},
  {"queue", CORE},
  {"capsfilter", CORE},
  {"identity", CORE},
};

const gchar *
gst_chat_element_package (const gchar * factory)
{
  for (guint i = 0; i < G_N_ELEMENTS (needed); i++) {
    if (g_strcmp0 (needed[i].factory, factory) == 0) {
      return needed[i].package;
    }
  }
  for (guint i = 0; codecs[i] != NULL; i++) {
    const GstChatCodec *codec = codecs[i];
    if (g_strcmp0 (codec->payloader, factory) == 0
        || g_strcmp0 (codec->depayloader, factory) == 0) {
      return codec->rtp_package;
    }
    if (g_strcmp0 (codec->parser, factory) == 0) {
      return codec->parser_package;
    }
    for (guint j = 0; codec->encoders[j].element != NULL; j++) {
      if (g_strcmp0 (codec->encoders[j].element, factory) == 0) {
        return codec->encoders[j].package;
      }
    }
    if (g_strcmp0 (codec->decoders[0], factory) == 0) {
      return codec->decoder_package;
    }
  }
  return g_strcmp0 (factory, "openh264dec") == 0 ? BAD : NULL;
}

static void
add_once (GPtrArray * strings, const gchar * string)
{
  if (string != NULL
      && !g_ptr_array_find_with_equal_func (strings, string, g_str_equal,
          NULL)) {
    g_ptr_array_add (strings, (gpointer) string);
  }
}

static gchar *
join (GPtrArray * strings, const gchar * separator)
{
  GString *joined = g_string_new (NULL);
  for (guint i = 0; i < strings->len; i++) {
    g_string_append_printf (joined, "%s%s", i > 0 ? separator : "",
        (const gchar *) g_ptr_array_index (strings, i));
  }
  return g_string_free (joined, FALSE);
}

gboolean
gst_chat_check_elements (GError ** error)
{
  g_autoptr (GPtrArray) elements = g_ptr_array_new ();
  g_autoptr (GPtrArray) packages = g_ptr_array_new ();
  for (guint i = 0; i < G_N_ELEMENTS (needed); i++) {
    if (!is_installed (needed[i].factory)) {
      g_ptr_array_add (elements, (gpointer) needed[i].factory);
      add_once (packages, needed[i].package);
    }
  }
  if (elements->len == 0) {
    return TRUE;
  }
  g_autofree gchar *names = join (elements, ", ");
  g_autofree gchar *install = join (packages, " ");
  g_set_error (error, GST_CHAT_ERROR, GST_CHAT_ERROR_MISSING,
      "Missing GStreamer element%s %s: install %s",
      elements->len > 1 ? "s" : "", names, install);
  return FALSE;
}

static gboolean
require (const GstChatCodec * codec, const gchar * factory,
    const gchar * package, const gchar * role, GError ** error)
{
  if (factory == NULL || is_installed (factory)) {
    return TRUE;
  }
  g_set_error (error, GST_CHAT_ERROR, GST_CHAT_ERROR_MISSING,
      "No %s %s (%s): install %s", codec->encoding_name, role, factory,
      package);
  return FALSE;
}

static void
set_no_encoder (const GstChatCodec * codec, GError ** error)
{
  g_autoptr (GPtrArray) elements = g_ptr_array_new ();
  g_autoptr (GPtrArray) packages = g_ptr_array_new ();
  for (guint i = 0; codec->encoders[i].element != NULL; i++) {
    g_ptr_array_add (elements, (gpointer) codec->encoders[i].element);
    add_once (packages, codec->encoders[i].package);
  }
  g_autofree gchar *names = join (elements, " or ");
  g_autofree gchar *install = join (packages, " or ");
  g_set_error (error, GST_CHAT_ERROR, GST_CHAT_ERROR_MISSING,
      "No %s encoder (%s): install %s", codec->encoding_name, names, install);
}

gboolean
gst_chat_codec_can_pay (const GstChatCodec * codec, GError ** error)
{
  return require (codec, codec->parser, codec->parser_package, "parser", error)
      && require (codec, codec->payloader, codec->rtp_package, "payloader",
      error);
}

gboolean
gst_chat_codec_can_encode (const GstChatCodec * codec, GError ** error)
{
  if (!gst_chat_codec_can_pay (codec, error)) {
    return FALSE;
  }
  for (guint i = 0; codec->encoders[i].element != NULL; i++) {
    if (is_installed (codec->encoders[i].element)) {
      return TRUE;
    }
  }
  set_no_encoder (codec, error);
  return FALSE;
}

static gboolean
has_decoder (const GstChatCodec * codec)
{
  g_autoptr (GstCaps) caps = gst_caps_from_string (codec->encoded_caps);
  GList *all =
      gst_element_factory_list_get_elements (GST_ELEMENT_FACTORY_TYPE_DECODER,
      GST_RANK_MARGINAL);
  GList *fitting = gst_element_factory_list_filter (all, caps, GST_PAD_SINK,
      FALSE);
  gboolean found = fitting != NULL;
  gst_plugin_feature_list_free (fitting);
  gst_plugin_feature_list_free (all);
  return found;
}

gboolean
gst_chat_codec_can_decode (const GstChatCodec * codec, GError ** error)
{
  if (!require (codec, codec->depayloader, codec->rtp_package, "depayloader",
          error)
      || !require (codec, codec->parser, codec->parser_package, "parser",
          error)) {
    return FALSE;
  }
  return has_decoder (codec) || require (codec, codec->decoders[0],
      codec->decoder_package, "decoder", error);
}

/* ---- making elements ---- */

void
gst_chat_apply_settings (GstElement * element, const gchar * settings)
{
  if (settings == NULL) {
    return;
  }
  g_auto (GStrv) pairs = g_strsplit (settings, " ", -1);
  for (guint i = 0; pairs[i] != NULL; i++) {
    gchar *value = strchr (pairs[i], '=');
    if (value == NULL) {
      continue;
    }
    *value++ = '\0';
    if (g_object_class_find_property (G_OBJECT_GET_CLASS (element), pairs[i])
        != NULL) {
      gst_util_set_object_arg (G_OBJECT (element), pairs[i], value);
    }
  }
}

GstElement *
gst_chat_make_element (const gchar * factory, const gchar * name,
    const gchar * settings, GError ** error)
{
  GstElement *element = gst_element_factory_make (factory, name);
  if (element == NULL) {
    const gchar *package = gst_chat_element_package (factory);
    g_set_error (error, GST_CHAT_ERROR, GST_CHAT_ERROR_MISSING,
        "Missing GStreamer element %s%s%s", factory,
        package != NULL ? ": install " : "", package != NULL ? package : "");
    return NULL;
  }
  gst_chat_apply_settings (element, settings);
  return element;
}

GstElement *
gst_chat_codec_make_encoder (const GstChatCodec * codec, const gchar * name,
    const GstChatEncoder ** encoder, GError ** error)
{
  for (guint i = 0; codec->encoders[i].element != NULL; i++) {
    const GstChatEncoder *line = &codec->encoders[i];
    GstElement *element =
        gst_chat_make_element (line->element, name, line->settings, NULL);
    if (element != NULL) {
      if (encoder != NULL) {
        *encoder = line;
      }
      return element;
    }
  }
  set_no_encoder (codec, error);
  return NULL;
}
