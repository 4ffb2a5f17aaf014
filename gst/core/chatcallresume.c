/* SPDX-License-Identifier: LGPL-2.1-or-later
 * A call that was connected and is to be so again: the network has changed, and
 * webrtcbin cannot restart ICE. Either side offers anew, in the same session, on
 * a fresh connection; when both do, the rule for crossing calls decides. */
#include "chatcallprivate.h"

/* Agreed, and not connected by then: something has changed once more. */
#define RESUME_ROUND (5 * SECOND)
/* Whoever makes an offer that gives way to ours can be reached; ours may have been
 * lost before that. */
#define OFFER_LOST SECOND
/* The side that has answered leaves the next try to the other one. */
#define RESUME_PAUSE (2 * SECOND)

void
gst_chat_step_offer_anew (GstChatCallStep * step)
{
  GstChatCall *call = step->call;

  call->round_at = 0;
  if (!call->online) {
    gst_chat_step_ignore (step);        /* until it is */
    return;
  }
  gst_chat_step_open (step, GST_CHAT_CALL_ROLE_CALLER);
  gst_chat_step_effect (step, GST_CHAT_CALL_EFFECT_CREATE_OFFER);
}

gboolean
gst_chat_step_resume (GstChatCallStep * step)
{
  GstChatCall *call = step->call;

  if (!call->remote_chat || call->resume_patience == 0)
    return FALSE;
  call->resuming = TRUE;
  call->reason = GST_CHAT_CALL_REASON_LOST;
  gst_chat_step_enter (step, GST_CHAT_CALL_CONNECTING, call->resume_patience);
  call->reason = GST_CHAT_CALL_REASON_NONE;
  gst_chat_step_offer_anew (step);
  return TRUE;
}

/* Nobody has answered our offer yet. */
static gboolean
is_asking (const GstChatCall * call)
{
  return call->role == GST_CHAT_CALL_ROLE_CALLER && !call->settled;
}

static void
ask_again (GstChatCallStep * step)
{
  GstChatCall *call = step->call;

  gst_chat_step_repeat_offer (step);
  call->round_at = step->now + (NEXT_ROUND << MIN (call->rounds, 2));
}

gboolean
gst_chat_step_resume_stands (GstChatCallStep * step)
{
  GstChatCall *call = step->call;

  if (!call->resuming || !is_asking (call)
      || !gst_chat_step_our_offer_stands (step))
    return FALSE;
  if (call->online && call->offer_sent
      && step->now >= call->round_sent + OFFER_LOST)
    ask_again (step);
  else
    gst_chat_step_ignore (step);
  return TRUE;
}

static void
timer (GstChatCallStep * step)
{
  GstChatCall *call = step->call;

  if (step->now >= call->deadline) {
    gst_chat_step_leave (step, GST_CHAT_CALL_REASON_LOST);
  } else if (!call->online) {
    call->round_at = 0;
    gst_chat_step_ignore (step);
  } else if (is_asking (call)) {
    /* It went to where the remote is no more, or not yet. */
    ask_again (step);
  } else if (call->role == GST_CHAT_CALL_ROLE_CALLER && call->news
      && call->rounds < MAX_ROUNDS) {
    gst_chat_step_repeat_offer (step);
    call->round_at = step->now + RESUME_ROUND;
  } else {
    gst_chat_step_offer_anew (step);
  }
}

gboolean
gst_chat_step_resuming (GstChatCallStep * step)
{
  GstChatCall *call = step->call;
  gboolean caller = call->role == GST_CHAT_CALL_ROLE_CALLER;

  switch (step->event->type) {
    case GST_CHAT_CALL_EVENT_LOCAL_OFFER:
      if (!is_asking (call) || call->offer_sent)
        return FALSE;
      call->offer_sent = TRUE;
      call->round_sent = step->now;
      call->round_at = step->now + NEXT_ROUND;
      gst_chat_step_effect (step, call->online ?
          GST_CHAT_CALL_EFFECT_SEND_OFFER : GST_CHAT_CALL_EFFECT_IGNORE);
      return TRUE;
    case GST_CHAT_CALL_EVENT_LOCAL_ANSWER:
      call->round_at = step->now + RESUME_ROUND + RESUME_PAUSE;
      return FALSE;
    case GST_CHAT_CALL_EVENT_ANSWER:
      if (!caller || !call->offer_sent) {
        gst_chat_step_ignore (step);    /* to what was withdrawn meanwhile */
        return TRUE;
      }
      if (!call->settled)
        call->round_at = step->now + RESUME_ROUND;
      call->settled = TRUE;
      return FALSE;
    case GST_CHAT_CALL_EVENT_LINK_DOWN:
      call->round_at = step->now + NEXT_ROUND;
      gst_chat_step_ignore (step);
      return TRUE;
    case GST_CHAT_CALL_EVENT_REMOTE_GONE:
      if (!step->event->lost)
        return FALSE;
      call->remote_gone = TRUE;
      gst_chat_step_ignore (step);
      return TRUE;
    case GST_CHAT_CALL_EVENT_OFFLINE:
      call->round_at = 0;
      call->round_open = FALSE;
      gst_chat_step_ignore (step);
      return TRUE;
    case GST_CHAT_CALL_EVENT_ONLINE:
    case GST_CHAT_CALL_EVENT_NETWORK_CHANGED:
      gst_chat_step_offer_anew (step);
      return TRUE;
    case GST_CHAT_CALL_EVENT_TIMER:
      timer (step);
      return TRUE;
    case GST_CHAT_CALL_EVENT_CANDIDATES:
      call->news = caller;
      gst_chat_step_ignore (step);
      return TRUE;
    case GST_CHAT_CALL_EVENT_LINK_UP:
      call->resuming = FALSE;
      call->round_at = 0;
      return FALSE;
    case GST_CHAT_CALL_EVENT_CALL:
    case GST_CHAT_CALL_EVENT_ACCEPT:
    case GST_CHAT_CALL_EVENT_DECLINE:
    case GST_CHAT_CALL_EVENT_HANG_UP:
    case GST_CHAT_CALL_EVENT_SERVER_INFO:
    case GST_CHAT_CALL_EVENT_OFFER:
    case GST_CHAT_CALL_EVENT_REMOTE_RINGING:
    case GST_CHAT_CALL_EVENT_REMOTE_DECLINE:
    case GST_CHAT_CALL_EVENT_REMOTE_CANCEL:
    case GST_CHAT_CALL_EVENT_REMOTE_HANG_UP:
    case GST_CHAT_CALL_EVENT_REMOTE_CANDIDATE:
    case GST_CHAT_CALL_EVENT_LINK_CLOSED:
    case GST_CHAT_CALL_EVENT_FAILED:
    case GST_CHAT_CALL_EVENT_SILENT:
    case GST_CHAT_CALL_EVENT_CLOSED:
      return FALSE;
  }
  return FALSE;
}
