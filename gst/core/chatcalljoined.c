/* SPDX-License-Identifier: LGPL-2.1-or-later
 * A call that both sides want: connecting and connected. */
#include "chatcallprivate.h"

static void
offer_within_call (GstChatCallStep * step)
{
  GstChatCall *call = step->call;

  switch (step->event->change) {
    case GST_CHAT_CALL_OFFER_INVALID:
      gst_chat_step_violation (step);
      return;
    case GST_CHAT_CALL_OFFER_FIRST:
    case GST_CHAT_CALL_OFFER_TRANSPORT:
      if (gst_chat_step_resume_stands (step))
        return;
      /* The remote has begun again, as it may: it is a call with the same user
       * behind the same pads. Our user has agreed to that one already. */
      call->remote_chat = step->event->chat;
      call->resuming = call->remote_chat && call->resume_patience > 0
          && (call->resuming || call->state == GST_CHAT_CALL_CONNECTED);
      gst_chat_step_effect (step, GST_CHAT_CALL_EFFECT_ADOPT);
      gst_chat_step_take_offer (step, GST_CHAT_CALL_EFFECT_APPLY_OFFER);
      return;
    case GST_CHAT_CALL_OFFER_SAME:
    case GST_CHAT_CALL_OFFER_MEDIA:
      if (call->round_open && step->now < call->round_sent + ROUND_ANSWER
          && (!step->event->chat || step->event->own_id_lower)) {
        gst_chat_step_ignore (step);    /* ours is under way and stands */
      } else if (call->answer_pending) {
        gst_chat_step_hold (step);
      } else {
        call->answer_pending = TRUE;
        gst_chat_step_effect (step, GST_CHAT_CALL_EFFECT_APPLY_OFFER);
      }
      return;
  }
}

static void
timer_within_call (GstChatCallStep * step)
{
  GstChatCall *call = step->call;

  if (call->deadline > 0 && step->now >= call->deadline) {
    gst_chat_step_leave (step, GST_CHAT_CALL_REASON_FAILED);
    return;
  }
  call->round_at = 0;
  gboolean useful = call->news || call->state == GST_CHAT_CALL_CONNECTING;
  if (useful && call->online && call->rounds < MAX_ROUNDS)
    gst_chat_step_repeat_offer (step);
  else
    gst_chat_step_ignore (step);
}

static void
link_up (GstChatCallStep * step)
{
  GstChatCall *call = step->call;

  if (call->state == GST_CHAT_CALL_CONNECTED) {
    gst_chat_step_ignore (step);
    return;
  }
  if (!call->news)
    call->round_at = 0;
  gst_chat_step_enter (step, GST_CHAT_CALL_CONNECTED, 0);
}

/* Connecting and connected. */
void
gst_chat_step_joined (GstChatCallStep * step)
{
  GstChatCall *call = step->call;
  gboolean caller = call->role == GST_CHAT_CALL_ROLE_CALLER;

  if (call->resuming && gst_chat_step_resuming (step))
    return;
  switch (step->event->type) {
    case GST_CHAT_CALL_EVENT_OFFER:
      offer_within_call (step);
      return;
    case GST_CHAT_CALL_EVENT_LOCAL_ANSWER:
      if (!call->answer_pending) {
        gst_chat_step_violation (step);
        return;
      }
      call->answer_pending = FALSE;
      if (call->online) {
        call->settled = TRUE;
        gst_chat_step_effect (step, GST_CHAT_CALL_EFFECT_SEND_ANSWER);
        /* A page without camera and microphone offers nothing, not even to
         * receive, but its user has called to see and hear us: so we offer. */
        if (step->event->empty && call->resuming)
          gst_chat_step_offer_anew (step);
        else if (step->event->empty && call->state == GST_CHAT_CALL_CONNECTING)
          gst_chat_step_place_call (step);
      } else {
        gst_chat_step_ignore (step);
      }
      if (call->held) {
        call->held = FALSE;
        gst_chat_step_effect (step, GST_CHAT_CALL_EFFECT_REPLAY);
      }
      return;
    case GST_CHAT_CALL_EVENT_ANSWER:
      if (!caller) {
        gst_chat_step_violation (step);
        return;
      }
      call->round_open = FALSE;
      gst_chat_step_effect (step, GST_CHAT_CALL_EFFECT_APPLY_ANSWER);
      return;
    case GST_CHAT_CALL_EVENT_CANDIDATES:
      /* A callee's go with its next answer: it never offers. */
      if (caller && call->rounds < MAX_ROUNDS) {
        gint64 at = step->now + LATE_CANDIDATES;

        call->news = TRUE;
        if (call->round_at == 0 || call->round_at > at)
          call->round_at = at;
      }
      gst_chat_step_ignore (step);
      return;
    case GST_CHAT_CALL_EVENT_LINK_UP:
      link_up (step);
      return;
    case GST_CHAT_CALL_EVENT_LINK_DOWN:
      if (call->state != GST_CHAT_CALL_CONNECTED)
        gst_chat_step_leave (step, GST_CHAT_CALL_REASON_FAILED);
      else if (!gst_chat_step_resume (step))
        gst_chat_step_leave (step, GST_CHAT_CALL_REASON_LOST);
      return;
    case GST_CHAT_CALL_EVENT_LINK_CLOSED:
      /* Its hang-up may come later by the server, or never: the base protocol
       * has none. */
      gst_chat_step_leave (step, GST_CHAT_CALL_REASON_HUNG_UP);
      return;
    case GST_CHAT_CALL_EVENT_SILENT:
      /* Before it is connected the deadline watches. */
      if (call->state != GST_CHAT_CALL_CONNECTED)
        gst_chat_step_ignore (step);
      else if (call->remote_gone && !call->remote_lost)
        gst_chat_step_leave (step, GST_CHAT_CALL_REASON_GONE);
      else if (!gst_chat_step_resume (step))
        gst_chat_step_leave (step, GST_CHAT_CALL_REASON_LOST);
      return;
    case GST_CHAT_CALL_EVENT_NETWORK_CHANGED:
      if (call->state != GST_CHAT_CALL_CONNECTED
          || !gst_chat_step_resume (step))
        gst_chat_step_ignore (step);    /* its silence will tell */
      return;
    case GST_CHAT_CALL_EVENT_FAILED:
      gst_chat_step_leave (step, GST_CHAT_CALL_REASON_FAILED);
      return;
    case GST_CHAT_CALL_EVENT_HANG_UP:
      gst_chat_step_leave (step, GST_CHAT_CALL_REASON_HUNG_UP);
      return;
    case GST_CHAT_CALL_EVENT_REMOTE_HANG_UP:
    case GST_CHAT_CALL_EVENT_REMOTE_DECLINE:
      gst_chat_step_end (step, gst_chat_step_reason_or (step,
              GST_CHAT_CALL_REASON_HUNG_UP));
      return;
    case GST_CHAT_CALL_EVENT_REMOTE_CANCEL:    /* crossed our answer */
      gst_chat_step_end (step, GST_CHAT_CALL_REASON_CANCELLED);
      return;
    case GST_CHAT_CALL_EVENT_REMOTE_GONE:
      /* One of ours comes back under another id and knows the session; media
       * goes on meanwhile or SILENT ends it. A base peer is gone for good. */
      if (call->remote_chat && call->state == GST_CHAT_CALL_CONNECTED) {
        call->remote_gone = TRUE;
        call->remote_lost = !!step->event->lost;
        gst_chat_step_ignore (step);
      } else {
        gst_chat_step_end (step, GST_CHAT_CALL_REASON_GONE);
      }
      return;
    case GST_CHAT_CALL_EVENT_OFFLINE:
      call->round_open = FALSE;
      if (call->settled)
        gst_chat_step_ignore (step);    /* media is peer to peer */
      else
        gst_chat_step_end (step, GST_CHAT_CALL_REASON_LOST);
      return;
    case GST_CHAT_CALL_EVENT_ONLINE:
      /* We have a new id. Our offer once more tells it to one of ours; for a
       * base peer it would be somebody else's call. */
      if (caller && call->remote_chat && call->rounds < MAX_ROUNDS)
        gst_chat_step_repeat_offer (step);
      else
        gst_chat_step_ignore (step);
      return;
    case GST_CHAT_CALL_EVENT_REMOTE_CANDIDATE:
      gst_chat_step_effect (step, GST_CHAT_CALL_EFFECT_ADD_CANDIDATE);
      return;
    case GST_CHAT_CALL_EVENT_TIMER:
      timer_within_call (step);
      return;
    case GST_CHAT_CALL_EVENT_CALL:
    case GST_CHAT_CALL_EVENT_ACCEPT:
    case GST_CHAT_CALL_EVENT_DECLINE:
      gst_chat_step_effect (step, GST_CHAT_CALL_EFFECT_REFUSE);
      return;
    case GST_CHAT_CALL_EVENT_SERVER_INFO:
    case GST_CHAT_CALL_EVENT_CLOSED:
    case GST_CHAT_CALL_EVENT_REMOTE_RINGING:   /* overtaken by the answer */
      gst_chat_step_ignore (step);
      return;
    case GST_CHAT_CALL_EVENT_LOCAL_OFFER:
      gst_chat_step_violation (step);
      return;
  }
}
