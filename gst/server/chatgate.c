/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Who is let in: connections and sessions, counted by their address. */
#include "chatgate.h"

#include <string.h>
#include <sys/resource.h>

#define KEY "gst-chat-guest"
/* The part of the descriptors that those may have who only wait. */
#define PENDING_PART 4

/* One connection, as long as it speaks HTTP. */
typedef struct
{
  GstChatGate *gate;
  gchar *party;                 /* who is counted; NULL: nobody */
  GSocket *socket;              /* while it is pending */
  GList link;                   /* in gate->pending, while it is */
} Guest;

struct _GstChatTicket
{
  GstChatGate *gate;
  gchar *party;
  gchar *address;
};

struct _GstChatGate
{
  const GstChatLimits *limits;
  GstChatJournal *journal;
  GstChatCrowd *crowd;
  GQueue pending;               /* Guest, the oldest first */
  guint max_pending;            /* 0: no limit */
  guint n_connections;
};

/* Waiting must not use up what all others need. */
static guint
bound_pending (guint limit)
{
  struct rlimit files;
  if (limit == 0 || getrlimit (RLIMIT_NOFILE, &files) != 0
      || files.rlim_cur == RLIM_INFINITY)
    return limit;
  return (guint) CLAMP (files.rlim_cur / PENDING_PART, 1, limit);
}

GstChatGate *
gst_chat_gate_new (const GstChatLimits * limits, GstChatJournal * journal)
{
  GstChatGate *gate = g_rc_box_new0 (GstChatGate);
  gate->limits = limits;
  gate->journal = journal;
  gate->crowd = gst_chat_crowd_new (limits);
  gate->max_pending = bound_pending (limits->pending);
  return gate;
}

GstChatGate *
gst_chat_gate_ref (GstChatGate * gate)
{
  return g_rc_box_acquire (gate);
}

static void
gate_clear (gpointer data)
{
  GstChatGate *gate = data;
  gst_chat_crowd_free (gate->crowd);
}

void
gst_chat_gate_unref (GstChatGate * gate)
{
  if (gate != NULL)
    g_rc_box_release_full (gate, gate_clear);
}

/* An IPv4 address behind an IPv6 socket is one all the same. */
static GInetAddress *
address_of (GSocketAddress * remote)
{
  if (!G_IS_INET_SOCKET_ADDRESS (remote))
    return NULL;
  GInetAddress *address =
      g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (remote));
  static const guint8 mapped[12] = {[10] = 0xff,[11] = 0xff };
  const guint8 *bytes = g_inet_address_to_bytes (address);
  if (g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV6
      && memcmp (bytes, mapped, sizeof mapped) == 0)
    return g_inet_address_new_from_bytes (bytes + sizeof mapped,
        G_SOCKET_FAMILY_IPV4);
  return g_object_ref (address);
}

static gchar *
text_of (GSocketAddress * remote)
{
  g_autoptr (GInetAddress) address = address_of (remote);
  return address == NULL ? NULL : g_inet_address_to_string (address);
}

/* Whose places @remote takes. One IPv6 household is a /64. */
static gchar *
party_of (const GstChatLimits * limits, GSocketAddress * remote)
{
  g_autoptr (GInetAddress) address = address_of (remote);
  if (address == NULL || (!limits->count_loopback
          && g_inet_address_get_is_loopback (address)))
    return NULL;
  if (g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV4)
    return g_inet_address_to_string (address);
  guint8 net[16] = { 0, };
  memcpy (net, g_inet_address_to_bytes (address), 8);
  g_autoptr (GInetAddress) whole = g_inet_address_new_from_bytes (net,
      G_SOCKET_FAMILY_IPV6);
  return g_inet_address_to_string (whole);
}

static GstChatRefusal
enter_crowd (GstChatGate * gate, const gchar * party, GstChatPlace place)
{
  return party == NULL ? GST_CHAT_REFUSAL_NONE :
      gst_chat_crowd_enter (gate->crowd, party, place, g_get_monotonic_time ());
}

static void
stop_waiting (Guest * guest)
{
  if (guest->socket == NULL)
    return;
  g_queue_unlink (&guest->gate->pending, &guest->link);
  g_clear_object (&guest->socket);
}

static void
guest_free (gpointer data)
{
  Guest *guest = data;
  stop_waiting (guest);
  if (guest->party != NULL)
    gst_chat_crowd_leave (guest->gate->crowd, guest->party,
        GST_CHAT_PLACE_CONNECTION);
  guest->gate->n_connections--;
  gst_chat_gate_unref (guest->gate);
  g_free (guest->party);
  g_free (guest);
}

/* The oldest gives way: an honest one had its time, and one that is just
 * coming gets its chance even while thousands only wait. */
static void
drop_oldest (GstChatGate * gate)
{
  Guest *guest = g_queue_peek_head (&gate->pending);
  g_autoptr (GSocketAddress) remote =
      g_socket_get_remote_address (guest->socket, NULL);
  gst_chat_gate_refuse (gate, GST_CHAT_REFUSAL_PENDING, remote);
  /* Its owner sees the end of the stream, and cleans up. */
  g_socket_shutdown (guest->socket, TRUE, TRUE, NULL);
  stop_waiting (guest);
}

gboolean
gst_chat_gate_enter (GstChatGate * gate, GSocketConnection * connection,
    GSocketAddress * remote)
{
  g_autofree gchar *party = party_of (gate->limits, remote);
  GstChatRefusal why = enter_crowd (gate, party, GST_CHAT_PLACE_CONNECTION);
  if (why != GST_CHAT_REFUSAL_NONE) {
    gst_chat_gate_refuse (gate, why, remote);
    return FALSE;
  }
  Guest *guest = g_new0 (Guest, 1);
  guest->gate = gst_chat_gate_ref (gate);
  guest->party = g_steal_pointer (&party);
  guest->socket = g_object_ref (g_socket_connection_get_socket (connection));
  guest->link.data = guest;
  if (gate->max_pending != 0 && gate->pending.length >= gate->max_pending)
    drop_oldest (gate);
  g_queue_push_tail_link (&gate->pending, &guest->link);
  gate->n_connections++;
  gate->journal->counts[GST_CHAT_COUNT_CONNECTION]++;
  g_object_set_data_full (G_OBJECT (remote), KEY, guest, guest_free);
  return TRUE;
}

void
gst_chat_gate_pass (GSocketAddress * remote)
{
  stop_waiting (g_object_get_data (G_OBJECT (remote), KEY));
}

void
gst_chat_gate_leave (GSocketAddress * remote)
{
  g_object_set_data (G_OBJECT (remote), KEY, NULL);
}

GstChatTicket *
gst_chat_gate_admit (GstChatGate * gate, GSocketAddress * remote,
    GstChatRefusal * why)
{
  g_autofree gchar *party = party_of (gate->limits, remote);
  *why = enter_crowd (gate, party, GST_CHAT_PLACE_SESSION);
  if (*why != GST_CHAT_REFUSAL_NONE)
    return NULL;
  GstChatTicket *ticket = g_new0 (GstChatTicket, 1);
  ticket->gate = gst_chat_gate_ref (gate);
  ticket->party = g_steal_pointer (&party);
  ticket->address = text_of (remote);
  return ticket;
}

void
gst_chat_ticket_free (GstChatTicket * ticket)
{
  if (ticket == NULL)
    return;
  if (ticket->party != NULL)
    gst_chat_crowd_leave (ticket->gate->crowd, ticket->party,
        GST_CHAT_PLACE_SESSION);
  gst_chat_gate_unref (ticket->gate);
  g_free (ticket->party);
  g_free (ticket->address);
  g_free (ticket);
}

const gchar *
gst_chat_ticket_get_address (const GstChatTicket * ticket)
{
  return ticket->address;
}

const GstChatLimits *
gst_chat_gate_get_limits (const GstChatGate * gate)
{
  return gate->limits;
}

void
gst_chat_gate_refuse (GstChatGate * gate, GstChatRefusal why,
    GSocketAddress * remote)
{
  g_autofree gchar *address = remote == NULL ? NULL : text_of (remote);
  gst_chat_journal_refuse (gate->journal, why, address);
}

guint
gst_chat_gate_get_n_connections (const GstChatGate * gate)
{
  return gate->n_connections;
}

guint
gst_chat_gate_get_n_pending (const GstChatGate * gate)
{
  return gate->pending.length;
}

void
gst_chat_gate_tick (GstChatGate * gate, gint64 now)
{
  gst_chat_crowd_sweep (gate->crowd, now);
}
