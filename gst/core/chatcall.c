/* SPDX-License-Identifier: LGPL-2.1-or-later
 * One call as a pure function: state and event in, effects out. */
#include "chatcallprivate.h"

#include <string.h>

static void
incoming_call (GstChatCallStep * step)
{
  GstChatCall *call = step->call;

  switch (call->accept) {
    case GST_CHAT_CALL_ACCEPT_NONE:
      gst_chat_step_reject (step, GST_CHAT_CALL_REASON_DECLINED);
      return;
    case GST_CHAT_CALL_ACCEPT_ASK:
      call->reason = GST_CHAT_CALL_REASON_NONE;
      call->role = GST_CHAT_CALL_ROLE_CALLEE;
      call->remote_chat = step->event->chat;
      call->remote_gone = FALSE;
      gst_chat_step_effect (step, GST_CHAT_CALL_EFFECT_ADOPT);
      gst_chat_step_hold (step);
      gst_chat_step_enter (step, GST_CHAT_CALL_RINGING, NO_ANSWER);
      if (call->relay)
        gst_chat_step_effect (step, GST_CHAT_CALL_EFFECT_SEND_RINGING);
      gst_chat_step_effect (step, GST_CHAT_CALL_EFFECT_ASK);
      return;
    case GST_CHAT_CALL_ACCEPT_ALL:
      call->reason = GST_CHAT_CALL_REASON_NONE;
      call->remote_chat = step->event->chat;
      call->remote_gone = FALSE;
      gst_chat_step_effect (step, GST_CHAT_CALL_EFFECT_ADOPT);
      gst_chat_step_take_offer (step, GST_CHAT_CALL_EFFECT_APPLY_OFFER);
      return;
  }
}

static void
step_idle (GstChatCallStep * step)
{
  GstChatCall *call = step->call;

  switch (step->event->type) {
    case GST_CHAT_CALL_EVENT_CALL:
      if (!call->online) {
        gst_chat_step_effect (step, GST_CHAT_CALL_EFFECT_REFUSE);
        return;
      }
      call->reason = GST_CHAT_CALL_REASON_NONE;
      call->remote_chat = FALSE;
      call->remote_gone = FALSE;
      gst_chat_step_effect (step, GST_CHAT_CALL_EFFECT_ADOPT);
      gst_chat_step_place_call (step);
      return;
    case GST_CHAT_CALL_EVENT_OFFER:
      /* A late round of the call that has just ended is no new call. */
      if (step->event->relation == GST_CHAT_CALL_FROM_PAST)
        gst_chat_step_reject (step, GST_CHAT_CALL_REASON_HUNG_UP);
      else
        incoming_call (step);
      return;
    case GST_CHAT_CALL_EVENT_ANSWER:
      /* To a call that we gave up: its sender must not wait for the media. */
      if (step->event->chat)
        gst_chat_step_reject (step, GST_CHAT_CALL_REASON_CANCELLED);
      else
        gst_chat_step_ignore (step);
      return;
    case GST_CHAT_CALL_EVENT_ACCEPT:
    case GST_CHAT_CALL_EVENT_DECLINE:
    case GST_CHAT_CALL_EVENT_HANG_UP:
      gst_chat_step_effect (step, GST_CHAT_CALL_EFFECT_REFUSE);
      return;
    case GST_CHAT_CALL_EVENT_ONLINE:
    case GST_CHAT_CALL_EVENT_OFFLINE:
    case GST_CHAT_CALL_EVENT_SERVER_INFO:
    case GST_CHAT_CALL_EVENT_REMOTE_RINGING:
    case GST_CHAT_CALL_EVENT_REMOTE_DECLINE:
    case GST_CHAT_CALL_EVENT_REMOTE_CANCEL:
    case GST_CHAT_CALL_EVENT_REMOTE_HANG_UP:
    case GST_CHAT_CALL_EVENT_REMOTE_GONE:
    case GST_CHAT_CALL_EVENT_REMOTE_CANDIDATE:
    case GST_CHAT_CALL_EVENT_LOCAL_OFFER:
    case GST_CHAT_CALL_EVENT_LOCAL_ANSWER:
    case GST_CHAT_CALL_EVENT_CANDIDATES:
    case GST_CHAT_CALL_EVENT_LINK_UP:
    case GST_CHAT_CALL_EVENT_LINK_DOWN:
    case GST_CHAT_CALL_EVENT_LINK_CLOSED:
    case GST_CHAT_CALL_EVENT_FAILED:
    case GST_CHAT_CALL_EVENT_SILENT:
    case GST_CHAT_CALL_EVENT_NETWORK_CHANGED:
    case GST_CHAT_CALL_EVENT_CLOSED:
    case GST_CHAT_CALL_EVENT_TIMER:
      gst_chat_step_ignore (step);
      return;
  }
}

/* Our offer is being made, or waits for its answer. */
static void
step_calling (GstChatCallStep * step)
{
  GstChatCall *call = step->call;

  switch (step->event->type) {
    case GST_CHAT_CALL_EVENT_LOCAL_OFFER:
      if (call->offer_sent) {
        gst_chat_step_violation (step);
        return;
      }
      call->offer_sent = TRUE;
      gst_chat_step_effect (step, GST_CHAT_CALL_EFFECT_SEND_OFFER);
      return;
    case GST_CHAT_CALL_EVENT_ANSWER:
      if (!call->offer_sent) {  /* the last one of a call before, twice relayed */
        gst_chat_step_ignore (step);
        return;
      }
      call->remote_chat = step->event->chat;
      call->settled = TRUE;
      call->round_at = step->now +
          (step->event->candidates && !call->news ? NEXT_ROUND : FIRST_ROUND);
      gst_chat_step_enter (step, GST_CHAT_CALL_CONNECTING, CONNECT);
      gst_chat_step_effect (step, GST_CHAT_CALL_EFFECT_APPLY_ANSWER);
      return;
    case GST_CHAT_CALL_EVENT_OFFER:
      if (gst_chat_step_our_offer_stands (step)) {
        gst_chat_step_ignore (step);
        return;
      }
      call->remote_chat = step->event->chat;
      gst_chat_step_effect (step, GST_CHAT_CALL_EFFECT_ADOPT);
      gst_chat_step_take_offer (step, GST_CHAT_CALL_EFFECT_APPLY_OFFER);
      return;
    case GST_CHAT_CALL_EVENT_REMOTE_RINGING:
      if (call->state == GST_CHAT_CALL_RINGING) {
        gst_chat_step_ignore (step);
        return;
      }
      call->state = GST_CHAT_CALL_RINGING;      /* the deadline stays */
      gst_chat_step_effect (step, GST_CHAT_CALL_EFFECT_NOTIFY);
      return;
    case GST_CHAT_CALL_EVENT_REMOTE_DECLINE:
      gst_chat_step_end (step, gst_chat_step_reason_or (step,
              GST_CHAT_CALL_REASON_DECLINED));
      return;
    case GST_CHAT_CALL_EVENT_REMOTE_HANG_UP:   /* it could not answer */
      gst_chat_step_end (step, gst_chat_step_reason_or (step,
              GST_CHAT_CALL_REASON_HUNG_UP));
      return;
    case GST_CHAT_CALL_EVENT_REMOTE_GONE:
      gst_chat_step_end (step, GST_CHAT_CALL_REASON_GONE);
      return;
    case GST_CHAT_CALL_EVENT_OFFLINE:  /* the answer would go to the old id */
      gst_chat_step_end (step, GST_CHAT_CALL_REASON_LOST);
      return;
    case GST_CHAT_CALL_EVENT_HANG_UP:
      gst_chat_step_leave (step, GST_CHAT_CALL_REASON_CANCELLED);
      return;
    case GST_CHAT_CALL_EVENT_TIMER:
      gst_chat_step_leave (step, GST_CHAT_CALL_REASON_NO_ANSWER);
      return;
    case GST_CHAT_CALL_EVENT_LINK_DOWN:
    case GST_CHAT_CALL_EVENT_LINK_CLOSED:
    case GST_CHAT_CALL_EVENT_FAILED:
      gst_chat_step_leave (step, GST_CHAT_CALL_REASON_FAILED);
      return;
    case GST_CHAT_CALL_EVENT_CANDIDATES:
      call->news = call->offer_sent;
      gst_chat_step_ignore (step);      /* until the answer is there */
      return;
    case GST_CHAT_CALL_EVENT_REMOTE_CANDIDATE:
      gst_chat_step_effect (step, GST_CHAT_CALL_EFFECT_ADD_CANDIDATE);
      return;
    case GST_CHAT_CALL_EVENT_CALL:
    case GST_CHAT_CALL_EVENT_ACCEPT:
    case GST_CHAT_CALL_EVENT_DECLINE:
      gst_chat_step_effect (step, GST_CHAT_CALL_EFFECT_REFUSE);
      return;
    case GST_CHAT_CALL_EVENT_ONLINE:
    case GST_CHAT_CALL_EVENT_SERVER_INFO:
    case GST_CHAT_CALL_EVENT_CLOSED:
    case GST_CHAT_CALL_EVENT_SILENT:
    case GST_CHAT_CALL_EVENT_NETWORK_CHANGED:
      gst_chat_step_ignore (step);
      return;
    case GST_CHAT_CALL_EVENT_REMOTE_CANCEL:
    case GST_CHAT_CALL_EVENT_LOCAL_ANSWER:
    case GST_CHAT_CALL_EVENT_LINK_UP:
      gst_chat_step_violation (step);
      return;
  }
}

/* Our user is being asked; there is no connection yet. */
static void
step_asked (GstChatCallStep * step)
{
  GstChatCallReason reason = step->event->reason;

  switch (step->event->type) {
    case GST_CHAT_CALL_EVENT_ACCEPT:
      gst_chat_step_take_offer (step, GST_CHAT_CALL_EFFECT_APPLY_HELD);
      return;
    case GST_CHAT_CALL_EVENT_DECLINE:
    case GST_CHAT_CALL_EVENT_HANG_UP:
      gst_chat_step_leave (step, GST_CHAT_CALL_REASON_DECLINED);
      return;
    case GST_CHAT_CALL_EVENT_OFFER:    /* the base caller clicks again */
      gst_chat_step_effect (step, GST_CHAT_CALL_EFFECT_ADOPT);
      gst_chat_step_hold (step);
      return;
    case GST_CHAT_CALL_EVENT_REMOTE_CANCEL:
    case GST_CHAT_CALL_EVENT_REMOTE_HANG_UP:
      gst_chat_step_end (step, reason == GST_CHAT_CALL_REASON_NO_ANSWER ?
          reason : GST_CHAT_CALL_REASON_CANCELLED);
      return;
    case GST_CHAT_CALL_EVENT_REMOTE_GONE:
      gst_chat_step_end (step, GST_CHAT_CALL_REASON_GONE);
      return;
    case GST_CHAT_CALL_EVENT_OFFLINE:
      gst_chat_step_end (step, GST_CHAT_CALL_REASON_LOST);
      return;
    case GST_CHAT_CALL_EVENT_TIMER:
      gst_chat_step_leave (step, GST_CHAT_CALL_REASON_NO_ANSWER);
      return;
    case GST_CHAT_CALL_EVENT_CALL:
      gst_chat_step_effect (step, GST_CHAT_CALL_EFFECT_REFUSE);
      return;
    case GST_CHAT_CALL_EVENT_ONLINE:
    case GST_CHAT_CALL_EVENT_SERVER_INFO:
    case GST_CHAT_CALL_EVENT_CLOSED:
    case GST_CHAT_CALL_EVENT_SILENT:
    case GST_CHAT_CALL_EVENT_NETWORK_CHANGED:
    case GST_CHAT_CALL_EVENT_REMOTE_CANDIDATE: /* they are in the next offer as well */
      gst_chat_step_ignore (step);
      return;
    case GST_CHAT_CALL_EVENT_ANSWER:
    case GST_CHAT_CALL_EVENT_REMOTE_RINGING:
    case GST_CHAT_CALL_EVENT_REMOTE_DECLINE:
    case GST_CHAT_CALL_EVENT_LOCAL_OFFER:
    case GST_CHAT_CALL_EVENT_LOCAL_ANSWER:
    case GST_CHAT_CALL_EVENT_CANDIDATES:
    case GST_CHAT_CALL_EVENT_LINK_UP:
    case GST_CHAT_CALL_EVENT_LINK_DOWN:
    case GST_CHAT_CALL_EVENT_LINK_CLOSED:
    case GST_CHAT_CALL_EVENT_FAILED:
      gst_chat_step_violation (step);
      return;
  }
}

static void
finish (GstChatCallStep * step)
{
  GstChatCall *call = step->call;

  call->role = GST_CHAT_CALL_ROLE_NONE;
  call->remote_chat = FALSE;
  call->remote_gone = FALSE;
  call->remote_lost = FALSE;
  call->offer_sent = FALSE;
  call->settled = FALSE;
  call->answer_pending = FALSE;
  call->news = FALSE;
  call->rounds = 0;
  call->round_sent = 0;
  gst_chat_step_enter (step, GST_CHAT_CALL_IDLE, 0);
  call->reason = GST_CHAT_CALL_REASON_NONE;
  if (call->held) {
    call->held = FALSE;
    gst_chat_step_effect (step, GST_CHAT_CALL_EFFECT_REPLAY);
  }
}

static void
step_ending (GstChatCallStep * step)
{
  switch (step->event->type) {
    case GST_CHAT_CALL_EVENT_CLOSED:
    case GST_CHAT_CALL_EVENT_TIMER:
      finish (step);
      return;
    case GST_CHAT_CALL_EVENT_OFFER:
      if (step->event->relation == GST_CHAT_CALL_FROM_PAST)
        gst_chat_step_ignore (step);
      else
        gst_chat_step_hold (step);      /* the next call, in a moment */
      return;
    case GST_CHAT_CALL_EVENT_OFFLINE:
      step->call->held = FALSE;
      gst_chat_step_ignore (step);
      return;
    case GST_CHAT_CALL_EVENT_CALL:
    case GST_CHAT_CALL_EVENT_ACCEPT:
    case GST_CHAT_CALL_EVENT_DECLINE:
      gst_chat_step_effect (step, GST_CHAT_CALL_EFFECT_REFUSE);
      return;
    case GST_CHAT_CALL_EVENT_ANSWER:
      /* It crossed our cancel, which ends it there as well. */
    case GST_CHAT_CALL_EVENT_HANG_UP:
    case GST_CHAT_CALL_EVENT_ONLINE:
    case GST_CHAT_CALL_EVENT_SERVER_INFO:
    case GST_CHAT_CALL_EVENT_REMOTE_RINGING:
    case GST_CHAT_CALL_EVENT_REMOTE_DECLINE:
    case GST_CHAT_CALL_EVENT_REMOTE_CANCEL:
    case GST_CHAT_CALL_EVENT_REMOTE_HANG_UP:
    case GST_CHAT_CALL_EVENT_REMOTE_GONE:
    case GST_CHAT_CALL_EVENT_REMOTE_CANDIDATE:
    case GST_CHAT_CALL_EVENT_LOCAL_OFFER:
    case GST_CHAT_CALL_EVENT_LOCAL_ANSWER:
    case GST_CHAT_CALL_EVENT_CANDIDATES:
    case GST_CHAT_CALL_EVENT_LINK_UP:
    case GST_CHAT_CALL_EVENT_LINK_DOWN:
    case GST_CHAT_CALL_EVENT_LINK_CLOSED:
    case GST_CHAT_CALL_EVENT_FAILED:
    case GST_CHAT_CALL_EVENT_SILENT:
    case GST_CHAT_CALL_EVENT_NETWORK_CHANGED:
      gst_chat_step_ignore (step);
      return;
  }
}

static gboolean
is_completion (GstChatCallEventType type)
{
  return type >= GST_CHAT_CALL_EVENT_LOCAL_OFFER
      && type <= GST_CHAT_CALL_EVENT_CLOSED;
}

static gboolean
is_of_peer (GstChatCallEventType type)
{
  return type >= GST_CHAT_CALL_EVENT_OFFER
      && type <= GST_CHAT_CALL_EVENT_REMOTE_CANDIDATE;
}

/* A message that is not the remote's, in a call. TRUE: that was it. */
static gboolean
step_other (GstChatCallStep * step)
{
  GstChatCall *call = step->call;

  /* A stranger can ask, but cannot touch this call. */
  if (step->event->relation == GST_CHAT_CALL_FROM_PAST
      || step->event->type != GST_CHAT_CALL_EVENT_OFFER) {
    gst_chat_step_ignore (step);
    return TRUE;
  }
  if (call->remote_gone) {
    /* Most likely the remote after a restart; if not, still somebody who is
     * there, while the remote is not. */
    gst_chat_step_end (step, GST_CHAT_CALL_REASON_GONE);
    return FALSE;
  }
  gst_chat_step_reject (step, GST_CHAT_CALL_REASON_BUSY);
  return TRUE;
}

void
gst_chat_call_init (GstChatCall * call, GstChatCallAccept accept)
{
  memset (call, 0, sizeof *call);
  call->accept = accept;
}

void
gst_chat_call_step (GstChatCall * call, const GstChatCallEvent * event,
    gint64 now, GstChatCallEffects * effects)
{
  GstChatCallStep step = { call, event, now, effects };

  effects->n = 0;
  if (event->type == GST_CHAT_CALL_EVENT_ONLINE
      || event->type == GST_CHAT_CALL_EVENT_OFFLINE) {
    call->online = event->type == GST_CHAT_CALL_EVENT_ONLINE;
    call->relay = FALSE;        /* until the server has said so */
  } else if (event->type == GST_CHAT_CALL_EVENT_SERVER_INFO) {
    call->relay = !!event->relay;
  } else if (is_completion (event->type)
      && event->generation != call->generation) {
    gst_chat_step_ignore (&step);       /* the one place for stale completions */
    return;
  } else if (event->type == GST_CHAT_CALL_EVENT_TIMER) {
    gint64 due = gst_chat_call_next_timer (call);

    if (due == 0 || now < due) {
      gst_chat_step_ignore (&step);
      return;
    }
  } else if (is_of_peer (event->type)
      && call->state != GST_CHAT_CALL_IDLE
      && call->state != GST_CHAT_CALL_ENDING) {
    if (event->relation == GST_CHAT_CALL_FROM_REMOTE)
      call->remote_gone = call->remote_gone
          && event->type == GST_CHAT_CALL_EVENT_REMOTE_GONE;
    else if (step_other (&step))
      return;
  }

  switch (call->state) {
    case GST_CHAT_CALL_IDLE:
      step_idle (&step);
      return;
    case GST_CHAT_CALL_CALLING:
      step_calling (&step);
      return;
    case GST_CHAT_CALL_RINGING:
      if (call->role == GST_CHAT_CALL_ROLE_CALLER)
        step_calling (&step);
      else
        step_asked (&step);
      return;
    case GST_CHAT_CALL_CONNECTING:
    case GST_CHAT_CALL_CONNECTED:
      gst_chat_step_joined (&step);
      return;
    case GST_CHAT_CALL_ENDING:
      step_ending (&step);
      return;
  }
}

gint64
gst_chat_call_next_timer (const GstChatCall * call)
{
  if (call->round_at == 0 || call->deadline == 0)
    return MAX (call->round_at, call->deadline);
  return MIN (call->round_at, call->deadline);
}
