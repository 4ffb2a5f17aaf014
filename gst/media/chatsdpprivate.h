/* SPDX-License-Identifier: LGPL-2.1-or-later
 * What the files of the SDP gate share; for nobody else. */
#pragma once

#include "chatsdp.h"
#include "chaterror.h"
#include "chatlimits.h"

G_BEGIN_DECLS

#define GST_CHAT_TWCC_URI \
  "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
/* In our offers, on every m-line; Chromium's own choice. */
#define GST_CHAT_TWCC_ID 3

/* The first look at the text, line by line, before any parser sees it: size,
 * characters, `v=0` in front, o= and s=, line types, shape of the m-lines. */
gboolean gst_chat_sdp_scan (const gchar * text, GError ** error);

/* @value as it may stand in a message for people: short, printable. */
gchar *gst_chat_sdp_quote (const gchar * value);

/* [0-9]+ up to @max, nothing else around it. */
gboolean gst_chat_sdp_read_number (const gchar * text, guint64 max,
    guint64 * number);

/* RFC 8866 token characters, 1 to @max of them. */
gboolean gst_chat_sdp_is_token (const gchar * text, gsize max);

/* The value of the first attribute @key of @media, or else of @message (which
 * may be NULL); NULL: not there. */
const gchar *gst_chat_sdp_attribute (const GstSDPMessage * message,
    const GstSDPMedia * media, const gchar * key);
void gst_chat_sdp_remove_attributes (GstSDPMedia * media, const gchar * key);
void gst_chat_sdp_set_attribute (GstSDPMedia * media, const gchar * key,
    const gchar * value);

const gchar *gst_chat_direction_name (GstChatDirection direction);
gboolean gst_chat_direction_from_name (const gchar * name,
    GstChatDirection * direction);
const gchar *gst_chat_setup_name (GstChatSetup setup);
const gchar *gst_chat_media_type_name (GstChatMediaType type);

/* The payload type in front of the value of an rtpmap, fmtp or rtcp-fb
 * attribute; @rest is what stands behind it. "*" is -1. */
gboolean gst_chat_sdp_read_pt (const gchar * value, gint * pt,
    const gchar ** rest);

/* An attribute value "a=b;c=d": the value of @name, any case, or NULL. */
gchar *gst_chat_sdp_fmtp_get (const gchar * fmtp, const gchar * name);

/* "o=- id version IN IP4 0.0.0.0", "s=-", "t=0 0". */
GstSDPMessage *gst_chat_sdp_message_begin (const gchar * session_id,
    guint64 version);

/* Appends the m-line @index of sdp->message to sdp->media, all but what the BUNDLE
 * group decides; then that, the group's first m-line first. */
gboolean gst_chat_sdp_read_media (GstChatSdp * sdp, guint index,
    GError ** error);
gboolean gst_chat_sdp_finish_media (GstChatSdp * sdp, guint index,
    GError ** error);
void gst_chat_sdp_media_free (GstChatSdpMedia * media);

/* One m-line of webrtcbin; its place in the array is its inside index. */
typedef struct {
  gint outside;                 /* -1: no longer on the wire, rejected in webrtcbin */
  gchar *outside_mid;
  gchar *mid;                   /* webrtcbin's */
  GstChatMediaType type;
} GstChatSdpMapLine;

struct _GstChatSdpMap
{
  GArray *lines;                /* GstChatSdpMapLine */
};

GstChatSdpMapLine *gst_chat_sdp_map_line (const GstChatSdpMap * map,
    guint inside);
/* The new inside index. */
guint gst_chat_sdp_map_add (GstChatSdpMap * map, guint outside,
    const gchar * outside_mid, const gchar * inside_mid, GstChatMediaType type);
/* The outside index of the first m-line of the BUNDLE group that webrtcbin has:
 * its transport is everybody's. -1: none. */
gint gst_chat_sdp_bundle_first_taken (const GstChatSdp * sdp,
    const GstChatSdpMap * map);

G_END_DECLS
