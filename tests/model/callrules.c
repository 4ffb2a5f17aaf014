/* SPDX-License-Identifier: LGPL-2.1-or-later
 * What holds of each single step of a call, whatever the state and the event:
 * for the exploration, which takes each step that can be, and for the fuzzer,
 * which takes those that cannot be as well. */
#include "callrules.h"

#include <string.h>

/* Longer than anybody waits for anything. */
#define PATIENCE G_GINT64_CONSTANT (60000000)

typedef struct
{
  const GstChatCall *before, *after;
  const GstChatCallEvent *event;
  gint64 now;
  const GstChatCallEffects *effects;
} Taken;

static gboolean
in_call (GstChatCallState state)
{
  return state != GST_CHAT_CALL_IDLE && state != GST_CHAT_CALL_ENDING;
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

static guint
count (const Taken * taken, GstChatCallEffectType type)
{
  guint n = 0;

  for (guint i = 0; i < taken->effects->n; i++)
    n += taken->effects->effect[i].type == type;
  return n;
}

static gboolean
is_unchanged (const Taken * taken)
{
  return memcmp (taken->before, taken->after, sizeof (GstChatCall)) == 0;
}

/* What a state is made of. */
static const gchar *
broken_state (const GstChatCall * call, gint64 now)
{
  if (call->state > GST_CHAT_CALL_ENDING
      || call->role > GST_CHAT_CALL_ROLE_CALLEE)
    return "state and role are ones that there are";
  if (call->state == GST_CHAT_CALL_IDLE) {
    if (call->role != GST_CHAT_CALL_ROLE_NONE
        || call->reason != GST_CHAT_CALL_REASON_NONE)
      return "a call that is idle has neither role nor reason";
    if (call->deadline != 0 || call->round_at != 0)
      return "a call that is idle waits for nothing";
    if (call->held || call->answer_pending || call->offer_sent || call->settled
        || call->round_open || call->news || call->remote_gone
        || call->resuming || call->remote_lost)
      return "a call that is idle remembers nothing";
    return NULL;
  }
  if (call->resuming && call->state != GST_CHAT_CALL_CONNECTING)
    return "a call that is made anew is connecting";
  if (call->role == GST_CHAT_CALL_ROLE_NONE)
    return "who is in a call has a role";
  if (call->state != GST_CHAT_CALL_CONNECTED && call->deadline == 0)
    return "whatever is neither idle nor connected comes to an end by itself";
  if (call->deadline > now + MAX (PATIENCE, call->resume_patience)
      || call->round_at > now + PATIENCE)
    return "nobody waits longer than a minute, or than the user wants";
  if (call->state == GST_CHAT_CALL_ENDING
      && (call->reason == GST_CHAT_CALL_REASON_NONE || call->round_at != 0))
    return "a call that is ending has a reason and makes no offer";
  return NULL;
}

/* Which effects an event may have: the driver takes what they want from it. */
static const gchar *
broken_effects (const Taken * taken)
{
  GstChatCallEventType type = taken->event->type;
  gboolean offer = type == GST_CHAT_CALL_EVENT_OFFER;
  gboolean answer = type == GST_CHAT_CALL_EVENT_ANSWER;

  if (taken->effects->n == 0)
    return "nothing is passed over in silence";
  if (taken->effects->n >= GST_CHAT_CALL_MAX_EFFECTS)
    return "there is room for one effect more";
  if (!offer && (count (taken, GST_CHAT_CALL_EFFECT_APPLY_OFFER)
          || count (taken, GST_CHAT_CALL_EFFECT_HOLD)))
    return "an offer is applied or held where there is one";
  if (!answer && count (taken, GST_CHAT_CALL_EFFECT_APPLY_ANSWER))
    return "an answer is applied where there is one";
  if (!offer && !answer && count (taken, GST_CHAT_CALL_EFFECT_REJECT))
    return "an offer or an answer is rejected";
  if (!offer && type != GST_CHAT_CALL_EVENT_CALL
      && count (taken, GST_CHAT_CALL_EFFECT_ADOPT))
    return "the remote is who calls or is called";
  if (type != GST_CHAT_CALL_EVENT_REMOTE_CANDIDATE
      && count (taken, GST_CHAT_CALL_EFFECT_ADD_CANDIDATE))
    return "a candidate is added where there is one";
  if (!taken->before->held && (count (taken, GST_CHAT_CALL_EFFECT_APPLY_HELD)
          || count (taken, GST_CHAT_CALL_EFFECT_REPLAY)))
    return "what is applied or replayed was held";
  if (count (taken, GST_CHAT_CALL_EFFECT_HOLD) && !taken->after->held)
    return "what is held is known to be";
  if (!taken->before->relay && (count (taken, GST_CHAT_CALL_EFFECT_REJECT)
          || count (taken, GST_CHAT_CALL_EFFECT_SEND_RINGING)
          || count (taken, GST_CHAT_CALL_EFFECT_SEND_DECLINE)
          || count (taken, GST_CHAT_CALL_EFFECT_SEND_CANCEL)
          || count (taken, GST_CHAT_CALL_EFFECT_SEND_HANG_UP)))
    return "extensions are said where they are relayed";
  return NULL;
}

/* From one state to the next. */
static const gchar *
broken_way (const Taken * taken)
{
  GstChatCallState from = taken->before->state, to = taken->after->state;
  guint n_opened = count (taken, GST_CHAT_CALL_EFFECT_OPEN);
  const GstChatCallEffect *last = NULL;

  for (guint i = 0; i < taken->effects->n; i++) {
    if (taken->effects->effect[i].type == GST_CHAT_CALL_EFFECT_NOTIFY)
      last = &taken->effects->effect[i];
  }
  if (last != NULL ? last->state != to : from != to)
    return "the application is told of the state that there is";
  if (taken->after->generation != taken->before->generation + n_opened)
    return "each connection has a number of its own";
  if (n_opened > 0 && to != GST_CHAT_CALL_CALLING
      && to != GST_CHAT_CALL_CONNECTING)
    return "a connection is opened to call or to connect";
  if (from != to && to == GST_CHAT_CALL_ENDING
      && count (taken, GST_CHAT_CALL_EFFECT_CLOSE) != 1)
    return "what ends is closed";
  if (to != GST_CHAT_CALL_ENDING && count (taken, GST_CHAT_CALL_EFFECT_CLOSE))
    return "what is closed ends";
  if (from == GST_CHAT_CALL_ENDING && to != from && to != GST_CHAT_CALL_IDLE)
    return "after ending there is nothing but idle";
  if (in_call (from) && to == GST_CHAT_CALL_IDLE)
    return "a call ends before it is idle";
  if (from == GST_CHAT_CALL_ENDING && to == from
      && taken->event->type == GST_CHAT_CALL_EVENT_CLOSED
      && taken->event->generation == taken->before->generation)
    return "what is closed becomes idle";
  if (count (taken, GST_CHAT_CALL_EFFECT_VIOLATION)
      && to != GST_CHAT_CALL_ENDING)
    return "a violation ends the call";
  return NULL;
}

/* What must not touch a call. */
static const gchar *
broken_distance (const Taken * taken)
{
  const GstChatCall *before = taken->before;
  const GstChatCallEvent *event = taken->event;
  gint64 due = gst_chat_call_next_timer (before);
  gint64 next = gst_chat_call_next_timer (taken->after);

  if (is_completion (event->type) && event->generation != before->generation
      && !is_unchanged (taken))
    return "what an older connection says changes nothing";
  if (is_of_peer (event->type) && in_call (before->state)
      && event->relation != GST_CHAT_CALL_FROM_REMOTE && !before->remote_gone
      && !is_unchanged (taken))
    return "a stranger changes nothing of a call";
  if (event->type != GST_CHAT_CALL_EVENT_TIMER)
    return NULL;
  if ((due == 0 || taken->now < due) && !is_unchanged (taken))
    return "a timer that is not due changes nothing";
  if (due != 0 && taken->now >= due && next != 0 && next <= taken->now)
    return "a timer that was due is not due again at once";
  return NULL;
}

const gchar *
call_rule_broken (const GstChatCall * before, const GstChatCallEvent * event,
    gint64 now, const GstChatCall * after, const GstChatCallEffects * effects)
{
  Taken taken = { before, after, event, now, effects };
  const gchar *rule = broken_effects (&taken);

  if (rule == NULL)
    rule = broken_state (after, now);
  if (rule == NULL)
    rule = broken_way (&taken);
  if (rule == NULL)
    rule = broken_distance (&taken);
  return rule;
}
