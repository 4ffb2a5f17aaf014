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
  GST_CHAT_LINK_CLOSED,         /* by the remote: it has hung up */
} GstChatLinkState;

typedef struct {
  gchar *stun_server;           /* stun://host:port; NULL: none */
  gchar **turn_servers;         /* turn(s)://user:password@host:port; NULL: none */
  gboolean relay_only;
  guint latency;                /* ms, of the jitter buffers */
  gchar **audio_codecs;         /* names of chatcodec.h in order of preference; NULL: all */
  gchar **video_codecs;
  gchar *local_address;         /* the one address to gather; NULL: discover, and
                                   loopback where there is nothing else */
} GstChatConnectionConfig;

/* All in the loop's thread, none after close, and none from inside a call of
 * the functions below. */
typedef struct {
  /* An offer or answer to be sent, with the candidates gathered so far. */
  void (*local_description) (gboolean is_offer, const gchar * sdp, gpointer user_data);
  /* Candidates came after a description was sent: a second round is of use.
   * @complete: no more will come. */
  void (*candidates_changed) (gboolean complete, gpointer user_data);
  void (*link_state) (GstChatLinkState state, const GError * error, gpointer user_data);
  /* This call cannot be: what the remote sent is refused, nothing in common, or
   * a codec gave up. Close the connection; it does nothing more. */
  void (*failed) (const GError * error, gpointer user_data);
  /* The call goes on without something that the user should know of. May be NULL. */
  void (*notice) (const gchar * text, gpointer user_data);
  /* The remote sends: returns the receiver to feed (made or kept by the
   * caller), or NULL: not wanted. @index counts this kind's m-lines from 0. */
  GstChatReceiver *(*receiver_for) (GstChatKind kind, guint index, gpointer user_data);
  /* One more candidate than the last description had, for who trickles: SDP text
   * without "a=", NULL at the end. May be NULL. */
  void (*local_candidate) (const gchar * candidate, guint mline_index, gpointer user_data);
} GstChatConnectionCallbacks;

/* Makes ready, in another thread, what the first call of a process would have
 * to wait for. Once is enough; any thread. */
void gst_chat_connection_prewarm (void);
/* Until that thread is through, at most about a second: a process that ends
 * meanwhile would take the library away under it. */
void gst_chat_connection_wait_prewarmed (void);

/* Puts a webrtcbin into @bin and brings it to the bin's state. @senders: what
 * we have to send (GstChatSender, borrowed until close), in the order of their
 * m-lines; empty or NULL is a call that only receives. @config is copied,
 * @callbacks must stay. Loop thread. */
GstChatConnection *gst_chat_connection_new_in_loop (GstChatLoop * loop, GstBin * bin,
    const GstChatConnectionConfig * config, GPtrArray * senders,
    const GstChatConnectionCallbacks * callbacks, gpointer user_data, GError ** error);

void gst_chat_connection_create_offer_in_loop (GstChatConnection * connection);

typedef enum {
  GST_CHAT_OFFER_FIRST,         /* goes to webrtcbin */
  GST_CHAT_OFFER_SAME,          /* the same again, perhaps with more candidates: answered on the text */
  GST_CHAT_OFFER_MEDIA,         /* media added or removed */
  GST_CHAT_OFFER_TRANSPORT,     /* other ufrag or fingerprint: a new call on a new connection */
  GST_CHAT_OFFER_INVALID,
} GstChatOfferChange;
/* What @sdp would be to this connection; touches nothing. */
GstChatOfferChange gst_chat_connection_classify_offer_in_loop (GstChatConnection * connection, const gchar * sdp, GError ** error);
/* Answers through local_description(). FIRST, SAME and MEDIA are answered,
 * anything else is failed(). */
void gst_chat_connection_remote_offer_in_loop (GstChatConnection * connection, const gchar * sdp);
/* The first answer is applied; a later one only gives its candidates. */
void gst_chat_connection_remote_answer_in_loop (GstChatConnection * connection, const gchar * sdp);
/* The offer of the second round: the first one, with all candidates. NULL before there is one. */
gchar *gst_chat_connection_repeat_offer_in_loop (GstChatConnection * connection);
/* @candidate with or without "a=" or "candidate:"; what is malformed or too
 * much is dropped. NULL or empty: the end of candidates. */
void gst_chat_connection_add_candidate_in_loop (GstChatConnection * connection,
    const gchar * candidate, guint mline_index);

/**
 * gst_chat_connection_get_stats_in_loop:
 * A flat structure "application/x-chat-stats"; a field that is not known is absent:
 * - "rtt" G_TYPE_DOUBLE, seconds, of the last receiver report about us
 * - "loss-out" G_TYPE_DOUBLE, 0..1, what the remote reported lost lately
 * - "loss-in" G_TYPE_DOUBLE, 0..1, since the last call of this function
 * - "packets-lost-in" G_TYPE_INT64, in all
 * - "bitrate-out", "bitrate-in" G_TYPE_UINT, bit/s of RTP since the last call
 * - "packets-out", "packets-in", "bytes-out", "bytes-in" G_TYPE_UINT64
 * - "jitter" G_TYPE_DOUBLE, seconds
 * - "video-codec-out", "video-codec-in", "audio-codec-out", "audio-codec-in"
 *   G_TYPE_STRING, names of chatcodec.h
 * - "width-out", "height-out", "width-in", "height-in" G_TYPE_INT
 * - "local-candidate", "remote-candidate" G_TYPE_STRING "type address port protocol"
 * - "idle" G_TYPE_UINT64, as gst_chat_connection_get_idle_in_loop()
 * Transfer full.
 */
GstStructure *gst_chat_connection_get_stats_in_loop (GstChatConnection * connection);
/* Takes what the remote has reported as lost since the last time into account, in
 * the bitrate of video; to be called once a second. */
void gst_chat_connection_adapt_in_loop (GstChatConnection * connection);
/* The number of the remote's address; NULL: not connected. Transfer full. */
gchar *gst_chat_connection_get_remote_address_in_loop (GstChatConnection * connection);
/* Microseconds since anything but STUN (media, RTCP, DTLS) came from the remote;
 * since the creation before that. A remote that is alive sends RTCP at least
 * every 5 seconds. */
guint64 gst_chat_connection_get_idle_in_loop (GstChatConnection * connection);
/* The remote sends no media, or no more: what comes is RTCP alone, at random
 * intervals of up to 7.5 s (RFC 3550 §6.2). */
gboolean gst_chat_connection_is_quiet_in_loop (GstChatConnection * connection);
/* TRUE between LINK_CONNECTED and the end. */
gboolean gst_chat_connection_is_connected_in_loop (GstChatConnection * connection);

/* Waits, a few seconds at most, until what closed connections and detached
 * senders of @bin have left running in other threads has stopped. Before the bin
 * goes to NULL, or threads are still running when the process ends. Not in the
 * loop's thread, and with no lock held. FALSE: something hangs in a sink. */
gboolean gst_chat_connection_wait_closed (GstBin * bin);

/* The close that follows tells the remote, if it is connected, that this is the
 * end; it hears so by DTLS, at once and with no server. Otherwise it finds out
 * when nothing comes any more. */
void gst_chat_connection_say_goodbye_in_loop (GstChatConnection * connection);

/* Detaches senders and receivers (their pads stay), takes webrtcbin out of the
 * bin and brings it to NULL in another thread. Frees. From any state. */
void gst_chat_connection_close_in_loop (GstChatConnection * connection);

G_END_DECLS
