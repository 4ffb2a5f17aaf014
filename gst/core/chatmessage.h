/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The chat protocol's messages: names and fields of the wire, once. Pure. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
  GST_CHAT_EVENT_UNKNOWN,
  /* base protocol */
  GST_CHAT_EVENT_UPDATE_USER_LIST,
  GST_CHAT_EVENT_REMOVE_USER,
  GST_CHAT_EVENT_CALL_USER,
  GST_CHAT_EVENT_CALL_MADE,
  GST_CHAT_EVENT_MAKE_ANSWER,
  GST_CHAT_EVENT_ANSWER_MADE,
  /* extensions */
  GST_CHAT_EVENT_SERVER_INFO,
  GST_CHAT_EVENT_ICE_CANDIDATE,
  GST_CHAT_EVENT_HANG_UP,
  GST_CHAT_EVENT_RINGING,
  GST_CHAT_EVENT_DECLINE,
  GST_CHAT_EVENT_CANCEL,
  GST_CHAT_EVENT_CHAT_MESSAGE,
  GST_CHAT_EVENT_MEDIA_STATE,
  /* local: chatsignalsrc's own, never on the wire */
  GST_CHAT_EVENT_SIGNALLING_CONNECTED,
  GST_CHAT_EVENT_SIGNALLING_DISCONNECTED,
} GstChatEvent;

/* Bits of GstChatMessage.features, from server-info. */
typedef enum {
  GST_CHAT_FEATURE_NAMES = 1 << 0,
  GST_CHAT_FEATURE_ROOMS = 1 << 1,
  GST_CHAT_FEATURE_RELAY = 1 << 2,
} GstChatFeatures;

typedef struct {
  gchar *id;
  gchar *name;                  /* NULL where the server knows none */
} GstChatUser;

typedef struct {
  gchar *url;                   /* stun:…, turn:…, turns:… */
  gchar *username;              /* NULL for stun */
  gchar *credential;
} GstChatIceServer;

/* One message. Owns what it points to; members that an event does not have
 * are NULL or 0. */
typedef struct {
  GstChatEvent event;
  gchar *peer;                  /* `to`, `socket`, `socketId` or `id`, as the event has it */
  gchar *sdp;                   /* the text inside `offer` or `answer` */

  /* member `chat` of an offer or answer (protocol.md 1.3) */
  gboolean has_chat;
  guint chat_protocol;
  guint seq;
  gboolean trickle;
  gchar *name;                  /* the sender's own name for itself */

  gchar *session;               /* of `chat`, or of the relayed events */
  gchar *reason;
  gchar *text;                  /* chat-message; hang-up and decline: words about @reason */
  gboolean audio, video, screen;        /* media-state: what its sender sends */

  /* ice-candidate; candidate is NULL at the end of candidates */
  gchar *candidate;
  gchar *sdp_mid;
  guint sdp_mline_index;

  GPtrArray *users;             /* GstChatUser, update-user-list */
  gboolean lost;                /* remove-user: not heard of any more, but it may come back */

  gchar *server;                /* server-info */
  guint features;               /* GstChatFeatures */
  GPtrArray *ice_servers;       /* GstChatIceServer */
  /* Of a connection, each second, and of a room; 0: not said. */
  guint max_events;
  guint max_bytes;
  guint max_users;
} GstChatMessage;

GstChatMessage *gst_chat_message_new (GstChatEvent event);
void gst_chat_message_free (GstChatMessage * message);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstChatMessage, gst_chat_message_free)

/* A server-info of this program, which calls itself @server. */
GstChatMessage *gst_chat_server_info_new (const gchar * server);

GstChatUser *gst_chat_user_new (const gchar * id, const gchar * name);
void gst_chat_user_free (GstChatUser * user);

/* The event's name on the wire; "" for UNKNOWN. And back. */
const gchar *gst_chat_event_name (GstChatEvent event);
GstChatEvent gst_chat_event_from_name (const gchar * name);
/* The two events that chatsignalsrc makes itself. Whoever takes an event of
 * such a name from the wire drops it: it is forged. */
gboolean gst_chat_event_is_local (GstChatEvent event);

/* @payload is the JSON object behind the event's name on the wire. An unknown
 * event (or a local one: see above) is a message of event UNKNOWN, never an
 * error: extensions of others must not hurt us. Every limit of chatlimits.h is
 * applied here; names and reasons are cleaned and cut, what cannot be an id is
 * left out of a list, everything else that is too long refuses the message.
 * The same parser serves both directions: `peer` of a relayed event is its
 * `socket`, or where it has none its `to`. */
GstChatMessage *gst_chat_message_parse (const gchar * event_name,
    const gchar * payload, gsize len, GError ** error)
    G_GNUC_WARN_UNUSED_RESULT;
/* The payload as a client sends it (`to`), and for the events that only a
 * server sends as the server does. Caller frees. */
gchar *gst_chat_message_build (const GstChatMessage * message);

/* The same as one buffer of application/x-chat-signal: the payload's members
 * with one more, `event`, in front of them. */
GstChatMessage *gst_chat_message_parse_signal (const gchar * text, gsize len,
    GError ** error) G_GNUC_WARN_UNUSED_RESULT;
/* The signal text for an event as it came from the wire, unknown members and
 * unknown events included; @payload has passed gst_chat_json_check() and may
 * be NULL. A member `event` of the payload is left out: it would name another
 * event than the server did. What is not an object becomes a member `data`. */
gchar *gst_chat_signal_from_payload (const gchar * event_name,
    const gchar * payload, gsize len);

/* Whether @id may be an id: 1 to GST_CHAT_MAX_ID_BYTES printable ASCII
 * characters without space, quotes, angle brackets, ampersand, backslash. */
gboolean gst_chat_id_is_valid (const gchar * id);

/* @text made fit to be shown on one line: no control or direction characters,
 * single spaces, at most @max_bytes of valid UTF-8 (cut between characters).
 * NULL where nothing is left. Caller frees. */
gchar *gst_chat_text_clean (const gchar * text, gsize max_bytes);

G_END_DECLS
