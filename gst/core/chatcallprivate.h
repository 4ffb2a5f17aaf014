/* SPDX-License-Identifier: LGPL-2.1-or-later
 * What the files of the call's state machine share. */
#pragma once

#include "chatcall.h"

G_BEGIN_DECLS

#define SECOND G_GINT64_CONSTANT (1000000)
/* As long as a person lets a telephone ring. */
#define NO_ANSWER (45 * SECOND)
/* Above the 15 s after which browsers give up on ICE. */
#define CONNECT (20 * SECOND)
/* CLOSE is bounded by whoever does it; this is the net under it. */
#define CLOSING (SECOND / 2)
/* A base peer's candidates are there by then, and only this round brings them:
 * who waits for its checks alone waits for the slowest pair of addresses. */
#define FIRST_ROUND (SECOND / 50)
/* Candidates come in bursts. */
#define LATE_CANDIDATES (SECOND / 10)
/* Not connected yet: a callee's late candidates come with its next answer. */
#define NEXT_ROUND (2 * SECOND)
#define MAX_ROUNDS 4
/* A round that nobody answers does not block the remote's own for ever. */
#define ROUND_ANSWER (5 * SECOND)

typedef struct {
  GstChatCall *call;
  const GstChatCallEvent *event;
  gint64 now;                   /* µs */
  GstChatCallEffects *effects;
} GstChatCallStep;

/* ---- chatcallstep.c ---- */

void gst_chat_step_add_effect (GstChatCallStep * step, GstChatCallEffectType type,
    GstChatCallReason reason);
void gst_chat_step_effect (GstChatCallStep * step, GstChatCallEffectType type);
void gst_chat_step_ignore (GstChatCallStep * step);
/* @patience: µs, 0: for ever. */
void gst_chat_step_enter (GstChatCallStep * step, GstChatCallState state,
    gint64 patience);
void gst_chat_step_open (GstChatCallStep * step, GstChatCallRole role);
void gst_chat_step_end (GstChatCallStep * step, GstChatCallReason reason);
/* The remote's, or where it gives none @otherwise. */
GstChatCallReason gst_chat_step_reason_or (const GstChatCallStep * step,
    GstChatCallReason otherwise);
void gst_chat_step_leave (GstChatCallStep * step, GstChatCallReason reason);
void gst_chat_step_violation (GstChatCallStep * step);
void gst_chat_step_reject (GstChatCallStep * step, GstChatCallReason reason);
void gst_chat_step_hold (GstChatCallStep * step);
void gst_chat_step_take_offer (GstChatCallStep * step,
    GstChatCallEffectType apply);
gboolean gst_chat_step_our_offer_stands (GstChatCallStep * step);
void gst_chat_step_place_call (GstChatCallStep * step);
void gst_chat_step_repeat_offer (GstChatCallStep * step);

/* ---- chatcalljoined.c ---- */

/* An event in CONNECTING or CONNECTED. */
void gst_chat_step_joined (GstChatCallStep * step);

/* ---- chatcallresume.c ---- */

/* From CONNECTED. FALSE: not with this remote; nothing was done. */
gboolean gst_chat_step_resume (GstChatCallStep * step) G_GNUC_WARN_UNUSED_RESULT;
/* An event in CONNECTING while call->resuming. FALSE: it is to be dealt with as
 * in a first connection. */
gboolean gst_chat_step_resuming (GstChatCallStep * step) G_GNUC_WARN_UNUSED_RESULT;
/* Whether the remote's new offer gives way to ours; then that is all about it. */
gboolean gst_chat_step_resume_stands (GstChatCallStep * step);
/* Once more, on a fresh connection, as soon as we are online. */
void gst_chat_step_offer_anew (GstChatCallStep * step);

G_END_DECLS
