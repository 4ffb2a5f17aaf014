/* SPDX-License-Identifier: LGPL-2.1-or-later
 * What one m-line of a remote's description says, checked. */
#include "chatsdpprivate.h"

#include <string.h>

#include "chatcertificate.h"

static void
codec_free (GstChatSdpCodec * codec)
{
  g_free (codec->encoding_name);
  g_free (codec->fmtp);
  g_free (codec);
}

void
gst_chat_sdp_media_free (GstChatSdpMedia * media)
{
  g_free (media->mid);
  g_free (media->ufrag);
  g_free (media->pwd);
  g_strfreev (media->fingerprints);
  g_ptr_array_unref (media->codecs);
  g_array_unref (media->ssrcs);
  g_free (media->msid);
  g_ptr_array_unref (media->candidates);
  g_free (media);
}

static GstChatSdpMedia *
media_new (void)
{
  GstChatSdpMedia *media = g_new0 (GstChatSdpMedia, 1);
  media->codecs = g_ptr_array_new_with_free_func ((GDestroyNotify) codec_free);
  media->ssrcs = g_array_new (FALSE, FALSE, sizeof (guint32));
  media->candidates =
      g_ptr_array_new_with_free_func ((GDestroyNotify) gst_chat_candidate_free);
  return media;
}

/* *INDENT-OFF* */
static gboolean refuse (GError ** error, GstChatError code, guint index,
    const gchar * format, ...) G_GNUC_PRINTF (4, 5);
/* *INDENT-ON* */

static gboolean
refuse (GError ** error, GstChatError code, guint index, const gchar * format,
    ...)
{
  va_list args;
  va_start (args, format);
  g_autofree gchar *what = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, GST_CHAT_ERROR, code, "m-line %u of the SDP: %s", index,
      what);
  return FALSE;
}

/* ---- kind, mid, direction ---- */

static GstChatMediaType
read_type (const GstSDPMedia * in)
{
  const gchar *kind = gst_sdp_media_get_media (in);
  const gchar *proto = gst_sdp_media_get_proto (in);
  if (g_str_equal (kind, "application")) {
    return GST_CHAT_MEDIA_DATA;
  }
  if (!g_str_equal (proto, "UDP/TLS/RTP/SAVPF")
      && !g_str_equal (proto, "TCP/TLS/RTP/SAVPF")
      && !g_str_equal (proto, "RTP/SAVPF")) {
    return GST_CHAT_MEDIA_OTHER;
  }
  if (g_str_equal (kind, "audio")) {
    return GST_CHAT_MEDIA_AUDIO;
  }
  return g_str_equal (kind, "video") ? GST_CHAT_MEDIA_VIDEO
      : GST_CHAT_MEDIA_OTHER;
}

static gboolean
read_direction (GstChatSdpMedia * media, const GstSDPMessage * message,
    const GstSDPMedia * in, guint index, GError ** error)
{
  media->direction = GST_CHAT_DIRECTION_SENDRECV;
  for (guint i = 0; i < gst_sdp_message_attributes_len (message); i++) {
    gst_chat_direction_from_name (gst_sdp_message_get_attribute (message,
            i)->key, &media->direction);
  }
  guint n = 0;
  for (guint i = 0; i < gst_sdp_media_attributes_len (in); i++) {
    if (gst_chat_direction_from_name (gst_sdp_media_get_attribute (in, i)->key,
            &media->direction)) {
      n++;
    }
  }
  if (n > 1) {
    return refuse (error, GST_CHAT_ERROR_MALFORMED, index,
        "more than one direction");
  }
  return TRUE;
}

static gboolean
read_mid (GstChatSdp * sdp, GstChatSdpMedia * media, const GstSDPMedia * in,
    guint index, GError ** error)
{
  const gchar *mid = gst_chat_sdp_attribute (NULL, in, "mid");
  if (mid == NULL) {
    return TRUE;
  }
  if (!gst_chat_sdp_is_token (mid, GST_CHAT_MAX_MID_BYTES)) {
    g_autofree gchar *quoted = gst_chat_sdp_quote (mid);
    return refuse (error, GST_CHAT_ERROR_MALFORMED, index,
        "%s cannot be a mid", quoted);
  }
  if (gst_chat_sdp_find_mid (sdp, mid) >= 0) {
    g_autofree gchar *quoted = gst_chat_sdp_quote (mid);
    return refuse (error, GST_CHAT_ERROR_MALFORMED, index,
        "the mid %s is another m-line's", quoted);
  }
  media->mid = g_strdup (mid);
  media->has_mid = TRUE;
  return TRUE;
}

/* ---- transport ---- */

static gboolean
is_ice_chars (const gchar * text, gsize min)
{
  gsize n = 0;
  for (const gchar * p = text; *p != '\0'; p++, n++) {
    /* RFC 8839 has alphanumerics, + and /; browsers take base64url as well. */
    if (!g_ascii_isalnum (*p) && strchr ("+/-_=", *p) == NULL) {
      return FALSE;
    }
  }
  return n >= min && n <= 256;
}

static gboolean
add_fingerprints (GPtrArray * found, const GArray * attributes,
    gboolean * is_malformed)
{
  gboolean any = FALSE;
  for (guint i = 0; attributes != NULL && i < attributes->len; i++) {
    const GstSDPAttribute *attribute =
        &g_array_index (attributes, GstSDPAttribute, i);
    if (g_strcmp0 (attribute->key, "fingerprint") != 0) {
      continue;
    }
    any = TRUE;
    gchar *value = gst_chat_fingerprint_normalise (attribute->value);
    if (value != NULL) {
      g_ptr_array_add (found, value);
    } else if (attribute->value == NULL
        || g_ascii_strncasecmp (attribute->value, "sha-256", 7) == 0) {
      *is_malformed = TRUE;
    }
  }
  return any;
}

static gboolean
read_fingerprints (GstChatSdpMedia * media, const GstSDPMessage * message,
    const GstSDPMedia * in, guint index, GError ** error)
{
  g_autoptr (GPtrArray) found = g_ptr_array_new_with_free_func (g_free);
  gboolean is_malformed = FALSE;
  gboolean any = add_fingerprints (found, in->attributes, &is_malformed)
      || add_fingerprints (found, message->attributes, &is_malformed);
  if (is_malformed) {
    return refuse (error, GST_CHAT_ERROR_MALFORMED, index,
        "a fingerprint is malformed");
  }
  if (any && found->len == 0) {
    return refuse (error, GST_CHAT_ERROR_UNSUPPORTED, index,
        "no fingerprint of a hash we know (sha-256, sha-384, sha-512)");
  }
  if (found->len > 0) {
    g_ptr_array_add (found, NULL);
    media->fingerprints = (gchar **)
        g_ptr_array_free (g_steal_pointer (&found), FALSE);
  }
  return TRUE;
}

static gboolean
read_transport (GstChatSdpMedia * media, const GstSDPMessage * message,
    const GstSDPMedia * in, guint index, GError ** error)
{
  media->ufrag = g_strdup (gst_chat_sdp_attribute (message, in, "ice-ufrag"));
  media->pwd = g_strdup (gst_chat_sdp_attribute (message, in, "ice-pwd"));
  if ((media->ufrag != NULL && !is_ice_chars (media->ufrag, 4))
      || (media->pwd != NULL && !is_ice_chars (media->pwd, 22))
      || (media->ufrag == NULL) != (media->pwd == NULL)) {
    return refuse (error, GST_CHAT_ERROR_MALFORMED, index,
        "ice-ufrag and ice-pwd are not what RFC 8839 asks for");
  }

  const gchar *setup = gst_chat_sdp_attribute (message, in, "setup");
  static const GstChatSetup setups[] = { GST_CHAT_SETUP_ACTPASS,
    GST_CHAT_SETUP_ACTIVE, GST_CHAT_SETUP_PASSIVE
  };
  for (guint i = 0; i < G_N_ELEMENTS (setups); i++) {
    if (g_strcmp0 (setup, gst_chat_setup_name (setups[i])) == 0) {
      media->setup = setups[i];
    }
  }
  if (setup != NULL && media->setup == GST_CHAT_SETUP_NONE) {
    g_autofree gchar *quoted = gst_chat_sdp_quote (setup);
    return refuse (error, GST_CHAT_ERROR_MALFORMED, index,
        "unknown setup %s", quoted);
  }
  media->rtcp_mux = gst_chat_sdp_attribute (NULL, in, "rtcp-mux") != NULL;
  return read_fingerprints (media, message, in, index, error);
}

/* ---- formats ---- */

static gboolean
read_rtpmap (GstChatSdpCodec * codec, const gchar * rest)
{
  g_auto (GStrv) parts = g_strsplit (rest, "/", 4);
  guint n = g_strv_length (parts);
  guint64 rate, channels = 0;
  if (n < 2 || n > 3 || !gst_chat_sdp_is_token (parts[0], 64)
      || !gst_chat_sdp_read_number (g_strchomp (parts[1]), 10 * 1000 * 1000,
          &rate) || rate == 0 || (n == 3
          && !gst_chat_sdp_read_number (g_strchomp (parts[2]), 255,
              &channels))) {
    return FALSE;
  }
  codec->encoding_name = g_ascii_strup (parts[0], -1);
  codec->clock_rate = rate;
  codec->channels = channels;
  return TRUE;
}

static guint
read_feedback (const gchar * rest)
{
  static const struct
  {
    const gchar *name;
    GstChatFeedback feedback;
  } names[] = {
    {"nack", GST_CHAT_FEEDBACK_NACK},
    {"nack pli", GST_CHAT_FEEDBACK_PLI},
    {"ccm fir", GST_CHAT_FEEDBACK_FIR},
    {"transport-cc", GST_CHAT_FEEDBACK_TWCC},
    {"goog-remb", GST_CHAT_FEEDBACK_REMB},
  };
  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    if (g_ascii_strcasecmp (rest, names[i].name) == 0) {
      return names[i].feedback;
    }
  }
  return 0;
}

static void
add_feedback (GstChatSdpCodec ** by_pt, gint pt, guint feedback)
{
  for (guint i = 0; i < 128; i++) {
    if (by_pt[i] != NULL && (pt == -1 || pt == (gint) i)) {
      by_pt[i]->feedback |= feedback;
    }
  }
}

static gboolean
read_format_attribute (GstChatSdpCodec ** by_pt,
    const GstSDPAttribute * attribute, guint index, GError ** error)
{
  gboolean is_rtpmap = g_str_equal (attribute->key, "rtpmap");
  gboolean is_fmtp = g_str_equal (attribute->key, "fmtp");
  gboolean is_feedback = g_str_equal (attribute->key, "rtcp-fb");
  if (!is_rtpmap && !is_fmtp && !is_feedback) {
    return TRUE;
  }
  gint pt;
  const gchar *rest;
  if (!gst_chat_sdp_read_pt (attribute->value, &pt, &rest)
      || (pt == -1 && !is_feedback)) {
    g_autofree gchar *quoted = gst_chat_sdp_quote (attribute->value);
    return refuse (error, GST_CHAT_ERROR_MALFORMED, index,
        "%s of %s", attribute->key, quoted);
  }
  if (is_feedback) {
    add_feedback (by_pt, pt, read_feedback (rest));
    return TRUE;
  }
  GstChatSdpCodec *codec = by_pt[pt];
  if (codec == NULL) {
    /* Of a format that the m-line does not list: of no consequence. */
    return TRUE;
  }
  if (is_fmtp) {
    if (codec->fmtp == NULL) {
      codec->fmtp = g_strdup (rest);
    }
    return TRUE;
  }
  if (codec->encoding_name != NULL || !read_rtpmap (codec, rest)) {
    return refuse (error, GST_CHAT_ERROR_MALFORMED, index,
        "the rtpmap of payload type %d", pt);
  }
  return TRUE;
}

/* RFC 3551: these need no rtpmap. */
static void
add_static_type (GstChatSdpCodec * codec)
{
  static const struct
  {
    guint pt;
    const gchar *name;
  } types[] = { {0, "PCMU"}, {8, "PCMA"}, {9, "G722"}, {13, "CN"} };
  for (guint i = 0; i < G_N_ELEMENTS (types); i++) {
    if (codec->encoding_name == NULL && codec->pt == types[i].pt) {
      codec->encoding_name = g_strdup (types[i].name);
      codec->clock_rate = 8000;
    }
  }
}

static void
read_apt (GstChatSdpCodec * codec)
{
  codec->apt = -1;
  if (!g_str_equal (codec->encoding_name, "RTX")) {
    return;
  }
  g_autofree gchar *apt = gst_chat_sdp_fmtp_get (codec->fmtp, "apt");
  guint64 number;
  if (gst_chat_sdp_read_number (apt, 127, &number)) {
    codec->apt = number;
  }
}

static gboolean
read_formats (GstChatSdpMedia * media, const GstSDPMedia * in, guint index,
    GError ** error)
{
  GstChatSdpCodec *by_pt[128] = { NULL, };
  for (guint i = 0; i < gst_sdp_media_formats_len (in); i++) {
    guint64 pt;
    const gchar *format = gst_sdp_media_get_format (in, i);
    if (!gst_chat_sdp_read_number (format, 127, &pt) || by_pt[pt] != NULL) {
      g_autofree gchar *quoted = gst_chat_sdp_quote (format);
      return refuse (error, GST_CHAT_ERROR_MALFORMED, index,
          "%s is not a payload type, or is listed twice", quoted);
    }
    GstChatSdpCodec *codec = g_new0 (GstChatSdpCodec, 1);
    codec->pt = pt;
    g_ptr_array_add (media->codecs, codec);
    by_pt[pt] = codec;
  }
  for (guint i = 0; i < gst_sdp_media_attributes_len (in); i++) {
    if (!read_format_attribute (by_pt, gst_sdp_media_get_attribute (in, i),
            index, error)) {
      return FALSE;
    }
  }
  for (guint i = media->codecs->len; i > 0; i--) {
    GstChatSdpCodec *codec = g_ptr_array_index (media->codecs, i - 1);
    add_static_type (codec);
    if (codec->encoding_name == NULL) {
      g_ptr_array_remove_index (media->codecs, i - 1);
    } else {
      read_apt (codec);
    }
  }
  return TRUE;
}

/* ---- SSRCs, extensions, candidates ---- */

static gboolean
add_ssrc (GstChatSdp * sdp, GstChatSdpMedia * media, const gchar * value,
    guint index, GError ** error)
{
  g_auto (GStrv) words = g_strsplit (value, " ", 2);
  guint64 number;
  if (!gst_chat_sdp_read_number (words[0], G_MAXUINT32, &number)
      || number == 0) {
    return refuse (error, GST_CHAT_ERROR_MALFORMED, index,
        "an impossible SSRC");
  }
  guint32 ssrc = number;
  for (guint i = 0; i < media->ssrcs->len; i++) {
    if (g_array_index (media->ssrcs, guint32, i) == ssrc) {
      return TRUE;
    }
  }
  for (guint i = 0; i < sdp->media->len; i++) {
    const GstChatSdpMedia *other = gst_chat_sdp_get_media (sdp, i);
    for (guint j = 0; other != media && j < other->ssrcs->len; j++) {
      if (g_array_index (other->ssrcs, guint32, j) == ssrc) {
        return refuse (error, GST_CHAT_ERROR_MALFORMED, index,
            "the SSRC %u is another m-line's", ssrc);
      }
    }
  }
  if (media->ssrcs->len == GST_CHAT_MAX_SSRCS) {
    return refuse (error, GST_CHAT_ERROR_LIMIT, index, "more than %d SSRCs",
        GST_CHAT_MAX_SSRCS);
  }
  g_array_append_val (media->ssrcs, ssrc);
  return TRUE;
}

static gboolean
check_ssrc_group (const gchar * value, guint index, GError ** error)
{
  g_auto (GStrv) words = g_strsplit (value, " ", -1);
  guint n = g_strv_length (words);
  gboolean ok = n >= 2 && n <= 1 + GST_CHAT_MAX_SSRCS
      && gst_chat_sdp_is_token (words[0], 32);
  for (guint i = 1; ok && i < n; i++) {
    guint64 ssrc;
    ok = gst_chat_sdp_read_number (words[i], G_MAXUINT32, &ssrc) && ssrc != 0;
  }
  return ok || refuse (error, GST_CHAT_ERROR_MALFORMED, index,
      "an impossible ssrc-group");
}

static void
read_extmap (GstChatSdpMedia * media, const gchar * value)
{
  g_auto (GStrv) words = g_strsplit (value, " ", -1);
  if (g_strv_length (words) < 2 || !g_str_equal (words[1], GST_CHAT_TWCC_URI)) {
    return;
  }
  g_auto (GStrv) id = g_strsplit (words[0], "/", 2);
  guint64 number;
  /* 15 is reserved in the one-byte form, and larger ones need the other. */
  if (id[1] == NULL && gst_chat_sdp_read_number (id[0], 14, &number)) {
    media->twcc_id = number;
  }
}

static void
add_candidate (GstChatSdp * sdp, GstChatSdpMedia * media, const gchar * value)
{
  /* A machine with many interfaces is no attack, and an unknown kind of
   * candidate is no error: the others will do. */
  if (sdp->n_candidates == GST_CHAT_MAX_CANDIDATES) {
    return;
  }
  GstChatCandidate *candidate = gst_chat_candidate_parse (value, NULL);
  if (candidate != NULL) {
    g_ptr_array_add (media->candidates, candidate);
    sdp->n_candidates++;
  }
}

static gboolean
read_other_attributes (GstChatSdp * sdp, GstChatSdpMedia * media,
    const GstSDPMedia * in, guint index, GError ** error)
{
  for (guint i = 0; i < gst_sdp_media_attributes_len (in); i++) {
    const GstSDPAttribute *attribute = gst_sdp_media_get_attribute (in, i);
    const gchar *value = attribute->value != NULL ? attribute->value : "";
    if (g_str_equal (attribute->key, "ssrc")) {
      if (!add_ssrc (sdp, media, value, index, error)) {
        return FALSE;
      }
    } else if (g_str_equal (attribute->key, "ssrc-group")) {
      if (!check_ssrc_group (value, index, error)) {
        return FALSE;
      }
    } else if (g_str_equal (attribute->key, "extmap")) {
      read_extmap (media, value);
    } else if (g_str_equal (attribute->key, "candidate")) {
      add_candidate (sdp, media, value);
    } else if (g_str_equal (attribute->key, "end-of-candidates")) {
      media->end_of_candidates = TRUE;
    } else if (g_str_equal (attribute->key, "msid") && media->msid == NULL) {
      media->msid = g_strdup (value);
    }
  }
  return TRUE;
}

gboolean
gst_chat_sdp_read_media (GstChatSdp * sdp, guint index, GError ** error)
{
  const GstSDPMedia *in = gst_sdp_message_get_media (sdp->message, index);
  GstChatSdpMedia *media = media_new ();
  media->type = read_type (in);
  media->rejected = gst_sdp_media_get_port (in) == 0
      && gst_chat_sdp_attribute (NULL, in, "bundle-only") == NULL;
  gboolean ok = read_mid (sdp, media, in, index, error);
  g_ptr_array_add (sdp->media, media);
  if (!ok || !read_direction (media, sdp->message, in, index, error)
      || !read_transport (media, sdp->message, in, index, error)) {
    return FALSE;
  }
  if (media->type == GST_CHAT_MEDIA_DATA || media->type == GST_CHAT_MEDIA_OTHER) {
    return TRUE;
  }
  return read_formats (media, in, index, error)
      && read_other_attributes (sdp, media, in, index, error);
}

/* ---- when the BUNDLE group is known ---- */

static void
inherit_transport (GstChatSdpMedia * media, const GstChatSdpMedia * first)
{
  if (media->ufrag == NULL) {
    media->ufrag = g_strdup (first->ufrag);
    media->pwd = g_strdup (first->pwd);
  }
  if (media->fingerprints == NULL) {
    media->fingerprints = g_strdupv (first->fingerprints);
  }
  if (media->setup == GST_CHAT_SETUP_NONE) {
    media->setup = first->setup;
  }
}

gboolean
gst_chat_sdp_finish_media (GstChatSdp * sdp, guint index, GError ** error)
{
  GstChatSdpMedia *media = g_ptr_array_index (sdp->media, index);
  const GstSDPMedia *in = gst_sdp_message_get_media (sdp->message, index);
  /* bundle-only without a bundle can go nowhere. */
  if (gst_sdp_media_get_port (in) == 0 && !media->bundled) {
    media->rejected = TRUE;
  }
  if (media->bundled) {
    inherit_transport (media, gst_chat_sdp_get_media (sdp, sdp->bundle_first));
  }
  if (media->rejected || media->type == GST_CHAT_MEDIA_OTHER) {
    return TRUE;
  }
  if (media->ufrag == NULL) {
    return refuse (error, GST_CHAT_ERROR_MALFORMED, index, "no ice-ufrag");
  }
  if (media->fingerprints == NULL) {
    return refuse (error, GST_CHAT_ERROR_MALFORMED, index, "no fingerprint");
  }
  if (media->setup == GST_CHAT_SETUP_NONE) {
    /* RFC 8842: an offer leaves the choice, who answers connects. */
    media->setup = sdp->is_offer ? GST_CHAT_SETUP_ACTPASS
        : GST_CHAT_SETUP_ACTIVE;
  }
  return TRUE;
}

const GstChatSdpCodec *
gst_chat_sdp_media_find_pt (const GstChatSdpMedia * media, guint pt)
{
  for (guint i = 0; i < media->codecs->len; i++) {
    const GstChatSdpCodec *codec = g_ptr_array_index (media->codecs, i);
    if (codec->pt == pt) {
      return codec;
    }
  }
  return NULL;
}

gint
gst_chat_sdp_media_find_rtx (const GstChatSdpMedia * media, guint pt)
{
  for (guint i = 0; i < media->codecs->len; i++) {
    const GstChatSdpCodec *codec = g_ptr_array_index (media->codecs, i);
    if (codec->apt == (gint) pt) {
      return codec->pt;
    }
  }
  return -1;
}
