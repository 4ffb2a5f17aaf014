/* SPDX-License-Identifier: LGPL-2.1-or-later
 * A description against the one before it, and an answer against its offer:
 * what would abort webrtcbin is found here. */
#include "chatsdpprivate.h"

#include <string.h>

/* *INDENT-OFF* */
static void set_protocol_error (GError ** error, const gchar * format, ...)
    G_GNUC_PRINTF (2, 3);
/* *INDENT-ON* */

static void
set_protocol_error (GError ** error, const gchar * format, ...)
{
  va_list args;
  va_start (args, format);
  g_autofree gchar *what = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error_literal (error, GST_CHAT_ERROR, GST_CHAT_ERROR_PROTOCOL, what);
}

static gboolean
transport_equal (const GstChatSdpMedia * a, const GstChatSdpMedia * b)
{
  gboolean same_prints = a->fingerprints == NULL || b->fingerprints == NULL
      ? a->fingerprints == b->fingerprints
      : g_strv_equal ((const gchar * const *) a->fingerprints,
      (const gchar * const *) b->fingerprints);
  return same_prints && g_strcmp0 (a->ufrag, b->ufrag) == 0
      && g_strcmp0 (a->pwd, b->pwd) == 0;
}

static gboolean
ssrcs_equal (const GstChatSdpMedia * a, const GstChatSdpMedia * b)
{
  /* In another order they are the same: it is a set. */
  if (a->ssrcs->len != b->ssrcs->len) {
    return FALSE;
  }
  for (guint i = 0; i < a->ssrcs->len; i++) {
    gboolean found = FALSE;
    for (guint j = 0; !found && j < b->ssrcs->len; j++) {
      found = g_array_index (a->ssrcs, guint32, i) ==
          g_array_index (b->ssrcs, guint32, j);
    }
    if (!found) {
      return FALSE;
    }
  }
  return TRUE;
}

/* A re-offer may list fewer or more formats than before (after an answer
 * browsers list what was agreed first); what matters is that no payload type
 * has got another meaning. */
static gboolean
codecs_agree (const GstChatSdpMedia * a, const GstChatSdpMedia * b)
{
  gboolean common = a->codecs->len == 0;
  for (guint i = 0; i < a->codecs->len; i++) {
    const GstChatSdpCodec *one = g_ptr_array_index (a->codecs, i);
    const GstChatSdpCodec *other = gst_chat_sdp_media_find_pt (b, one->pt);
    if (other == NULL) {
      continue;
    }
    common = TRUE;
    if (!g_str_equal (one->encoding_name, other->encoding_name)
        || one->clock_rate != other->clock_rate || one->apt != other->apt) {
      return FALSE;
    }
  }
  return common;
}

static gboolean
media_equal (const GstChatSdpMedia * a, const GstChatSdpMedia * b)
{
  return a->rejected == b->rejected && a->bundled == b->bundled
      && a->type == b->type && g_str_equal (a->mid, b->mid)
      && (a->rejected || (a->direction == b->direction && ssrcs_equal (a, b)
          && codecs_agree (a, b)));
}

GstChatSdpChange
gst_chat_sdp_classify (const GstChatSdp * agreed, const GstChatSdp * offer,
    GError ** error)
{
  if (offer->media->len < agreed->media->len) {
    set_protocol_error (error, "The new offer has %u m-lines where %u were "
        "agreed", offer->media->len, agreed->media->len);
    return GST_CHAT_SDP_INVALID;
  }
  gboolean same_transport = TRUE;
  gboolean same_media = offer->media->len == agreed->media->len;
  for (guint i = 0; i < agreed->media->len; i++) {
    const GstChatSdpMedia *was = gst_chat_sdp_get_media (agreed, i);
    const GstChatSdpMedia *is = gst_chat_sdp_get_media (offer, i);
    gboolean renamed = was->type != is->type
        || !g_str_equal (was->mid, is->mid);
    if (renamed && !was->rejected) {
      g_autofree gchar *mid = gst_chat_sdp_quote (is->mid);
      set_protocol_error (error, "The new offer makes %s %s of m-line %u, "
          "which is another in this call", gst_chat_media_type_name (is->type),
          mid, i);
      return GST_CHAT_SDP_INVALID;
    }
    if (!was->rejected && !is->rejected && !transport_equal (was, is)) {
      same_transport = FALSE;
    }
    if (!media_equal (was, is)) {
      same_media = FALSE;
    }
  }
  if (!same_transport) {
    return GST_CHAT_SDP_TRANSPORT_CHANGED;
  }
  return same_media ? GST_CHAT_SDP_SAME : GST_CHAT_SDP_MEDIA_CHANGED;
}

static gboolean
check_answer_media (const GstChatSdpMedia * asked,
    const GstChatSdpMedia * answer, guint index, GError ** error)
{
  if (asked->type != answer->type) {
    set_protocol_error (error, "The answer has %s in m-line %u where %s was "
        "offered", gst_chat_media_type_name (answer->type), index,
        gst_chat_media_type_name (asked->type));
    return FALSE;
  }
  if (answer->has_mid && !g_str_equal (asked->mid, answer->mid)) {
    set_protocol_error (error, "The answer names m-line %u differently than "
        "the offer", index);
    return FALSE;
  }
  if (answer->rejected) {
    return TRUE;
  }
  if (asked->rejected) {
    set_protocol_error (error, "The answer accepts m-line %u, which the offer "
        "does not offer", index);
    return FALSE;
  }
  if (answer->setup == GST_CHAT_SETUP_ACTPASS
      || (asked->setup != GST_CHAT_SETUP_ACTPASS
          && answer->setup == asked->setup)) {
    set_protocol_error (error, "The answer has the DTLS role %s in m-line %u "
        "to our %s", gst_chat_setup_name (answer->setup), index,
        gst_chat_setup_name (asked->setup));
    return FALSE;
  }
  /* Who was offered nothing to receive must not say that it receives. */
  gboolean sends_unasked = (answer->direction & GST_CHAT_DIRECTION_SENDONLY)
      && !(asked->direction & GST_CHAT_DIRECTION_RECVONLY);
  gboolean takes_unasked = (answer->direction & GST_CHAT_DIRECTION_RECVONLY)
      && !(asked->direction & GST_CHAT_DIRECTION_SENDONLY);
  if (sends_unasked || takes_unasked) {
    set_protocol_error (error, "The answer says %s in m-line %u to our %s",
        gst_chat_direction_name (answer->direction), index,
        gst_chat_direction_name (asked->direction));
    return FALSE;
  }
  if (!codecs_agree (answer, asked)) {
    set_protocol_error (error, "The answer has no codec in m-line %u that was "
        "offered", index);
    return FALSE;
  }
  return TRUE;
}

/* A bundle-only m-line has no address of its own: accepted without the bundle
 * it leads nowhere (and webrtcbin trips over it). */
static gboolean
check_answer_bundle (const GstChatSdp * offer, const GstChatSdp * answer,
    GError ** error)
{
  guint n_accepted = 0;
  for (guint i = 0; i < answer->media->len; i++) {
    n_accepted += !gst_chat_sdp_get_media (answer, i)->rejected;
  }
  for (guint i = 0; i < answer->media->len; i++) {
    const GstChatSdpMedia *asked = gst_chat_sdp_get_media (offer, i);
    const GstChatSdpMedia *media = gst_chat_sdp_get_media (answer, i);
    const GstSDPMedia *in = gst_sdp_message_get_media (offer->message, i);
    gboolean bundle_only = asked->bundled && gst_sdp_media_get_port (in) == 0;
    if ((media->bundled && !asked->bundled)
        || (bundle_only && !media->rejected && !media->bundled
            && n_accepted > 1)) {
      set_protocol_error (error, "The answer's BUNDLE group does not fit the "
          "offer's in m-line %u", i);
      return FALSE;
    }
  }
  return TRUE;
}

gboolean
gst_chat_sdp_check_answer (const GstChatSdp * offer, const GstChatSdp * answer,
    GError ** error)
{
  if (answer->media->len != offer->media->len) {
    set_protocol_error (error, "The answer has %u m-lines, the offer has %u",
        answer->media->len, offer->media->len);
    return FALSE;
  }
  for (guint i = 0; i < offer->media->len; i++) {
    if (!check_answer_media (gst_chat_sdp_get_media (offer, i),
            gst_chat_sdp_get_media (answer, i), i, error)) {
      return FALSE;
    }
  }
  return check_answer_bundle (offer, answer, error);
}

static gboolean
has_candidate (const GstChatSdp * sdp, const GstChatCandidate * candidate)
{
  for (guint i = 0; sdp != NULL && i < sdp->media->len; i++) {
    const GstChatSdpMedia *media = gst_chat_sdp_get_media (sdp, i);
    for (guint j = 0; j < media->candidates->len; j++) {
      const GstChatCandidate *old = g_ptr_array_index (media->candidates, j);
      if (g_str_equal (old->text, candidate->text)) {
        return TRUE;
      }
    }
  }
  return FALSE;
}

GArray *
gst_chat_sdp_new_candidates (const GstChatSdp * older, const GstChatSdp * newer,
    const GstChatSdpMap * map)
{
  GArray *refs = g_array_new (FALSE, FALSE, sizeof (GstChatSdpCandidateRef));
  gint first = gst_chat_sdp_bundle_first_taken (newer, map);
  for (guint i = 0; i < newer->media->len; i++) {
    const GstChatSdpMedia *media = gst_chat_sdp_get_media (newer, i);
    gint inside = gst_chat_sdp_map_to_inside (map, i);
    /* The other transports of a bundle are going to be closed. */
    if (inside < 0 || media->rejected || (media->bundled && (gint) i != first)) {
      continue;
    }
    for (guint j = 0; j < media->candidates->len; j++) {
      const GstChatCandidate *candidate =
          g_ptr_array_index (media->candidates, j);
      if (candidate->usable && !has_candidate (older, candidate)) {
        GstChatSdpCandidateRef ref = { inside, candidate };
        g_array_append_val (refs, ref);
      }
    }
  }
  return refs;
}
