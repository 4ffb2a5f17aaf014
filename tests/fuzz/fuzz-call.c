/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The call under any sequence of events. The first byte says how: one call with
 * events whose every field the input chooses, possible or not; or two calls with
 * a relay between them, where the input chooses what happens next, and which in
 * the end come to an agreement. Of each step the rules of callrules.c hold. */
#include "fuzz.h"

#include "callrules.h"

#include <string.h>

#define QUEUE 64
#define NOBODY 0
#define MAX_MOVES 4000
/* Longer than any run takes that comes to an end. */
#define MAX_FAIR_MOVES 20000

typedef struct
{
  const guint8 *data;
  gsize len;
} Input;

static guint8
take (Input * input)
{
  if (input->len == 0)
    return 0;
  input->len--;
  return *input->data++;
}

static void
step (GstChatCall * call, const GstChatCallEvent * event, gint64 now,
    GstChatCallEffects * effects)
{
  GstChatCall before = *call, again = *call;
  GstChatCallEffects same;

  /* What is not written is seen. */
  memset (effects, 0xa5, sizeof *effects);
  gst_chat_call_step (call, event, now, effects);
  const gchar *rule = call_rule_broken (&before, event, now, call, effects);
  if (rule != NULL) {
    g_printerr ("%s in %s as %s\n", gst_chat_call_event_name (event->type),
        gst_chat_call_state_name (before.state),
        gst_chat_call_role_name (before.role));
    fuzz_fail (rule);
  }
  memset (&same, 0xa5, sizeof same);
  gst_chat_call_step (&again, event, now, &same);
  fuzz_assert (memcmp (&again, call, sizeof again) == 0
      && memcmp (&same, effects, sizeof same) == 0);
}

/* --- one call, and events that nobody promises to be possible --- */

static gint64
later (const GstChatCall * call, gint64 now, guint8 how)
{
  gint64 due = gst_chat_call_next_timer (call);

  if (how & 0x80)
    return MAX (now, due);
  if (how & 0x40)
    return MAX (now, due - 1);
  return now + (G_GINT64_CONSTANT (1) << (how % 27));
}

/* Half a minute of nothing but its timers ends whatever has not connected. */
static void
wait_for_the_end (GstChatCall * call, gint64 now)
{
  GstChatCallEvent timer = {.type = GST_CHAT_CALL_EVENT_TIMER };

  for (guint i = 0; gst_chat_call_next_timer (call) != 0; i++) {
    GstChatCallEffects effects;
    fuzz_assert (i < 100);
    now = MAX (now, gst_chat_call_next_timer (call));
    step (call, &timer, now, &effects);
  }
  fuzz_assert (call->state == GST_CHAT_CALL_IDLE
      || call->state == GST_CHAT_CALL_CONNECTED);
}

static void
one_call (Input * input, guint8 how)
{
  GstChatCall call;
  gint64 now = 1;

  gst_chat_call_init (&call, (how >> 1) % 3);
  call.resume_patience = how >> 3 & 1 ? 20 * G_USEC_PER_SEC : 0;
  for (guint i = 0; input->len > 0 && i < MAX_MOVES; i++) {
    guint8 type = take (input), fields = take (input), more = take (input);
    GstChatCallEvent event = {
      .type = type % (GST_CHAT_CALL_EVENT_TIMER + 1),
      .relation = (fields & 3) % 3,
      .change = (fields >> 2 & 7) % 5,
      .chat = fields >> 5 & 1,
      .own_id_lower = fields >> 6 & 1,
      .candidates = fields >> 7 & 1,
      .reason = (more & 15) % (GST_CHAT_CALL_REASON_FAILED + 1),
      .empty = more >> 4 & 1,
      .relay = more >> 5 & 1,
      .lost = more >> 5 & 1,
      /* That of now, mostly, or one of a connection before. */
      .generation = call.generation - (more >> 6 == 3),
    };
    GstChatCallEffects effects;

    if (type & 0x80)
      now = later (&call, now, take (input));
    if (type & 0x40)
      call.accept = take (input) % 3;
    step (&call, &event, now, &effects);
  }
  wait_for_the_end (&call, now);
}

/* --- two calls with a relay between them --- */

typedef struct
{
  guint8 type;                  /* GstChatCallEventType */
  guint8 reason;
  guint from;                   /* id */
  guint session;                /* 0: a base peer's */
  guint tag;                    /* of the sender's connection */
} Message;

/* What the driver of a call holds, and what stands for webrtcbin. */
typedef struct
{
  GstChatCall call;
  Message held;
  guint id, remote_id;
  guint session, last_session;
  guint tag, remote_tag;        /* of our connection, and the one it talks to */
  GstChatCallEventType making;  /* LOCAL_OFFER, LOCAL_ANSWER or nothing */
  guint making_generation;
  gboolean closing;
  guint closing_generation;
  gboolean asked;
  Message queue[QUEUE];
  guint n_queue;
} End;

#define NOTHING GST_CHAT_CALL_EVENT_CALL        /* nobody makes that */

typedef struct
{
  End end[2];
  gint64 now;
  guint names;                  /* given out so far */
  gboolean relay, chat;
} World;

static void step_end (World * world, guint self,
    const GstChatCallEvent * event, const Message * message);

static void
send_to (World * world, guint self, guint to, GstChatCallEventType type,
    guint session, guint8 reason)
{
  End *end = &world->end[self], *other = &world->end[!self];

  /* The relay drops what is addressed to nobody. */
  if (!end->call.online || !other->call.online || other->id != to)
    return;
  fuzz_assert (other->n_queue < QUEUE);
  other->queue[other->n_queue++] = (Message) {
  type, reason, end->id, world->chat ? session : 0, end->tag};
}

/* As in the driver. */
static GstChatCallRelation
relation_of (const End * end, const Message * message)
{
  gboolean in_call = end->call.state != GST_CHAT_CALL_IDLE
      && end->call.state != GST_CHAT_CALL_ENDING;
  guint session = message->session;

  if (in_call && session != 0 && session == end->session)
    return GST_CHAT_CALL_FROM_REMOTE;
  if (!in_call && session != 0 && session == end->last_session)
    return GST_CHAT_CALL_FROM_PAST;
  if (message->from != end->remote_id)
    return GST_CHAT_CALL_FROM_OTHER;
  if (message->type != GST_CHAT_CALL_EVENT_OFFER && session != 0
      && end->session != 0)
    return GST_CHAT_CALL_FROM_PAST;
  return GST_CHAT_CALL_FROM_REMOTE;
}

static void
deliver (World * world, guint self, const Message * message)
{
  End *end = &world->end[self];
  GstChatCallEvent event = {
    .type = message->type,
    .relation = relation_of (end, message),
    .chat = message->session != 0,
    .candidates = TRUE,
    .own_id_lower = end->id < message->from,
    .reason = message->reason,
    .change = end->tag == 0 || end->remote_tag == 0 ? GST_CHAT_CALL_OFFER_FIRST
        : end->remote_tag == message->tag ? GST_CHAT_CALL_OFFER_SAME
        : GST_CHAT_CALL_OFFER_TRANSPORT,
  };

  if (event.relation == GST_CHAT_CALL_FROM_REMOTE)
    end->remote_id = message->from;
  step_end (world, self, &event, message);
}

/* What is said to the remote. */
static const struct
{
  GstChatCallEffectType effect;
  GstChatCallEventType event;
} words[] = {
  {GST_CHAT_CALL_EFFECT_SEND_OFFER, GST_CHAT_CALL_EVENT_OFFER},
  {GST_CHAT_CALL_EFFECT_REPEAT_OFFER, GST_CHAT_CALL_EVENT_OFFER},
  {GST_CHAT_CALL_EFFECT_SEND_ANSWER, GST_CHAT_CALL_EVENT_ANSWER},
  {GST_CHAT_CALL_EFFECT_SEND_RINGING, GST_CHAT_CALL_EVENT_REMOTE_RINGING},
  {GST_CHAT_CALL_EFFECT_SEND_DECLINE, GST_CHAT_CALL_EVENT_REMOTE_DECLINE},
  {GST_CHAT_CALL_EFFECT_SEND_CANCEL, GST_CHAT_CALL_EVENT_REMOTE_CANCEL},
  {GST_CHAT_CALL_EFFECT_SEND_HANG_UP, GST_CHAT_CALL_EVENT_REMOTE_HANG_UP},
};

static void
make (End * end, GstChatCallEventType what)
{
  end->making = what;
  end->making_generation = end->call.generation;
}

static void
entered (End * end, GstChatCallState state)
{
  if (state != GST_CHAT_CALL_RINGING)
    end->asked = FALSE;
  if (state == GST_CHAT_CALL_ENDING)
    end->last_session = end->session;
  if (state == GST_CHAT_CALL_IDLE) {
    end->remote_id = NOBODY;
    end->session = 0;
    end->closing = FALSE;
  }
}

/* The connection, which no word is said about. */
static void
run_on_connection (World * world, End * end, GstChatCallEffectType effect,
    const Message * message)
{
  if (effect == GST_CHAT_CALL_EFFECT_OPEN) {
    end->tag = ++world->names;
    end->remote_tag = 0;
    end->making = NOTHING;
  } else if (effect == GST_CHAT_CALL_EFFECT_CLOSE) {
    end->tag = end->remote_tag = 0;
    end->making = NOTHING;
    end->closing = TRUE;
    end->closing_generation = end->call.generation;
  } else if (effect == GST_CHAT_CALL_EFFECT_CREATE_OFFER) {
    make (end, GST_CHAT_CALL_EVENT_LOCAL_OFFER);
  } else if (effect == GST_CHAT_CALL_EFFECT_APPLY_OFFER) {
    end->remote_tag = message->tag;
    make (end, GST_CHAT_CALL_EVENT_LOCAL_ANSWER);
  } else if (effect == GST_CHAT_CALL_EFFECT_APPLY_HELD) {
    end->remote_tag = end->held.tag;
    make (end, GST_CHAT_CALL_EVENT_LOCAL_ANSWER);
  } else if (effect == GST_CHAT_CALL_EFFECT_APPLY_ANSWER) {
    if (end->remote_tag == 0)
      end->remote_tag = message->tag;
  }
}

static void
run_effect (World * world, guint self, const GstChatCallEffect * effect,
    const Message * message)
{
  End *end = &world->end[self];

  for (guint i = 0; i < G_N_ELEMENTS (words); i++) {
    if (words[i].effect == effect->type)
      send_to (world, self, end->remote_id, words[i].event, end->session,
          effect->reason);
  }
  run_on_connection (world, end, effect->type, message);
  if (effect->type == GST_CHAT_CALL_EFFECT_ADOPT) {
    end->remote_id = message ? message->from : world->end[!self].id;
    end->session = message ? message->session :
        world->chat ? ++world->names : 0;
  } else if (effect->type == GST_CHAT_CALL_EFFECT_REJECT) {
    send_to (world, self, message->from,
        message->type == GST_CHAT_CALL_EVENT_OFFER ?
        GST_CHAT_CALL_EVENT_REMOTE_DECLINE : GST_CHAT_CALL_EVENT_REMOTE_HANG_UP,
        message->session, effect->reason);
  } else if (effect->type == GST_CHAT_CALL_EFFECT_HOLD) {
    end->held = *message;
  } else if (effect->type == GST_CHAT_CALL_EFFECT_ASK) {
    end->asked = TRUE;
  } else if (effect->type == GST_CHAT_CALL_EFFECT_NOTIFY) {
    entered (end, effect->state);
  }
}

static void
step_end (World * world, guint self, const GstChatCallEvent * event,
    const Message * message)
{
  End *end = &world->end[self];
  const End *other = &world->end[!self];
  GstChatCallEffects effects;
  gboolean replay = FALSE;

  step (&end->call, event, world->now, &effects);
  for (guint i = 0; i < effects.n; i++) {
    replay |= effects.effect[i].type == GST_CHAT_CALL_EFFECT_REPLAY;
    run_effect (world, self, &effects.effect[i], message);
  }
  fuzz_assert (end->session == 0 || end->session != other->session
      || end->call.role != GST_CHAT_CALL_ROLE_CALLER
      || other->call.role != GST_CHAT_CALL_ROLE_CALLER);
  if (replay) {
    Message held = end->held;
    deliver (world, self, &held);
  }
}

static void
local (World * world, guint self, GstChatCallEventType type, guint generation)
{
  GstChatCallEvent event = {
    .type = type,
    .generation = generation,
    .relay = world->relay,
  };

  step_end (world, self, &event, NULL);
}

static void
on_connection (World * world, guint self, GstChatCallEventType type)
{
  if (world->end[self].tag != 0)
    local (world, self, type, world->end[self].call.generation);
}

static void
go_online (World * world, guint self)
{
  world->end[self].id = ++world->names;
  local (world, self, GST_CHAT_CALL_EVENT_ONLINE, 0);
  local (world, self, GST_CHAT_CALL_EVENT_SERVER_INFO, 0);
}

static void
go_offline (World * world, guint self)
{
  End *end = &world->end[self];

  end->n_queue = 0;
  if (world->end[!self].call.online)
    send_to (world, self, world->end[!self].id,
        GST_CHAT_CALL_EVENT_REMOTE_GONE, 0, 0);
  end->id = NOBODY;
  local (world, self, GST_CHAT_CALL_EVENT_OFFLINE, 0);
}

static gboolean
linked (const World * world)
{
  const End *a = &world->end[0], *b = &world->end[1];

  return a->tag != 0 && b->tag != 0 && a->remote_tag == b->tag
      && b->remote_tag == a->tag;
}

/* FALSE: there was nothing. */
static gboolean
get_message (World * world, guint self, gboolean twice)
{
  End *end = &world->end[self];

  if (end->n_queue == 0)
    return FALSE;
  Message message = end->queue[0];
  if (!twice) {
    end->n_queue--;
    memmove (end->queue, end->queue + 1, end->n_queue * sizeof (Message));
  }
  deliver (world, self, &message);
  return TRUE;
}

static gboolean
has_made (World * world, guint self)
{
  End *end = &world->end[self];
  GstChatCallEventType made = end->making;

  if (made == NOTHING)
    return FALSE;
  end->making = NOTHING;
  local (world, self, made, end->making_generation);
  return TRUE;
}

static gboolean
has_closed (World * world, guint self)
{
  if (!world->end[self].closing)
    return FALSE;
  world->end[self].closing = FALSE;
  local (world, self, GST_CHAT_CALL_EVENT_CLOSED,
      world->end[self].closing_generation);
  return TRUE;
}

/* What the media says; FALSE: nothing new. */
static gboolean
has_link (World * world, guint self, gboolean in_due_form)
{
  GstChatCallState state = world->end[self].call.state;

  if (state == GST_CHAT_CALL_CONNECTING && linked (world))
    on_connection (world, self, GST_CHAT_CALL_EVENT_LINK_UP);
  else if (state == GST_CHAT_CALL_CONNECTED && !linked (world))
    on_connection (world, self, in_due_form ?
        GST_CHAT_CALL_EVENT_LINK_CLOSED : GST_CHAT_CALL_EVENT_SILENT);
  else
    return FALSE;
  return TRUE;
}

static gboolean
is_due (World * world, guint self)
{
  gint64 due = gst_chat_call_next_timer (&world->end[self].call);

  if (due == 0)
    return FALSE;
  world->now = MAX (world->now, due);
  local (world, self, GST_CHAT_CALL_EVENT_TIMER, 0);
  return TRUE;
}

/* What nobody does: it happens by itself, or goes wrong by itself. */
static void
trouble (World * world, guint self, guint what)
{
  switch (what) {
    case 0:
      on_connection (world, self, GST_CHAT_CALL_EVENT_FAILED);
      return;
    case 1:
      on_connection (world, self, GST_CHAT_CALL_EVENT_LINK_DOWN);
      return;
    case 2:
      on_connection (world, self, GST_CHAT_CALL_EVENT_CANDIDATES);
      return;
    case 3:
      get_message (world, self, TRUE);
      return;
    case 4:
      if (world->end[self].call.online)
        go_offline (world, self);
      else
        go_online (world, self);
      return;
    case 5:
      local (world, self, GST_CHAT_CALL_EVENT_SERVER_INFO, 0);
      return;
  }
}

static void
user (World * world, guint self, guint what)
{
  switch (what) {
    case 0:
      if (world->end[!self].call.online)
        local (world, self, GST_CHAT_CALL_EVENT_CALL, 0);
      return;
    case 1:
      local (world, self, GST_CHAT_CALL_EVENT_HANG_UP, 0);
      return;
    case 2:
      if (world->end[self].asked)
        local (world, self, GST_CHAT_CALL_EVENT_ACCEPT, 0);
      return;
    case 3:
      if (world->end[self].asked)
        local (world, self, GST_CHAT_CALL_EVENT_DECLINE, 0);
      return;
  }
}

static void
move (World * world, guint self, guint8 what)
{
  switch (what % 16) {
    case 0:
    case 1:
    case 2:
    case 3:
      user (world, self, what % 16);
      return;
    case 4:
      world->now += G_GINT64_CONSTANT (1) << (what / 16 * 2);
      return;
    case 5:
      is_due (world, self);
      return;
    case 6:
    case 7:
      has_made (world, self);
      return;
    case 8:
      has_closed (world, self);
      return;
    case 9:
      has_link (world, self, what & 16);
      return;
    case 10:
      trouble (world, self, what / 16 % 6);
      return;
    default:
      get_message (world, self, FALSE);
      return;
  }
}

/* Without new wishes and new trouble, until nothing more happens. */
static void
come_to_an_end (World * world)
{
  gboolean any = TRUE;

  for (guint i = 0; any; i++) {
    fuzz_assert (i < MAX_FAIR_MOVES);
    any = FALSE;
    for (guint e = 0; e < 2 && !any; e++) {
      any = get_message (world, e, FALSE) || has_made (world, e)
          || has_closed (world, e) || has_link (world, e, i & 1);
      if (!any && !world->end[e].call.online) {
        go_online (world, e);
        any = TRUE;
      }
    }
    if (!any) {
      gint64 a = gst_chat_call_next_timer (&world->end[0].call);
      gint64 b = gst_chat_call_next_timer (&world->end[1].call);
      any = is_due (world, a == 0 || (b != 0 && b < a));
    }
  }
}

static void
two_calls (Input * input, guint8 how)
{
  World world = {.relay = how >> 3 & 1,.chat = how >> 4 & 1,.now = 1 };
  const End *a = &world.end[0], *b = &world.end[1];

  for (guint e = 0; e < 2; e++) {
    gst_chat_call_init (&world.end[e].call, how >> (5 + e) & 1 ?
        GST_CHAT_CALL_ACCEPT_ASK : GST_CHAT_CALL_ACCEPT_ALL);
    world.end[e].making = NOTHING;
    go_online (&world, e);
  }
  for (guint i = 0; input->len > 0 && i < MAX_MOVES; i++) {
    guint8 byte = take (input);
    /* Nobody's messages heap up while the other one talks on. */
    for (guint e = 0; e < 2; e++)
      while (world.end[e].n_queue > QUEUE / 2)
        get_message (&world, e, FALSE);
    move (&world, byte & 1, byte >> 1);
  }
  come_to_an_end (&world);
  gboolean idle = a->call.state == GST_CHAT_CALL_IDLE
      && b->call.state == GST_CHAT_CALL_IDLE;
  gboolean connected = a->call.state == GST_CHAT_CALL_CONNECTED
      && b->call.state == GST_CHAT_CALL_CONNECTED && linked (&world);
  if (!idle && !connected) {
    g_printerr ("%s and %s, %s\n", gst_chat_call_state_name (a->call.state),
        gst_chat_call_state_name (b->call.state),
        linked (&world) ? "linked" : "not linked");
    fuzz_fail ("nothing more happens, and the ends do not agree");
  }
  fuzz_assert (!connected || (a->call.role != b->call.role
          && a->session == b->session));
}

int
LLVMFuzzerTestOneInput (const guint8 * data, gsize size)
{
  Input input = { data, size };
  guint8 how = take (&input);

  if (how & 1)
    two_calls (&input, how);
  else
    one_call (&input, how);
  return 0;
}

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  return 0;
}
