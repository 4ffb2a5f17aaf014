/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Towards webrtcbin: descriptions written anew from what was understood of the
 * remote's, so that nothing else of it gets there. */
#include "chatsdpprivate.h"

#include <string.h>

#define PROTO "UDP/TLS/RTP/SAVPF"
/* For a rejected m-line where no other has any: webrtcbin 1.22 refuses the whole
 * description over an m-line without them. */
#define NO_UFRAG "none"
#define NO_PWD "nonenonenonenonenonenone"
#define NO_FINGERPRINT "sha-256 00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:" \
  "00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00"

/* Attributes without a value have the value "" as from the parser: webrtcbin
 * 1.22 dies of NULL. */

/* Whose ICE and DTLS attributes an m-line gets. */
static const GstChatSdpMedia *
transport_of (const GstChatSdp * sdp, const GstChatSdpMap * map,
    const GstChatSdpMedia * media)
{
  gint first = gst_chat_sdp_bundle_first_taken (sdp, map);
  gboolean own = media != NULL && !media->rejected && !media->bundled;
  if (!own && first >= 0) {
    return gst_chat_sdp_get_media (sdp, first);
  }
  if (own) {
    return media;
  }
  for (guint i = 0; i < sdp->media->len; i++) {
    const GstChatSdpMedia *other = gst_chat_sdp_get_media (sdp, i);
    if (!other->rejected && other->ufrag != NULL) {
      return other;
    }
  }
  return NULL;
}

static void
add_transport (GstSDPMedia * out, const GstChatSdp * sdp,
    const GstChatSdpMedia * from)
{
  gst_sdp_media_add_attribute (out, "ice-ufrag",
      from != NULL ? from->ufrag : NO_UFRAG);
  gst_sdp_media_add_attribute (out, "ice-pwd",
      from != NULL ? from->pwd : NO_PWD);
  gst_sdp_media_add_attribute (out, "ice-options", "trickle");
  /* One is enough: webrtcbin looks whether it is there, we compare. */
  gst_sdp_media_add_attribute (out, "fingerprint", from != NULL
      && from->fingerprints != NULL ? from->fingerprints[0] : NO_FINGERPRINT);
  /* Of an m-line that is neither sound nor picture nothing else is known. */
  GstChatSetup setup = from != NULL && from->setup != GST_CHAT_SETUP_NONE ?
      from->setup : sdp->is_offer ? GST_CHAT_SETUP_ACTPASS :
      GST_CHAT_SETUP_ACTIVE;
  gst_sdp_media_add_attribute (out, "setup", gst_chat_setup_name (setup));
}

/* GStreamer makes caps of an m-line, whose fields have names that the remote would
 * choose, and names of fields stay for the life of the process. */
static const gchar *const feedback[] = { "nack", "nack pli", "ccm fir",
  "transport-cc", "goog-remb", NULL
};

static const gchar *const parameters[] = { "apt", "rtx-time", "max-fr",
  "max-fs", "profile-id", "profile-level-id", "packetization-mode",
  "level-asymmetry-allowed", "sprop-parameter-sets", "minptime", "maxptime",
  "ptime", "useinbandfec", "usedtx", "stereo", "sprop-stereo", "cbr",
  "maxplaybackrate", "sprop-maxcapturerate", "maxaveragebitrate", NULL
};

/* What is known of "a=1;b=2"; "": nothing. */
static gchar *
known_parameters (const gchar * text)
{
  GString *known = g_string_new (NULL);
  g_auto (GStrv) all = g_strsplit (text, ";", -1);
  for (guint i = 0; all[i] != NULL; i++) {
    const gchar *parameter = g_strstrip (all[i]);
    g_autofree gchar *name =
        g_ascii_strdown (parameter, strcspn (parameter, "= "));
    if (g_strv_contains (parameters, name)) {
      g_string_append_printf (known, "%s%s", known->len > 0 ? ";" : "",
          parameter);
    }
  }
  return g_string_free (known, FALSE);
}

/* FALSE: it is no rtpmap, fmtp or rtcp-fb. @pt: -1 where it is about all. */
static gboolean
read_format_attribute (const gchar * key, const gchar * value, gint * pt,
    const gchar ** rest)
{
  return (g_strcmp0 (key, "rtpmap") == 0 || g_strcmp0 (key, "fmtp") == 0
      || g_strcmp0 (key, "rtcp-fb") == 0)
      && gst_chat_sdp_read_pt (value, pt, rest);
}

/* NULL: none of a format of @media, or not known. */
static gchar *
format_attribute (const GstChatSdpMedia * media, const gchar * key,
    const gchar * value)
{
  gint pt;
  const gchar *rest;
  if (!read_format_attribute (key, value, &pt, &rest)
      || (pt != -1 && gst_chat_sdp_media_find_pt (media, pt) == NULL)) {
    return NULL;
  }
  if (g_str_equal (key, "rtpmap")) {
    return g_strdup (value);
  }
  if (g_str_equal (key, "rtcp-fb")) {
    return g_strv_contains (feedback, rest) ? g_strdup (value) : NULL;
  }
  g_autofree gchar *known = known_parameters (rest);
  return known[0] != '\0' ? g_strdup_printf ("%.*s %s",
      (gint) (rest - 1 - value), value, known) : NULL;
}

/* "SSRC cname:…" and "SSRC msid:…". */
static gboolean
is_known_of_source (const gchar * value)
{
  const gchar *attribute = value + strspn (value, "0123456789");
  return g_str_has_prefix (attribute, " cname:")
      || g_str_has_prefix (attribute, " msid:");
}

static gboolean
is_extmap (const gchar * key, const gchar * value)
{
  if (!g_str_equal (key, "extmap")) {
    return FALSE;
  }
  g_auto (GStrv) words = g_strsplit (value, " ", -1);
  g_auto (GStrv) id = g_strsplit (words[0] != NULL ? words[0] : "", "/", 2);
  guint64 number;
  GstChatDirection direction;
  return g_strv_length (words) == 2 && words[1][0] != '\0'
      && gst_chat_sdp_read_number (id[0], 14, &number) && number > 0
      && (id[1] == NULL || gst_chat_direction_from_name (id[1], &direction));
}

static void
copy_attributes (GstSDPMedia * out, const GstSDPMedia * in,
    const GstChatSdpMedia * media)
{
  /* Without rtcp-rsize, which is not in our own text either: early packets of
   * RTCP have a sender report then, by which remotes put sound and picture
   * together. */
  static const gchar *const others[] = { "rtcp-mux", "ssrc-group", "msid",
    NULL
  };
  for (guint i = 0; i < gst_sdp_media_attributes_len (in); i++) {
    const GstSDPAttribute *attribute = gst_sdp_media_get_attribute (in, i);
    const gchar *value = attribute->value != NULL ? attribute->value : "";
    g_autofree gchar *format = format_attribute (media, attribute->key, value);
    if (format != NULL) {
      gst_sdp_media_add_attribute (out, attribute->key, format);
    } else if (is_extmap (attribute->key, value)
        || g_strv_contains (others, attribute->key)
        || (g_str_equal (attribute->key, "ssrc")
            && is_known_of_source (value))) {
      gst_sdp_media_add_attribute (out, attribute->key, value);
    }
  }
}

static GstSDPMedia *
begin_media (GstChatMediaType type, gboolean rejected, const gchar * mid)
{
  GstSDPMedia *out;
  gst_sdp_media_new (&out);
  gst_sdp_media_set_media (out, gst_chat_media_type_name (type));
  gst_sdp_media_set_port_info (out, rejected ? 0 : 9, 1);
  gst_sdp_media_set_proto (out, PROTO);
  gst_sdp_media_add_connection (out, "IN", "IP4", "0.0.0.0", 0, 0);
  gst_sdp_media_add_attribute (out, "mid", mid);
  return out;
}

static void
add_media (GstSDPMessage * message, GstSDPMedia * out)
{
  gst_sdp_message_add_media (message, out);
  gst_sdp_media_free (out);
}

static void
write_taken (GstSDPMessage * message, const GstChatSdp * sdp,
    const GstChatSdpMap * map, const GstChatSdpMapLine * line)
{
  const GstChatSdpMedia *media = gst_chat_sdp_get_media (sdp, line->outside);
  GstSDPMedia *out = begin_media (media->type, FALSE, line->mid);
  for (guint i = 0; i < media->codecs->len; i++) {
    const GstChatSdpCodec *codec = g_ptr_array_index (media->codecs, i);
    g_autofree gchar *pt = g_strdup_printf ("%u", codec->pt);
    gst_sdp_media_add_format (out, pt);
  }
  add_transport (out, sdp, transport_of (sdp, map, media));
  /* Whatever the remote says: webrtcbin 1.22 refuses every later change of a
   * direction. What is true is said outside, and the senders know it. */
  gst_sdp_media_add_attribute (out, "sendrecv", "");
  copy_attributes (out, gst_sdp_message_get_media (sdp->message,
          line->outside), media);
  add_media (message, out);
}

/* webrtcbin has the m-line, the remote does not use it (any more). */
static void
write_rejected (GstSDPMessage * message, const GstChatSdp * sdp,
    const GstChatSdpMap * map, const GstChatSdpMapLine * line)
{
  GstSDPMedia *out = begin_media (line->type, TRUE, line->mid);
  gst_sdp_media_add_format (out, "0");
  add_transport (out, sdp, transport_of (sdp, map, NULL));
  gst_sdp_media_add_attribute (out, "inactive", "");
  gst_sdp_media_add_attribute (out, "rtcp-mux", "");
  add_media (message, out);
}

static gboolean
is_takeable (const GstChatSdpMedia * media)
{
  return !media->rejected && media->rtcp_mux && media->codecs->len > 0
      && (media->type == GST_CHAT_MEDIA_AUDIO
      || media->type == GST_CHAT_MEDIA_VIDEO);
}

static void
write_bundle (GstSDPMessage * message, const GstChatSdp * sdp,
    const GstChatSdpMap * map, const gboolean * taken)
{
  GString *group = g_string_new ("BUNDLE");
  guint n_taken = 0;
  const gchar *only = NULL;
  for (guint i = 0; i < map->lines->len; i++) {
    if (taken[i]) {
      n_taken++;
      only = gst_chat_sdp_map_line (map, i)->mid;
    }
  }
  /* Firefox leaves the group away where it rejects its first m-line. */
  if (!sdp->is_offer && !sdp->bundle && n_taken == 1) {
    g_string_append_printf (group, " %s", only);
  }
  for (guint i = 0; i < sdp->bundle_order->len; i++) {
    guint outside = g_array_index (sdp->bundle_order, guint, i);
    gint inside = gst_chat_sdp_map_to_inside (map, outside);
    if (inside >= 0 && taken[inside]) {
      g_string_append_printf (group, " %s",
          gst_chat_sdp_map_line (map, inside)->mid);
    }
  }
  if (strchr (group->str, ' ') != NULL) {
    gst_sdp_message_add_attribute (message, "group", group->str);
  }
  g_string_free (group, TRUE);
}

static GstSDPMessage *
write_message (const GstChatSdp * sdp, const gboolean * accept,
    const GstChatSdpMap * map)
{
  const GstSDPOrigin *origin = gst_sdp_message_get_origin (sdp->message);
  guint64 number;
  const gchar *session_id = gst_chat_sdp_read_number (origin->sess_id,
      G_MAXUINT64, &number) ? origin->sess_id : "0";
  guint64 version = 0;
  gst_chat_sdp_read_number (origin->sess_version, G_MAXUINT64, &version);
  GstSDPMessage *message = gst_chat_sdp_message_begin (session_id, version);

  g_autofree gboolean *taken = g_new0 (gboolean, map->lines->len + 1);
  for (guint i = 0; i < map->lines->len; i++) {
    gint outside = gst_chat_sdp_map_line (map, i)->outside;
    taken[i] = outside >= 0 && outside < (gint) sdp->media->len
        && (accept == NULL || accept[outside])
        && is_takeable (gst_chat_sdp_get_media (sdp, outside));
  }
  write_bundle (message, sdp, map, taken);
  for (guint i = 0; i < map->lines->len; i++) {
    const GstChatSdpMapLine *line = gst_chat_sdp_map_line (map, i);
    if (taken[i]) {
      write_taken (message, sdp, map, line);
    } else {
      write_rejected (message, sdp, map, line);
    }
  }
  return message;
}

GstSDPMessage *
gst_chat_sdp_offer_for_webrtcbin (const GstChatSdp * offer,
    const gboolean * accept, GstChatSdpMap * map)
{
  for (guint i = 0; i < offer->media->len; i++) {
    const GstChatSdpMedia *media = gst_chat_sdp_get_media (offer, i);
    gint inside = gst_chat_sdp_map_to_inside (map, i);
    if (inside >= 0) {
      GstChatSdpMapLine *line = gst_chat_sdp_map_line (map, inside);
      if (line->type == media->type
          && g_str_equal (line->outside_mid, media->mid)) {
        continue;
      }
      /* Recycled for something else. In webrtcbin it stays what it was, or
       * webrtcbin aborts; its successor goes behind the others. */
      line->outside = -1;
    }
    if (accept[i] && is_takeable (media)) {
      gst_chat_sdp_map_add (map, i, media->mid, media->mid, media->type);
    }
  }
  return write_message (offer, accept, map);
}

GstSDPMessage *
gst_chat_sdp_answer_for_webrtcbin (const GstChatSdp * answer,
    GstChatSdpMap * map)
{
  return write_message (answer, NULL, map);
}

/* The one format that @attribute is about; -1: none. */
static gint
pt_of_attribute (const GstSDPAttribute * attribute, const gchar ** rest)
{
  gint pt;
  return read_format_attribute (attribute->key, attribute->value, &pt, rest) ?
      pt : -1;
}

static void
find_surplus_rtx (const GstSDPMedia * media, gboolean surplus[128])
{
  gboolean rtx[128] = { FALSE, }, served[128] = { FALSE, };
  const gchar *rest;
  for (guint i = 0; i < gst_sdp_media_attributes_len (media); i++) {
    const GstSDPAttribute *attribute = gst_sdp_media_get_attribute (media, i);
    gint pt = pt_of_attribute (attribute, &rest);
    if (pt >= 0 && g_str_equal (attribute->key, "rtpmap")) {
      rtx[pt] = g_ascii_strncasecmp (rest, "rtx/", 4) == 0;
    }
  }
  for (guint i = 0; i < gst_sdp_media_attributes_len (media); i++) {
    const GstSDPAttribute *attribute = gst_sdp_media_get_attribute (media, i);
    gint pt = pt_of_attribute (attribute, &rest);
    if (pt < 0 || !rtx[pt] || !g_str_equal (attribute->key, "fmtp")) {
      continue;
    }
    g_autofree gchar *apt = gst_chat_sdp_fmtp_get (rest, "apt");
    guint64 number;
    if (gst_chat_sdp_read_number (apt, 127, &number)) {
      surplus[pt] = rtx[number] || served[number];
      served[number] = TRUE;
    }
  }
}

/* webrtcbin adds retransmission to the first format, from 1.26.1 on to each: to
 * those that we have put beside the others, too, and a second one to these. */
static void
drop_surplus_rtx (GstSDPMedia * media)
{
  gboolean surplus[128] = { FALSE, };
  find_surplus_rtx (media, surplus);

  for (guint i = gst_sdp_media_attributes_len (media); i > 0; i--) {
    const gchar *rest;
    gint pt =
        pt_of_attribute (gst_sdp_media_get_attribute (media, i - 1), &rest);
    if (pt >= 0 && surplus[pt]) {
      gst_sdp_media_remove_attribute (media, i - 1);
    }
  }
  for (guint i = gst_sdp_media_formats_len (media); i > 0; i--) {
    guint64 pt;
    if (gst_chat_sdp_read_number (gst_sdp_media_get_format (media, i - 1), 127,
            &pt) && surplus[pt]) {
      gst_sdp_media_remove_format (media, i - 1);
    }
  }
}

static gboolean
is_bundled (const GstSDPMessage * message, const GstSDPMedia * media)
{
  const gchar *group = gst_chat_sdp_attribute (message, NULL, "group");
  const gchar *mid = gst_chat_sdp_attribute (NULL, media, "mid");
  if (group == NULL || mid == NULL) {
    return FALSE;
  }
  g_auto (GStrv) words = g_strsplit (group, " ", -1);
  return g_str_equal (words[0], "BUNDLE")
      && g_strv_contains ((const gchar * const *) words + 1, mid);
}

/* webrtcbin before 1.28 gives an m-line that is rejected later a transport of its
 * own, which it keeps when it comes back, and then refuses what it has written. */
static void
share_transport (GstSDPMessage * message)
{
  static const gchar *const shared[] = { "ice-ufrag", "ice-pwd",
    "fingerprint"
  };
  const GstSDPMedia *first = NULL;
  guint n_media = gst_sdp_message_medias_len (message);
  for (guint i = 0; first == NULL && i < n_media; i++) {
    const GstSDPMedia *media = gst_sdp_message_get_media (message, i);
    first = is_bundled (message, media) ? media : NULL;
  }
  for (guint i = 0; first != NULL && i < n_media; i++) {
    GstSDPMedia *media = (GstSDPMedia *) gst_sdp_message_get_media (message, i);
    gboolean rejected = gst_sdp_media_get_port (media) == 0;
    if (media == first || (!rejected && !is_bundled (message, media))) {
      continue;
    }
    for (guint n = 0; n < G_N_ELEMENTS (shared); n++) {
      const gchar *value = gst_chat_sdp_attribute (NULL, first, shared[n]);
      if (value != NULL && g_strcmp0 (value,
              gst_chat_sdp_attribute (NULL, media, shared[n])) != 0) {
        gst_chat_sdp_set_attribute (media, shared[n], value);
      }
    }
  }
}

GstSDPMessage *
gst_chat_sdp_local_for_webrtcbin (const GstSDPMessage * created,
    const GstChatSdpLocal * local)
{
  GstSDPMessage *message;
  gst_sdp_message_copy (created, &message);
  for (guint i = 0; i < gst_sdp_message_medias_len (message); i++) {
    GstSDPMedia *media = (GstSDPMedia *) gst_sdp_message_get_media (message, i);
    if (local->setup != GST_CHAT_SETUP_NONE
        && gst_chat_sdp_attribute (NULL, media, "setup") != NULL) {
      gst_chat_sdp_set_attribute (media, "setup",
          gst_chat_setup_name (local->setup));
    }
    drop_surplus_rtx (media);
  }
  share_transport (message);
  return message;
}
