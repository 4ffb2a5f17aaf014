/* SPDX-License-Identifier: LGPL-2.1-or-later
 * What the files of GstChatConnection share. */
#pragma once

#ifndef GST_USE_UNSTABLE_API
#define GST_USE_UNSTABLE_API
#endif
#include <gst/webrtc/webrtc.h>

#include "chatcertificate.h"
#include "chatconnection.h"
#include "chatmeter.h"
#include "chatpace.h"
#include "chatsdp.h"

G_BEGIN_DECLS

/* Where everything that happens in other threads is posted. It outlives the
 * connection: what arrives after close finds nobody and is dropped, here and
 * nowhere else. Atomic reference count. */
typedef struct {
  GstChatLoop *loop;            /* constant */
  GstChatMeter *meter;          /* constant */
  GstChatConnection *connection;        /* loop thread; NULL after close */
  gint64 last_packet;           /* monotonic µs, atomic under lock */
  gint64 crowded_until;         /* the same; nothing is sent again before */
  GMutex lock;
  gint has_shared_identity;     /* atomic; TRUE: the process's, not the call's */
} GstChatMailbox;

GstChatMailbox *gst_chat_mailbox_new (GstChatLoop * loop, GstChatConnection * connection);
GstChatMailbox *gst_chat_mailbox_ref (GstChatMailbox * mailbox);
void gst_chat_mailbox_unref (gpointer mailbox);
/* @callback gets @mailbox, which lives as long as it may come. */
void gst_chat_mailbox_connect (GstChatMailbox * mailbox, gpointer object,
    const gchar * signal, GCallback callback);

typedef void (*GstChatMailFunc) (GstChatConnection * connection, gpointer data);
/* Runs @func in the loop unless the connection is closed by then, or has gone
 * on to another @generation (0: any). Any thread. */
void gst_chat_mailbox_post (GstChatMailbox * mailbox, guint generation,
    GstChatMailFunc func, gpointer data, GDestroyNotify destroy);

/* One m-line as webrtcbin has it; the index is webrtcbin's. */
typedef struct {
  GstChatKind kind;
  guint index;                  /* of this kind, from 0 */
  GstChatSender *sender;        /* borrowed; NULL: receive only */
  gboolean attached;
  gboolean started;
  GPtrArray *codecs;            /* GstChatCodec that were offered */
  GstChatCodecChoice choice;    /* what is sent; codec NULL: not known yet */
  guint32 ssrc;                 /* of what is sent, 0: nothing is */
  GstPad *sink_pad;             /* webrtcbin's; NULL: receive only */
  GstChatReceiver *receiver;    /* borrowed; NULL: nothing came yet */
} GstChatLine;

typedef enum {
  GST_CHAT_PHASE_NEW,
  GST_CHAT_PHASE_NEGOTIATING,   /* webrtcbin works on the answer or the offer */
  GST_CHAT_PHASE_GATHERING,     /* the description is set, candidates are awaited */
  GST_CHAT_PHASE_OFFERED,       /* our offer is out */
  GST_CHAT_PHASE_ANSWERING,     /* webrtcbin applies the remote's answer */
  GST_CHAT_PHASE_STABLE,
  GST_CHAT_PHASE_FAILED,
} GstChatPhase;

/* All of it: loop thread. */
struct _GstChatConnection {
  GstChatLoop *loop;
  GstBin *bin;
  GstChatConnectionConfig config;
  GPtrArray *senders;           /* GstChatSender, borrowed */
  const GstChatConnectionCallbacks *callbacks;
  gpointer user_data;
  GstChatMailbox *mailbox;
  gint64 created;               /* monotonic µs */

  GstBin *call;                 /* a GstChatFence: all that belongs to this call only */
  GstElement *webrtc;
  GObject *ice;                 /* GstWebRTCICE */
  GstChatCertificate *certificate;

  GstChatPhase phase;
  guint generation;             /* of the negotiation that webrtcbin works on */
  gboolean offerer;             /* of the first round */
  GPtrArray *lines;             /* GstChatLine */
  GstChatSdpMap *map;
  GstChatSdp *remote;           /* the last one accepted */
  GstChatSdp *answered;         /* the remote's offer that our description answers; NULL: ours is an offer */
  gchar *queued_offer;          /* came while webrtcbin was busy */
  GstChatSdp *sent_offer;       /* ours, as it went out first */
  GstSDPMessage *local;         /* webrtcbin's description, as it was set */
  guint version;                /* of the o= line that goes out next */
  GstChatSetup setup;           /* of our answers after the first; NONE: as it comes */

  GPtrArray *candidates;        /* GstChatLocalCandidate */
  gboolean gathered;            /* all of them */
  guint n_described;            /* of them the remote has been told */
  GSource *gather_timer;
  gboolean described;           /* a description went out */
  GSource *repeat_timer;        /* a second answer waits for candidates */
  GPtrArray *early;             /* GstChatEarly: of the remote, before its description */
  guint n_remote_candidates;

  gboolean connected;
  gboolean goodbye;             /* the remote hears of the end by DTLS */
  GPtrArray *blocked;           /* GstChatBlockedPad: media that came too early */
  GPtrArray *promises;          /* GstPromise: what webrtcbin owes us, and some that it has paid */
  guint n_pads;

  GstWebRTCICETransport *ice_transport; /* NULL: not connected yet */
  gint64 stats_time;
  GstChatMeterFigures stats_last;    /* of stats_time */
  GstChatPace pace;
  GstChatMeterFigures pace_last; /* when it was looked at last */
};

#define GST_CHAT_IS_IN_LOOP(c) (gst_chat_loop_is_current ((c)->loop))

/* Ends this call, once: failed() is posted. @error is taken. */
void gst_chat_connection_fail (GstChatConnection * connection, GError * error);

/* notice() is posted. @text is taken. */
void gst_chat_connection_notice (GstChatConnection * connection, gchar * text);

/* ---- webrtcbin's promises ---- */

typedef struct {
  GError *error;                /* NULL: it went well */
  GstSDPMessage *sdp;           /* of create-offer and create-answer */
} GstChatReply;
/* A promise whose reply is posted as GstChatReply to @func, of @generation. */
GstPromise *gst_chat_connection_promise (GstChatConnection * connection,
    guint generation, GstChatMailFunc func);

/* ---- chatconnection-media.c: m-lines ---- */

void gst_chat_line_free (gpointer line);
/* Names of what @line may be answered with, in our order. */
gchar **gst_chat_connection_codec_names (GstChatConnection * connection,
    GstChatSender * sender, GstChatKind kind);
GstChatSender *gst_chat_connection_free_sender (GstChatConnection * connection, GstChatKind kind);
/* Makes webrtcbin's sink pad or receiving transceiver; takes @line. */
gboolean gst_chat_connection_add_line (GstChatConnection * connection,
    GstChatLine * line, const GstCaps * preferences, GError ** error);
/* Builds encoder and payloader of lines that send and are not attached yet. */
gboolean gst_chat_connection_attach_senders (GstChatConnection * connection, GError ** error);
void gst_chat_connection_detach_all (GstChatConnection * connection);

/* ---- chatconnection-gather.c: candidates and the text that leaves ---- */

void gst_chat_connection_setup_ice (GstChatConnection * connection);
void gst_chat_connection_start_gathering (GstChatConnection * connection);
/* The description of now, of all candidates. */
gchar *gst_chat_connection_describe (GstChatConnection * connection, GError ** error);
void gst_chat_connection_take_candidates (GstChatConnection * connection,
    const GstChatSdp * older, const GstChatSdp * newer);
void gst_chat_connection_flush_early (GstChatConnection * connection);
void gst_chat_connection_on_ice_candidate (GstElement * webrtc, guint mline, gchar * text, gpointer mailbox);
void gst_chat_connection_on_gathering (GstElement * webrtc, GParamSpec * pspec, gpointer mailbox);
/* The first description can go. */
void gst_chat_connection_first_description (GstChatConnection * connection);

/* Answers once more, on the text, when the candidates are complete. */
void gst_chat_connection_repeat_answer (GstChatConnection * connection);
/* The link is up: a second answer need not wait any longer. */
void gst_chat_connection_hurry_answer (GstChatConnection * connection);

/* ---- chatconnection-pace.c: what the network takes ---- */

/* Before @rtpsession has pads. Any thread. */
void gst_chat_connection_watch_feedback (GstElement * rtpsession, GstChatMailbox * mailbox);

/* ---- chatconnection-negotiate.c ---- */

/* Descriptions are exchanged: what came meanwhile has its turn. */
void gst_chat_connection_settled (GstChatConnection * connection);

/* ---- chatconnection-link.c: the transport and what comes through it ---- */

void gst_chat_connection_watch (GstChatConnection * connection);
/* Lets the media of all attached senders through. */
void gst_chat_connection_start_senders (GstChatConnection * connection);
void gst_chat_blocked_pad_free (gpointer pad);

G_END_DECLS
