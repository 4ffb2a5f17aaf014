/* SPDX-License-Identifier: LGPL-2.1-or-later
 * One call's webrtcbin. It is negotiated once (docs/architecture.md, "webrtcbin
 * negotiates once a call"); a later round of the protocol is done on the text. */
#pragma once

#include <gst/gst.h>
#include "chatloop.h"
#include "chatsender.h"
#include "chatreceiver.h"

G_BEGIN_DECLS

typedef struct _GstChatConnection GstChatConnection;

typedef enum {
  GST_CHAT_LINK_CONNECTED,      /* ICE and DTLS are up and the remote's certificate is the SDP's */
  GST_CHAT_LINK_FAILED,         /* never up, or lost; the error says why */
} GstChatLinkState;

typedef struct {
  gchar *stun_server;           /* NULL: none */
  gchar **turn_servers;         /* turn(s)://user:password@host:port; NULL: none */
  gboolean relay_only;
  guint latency;                /* ms, of the jitter buffers */
  gchar **audio_codecs;         /* names of chatcodec.h in order of preference; NULL: all */
  gchar **video_codecs;
  gchar *local_address;         /* tests on a machine with loopback only; NULL: discover */
} GstChatConnectionConfig;

/* All in the loop's thread, none after close. */
typedef struct {
  /* An offer or answer to be sent, with the candidates gathered so far. */
  void (*local_description) (gboolean is_offer, const gchar * sdp, gpointer user_data);
  /* Candidates came after a description was sent: a second round is of use. */
  void (*candidates_changed) (gpointer user_data);
  void (*link_state) (GstChatLinkState state, const GError * error, gpointer user_data);
  /* This call cannot be: what the remote sent is refused, or nothing in common. */
  void (*failed) (const GError * error, gpointer user_data);
  /* The remote sends: returns the receiver to feed (made or kept by the caller). */
  GstChatReceiver *(*receiver_for) (GstChatKind kind, guint index, gpointer user_data);
} GstChatConnectionCallbacks;

/* Puts a webrtcbin into @bin. @senders: what we have to send, in the order of
 * their m-lines; none is a call that only receives. */
GstChatConnection *gst_chat_connection_new (GstChatLoop * loop, GstBin * bin,
    const GstChatConnectionConfig * config, GPtrArray * senders,
    const GstChatConnectionCallbacks * callbacks, gpointer user_data);

void gst_chat_connection_create_offer_in_loop (GstChatConnection * connection);

typedef enum {
  GST_CHAT_OFFER_FIRST,         /* goes to webrtcbin */
  GST_CHAT_OFFER_SAME,          /* the same again, perhaps with more candidates: answered on the text */
  GST_CHAT_OFFER_MEDIA,         /* media added or removed */
  GST_CHAT_OFFER_TRANSPORT,     /* other ufrag or fingerprint: a new call on a new connection */
  GST_CHAT_OFFER_INVALID,
} GstChatOfferChange;
/* What @sdp would be to this connection; touches nothing. */
GstChatOfferChange gst_chat_connection_classify_offer (GstChatConnection * connection, const gchar * sdp, GError ** error);
/* Answers through local_description(). */
void gst_chat_connection_remote_offer_in_loop (GstChatConnection * connection, const gchar * sdp);
/* The first answer is applied; a later one only gives its candidates. */
void gst_chat_connection_remote_answer_in_loop (GstChatConnection * connection, const gchar * sdp);
/* The offer of the second round: the first one, with all candidates. NULL before there is one. */
gchar *gst_chat_connection_repeat_offer_in_loop (GstChatConnection * connection);
void gst_chat_connection_add_candidate_in_loop (GstChatConnection * connection,
    const gchar * candidate, guint mline_index);
GstStructure *gst_chat_connection_get_stats_in_loop (GstChatConnection * connection);

/* Detaches senders and receivers (their pads stay), takes webrtcbin out of the
 * bin and brings it to NULL in another thread. Frees. */
void gst_chat_connection_close_in_loop (GstChatConnection * connection);

G_END_DECLS
