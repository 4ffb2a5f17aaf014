/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The one gate for SDP, both ways: nothing of a remote reaches webrtcbin, and
 * nothing of webrtcbin reaches a remote, that has not gone through here.
 *
 * Pure: text and structures in, text and structures out; no elements, no I/O,
 * no threads, no clock. Every function may be called in any thread; objects
 * are not locked.
 *
 * Words: the *outside* is what is on the wire, the *inside* what webrtcbin
 * sees. They differ in mids and can differ in the number of m-lines: webrtcbin
 * is not told of m-lines that we reject (data channels, kinds we do not know,
 * no common codec). GstChatSdpMap keeps the two together.
 *
 * The order of a call that is answered:
 *   parse_remote(offer) → choose_codec() for each m-line → sinks, gate →
 *   offer_for_webrtcbin() → set-remote-description → create-answer →
 *   local_for_webrtcbin() → set-local-description → (candidates) →
 *   local_for_remote() → make-answer.
 * And of a call that is placed:
 *   sinks, gate → create-offer → local_for_webrtcbin() → set-local-description
 *   → (candidates) → local_for_remote() → call-user … parse_remote(answer) →
 *   check_answer() → answer_for_webrtcbin() → set-remote-description.
 * Later rounds: classify(); SAME is answered by local_for_remote() again, with
 * a higher version and all candidates, and the remote's new candidates go in by
 * add-ice-candidate. */
#pragma once

#include <gst/gst.h>
#include <gst/sdp/sdp.h>
#include "chatcodec.h"

G_BEGIN_DECLS

/* ---- what a description says ---- */

typedef enum {
  GST_CHAT_MEDIA_AUDIO,
  GST_CHAT_MEDIA_VIDEO,
  GST_CHAT_MEDIA_DATA,          /* m=application, a data channel */
  GST_CHAT_MEDIA_OTHER,         /* text, image, …, or a transport that is not DTLS-SRTP */
} GstChatMediaType;

/* Bits: 1 sends, 2 receives. */
typedef enum {
  GST_CHAT_DIRECTION_INACTIVE = 0,
  GST_CHAT_DIRECTION_SENDONLY = 1,
  GST_CHAT_DIRECTION_RECVONLY = 2,
  GST_CHAT_DIRECTION_SENDRECV = 3,
} GstChatDirection;

typedef enum {
  GST_CHAT_SETUP_NONE,          /* not said; in parameters: leave as it is */
  GST_CHAT_SETUP_ACTPASS,
  GST_CHAT_SETUP_ACTIVE,        /* DTLS client */
  GST_CHAT_SETUP_PASSIVE,       /* DTLS server */
} GstChatSetup;

typedef enum {
  GST_CHAT_FEEDBACK_NACK = 1 << 0,
  GST_CHAT_FEEDBACK_PLI = 1 << 1,
  GST_CHAT_FEEDBACK_FIR = 1 << 2,
  GST_CHAT_FEEDBACK_TWCC = 1 << 3,
  GST_CHAT_FEEDBACK_REMB = 1 << 4,
} GstChatFeedback;

typedef enum {
  GST_CHAT_CANDIDATE_HOST,
  GST_CHAT_CANDIDATE_SRFLX,
  GST_CHAT_CANDIDATE_PRFLX,
  GST_CHAT_CANDIDATE_RELAY,
} GstChatCandidateType;

/* One ICE candidate (RFC 8839 §5.1), checked. */
typedef struct {
  gchar *text;                  /* "candidate:…", what add-ice-candidate takes */
  gchar *foundation;
  guint component;              /* 1 RTP, 2 RTCP; others are refused */
  gboolean tcp;
  guint32 priority;
  gchar *address;               /* IPv4 or IPv6 without brackets, or a .local name */
  guint port;
  GstChatCandidateType type;
  gboolean mdns;                /* address is a .local name */
  /* Worth giving to webrtcbin, or to a remote: UDP, component 1, a numeric
   * address that is not link-local IPv6 and not unspecified, port not 0 or 9. */
  gboolean usable;
} GstChatCandidate;

/* @text with or without "a=", with or without "candidate:". MALFORMED, LIMIT. */
GstChatCandidate *gst_chat_candidate_parse (const gchar * text, GError ** error)
    G_GNUC_WARN_UNUSED_RESULT;
void gst_chat_candidate_free (GstChatCandidate * candidate);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstChatCandidate, gst_chat_candidate_free)

/* One format of an m-line. */
typedef struct {
  guint pt;
  gchar *encoding_name;         /* upper case */
  guint clock_rate;
  guint channels;               /* 0: not said */
  gchar *fmtp;                  /* NULL: none */
  gint apt;                     /* RTX: the payload type it repeats, else -1 */
  guint feedback;               /* GstChatFeedback */
} GstChatSdpCodec;

typedef struct {
  GstChatMediaType type;
  gchar *mid;                   /* outside; synthesised from the index where there is none */
  gboolean has_mid;
  gboolean rejected;            /* port 0 without bundle-only */
  gboolean bundled;             /* in the BUNDLE group */
  GstChatDirection direction;   /* as the sender of the description sees it */

  /* Of the m-line, or of the session where the m-line has none. In a bundled
   * m-line that has none of its own, those of the group's first. NULL in
   * rejected m-lines that have none. */
  gchar *ufrag;
  gchar *pwd;
  gchar **fingerprints;         /* "sha-256 AA:BB:…", for gst_chat_fingerprint_matches_pem() */
  GstChatSetup setup;

  gboolean rtcp_mux;
  GPtrArray *codecs;            /* GstChatSdpCodec in the m-line's order; without rtx, red, … removed */
  guint twcc_id;                /* of the transport-wide-cc header extension; 0: none */
  GArray *ssrcs;                /* guint32, in order of appearance */
  gchar *msid;                  /* "stream track" or NULL */
  GPtrArray *candidates;        /* GstChatCandidate, also those that are not usable */
  gboolean end_of_candidates;
} GstChatSdpMedia;

typedef struct {
  gboolean is_offer;
  gchar *text;                  /* as it came */
  GPtrArray *media;             /* GstChatSdpMedia; may be empty */
  gboolean bundle;              /* there is a BUNDLE group */
  guint bundle_first;           /* index of the group's first m-line */
  GArray *bundle_order;         /* guint: indices in the group's order */
  guint n_candidates;           /* of all m-lines */
  GstSDPMessage *message;       /* private */
} GstChatSdp;

/* Checks @text and says what is in it. An offer or answer without m-lines is
 * valid. Everything is bounded by chatlimits.h. GST_CHAT_ERROR: MALFORMED,
 * LIMIT, or UNSUPPORTED (no fingerprint of a hash that we know). The messages
 * are for people and hold no control characters of the remote's. */
GstChatSdp *gst_chat_sdp_parse_remote (const gchar * text, gboolean is_offer,
    GError ** error) G_GNUC_WARN_UNUSED_RESULT;
void gst_chat_sdp_free (GstChatSdp * sdp);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstChatSdp, gst_chat_sdp_free)

guint gst_chat_sdp_n_media (const GstChatSdp * sdp);
const GstChatSdpMedia *gst_chat_sdp_get_media (const GstChatSdp * sdp, guint index);
/* Index of the m-line called @mid, -1: none. */
gint gst_chat_sdp_find_mid (const GstChatSdp * sdp, const gchar * mid);
const GstChatSdpCodec *gst_chat_sdp_media_find_pt (const GstChatSdpMedia * media, guint pt);
/* The payload type of the RTX format that repeats @pt, -1: none. */
gint gst_chat_sdp_media_find_rtx (const GstChatSdpMedia * media, guint pt);

/* ---- against what was agreed ---- */

typedef enum {
  GST_CHAT_SDP_SAME,            /* at most other candidates, versions, unused extensions */
  GST_CHAT_SDP_MEDIA_CHANGED,   /* m-lines added, rejected, revived; directions, SSRCs, codecs */
  GST_CHAT_SDP_TRANSPORT_CHANGED,       /* ufrag, pwd or fingerprint: a new call on a fresh webrtcbin */
  GST_CHAT_SDP_INVALID,         /* m-lines lost, swapped, renamed: would abort webrtcbin; @error says which */
} GstChatSdpChange;

/* What @offer is after @agreed, the same remote's last accepted description
 * (its offer or its answer). A m-line that @agreed or @offer rejects may change
 * its kind and mid (recycling, RFC 8829 §5.2.2): then it is MEDIA_CHANGED. */
GstChatSdpChange gst_chat_sdp_classify (const GstChatSdp * agreed,
    const GstChatSdp * offer, GError ** error);

/* Whether @answer may follow @offer (the text that we sent, parsed with
 * gst_chat_sdp_parse_remote()): same m-lines, kinds and mids; setup active or
 * passive and not the same as ours; directions possible; BUNDLE where the offer
 * has bundle-only m-lines. A remote that left out a mid is forgiven. PROTOCOL. */
gboolean gst_chat_sdp_check_answer (const GstChatSdp * offer,
    const GstChatSdp * answer, GError ** error) G_GNUC_WARN_UNUSED_RESULT;

/* One of the remote's candidates, for add-ice-candidate. */
typedef struct {
  guint mline;                  /* inside; of a bundle always its first m-line */
  const GstChatCandidate *candidate;    /* owned by @newer */
} GstChatSdpCandidateRef;
/* ---- codecs ---- */

typedef struct {
  const GstChatCodec *codec;
  guint pt;                     /* the offer's where there is one */
  gint rtx_pt;                  /* -1: no retransmission */
  gchar *fmtp;                  /* of the remote for this payload type, or NULL */
  guint feedback;               /* GstChatFeedback of the remote */
  guint twcc_id;                /* 0: none */
} GstChatCodecChoice;
void gst_chat_codec_choice_clear (GstChatCodecChoice * choice);

/* The codec to use in @media: the first of @names (names of chatcodec.h, in the
 * order of our preference; NULL-terminated) that the remote has too. H.264 only
 * with packetization-mode=1 and a baseline profile (constrained first), VP9 only
 * profile 0, G.711 only after everything else. UNSUPPORTED with a sentence that
 * names what each side has. @choice is cleared by the caller. */
gboolean gst_chat_sdp_choose_codec (const GstChatSdpMedia * media,
    const gchar * const *names, GstChatCodecChoice * choice, GError ** error)
    G_GNUC_WARN_UNUSED_RESULT;
/* The same for an offer of ours: default payload types, TWCC on one id for all
 * m-lines. Payload types of the two m-lines of a call never clash. webrtcbin
 * finds a payload type for RTX by itself. */
void gst_chat_codec_choice_for_offer (const GstChatCodec * codec, GstChatCodecChoice * choice);
/* application/x-rtp for the capsfilter in front of webrtcbin's sink pad, or as
 * codec-preferences of a transceiver that only receives. */
GstCaps *gst_chat_codec_choice_to_caps (const GstChatCodecChoice * choice);

/* ---- outside and inside ---- */

/* One for each webrtcbin. Filled by the functions below. */
typedef struct _GstChatSdpMap GstChatSdpMap;
GstChatSdpMap *gst_chat_sdp_map_new (void);
void gst_chat_sdp_map_free (GstChatSdpMap * map);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstChatSdpMap, gst_chat_sdp_map_free)
/* -1: webrtcbin does not have that m-line. */
gint gst_chat_sdp_map_to_inside (const GstChatSdpMap * map, guint outside);
gint gst_chat_sdp_map_to_outside (const GstChatSdpMap * map, guint inside);
/* The inside mid of the outside m-line, NULL: webrtcbin does not have it. */
const gchar *gst_chat_sdp_map_get_mid (const GstChatSdpMap * map, guint outside);

/* The remote's offer as webrtcbin 1.22 survives it. @accept: one for each
 * m-line, whether we take it; rejected ones and those of kind DATA and OTHER are
 * never taken. m-lines that webrtcbin has already stay (as rejected, with the
 * attributes that it insists on), so that its indices never move; new ones come
 * behind them. Candidates are left out: they go in by add-ice-candidate. Every
 * m-line that we take is sendrecv inside, since webrtcbin 1.22 cannot change a
 * direction later: whether the remote wants to receive is in its
 * GstChatSdpMedia.direction, and a sender must heed it. */
GstSDPMessage *gst_chat_sdp_offer_for_webrtcbin (const GstChatSdp * offer,
    const gboolean * accept, GstChatSdpMap * map) G_GNUC_WARN_UNUSED_RESULT;
/* The same for an answer that has passed check_answer(). */
GstSDPMessage *gst_chat_sdp_answer_for_webrtcbin (const GstChatSdp * answer,
    GstChatSdpMap * map) G_GNUC_WARN_UNUSED_RESULT;

/* The remote's usable candidates in @newer that are not in @older (NULL: none),
 * for the m-lines that webrtcbin has: GstChatSdpCandidateRef. After
 * set-remote-description each goes to add-ice-candidate. */
GArray *gst_chat_sdp_new_candidates (const GstChatSdp * older,
    const GstChatSdp * newer, const GstChatSdpMap * map);

/* A candidate of webrtcbin's signal on-ice-candidate. */
typedef struct {
  guint mline;                  /* inside */
  gchar *text;
} GstChatLocalCandidate;
GstChatLocalCandidate *gst_chat_local_candidate_new (guint mline, const gchar * text);
void gst_chat_local_candidate_free (GstChatLocalCandidate * candidate);

/* What the text that leaves shall say. Zeroed: as webrtcbin wrote it. */
typedef struct {
  GstChatSetup setup;           /* offers: ACTIVE (trap 9); answers: NONE the first time, then what it was */
  const gchar *fingerprint;     /* of the call's GstChatCertificate; NULL: webrtcbin's own */
  GPtrArray *candidates;        /* GstChatLocalCandidate so far, or NULL */
  gboolean relay_only;          /* send only the relayed ones of them */
  gboolean end_of_candidates;   /* there will be no more */
  guint version;                /* of the o= line; higher in each text of a call */
  const gchar *stream_id;       /* of a=msid; NULL: one made from the o= line's session id */
  gboolean stereo;              /* Opus: we send, and like to receive, two channels */
} GstChatSdpLocal;

/* webrtcbin's created offer or answer, as it is to be set as its local
 * description: setup, and one retransmission a codec. */
GstSDPMessage *gst_chat_sdp_local_for_webrtcbin (const GstSDPMessage * created,
    const GstChatSdpLocal * local) G_GNUC_WARN_UNUSED_RESULT;

/* webrtcbin's local description as the remote gets it: outside mids and m-lines
 * (the rejected ones put back), candidates, msid, setup, direction, fingerprint,
 * fmtp, version. @remote_offer: what is answered; NULL in an offer, which fills @map
 * with the mids "0", "1", …. Idempotent: called again with more candidates and a
 * higher version it is the text of the second round. The result has passed
 * gst_chat_sdp_parse_remote(). FAILED if webrtcbin's description is not one that
 * can be sent (a sending m-line without ssrc: trap 1; m-lines that do not fit). */
gchar *gst_chat_sdp_local_for_remote (const GstSDPMessage * description,
    const GstChatSdp * remote_offer, GstChatSdpMap * map,
    const GstChatSdpLocal * local, GError ** error) G_GNUC_WARN_UNUSED_RESULT;

/* The answer to an offer with no m-line that we take, without a webrtcbin:
 * everything rejected. Also for an offer without m-lines. */
gchar *gst_chat_sdp_reject_all (const GstChatSdp * offer, guint version)
    G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
