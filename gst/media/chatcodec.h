/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The codecs of a call, in one table: names, RTP caps, elements, packages. */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

typedef enum { GST_CHAT_KIND_AUDIO, GST_CHAT_KIND_VIDEO } GstChatKind;

typedef struct {
  const gchar *name;            /* as users write it: vp8, vp9, h264, opus, pcmu, pcma */
  GstChatKind kind;
  const gchar *encoding_name;   /* RFC 8866 rtpmap name, upper case */
  guint clock_rate;             /* Hz */
  guint encoding_params;        /* channels in rtpmap; 0: none */
  gint static_pt;               /* RFC 3551 static payload type, or -1 */
  guint default_pt;             /* what we offer */
  const gchar *encoded_caps;    /* of input that is encoded already, and of decode=false */
  const gchar *raw_caps;        /* what the encoder is fed with */
  const gchar *const *encoders; /* element names, best first, NULL-terminated */
  const gchar *parser;          /* NULL: none needed */
  const gchar *payloader;
  const gchar *depayloader;
  const gchar *package;         /* the Debian package of encoder and payloader */
} GstChatCodec;

/* All codecs, best first; NULL-terminated. */
const GstChatCodec *const *gst_chat_codecs (void);
const GstChatCodec *gst_chat_codec_by_name (const gchar * name);
const GstChatCodec *gst_chat_codec_by_encoding_name (GstChatKind kind, const gchar * encoding_name);
const GstChatCodec *gst_chat_codec_for_caps (const GstCaps * encoded_caps);

G_END_DECLS
