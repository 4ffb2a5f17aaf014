/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Which codec of an m-line to use. */
#include "chatsdpprivate.h"

#include <string.h>

/* How well a format of the remote serves us; 0: not at all. */
typedef enum
{
  FIT_NONE,
  FIT_POSSIBLE,
  FIT_GOOD,
} Fit;

/* RFC 6184 table 5: what a decoder of Constrained Baseline decodes, or what our
 * encoder, which makes nothing more, may call itself. */
static Fit
h264_fit (const gchar * fmtp)
{
  g_autofree gchar *mode = gst_chat_sdp_fmtp_get (fmtp, "packetization-mode");
  g_autofree gchar *level = gst_chat_sdp_fmtp_get (fmtp, "profile-level-id");
  if (g_strcmp0 (mode, "1") != 0) {
    return FIT_NONE;
  }
  if (level == NULL) {
    /* Baseline, says the RFC. */
    return FIT_POSSIBLE;
  }
  guint64 number;
  if (strlen (level) != 6
      || !g_ascii_string_to_unsigned (level, 16, 0, 0xffffff, &number, NULL)) {
    return FIT_NONE;
  }
  guint profile = number >> 16;
  guint constraints = (number >> 8) & 0xff;
  switch (profile) {
    case 0x42:
      return constraints & 0x40 ? FIT_GOOD : FIT_POSSIBLE;
    case 0x4d:
      return constraints & 0x80 ? FIT_GOOD : FIT_NONE;
    case 0x58:
      return (constraints & 0xc0) == 0xc0 ? FIT_GOOD : FIT_NONE;
    default:
      return FIT_NONE;
  }
}

static Fit
codec_fit (const GstChatCodec * ours, const GstChatSdpCodec * theirs)
{
  if (!g_str_equal (ours->encoding_name, theirs->encoding_name)
      || ours->clock_rate != theirs->clock_rate) {
    return FIT_NONE;
  }
  guint channels = MAX (theirs->channels, 1);
  if (ours->kind == GST_CHAT_KIND_AUDIO
      && channels != MAX (ours->encoding_params, 1)) {
    return FIT_NONE;
  }
  if (g_str_equal (ours->name, "h264")) {
    return h264_fit (theirs->fmtp);
  }
  if (g_str_equal (ours->name, "vp9")) {
    g_autofree gchar *profile =
        gst_chat_sdp_fmtp_get (theirs->fmtp, "profile-id");
    return profile == NULL || g_str_equal (profile, "0") ? FIT_GOOD : FIT_NONE;
  }
  return FIT_GOOD;
}

static const GstChatSdpCodec *
best_format (const GstChatSdpMedia * media, const GstChatCodec * codec)
{
  const GstChatSdpCodec *best = NULL;
  Fit best_fit = FIT_NONE;
  for (guint i = 0; i < media->codecs->len; i++) {
    const GstChatSdpCodec *theirs = g_ptr_array_index (media->codecs, i);
    Fit fit = codec_fit (codec, theirs);
    if (fit > best_fit) {
      best = theirs;
      best_fit = fit;
    }
  }
  return best;
}

static void
fill_choice (GstChatCodecChoice * choice, const GstChatSdpMedia * media,
    const GstChatCodec * codec, const GstChatSdpCodec * theirs)
{
  choice->codec = codec;
  choice->pt = theirs->pt;
  choice->rtx_pt = gst_chat_sdp_media_find_rtx (media, theirs->pt);
  choice->fmtp = g_strdup (theirs->fmtp);
  choice->feedback = theirs->feedback;
  choice->twcc_id =
      theirs->feedback & GST_CHAT_FEEDBACK_TWCC ? media->twcc_id : 0;
}

static void
set_nothing_common (const GstChatSdpMedia * media, const gchar * const *names,
    GError ** error)
{
  GString *theirs = g_string_new (NULL);
  for (guint i = 0; i < media->codecs->len && i < 16; i++) {
    const GstChatSdpCodec *codec = g_ptr_array_index (media->codecs, i);
    if (codec->apt < 0 && strstr (theirs->str, codec->encoding_name) == NULL) {
      g_autofree gchar *quoted = gst_chat_sdp_quote (codec->encoding_name);
      g_string_append_printf (theirs, "%s%s", theirs->len > 0 ? ", " : "",
          quoted);
    }
  }
  g_autofree gchar *ours = g_strjoinv (", ", (gchar **) names);
  g_set_error (error, GST_CHAT_ERROR, GST_CHAT_ERROR_UNSUPPORTED,
      "No common %s codec: we have %s; the remote has %s. The property "
      "%s-codecs of chatpeer says which may be used",
      gst_chat_media_type_name (media->type),
      ours[0] != '\0' ? ours : "none", theirs->len > 0 ? theirs->str : "none",
      gst_chat_media_type_name (media->type));
  g_string_free (theirs, TRUE);
}

static gchar **
all_names (void)
{
  const GstChatCodec *const *codecs = gst_chat_codecs ();
  GPtrArray *names = g_ptr_array_new ();
  for (guint i = 0; codecs[i] != NULL; i++) {
    g_ptr_array_add (names, g_strdup (codecs[i]->name));
  }
  g_ptr_array_add (names, NULL);
  return (gchar **) g_ptr_array_free (names, FALSE);
}

gboolean
gst_chat_sdp_choose_codec (const GstChatSdpMedia * media,
    const gchar * const *names, GstChatCodecChoice * choice, GError ** error)
{
  if (media->rejected || media->type == GST_CHAT_MEDIA_DATA
      || media->type == GST_CHAT_MEDIA_OTHER) {
    g_set_error_literal (error, GST_CHAT_ERROR, GST_CHAT_ERROR_UNSUPPORTED,
        "The m-line is not of audio or video, or is rejected");
    return FALSE;
  }
  if (!media->rtcp_mux) {
    g_set_error_literal (error, GST_CHAT_ERROR, GST_CHAT_ERROR_UNSUPPORTED,
        "The remote wants RTCP on a port of its own (no rtcp-mux)");
    return FALSE;
  }
  GstChatKind kind = media->type == GST_CHAT_MEDIA_AUDIO
      ? GST_CHAT_KIND_AUDIO : GST_CHAT_KIND_VIDEO;
  g_auto (GStrv) everything = names == NULL ? all_names () : NULL;
  if (names == NULL) {
    names = (const gchar * const *) everything;
  }

  /* G.711 sounds like a telephone: only in the second pass. */
  for (guint pass = 0; pass < 2; pass++) {
    for (guint i = 0; names[i] != NULL; i++) {
      const GstChatCodec *codec = gst_chat_codec_by_name (names[i]);
      if (codec == NULL || codec->kind != kind
          || (codec->static_pt >= 0) != (pass == 1)) {
        continue;
      }
      const GstChatSdpCodec *theirs = best_format (media, codec);
      if (theirs != NULL) {
        fill_choice (choice, media, codec, theirs);
        return TRUE;
      }
    }
  }
  set_nothing_common (media, names, error);
  return FALSE;
}

void
gst_chat_codec_choice_for_offer (const GstChatCodec * codec,
    GstChatCodecChoice * choice)
{
  choice->codec = codec;
  choice->pt = codec->default_pt;
  choice->rtx_pt = -1;
  choice->fmtp = g_strdup (codec->offer_fmtp);
  choice->feedback = GST_CHAT_FEEDBACK_TWCC;
  choice->twcc_id = GST_CHAT_TWCC_ID;
}

void
gst_chat_codec_choice_clear (GstChatCodecChoice * choice)
{
  g_clear_pointer (&choice->fmtp, g_free);
  choice->codec = NULL;
  choice->rtx_pt = -1;
}

GstCaps *
gst_chat_codec_choice_to_caps (const GstChatCodecChoice * choice)
{
  const GstChatCodec *codec = choice->codec;
  GstStructure *rtp = gst_structure_new ("application/x-rtp",
      "media", G_TYPE_STRING,
      codec->kind == GST_CHAT_KIND_AUDIO ? "audio" : "video",
      "encoding-name", G_TYPE_STRING, codec->encoding_name,
      "clock-rate", G_TYPE_INT, (gint) codec->clock_rate,
      "payload", G_TYPE_INT, (gint) choice->pt, NULL);
  if (codec->encoding_params > 0) {
    g_autofree gchar *params = g_strdup_printf ("%u", codec->encoding_params);
    gst_structure_set (rtp, "encoding-params", G_TYPE_STRING, params, NULL);
  }
  if (choice->twcc_id > 0) {
    g_autofree gchar *field = g_strdup_printf ("extmap-%u", choice->twcc_id);
    gst_structure_set (rtp, field, G_TYPE_STRING, GST_CHAT_TWCC_URI, NULL);
  }
  GstCaps *caps = gst_caps_new_empty ();
  gst_caps_append_structure (caps, rtp);
  return caps;
}
