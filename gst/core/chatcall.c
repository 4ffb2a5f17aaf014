/* SPDX-License-Identifier: LGPL-2.1-or-later
 * One call as a pure function: state and event in, effects out. */
#include "chatcall.h"

#include <string.h>

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

typedef struct
{
  GstChatCall *call;
  const GstChatCallEvent *event;
  gint64 now;
  GstChatCallEffects *effects;
} Step;

static void
add (Step * step, GstChatCallEffectType type, GstChatCallReason reason)
{
  GstChatCallEffects *effects = step->effects;

  /* The longest sequence there is has five. */
  if (effects->n < GST_CHAT_CALL_MAX_EFFECTS) {
    effects->effect[effects->n++] = (GstChatCallEffect) {
    type, step->call->state, reason};
  }
}

static void
effect (Step * step, GstChatCallEffectType type)
{
  add (step, type, GST_CHAT_CALL_REASON_NONE);
}

static void
enter (Step * step, GstChatCallState state, gint64 patience)
{
  step->call->state = state;
  step->call->deadline = patience > 0 ? step->now + patience : 0;
  add (step, GST_CHAT_CALL_EFFECT_NOTIFY, step->call->reason);
}

static void
open_connection (Step * step, GstChatCallRole role)
{
  GstChatCall *call = step->call;

  call->role = role;
  call->generation++;
  call->rounds = 0;
  call->offer_sent = FALSE;
  call->settled = FALSE;
  call->answer_pending = FALSE;
  call->news = FALSE;
  call->round_open = FALSE;
  call->round_at = 0;
  effect (step, GST_CHAT_CALL_EFFECT_OPEN);
}

static void
end (Step * step, GstChatCallReason reason)
{
  step->call->reason = reason;
  step->call->round_at = 0;
  step->call->round_open = FALSE;
  step->call->held = FALSE;
  enter (step, GST_CHAT_CALL_ENDING, CLOSING);
  effect (step, GST_CHAT_CALL_EFFECT_CLOSE);
}

/* Says good-bye in the word that fits, where the server passes it on. */
static void
leave (Step * step, GstChatCallReason reason)
{
  GstChatCall *call = step->call;

  if (call->relay && call->online) {
    switch (call->state) {
      case GST_CHAT_CALL_CALLING:
      case GST_CHAT_CALL_RINGING:
        if (call->role == GST_CHAT_CALL_ROLE_CALLEE)
          add (step, GST_CHAT_CALL_EFFECT_SEND_DECLINE, reason);
        else if (call->offer_sent)
          add (step, GST_CHAT_CALL_EFFECT_SEND_CANCEL, reason);
        break;
      case GST_CHAT_CALL_CONNECTING:
      case GST_CHAT_CALL_CONNECTED:
        add (step, GST_CHAT_CALL_EFFECT_SEND_HANG_UP, reason);
        break;
      case GST_CHAT_CALL_IDLE:
      case GST_CHAT_CALL_ENDING:
        break;
    }
  }
  end (step, reason);
}

static void
violation (Step * step)
{
  effect (step, GST_CHAT_CALL_EFFECT_VIOLATION);
  leave (step, GST_CHAT_CALL_REASON_FAILED);
}

static void
ignore (Step * step)
{
  effect (step, GST_CHAT_CALL_EFFECT_IGNORE);
}

static void
reject (Step * step, GstChatCallReason reason)
{
  if (step->call->relay)
    add (step, GST_CHAT_CALL_EFFECT_REJECT, reason);
  else
    ignore (step);              /* the base protocol has no word for it */
}

static void
hold (Step * step)
{
  step->call->held = TRUE;
  effect (step, GST_CHAT_CALL_EFFECT_HOLD);
}

/* Our user has said yes, or need not be asked. */
static void
take_offer (Step * step, GstChatCallEffectType apply)
{
  step->call->held = FALSE;
  open_connection (step, GST_CHAT_CALL_ROLE_CALLEE);
  enter (step, GST_CHAT_CALL_CONNECTING, CONNECT);
  step->call->answer_pending = TRUE;
  effect (step, apply);
}

/* Both have called. A withdrawn offer is forgotten with its connection; our
 * user wants this call anyway and is not asked. */
static gboolean
our_offer_stands (Step * step)
{
  /* One of ours has the same rule. A browser that has called us rolls back by
   * itself when our offer comes, and answers it; so once sent, it stands. */
  if (step->event->chat)
    return step->event->own_id_lower;
  return step->call->offer_sent;
}

static void
incoming_call (Step * step)
{
  GstChatCall *call = step->call;

  switch (call->accept) {
    case GST_CHAT_CALL_ACCEPT_NONE:
      reject (step, GST_CHAT_CALL_REASON_DECLINED);
      return;
    case GST_CHAT_CALL_ACCEPT_ASK:
      call->reason = GST_CHAT_CALL_REASON_NONE;
      call->role = GST_CHAT_CALL_ROLE_CALLEE;
      call->remote_chat = step->event->chat;
      call->remote_gone = FALSE;
      effect (step, GST_CHAT_CALL_EFFECT_ADOPT);
      hold (step);
      enter (step, GST_CHAT_CALL_RINGING, NO_ANSWER);
      if (call->relay)
        effect (step, GST_CHAT_CALL_EFFECT_SEND_RINGING);
      effect (step, GST_CHAT_CALL_EFFECT_ASK);
      return;
    case GST_CHAT_CALL_ACCEPT_ALL:
      call->reason = GST_CHAT_CALL_REASON_NONE;
      call->remote_chat = step->event->chat;
      call->remote_gone = FALSE;
      effect (step, GST_CHAT_CALL_EFFECT_ADOPT);
      take_offer (step, GST_CHAT_CALL_EFFECT_APPLY_OFFER);
      return;
  }
}

static void
place_call (Step * step)
{
  open_connection (step, GST_CHAT_CALL_ROLE_CALLER);
  enter (step, GST_CHAT_CALL_CALLING, NO_ANSWER);
  effect (step, GST_CHAT_CALL_EFFECT_CREATE_OFFER);
}

static void
step_idle (Step * step)
{
  GstChatCall *call = step->call;

  switch (step->event->type) {
    case GST_CHAT_CALL_EVENT_CALL:
      if (!call->online) {
        effect (step, GST_CHAT_CALL_EFFECT_REFUSE);
        return;
      }
      call->reason = GST_CHAT_CALL_REASON_NONE;
      call->remote_chat = FALSE;
      call->remote_gone = FALSE;
      effect (step, GST_CHAT_CALL_EFFECT_ADOPT);
      place_call (step);
      return;
    case GST_CHAT_CALL_EVENT_OFFER:
      /* A late round of the call that has just ended is no new call. */
      if (step->event->relation == GST_CHAT_CALL_FROM_PAST)
        reject (step, GST_CHAT_CALL_REASON_HUNG_UP);
      else
        incoming_call (step);
      return;
    case GST_CHAT_CALL_EVENT_ANSWER:
      /* To a call that we gave up: its sender must not wait for the media. */
      if (step->event->chat)
        reject (step, GST_CHAT_CALL_REASON_CANCELLED);
      else
        ignore (step);
      return;
    case GST_CHAT_CALL_EVENT_ACCEPT:
    case GST_CHAT_CALL_EVENT_DECLINE:
    case GST_CHAT_CALL_EVENT_HANG_UP:
      effect (step, GST_CHAT_CALL_EFFECT_REFUSE);
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
    case GST_CHAT_CALL_EVENT_CLOSED:
    case GST_CHAT_CALL_EVENT_TIMER:
      ignore (step);
      return;
  }
}

/* Our offer is being made, or waits for its answer. */
static void
step_calling (Step * step)
{
  GstChatCall *call = step->call;

  switch (step->event->type) {
    case GST_CHAT_CALL_EVENT_LOCAL_OFFER:
      if (call->offer_sent) {
        violation (step);
        return;
      }
      call->offer_sent = TRUE;
      effect (step, GST_CHAT_CALL_EFFECT_SEND_OFFER);
      return;
    case GST_CHAT_CALL_EVENT_ANSWER:
      if (!call->offer_sent) {  /* the last one of a call before, twice relayed */
        ignore (step);
        return;
      }
      call->remote_chat = step->event->chat;
      call->settled = TRUE;
      call->round_at = step->now +
          (step->event->candidates && !call->news ? NEXT_ROUND : FIRST_ROUND);
      enter (step, GST_CHAT_CALL_CONNECTING, CONNECT);
      effect (step, GST_CHAT_CALL_EFFECT_APPLY_ANSWER);
      return;
    case GST_CHAT_CALL_EVENT_OFFER:
      if (our_offer_stands (step)) {
        ignore (step);
        return;
      }
      call->remote_chat = step->event->chat;
      effect (step, GST_CHAT_CALL_EFFECT_ADOPT);
      take_offer (step, GST_CHAT_CALL_EFFECT_APPLY_OFFER);
      return;
    case GST_CHAT_CALL_EVENT_REMOTE_RINGING:
      if (call->state == GST_CHAT_CALL_RINGING) {
        ignore (step);
        return;
      }
      call->state = GST_CHAT_CALL_RINGING;      /* the deadline stays */
      effect (step, GST_CHAT_CALL_EFFECT_NOTIFY);
      return;
    case GST_CHAT_CALL_EVENT_REMOTE_DECLINE:
      end (step, step->event->reason != GST_CHAT_CALL_REASON_NONE ?
          step->event->reason : GST_CHAT_CALL_REASON_DECLINED);
      return;
    case GST_CHAT_CALL_EVENT_REMOTE_HANG_UP:   /* it could not answer */
      end (step, step->event->reason != GST_CHAT_CALL_REASON_NONE ?
          step->event->reason : GST_CHAT_CALL_REASON_HUNG_UP);
      return;
    case GST_CHAT_CALL_EVENT_REMOTE_GONE:
      end (step, GST_CHAT_CALL_REASON_GONE);
      return;
    case GST_CHAT_CALL_EVENT_OFFLINE:  /* the answer would go to the old id */
      end (step, GST_CHAT_CALL_REASON_LOST);
      return;
    case GST_CHAT_CALL_EVENT_HANG_UP:
      leave (step, GST_CHAT_CALL_REASON_CANCELLED);
      return;
    case GST_CHAT_CALL_EVENT_TIMER:
      leave (step, GST_CHAT_CALL_REASON_NO_ANSWER);
      return;
    case GST_CHAT_CALL_EVENT_LINK_DOWN:
    case GST_CHAT_CALL_EVENT_LINK_CLOSED:
    case GST_CHAT_CALL_EVENT_FAILED:
      leave (step, GST_CHAT_CALL_REASON_FAILED);
      return;
    case GST_CHAT_CALL_EVENT_CANDIDATES:
      call->news = call->offer_sent;
      ignore (step);            /* until the answer is there */
      return;
    case GST_CHAT_CALL_EVENT_REMOTE_CANDIDATE:
      effect (step, GST_CHAT_CALL_EFFECT_ADD_CANDIDATE);
      return;
    case GST_CHAT_CALL_EVENT_CALL:
    case GST_CHAT_CALL_EVENT_ACCEPT:
    case GST_CHAT_CALL_EVENT_DECLINE:
      effect (step, GST_CHAT_CALL_EFFECT_REFUSE);
      return;
    case GST_CHAT_CALL_EVENT_ONLINE:
    case GST_CHAT_CALL_EVENT_SERVER_INFO:
    case GST_CHAT_CALL_EVENT_CLOSED:
    case GST_CHAT_CALL_EVENT_SILENT:
      ignore (step);
      return;
    case GST_CHAT_CALL_EVENT_REMOTE_CANCEL:
    case GST_CHAT_CALL_EVENT_LOCAL_ANSWER:
    case GST_CHAT_CALL_EVENT_LINK_UP:
      violation (step);
      return;
  }
}

/* Our user is being asked; there is no connection yet. */
static void
step_asked (Step * step)
{
  switch (step->event->type) {
    case GST_CHAT_CALL_EVENT_ACCEPT:
      take_offer (step, GST_CHAT_CALL_EFFECT_APPLY_HELD);
      return;
    case GST_CHAT_CALL_EVENT_DECLINE:
    case GST_CHAT_CALL_EVENT_HANG_UP:
      leave (step, GST_CHAT_CALL_REASON_DECLINED);
      return;
    case GST_CHAT_CALL_EVENT_OFFER:    /* the base caller clicks again */
      effect (step, GST_CHAT_CALL_EFFECT_ADOPT);
      hold (step);
      return;
    case GST_CHAT_CALL_EVENT_REMOTE_CANCEL:
    case GST_CHAT_CALL_EVENT_REMOTE_HANG_UP:
      end (step, step->event->reason == GST_CHAT_CALL_REASON_NO_ANSWER ?
          step->event->reason : GST_CHAT_CALL_REASON_CANCELLED);
      return;
    case GST_CHAT_CALL_EVENT_REMOTE_GONE:
      end (step, GST_CHAT_CALL_REASON_GONE);
      return;
    case GST_CHAT_CALL_EVENT_OFFLINE:
      end (step, GST_CHAT_CALL_REASON_LOST);
      return;
    case GST_CHAT_CALL_EVENT_TIMER:
      leave (step, GST_CHAT_CALL_REASON_NO_ANSWER);
      return;
    case GST_CHAT_CALL_EVENT_CALL:
      effect (step, GST_CHAT_CALL_EFFECT_REFUSE);
      return;
    case GST_CHAT_CALL_EVENT_ONLINE:
    case GST_CHAT_CALL_EVENT_SERVER_INFO:
    case GST_CHAT_CALL_EVENT_CLOSED:
    case GST_CHAT_CALL_EVENT_SILENT:
    case GST_CHAT_CALL_EVENT_REMOTE_CANDIDATE: /* they are in the next offer as well */
      ignore (step);
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
      violation (step);
      return;
  }
}

static void
offer_within_call (Step * step)
{
  GstChatCall *call = step->call;

  switch (step->event->change) {
    case GST_CHAT_CALL_OFFER_INVALID:
      violation (step);
      return;
    case GST_CHAT_CALL_OFFER_FIRST:
    case GST_CHAT_CALL_OFFER_TRANSPORT:
      /* The remote has begun again, as it may: it is a call with the same user
       * behind the same pads. Our user has agreed to that one already. */
      call->remote_chat = step->event->chat;
      effect (step, GST_CHAT_CALL_EFFECT_ADOPT);
      take_offer (step, GST_CHAT_CALL_EFFECT_APPLY_OFFER);
      return;
    case GST_CHAT_CALL_OFFER_SAME:
    case GST_CHAT_CALL_OFFER_MEDIA:
      if (call->round_open && step->now < call->round_sent + ROUND_ANSWER
          && (!step->event->chat || step->event->own_id_lower)) {
        ignore (step);          /* ours is under way and stands */
      } else if (call->answer_pending) {
        hold (step);
      } else {
        call->answer_pending = TRUE;
        effect (step, GST_CHAT_CALL_EFFECT_APPLY_OFFER);
      }
      return;
  }
}

static void
repeat_offer (Step * step)
{
  GstChatCall *call = step->call;

  call->rounds++;
  call->news = FALSE;
  call->round_open = TRUE;
  call->round_sent = step->now;
  call->round_at = call->state == GST_CHAT_CALL_CONNECTING
      && call->rounds < MAX_ROUNDS ? step->now + NEXT_ROUND : 0;
  effect (step, GST_CHAT_CALL_EFFECT_REPEAT_OFFER);
}

static void
timer_within_call (Step * step)
{
  GstChatCall *call = step->call;

  if (call->deadline > 0 && step->now >= call->deadline) {
    leave (step, GST_CHAT_CALL_REASON_FAILED);
    return;
  }
  call->round_at = 0;
  gboolean useful = call->news || call->state == GST_CHAT_CALL_CONNECTING;
  if (useful && call->online && call->rounds < MAX_ROUNDS)
    repeat_offer (step);
  else
    ignore (step);
}

static void
link_up (Step * step)
{
  GstChatCall *call = step->call;

  if (call->state == GST_CHAT_CALL_CONNECTED) {
    ignore (step);
    return;
  }
  if (!call->news)
    call->round_at = 0;
  enter (step, GST_CHAT_CALL_CONNECTED, 0);
}

/* Connecting and connected. */
static void
step_joined (Step * step)
{
  GstChatCall *call = step->call;
  gboolean caller = call->role == GST_CHAT_CALL_ROLE_CALLER;

  switch (step->event->type) {
    case GST_CHAT_CALL_EVENT_OFFER:
      offer_within_call (step);
      return;
    case GST_CHAT_CALL_EVENT_LOCAL_ANSWER:
      if (!call->answer_pending) {
        violation (step);
        return;
      }
      call->answer_pending = FALSE;
      if (call->online) {
        call->settled = TRUE;
        effect (step, GST_CHAT_CALL_EFFECT_SEND_ANSWER);
        /* A page without camera and microphone offers nothing, not even to
         * receive, but its user has called to see and hear us: so we offer. */
        if (step->event->empty && call->state == GST_CHAT_CALL_CONNECTING)
          place_call (step);
      } else {
        ignore (step);
      }
      if (call->held) {
        call->held = FALSE;
        effect (step, GST_CHAT_CALL_EFFECT_REPLAY);
      }
      return;
    case GST_CHAT_CALL_EVENT_ANSWER:
      if (!caller) {
        violation (step);
        return;
      }
      call->round_open = FALSE;
      effect (step, GST_CHAT_CALL_EFFECT_APPLY_ANSWER);
      return;
    case GST_CHAT_CALL_EVENT_CANDIDATES:
      /* A callee's go with its next answer: it never offers. */
      if (caller && call->rounds < MAX_ROUNDS) {
        gint64 at = step->now + LATE_CANDIDATES;

        call->news = TRUE;
        if (call->round_at == 0 || call->round_at > at)
          call->round_at = at;
      }
      ignore (step);
      return;
    case GST_CHAT_CALL_EVENT_LINK_UP:
      link_up (step);
      return;
    case GST_CHAT_CALL_EVENT_LINK_DOWN:
      leave (step, call->state == GST_CHAT_CALL_CONNECTED ?
          GST_CHAT_CALL_REASON_LOST : GST_CHAT_CALL_REASON_FAILED);
      return;
    case GST_CHAT_CALL_EVENT_LINK_CLOSED:
      /* Its hang-up may come later by the server, or never: the base protocol
       * has none. */
      leave (step, GST_CHAT_CALL_REASON_HUNG_UP);
      return;
    case GST_CHAT_CALL_EVENT_SILENT:
      /* Before it is connected the deadline watches. */
      if (call->state == GST_CHAT_CALL_CONNECTED)
        leave (step, call->remote_gone ?
            GST_CHAT_CALL_REASON_GONE : GST_CHAT_CALL_REASON_LOST);
      else
        ignore (step);
      return;
    case GST_CHAT_CALL_EVENT_FAILED:
      leave (step, GST_CHAT_CALL_REASON_FAILED);
      return;
    case GST_CHAT_CALL_EVENT_HANG_UP:
      leave (step, GST_CHAT_CALL_REASON_HUNG_UP);
      return;
    case GST_CHAT_CALL_EVENT_REMOTE_HANG_UP:
    case GST_CHAT_CALL_EVENT_REMOTE_DECLINE:
      end (step, step->event->reason != GST_CHAT_CALL_REASON_NONE ?
          step->event->reason : GST_CHAT_CALL_REASON_HUNG_UP);
      return;
    case GST_CHAT_CALL_EVENT_REMOTE_CANCEL:    /* crossed our answer */
      end (step, GST_CHAT_CALL_REASON_CANCELLED);
      return;
    case GST_CHAT_CALL_EVENT_REMOTE_GONE:
      /* One of ours comes back under another id and knows the session; media
       * goes on meanwhile or SILENT ends it. A base peer is gone for good. */
      if (call->remote_chat && call->state == GST_CHAT_CALL_CONNECTED) {
        call->remote_gone = TRUE;
        ignore (step);
      } else {
        end (step, GST_CHAT_CALL_REASON_GONE);
      }
      return;
    case GST_CHAT_CALL_EVENT_OFFLINE:
      call->round_open = FALSE;
      if (call->settled)
        ignore (step);          /* media is peer to peer */
      else
        end (step, GST_CHAT_CALL_REASON_LOST);
      return;
    case GST_CHAT_CALL_EVENT_ONLINE:
      /* We have a new id. Our offer once more tells it to one of ours; for a
       * base peer it would be somebody else's call. */
      if (caller && call->remote_chat && call->rounds < MAX_ROUNDS)
        repeat_offer (step);
      else
        ignore (step);
      return;
    case GST_CHAT_CALL_EVENT_REMOTE_CANDIDATE:
      effect (step, GST_CHAT_CALL_EFFECT_ADD_CANDIDATE);
      return;
    case GST_CHAT_CALL_EVENT_TIMER:
      timer_within_call (step);
      return;
    case GST_CHAT_CALL_EVENT_CALL:
    case GST_CHAT_CALL_EVENT_ACCEPT:
    case GST_CHAT_CALL_EVENT_DECLINE:
      effect (step, GST_CHAT_CALL_EFFECT_REFUSE);
      return;
    case GST_CHAT_CALL_EVENT_SERVER_INFO:
    case GST_CHAT_CALL_EVENT_CLOSED:
    case GST_CHAT_CALL_EVENT_REMOTE_RINGING:   /* overtaken by the answer */
      ignore (step);
      return;
    case GST_CHAT_CALL_EVENT_LOCAL_OFFER:
      violation (step);
      return;
  }
}

static void
finish (Step * step)
{
  GstChatCall *call = step->call;

  call->role = GST_CHAT_CALL_ROLE_NONE;
  call->remote_chat = FALSE;
  call->remote_gone = FALSE;
  call->offer_sent = FALSE;
  call->settled = FALSE;
  call->answer_pending = FALSE;
  call->news = FALSE;
  call->rounds = 0;
  call->round_sent = 0;
  enter (step, GST_CHAT_CALL_IDLE, 0);
  call->reason = GST_CHAT_CALL_REASON_NONE;
  if (call->held) {
    call->held = FALSE;
    effect (step, GST_CHAT_CALL_EFFECT_REPLAY);
  }
}

static void
step_ending (Step * step)
{
  switch (step->event->type) {
    case GST_CHAT_CALL_EVENT_CLOSED:
    case GST_CHAT_CALL_EVENT_TIMER:
      finish (step);
      return;
    case GST_CHAT_CALL_EVENT_OFFER:
      if (step->event->relation == GST_CHAT_CALL_FROM_PAST)
        ignore (step);
      else
        hold (step);            /* the next call, in a moment */
      return;
    case GST_CHAT_CALL_EVENT_OFFLINE:
      step->call->held = FALSE;
      ignore (step);
      return;
    case GST_CHAT_CALL_EVENT_CALL:
    case GST_CHAT_CALL_EVENT_ACCEPT:
    case GST_CHAT_CALL_EVENT_DECLINE:
      effect (step, GST_CHAT_CALL_EFFECT_REFUSE);
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
      ignore (step);
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
step_other (Step * step)
{
  GstChatCall *call = step->call;

  /* A stranger can ask, but cannot touch this call. */
  if (step->event->relation == GST_CHAT_CALL_FROM_PAST
      || step->event->type != GST_CHAT_CALL_EVENT_OFFER) {
    ignore (step);
    return TRUE;
  }
  if (call->remote_gone) {
    /* Most likely the remote after a restart; if not, still somebody who is
     * there, while the remote is not. */
    end (step, GST_CHAT_CALL_REASON_GONE);
    return FALSE;
  }
  reject (step, GST_CHAT_CALL_REASON_BUSY);
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
  Step step = { call, event, now, effects };

  effects->n = 0;
  if (event->type == GST_CHAT_CALL_EVENT_ONLINE
      || event->type == GST_CHAT_CALL_EVENT_OFFLINE) {
    call->online = event->type == GST_CHAT_CALL_EVENT_ONLINE;
    call->relay = FALSE;        /* until the server has said so */
  } else if (event->type == GST_CHAT_CALL_EVENT_SERVER_INFO) {
    call->relay = !!event->relay;
  } else if (is_completion (event->type)
      && event->generation != call->generation) {
    ignore (&step);             /* the one place for stale completions */
    return;
  } else if (event->type == GST_CHAT_CALL_EVENT_TIMER) {
    gint64 due = gst_chat_call_next_timer (call);

    if (due == 0 || now < due) {
      ignore (&step);
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
      step_joined (&step);
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
