/* SPDX-License-Identifier: LGPL-2.1-or-later
 * One call as a pure function: state and event in, effects out. No SDP, no
 * ids, no clock, no allocation: whoever drives it holds the texts and runs
 * the effects in the order given. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * GstChatCallState:
 * @GST_CHAT_CALL_IDLE: no call
 * @GST_CHAT_CALL_CALLING: our offer is being made or under way
 * @GST_CHAT_CALL_RINGING: somebody has to say yes: the remote's user (role
 *   caller) or ours (role callee)
 * @GST_CHAT_CALL_CONNECTING: both want it, the connection is being made, or
 *   made anew
 * @GST_CHAT_CALL_CONNECTED: media can flow
 * @GST_CHAT_CALL_ENDING: over, the connection is being taken down
 */
typedef enum {
  GST_CHAT_CALL_IDLE,
  GST_CHAT_CALL_CALLING,
  GST_CHAT_CALL_RINGING,
  GST_CHAT_CALL_CONNECTING,
  GST_CHAT_CALL_CONNECTED,
  GST_CHAT_CALL_ENDING,
} GstChatCallState;

typedef enum {
  GST_CHAT_CALL_ROLE_NONE,
  GST_CHAT_CALL_ROLE_CALLER,
  GST_CHAT_CALL_ROLE_CALLEE,
} GstChatCallRole;

/* Why a call ended, or was refused. */
typedef enum {
  GST_CHAT_CALL_REASON_NONE,
  GST_CHAT_CALL_REASON_HUNG_UP, /* by one of the two users */
  GST_CHAT_CALL_REASON_DECLINED,
  GST_CHAT_CALL_REASON_BUSY,
  GST_CHAT_CALL_REASON_NO_ANSWER,
  GST_CHAT_CALL_REASON_CANCELLED,       /* by its caller, before it was answered */
  GST_CHAT_CALL_REASON_LOST,    /* the media, or the signalling while it was needed */
  GST_CHAT_CALL_REASON_GONE,    /* the remote has left the server */
  GST_CHAT_CALL_REASON_FAILED,  /* refused SDP, no common codec, no path, protocol error */
} GstChatCallReason;

typedef enum {
  GST_CHAT_CALL_ACCEPT_ALL,
  GST_CHAT_CALL_ACCEPT_NONE,
  GST_CHAT_CALL_ACCEPT_ASK,
} GstChatCallAccept;

typedef enum {
  /* our user */
  GST_CHAT_CALL_EVENT_CALL,
  GST_CHAT_CALL_EVENT_ACCEPT,
  GST_CHAT_CALL_EVENT_DECLINE,
  GST_CHAT_CALL_EVENT_HANG_UP,
  /* signalling */
  GST_CHAT_CALL_EVENT_ONLINE,
  GST_CHAT_CALL_EVENT_OFFLINE,
  GST_CHAT_CALL_EVENT_SERVER_INFO,      /* @relay */
  /* a peer; @relation says whose it is */
  GST_CHAT_CALL_EVENT_OFFER,    /* @change, @chat, @own_id_lower */
  GST_CHAT_CALL_EVENT_ANSWER,   /* @chat, @candidates */
  GST_CHAT_CALL_EVENT_REMOTE_RINGING,
  GST_CHAT_CALL_EVENT_REMOTE_DECLINE,   /* @reason */
  GST_CHAT_CALL_EVENT_REMOTE_CANCEL,    /* @reason */
  GST_CHAT_CALL_EVENT_REMOTE_HANG_UP,   /* @reason */
  GST_CHAT_CALL_EVENT_REMOTE_GONE,      /* @lost */
  GST_CHAT_CALL_EVENT_REMOTE_CANDIDATE,
  /* our connection; @generation says which one */
  GST_CHAT_CALL_EVENT_LOCAL_OFFER,
  GST_CHAT_CALL_EVENT_LOCAL_ANSWER,     /* @empty */
  GST_CHAT_CALL_EVENT_CANDIDATES,
  GST_CHAT_CALL_EVENT_LINK_UP,
  GST_CHAT_CALL_EVENT_LINK_DOWN,
  GST_CHAT_CALL_EVENT_LINK_CLOSED,      /* by the remote, in due form */
  GST_CHAT_CALL_EVENT_FAILED,
  GST_CHAT_CALL_EVENT_SILENT,   /* nothing from the remote for too long */
  GST_CHAT_CALL_EVENT_CLOSED,   /* CLOSE has been done */
  /* the address that our connection uses is no more */
  GST_CHAT_CALL_EVENT_NETWORK_CHANGED,
  /* the clock */
  GST_CHAT_CALL_EVENT_TIMER,
} GstChatCallEventType;

/* Who a message of a peer is from. */
typedef enum {
  GST_CHAT_CALL_FROM_OTHER,     /* not the remote of this call, or there is no call */
  GST_CHAT_CALL_FROM_REMOTE,    /* by its id or its session */
  /* the remote, but of another session than this call's; without a call or
   * after its end: of the session that was the last one */
  GST_CHAT_CALL_FROM_PAST,
} GstChatCallRelation;

/* What an offer would be to the connection that there is. */
typedef enum {
  GST_CHAT_CALL_OFFER_FIRST,    /* there is no description yet */
  GST_CHAT_CALL_OFFER_SAME,     /* perhaps with more candidates */
  GST_CHAT_CALL_OFFER_MEDIA,    /* media added or removed */
  GST_CHAT_CALL_OFFER_TRANSPORT,        /* needs a fresh connection */
  GST_CHAT_CALL_OFFER_INVALID,
} GstChatCallOffer;

typedef struct {
  GstChatCallEventType type;
  GstChatCallRelation relation;
  GstChatCallOffer change;
  GstChatCallReason reason;
  gboolean chat;                /* the message has the member `chat`: one of ours */
  gboolean own_id_lower;        /* in byte order: who wins when both call */
  gboolean candidates;          /* the description has some */
  gboolean empty;               /* the answer is to an offer without m-lines */
  gboolean relay;               /* the server relays the extensions */
  gboolean lost;                /* it has not left: the server hears nothing of it */
  guint generation;
} GstChatCallEvent;

typedef enum {
  /* the remote and the session of this event are the call's from now on */
  GST_CHAT_CALL_EFFECT_ADOPT,
  /* a fresh connection, in place of the one there may be; call->generation is its number */
  GST_CHAT_CALL_EFFECT_OPEN,
  /* take the connection down, then CLOSED */
  GST_CHAT_CALL_EFFECT_CLOSE,
  GST_CHAT_CALL_EFFECT_CREATE_OFFER,    /* then LOCAL_OFFER */
  GST_CHAT_CALL_EFFECT_SEND_OFFER,      /* the one that LOCAL_OFFER brought */
  GST_CHAT_CALL_EFFECT_REPEAT_OFFER,    /* the first one again, with all candidates */
  GST_CHAT_CALL_EFFECT_APPLY_OFFER,     /* this event's, then LOCAL_ANSWER */
  GST_CHAT_CALL_EFFECT_APPLY_HELD,      /* the held one, likewise */
  GST_CHAT_CALL_EFFECT_SEND_ANSWER,
  GST_CHAT_CALL_EFFECT_APPLY_ANSWER,
  GST_CHAT_CALL_EFFECT_ADD_CANDIDATE,
  /* keep this event's offer, in place of one kept before; later: APPLY_HELD, or
   * REPLAY, which is the offer as an event once more */
  GST_CHAT_CALL_EFFECT_HOLD,
  GST_CHAT_CALL_EFFECT_REPLAY,
  /* to the remote of the call */
  GST_CHAT_CALL_EFFECT_SEND_RINGING,
  GST_CHAT_CALL_EFFECT_SEND_DECLINE,    /* @reason */
  GST_CHAT_CALL_EFFECT_SEND_CANCEL,     /* @reason */
  GST_CHAT_CALL_EFFECT_SEND_HANG_UP,    /* @reason */
  /* to the sender of this event: decline its offer, hang up after its answer */
  GST_CHAT_CALL_EFFECT_REJECT,  /* @reason */
  GST_CHAT_CALL_EFFECT_ASK,     /* our user, then ACCEPT or DECLINE */
  GST_CHAT_CALL_EFFECT_REFUSE,  /* tell our user that this cannot be done now */
  GST_CHAT_CALL_EFFECT_NOTIFY,  /* @state, @reason */
  GST_CHAT_CALL_EFFECT_IGNORE,  /* harmless here: late, twice, or somebody else's */
  GST_CHAT_CALL_EFFECT_VIOLATION,       /* the protocol does not allow this here; the call ends */
} GstChatCallEffectType;

typedef struct {
  GstChatCallEffectType type;
  GstChatCallState state;
  GstChatCallReason reason;
} GstChatCallEffect;

#define GST_CHAT_CALL_MAX_EFFECTS 8

typedef struct {
  guint n;
  GstChatCallEffect effect[GST_CHAT_CALL_MAX_EFFECTS];
} GstChatCallEffects;

/* Plain data: may be copied, compared and hashed. */
typedef struct {
  GstChatCallState state;
  GstChatCallRole role;
  GstChatCallReason reason;     /* why it is ending */
  GstChatCallAccept accept;     /* may be written between steps */
  /* µs, may be written between steps; how long a call with one of ours that was
   * connected is tried to be made anew; 0: not at all */
  gint64 resume_patience;
  guint generation;             /* of the connection */
  guint rounds;                 /* offers we have repeated */

  guint online : 1;
  guint relay : 1;              /* the server relays the extensions */
  guint remote_chat : 1;        /* the remote is one of ours */
  guint remote_gone : 1;        /* it left the server; its media may go on */
  guint remote_lost : 1;        /* and may come back */
  guint resuming : 1;           /* CONNECTING, after it was connected */
  guint offer_sent : 1;
  guint settled : 1;            /* descriptions have gone both ways */
  guint answer_pending : 1;     /* an offer was applied, its answer is not there yet */
  guint held : 1;               /* the driver keeps an offer for us */
  guint news : 1;               /* candidates that the remote does not know */
  guint round_open : 1;         /* our repeated offer has no answer yet */
  guint unused : 20;

  gint64 deadline;              /* µs, 0: none; what it means depends on the state */
  gint64 round_at;              /* µs, 0: none; when to think about repeating the offer */
  gint64 round_sent;
} GstChatCall;

void gst_chat_call_init (GstChatCall * call, GstChatCallAccept accept);

/* @now is monotonic time in µs. @effects is overwritten and has at least one
 * entry: nothing is passed over in silence. */
void gst_chat_call_step (GstChatCall * call, const GstChatCallEvent * event,
    gint64 now, GstChatCallEffects * effects);

/* When TIMER is due (µs); 0: no timer is needed. */
gint64 gst_chat_call_next_timer (const GstChatCall * call);

/* Words of the public interface and of log lines; never NULL. */
const gchar *gst_chat_call_state_name (GstChatCallState state);
const gchar *gst_chat_call_role_name (GstChatCallRole role);
const gchar *gst_chat_call_reason_name (GstChatCallReason reason);
/* NONE where @name is NULL or unknown: the words come from remotes. */
GstChatCallReason gst_chat_call_reason_from_name (const gchar * name);
const gchar *gst_chat_call_event_name (GstChatCallEventType type);
const gchar *gst_chat_call_effect_name (GstChatCallEffectType type);

G_END_DECLS
