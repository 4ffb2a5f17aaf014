/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The codecs of a call, in one table: names, RTP caps, elements, packages; and
 * which elements are not installed, with the Debian package to install. */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

typedef enum { GST_CHAT_KIND_AUDIO, GST_CHAT_KIND_VIDEO } GstChatKind;

/* One way to encode a codec. */
typedef struct {
  const gchar *element;
  const gchar *settings;        /* "property=value …" for live use, or NULL */
  const gchar *bitrate_property;        /* NULL: fixed */
  guint bitrate_unit;           /* bit/s in one step of that property: 1 or 1000 */
  const gchar *package;         /* Debian's */
} GstChatEncoder;

typedef struct {
  const gchar *name;            /* as users write it: vp8, vp9, h264, opus, pcmu, pcma */
  GstChatKind kind;
  const gchar *encoding_name;   /* RFC 8866 rtpmap name, upper case */
  guint clock_rate;             /* Hz */
  guint encoding_params;        /* channels in rtpmap; 0: none */
  gint static_pt;               /* RFC 3551 static payload type, or -1 */
  guint default_pt;             /* what we offer */
  const gchar *offer_fmtp;      /* what our offers say of it, or NULL */
  const gchar *input_caps;      /* what encoders in front of us are to make, best first; NULL: any */
  const gchar *encoded_caps;    /* of input that is encoded already, and of decode=false */
  const gchar *raw_caps;        /* what the encoder is fed with */
  const gchar *encoder_caps;    /* to be demanded behind the encoder, or NULL */
  const GstChatEncoder *encoders;       /* best first, ended by element NULL */
  const gchar *const *decoders; /* the software ones, ended by NULL; any decoder of rank may serve */
  const gchar *decoder_package; /* Debian's, of the first of them */
  const gchar *parser;          /* NULL: none needed */
  const gchar *parser_package;
  const gchar *payloader;
  const gchar *payloader_settings;      /* as in GstChatEncoder, or NULL */
  const gchar *depayloader;
  const gchar *depayloader_settings;
  const gchar *rtp_package;     /* Debian's, of payloader and depayloader */
} GstChatCodec;

/* All codecs, best first; NULL-terminated. Constant; any thread. */
const GstChatCodec *const *gst_chat_codecs (void);
const GstChatCodec *gst_chat_codec_by_name (const gchar * name);
/* Any case. */
const GstChatCodec *gst_chat_codec_by_encoding_name (GstChatKind kind, const gchar * encoding_name);
const GstChatCodec *gst_chat_codec_for_caps (const GstCaps * encoded_caps);

/* Whether an encoder, parser, payloader (a decoder, depayloader) for @codec is
 * installed. Looks into the registry only: no plugin is loaded. MISSING: "No
 * H.264 encoder (x264enc): install gstreamer1.0-plugins-ugly". */
gboolean gst_chat_codec_can_encode (const GstChatCodec * codec, GError ** error);
/* For input that is encoded already: parser and payloader. */
gboolean gst_chat_codec_can_pay (const GstChatCodec * codec, GError ** error);
gboolean gst_chat_codec_can_decode (const GstChatCodec * codec, GError ** error);

/* The first encoder of @codec that is installed and can be made, with its
 * settings; @encoder (may be NULL) becomes its line of the table. Floating.
 * NULL and MISSING otherwise. @name may be NULL. */
GstElement *gst_chat_codec_make_encoder (const GstChatCodec * codec,
    const gchar * name, const GstChatEncoder ** encoder, GError ** error);
/* Any element, with settings "property=value …" (may be NULL). Floating. NULL and
 * MISSING, with the package if we know it. */
GstElement *gst_chat_make_element (const gchar * factory, const gchar * name,
    const gchar * settings, GError ** error);
/* Sets the properties of "property=value property=value"; those that the
 * element does not have are left out (versions differ). */
void gst_chat_apply_settings (GstElement * element, const gchar * settings);

/* What every call needs, whatever its codecs: webrtcbin, nicesrc, dtlssrtpdec,
 * rtpbin, converters, …. Cheap (registry only), for NULL to READY. MISSING, and
 * the message names every missing element and every package once. */
gboolean gst_chat_check_elements (GError ** error) G_GNUC_WARN_UNUSED_RESULT;
/* The Debian package of an element that we know, or NULL. */
const gchar *gst_chat_element_package (const gchar * factory);

G_END_DECLS
