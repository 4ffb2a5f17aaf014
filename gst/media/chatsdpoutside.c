/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Towards the remote: webrtcbin's description with what it leaves out or gets
 * wrong put right. */
#include "chatsdpprivate.h"

#include <string.h>

typedef struct
{
  const GstSDPMessage *description;
  const GstChatSdp *remote_offer;       /* NULL: this is an offer */
  const GstChatSdpMap *map;
  const GstChatSdpLocal *local;
  const gchar *stream_id;
  gboolean *bundled;            /* by inside index: in the description's group */
  gint first;                   /* inside: the first accepted one of the group */
} Writing;

static GstSDPMedia *
inside_media (const Writing * writing, guint inside)
{
  return (GstSDPMedia *) gst_sdp_message_get_media (writing->description,
      inside);
}

static gboolean
is_accepted (const GstSDPMedia * media)
{
  return gst_sdp_media_get_port (media) != 0
      || gst_chat_sdp_attribute (NULL, media, "bundle-only") != NULL;
}

static GstChatDirection
get_direction (const GstSDPMedia * media)
{
  GstChatDirection direction = GST_CHAT_DIRECTION_SENDRECV;
  for (guint i = 0; i < gst_sdp_media_attributes_len (media); i++) {
    gst_chat_direction_from_name (gst_sdp_media_get_attribute (media, i)->key,
        &direction);
  }
  return direction;
}

static void
read_group (Writing * writing)
{
  guint n = gst_sdp_message_medias_len (writing->description);
  writing->bundled = g_new0 (gboolean, n + 1);
  writing->first = -1;
  const gchar *group =
      gst_sdp_message_get_attribute_val (writing->description, "group");
  if (group == NULL || !g_str_has_prefix (group, "BUNDLE")) {
    return;
  }
  g_auto (GStrv) mids = g_strsplit (group, " ", -1);
  for (guint i = 1; mids[i] != NULL; i++) {
    for (guint j = 0; j < n; j++) {
      const GstSDPMedia *media = inside_media (writing, j);
      if (g_strcmp0 (gst_chat_sdp_attribute (NULL, media, "mid"),
              mids[i]) == 0 && is_accepted (media)) {
        writing->bundled[j] = TRUE;
        writing->first = writing->first < 0 ? (gint) j : writing->first;
      }
    }
  }
}

/* ---- one m-line ---- */

static void
write_candidates (const Writing * writing, GstSDPMedia * media, guint inside)
{
  const GstChatSdpLocal *local = writing->local;
  gboolean first_of_bundle = writing->first == (gint) inside;
  if (writing->bundled[inside] && !first_of_bundle) {
    return;
  }
  g_autoptr (GHashTable) written = g_hash_table_new_full (g_str_hash,
      g_str_equal, g_free, NULL);
  for (guint i = 0; local->candidates != NULL && i < local->candidates->len;
      i++) {
    const GstChatLocalCandidate *one = g_ptr_array_index (local->candidates, i);
    gboolean here = one->mline == inside || (first_of_bundle
        && one->mline < gst_sdp_message_medias_len (writing->description)
        && writing->bundled[one->mline]);
    g_autoptr (GstChatCandidate) candidate =
        gst_chat_candidate_parse (one->text, NULL);
    if (!here || candidate == NULL || !candidate->usable
        || (local->relay_only && candidate->type != GST_CHAT_CANDIDATE_RELAY)) {
      continue;
    }
    const gchar *value = candidate->text + strlen ("candidate:");
    if (g_hash_table_add (written, g_strdup (value))) {
      gst_sdp_media_add_attribute (media, "candidate", value);
    }
  }
  if (local->end_of_candidates) {
    gst_sdp_media_add_attribute (media, "end-of-candidates", "");
  }
}

/* webrtcbin was told sendrecv; the answer takes what is offered, and what
 * webrtcbin itself can. */
static void
write_direction (GstSDPMedia * media, const GstChatSdpMedia * offered)
{
  GstChatDirection direction = get_direction (media);
  GstChatDirection possible = GST_CHAT_DIRECTION_INACTIVE;
  if (offered->direction & GST_CHAT_DIRECTION_RECVONLY) {
    possible |= GST_CHAT_DIRECTION_SENDONLY;
  }
  if (offered->direction & GST_CHAT_DIRECTION_SENDONLY) {
    possible |= GST_CHAT_DIRECTION_RECVONLY;
  }
  for (guint i = 0; i <= GST_CHAT_DIRECTION_SENDRECV; i++) {
    gst_chat_sdp_remove_attributes (media, gst_chat_direction_name (i));
  }
  gst_sdp_media_add_attribute (media,
      gst_chat_direction_name (direction & possible), "");
}

/* One stream for the whole call, whatever webrtcbin made of pads that got their
 * caps late: else the page plays the last m-line only. Of the SSRC attributes
 * the cname remains. */
static gboolean
write_msid (const Writing * writing, GstSDPMedia * media, guint outside,
    GError ** error)
{
  gboolean sends = get_direction (media) & GST_CHAT_DIRECTION_SENDONLY;
  gboolean has_ssrc = FALSE;
  gst_chat_sdp_remove_attributes (media, "msid");
  for (guint i = gst_sdp_media_attributes_len (media); i > 0; i--) {
    const GstSDPAttribute *attribute =
        gst_sdp_media_get_attribute (media, i - 1);
    gboolean is_ssrc = g_str_equal (attribute->key, "ssrc");
    gboolean is_group = g_str_equal (attribute->key, "ssrc-group");
    gboolean is_cname = is_ssrc && attribute->value != NULL
        && strstr (attribute->value, " cname:") != NULL;
    has_ssrc = has_ssrc || is_cname;
    if ((is_group && !sends) || (is_ssrc && !(sends && is_cname))) {
      gst_sdp_media_remove_attribute (media, i - 1);
    }
  }
  if (!sends) {
    return TRUE;
  }
  if (!has_ssrc) {
    g_set_error (error, GST_CHAT_ERROR, GST_CHAT_ERROR_FAILED,
        "webrtcbin's m-line %u sends but has no SSRC: it was made before its "
        "sink pad had caps", outside);
    return FALSE;
  }
  g_autofree gchar *msid = g_strdup_printf ("%s %s-%u", writing->stream_id,
      gst_sdp_media_get_media (media), outside);
  gst_sdp_media_add_attribute (media, "msid", msid);
  return TRUE;
}

static gchar *
make_fmtp (const Writing * writing, const GstChatCodec * codec,
    const GstChatSdpCodec * theirs)
{
  if (g_str_equal (codec->name, "opus") && writing->local->stereo) {
    return g_strconcat (codec->offer_fmtp, ";stereo=1;sprop-stereo=1", NULL);
  }
  if (g_str_equal (codec->name, "h264") && theirs != NULL) {
    /* An answer has the offer's profile (RFC 6184 §8.2.2). */
    g_autofree gchar *level =
        gst_chat_sdp_fmtp_get (theirs->fmtp, "profile-level-id");
    if (level != NULL) {
      return g_strconcat ("level-asymmetry-allowed=1;packetization-mode=1;"
          "profile-level-id=", level, NULL);
    }
  }
  return g_strdup (codec->offer_fmtp);
}

static void
remove_format (GstSDPMedia * media, guint format, guint pt)
{
  gst_sdp_media_remove_format (media, format);
  for (guint i = gst_sdp_media_attributes_len (media); i > 0; i--) {
    const GstSDPAttribute *attribute =
        gst_sdp_media_get_attribute (media, i - 1);
    gint of;
    const gchar *rest;
    if ((g_str_equal (attribute->key, "rtpmap")
            || g_str_equal (attribute->key, "fmtp")
            || g_str_equal (attribute->key, "rtcp-fb"))
        && gst_chat_sdp_read_pt (attribute->value, &of, &rest)
        && of == (gint) pt) {
      gst_sdp_media_remove_attribute (media, i - 1);
    }
  }
}

/* What the remote did not offer cannot be answered. */
static void
keep_offered (const Writing * writing, GstSDPMedia * media,
    const GstChatSdpMedia * offered)
{
  for (guint i = gst_sdp_media_formats_len (media); i > 0; i--) {
    guint64 pt;
    if (gst_chat_sdp_read_number (gst_sdp_media_get_format (media, i - 1), 127,
            &pt) && gst_chat_sdp_media_find_pt (offered, pt) == NULL) {
      remove_format (media, i - 1, pt);
    }
  }
}

static void
set_fmtp (GstSDPMedia * media, guint pt, const gchar * fmtp)
{
  for (guint i = gst_sdp_media_attributes_len (media); i > 0; i--) {
    const GstSDPAttribute *attribute =
        gst_sdp_media_get_attribute (media, i - 1);
    gint of;
    const gchar *rest;
    if (g_str_equal (attribute->key, "fmtp")
        && gst_chat_sdp_read_pt (attribute->value, &of, &rest)
        && of == (gint) pt) {
      gst_sdp_media_remove_attribute (media, i - 1);
    }
  }
  g_autofree gchar *value = g_strdup_printf ("%u %s", pt, fmtp);
  gst_sdp_media_add_attribute (media, "fmtp", value);
}

static void
write_formats (const Writing * writing, GstSDPMedia * media,
    const GstChatSdpMedia * offered)
{
  if (offered != NULL) {
    keep_offered (writing, media, offered);
  }
  GstChatKind kind = g_str_equal (gst_sdp_media_get_media (media), "audio")
      ? GST_CHAT_KIND_AUDIO : GST_CHAT_KIND_VIDEO;
  const GstChatCodec *by_pt[128] = { NULL, };
  for (guint i = 0; i < gst_sdp_media_attributes_len (media); i++) {
    const GstSDPAttribute *attribute = gst_sdp_media_get_attribute (media, i);
    gint pt;
    const gchar *rest;
    if (g_str_equal (attribute->key, "rtpmap")
        && gst_chat_sdp_read_pt (attribute->value, &pt, &rest) && pt >= 0) {
      g_autofree gchar *name = g_strndup (rest, strcspn (rest, "/"));
      by_pt[pt] = gst_chat_codec_by_encoding_name (kind, name);
    }
  }
  for (guint pt = 0; pt < G_N_ELEMENTS (by_pt); pt++) {
    g_autofree gchar *fmtp = by_pt[pt] == NULL ? NULL
        : make_fmtp (writing, by_pt[pt], offered != NULL
        ? gst_chat_sdp_media_find_pt (offered, pt) : NULL);
    if (fmtp != NULL) {
      set_fmtp (media, pt, fmtp);
    }
  }
}

static void
write_transport (const Writing * writing, GstSDPMedia * media)
{
  const GstChatSdpLocal *local = writing->local;
  if (local->setup != GST_CHAT_SETUP_NONE) {
    gst_chat_sdp_set_attribute (media, "setup",
        gst_chat_setup_name (local->setup));
  }
  if (local->fingerprint != NULL) {
    g_autofree gchar *value =
        g_strconcat ("sha-256 ", local->fingerprint, NULL);
    gst_chat_sdp_set_attribute (media, "fingerprint", value);
  }
  gst_chat_sdp_remove_attributes (media, "candidate");
  gst_chat_sdp_remove_attributes (media, "end-of-candidates");
}

static void
add_rejected (const Writing * writing, GstSDPMessage * message, guint outside)
{
  const GstSDPMedia *in =
      gst_sdp_message_get_media (writing->remote_offer->message, outside);
  const GstChatSdpMedia *offered =
      gst_chat_sdp_get_media (writing->remote_offer, outside);
  GstSDPMedia *out;
  gst_sdp_media_new (&out);
  gst_sdp_media_set_media (out, gst_sdp_media_get_media (in));
  gst_sdp_media_set_port_info (out, 0, 1);
  gst_sdp_media_set_proto (out, gst_sdp_media_get_proto (in));
  for (guint i = 0; i < gst_sdp_media_formats_len (in); i++) {
    gst_sdp_media_add_format (out, gst_sdp_media_get_format (in, i));
  }
  gst_sdp_media_add_connection (out, "IN", "IP4", "0.0.0.0", 0, 0);
  if (offered->has_mid) {
    gst_sdp_media_add_attribute (out, "mid", offered->mid);
  }
  gst_sdp_media_add_attribute (out, "inactive", "");
  gst_sdp_message_add_media (message, out);
  gst_sdp_media_free (out);
}

/* In front of the others; a place that there is not yet is refused. */
static void
put_mid (GstSDPMedia * media, const gchar * mid)
{
  GstSDPAttribute attribute = { g_strdup ("mid"), g_strdup (mid) };
  gint at = gst_sdp_media_attributes_len (media) > 0 ? 0 : -1;

  gst_sdp_media_insert_attribute (media, at, &attribute);
}

static gboolean
add_accepted (const Writing * writing, GstSDPMessage * message, guint inside,
    guint outside, GError ** error)
{
  const GstChatSdpMedia *offered = writing->remote_offer != NULL
      ? gst_chat_sdp_get_media (writing->remote_offer, outside) : NULL;
  GstSDPMedia *media;
  gst_sdp_media_copy (inside_media (writing, inside), &media);

  gst_chat_sdp_remove_attributes (media, "mid");
  if (offered == NULL || offered->has_mid) {
    put_mid (media, gst_chat_sdp_map_line (writing->map, inside)->outside_mid);
  }
  if (offered != NULL) {
    gst_sdp_media_set_proto (media,
        gst_sdp_media_get_proto (gst_sdp_message_get_media
            (writing->remote_offer->message, outside)));
    if (gst_sdp_media_get_port (media) == 0) {
      gst_sdp_media_set_port_info (media, 9, 1);
      gst_chat_sdp_remove_attributes (media, "bundle-only");
    }
  }
  if (offered != NULL) {
    write_direction (media, offered);
  }
  write_transport (writing, media);
  write_formats (writing, media, offered);
  gboolean ok = write_msid (writing, media, outside, error);
  if (ok) {
    write_candidates (writing, media, inside);
    gst_sdp_message_add_media (message, media);
  }
  gst_sdp_media_free (media);
  return ok;
}

/* ---- the whole ---- */

static void
write_group (const Writing * writing, GstSDPMessage * message)
{
  GString *group = g_string_new ("BUNDLE");
  guint n = gst_sdp_message_medias_len (writing->description);
  for (guint pass = 0; pass < 2; pass++) {
    for (guint i = 0; i < n; i++) {
      const GstChatSdpMapLine *line = gst_chat_sdp_map_line (writing->map, i);
      /* The first one first. */
      if (line != NULL && line->outside >= 0 && writing->bundled[i]
          && ((gint) i == writing->first) == (pass == 0)) {
        g_string_append_printf (group, " %s", line->outside_mid);
      }
    }
  }
  if (writing->first >= 0) {
    gst_sdp_message_add_attribute (message, "group", group->str);
  }
  g_string_free (group, TRUE);
}

static gboolean
write_media (const Writing * writing, GstSDPMessage * message, GError ** error)
{
  guint n = writing->remote_offer != NULL
      ? writing->remote_offer->media->len
      : gst_sdp_message_medias_len (writing->description);
  for (guint i = 0; i < n; i++) {
    gint inside = gst_chat_sdp_map_to_inside (writing->map, i);
    gboolean known = inside >= 0 && inside
        < (gint) gst_sdp_message_medias_len (writing->description);
    if (!known && writing->remote_offer == NULL) {
      g_set_error (error, GST_CHAT_ERROR, GST_CHAT_ERROR_FAILED,
          "m-line %u of our offer has nothing in webrtcbin", i);
      return FALSE;
    }
    if (known && is_accepted (inside_media (writing, inside))
        && (writing->remote_offer == NULL
            || !gst_chat_sdp_get_media (writing->remote_offer, i)->rejected)) {
      if (!add_accepted (writing, message, inside, i, error)) {
        return FALSE;
      }
    } else if (writing->remote_offer != NULL) {
      add_rejected (writing, message, i);
    } else {
      g_set_error (error, GST_CHAT_ERROR, GST_CHAT_ERROR_FAILED,
          "webrtcbin's offer rejects its own m-line %u", i);
      return FALSE;
    }
  }
  return TRUE;
}

/* What goes out would pass at the other end. */
static gboolean
check_result (const Writing * writing, const gchar * text, GError ** error)
{
  g_autoptr (GError) why = NULL;
  g_autoptr (GstChatSdp) sdp = gst_chat_sdp_parse_remote (text,
      writing->remote_offer == NULL, &why);
  if (sdp != NULL && (writing->remote_offer == NULL
          || gst_chat_sdp_check_answer (writing->remote_offer, sdp, &why))) {
    return TRUE;
  }
  g_set_error (error, GST_CHAT_ERROR, GST_CHAT_ERROR_FAILED,
      "webrtcbin's description cannot be sent: %s", why->message);
  return FALSE;
}

static void
fill_map (const GstSDPMessage * offer, GstChatSdpMap * map)
{
  for (guint i = map->lines->len; i < gst_sdp_message_medias_len (offer); i++) {
    const GstSDPMedia *media = gst_sdp_message_get_media (offer, i);
    const gchar *mid = gst_chat_sdp_attribute (NULL, media, "mid");
    const gchar *kind = gst_sdp_media_get_media (media);
    g_autofree gchar *outside = g_strdup_printf ("%u", i);
    gst_chat_sdp_map_add (map, i, outside, mid != NULL ? mid : outside,
        g_str_equal (kind, "audio") ? GST_CHAT_MEDIA_AUDIO
        : g_str_equal (kind, "video") ? GST_CHAT_MEDIA_VIDEO
        : GST_CHAT_MEDIA_OTHER);
  }
}

gchar *
gst_chat_sdp_local_for_remote (const GstSDPMessage * description,
    const GstChatSdp * remote_offer, GstChatSdpMap * map,
    const GstChatSdpLocal * local, GError ** error)
{
  if (remote_offer == NULL) {
    fill_map (description, map);
  }
  const GstSDPOrigin *origin = gst_sdp_message_get_origin (description);
  guint64 number;
  const gchar *session_id = gst_chat_sdp_read_number (origin->sess_id,
      G_MAXUINT64, &number) ? origin->sess_id : "1";
  Writing writing = {
    .description = description,
    .remote_offer = remote_offer,
    .map = map,
    .local = local,
    .stream_id = local->stream_id != NULL ? local->stream_id : session_id,
  };
  read_group (&writing);

  GstSDPMessage *message =
      gst_chat_sdp_message_begin (session_id, local->version);
  write_group (&writing, message);
  gst_sdp_message_add_attribute (message, "ice-options", "trickle");
  g_autofree gchar *text = NULL;
  if (write_media (&writing, message, error)) {
    text = gst_sdp_message_as_text (message);
  }
  gst_sdp_message_free (message);
  g_free (writing.bundled);
  if (text == NULL || !check_result (&writing, text, error)) {
    return NULL;
  }
  return g_steal_pointer (&text);
}

gchar *
gst_chat_sdp_reject_all (const GstChatSdp * offer, guint version)
{
  g_autofree gchar *session_id =
      g_strdup_printf ("%u", g_str_hash (offer->text));
  GstSDPMessage *message = gst_chat_sdp_message_begin (session_id, version);
  Writing writing = {
    .remote_offer = offer,
  };
  for (guint i = 0; i < offer->media->len; i++) {
    add_rejected (&writing, message, i);
  }
  gchar *text = gst_sdp_message_as_text (message);
  gst_sdp_message_free (message);
  return text;
}
