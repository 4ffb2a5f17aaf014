/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The transport: who is at the other end, and what comes through. */
#include "chatconnection-private.h"

#include "chaterror.h"

GST_DEBUG_CATEGORY_STATIC (chat_link_debug);
#define GST_CAT_DEFAULT chat_link_debug

/* A remote that changes its SSRC or its codec gets a new pad each time. */
#define MAX_PADS 64

/* ---- what webrtcbin is made of ---- */

/* nicesrc's thread. Everything but STUN comes by here. */
static GstPadProbeReturn
on_packet (GstPad * pad, GstPadProbeInfo * info, gpointer data)
{
  GstChatMailbox *mailbox = data;
  g_mutex_lock (&mailbox->lock);
  mailbox->last_packet = g_get_monotonic_time ();
  g_mutex_unlock (&mailbox->lock);
  return GST_PAD_PROBE_OK;
}

/* @why: NULL where the remote has hung up. */
static void
over (GstChatConnection * self, const gchar * why)
{
  if (self->phase == GST_CHAT_PHASE_FAILED)
    return;
  self->phase = GST_CHAT_PHASE_FAILED;
  self->generation++;
  self->connected = FALSE;
  g_autoptr (GError) error = why == NULL ? NULL :
      g_error_new_literal (GST_CHAT_ERROR, GST_CHAT_ERROR_CONNECT, why);
  self->callbacks->link_state (why == NULL ? GST_CHAT_LINK_CLOSED :
      GST_CHAT_LINK_FAILED, error, self->user_data);
}

/* The remote's close_notify, which cannot be forged. */
static void
dtls_closed_in_loop (GstChatConnection * self, gpointer data)
{
  over (self, NULL);
}

static void
dtls_failed_in_loop (GstChatConnection * self, gpointer data)
{
  over (self, "The encryption of the connection has failed");
}

/* Whichever thread runs DTLS. webrtcbin itself does not notice. */
static void
on_dtls_state (GstElement * dtls, GParamSpec * pspec, gpointer mailbox)
{
  gint state = 0;
  g_object_get (dtls, "connection-state", &state, NULL);
  GEnumClass *states = g_type_class_ref (pspec->value_type);
  const GEnumValue *value = g_enum_get_value (states, state);
  if (value && g_str_equal (value->value_nick, "closed"))
    gst_chat_mailbox_post (mailbox, 0, dtls_closed_in_loop, NULL, NULL);
  else if (value && g_str_equal (value->value_nick, "failed"))
    gst_chat_mailbox_post (mailbox, 0, dtls_failed_in_loop, NULL, NULL);
  g_type_class_unref (states);
}

/* One early report is allowed between two regular ones, and those come each
 * 5 s by default: then every second lost packet is never asked for again. And
 * feedback for congestion control leaves with the end of each frame by default:
 * none of a call without video.
 * More of it at the start, by a "bandwidth", would let Firefox begin 30 ms
 * earlier, but then every hundredth call meets a race of rtpsession's, which
 * docs/webrtcbin-traps.md tells of. */
static void
hurry_feedback (GstElement * rtpsession)
{
  g_autoptr (GObject) session = NULL;
  g_object_get (rtpsession, "internal-session", &session, NULL);
  if (session)
    g_object_set (session, "rtcp-min-interval", (guint64) GST_SECOND,
        "twcc-feedback-interval", (guint64) 50 * GST_MSECOND, NULL);
}

/* An identity for each call; the process has only one otherwise. It makes a new
 * connection in @dtlsdec, under the feet of a state change that came before us:
 * the application's, while a call begins. */
static void
give_identity (GstElement * dtlsdec, const gchar * pem,
    GstChatMailbox * mailbox)
{
  GST_STATE_LOCK (dtlsdec);
  if (GST_STATE (dtlsdec) == GST_STATE_NULL)
    g_object_set (dtlsdec, "pem", pem, NULL);
  else
    g_atomic_int_set (&mailbox->has_shared_identity, TRUE);
  GST_STATE_UNLOCK (dtlsdec);
}

/* The system clock's thread. */
static gboolean
let_go (GstClock * clock, GstClockTime time, GstClockID id, gpointer elements)
{
  g_ptr_array_unref (elements);
  return TRUE;
}

/* What dtlsdec and dtlsenc share of a connection outlives them by as long as its
 * timers run, a second or more, and goes in the system clock's thread. It has
 * handlers of theirs: where they go at the same moment in another thread, GObject
 * crashes. */
static void
let_go_beside_timers (gpointer elements)
{
  g_autoptr (GstClock) clock = gst_system_clock_obtain ();
  GstClockID id = gst_clock_new_single_shot_id (clock,
      gst_clock_get_time (clock));
  gst_clock_id_wait_async (id, let_go, elements, NULL);
  gst_clock_id_unref (id);
}

static void
keep_until_webrtcbin_is_gone (GstBin * webrtc, GstElement * element)
{
  g_ptr_array_add (g_object_get_data (G_OBJECT (webrtc), "gst-chat-dtls"),
      gst_object_ref (element));
}

/* webrtcbin's thread. */
static void
on_element_added (GstBin * webrtc, GstBin * bin, GstElement * element,
    gpointer mailbox)
{
  GstElementFactory *factory = gst_element_get_factory (element);
  const gchar *name = factory ? GST_OBJECT_NAME (factory) : "";

  if (g_str_equal (name, "dtlsdec")) {
    give_identity (element,
        g_object_get_data (G_OBJECT (webrtc), "gst-chat-pem"), mailbox);
    keep_until_webrtcbin_is_gone (webrtc, element);
  } else if (g_str_equal (name, "dtlsenc")) {
    keep_until_webrtcbin_is_gone (webrtc, element);
  } else if (g_str_equal (name, "dtlssrtpdec")) {
    gst_chat_mailbox_connect (mailbox, element, "notify::connection-state",
        G_CALLBACK (on_dtls_state));
  } else if (g_str_equal (name, "nicesrc")) {
    g_autoptr (GstPad) pad = gst_element_get_static_pad (element, "src");
    gst_pad_add_probe (pad,
        GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST, on_packet,
        gst_chat_mailbox_ref (mailbox), gst_chat_mailbox_unref);
  } else if (g_str_equal (name, "rtpjitterbuffer")) {
    /* The first picture does not wait for `latency` to pass. And a packet that
     * only takes longer is not lost: one that comes later has to say so. */
    g_object_set (element, "faststart-min-packets", 2, "rtx-next-seqnum", FALSE,
        NULL);
  } else if (g_str_equal (name, "rtpsession")) {
    hurry_feedback (element);
    gst_chat_meter_watch (((GstChatMailbox *) mailbox)->meter, element);
    gst_chat_connection_watch_feedback (element, mailbox);
  }
}

/* ---- media of the remote ---- */

typedef struct
{
  GstPad *pad;
  gulong probe;
} BlockedPad;

void
gst_chat_blocked_pad_free (gpointer data)
{
  BlockedPad *blocked = data;
  gst_object_unref (blocked->pad);
  g_free (blocked);
}

static GstPadProbeReturn
on_blocked (GstPad * pad, GstPadProbeInfo * info, gpointer data)
{
  return GST_PAD_PROBE_OK;
}

static GstPadProbeReturn
on_unwanted (GstPad * pad, GstPadProbeInfo * info, gpointer data)
{
  return GST_PAD_PROBE_DROP;
}

static void
drop_pad (BlockedPad * blocked)
{
  gst_pad_add_probe (blocked->pad,
      GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST, on_unwanted,
      NULL, NULL);
  gst_pad_remove_probe (blocked->pad, blocked->probe);
}

static GstChatLine *
line_of_transceiver (GstChatConnection * self, GstPad * pad)
{
  GstWebRTCRTPTransceiver *transceiver = NULL;
  guint mline = G_MAXUINT;
  g_object_get (pad, "transceiver", &transceiver, NULL);
  if (transceiver)
    g_object_get (transceiver, "mlineindex", &mline, NULL);
  gst_clear_object (&transceiver);
  return mline < self->lines->len ?
      g_ptr_array_index (self->lines, mline) : NULL;
}

/* Whether the remote has said that it sends @ssrc there. */
static gboolean
is_ssrc_of (GstChatConnection * self, guint ssrc, guint line)
{
  gint outside = gst_chat_sdp_map_to_outside (self->map, line);
  if (!self->remote || outside < 0
      || outside >= (gint) self->remote->media->len)
    return FALSE;
  const GstChatSdpMedia *media =
      g_ptr_array_index (self->remote->media, outside);
  for (guint i = 0; i < media->ssrcs->len; i++) {
    if (g_array_index (media->ssrcs, guint32, i) == ssrc)
      return TRUE;
  }
  return FALSE;
}

/* An SSRC that comes before the description that names it, or that none names,
 * is the first m-line's for webrtcbin, whatever it is. */
static GstChatLine *
line_of_pad (GstChatConnection * self, GstPad * pad)
{
  GstChatLine *line = line_of_transceiver (self, pad), *first = NULL;
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);
  const GstStructure *s = caps ? gst_caps_get_structure (caps, 0) : NULL;
  const gchar *media = s ? gst_structure_get_string (s, "media") : NULL;
  guint ssrc = 0;
  if (!media)
    return line;
  GstChatKind kind = g_str_equal (media, "video") ?
      GST_CHAT_KIND_VIDEO : GST_CHAT_KIND_AUDIO;
  if (line && line->kind == kind)
    return line;

  gst_structure_get_uint (s, "ssrc", &ssrc);
  for (guint i = 0; i < self->lines->len; i++) {
    line = g_ptr_array_index (self->lines, i);
    if (line->kind == kind && is_ssrc_of (self, ssrc, i))
      return line;
    if (line->kind == kind && (!first || (first->receiver && !line->receiver)))
      first = line;
  }
  return first;
}

/* webrtcbin does so for each SSRC of which it knows the m-line. */
static void
ask_again_for_lost (GstPad * src)
{
  g_autoptr (GstPad) pad = gst_object_ref (src);
  while (pad) {
    if (GST_IS_GHOST_PAD (pad)) {
      GstPad *target = gst_ghost_pad_get_target (GST_GHOST_PAD (pad));
      gst_object_unref (pad);
      pad = target;
      continue;
    }
    g_autoptr (GstElement) element = gst_pad_get_parent_element (pad);
    g_clear_object (&pad);
    if (!element)
      return;
    if (g_object_class_find_property (G_OBJECT_GET_CLASS (element),
            "do-retransmission")) {
      g_object_set (element, "do-retransmission", TRUE, NULL);
      return;
    }
    g_autoptr (GstPad) sink = gst_element_get_static_pad (element, "sink");
    pad = sink ? gst_pad_get_peer (sink) : NULL;
  }
}

static void
tell_clock_rate (GstChatConnection * self, GstPad * pad)
{
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);
  gint pt, clock_rate;
  if (!caps)
    return;
  const GstStructure *s = gst_caps_get_structure (caps, 0);
  if (gst_structure_get_int (s, "payload", &pt)
      && gst_structure_get_int (s, "clock-rate", &clock_rate))
    gst_chat_meter_set_clock_rate (self->mailbox->meter, pt, clock_rate);
}

/* The connection may be closed when this returns. */
static void
attach_pad (GstChatConnection * self, BlockedPad * blocked)
{
  GstChatLine *line = line_of_pad (self, blocked->pad);
  if (!line) {
    drop_pad (blocked);
    return;
  }
  if (!line->receiver) {
    GstChatMailbox *mailbox = gst_chat_mailbox_ref (self->mailbox);
    GstChatReceiver *receiver = self->callbacks->receiver_for (line->kind,
        line->index, self->user_data);
    gboolean closed = !mailbox->connection;
    gst_chat_mailbox_unref (mailbox);
    if (closed)
      return;
    line->receiver = receiver;
  }
  if (!line->receiver) {
    drop_pad (blocked);
    return;
  }

  GError *error = NULL;
  GST_DEBUG_OBJECT (self->webrtc, "%s receives", GST_PAD_NAME (blocked->pad));
  tell_clock_rate (self, blocked->pad);
  if (line->kind == GST_CHAT_KIND_VIDEO)
    ask_again_for_lost (blocked->pad);
  if (!gst_chat_receiver_attach (line->receiver, self->call, blocked->pad,
          &error)) {
    gst_chat_connection_fail (self, error);
    return;
  }
  gst_pad_remove_probe (blocked->pad, blocked->probe);
}

static void
pad_in_loop (GstChatConnection * self, gpointer data)
{
  const BlockedPad *blocked = data;
  if (self->phase == GST_CHAT_PHASE_FAILED)
    return;
  if (++self->n_pads > MAX_PADS) {
    gst_chat_connection_fail (self, g_error_new (GST_CHAT_ERROR,
            GST_CHAT_ERROR_LIMIT, "The remote starts too many streams"));
    return;
  }
  BlockedPad *own = g_new (BlockedPad, 1);
  own->pad = gst_object_ref (blocked->pad);
  own->probe = blocked->probe;
  if (!self->connected) {
    /* Nobody has looked at the certificate yet. */
    g_ptr_array_add (self->blocked, own);
    return;
  }
  attach_pad (self, own);
  gst_chat_blocked_pad_free (own);
}

/* A streaming thread of webrtcbin's. */
static void
on_pad_added (GstElement * webrtc, GstPad * pad, gpointer mailbox)
{
  if (!GST_PAD_IS_SRC (pad))
    return;
  BlockedPad *blocked = g_new (BlockedPad, 1);
  blocked->pad = gst_object_ref (pad);
  blocked->probe = gst_pad_add_probe (pad,
      GST_PAD_PROBE_TYPE_BLOCK_DOWNSTREAM, on_blocked, NULL, NULL);
  gst_chat_mailbox_post (mailbox, 0, pad_in_loop, blocked,
      gst_chat_blocked_pad_free);
}

/* ---- the link ---- */

/* DTLS and ICE of @transceiver; NULL: it has none. */
static GstWebRTCDTLSTransport *
transport_of (GstWebRTCRTPTransceiver * transceiver)
{
  GObject *end = NULL;
  GstWebRTCDTLSTransport *transport = NULL;

  g_object_get (transceiver, "receiver", &end, NULL);
  if (end)
    g_object_get (end, "transport", &transport, NULL);
  g_clear_object (&end);
  return transport;
}

/* webrtcbin before 1.28.5 lets everybody in. */
static gboolean
is_remote_genuine (GstChatConnection * self)
{
  g_autoptr (GArray) transceivers = NULL;
  g_signal_emit_by_name (self->webrtc, "get-transceivers", &transceivers);
  guint n_checked = 0;

  for (guint i = 0; transceivers && i < transceivers->len; i++) {
    GstWebRTCRTPTransceiver *transceiver =
        g_array_index (transceivers, GstWebRTCRTPTransceiver *, i);
    guint mline = G_MAXUINT;
    g_object_get (transceiver, "mlineindex", &mline, NULL);
    gint outside = mline < self->lines->len ?
        gst_chat_sdp_map_to_outside (self->map, mline) : -1;
    const GstChatSdpMedia *media = outside >= 0 && self->remote ?
        gst_chat_sdp_get_media (self->remote, outside) : NULL;
    if (!media || media->rejected)
      continue;

    g_autofree gchar *pem = NULL;
    GstWebRTCDTLSTransport *transport = transport_of (transceiver);
    if (transport) {
      g_object_get (transport, "remote-certificate", &pem, NULL);
      /* Whose candidates are asked for later. */
      if (!self->ice_transport)
        g_object_get (transport, "transport", &self->ice_transport, NULL);
    }
    gst_clear_object (&transport);
    if (!media->fingerprints || !gst_chat_fingerprint_matches_pem
        ((const gchar * const *) media->fingerprints, pem)) {
      GST_WARNING_OBJECT (self->webrtc, "m-line %u: the remote's certificate "
          "is not that of its description", mline);
      return FALSE;
    }
    n_checked++;
  }
  return n_checked > 0;
}

void
gst_chat_connection_start_senders (GstChatConnection * self)
{
  /* Media of one file stays together. */
  GstClockTime base = GST_CLOCK_TIME_NONE;
  for (guint i = 0; i < self->lines->len; i++) {
    const GstChatLine *line = g_ptr_array_index (self->lines, i);
    GstClockTime held = line->attached && !line->started ?
        gst_chat_sender_get_held (line->sender) : GST_CLOCK_TIME_NONE;
    if (GST_CLOCK_TIME_IS_VALID (held)
        && (!GST_CLOCK_TIME_IS_VALID (base) || held < base))
      base = held;
  }
  for (guint i = 0; i < self->lines->len; i++) {
    GstChatLine *line = g_ptr_array_index (self->lines, i);
    if (line->attached && !line->started)
      gst_chat_sender_start (line->sender, base);
    line->started = line->attached;
  }
  /* webrtcbin sends no reports with a clock in them before it has been told the
   * latency, and nobody tells an element that comes late without being asked. */
  gst_element_post_message (self->webrtc,
      gst_message_new_latency (GST_OBJECT (self->webrtc)));
}

static void
connected (GstChatConnection * self)
{
  if (self->connected || self->phase == GST_CHAT_PHASE_FAILED)
    return;
  if (!is_remote_genuine (self)) {
    gst_chat_connection_fail (self, g_error_new (GST_CHAT_ERROR,
            GST_CHAT_ERROR_REFUSED, "The remote is not who it says it is: its "
            "certificate does not match the fingerprint of its description"));
    return;
  }
  self->connected = TRUE;
  gst_chat_connection_start_senders (self);

  GstChatMailbox *mailbox = gst_chat_mailbox_ref (self->mailbox);
  self->callbacks->link_state (GST_CHAT_LINK_CONNECTED, NULL, self->user_data);
  g_autoptr (GPtrArray) blocked = NULL;
  if (mailbox->connection) {
    blocked = self->blocked;
    self->blocked = g_ptr_array_new_with_free_func (gst_chat_blocked_pad_free);
  }
  for (guint i = 0; mailbox->connection && i < blocked->len; i++)
    attach_pad (self, g_ptr_array_index (blocked, i));
  if (mailbox->connection)
    gst_chat_connection_hurry_answer (self);
  gst_chat_mailbox_unref (mailbox);
}

static void
state_in_loop (GstChatConnection * self, gpointer data)
{
  switch ((GstWebRTCPeerConnectionState) GPOINTER_TO_INT (data)) {
    case GST_WEBRTC_PEER_CONNECTION_STATE_CONNECTED:
      connected (self);
      break;
    case GST_WEBRTC_PEER_CONNECTION_STATE_FAILED:
      over (self, self->connected ? "The connection is lost" :
          "No connection: no pair of addresses works; a TURN server may help");
      break;
    case GST_WEBRTC_PEER_CONNECTION_STATE_CLOSED:
      if (self->connected)
        over (self, NULL);
      break;
    case GST_WEBRTC_PEER_CONNECTION_STATE_NEW:
    case GST_WEBRTC_PEER_CONNECTION_STATE_CONNECTING:
    case GST_WEBRTC_PEER_CONNECTION_STATE_DISCONNECTED:
      break;
  }
}

/* webrtcbin's thread. */
static void
on_state (GstElement * webrtc, GParamSpec * pspec, gpointer mailbox)
{
  GstWebRTCPeerConnectionState state;
  g_object_get (webrtc, "connection-state", &state, NULL);
  gst_chat_mailbox_post (mailbox, 0, state_in_loop, GINT_TO_POINTER (state),
      NULL);
}

/* Each stream would have a decoder of FEC, which no call of ours agrees on, and a
 * storage for it. rtpbin notes the decoder in two lists, in the stream's own thread
 * and without a lock: where sound and picture begin at once one is lost, and a list
 * can be left that breaks when the call ends. */
static void
refuse_fec (GstBin * webrtc)
{
  static const gchar *const signals[] =
      { "request-fec-decoder-full", "new-storage" };
  g_autoptr (GstElement) rtpbin = gst_bin_get_by_name (webrtc, "rtpbin");

  for (guint i = 0; rtpbin && i < G_N_ELEMENTS (signals); i++) {
    guint id = g_signal_lookup (signals[i], G_OBJECT_TYPE (rtpbin));
    if (id)
      g_signal_handlers_disconnect_matched (rtpbin,
          G_SIGNAL_MATCH_ID | G_SIGNAL_MATCH_DATA, id, 0, NULL, NULL, webrtc);
  }
}

void
gst_chat_connection_watch (GstChatConnection * self)
{
  GST_DEBUG_CATEGORY_INIT (chat_link_debug, "chatlink", 0,
      "chat: the transport of a call");
  g_object_set_data_full (G_OBJECT (self->webrtc), "gst-chat-pem",
      g_strdup (self->certificate->pem), g_free);
  g_object_set_data_full (G_OBJECT (self->webrtc), "gst-chat-dtls",
      g_ptr_array_new_with_free_func (gst_object_unref), let_go_beside_timers);
  refuse_fec (GST_BIN (self->webrtc));
  gst_chat_mailbox_connect (self->mailbox, self->webrtc, "deep-element-added",
      G_CALLBACK (on_element_added));
  gst_chat_mailbox_connect (self->mailbox, self->webrtc, "pad-added",
      G_CALLBACK (on_pad_added));
  gst_chat_mailbox_connect (self->mailbox, self->webrtc,
      "notify::connection-state", G_CALLBACK (on_state));
  gst_chat_mailbox_connect (self->mailbox, self->webrtc, "on-ice-candidate",
      G_CALLBACK (gst_chat_connection_on_ice_candidate));
  gst_chat_mailbox_connect (self->mailbox, self->webrtc,
      "notify::ice-gathering-state",
      G_CALLBACK (gst_chat_connection_on_gathering));
}
