/* SPDX-License-Identifier: LGPL-2.1-or-later
 * What carries the packets of one Engine.IO session: polling, WebSocket, or
 * what may come. A session knows no more of it than this.
 *
 * All of it in the server's thread. A transport tells its session through the
 * events, only from the loop: never from inside one of the functions below.
 * Once it is closed it tells nothing any more. */
#pragma once

#include "chatwire.h"

G_BEGIN_DECLS

/* Packets that wait to be sent: texts as on a WebSocket, type digit included.
 * A text may be shared by many sessions. */
typedef struct {
  GQueue packets;               /* GBytes */
  gsize bytes;
} GstChatOutbox;

void gst_chat_outbox_push (GstChatOutbox * outbox, GBytes * packet);
/* The first packet (the caller unrefs), or NULL. */
GBytes *gst_chat_outbox_pop (GstChatOutbox * outbox);
void gst_chat_outbox_clear (GstChatOutbox * outbox);

typedef enum {
  GST_CHAT_END_GONE,            /* the connection broke, or the client closed it */
  GST_CHAT_END_MALFORMED,       /* the client broke the protocol */
  GST_CHAT_END_TOO_BIG,         /* or a limit */
  GST_CHAT_END_SAID,            /* the client said so, by a CLOSE packet */
  GST_CHAT_END_TIMEOUT,         /* a heartbeat is missing, or it never began */
  GST_CHAT_END_SLOW,            /* the client does not read what it is sent */
  GST_CHAT_END_KICKED,          /* we want it gone */
  GST_CHAT_END_UPGRADED,        /* another transport goes on */
  GST_CHAT_END_SHUTDOWN,        /* the server ends: nothing may linger */
  GST_CHAT_END_REPLACED,        /* the client has come again by another one */
} GstChatEnd;

typedef struct _GstChatTransport GstChatTransport;

typedef struct {
  /* @packet lives until the function returns. */
  void (*packet) (GstChatTransport * transport,
      const GstChatEioPacket * packet, gpointer user_data);
  /* flush() would take something again. */
  void (*writable) (GstChatTransport * transport, gpointer user_data);
  /* It is of no more use: close it. */
  void (*failed) (GstChatTransport * transport, GstChatEnd why,
      gpointer user_data);
} GstChatTransportEvents;

typedef struct {
  const gchar *name;            /* as in the query's `transport` */
  /* Takes from the outbox what can be sent now, and no more: what it cannot
   * send stays there, where it is counted. */
  void (*flush) (GstChatTransport * transport, GstChatOutbox * outbox);
  /* Lets a waiting request of the client go, with nothing; NULL: it has none. */
  void (*release) (GstChatTransport * transport);
  /* Says good-bye as fits @why, and gives up the session's reference. */
  void (*close) (GstChatTransport * transport, GstChatEnd why);
  void (*free) (GstChatTransport * transport);
} GstChatTransportClass;

struct _GstChatTransport {
  const GstChatTransportClass *klass;
  guint ref_count;
  GstChatEio eio;
  /* NULL once it is closed */
  const GstChatTransportEvents *events;
  gpointer user_data;
};

void gst_chat_transport_init (GstChatTransport * transport,
    const GstChatTransportClass * klass, GstChatEio eio);
GstChatTransport *gst_chat_transport_ref (GstChatTransport * transport);
void gst_chat_transport_unref (GstChatTransport * transport);
/* From now on @events are told. */
void gst_chat_transport_attach (GstChatTransport * transport,
    const GstChatTransportEvents * events, gpointer user_data);
void gst_chat_transport_close (GstChatTransport * transport, GstChatEnd why);

/* For transports: tell the session, if there still is one. */
void gst_chat_transport_tell_packet (GstChatTransport * transport,
    const GstChatEioPacket * packet);
void gst_chat_transport_tell_writable (GstChatTransport * transport);
void gst_chat_transport_tell_failed (GstChatTransport * transport,
    GstChatEnd why);

G_END_DECLS
