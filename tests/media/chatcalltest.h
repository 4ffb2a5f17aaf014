/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Two GstChatConnections in one process, wired by passing SDP text. */
#pragma once

#include <gst/check/gstcheck.h>

#include "chatconnection.h"
#include "chaterror.h"
#include "chatmediacheck.h"

G_BEGIN_DECLS

/* Everything takes longer then. */
#ifdef __SANITIZE_ADDRESS__
#define WITH_SANITIZER TRUE
#else
#define WITH_SANITIZER FALSE
#endif

typedef struct _Side Side;

typedef struct {
  GstChatReceiver *receiver;
  GstChatKind kind;
  GstElement *sink;
  GstChatPictureCheck *picture;
  GstChatToneCheck *tone;
  GstClockTime last_pts;
  guint64 buffers;
  guint eos, segments, stream_starts, discontinuities;
  GstClockTime went_back;       /* time did, from here; NONE: it did not */
  GstClockTime went_back_by;
  gchar *caps;                  /* media type that came */
  guint max_gap_ms;
} Received;

struct _Side {
  const gchar *name;
  GstElement *pipeline;
  GstChatLoop *loop;
  Side *other;

  GPtrArray *senders;           /* GstChatSender */
  GPtrArray *received;          /* Received; they stay from call to call */
  GstChatConnectionConfig config;
  gboolean decode;
  gboolean link_sinks;
  /* Changes the text on its way to the other side; NULL: not. Takes and gives. */
  gchar *(*rewrite) (gchar * sdp, gboolean is_offer);
  gboolean trickle_only;        /* the next description goes without candidates */

  GMutex lock;
  GCond cond;
  /* lock: */
  GstChatConnection *connection;
  gboolean connected;
  gboolean closed;              /* by the remote, in DTLS */
  guint n_connected;
  GError *failed;
  GError *link_error;
  guint n_offers, n_answers, n_changes, n_ended;
  gboolean complete;
  gchar *offer, *answer;        /* the last ones of ours */
};

/* The two of a test, from call_setup() to call_teardown(). */
extern Side *caller, *callee;

/* Before the first test, in the process of all. */
void call_test_init (void);
/* Not a checked fixture: GstCheck waits for all streaming threads before it
 * runs a teardown. */
void call_setup (void);
void call_teardown (void);
/* The caller sends a red ball and 440 Hz, the callee a blue one and 1000 Hz. */
void call_add_media (void);
void call_play (void);
/* Plays and calls, and both are connected. */
void call_connect (void);

Side *side_new (const gchar * name);
void side_free (Side * side);
/* Of a launch line that ends in a source pad. */
GstChatSender *side_add_sender (Side * side, GstChatKind kind, const gchar * launch);
void side_play (Side * side);

/* Connections on both; @one offers. They know each other until hang-up. */
void call_start (Side * one, Side * two);
void call_prepare (Side * one, Side * two);     /* connections, but no offer */
void call_hang_up (Side * one, Side * two);
/* The caller's second round. */
void call_second_round (Side * side);

typedef gboolean (*Condition) (Side * side);
/* FALSE: not within @seconds, or three times as many with the sanitizer. */
gboolean side_wait (Side * side, Condition condition, guint seconds);
gboolean is_connected (Side * side);
gboolean has_failed (Side * side);
gboolean has_link_error (Side * side);
gboolean is_closed (Side * side);
gboolean has_offered (Side * side);
gboolean has_answered (Side * side);

/* For Side.rewrite: takes and gives. @pattern matches by lines. */
gchar *sdp_replace (gchar * sdp, const gchar * pattern, const gchar * with);

/* What came, by content. Waits. */
void assert_sees (Side * side, GstChatColour colour);
void assert_hears (Side * side, gdouble hz);
void assert_connected (Side * side);
Received *side_received (Side * side, GstChatKind kind);
/* While reading Received. */
void side_lock_received (void);
void side_unlock_received (void);
/* The first element of that factory, however deep; NULL: there is none. The
 * caller unrefs. */
GstElement *find_element (GstElement * bin, const gchar * factory);
/* Likewise in @side, where there must be one. */
GstElement *side_element (Side * side, const gchar * factory);
/* Content is judged from now on. */
void side_forget_received (Side * side);
GstStructure *side_stats (Side * side);
/* Runs @func in the side's loop and waits for it. */
void side_call (Side * side, GstChatLoopFunc func);

#define VIDEO_SOURCE(colour) "videotestsrc is-live=true pattern=ball " \
  "foreground-color=" colour " ! video/x-raw,width=320,height=240,framerate=30/1 ! identity"
#define AUDIO_SOURCE(hz) "audiotestsrc is-live=true freq=" hz \
  " volume=0.5 ! audio/x-raw,rate=48000,channels=2 ! identity"
#define RED "0xffff0000"
#define BLUE "0xff0000ff"
#define GREEN "0xff00ff00"

G_END_DECLS
