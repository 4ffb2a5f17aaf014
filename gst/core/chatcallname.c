/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The words for what happens in a call. */
#include "chatcall.h"

#include <string.h>

const gchar *
gst_chat_call_state_name (GstChatCallState state)
{
  switch (state) {
    case GST_CHAT_CALL_IDLE:
      return "idle";
    case GST_CHAT_CALL_CALLING:
      return "calling";
    case GST_CHAT_CALL_RINGING:
      return "ringing";
    case GST_CHAT_CALL_CONNECTING:
      return "connecting";
    case GST_CHAT_CALL_CONNECTED:
      return "connected";
    case GST_CHAT_CALL_ENDING:
      return "ending";
  }
  return "?";
}

const gchar *
gst_chat_call_role_name (GstChatCallRole role)
{
  switch (role) {
    case GST_CHAT_CALL_ROLE_NONE:
      return "none";
    case GST_CHAT_CALL_ROLE_CALLER:
      return "caller";
    case GST_CHAT_CALL_ROLE_CALLEE:
      return "callee";
  }
  return "?";
}

const gchar *
gst_chat_call_reason_name (GstChatCallReason reason)
{
  switch (reason) {
    case GST_CHAT_CALL_REASON_NONE:
      return "none";
    case GST_CHAT_CALL_REASON_HUNG_UP:
      return "hung-up";
    case GST_CHAT_CALL_REASON_DECLINED:
      return "declined";
    case GST_CHAT_CALL_REASON_BUSY:
      return "busy";
    case GST_CHAT_CALL_REASON_NO_ANSWER:
      return "no-answer";
    case GST_CHAT_CALL_REASON_CANCELLED:
      return "cancelled";
    case GST_CHAT_CALL_REASON_LOST:
      return "lost";
    case GST_CHAT_CALL_REASON_GONE:
      return "gone";
    case GST_CHAT_CALL_REASON_FAILED:
      return "failed";
  }
  return "?";
}

GstChatCallReason
gst_chat_call_reason_from_name (const gchar * name)
{
  for (guint i = 0; name != NULL && i <= GST_CHAT_CALL_REASON_FAILED; i++) {
    if (strcmp (name, gst_chat_call_reason_name (i)) == 0)
      return i;
  }
  return GST_CHAT_CALL_REASON_NONE;
}

const gchar *
gst_chat_call_event_name (GstChatCallEventType type)
{
  switch (type) {
    case GST_CHAT_CALL_EVENT_CALL:
      return "call";
    case GST_CHAT_CALL_EVENT_ACCEPT:
      return "accept";
    case GST_CHAT_CALL_EVENT_DECLINE:
      return "decline";
    case GST_CHAT_CALL_EVENT_HANG_UP:
      return "hang-up";
    case GST_CHAT_CALL_EVENT_ONLINE:
      return "online";
    case GST_CHAT_CALL_EVENT_OFFLINE:
      return "offline";
    case GST_CHAT_CALL_EVENT_SERVER_INFO:
      return "server-info";
    case GST_CHAT_CALL_EVENT_OFFER:
      return "offer";
    case GST_CHAT_CALL_EVENT_ANSWER:
      return "answer";
    case GST_CHAT_CALL_EVENT_REMOTE_RINGING:
      return "remote-ringing";
    case GST_CHAT_CALL_EVENT_REMOTE_DECLINE:
      return "remote-decline";
    case GST_CHAT_CALL_EVENT_REMOTE_CANCEL:
      return "remote-cancel";
    case GST_CHAT_CALL_EVENT_REMOTE_HANG_UP:
      return "remote-hang-up";
    case GST_CHAT_CALL_EVENT_REMOTE_GONE:
      return "remote-gone";
    case GST_CHAT_CALL_EVENT_REMOTE_CANDIDATE:
      return "remote-candidate";
    case GST_CHAT_CALL_EVENT_LOCAL_OFFER:
      return "local-offer";
    case GST_CHAT_CALL_EVENT_LOCAL_ANSWER:
      return "local-answer";
    case GST_CHAT_CALL_EVENT_CANDIDATES:
      return "candidates";
    case GST_CHAT_CALL_EVENT_LINK_UP:
      return "link-up";
    case GST_CHAT_CALL_EVENT_LINK_DOWN:
      return "link-down";
    case GST_CHAT_CALL_EVENT_LINK_CLOSED:
      return "link-closed";
    case GST_CHAT_CALL_EVENT_FAILED:
      return "failed";
    case GST_CHAT_CALL_EVENT_SILENT:
      return "silent";
    case GST_CHAT_CALL_EVENT_NETWORK_CHANGED:
      return "network-changed";
    case GST_CHAT_CALL_EVENT_CLOSED:
      return "closed";
    case GST_CHAT_CALL_EVENT_TIMER:
      return "timer";
  }
  return "?";
}

const gchar *
gst_chat_call_effect_name (GstChatCallEffectType type)
{
  switch (type) {
    case GST_CHAT_CALL_EFFECT_ADOPT:
      return "adopt";
    case GST_CHAT_CALL_EFFECT_OPEN:
      return "open";
    case GST_CHAT_CALL_EFFECT_CLOSE:
      return "close";
    case GST_CHAT_CALL_EFFECT_CREATE_OFFER:
      return "create-offer";
    case GST_CHAT_CALL_EFFECT_SEND_OFFER:
      return "send-offer";
    case GST_CHAT_CALL_EFFECT_REPEAT_OFFER:
      return "repeat-offer";
    case GST_CHAT_CALL_EFFECT_APPLY_OFFER:
      return "apply-offer";
    case GST_CHAT_CALL_EFFECT_APPLY_HELD:
      return "apply-held";
    case GST_CHAT_CALL_EFFECT_SEND_ANSWER:
      return "send-answer";
    case GST_CHAT_CALL_EFFECT_APPLY_ANSWER:
      return "apply-answer";
    case GST_CHAT_CALL_EFFECT_ADD_CANDIDATE:
      return "add-candidate";
    case GST_CHAT_CALL_EFFECT_HOLD:
      return "hold";
    case GST_CHAT_CALL_EFFECT_REPLAY:
      return "replay";
    case GST_CHAT_CALL_EFFECT_SEND_RINGING:
      return "send-ringing";
    case GST_CHAT_CALL_EFFECT_SEND_DECLINE:
      return "send-decline";
    case GST_CHAT_CALL_EFFECT_SEND_CANCEL:
      return "send-cancel";
    case GST_CHAT_CALL_EFFECT_SEND_HANG_UP:
      return "send-hang-up";
    case GST_CHAT_CALL_EFFECT_REJECT:
      return "reject";
    case GST_CHAT_CALL_EFFECT_ASK:
      return "ask";
    case GST_CHAT_CALL_EFFECT_REFUSE:
      return "refuse";
    case GST_CHAT_CALL_EFFECT_NOTIFY:
      return "notify";
    case GST_CHAT_CALL_EFFECT_IGNORE:
      return "ignore";
    case GST_CHAT_CALL_EFFECT_VIOLATION:
      return "violation";
  }
  return "?";
}
