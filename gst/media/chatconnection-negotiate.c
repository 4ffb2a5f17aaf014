/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Offers and answers: through webrtcbin the first time and when media is added,
 * on the text otherwise. */
#include "chatconnection-private.h"

#include "chaterror.h"

GST_DEBUG_CATEGORY_STATIC (chat_negotiate_debug);
#define GST_CAT_DEFAULT chat_negotiate_debug

static void
init_debug (void)
{
  GST_DEBUG_CATEGORY_INIT (chat_negotiate_debug, "chatnegotiate", 0,
      "chat: offers and answers");
}

/* Gives @message (taken) to webrtcbin by @signal; @done hears of it. */
static void
set_description (GstChatConnection * self, const gchar * signal,
    GstWebRTCSDPType type, GstSDPMessage * message, GstChatMailFunc done)
{
  GstWebRTCSessionDescription *description =
      gst_webrtc_session_description_new (type, message);
  GstPromise *promise =
      gst_chat_connection_promise (self, self->generation, done);
  g_signal_emit_by_name (self->webrtc, signal, description, promise);
  gst_promise_unref (promise);
  gst_webrtc_session_description_free (description);
}

static void
create_description (GstChatConnection * self, const gchar * signal,
    GstChatMailFunc done)
{
  GstPromise *promise =
      gst_chat_connection_promise (self, self->generation, done);
  g_signal_emit_by_name (self->webrtc, signal, NULL, promise);
  gst_promise_unref (promise);
}

/* FALSE: webrtcbin refused, and the call has failed. */
static gboolean
check_reply (GstChatConnection * self, const GstChatReply * reply,
    const gchar * what)
{
  if (!reply->error)
    return TRUE;
  gst_chat_connection_fail (self, g_error_new (GST_CHAT_ERROR,
          GST_CHAT_ERROR_FAILED, "%s is refused by webrtcbin: %s", what,
          reply->error->message));
  return FALSE;
}

/* Both descriptions are with webrtcbin. FALSE: the call has failed. */
static gboolean
both_described (GstChatConnection * self)
{
  GError *error = NULL;
  if (!gst_chat_connection_attach_senders (self, &error)) {
    gst_chat_connection_fail (self, error);
    return FALSE;
  }
  gst_chat_connection_take_candidates (self, NULL, self->remote);
  gst_chat_connection_flush_early (self);
  if (self->connected)
    gst_chat_connection_start_senders (self);
  return TRUE;
}

void
gst_chat_connection_settled (GstChatConnection * self)
{
  g_autofree gchar *queued = g_steal_pointer (&self->queued_offer);
  if (queued)
    gst_chat_connection_remote_offer_in_loop (self, queued);
}

/* ---- our description ---- */

static void
local_set_in_loop (GstChatConnection * self, gpointer data)
{
  if (!check_reply (self, data, "Our own description"))
    return;
  if (self->answered && !both_described (self))
    return;
  gst_chat_connection_start_gathering (self);
}

static void
set_local (GstChatConnection * self, GstChatReply * reply,
    GstWebRTCSDPType type, GstChatSetup setup)
{
  if (!check_reply (self, reply, "The call"))
    return;
  if (!reply->sdp) {
    gst_chat_connection_fail (self, g_error_new (GST_CHAT_ERROR,
            GST_CHAT_ERROR_FAILED, "webrtcbin has made no description"));
    return;
  }
  GstChatSdpLocal local = {.setup = setup };
  g_clear_pointer (&self->local, gst_sdp_message_free);
  self->local = gst_chat_sdp_local_for_webrtcbin (reply->sdp, &local);
  GstSDPMessage *copy = NULL;
  gst_sdp_message_copy (self->local, &copy);
  set_description (self, "set-local-description", type, copy,
      local_set_in_loop);
}

/* ---- answering ---- */

static gboolean
choose (GstChatConnection * self, const GstChatSdpMedia * media,
    GstChatLine * line, GError ** error)
{
  g_auto (GStrv) names =
      gst_chat_connection_codec_names (self, line->sender, line->kind);
  return gst_chat_sdp_choose_codec (media, (const gchar * const *) names,
      &line->choice, error);
}

/* Whether the m-line is taken; makes webrtcbin's half of a new one. */
static gboolean
accept_media (GstChatConnection * self, guint outside,
    const GstChatSdpMedia * media, GError ** error)
{
  if (gst_chat_sdp_map_to_inside (self->map, outside) >= 0)
    return TRUE;

  GstChatLine *line = g_new0 (GstChatLine, 1);
  line->kind = media->type == GST_CHAT_MEDIA_AUDIO ?
      GST_CHAT_KIND_AUDIO : GST_CHAT_KIND_VIDEO;
  if (media->direction & GST_CHAT_DIRECTION_RECVONLY)
    line->sender = gst_chat_connection_free_sender (self, line->kind);

  gboolean chosen = choose (self, media, line, error);
  if (!chosen && line->sender) {
    /* We have nothing that they take, but may take what they have. */
    line->sender = NULL;
    g_clear_error (error);
    chosen = choose (self, media, line, error);
  }
  if (!chosen) {
    gst_chat_line_free (line);
    return FALSE;
  }
  g_autoptr (GstCaps) caps = gst_chat_codec_choice_to_caps (&line->choice);
  return gst_chat_connection_add_line (self, line, caps, error);
}

static void
answer_created_in_loop (GstChatConnection * self, gpointer data)
{
  set_local (self, data, GST_WEBRTC_SDP_TYPE_ANSWER, self->setup);
}

static void
offer_set_in_loop (GstChatConnection * self, gpointer data)
{
  if (check_reply (self, data, "The remote's offer"))
    create_description (self, "create-answer", answer_created_in_loop);
}

static void
deliver_answer_in_loop (GstChatConnection * self, gpointer text)
{
  self->described = TRUE;
  self->callbacks->local_description (FALSE, text, self->user_data);
}

/* An offer in which there is nothing for webrtcbin to do, like that of a page
 * that has not been given its camera yet. The media comes with a later one. */
static void
answer_nothing (GstChatConnection * self)
{
  self->phase = GST_CHAT_PHASE_STABLE;
  gst_chat_mailbox_post (self->mailbox, 0, deliver_answer_in_loop,
      gst_chat_sdp_reject_all (self->answered, self->version++), g_free);
}

static GstChatSetup
answer_to (GstChatSetup offered)
{
  return offered == GST_CHAT_SETUP_ACTIVE ? GST_CHAT_SETUP_PASSIVE :
      GST_CHAT_SETUP_ACTIVE;
}

/* Through webrtcbin; self->answered is the offer. */
static void
answer (GstChatConnection * self)
{
  const GstChatSdp *offer = self->answered;
  guint n = gst_chat_sdp_n_media (offer);
  g_autofree gboolean *accept = g_new0 (gboolean, n + 1);
  guint n_wanted = 0, n_accepted = 0;
  g_autoptr (GError) error = NULL;
  GstChatSetup setup = GST_CHAT_SETUP_NONE;

  for (guint i = 0; i < n; i++) {
    const GstChatSdpMedia *media = gst_chat_sdp_get_media (offer, i);
    if (media->rejected || (media->type != GST_CHAT_MEDIA_AUDIO
            && media->type != GST_CHAT_MEDIA_VIDEO))
      continue;
    n_wanted++;
    accept[i] = accept_media (self, i, media, error ? NULL : &error);
    if (accept[i] && n_accepted++ == 0)
      setup = answer_to (media->setup);
  }

  if (n_accepted == 0 && self->lines->len == 0) {
    if (n_wanted == 0)
      answer_nothing (self);
    else
      gst_chat_connection_fail (self, g_steal_pointer (&error));
    return;
  }
  GST_DEBUG_OBJECT (self->webrtc, "answers %u of %u m-lines", n_accepted, n);
  if (error)
    gst_chat_connection_notice (self, g_strdup (error->message));

  self->phase = GST_CHAT_PHASE_NEGOTIATING;
  self->generation++;
  if (self->setup == GST_CHAT_SETUP_NONE)
    self->setup = setup;
  set_description (self, "set-remote-description", GST_WEBRTC_SDP_TYPE_OFFER,
      gst_chat_sdp_offer_for_webrtcbin (offer, accept, self->map),
      offer_set_in_loop);
}

GstChatOfferChange
gst_chat_connection_classify_offer_in_loop (GstChatConnection * self,
    const gchar * text, GError ** error)
{
  g_autoptr (GstChatSdp) offer = gst_chat_sdp_parse_remote (text, TRUE, error);
  if (!offer)
    return GST_CHAT_OFFER_INVALID;
  if (!self->remote)
    return GST_CHAT_OFFER_FIRST;
  switch (gst_chat_sdp_classify (self->remote, offer, error)) {
    case GST_CHAT_SDP_SAME:
      return GST_CHAT_OFFER_SAME;
    case GST_CHAT_SDP_MEDIA_CHANGED:
      return GST_CHAT_OFFER_MEDIA;
    case GST_CHAT_SDP_TRANSPORT_CHANGED:
      return GST_CHAT_OFFER_TRANSPORT;
    case GST_CHAT_SDP_INVALID:
      return GST_CHAT_OFFER_INVALID;
  }
  g_return_val_if_reached (GST_CHAT_OFFER_INVALID);
}

static void
replace_sdp (GstChatSdp ** sdp, const gchar * text, gboolean is_offer)
{
  g_clear_pointer (sdp, gst_chat_sdp_free);
  *sdp = gst_chat_sdp_parse_remote (text, is_offer, NULL);
}

/* The same offer again: only its candidates are news. */
static void
answer_again (GstChatConnection * self, const gchar * text)
{
  g_autoptr (GstChatSdp) older = g_steal_pointer (&self->remote);
  replace_sdp (&self->remote, text, TRUE);
  if (self->lines->len == 0) {
    answer_nothing (self);
    return;
  }
  gst_chat_connection_take_candidates (self, older, self->remote);
  gst_chat_connection_repeat_answer (self);
}

void
gst_chat_connection_remote_offer_in_loop (GstChatConnection * self,
    const gchar * text)
{
  g_return_if_fail (GST_CHAT_IS_IN_LOOP (self));
  init_debug ();
  if (self->phase == GST_CHAT_PHASE_FAILED)
    return;

  GError *error = NULL;
  GstChatOfferChange change =
      gst_chat_connection_classify_offer_in_loop (self, text, &error);
  if (change == GST_CHAT_OFFER_INVALID || change == GST_CHAT_OFFER_TRANSPORT) {
    if (!error)
      error = g_error_new (GST_CHAT_ERROR, GST_CHAT_ERROR_PROTOCOL,
          "The offer belongs to another call");
    gst_chat_connection_fail (self, error);
    return;
  }
  g_clear_error (&error);

  gboolean busy = self->phase != GST_CHAT_PHASE_NEW
      && self->phase != GST_CHAT_PHASE_STABLE;
  if (busy) {
    /* A server that relays twice; or news, which can wait. */
    if (change != GST_CHAT_OFFER_SAME) {
      g_free (self->queued_offer);
      self->queued_offer = g_strdup (text);
    } else if (self->remote && g_strcmp0 (text, self->remote->text) != 0) {
      g_autoptr (GstChatSdp) older = g_steal_pointer (&self->remote);
      replace_sdp (&self->remote, text, TRUE);
      gst_chat_connection_take_candidates (self, older, self->remote);
    }
    return;
  }

  /* An answer on the text needs an answer to repeat. */
  if (change == GST_CHAT_OFFER_SAME && self->answered) {
    answer_again (self, text);
    return;
  }
  replace_sdp (&self->remote, text, TRUE);
  replace_sdp (&self->answered, text, TRUE);
  answer (self);
}

/* ---- offering ---- */

static GstCaps *
rtx_caps (const GstChatCodec * codec)
{
  /* The table leaves the number behind each video codec free for this. */
  g_autofree gchar *apt = g_strdup_printf ("%u", codec->default_pt);
  return gst_caps_new_simple ("application/x-rtp",
      "media", G_TYPE_STRING, "video", "encoding-name", G_TYPE_STRING, "rtx",
      "clock-rate", G_TYPE_INT, codec->clock_rate,
      "payload", G_TYPE_INT, codec->default_pt + 1,
      "apt", G_TYPE_STRING, apt, NULL);
}

/* All codecs that the m-line can have: the answer chooses. */
static GstCaps *
offer_caps (GstChatLine * line, gchar ** names)
{
  GstCaps *caps = gst_caps_new_empty ();
  line->codecs = g_ptr_array_new ();
  for (gchar ** name = names; *name; name++) {
    const GstChatCodec *codec = gst_chat_codec_by_name (*name);
    GstChatCodecChoice choice = { 0 };
    gst_chat_codec_choice_for_offer (codec, &choice);
    gst_caps_append (caps, gst_chat_codec_choice_to_caps (&choice));
    gst_chat_codec_choice_clear (&choice);
    /* webrtcbin adds retransmission for the first one only. */
    if (line->codecs->len > 0 && line->kind == GST_CHAT_KIND_VIDEO)
      gst_caps_append (caps, rtx_caps (codec));
    g_ptr_array_add (line->codecs, (gpointer) codec);
  }
  return caps;
}

/* FALSE: the call has failed. */
static gboolean
offer_line (GstChatConnection * self, GstChatKind kind, GstChatSender * sender)
{
  g_auto (GStrv) names = gst_chat_connection_codec_names (self, sender, kind);
  GError *error = NULL;
  if (!*names) {
    /* Nothing to receive it with: no m-line. Nothing to send it with, though
     * something shall be sent, is a fault. */
    if (!sender)
      return TRUE;
    gchar **preferred = kind == GST_CHAT_KIND_AUDIO ?
        self->config.audio_codecs : self->config.video_codecs;
    g_ptr_array_unref (gst_chat_sender_get_codecs (sender, preferred, &error));
    if (!error)
      error = g_error_new (GST_CHAT_ERROR, GST_CHAT_ERROR_MISSING,
          "There is a codec to send, but none that is both sent and received");
    gst_chat_connection_fail (self, error);
    return FALSE;
  }

  GstChatLine *line = g_new0 (GstChatLine, 1);
  line->kind = kind;
  line->sender = sender;
  g_autoptr (GstCaps) caps = offer_caps (line, names);
  if (gst_chat_connection_add_line (self, line, caps, &error))
    return TRUE;
  gst_chat_connection_fail (self, error);
  return FALSE;
}

static gboolean
offer_kind (GstChatConnection * self, GstChatKind kind)
{
  GstChatSender *sender = gst_chat_connection_free_sender (self, kind);
  if (!sender)
    return offer_line (self, kind, NULL);
  for (; sender; sender = gst_chat_connection_free_sender (self, kind))
    if (!offer_line (self, kind, sender))
      return FALSE;
  return TRUE;
}

static void
offer_created_in_loop (GstChatConnection * self, gpointer data)
{
  /* Pages that have been called before start DTLS anew for a client only. */
  set_local (self, data, GST_WEBRTC_SDP_TYPE_OFFER, GST_CHAT_SETUP_ACTIVE);
}

void
gst_chat_connection_create_offer_in_loop (GstChatConnection * self)
{
  g_return_if_fail (GST_CHAT_IS_IN_LOOP (self));
  g_return_if_fail (self->phase == GST_CHAT_PHASE_NEW);
  init_debug ();

  self->offerer = TRUE;
  self->setup = GST_CHAT_SETUP_ACTIVE;
  self->phase = GST_CHAT_PHASE_NEGOTIATING;
  self->generation++;
  if (offer_kind (self, GST_CHAT_KIND_AUDIO)
      && offer_kind (self, GST_CHAT_KIND_VIDEO))
    create_description (self, "create-offer", offer_created_in_loop);
}

gchar *
gst_chat_connection_repeat_offer_in_loop (GstChatConnection * self)
{
  if (!self->sent_offer || self->answered
      || self->phase == GST_CHAT_PHASE_FAILED)
    return NULL;
  return gst_chat_connection_describe (self, NULL);
}

/* ---- being answered ---- */

/* The first of the answer's codecs that we offered. */
static gboolean
take_choice (GstChatLine * line, const GstChatSdpMedia * media)
{
  for (guint i = 0; i < media->codecs->len; i++) {
    const GstChatSdpCodec *answered = g_ptr_array_index (media->codecs, i);
    const GstChatCodec *codec = gst_chat_codec_by_encoding_name (line->kind,
        answered->encoding_name);
    if (!codec || !g_ptr_array_find (line->codecs, codec, NULL))
      continue;
    const gchar *names[] = { codec->name, NULL };
    if (gst_chat_sdp_choose_codec (media, names, &line->choice, NULL))
      return TRUE;
  }
  return FALSE;
}

/* "The remote takes no video, offered as vp8, h264 (…)" */
static void
describe_line (GString * text, const GstChatLine * line)
{
  const gchar *kind = line->kind == GST_CHAT_KIND_AUDIO ? "audio" : "video";
  g_string_append_printf (text, "%s no %s, offered as ",
      text->len > 0 ? " and" : "The remote takes", kind);
  for (guint i = 0; line->codecs && i < line->codecs->len; i++) {
    const GstChatCodec *codec = g_ptr_array_index (line->codecs, i);
    g_string_append_printf (text, "%s%s", i > 0 ? ", " : "", codec->name);
  }
  g_string_append_printf (text, " (the property %s-codecs of chatpeer says "
      "which may be used)", kind);
}

/* What we would send and @answer does not want. NULL: it wants everything. */
static gchar *
what_is_refused (GstChatConnection * self, const GstChatSdp * answer)
{
  g_autoptr (GString) text = g_string_new (NULL);
  for (guint i = 0; i < gst_chat_sdp_n_media (answer); i++) {
    gint inside = gst_chat_sdp_map_to_inside (self->map, i);
    if (inside < 0 || (guint) inside >= self->lines->len
        || !gst_chat_sdp_get_media (answer, i)->rejected)
      continue;
    const GstChatLine *line = g_ptr_array_index (self->lines, inside);
    if (line->sender)
      describe_line (text, line);
  }
  return text->len > 0 ? g_strdup (text->str) : NULL;
}

/* FALSE: there is nothing in it for us. */
static gboolean
take_choices (GstChatConnection * self, const GstChatSdp * answer)
{
  gboolean any = FALSE;
  for (guint i = 0; i < gst_chat_sdp_n_media (answer); i++) {
    const GstChatSdpMedia *media = gst_chat_sdp_get_media (answer, i);
    gint inside = gst_chat_sdp_map_to_inside (self->map, i);
    if (media->rejected || inside < 0 || (guint) inside >= self->lines->len)
      continue;
    GstChatLine *line = g_ptr_array_index (self->lines, inside);
    any = TRUE;
    if (line->sender && (media->direction & GST_CHAT_DIRECTION_RECVONLY)
        && !take_choice (line, media))
      return FALSE;
  }
  return any;
}

static void
answer_set_in_loop (GstChatConnection * self, gpointer data)
{
  if (!check_reply (self, data, "The remote's answer")
      || !both_described (self))
    return;
  self->phase = GST_CHAT_PHASE_STABLE;
  gst_chat_connection_settled (self);
}

static void
take_first_answer (GstChatConnection * self, GstChatSdp * answer)
{
  GError *error = NULL;
  if (!gst_chat_sdp_check_answer (self->sent_offer, answer, &error)) {
    gst_chat_sdp_free (answer);
    gst_chat_connection_fail (self, error);
    return;
  }
  self->remote = answer;
  g_autofree gchar *refused = what_is_refused (self, answer);
  if (!take_choices (self, answer)) {
    gst_chat_connection_fail (self, g_error_new (GST_CHAT_ERROR,
            GST_CHAT_ERROR_UNSUPPORTED, "%s", refused ? refused :
            "The remote takes nothing of what was offered"));
    return;
  }
  if (refused)
    gst_chat_connection_notice (self, g_steal_pointer (&refused));
  self->phase = GST_CHAT_PHASE_ANSWERING;
  self->generation++;
  set_description (self, "set-remote-description", GST_WEBRTC_SDP_TYPE_ANSWER,
      gst_chat_sdp_answer_for_webrtcbin (answer, self->map),
      answer_set_in_loop);
}

void
gst_chat_connection_remote_answer_in_loop (GstChatConnection * self,
    const gchar * text)
{
  g_return_if_fail (GST_CHAT_IS_IN_LOOP (self));
  if (self->phase == GST_CHAT_PHASE_FAILED || !self->sent_offer)
    return;

  GError *error = NULL;
  GstChatSdp *answer = gst_chat_sdp_parse_remote (text, FALSE, &error);
  if (self->phase == GST_CHAT_PHASE_OFFERED) {
    if (answer)
      take_first_answer (self, answer);
    else
      gst_chat_connection_fail (self, error);
    return;
  }

  /* Later ones: the call stands, with what they add. */
  if (answer && self->remote
      && gst_chat_sdp_classify (self->remote, answer, NULL) ==
      GST_CHAT_SDP_SAME) {
    gst_chat_connection_take_candidates (self, self->remote, answer);
    gst_chat_sdp_free (self->remote);
    self->remote = g_steal_pointer (&answer);
  }
  g_clear_error (&error);
  g_clear_pointer (&answer, gst_chat_sdp_free);
}
