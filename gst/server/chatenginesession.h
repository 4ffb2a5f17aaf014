/* SPDX-License-Identifier: LGPL-2.1-or-later
 * One Engine.IO session, whatever carries it: its queue, its heartbeats and
 * its way from polling to another transport. In the server's thread. */
#pragma once

#include "chatlimiter.h"
#include "chatpoller.h"
#include "chattransport.h"

G_BEGIN_DECLS

typedef struct _GstChatEngineSession GstChatEngineSession;

/* All times in milliseconds. */
typedef struct {
  GstChatPoller *poller;
  guint ping_interval;
  guint ping_timeout;
  guint upgrade_timeout;        /* from the second transport's begin to its `5` */
  gsize max_queue;              /* bytes that may wait for a slow reader */
  const GstChatLimits *limits;
} GstChatEngineConfig;

typedef struct {
  /* A MESSAGE packet; it lives until the function returns. */
  void (*message) (const GstChatEioPacket * packet, gpointer user_data);
  /* A packet was more than the limits allow, and is dropped. */
  void (*excess) (GstChatRefusal why, gpointer user_data);
  /* It is over; the last event. From the loop, never from within send(). */
  void (*closed) (GstChatEnd why, gpointer user_data);
} GstChatEngineEvents;

/* A random text of 20 characters that nobody can guess. Caller frees. */
gchar *gst_chat_engine_new_id (void);

/* Begins on @transport, whose reference it takes, with the open packet.
 * @config and @events outlive it. */
GstChatEngineSession *gst_chat_engine_session_new (const GstChatEngineConfig *
    config, const gchar * sid, GstChatTransport * transport,
    const GstChatEngineEvents * events, gpointer user_data);
/* Closed before. */
void gst_chat_engine_session_free (GstChatEngineSession * session);

const gchar *gst_chat_engine_session_get_sid (const GstChatEngineSession *
    session);
GstChatEio gst_chat_engine_session_get_eio (const GstChatEngineSession *
    session);
/* The transport that carries it now, if it is called @name. */
GstChatTransport *gst_chat_engine_session_get_transport (const
    GstChatEngineSession * session, const gchar * name);
/* For a polling request, which takes along what waits. */
GstChatOutbox *gst_chat_engine_session_get_outbox (GstChatEngineSession *
    session);

/* @packet: the text of an Engine.IO packet. It goes out at the end of the loop's
 * turn, together with what else there is. Dropped once it is closed. */
void gst_chat_engine_session_send (GstChatEngineSession * session,
    GBytes * packet);
void gst_chat_engine_session_send_text (GstChatEngineSession * session,
    const gchar * packet);

/* Whether it may go over to a WebSocket: it polls, never was on one, and no
 * other is trying. Whoever knows a session's id must not take it from its
 * owner, and with Socket.IO 2 others may know it (protocol.md E3). */
gboolean gst_chat_engine_session_can_upgrade (const GstChatEngineSession *
    session);
/* Takes the reference. It goes over once the client says so. */
void gst_chat_engine_session_probe (GstChatEngineSession * session,
    GstChatTransport * transport);

/* Something that came was refused. FALSE: it was too often, close it. */
gboolean gst_chat_engine_session_forgive (GstChatEngineSession * session);

/* Sends what still waits, closes its transports and tells `closed`. Once; later
 * calls do nothing. */
void gst_chat_engine_session_close (GstChatEngineSession * session,
    GstChatEnd why);

G_END_DECLS
