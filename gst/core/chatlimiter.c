/* SPDX-License-Identifier: LGPL-2.1-or-later
 * How much is too much: rates of one connection, places of one address. */
#include "chatlimiter.h"

#include <string.h>

#include "chatlimits.h"

#define MILLION G_GINT64_CONSTANT (1000000)
/* One refusal in units of the patience's bucket, which forgets one a second. */
#define REFUSAL_COST 60

/* One address. It stays a while after its last place, or leaving would be the
 * way to come more often. */
typedef struct
{
  guint places[GST_CHAT_N_PLACES];
  GstChatBucket arrivals;
} Party;

struct _GstChatCrowd
{
  const GstChatLimits *limits;
  GHashTable *parties;          /* address → Party */
};

static gint64
used_now (const GstChatBucket * bucket, GstChatRate rate, gint64 now)
{
  if (rate.rate == 0)
    return 0;
  /* Longer than it takes to forget all of it is too long for the product. */
  gint64 elapsed = CLAMP (now - bucket->at, 0,
      bucket->used / rate.rate + 1);
  return MAX (bucket->used - elapsed * rate.rate, 0);
}

gboolean
gst_chat_bucket_take (GstChatBucket * bucket, GstChatRate rate, guint n,
    gint64 now)
{
  if (rate.rate == 0)
    return TRUE;
  gint64 used = used_now (bucket, rate, now) + n * MILLION;
  if (used > rate.burst * MILLION)
    return FALSE;
  bucket->used = used;
  bucket->at = now;
  return TRUE;
}

gboolean
gst_chat_bucket_is_full (const GstChatBucket * bucket, GstChatRate rate,
    gint64 now)
{
  return used_now (bucket, rate, now) == 0;
}

void
gst_chat_limits_init (GstChatLimits * limits)
{
  *limits = (GstChatLimits) {
  .events = { GST_CHAT_EVENTS_PER_SECOND, GST_CHAT_EVENTS_BURST },.bytes =
        { GST_CHAT_BYTES_PER_SECOND, GST_CHAT_BYTES_BURST },.patience =
        GST_CHAT_PATIENCE,.connections =
        GST_CHAT_CONNECTIONS_PER_ADDRESS,.sessions =
        GST_CHAT_SESSIONS_PER_ADDRESS,.arrivals =
        { GST_CHAT_ARRIVALS_PER_SECOND, GST_CHAT_ARRIVALS_BURST },.pending =
        GST_CHAT_MAX_PENDING,.polling = GST_CHAT_MAX_POLLING,.room_users =
        GST_CHAT_MAX_ROOM_USERS,};
}

const gchar *
gst_chat_refusal_name (GstChatRefusal why)
{
  static const gchar *const names[GST_CHAT_N_REFUSALS] = {
    [GST_CHAT_REFUSAL_NONE] = "none",
    [GST_CHAT_REFUSAL_CONNECTIONS] = "connections",
    [GST_CHAT_REFUSAL_PENDING] = "pending",
    [GST_CHAT_REFUSAL_SESSIONS] = "sessions",
    [GST_CHAT_REFUSAL_ARRIVALS] = "arrivals",
    [GST_CHAT_REFUSAL_POLLING] = "polling",
    [GST_CHAT_REFUSAL_ROOM] = "room",
    [GST_CHAT_REFUSAL_EVENTS] = "events",
    [GST_CHAT_REFUSAL_BYTES] = "bytes",
    [GST_CHAT_REFUSAL_SHAPE] = "shape",
    [GST_CHAT_REFUSAL_ORIGIN] = "origin",
    [GST_CHAT_REFUSAL_TOKEN] = "token",
    [GST_CHAT_REFUSAL_STOPPING] = "stopping",
  };
  return names[why];
}

GstChatRefusal
gst_chat_flow_take (GstChatFlow * flow, const GstChatLimits * limits,
    guint bytes, gint64 now)
{
  if (!gst_chat_bucket_take (&flow->events, limits->events, 1, now))
    return GST_CHAT_REFUSAL_EVENTS;
  if (!gst_chat_bucket_take (&flow->bytes, limits->bytes, bytes, now))
    return GST_CHAT_REFUSAL_BYTES;
  return GST_CHAT_REFUSAL_NONE;
}

gboolean
gst_chat_flow_forgive (GstChatFlow * flow, const GstChatLimits * limits,
    gint64 now)
{
  GstChatRate patience = { 1, limits->patience * REFUSAL_COST };
  return limits->patience == 0
      || gst_chat_bucket_take (&flow->refused, patience, REFUSAL_COST, now);
}

GstChatCrowd *
gst_chat_crowd_new (const GstChatLimits * limits)
{
  GstChatCrowd *crowd = g_new0 (GstChatCrowd, 1);
  crowd->limits = limits;
  crowd->parties = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
      g_free);
  return crowd;
}

void
gst_chat_crowd_free (GstChatCrowd * crowd)
{
  if (crowd == NULL)
    return;
  g_hash_table_unref (crowd->parties);
  g_free (crowd);
}

static GstChatRefusal
check (const GstChatLimits * limits, Party * party, GstChatPlace place,
    gint64 now)
{
  switch (place) {
    case GST_CHAT_PLACE_CONNECTION:
      return limits->connections != 0
          && party->places[place] >= limits->connections ?
          GST_CHAT_REFUSAL_CONNECTIONS : GST_CHAT_REFUSAL_NONE;
    case GST_CHAT_PLACE_SESSION:
      if (limits->sessions != 0 && party->places[place] >= limits->sessions)
        return GST_CHAT_REFUSAL_SESSIONS;
      return gst_chat_bucket_take (&party->arrivals, limits->arrivals, 1, now) ?
          GST_CHAT_REFUSAL_NONE : GST_CHAT_REFUSAL_ARRIVALS;
    case GST_CHAT_N_PLACES:
      break;
  }
  g_return_val_if_reached (GST_CHAT_REFUSAL_NONE);
}

GstChatRefusal
gst_chat_crowd_enter (GstChatCrowd * crowd, const gchar * address,
    GstChatPlace place, gint64 now)
{
  Party *party = g_hash_table_lookup (crowd->parties, address);
  if (party == NULL) {
    party = g_new0 (Party, 1);
    g_hash_table_insert (crowd->parties, g_strdup (address), party);
  }
  GstChatRefusal why = check (crowd->limits, party, place, now);
  if (why == GST_CHAT_REFUSAL_NONE)
    party->places[place]++;
  return why;
}

void
gst_chat_crowd_leave (GstChatCrowd * crowd, const gchar * address,
    GstChatPlace place)
{
  Party *party = g_hash_table_lookup (crowd->parties, address);
  g_return_if_fail (party != NULL && party->places[place] > 0);
  party->places[place]--;
}

typedef struct
{
  const GstChatLimits *limits;
  gint64 now;
} Sweep;

static gboolean
is_gone (gpointer address, gpointer data, gpointer user_data)
{
  const Party *party = data;
  const Sweep *sweep = user_data;
  for (guint i = 0; i < GST_CHAT_N_PLACES; i++) {
    if (party->places[i] > 0)
      return FALSE;
  }
  return gst_chat_bucket_is_full (&party->arrivals, sweep->limits->arrivals,
      sweep->now);
}

void
gst_chat_crowd_sweep (GstChatCrowd * crowd, gint64 now)
{
  Sweep sweep = { crowd->limits, now };
  g_hash_table_foreach_remove (crowd->parties, is_gone, &sweep);
}

guint
gst_chat_crowd_size (const GstChatCrowd * crowd)
{
  return g_hash_table_size (crowd->parties);
}
