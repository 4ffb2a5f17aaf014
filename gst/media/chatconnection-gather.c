/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Candidates, ours and theirs, and the text that leaves with them. */
#include "chatconnection-private.h"

#include <gio/gio.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include "chaterror.h"
#include "chatlimits.h"

GST_DEBUG_CATEGORY_STATIC (chat_gather_debug);
#define GST_CAT_DEFAULT chat_gather_debug

/* Host candidates are there at once, a STUN server answers in 20 ms or not in
 * time: what is late goes with the second round. */
#define FIRST_DESCRIPTION_MS 100

static gboolean
can_bind (GSocketAddress * address)
{
  g_autoptr (GSocket) socket =
      g_socket_new (g_socket_address_get_family (address),
      G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, NULL);
  return socket && g_socket_bind (socket, address, FALSE, NULL);
}

static GInetSocketAddress *
address_of (const struct ifaddrs *interface)
{
  struct sockaddr *native = interface->ifa_addr;
  if (!native || !(interface->ifa_flags & IFF_UP)
      || (interface->ifa_flags & IFF_LOOPBACK)
      || (native->sa_family != AF_INET && native->sa_family != AF_INET6))
    return NULL;
  return G_INET_SOCKET_ADDRESS (g_socket_address_new_from_native (native,
          native->sa_family == AF_INET ? sizeof (struct sockaddr_in) :
          sizeof (struct sockaddr_in6)));
}

/* Addresses by which others reach this machine, as texts; NULL: nobody knows.
 * Not those that cannot be bound, as one of IPv6 while duplicates are looked
 * for, a second or two after its interface came up. */
static GPtrArray *
outside_addresses (void)
{
  struct ifaddrs *all = NULL;
  if (getifaddrs (&all) != 0)
    return NULL;

  GPtrArray *found = g_ptr_array_new_with_free_func (g_free);
  for (struct ifaddrs * i = all; i; i = i->ifa_next) {
    g_autoptr (GInetSocketAddress) address = address_of (i);
    if (!address)
      continue;
    GInetAddress *inet = g_inet_socket_address_get_address (address);
    gboolean link_local =
        g_inet_address_get_family (inet) == G_SOCKET_FAMILY_IPV6
        && g_inet_address_get_is_link_local (inet);
    if (!link_local && can_bind (G_SOCKET_ADDRESS (address)))
      g_ptr_array_add (found, g_inet_address_to_string (inet));
  }
  freeifaddrs (all);
  return found;
}

static void
add_address (GstChatConnection * self, const gchar * address)
{
  gboolean added = FALSE;
  g_signal_emit_by_name (self->ice, "add-local-ip-address", address, &added);
}

/* Where libnice finds none, or one that cannot be bound, it gathers nothing, for
 * ever: so it is told which. */
static void
add_addresses (GstChatConnection * self)
{
  g_autoptr (GPtrArray) outside = outside_addresses ();
  if (outside && outside->len == 0)
    add_address (self, "127.0.0.1");
  for (guint i = 0; outside && i < outside->len; i++)
    add_address (self, g_ptr_array_index (outside, i));
}

static void
set_if_there (GObject * object, const gchar * property, gboolean value)
{
  if (g_object_class_find_property (G_OBJECT_GET_CLASS (object), property))
    g_object_set (object, property, value, NULL);
}

/* ms between two checks, and what a nomination waits for: RFC 8445 §14.2 allows
 * 5, libnice waits for 20. */
#define PACING_MS 5

static void
setup_agent (GObject * ice)
{
  g_autoptr (GObject) agent = NULL;
  if (g_object_class_find_property (G_OBJECT_GET_CLASS (ice), "agent"))
    g_object_get (ice, "agent", &agent, NULL);
  if (!agent)
    return;
  /* Costs 200 ms each time, and multicast. */
  set_if_there (agent, "upnp", FALSE);
  set_if_there (agent, "stun-pacing-timer", PACING_MS);

  gboolean consent = FALSE;
  if (g_object_class_find_property (G_OBJECT_GET_CLASS (agent),
          "consent-freshness"))
    g_object_get (agent, "consent-freshness", &consent, NULL);
  /* The next best way to notice that nobody is there any more. */
  if (!consent)
    set_if_there (agent, "keepalive-conncheck", TRUE);
}

void
gst_chat_connection_setup_ice (GstChatConnection * self)
{
  GST_DEBUG_CATEGORY_INIT (chat_gather_debug, "chatgather", 0,
      "chat: candidates and descriptions");

  g_object_get (self->webrtc, "ice-agent", &self->ice, NULL);
  if (self->ice) {
    set_if_there (self->ice, "ice-tcp", FALSE);
    setup_agent (self->ice);
    if (self->config.local_address)
      add_address (self, self->config.local_address);
    else
      add_addresses (self);
  }

  if (self->config.stun_server)
    g_object_set (self->webrtc, "stun-server", self->config.stun_server, NULL);
  for (gchar ** turn = self->config.turn_servers; turn && *turn; turn++) {
    gboolean added = FALSE;
    g_signal_emit_by_name (self->webrtc, "add-turn-server", *turn, &added);
    if (!added)
      GST_WARNING_OBJECT (self->webrtc, "a TURN server is not taken; it must "
          "look like turn://user:password@host:port");
  }
  if (self->config.relay_only)
    g_object_set (self->webrtc, "ice-transport-policy",
        GST_WEBRTC_ICE_TRANSPORT_POLICY_RELAY, NULL);
}

/* ---- the text that leaves ---- */

gchar *
gst_chat_connection_describe (GstChatConnection * self, GError ** error)
{
  if (!self->local) {
    g_set_error (error, GST_CHAT_ERROR, GST_CHAT_ERROR_FAILED,
        "There is no description yet");
    return NULL;
  }
  GstChatSdpLocal local = {
    .setup = GST_CHAT_SETUP_NONE,
    .fingerprint = g_atomic_int_get (&self->mailbox->has_shared_identity) ?
        NULL : self->certificate->fingerprint,
    .candidates = self->candidates,
    .relay_only = self->config.relay_only,
    .end_of_candidates = self->gathered,
    .version = self->version++,
    .stereo = TRUE,
  };
  self->n_described = self->candidates->len;
  return gst_chat_sdp_local_for_remote (self->local, self->answered,
      self->map, &local, error);
}

/* FALSE: failed already. */
static gboolean
remember_offer (GstChatConnection * self, const gchar * text, GError ** error)
{
  if (!self->offerer || self->sent_offer)
    return TRUE;
  self->sent_offer = gst_chat_sdp_parse_remote (text, TRUE, error);
  return self->sent_offer != NULL;
}

void
gst_chat_connection_first_description (GstChatConnection * self)
{
  if (self->phase != GST_CHAT_PHASE_GATHERING)
    return;
  if (self->gather_timer) {
    g_source_destroy (self->gather_timer);
    g_clear_pointer (&self->gather_timer, g_source_unref);
  }

  GError *error = NULL;
  g_autofree gchar *text = gst_chat_connection_describe (self, &error);
  if (!text || !remember_offer (self, text, &error)) {
    gst_chat_connection_fail (self, error);
    return;
  }
  gboolean is_offer = !self->answered;
  self->phase = is_offer ? GST_CHAT_PHASE_OFFERED : GST_CHAT_PHASE_STABLE;
  self->described = TRUE;
  GST_DEBUG_OBJECT (self->webrtc, "%s with %u candidates%s",
      is_offer ? "offer" : "answer", self->candidates->len,
      self->gathered ? ", all" : "");
  GstChatMailbox *mailbox = gst_chat_mailbox_ref (self->mailbox);
  self->callbacks->local_description (is_offer, text, self->user_data);
  if (mailbox->connection && !is_offer)
    gst_chat_connection_settled (self);
  gst_chat_mailbox_unref (mailbox);
}

static void
timer_in_loop (gpointer data)
{
  GstChatMailbox *mailbox = data;
  if (mailbox->connection)
    gst_chat_connection_first_description (mailbox->connection);
}

void
gst_chat_connection_start_gathering (GstChatConnection * self)
{
  self->phase = GST_CHAT_PHASE_GATHERING;
  /* Nothing is gathered where no m-line has a transport. */
  if (self->gathered || gst_sdp_message_medias_len (self->local) == 0) {
    gst_chat_connection_first_description (self);
    return;
  }
  self->gather_timer = gst_chat_loop_add_timeout (self->loop,
      FIRST_DESCRIPTION_MS, timer_in_loop, gst_chat_mailbox_ref (self->mailbox),
      gst_chat_mailbox_unref);
}

/* ---- the second answer ---- */

/* Longer than a silent STUN server takes to be given up. */
#define REPEAT_MS 5000
/* In the middle of its start an answer holds a browser's first picture up by
 * 100 ms and more: one that brings nothing new comes after that. */
#define CALM_MS 400

static void
repeat_in_loop (GstChatConnection * self, gpointer data)
{
  if (self->phase != GST_CHAT_PHASE_STABLE || !self->repeat_timer)
    return;
  g_source_destroy (self->repeat_timer);
  g_clear_pointer (&self->repeat_timer, g_source_unref);

  GError *error = NULL;
  g_autofree gchar *text = gst_chat_connection_describe (self, &error);
  if (text)
    self->callbacks->local_description (FALSE, text, self->user_data);
  else
    gst_chat_connection_fail (self, error);
}

static void
repeat_timer_in_loop (gpointer data)
{
  GstChatMailbox *mailbox = data;
  if (mailbox->connection)
    repeat_in_loop (mailbox->connection, NULL);
}

static void
repeat_after (GstChatConnection * self, guint ms)
{
  if (self->repeat_timer) {
    g_source_destroy (self->repeat_timer);
    g_source_unref (self->repeat_timer);
  }
  self->repeat_timer = gst_chat_loop_add_timeout (self->loop, ms,
      repeat_timer_in_loop, gst_chat_mailbox_ref (self->mailbox),
      gst_chat_mailbox_unref);
}

/* Once it waits for nothing but its time, nothing hurries it any more. */
static void
schedule_repeat (GstChatConnection * self)
{
  gboolean news = self->n_described != self->candidates->len;
  if (!self->connected && self->gathered && news)
    repeat_after (self, 0);
  else if (self->connected || self->gathered)
    repeat_after (self, CALM_MS);
  else
    repeat_after (self, REPEAT_MS);
}

void
gst_chat_connection_repeat_answer (GstChatConnection * self)
{
  if (!self->repeat_timer)
    schedule_repeat (self);
}

void
gst_chat_connection_hurry_answer (GstChatConnection * self)
{
  if (self->repeat_timer)
    schedule_repeat (self);
}

/* ---- candidates of ours ---- */

/* As what descriptions have, and what they leave out. */
static gboolean
may_leave (GstChatConnection * self, const gchar * text)
{
  g_autoptr (GstChatCandidate) candidate =
      gst_chat_candidate_parse (text, NULL);
  return candidate && candidate->usable && (!self->config.relay_only
      || candidate->type == GST_CHAT_CANDIDATE_RELAY);
}

static void
local_candidate_in_loop (GstChatConnection * self, gpointer data)
{
  const GstChatLocalCandidate *candidate = data;
  if (self->phase == GST_CHAT_PHASE_FAILED
      || self->candidates->len >= GST_CHAT_MAX_CANDIDATES)
    return;
  g_ptr_array_add (self->candidates,
      gst_chat_local_candidate_new (candidate->mline, candidate->text));

  GstChatMailbox *mailbox = gst_chat_mailbox_ref (self->mailbox);
  if (self->described && self->callbacks->local_candidate
      && may_leave (self, candidate->text)) {
    gint mline = gst_chat_sdp_map_to_outside (self->map, candidate->mline);
    self->callbacks->local_candidate (candidate->text, MAX (mline, 0),
        self->user_data);
  }
  if (mailbox->connection && self->described)
    self->callbacks->candidates_changed (FALSE, self->user_data);
  gst_chat_mailbox_unref (mailbox);
}

/* webrtcbin's thread. */
void
gst_chat_connection_on_ice_candidate (GstElement * webrtc, guint mline,
    gchar * text, gpointer mailbox)
{
  if (text && *text)
    gst_chat_mailbox_post (mailbox, 0, local_candidate_in_loop,
        gst_chat_local_candidate_new (mline, text),
        (GDestroyNotify) gst_chat_local_candidate_free);
}

static void
gathered_in_loop (GstChatConnection * self, gpointer data)
{
  if (self->gathered || self->phase == GST_CHAT_PHASE_FAILED)
    return;
  self->gathered = TRUE;
  GST_DEBUG_OBJECT (self->webrtc, "gathered %u candidates",
      self->candidates->len);

  GstChatMailbox *mailbox = gst_chat_mailbox_ref (self->mailbox);
  gboolean was_described = self->described;
  if (was_described && self->callbacks->local_candidate)
    self->callbacks->local_candidate (NULL, 0, self->user_data);
  if (mailbox->connection)
    gst_chat_connection_first_description (self);
  if (mailbox->connection && was_described)
    self->callbacks->candidates_changed (TRUE, self->user_data);
  if (mailbox->connection)
    gst_chat_connection_hurry_answer (self);
  gst_chat_mailbox_unref (mailbox);
}

/* webrtcbin's thread. */
void
gst_chat_connection_on_gathering (GstElement * webrtc, GParamSpec * pspec,
    gpointer mailbox)
{
  GstWebRTCICEGatheringState state;
  g_object_get (webrtc, "ice-gathering-state", &state, NULL);
  /* Posted behind the candidates: webrtcbin emits them first. */
  if (state == GST_WEBRTC_ICE_GATHERING_STATE_COMPLETE)
    gst_chat_mailbox_post (mailbox, 0, gathered_in_loop, NULL, NULL);
}

/* ---- candidates of theirs ---- */

static void
give_candidate (GstChatConnection * self, guint inside, const gchar * text)
{
  if (self->n_remote_candidates++ >= GST_CHAT_MAX_CANDIDATES)
    return;
  /* Not add-ice-candidate-full, of 1.24: what libnice would refuse has not got
   * this far, and 1.26 complains about its own reply where it does refuse. */
  g_signal_emit_by_name (self->webrtc, "add-ice-candidate", inside, text);
}

void
gst_chat_connection_take_candidates (GstChatConnection * self,
    const GstChatSdp * older, const GstChatSdp * newer)
{
  g_autoptr (GArray) fresh =
      gst_chat_sdp_new_candidates (older, newer, self->map);
  for (guint i = 0; i < fresh->len; i++) {
    const GstChatSdpCandidateRef *ref =
        &g_array_index (fresh, GstChatSdpCandidateRef, i);
    give_candidate (self, ref->mline, ref->candidate->text);
  }
}

/* webrtcbin has the remote's description. */
static gboolean
is_described (GstChatConnection * self)
{
  return self->remote && self->lines->len > 0;
}

void
gst_chat_connection_add_candidate_in_loop (GstChatConnection * self,
    const gchar * text, guint mline_index)
{
  if (self->phase == GST_CHAT_PHASE_FAILED || !text || !*text)
    return;
  g_autoptr (GError) error = NULL;
  g_autoptr (GstChatCandidate) candidate =
      gst_chat_candidate_parse (text, &error);
  if (!candidate || !candidate->usable) {
    GST_DEBUG_OBJECT (self->webrtc, "a candidate is of no use: %s",
        error ? error->message : text);
    return;
  }

  if (!is_described (self)) {
    if (self->early->len < GST_CHAT_MAX_CANDIDATES)
      g_ptr_array_add (self->early,
          gst_chat_local_candidate_new (mline_index, candidate->text));
    return;
  }
  if (self->remote->bundle)
    mline_index = self->remote->bundle_first;
  gint inside = gst_chat_sdp_map_to_inside (self->map, mline_index);
  if (inside >= 0)
    give_candidate (self, inside, candidate->text);
}

void
gst_chat_connection_flush_early (GstChatConnection * self)
{
  g_autoptr (GPtrArray) early = self->early;
  self->early = g_ptr_array_new_with_free_func ((GDestroyNotify)
      gst_chat_local_candidate_free);
  for (guint i = 0; i < early->len; i++) {
    const GstChatLocalCandidate *candidate = g_ptr_array_index (early, i);
    gst_chat_connection_add_candidate_in_loop (self, candidate->text,
        candidate->mline);
  }
}
