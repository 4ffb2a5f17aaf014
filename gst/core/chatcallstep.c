/* SPDX-License-Identifier: LGPL-2.1-or-later
 * What a step of a call is made of, whatever its state. */
#include "chatcallprivate.h"

void
gst_chat_step_add_effect (GstChatCallStep * step, GstChatCallEffectType type,
    GstChatCallReason reason)
{
  GstChatCallEffects *effects = step->effects;

  /* The longest sequence there is has five. */
  if (effects->n < GST_CHAT_CALL_MAX_EFFECTS) {
    effects->effect[effects->n++] = (GstChatCallEffect) {
    type, step->call->state, reason};
  }
}

void
gst_chat_step_effect (GstChatCallStep * step, GstChatCallEffectType type)
{
  gst_chat_step_add_effect (step, type, GST_CHAT_CALL_REASON_NONE);
}

void
gst_chat_step_enter (GstChatCallStep * step, GstChatCallState state,
    gint64 patience)
{
  step->call->state = state;
  step->call->deadline = patience > 0 ? step->now + patience : 0;
  gst_chat_step_add_effect (step, GST_CHAT_CALL_EFFECT_NOTIFY,
      step->call->reason);
}

void
gst_chat_step_open (GstChatCallStep * step, GstChatCallRole role)
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
  gst_chat_step_effect (step, GST_CHAT_CALL_EFFECT_OPEN);
}

void
gst_chat_step_end (GstChatCallStep * step, GstChatCallReason reason)
{
  step->call->reason = reason;
  step->call->round_at = 0;
  step->call->round_open = FALSE;
  step->call->held = FALSE;
  step->call->resuming = FALSE;
  gst_chat_step_enter (step, GST_CHAT_CALL_ENDING, CLOSING);
  gst_chat_step_effect (step, GST_CHAT_CALL_EFFECT_CLOSE);
}

GstChatCallReason
gst_chat_step_reason_or (const GstChatCallStep * step,
    GstChatCallReason otherwise)
{
  GstChatCallReason reason = step->event->reason;

  return reason != GST_CHAT_CALL_REASON_NONE ? reason : otherwise;
}

/* Says good-bye in the word that fits, where the server passes it on. */
void
gst_chat_step_leave (GstChatCallStep * step, GstChatCallReason reason)
{
  GstChatCall *call = step->call;

  if (call->relay && call->online) {
    switch (call->state) {
      case GST_CHAT_CALL_CALLING:
      case GST_CHAT_CALL_RINGING:
        if (call->role == GST_CHAT_CALL_ROLE_CALLEE)
          gst_chat_step_add_effect (step, GST_CHAT_CALL_EFFECT_SEND_DECLINE,
              reason);
        else if (call->offer_sent)
          gst_chat_step_add_effect (step, GST_CHAT_CALL_EFFECT_SEND_CANCEL,
              reason);
        break;
      case GST_CHAT_CALL_CONNECTING:
      case GST_CHAT_CALL_CONNECTED:
        gst_chat_step_add_effect (step, GST_CHAT_CALL_EFFECT_SEND_HANG_UP,
            reason);
        break;
      case GST_CHAT_CALL_IDLE:
      case GST_CHAT_CALL_ENDING:
        break;
    }
  }
  gst_chat_step_end (step, reason);
}

void
gst_chat_step_violation (GstChatCallStep * step)
{
  gst_chat_step_effect (step, GST_CHAT_CALL_EFFECT_VIOLATION);
  gst_chat_step_leave (step, GST_CHAT_CALL_REASON_FAILED);
}

void
gst_chat_step_ignore (GstChatCallStep * step)
{
  gst_chat_step_effect (step, GST_CHAT_CALL_EFFECT_IGNORE);
}

void
gst_chat_step_reject (GstChatCallStep * step, GstChatCallReason reason)
{
  if (step->call->relay)
    gst_chat_step_add_effect (step, GST_CHAT_CALL_EFFECT_REJECT, reason);
  else
    gst_chat_step_ignore (step);        /* the base protocol has no word for it */
}

void
gst_chat_step_hold (GstChatCallStep * step)
{
  step->call->held = TRUE;
  gst_chat_step_effect (step, GST_CHAT_CALL_EFFECT_HOLD);
}

/* What is left of it. */
static gint64
resume_patience (const GstChatCallStep * step)
{
  const GstChatCall *call = step->call;

  return call->deadline > step->now ? call->deadline - step->now :
      call->resume_patience;
}

/* Our user has said yes, or need not be asked. */
void
gst_chat_step_take_offer (GstChatCallStep * step, GstChatCallEffectType apply)
{
  step->call->held = FALSE;
  gst_chat_step_open (step, GST_CHAT_CALL_ROLE_CALLEE);
  gst_chat_step_enter (step, GST_CHAT_CALL_CONNECTING, step->call->resuming ?
      resume_patience (step) : CONNECT);
  step->call->answer_pending = TRUE;
  gst_chat_step_effect (step, apply);
}

/* Both have called. A withdrawn offer is forgotten with its connection; our
 * user wants this call anyway and is not asked. */
gboolean
gst_chat_step_our_offer_stands (GstChatCallStep * step)
{
  /* One of ours has the same rule. A browser that has called us rolls back by
   * itself when our offer comes, and answers it; so once sent, it stands. */
  if (step->event->chat)
    return step->event->own_id_lower;
  return step->call->offer_sent;
}

void
gst_chat_step_place_call (GstChatCallStep * step)
{
  gst_chat_step_open (step, GST_CHAT_CALL_ROLE_CALLER);
  gst_chat_step_enter (step, GST_CHAT_CALL_CALLING, NO_ANSWER);
  gst_chat_step_effect (step, GST_CHAT_CALL_EFFECT_CREATE_OFFER);
}

void
gst_chat_step_repeat_offer (GstChatCallStep * step)
{
  GstChatCall *call = step->call;

  call->rounds++;
  call->news = FALSE;
  call->round_open = TRUE;
  call->round_sent = step->now;
  call->round_at = call->state == GST_CHAT_CALL_CONNECTING
      && call->rounds < MAX_ROUNDS ? step->now + NEXT_ROUND : 0;
  gst_chat_step_effect (step, GST_CHAT_CALL_EFFECT_REPEAT_OFFER);
}
