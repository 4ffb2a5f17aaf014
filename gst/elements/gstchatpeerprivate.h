/* SPDX-License-Identifier: LGPL-2.1-or-later
 * What the parts of chatpeer share. Shell: gstchatpeer.c; properties:
 * gstchatpeer-properties.c; the call: gstchatpeer-call.c; signalling and who is
 * online: gstchatpeer-signal.c, and who is not: gstchatpeer-absent.c; a network
 * that changes: gstchatpeer-network.c; pads and EOS: gstchatpeer-pads.c. */
#pragma once

#include "gstchatpeer.h"

#include "chatcall.h"
#include "chatconnection.h"
#include "chaterror.h"
#include "chatloop.h"
#include "chatmessage.h"
#include "chatnetwork.h"
#include "chatreceiver.h"
#include "chatsender.h"

G_BEGIN_DECLS

GST_DEBUG_CATEGORY_EXTERN (gst_chat_peer_debug);

/* As many as an SDP of ours may hold of a kind. */
#define GST_CHAT_PEER_MAX_PADS 8

/* Pad templates; the names are part of the contract. */
extern GstStaticPadTemplate gst_chat_peer_signal_template;
GstPadTemplate *gst_chat_peer_media_template (GstChatKind kind,
    GstPadDirection direction);

/* What a user sets. Strings are never empty: NULL instead. */
typedef struct {
  gchar *uri;
  gchar *display_name;
  gchar *room;
  gchar *auth_token;
  gboolean reconnect;
  guint timeout;                /* ms */
  gchar *tls_ca_file;
  gboolean tls_validate;
  gboolean run_server;

  gchar *call;
  GstChatCallAccept accept;
  guint media_timeout;          /* ms, 0: never */
  guint resume_timeout;         /* ms, 0: not at all */

  gchar *stun_server;
  gchar *turn_servers;
  gboolean relay_only;
  gchar *local_address;
  guint latency;                /* ms */
  gchar *video_codecs;
  gchar *audio_codecs;
  guint bitrate;                /* bit/s, 0: automatic */
  guint min_bitrate;
  guint max_bitrate;
  gboolean decode;
} GstChatPeerSettings;

/* One media pad that feeds the call; a GAtomicRcBox. */
typedef struct {
  GstChatSender *sender;
  GstPad *pad;                  /* ghost; NULL once released */
  GstChatKind kind;
} GstChatPeerInput;

/* One media pad that comes out of it; ditto. */
typedef struct {
  GstChatReceiver *receiver;
  GstPad *pad;                  /* ghost */
  GstChatKind kind;
  guint index;                  /* of its kind */
} GstChatPeerOutput;

struct _GstChatPeer
{
  GstBin parent;

  /* OBJECT_LOCK */
  GstChatPeerSettings settings;
  GstChatCallState state;
  gchar *remote_id;             /* NULL: nobody */
  GstStructure *stats;
  gchar *given_stun;            /* by the server, as webrtcbin wants it; NULL: none */
  gchar **given_turn;           /* ditto */
  GstPad *signal_pad;           /* request; NULL where nobody asked for it */
  GstPad *inner_pad;            /* for our own chatsignalsrc; NULL without */
  GstElement *inner_source;     /* ditto */
  GPtrArray *inputs;            /* GstChatPeerInput */
  guint next_input[2];          /* by kind, for names */
  GstChatLoop *loop;            /* NULL: in state NULL */

  gint queued;                  /* atomic; messages posted, not handled yet */

  /* loop thread */
  GPtrArray *outputs;           /* GstChatPeerOutput; read by others under OBJECT_LOCK */
  gboolean running;             /* between READY and PAUSED, and not at EOS */
  gboolean stepping;            /* effects are being run */
  gboolean eos;
  GstChatCall call;
  GstChatConnection *connection;
  guint connection_generation;
  GSource *timer;
  GSource *watch;               /* media watchdog and stats, while connected */
  guint watch_ticks;
  GstChatMessage *held;         /* an offer the call has put off */
  gchar *local_sdp;             /* what the connection just gave us */
  GError *call_error;           /* why this call ends, where there is more to say */
  guint asked;                  /* counts questions to the user */
  gchar *peer_id;               /* the remote's, NULL: no call */
  gchar *peer_name;
  gchar *session;               /* of this call; NULL: a base peer's */
  gchar *last_session;
  guint seq;                    /* of our last offer in this session */
  guint first_seq;              /* of the first one of this connection */
  guint remote_seq;             /* of the remote's offer that was applied last; 0: none, or not said */
  gboolean trickle;             /* the remote takes candidates one by one */
  GSource *network;             /* watches it; NULL: the system cannot tell */
  gchar *remote_address;        /* where the media goes; NULL: never connected */
  GstChatRoute *route;          /* from here to there; NULL: there was none */

  gchar *own_id;
  GHashTable *roster;           /* id → GstChatUser, without ourselves */
  GPtrArray *arrivals;          /* their ids in the order in which they came; owned by roster */
  GHashTable *called;           /* ids that were in a call with us: not called again unasked */
  gchar *wish;                  /* asked for by the action, not yet called */
  GSource *absent;              /* runs while whom we shall call is not online */
  gchar *told;                  /* who was called, or the user knows to be away */
  guint n_bad;                  /* messages that could not be read */
};

/* --- gstchatpeer.c --- */
extern guint gst_chat_peer_signal_incoming_call;
/* The loop, or NULL; transfer full. */
GstChatLoop *gst_chat_peer_ref_loop (GstChatPeer * self);
/* Runs @func (self) in the loop; @wait: until it has run. FALSE: no loop. */
gboolean gst_chat_peer_post (GstChatPeer * self, GstChatLoopFunc func);
gboolean gst_chat_peer_run (GstChatPeer * self, GstChatLoopFunc func,
    gpointer data);

/* --- gstchatpeer-properties.c --- */
void gst_chat_peer_install_properties (GObjectClass * klass);
void gst_chat_peer_init_settings (GstChatPeerSettings * settings);
void gst_chat_peer_clear_settings (GstChatPeerSettings * settings);
void gst_chat_peer_notify_call_in_loop (GstChatPeer * self,
    gboolean remote_changed);
void gst_chat_peer_notify_stats_in_loop (GstChatPeer * self);
/* Forwards what belongs to a chatsignalsrc. */
void gst_chat_peer_configure_source (GstChatPeer * self, GstElement * source);
/* Names those properties that were set and have no effect with `signal` linked;
 * NULL: none. */
gchar *gst_chat_peer_useless_settings (GstChatPeer * self);
GstChatConnectionConfig *gst_chat_peer_connection_config (GstChatPeer * self);
void gst_chat_peer_connection_config_free (GstChatConnectionConfig * config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstChatConnectionConfig,
    gst_chat_peer_connection_config_free)
GstChatSenderConfig gst_chat_peer_sender_config (GstChatPeer * self);

/* --- gstchatpeer-call.c --- */
void gst_chat_peer_call_init (GstChatPeer * self);
void gst_chat_peer_call_clear (GstChatPeer * self);
/* @message: what the event came from, or NULL. */
void gst_chat_peer_step_in_loop (GstChatPeer * self,
    const GstChatCallEvent * event, const GstChatMessage * message);
void gst_chat_peer_user_event_in_loop (GstChatPeer * self,
    GstChatCallEventType type);
/* Calls @id now. */
void gst_chat_peer_dial_in_loop (GstChatPeer * self, const gchar * id);
/* The remote says in words why it ends this call. */
void gst_chat_peer_take_words_in_loop (GstChatPeer * self,
    const GstChatMessage * message);
/* Our own part of the call gave up. Takes @error. */
void gst_chat_peer_fail_in_loop (GstChatPeer * self, GError * error);
void gst_chat_peer_start_in_loop (gpointer self);
/* Good-bye, and nothing new after it. */
void gst_chat_peer_stop_in_loop (gpointer self);

/* --- gstchatpeer-signal.c --- */
void gst_chat_peer_signal_init (GstChatPeer * self);
void gst_chat_peer_signal_clear (GstChatPeer * self);
GstPad *gst_chat_peer_new_signal_pad (GstChatPeer * self,
    const gchar * name, gboolean from_template);
gboolean gst_chat_peer_open_source (GstChatPeer * self);
void gst_chat_peer_close_source (GstChatPeer * self);
gboolean gst_chat_peer_send_in_loop (GstChatPeer * self,
    const GstChatMessage * message);
/* call-made, or one that was held. */
void gst_chat_peer_handle_offer_in_loop (GstChatPeer * self,
    const GstChatMessage * message);
void gst_chat_peer_forget_users_in_loop (GstChatPeer * self);
const gchar *gst_chat_peer_user_name_in_loop (GstChatPeer * self,
    const gchar * id);
/* An id, by an id, a name or "*". NULL: nobody that is online, or, unless
 * @again, all of them had their call. */
const gchar *gst_chat_peer_find_user_in_loop (GstChatPeer * self,
    const gchar * whom, gboolean again);
/* Calls whom `call` or the action asks for, if they are online and we are free. */
void gst_chat_peer_dial_armed_in_loop (gpointer self);
/* `call` was set: whoever it names is called, again if need be. */
void gst_chat_peer_rearm_in_loop (gpointer self);
gboolean gst_chat_peer_action_call (GstChatPeer * self, const gchar * id);
void gst_chat_peer_action_hang_up (GstChatPeer * self);

/* --- gstchatpeer-absent.c --- */
/* Says in a moment, and once, that whom we shall call is not online. */
void gst_chat_peer_watch_absent_in_loop (GstChatPeer * self);
void gst_chat_peer_forget_absent_in_loop (GstChatPeer * self);

/* --- gstchatpeer-host.c --- */
/* Before the first webrtcbin of the process. UNSUPPORTED: loading it would end
 * the process. */
gboolean gst_chat_peer_check_host (GError ** error);

/* --- gstchatpeer-network.c --- */
void gst_chat_peer_watch_network_in_loop (GstChatPeer * self);
void gst_chat_peer_forget_network_in_loop (GstChatPeer * self);
/* The connection is there: it goes where it goes now. */
void gst_chat_peer_remember_route_in_loop (GstChatPeer * self);
/* Another connection is made, to where the last one went. */
void gst_chat_peer_renew_route_in_loop (GstChatPeer * self);
void gst_chat_peer_forget_route_in_loop (GstChatPeer * self);

/* --- gstchatpeer-pads.c --- */
GstPad *gst_chat_peer_request_new_pad (GstElement * element,
    GstPadTemplate * templ, const gchar * name, const GstCaps * caps);
void gst_chat_peer_release_pad (GstElement * element, GstPad * pad);
/* The senders that take part in the next call; audio first. */
/* From NULL to READY. MISSING: the encoder, with its package. */
gboolean gst_chat_peer_check_codecs (GstChatPeer * self, GError ** error);
GPtrArray *gst_chat_peer_senders_in_loop (GstChatPeer * self);
/* Frees what was released while it was needed. */
void gst_chat_peer_drop_released_in_loop (GstChatPeer * self);
GstChatReceiver *gst_chat_peer_receiver_for_in_loop (GstChatKind kind,
    guint index, gpointer self);
/* Pads for what the remote does not send: downstream must not wait for it. */
void gst_chat_peer_add_outputs_in_loop (GstChatPeer * self);
/* Removes the source pads; the element is in READY. */
void gst_chat_peer_remove_outputs (GstChatPeer * self);
void gst_chat_peer_clear_pads (GstChatPeer * self);
/* The end of everything: hangs up, EOS out of all source pads, EOS message. */
gboolean gst_chat_peer_send_eos (GstChatPeer * self);
void gst_chat_peer_update_bitrate (GstChatPeer * self);

G_END_DECLS
