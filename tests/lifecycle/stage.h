/* SPDX-License-Identifier: LGPL-2.1-or-later
 * What is started and stopped: a server in this process, and pipelines; each
 * change of state has a deadline. */
#pragma once

#include <gst/gst.h>
#include "chatloop.h"
#include "chatserver.h"

G_BEGIN_DECLS

/* --- the server, in a thread of its own --- */

typedef struct {
  GstChatLoop *loop;
  GstChatServer *server;        /* loop thread; NULL: down */
  guint16 port;                 /* stays the same from the first start on */
} House;

House *house_new (gboolean up);
void house_open (House * house);
void house_close (House * house);
void house_free (House * house);

/* --- one pipeline --- */

typedef struct {
  GstElement *pipeline;
  GstElement *peer;             /* named "peer", chatpeer or chatsignalsrc; a reference */
  GMutex lock;
  GCond changed;
  gchar *call;                  /* lock; state of the last chat-call, or "" */
  gchar *reason;                /* lock; of the same, with its words, or "" */
  gchar *signalling;            /* lock; state of the last chat-signalling, or "" */
  gboolean may_fail;            /* errors are not counted */
  guint n_errors;               /* lock */
} Actor;

/* @description as for gst-launch-1.0, with "peer" in it. Source pads of chatpeer
 * go to queues "in-audio" and "in-video" where there are such. */
Actor *actor_new (const gchar * description);
void actor_free (Actor * actor);
void actor_set (Actor * actor, GstState state);
/* Whether its call, or its signalling, is in that state now. */
gboolean actor_is (Actor * actor, gchar ** member, const gchar * state);
/* Wait until the last message says so; after 60 s the process ends. */
void actor_wait_call (Actor * actor, const gchar * state);
void actor_wait_signalling (Actor * actor, const gchar * state);
/* Until "eye" has got something since the last start. */
void actor_wait_picture (Actor * actor);
/* Both to NULL from two threads at once. */
void actor_stop_two (Actor * a, Actor * b);

/* --- the deadline --- */

/* Until the next of these calls there are 60 s (300 under valgrind or so, by
 * the variable LIFECYCLE_PATIENCE), or the process says @what and aborts. */
void watch_begin (const gchar * what);
void watch_end (void);

G_END_DECLS
