/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Every run of two calls with a relay between them, breadth first: users that
 * call and hang up at any moment, crossing calls, a third one that calls, doubled
 * messages, a server connection that is lost, a connection that fails, a network
 * that changes under a call, timers that fire early or late. It is the shipped
 * state machine that runs.
 *
 * Checked of every step: the rules of callrules.c. Checked in every state: never
 * two offerers for a session that begins; two connected ends have the same session
 * and opposite roles. Checked of the whole graph:
 * without new wishes of the users every run comes to its end, and there both
 * ends are connected to each other, or both are idle. */
#include "chatcall.h"
#include "callrules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QUEUE 16
#define NOBODY 0
#define STRANGER 200
/* A model that shrinks unseen proves less. Who makes it smaller on purpose says
 * so here. */
#define LEAST_STATES 2100000
/* µs; of a call that is made anew. Too short for a second try where timers fire
 * at any time, or there would be no end of offers under way. */
#define PATIENCE 20000000
#define HURRIED_PATIENCE 1000000

typedef struct
{
  guint8 type;                  /* GstChatCallEventType */
  guint8 from;                  /* id */
  guint8 session;               /* 0: a base peer's */
  guint8 tag;                   /* of the sender's connection */
  guint8 about;                 /* the connection whose offer is answered */
  guint8 seq;                   /* of an offer in its session; of a base peer 0 */
  guint8 reason;
} Message;

/* What the driver of a call holds, and what stands for webrtcbin. */
typedef struct
{
  GstChatCall call;
  Message held;
  guint8 id;
  guint8 remote_id;
  guint8 session;
  guint8 last_session;
  guint8 tag;                   /* of our connection, 0: none */
  guint8 remote_tag;            /* of the connection that ours talks to */
  guint8 making;                /* CREATE_OFFER or APPLY_OFFER is under way */
  guint8 closing;
  guint8 asked;
  guint8 calls, hang_ups;       /* what the user may still do */
  guint8 losses;
  guint8 cut;                   /* nothing gets through this connection */
  guint8 seq, remote_seq;       /* of the last offers */
} End;

typedef struct
{
  End end[2];
  Message queue[2][QUEUE];      /* to end 0 and 1 */
  guint8 n_queue[2];
  guint8 next_id;
  guint8 doublings;
  guint8 failures;
  guint8 late_candidates;
  guint8 cuts;
  guint8 strangers;
  guint8 relay;
  guint8 chat;
  guint8 hurried;               /* timers fire at any time, not only when nothing else happens */
  guint8 keeps_ids;             /* who comes back has the id that it had */
  guint8 must_connect;          /* nothing goes wrong: who calls is connected in the end */
} World;

enum
{ OFFER_MADE = 1, ANSWER_MADE };

typedef struct
{
  guint64 a, b;
} Key;

static GArray *parents;         /* guint32 */
static GArray *moves;           /* const gchar * */
static GArray *edges;           /* guint32 pairs: moves that need no user */
static GHashTable *known;
static GQueue frontier = G_QUEUE_INIT;
static guint64 n_all_states;
static guint64 n_transitions, n_connected, n_idle;
static guint8 seen_effect[GST_CHAT_CALL_EFFECT_VIOLATION + 1];

/* Names are all that sessions and connections have; two worlds that differ in
 * the names alone are one. */
static void
rename_one (guint8 * name, guint8 names[256], guint8 * n_names)
{
  if (*name == 0)
    return;
  if (names[*name] == 0)
    names[*name] = ++*n_names;
  *name = names[*name];
}

static void
rename_all (World * world)
{
  guint8 tags[256] = { 0, }, sessions[256] = { 0, };
  guint8 n_tags = 0, n_sessions = 0;

  for (guint e = 0; e < 2; e++) {
    End *end = &world->end[e];

    end->call.generation = 0;   /* stale completions are test-call's */
    rename_one (&end->tag, tags, &n_tags);
    rename_one (&end->remote_tag, tags, &n_tags);
    rename_one (&end->held.tag, tags, &n_tags);
    rename_one (&end->held.about, tags, &n_tags);
    rename_one (&end->session, sessions, &n_sessions);
    rename_one (&end->last_session, sessions, &n_sessions);
    rename_one (&end->held.session, sessions, &n_sessions);
    for (guint i = 0; i < world->n_queue[e]; i++) {
      rename_one (&world->queue[e][i].tag, tags, &n_tags);
      rename_one (&world->queue[e][i].about, tags, &n_tags);
      rename_one (&world->queue[e][i].session, sessions, &n_sessions);
    }
  }
}

/* Names that are free in a renamed world. */
static guint8
new_tag (const World * world)
{
  guint8 max = 0;

  for (guint e = 0; e < 2; e++) {
    max = MAX (max, world->end[e].tag);
    max = MAX (max, world->end[e].remote_tag);
    max = MAX (max, world->end[e].held.tag);
    for (guint i = 0; i < world->n_queue[e]; i++)
      max = MAX (max, MAX (world->queue[e][i].tag, world->queue[e][i].about));
  }
  return max + 1;
}

static guint8
new_session (const World * world)
{
  guint8 max = 0;

  for (guint e = 0; e < 2; e++) {
    max = MAX (max, world->end[e].session);
    max = MAX (max, world->end[e].last_session);
    max = MAX (max, world->end[e].held.session);
    for (guint i = 0; i < world->n_queue[e]; i++)
      max = MAX (max, world->queue[e][i].session);
  }
  return max + 1;
}

static Key
key_of (const World * world)
{
  const guint8 *bytes = (const guint8 *) world;
  Key key = { 14695981039346656037u, 1099511628211u };

  for (gsize i = 0; i < sizeof *world; i++) {
    key.a = (key.a ^ bytes[i]) * 1099511628211u;
    key.b = (key.b + bytes[i] + 1) * 6364136223846793005u;
    key.b ^= key.b >> 29;
  }
  return key;
}

static guint
key_hash (gconstpointer key)
{
  return (guint) ((const Key *) key)->b;
}

static gboolean
key_equal (gconstpointer x, gconstpointer y)
{
  return memcmp (x, y, sizeof (Key)) == 0;
}

static void
print_end (const End * end)
{
  printf ("  id %u %s %s session %u remote %u tag %u -> %u%s%s\n", end->id,
      gst_chat_call_role_name (end->call.role),
      gst_chat_call_state_name (end->call.state), end->session,
      end->remote_id, end->tag, end->remote_tag,
      end->call.online ? "" : " offline", end->closing ? " closing" : "");
}

static void
fail (const World * world, guint32 state, const gchar * what)
{
  g_autoptr (GPtrArray) path = g_ptr_array_new ();

  for (guint32 s = state; s != G_MAXUINT32;
      s = g_array_index (parents, guint32, s))
    g_ptr_array_add (path, (gpointer) g_array_index (moves, const gchar *, s));
  printf ("FAIL: %s\n", what);
  for (guint i = path->len; i > 0; i--)
    printf ("  %s\n", (const gchar *) path->pdata[i - 1]);
  if (world != NULL) {
    print_end (&world->end[0]);
    print_end (&world->end[1]);
  }
  exit (1);
}

static void
post (World * world, guint to, Message message)
{
  if (!world->end[!to].call.online)
    return;
  if (world->n_queue[to] == QUEUE) {
    printf ("FAIL: a queue grows without bound\n");
    exit (1);
  }
  world->queue[to][world->n_queue[to]++] = message;
}

static void
send_to (World * world, guint self, guint8 to_id, GstChatCallEventType type,
    guint8 session, guint8 reason)
{
  End *end = &world->end[self];

  /* The relay drops what is addressed to nobody. */
  if (world->end[!self].id != to_id || !world->end[!self].call.online)
    return;
  post (world, !self, (Message) {
      type, end->id, world->chat ? session : 0, end->tag,
        type == GST_CHAT_CALL_EVENT_ANSWER ? end->remote_tag : 0,
        type == GST_CHAT_CALL_EVENT_OFFER && world->chat ? end->seq : 0, reason}
  );
}

static void step_end (World * world, guint self,
    const GstChatCallEvent * event, const Message * message, gint64 now);

static void
deliver (World * world, guint self, const Message * message)
{
  End *end = &world->end[self];
  GstChatCallEvent event = {
    .type = message->type,
    .chat = message->session != 0,
    .candidates = TRUE,
    .own_id_lower = end->id < message->from,
    .reason = message->reason,
    .lost = world->keeps_ids,
  };

  if (end->tag == 0 || end->remote_tag == 0)
    event.change = GST_CHAT_CALL_OFFER_FIRST;
  else if (end->remote_tag == message->tag)
    event.change = GST_CHAT_CALL_OFFER_SAME;
  else
    event.change = GST_CHAT_CALL_OFFER_TRANSPORT;
  gboolean in_call = end->call.state != GST_CHAT_CALL_IDLE
      && end->call.state != GST_CHAT_CALL_ENDING;

  if (in_call && message->session != 0 && message->session == end->session) {
    /* The driver knows by the number that the answer repeats. */
    gboolean past = (message->about != 0 && message->about != end->tag)
        || (message->seq != 0 && message->seq <= end->remote_seq
        && event.change != GST_CHAT_CALL_OFFER_SAME);
    event.relation = past ? GST_CHAT_CALL_FROM_PAST : GST_CHAT_CALL_FROM_REMOTE;
    end->remote_id = message->from;
  } else if (!in_call && message->session != 0
      && message->session == end->last_session) {
    event.relation = GST_CHAT_CALL_FROM_PAST;
  } else if (message->from != end->remote_id) {
    event.relation = GST_CHAT_CALL_FROM_OTHER;
  } else if (message->type != GST_CHAT_CALL_EVENT_OFFER
      && message->session != 0 && end->session != 0) {
    event.relation = GST_CHAT_CALL_FROM_PAST;
  } else {
    event.relation = GST_CHAT_CALL_FROM_REMOTE;
  }
  step_end (world, self, &event, message, 0);
}

static void
run_effect (World * world, guint self, const GstChatCallEffect * effect,
    const Message * message, gboolean * replay)
{
  End *end = &world->end[self];

  seen_effect[effect->type] = 1;
  switch (effect->type) {
    case GST_CHAT_CALL_EFFECT_ADOPT:
      if (message != NULL) {
        if (message->session == 0 || message->session != end->session)
          end->seq = 0;
        end->remote_seq = 0;
        end->remote_id = message->from;
        end->session = message->session;
      } else {
        end->seq = end->remote_seq = 0;
        end->remote_id = world->end[!self].id;
        end->session = world->chat ? new_session (world) : 0;
      }
      return;
    case GST_CHAT_CALL_EFFECT_OPEN:
      end->tag = new_tag (world);
      end->remote_tag = 0;
      end->cut = 0;
      end->making = 0;
      return;
    case GST_CHAT_CALL_EFFECT_CLOSE:
      end->tag = 0;
      end->remote_tag = 0;
      end->making = 0;
      end->closing = 1;
      return;
    case GST_CHAT_CALL_EFFECT_CREATE_OFFER:
      end->making = OFFER_MADE;
      end->seq++;
      return;
    case GST_CHAT_CALL_EFFECT_SEND_OFFER:
    case GST_CHAT_CALL_EFFECT_REPEAT_OFFER:
      send_to (world, self, end->remote_id, GST_CHAT_CALL_EVENT_OFFER,
          end->session, 0);
      return;
    case GST_CHAT_CALL_EFFECT_APPLY_OFFER:
      end->remote_tag = message->tag;
      end->remote_seq = message->seq;
      end->making = ANSWER_MADE;
      return;
    case GST_CHAT_CALL_EFFECT_APPLY_HELD:
      end->remote_tag = end->held.tag;
      end->remote_seq = end->held.seq;
      end->making = ANSWER_MADE;
      return;
    case GST_CHAT_CALL_EFFECT_SEND_ANSWER:
      send_to (world, self, end->remote_id, GST_CHAT_CALL_EVENT_ANSWER,
          end->session, 0);
      return;
    case GST_CHAT_CALL_EFFECT_APPLY_ANSWER:
      if (end->remote_tag == 0)
        end->remote_tag = message->tag;
      return;
    case GST_CHAT_CALL_EFFECT_HOLD:
      end->held = *message;
      return;
    case GST_CHAT_CALL_EFFECT_REPLAY:
      *replay = TRUE;
      return;
    case GST_CHAT_CALL_EFFECT_SEND_RINGING:
      send_to (world, self, end->remote_id,
          GST_CHAT_CALL_EVENT_REMOTE_RINGING, end->session, 0);
      return;
    case GST_CHAT_CALL_EFFECT_SEND_DECLINE:
      send_to (world, self, end->remote_id,
          GST_CHAT_CALL_EVENT_REMOTE_DECLINE, end->session, effect->reason);
      return;
    case GST_CHAT_CALL_EFFECT_SEND_CANCEL:
      send_to (world, self, end->remote_id,
          GST_CHAT_CALL_EVENT_REMOTE_CANCEL, end->session, 0);
      return;
    case GST_CHAT_CALL_EFFECT_SEND_HANG_UP:
      send_to (world, self, end->remote_id,
          GST_CHAT_CALL_EVENT_REMOTE_HANG_UP, end->session, effect->reason);
      return;
    case GST_CHAT_CALL_EFFECT_REJECT:
      send_to (world, self, message->from,
          message->type == GST_CHAT_CALL_EVENT_OFFER ?
          GST_CHAT_CALL_EVENT_REMOTE_DECLINE :
          GST_CHAT_CALL_EVENT_REMOTE_HANG_UP, message->session, effect->reason);
      return;
    case GST_CHAT_CALL_EFFECT_ASK:
      end->asked = 1;
      return;
    case GST_CHAT_CALL_EFFECT_NOTIFY:
      if (effect->state == GST_CHAT_CALL_ENDING) {
        end->last_session = end->session;
        end->asked = 0;
      } else if (effect->state == GST_CHAT_CALL_IDLE) {
        end->remote_id = NOBODY;
        end->session = 0;
        end->seq = end->remote_seq = 0;
        end->closing = 0;
      } else if (effect->state == GST_CHAT_CALL_CONNECTING) {
        end->asked = 0;
      }
      return;
    case GST_CHAT_CALL_EFFECT_ADD_CANDIDATE:
    case GST_CHAT_CALL_EFFECT_REFUSE:
    case GST_CHAT_CALL_EFFECT_IGNORE:
    case GST_CHAT_CALL_EFFECT_VIOLATION:
      return;
  }
}

static gint64
earlier (gint64 time, gint64 now)
{
  return time > 0 ? time - now : 0;
}

static void
step_end (World * world, guint self, const GstChatCallEvent * event,
    const Message * message, gint64 now)
{
  End *end = &world->end[self];
  GstChatCall before = end->call;
  GstChatCallEffects effects;
  gboolean replay = FALSE;

  gst_chat_call_step (&end->call, event, now, &effects);
  const gchar *rule = call_rule_broken (&before, event, now, &end->call,
      &effects);
  if (rule != NULL) {
    printf ("FAIL: after %s in %s it is not so that %s\n",
        gst_chat_call_event_name (event->type),
        gst_chat_call_state_name (before.state), rule);
    exit (1);
  }
  for (guint i = 0; i < effects.n; i++)
    run_effect (world, self, &effects.effect[i], message, &replay);
  /* Only what is left to wait matters, or there would be no end of states. */
  end->call.deadline = earlier (end->call.deadline, now);
  end->call.round_at = earlier (end->call.round_at, now);
  end->call.round_sent = end->call.round_open || end->call.resuming ?
      MAX (end->call.round_sent - now, -6000000) : 0;
  if (!end->call.held && !replay)
    memset (&end->held, 0, sizeof end->held);
  if (replay) {
    Message held = end->held;

    memset (&end->held, 0, sizeof end->held);
    deliver (world, self, &held);
  }
}

static void
local (World * world, guint self, GstChatCallEventType type)
{
  GstChatCallEvent event = {
    .type = type,
    .generation = world->end[self].call.generation,
    .relay = world->relay,
  };

  step_end (world, self, &event, NULL, 0);
}

static gboolean
linked (const World * world)
{
  const End *a = &world->end[0], *b = &world->end[1];

  return a->tag != 0 && b->tag != 0 && a->remote_tag == b->tag
      && b->remote_tag == a->tag && !a->cut && !b->cut;
}

/* Who makes a call anew may cross the other one who does. */
static gboolean
is_offerer (const End * end)
{
  return end->call.role == GST_CHAT_CALL_ROLE_CALLER && !end->call.resuming
      && end->call.state != GST_CHAT_CALL_ENDING;
}

static guint32
visit (World * world, guint32 from, const gchar * move, gboolean no_user)
{
  rename_all (world);
  const End *a = &world->end[0], *b = &world->end[1];
  Key key = key_of (world);
  gpointer value;
  guint32 index;

  n_transitions++;
  if (g_hash_table_lookup_extended (known, &key, NULL, &value)) {
    index = GPOINTER_TO_UINT (value);
  } else {
    Key *stored = g_new (Key, 1);

    *stored = key;
    index = parents->len;
    g_array_append_val (parents, from);
    g_array_append_val (moves, move);
    g_hash_table_insert (known, stored, GUINT_TO_POINTER (index));
    World *copy = g_malloc (sizeof *copy);
    memcpy (copy, world, sizeof *copy);
    g_queue_push_tail (&frontier, copy);
    if (a->session != 0 && a->session == b->session && is_offerer (a)
        && is_offerer (b))
      fail (world, index, "two offerers for one session");
    if (a->call.state == GST_CHAT_CALL_CONNECTED
        && b->call.state == GST_CHAT_CALL_CONNECTED && linked (world)
        && (a->call.role == b->call.role || a->session != b->session))
      fail (world, index, "connected, but not in the same call");
  }
  if (no_user && from != G_MAXUINT32) {
    g_array_append_val (edges, from);
    g_array_append_val (edges, index);
  }
  return index;
}

#define MOVE(name, self, no_user, ...) \
  G_STMT_START { \
    World next; \
    memcpy (&next, world, sizeof next); \
    End *me = &next.end[self]; \
    (void) me; \
    __VA_ARGS__; \
    visit (&next, index, self ? "B " name : "A " name, no_user); \
    if (no_user) \
      n_fair++; \
  } G_STMT_END

static guint
expand_end (World * world, guint32 index, guint self)
{
  const End *end = &world->end[self];
  guint n_fair = 0;

  /* what happens by itself */
  if (world->n_queue[self] > 0) {
    MOVE ("gets a message", self, TRUE, Message m = next.queue[self][0];
        next.n_queue[self]--;
        memmove (next.queue[self], next.queue[self] + 1,
            (QUEUE - 1) * sizeof (Message));
        memset (&next.queue[self][QUEUE - 1], 0, sizeof (Message));
        deliver (&next, self, &m));
  }
  if (end->making == OFFER_MADE)
    MOVE ("has an offer", self, TRUE, me->making = 0;
      local (&next, self, GST_CHAT_CALL_EVENT_LOCAL_OFFER));
  if (end->making == ANSWER_MADE)
    MOVE ("has an answer", self, TRUE, me->making = 0;
      local (&next, self, GST_CHAT_CALL_EVENT_LOCAL_ANSWER));
  if (end->closing)
    MOVE ("has closed", self, TRUE, me->closing = 0;
      local (&next, self, GST_CHAT_CALL_EVENT_CLOSED));
  if (end->call.state == GST_CHAT_CALL_CONNECTING && linked (world))
    MOVE ("link up", self, TRUE,
        local (&next, self, GST_CHAT_CALL_EVENT_LINK_UP));
  if (end->call.state == GST_CHAT_CALL_CONNECTED && !linked (world)) {
    MOVE ("hears nothing", self, TRUE,
        local (&next, self, GST_CHAT_CALL_EVENT_SILENT));
    /* Nobody says good-bye to what is made anew. */
    if (!end->cut && !world->end[!self].cut && !world->end[!self].call.resuming)
      MOVE ("hears the end", self, TRUE,
          local (&next, self, GST_CHAT_CALL_EVENT_LINK_CLOSED));
  }
  if (!end->call.online)
    MOVE ("is online", self, TRUE,
        me->id = next.keeps_ids ? self + 1 : next.next_id++;
      local (&next, self, GST_CHAT_CALL_EVENT_ONLINE);
      local (&next, self, GST_CHAT_CALL_EVENT_SERVER_INFO));

  return n_fair;
}

static guint
expand_timer (World * world, guint32 index, guint self)
{
  guint n_fair = 0;

  if (gst_chat_call_next_timer (&world->end[self].call) > 0) {
    MOVE ("timer", self, TRUE, GstChatCallEvent event = {
          GST_CHAT_CALL_EVENT_TIMER
        };
        step_end (&next, self, &event, NULL,
            gst_chat_call_next_timer (&me->call)));
  }
  return n_fair;
}

/* Who then is gone. */
static void
third_one_calls (World * world, guint self)
{
  Message offer = {
    .type = GST_CHAT_CALL_EVENT_OFFER,
    .from = STRANGER,
    .session = world->chat ? new_session (world) : 0,
    .tag = new_tag (world),
    .seq = world->chat,
  };

  world->strangers--;
  deliver (world, self, &offer);
}

static void
expand_wishes (World * world, guint32 index, guint self)
{
  const End *end = &world->end[self];
  guint n_fair = 0;

  /* what users do */
  if (end->calls > 0 && end->call.state == GST_CHAT_CALL_IDLE)
    MOVE ("calls", self, FALSE, me->calls--;
      local (&next, self, GST_CHAT_CALL_EVENT_CALL));
  if (end->hang_ups > 0 && end->call.state != GST_CHAT_CALL_IDLE)
    MOVE ("hangs up", self, FALSE, me->hang_ups--;
      local (&next, self, GST_CHAT_CALL_EVENT_HANG_UP));
  if (end->asked) {
    MOVE ("accepts", self, FALSE, me->asked = 0;
        local (&next, self, GST_CHAT_CALL_EVENT_ACCEPT));
    MOVE ("declines", self, FALSE, me->asked = 0;
        local (&next, self, GST_CHAT_CALL_EVENT_DECLINE));
  }

  /* what goes wrong */
  if (world->doublings > 0 && world->n_queue[self] > 0) {
    MOVE ("gets a message that will come twice", self, FALSE, next.doublings--;
        Message m = next.queue[self][0];
        deliver (&next, self, &m));
  }
  if (world->failures > 0 && end->tag != 0)
    MOVE ("connection fails", self, FALSE, next.failures--;
      local (&next, self, GST_CHAT_CALL_EVENT_FAILED));
  if (world->cuts > 0 && end->call.state == GST_CHAT_CALL_CONNECTED)
    MOVE ("network changes", self, FALSE, next.cuts--; me->cut = 1);
  if (end->cut)
    MOVE ("sees that its network has changed", self, FALSE,
        local (&next, self, GST_CHAT_CALL_EVENT_NETWORK_CHANGED));
  if (world->strangers > 0)
    MOVE ("is called by a third one", self, FALSE,
        third_one_calls (&next, self));
  if (world->late_candidates > 0 && end->tag != 0)
    MOVE ("late candidates", self, FALSE, next.late_candidates--;
      local (&next, self, GST_CHAT_CALL_EVENT_CANDIDATES));
  if (end->losses > 0 && end->call.online) {
    MOVE ("loses the server", self, FALSE, me->losses--;
        memset (next.queue[self], 0, sizeof next.queue[self]);
        next.n_queue[self] = 0;
        Message gone = {
          .type = GST_CHAT_CALL_EVENT_REMOTE_GONE,.from = me->id
        };
        /* what it had sent is there already, or lost with the connection */
        post (&next, !self, gone);
        me->id = NOBODY; local (&next, self, GST_CHAT_CALL_EVENT_OFFLINE));
  }
  (void) n_fair;
}

static void
expand (World * world, guint32 index)
{
  const End *a = &world->end[0], *b = &world->end[1];
  guint n_fair = expand_end (world, index, 0) + expand_end (world, index, 1);

  if (n_fair == 0 || world->hurried)
    n_fair += expand_timer (world, index, 0) + expand_timer (world, index, 1);
  expand_wishes (world, index, 0);
  expand_wishes (world, index, 1);
  if (n_fair > 0)
    return;
  if (a->call.state == GST_CHAT_CALL_IDLE
      && b->call.state == GST_CHAT_CALL_IDLE) {
    n_idle++;
    if (world->must_connect && a->calls + b->calls < world->must_connect)
      fail (world, index, "a call came to nothing without a reason");
  } else if (a->call.state == GST_CHAT_CALL_CONNECTED
      && b->call.state == GST_CHAT_CALL_CONNECTED && linked (world)) {
    n_connected++;
  } else {
    fail (world, index, "nothing more happens, and the ends do not agree");
  }
}

/* Takes states without a way on away until none is left: what cannot be taken
 * away goes round for ever. */
static void
check_ends (void)
{
  guint n = parents->len;
  g_autofree guint32 *out = g_new0 (guint32, n);
  g_autofree guint32 *first = g_new0 (guint32, n + 1);
  g_autofree guint32 *back = g_new0 (guint32, edges->len / 2 + 1);
  g_autofree guint32 *todo = g_new0 (guint32, n);
  const guint32 *edge = (const guint32 *) (gpointer) edges->data;
  guint n_todo = 0, n_gone = 0;

  for (guint i = 0; i < edges->len; i += 2) {
    out[edge[i]]++;
    first[edge[i + 1] + 1]++;
  }
  for (guint i = 0; i < n; i++)
    first[i + 1] += first[i];
  g_autofree guint32 *fill = g_memdup2 (first, (n + 1) * sizeof (guint32));
  for (guint i = 0; i < edges->len; i += 2)
    back[fill[edge[i + 1]]++] = edge[i];
  for (guint i = 0; i < n; i++) {
    if (out[i] == 0)
      todo[n_todo++] = i;
  }
  for (; n_gone < n_todo; n_gone++) {
    guint32 state = todo[n_gone];

    for (guint i = first[state]; i < first[state + 1]; i++) {
      if (--out[back[i]] == 0)
        todo[n_todo++] = back[i];
    }
  }
  for (guint i = 0; i < n && n_gone < n; i++) {
    if (out[i] > 0)
      fail (NULL, i, "a run from here need not come to an end");
  }
}

static void
explore (const gchar * name, World * start, guint max_states)
{
  gint64 began = g_get_monotonic_time ();

  parents = g_array_new (FALSE, FALSE, sizeof (guint32));
  moves = g_array_new (FALSE, FALSE, sizeof (const gchar *));
  edges = g_array_new (FALSE, FALSE, sizeof (guint32));
  known = g_hash_table_new_full (key_hash, key_equal, g_free, NULL);
  n_transitions = n_connected = n_idle = 0;
  visit (start, G_MAXUINT32, "start", FALSE);
  for (guint32 index = 0; !g_queue_is_empty (&frontier); index++) {
    g_autofree World *world = g_queue_pop_head (&frontier);

    expand (world, index);
    if (parents->len > max_states) {
      printf ("FAIL: %s has more than %u states\n", name, max_states);
      exit (1);
    }
  }
  check_ends ();
  n_all_states += parents->len;
  printf ("%-28s %8u states %9" G_GUINT64_FORMAT " transitions, %"
      G_GUINT64_FORMAT " ends connected, %" G_GUINT64_FORMAT
      " idle, %.1f s\n", name, parents->len, n_transitions, n_connected,
      n_idle, (g_get_monotonic_time () - began) / 1e6);
  if (n_idle == 0 || n_connected == 0) {
    printf ("FAIL: %s never comes to both ends\n", name);
    exit (1);
  }
  g_hash_table_unref (known);
  g_array_unref (parents);
  g_array_unref (moves);
  g_array_unref (edges);
}

static void
start_world (World * world, gboolean relay, gboolean chat,
    GstChatCallAccept accept)
{
  memset (world, 0, sizeof *world);
  world->relay = relay;
  world->chat = chat;
  world->next_id = 3;
  for (guint i = 0; i < 2; i++) {
    gst_chat_call_init (&world->end[i].call, accept);
    world->end[i].id = i + 1;
    local (world, i, GST_CHAT_CALL_EVENT_ONLINE);
    local (world, i, GST_CHAT_CALL_EVENT_SERVER_INFO);
  }
}

int
main (void)
{
  static const struct
  {
    const gchar *name;
    guint8 relay, chat, accept;
    guint8 calls[2], hang_ups[2], losses[2];
    guint8 doublings, failures, late, hurried, cuts;
    /* Every call that was made is there in the end. */
    guint8 must_connect;
    guint8 keeps_ids, strangers;
  } runs[] = {
    {"both call", 1, 1, GST_CHAT_CALL_ACCEPT_ALL,
        {1, 1}, {0, 0}, {0, 0}, 0, 0, 0, 0, 0, 1, 0, 0},
    {"both call, base server", 0, 1, GST_CHAT_CALL_ACCEPT_ALL,
        {1, 1}, {0, 0}, {0, 0}, 0, 0, 0, 0, 0, 1, 0, 0},
    {"both call, doubled messages", 0, 1, GST_CHAT_CALL_ACCEPT_ALL,
        {1, 1}, {0, 0}, {0, 0}, 2, 0, 1, 0, 0, 1, 0, 0},
    {"crossing calls", 1, 1, GST_CHAT_CALL_ACCEPT_ALL,
        {3, 3}, {2, 1}, {0, 0}, 0, 0, 0, 0, 0, 0, 0, 0},
    {"crossing, base server", 0, 1, GST_CHAT_CALL_ACCEPT_ALL,
        {3, 3}, {2, 2}, {0, 0}, 0, 0, 0, 0, 0, 0, 0, 0},
    {"crossing, base peers", 0, 0, GST_CHAT_CALL_ACCEPT_ALL,
        {3, 3}, {2, 2}, {0, 0}, 0, 0, 0, 0, 0, 0, 0, 0},
    {"asking", 1, 1, GST_CHAT_CALL_ACCEPT_ASK,
        {2, 2}, {1, 1}, {0, 0}, 0, 0, 0, 0, 0, 0, 0, 0},
    {"doubled messages", 1, 1, GST_CHAT_CALL_ACCEPT_ALL,
        {2, 1}, {1, 1}, {0, 0}, 2, 0, 0, 0, 0, 0, 0, 0},
    {"doubled, base peers", 0, 0, GST_CHAT_CALL_ACCEPT_ALL,
        {2, 1}, {1, 1}, {0, 0}, 2, 0, 0, 0, 0, 0, 0, 0},
    {"signalling lost", 1, 1, GST_CHAT_CALL_ACCEPT_ALL,
        {1, 1}, {0, 1}, {1, 1}, 0, 0, 0, 0, 0, 0, 0, 0},
    {"signalling lost, base peers", 0, 0, GST_CHAT_CALL_ACCEPT_ALL,
        {1, 1}, {0, 1}, {1, 1}, 0, 0, 0, 0, 0, 0, 0, 0},
    {"everything fails", 1, 1, GST_CHAT_CALL_ACCEPT_ALL,
        {1, 1}, {0, 1}, {1, 0}, 1, 1, 1, 0, 0, 0, 0, 0},
    {"everything fails, asking", 1, 1, GST_CHAT_CALL_ACCEPT_ASK,
        {1, 1}, {0, 1}, {0, 1}, 0, 1, 0, 0, 0, 0, 0, 0},
    {"timers at any time", 1, 1, GST_CHAT_CALL_ACCEPT_ALL,
        {1, 1}, {1, 0}, {0, 0}, 0, 0, 0, 1, 0, 0, 0, 0},
    {"timers, asking, base server", 0, 1, GST_CHAT_CALL_ACCEPT_ASK,
        {1, 1}, {0, 0}, {0, 0}, 0, 0, 0, 1, 0, 0, 0, 0},
    {"timers, base peers", 0, 0, GST_CHAT_CALL_ACCEPT_ALL,
        {2, 0}, {1, 1}, {0, 0}, 0, 0, 0, 1, 0, 0, 0, 0},
    {"network changes", 1, 1, GST_CHAT_CALL_ACCEPT_ALL,
        {1, 0}, {0, 0}, {0, 0}, 0, 0, 0, 0, 2, 1, 0, 0},
    {"changes, base server", 0, 1, GST_CHAT_CALL_ACCEPT_ALL,
        {1, 1}, {0, 0}, {0, 0}, 0, 0, 0, 0, 2, 1, 0, 0},
    {"changes, doubled messages", 1, 1, GST_CHAT_CALL_ACCEPT_ALL,
        {1, 0}, {0, 0}, {0, 0}, 2, 0, 0, 0, 1, 1, 0, 0},
    {"changes, hang-up", 1, 1, GST_CHAT_CALL_ACCEPT_ALL,
        {1, 1}, {1, 1}, {0, 0}, 0, 0, 0, 0, 1, 0, 0, 0},
    {"changes, signalling lost", 1, 1, GST_CHAT_CALL_ACCEPT_ALL,
        {1, 0}, {0, 0}, {1, 1}, 0, 0, 0, 0, 1, 0, 0, 0},
    {"changes, ids stay", 1, 1, GST_CHAT_CALL_ACCEPT_ALL,
        {1, 0}, {0, 0}, {0, 0}, 0, 0, 0, 0, 2, 1, 1, 0},
    {"ids stay, signalling lost", 1, 1, GST_CHAT_CALL_ACCEPT_ALL,
        {1, 0}, {0, 0}, {1, 1}, 0, 0, 0, 0, 1, 0, 1, 0},
    {"a third one calls", 1, 1, GST_CHAT_CALL_ACCEPT_ALL,
        {1, 1}, {1, 1}, {0, 0}, 0, 0, 0, 0, 0, 0, 0, 2},
    {"a third one, base peers", 0, 0, GST_CHAT_CALL_ACCEPT_ALL,
        {1, 1}, {1, 1}, {0, 0}, 0, 0, 0, 0, 0, 0, 0, 2},
    {"a third one, asking", 1, 1, GST_CHAT_CALL_ACCEPT_ASK,
        {1, 1}, {1, 0}, {0, 0}, 0, 0, 0, 0, 0, 0, 0, 1},
    {"a third one, signalling lost", 1, 1, GST_CHAT_CALL_ACCEPT_ALL,
        {1, 0}, {0, 0}, {1, 1}, 0, 0, 0, 0, 1, 0, 0, 1},
    {"changes, timers at any time", 1, 1, GST_CHAT_CALL_ACCEPT_ALL,
        {1, 0}, {0, 0}, {0, 0}, 0, 0, 0, 1, 1, 0, 0, 0},
  };

  for (guint i = 0; i < G_N_ELEMENTS (runs); i++) {
    World world;

    start_world (&world, runs[i].relay, runs[i].chat, runs[i].accept);
    for (guint e = 0; e < 2; e++) {
      world.end[e].call.resume_patience =
          runs[i].hurried ? HURRIED_PATIENCE : PATIENCE;
      world.end[e].calls = runs[i].calls[e];
      world.end[e].hang_ups = runs[i].hang_ups[e];
      world.end[e].losses = runs[i].losses[e];
    }
    world.doublings = runs[i].doublings;
    world.failures = runs[i].failures;
    world.late_candidates = runs[i].late;
    world.hurried = runs[i].hurried;
    world.cuts = runs[i].cuts;
    world.keeps_ids = runs[i].keeps_ids;
    world.strangers = runs[i].strangers;
    if (runs[i].must_connect)
      world.must_connect = runs[i].calls[0] + runs[i].calls[1];
    explore (runs[i].name, &world, 2000000);
  }
  for (guint i = 0; i <= GST_CHAT_CALL_EFFECT_VIOLATION; i++) {
    if (!seen_effect[i])
      printf ("never seen: %s\n", gst_chat_call_effect_name (i));
  }
  printf ("%" G_GUINT64_FORMAT " states in all\n", n_all_states);
  if (n_all_states < LEAST_STATES) {
    printf ("FAIL: something is not explored any more: there were %u\n",
        LEAST_STATES);
    return 1;
  }
  printf ("OK\n");
  return 0;
}
