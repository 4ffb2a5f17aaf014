/* SPDX-License-Identifier: LGPL-2.1-or-later
 * How much is too much: rates of one connection, places of one address. Pure:
 * time is an argument, in monotonic microseconds. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A steady rate a second, and what may come at once before it counts. A rate
 * of 0 is no limit. */
typedef struct {
  guint rate;
  guint burst;
} GstChatRate;

/* How much of the burst is used up; zeroed: nothing. */
typedef struct {
  gint64 used;                  /* millionths */
  gint64 at;
} GstChatBucket;

/* Takes @n, or leaves all as it is: FALSE. */
gboolean gst_chat_bucket_take (GstChatBucket * bucket, GstChatRate rate,
    guint n, gint64 now) G_GNUC_WARN_UNUSED_RESULT;
/* Nothing is used up any more. */
gboolean gst_chat_bucket_is_full (const GstChatBucket * bucket,
    GstChatRate rate, gint64 now);

/* Each number is the most that is let in; 0: no limit. */
typedef struct {
  GstChatRate events;           /* of a connection */
  GstChatRate bytes;            /* of a connection */
  guint patience;               /* how much refused a connection may send */
  guint connections;            /* of an address, as long as they speak HTTP */
  guint sessions;               /* of an address */
  GstChatRate arrivals;         /* of sessions of an address */
  guint pending;                /* connections without a whole request yet */
  guint polling;                /* sessions without a WebSocket */
  guint room_users;
  gboolean count_loopback;      /* or this machine is no address: it holds our
                                   own programs, and proxies that count */
} GstChatLimits;

/* Those of chatlimits.h. All zero: no limits. */
void gst_chat_limits_init (GstChatLimits * limits);

/* Why something is not let in. */
typedef enum {
  GST_CHAT_REFUSAL_NONE,
  GST_CHAT_REFUSAL_CONNECTIONS,
  GST_CHAT_REFUSAL_PENDING,
  GST_CHAT_REFUSAL_SESSIONS,
  GST_CHAT_REFUSAL_ARRIVALS,
  GST_CHAT_REFUSAL_POLLING,
  GST_CHAT_REFUSAL_ROOM,
  GST_CHAT_REFUSAL_EVENTS,
  GST_CHAT_REFUSAL_BYTES,
  GST_CHAT_REFUSAL_SHAPE,  /* an event of a wrong shape or size */
  GST_CHAT_REFUSAL_ORIGIN,
  GST_CHAT_REFUSAL_TOKEN,
  GST_CHAT_REFUSAL_STOPPING,
  GST_CHAT_N_REFUSALS
} GstChatRefusal;

/* One word, as in the log: "connections". */
const gchar *gst_chat_refusal_name (GstChatRefusal why);

/* What one connection sends; zeroed at its begin. */
typedef struct {
  GstChatBucket events;
  GstChatBucket bytes;
  GstChatBucket refused;
} GstChatFlow;

/* One event of @bytes: NONE, EVENTS or BYTES. */
GstChatRefusal gst_chat_flow_take (GstChatFlow * flow,
    const GstChatLimits * limits, guint bytes, gint64 now)
    G_GNUC_WARN_UNUSED_RESULT;
/* Something of it was refused. FALSE: that is enough, close it. */
gboolean gst_chat_flow_forgive (GstChatFlow * flow,
    const GstChatLimits * limits, gint64 now) G_GNUC_WARN_UNUSED_RESULT;

/* The addresses that are here, and how many places each has taken. */
typedef struct _GstChatCrowd GstChatCrowd;

typedef enum {
  GST_CHAT_PLACE_CONNECTION,
  GST_CHAT_PLACE_SESSION,
  GST_CHAT_N_PLACES
} GstChatPlace;

/* Keeps @limits, which outlives it. */
GstChatCrowd *gst_chat_crowd_new (const GstChatLimits * limits);
void gst_chat_crowd_free (GstChatCrowd * crowd);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstChatCrowd, gst_chat_crowd_free)

/* One more of @address: NONE, CONNECTIONS, SESSIONS or ARRIVALS. */
GstChatRefusal gst_chat_crowd_enter (GstChatCrowd * crowd,
    const gchar * address, GstChatPlace place, gint64 now)
    G_GNUC_WARN_UNUSED_RESULT;
void gst_chat_crowd_leave (GstChatCrowd * crowd, const gchar * address,
    GstChatPlace place);
/* Forgets who is gone for long enough. */
void gst_chat_crowd_sweep (GstChatCrowd * crowd, gint64 now);
guint gst_chat_crowd_size (const GstChatCrowd * crowd);

G_END_DECLS
