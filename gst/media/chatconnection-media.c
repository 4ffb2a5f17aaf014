/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The m-lines of a call: which sender feeds which of webrtcbin's pads. */
#include "chatconnection-private.h"

#include "chaterror.h"

void
gst_chat_line_free (gpointer data)
{
  GstChatLine *line = data;
  g_clear_pointer (&line->codecs, g_ptr_array_unref);
  gst_chat_codec_choice_clear (&line->choice);
  gst_clear_object (&line->sink_pad);
  g_free (line);
}

static gboolean
is_in_use (GstChatConnection * self, GstChatSender * sender)
{
  for (guint i = 0; i < self->lines->len; i++) {
    const GstChatLine *line = g_ptr_array_index (self->lines, i);
    if (line->sender == sender)
      return TRUE;
  }
  return FALSE;
}

GstChatSender *
gst_chat_connection_free_sender (GstChatConnection * self, GstChatKind kind)
{
  for (guint i = 0; i < self->senders->len; i++) {
    GstChatSender *sender = g_ptr_array_index (self->senders, i);
    if (gst_chat_sender_get_kind (sender) == kind && !is_in_use (self, sender)
        && !gst_chat_sender_is_ended (sender))
      return sender;
  }
  return NULL;
}

gchar **
gst_chat_connection_codec_names (GstChatConnection * self,
    GstChatSender * sender, GstChatKind kind)
{
  gchar **preferred = kind == GST_CHAT_KIND_AUDIO ? self->config.audio_codecs :
      self->config.video_codecs;
  g_autoptr (GPtrArray) codecs = NULL;

  if (sender)
    codecs = gst_chat_sender_get_codecs (sender, preferred, NULL);
  else {
    codecs = g_ptr_array_new ();
    for (const GstChatCodec * const *codec = gst_chat_codecs (); *codec;
        codec++)
      if ((*codec)->kind == kind && (!preferred
              || g_strv_contains ((const gchar * const *) preferred,
                  (*codec)->name)))
        g_ptr_array_add (codecs, (gpointer) * codec);
  }

  /* One codec for both directions: webrtcbin's answers have only one. */
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();
  for (guint i = 0; i < codecs->len; i++) {
    const GstChatCodec *codec = g_ptr_array_index (codecs, i);
    if (gst_chat_codec_can_decode (codec, NULL))
      g_strv_builder_add (names, codec->name);
  }
  return g_strv_builder_end (names);
}

static guint32
fresh_ssrc (GstChatConnection * self)
{
  for (;;) {
    guint32 ssrc = g_random_int ();
    gboolean taken = ssrc == 0;
    for (guint i = 0; i < self->lines->len; i++)
      taken |= ((GstChatLine *) g_ptr_array_index (self->lines, i))->ssrc ==
          ssrc;
    if (!taken)
      return ssrc;
  }
}

static GstCaps *
with_ssrc (const GstCaps * caps, guint32 ssrc)
{
  GstCaps *copy = gst_caps_copy (caps);
  if (ssrc)
    gst_caps_set_simple (copy, "ssrc", G_TYPE_UINT, ssrc, NULL);
  return copy;
}

static GstWebRTCRTPTransceiver *
request_sink (GstChatConnection * self, GstChatLine * line,
    const GstCaps * preferences)
{
  GstPadTemplate *template =
      gst_element_get_pad_template (self->webrtc, "sink_%u");
  line->sink_pad =
      gst_element_request_pad (self->webrtc, template, NULL, preferences);
  if (!line->sink_pad)
    return NULL;

  GstWebRTCRTPTransceiver *transceiver = NULL;
  g_object_get (line->sink_pad, "transceiver", &transceiver, NULL);
  /* With these, and the SSRC in them, webrtcbin can describe the m-line before
   * there is an encoder, and never without an SSRC. */
  g_object_set (transceiver, "codec-preferences", preferences, NULL);
  return transceiver;
}

gboolean
gst_chat_connection_add_line (GstChatConnection * self, GstChatLine * line,
    const GstCaps * preferences, GError ** error)
{
  for (guint i = 0; i < self->lines->len; i++)
    if (((GstChatLine *) g_ptr_array_index (self->lines, i))->kind ==
        line->kind)
      line->index++;
  if (line->sender)
    line->ssrc = fresh_ssrc (self);
  g_ptr_array_add (self->lines, line);

  g_autoptr (GstCaps) caps = with_ssrc (preferences, line->ssrc);
  GstWebRTCRTPTransceiver *transceiver = NULL;
  if (line->sender)
    transceiver = request_sink (self, line, caps);
  else
    g_signal_emit_by_name (self->webrtc, "add-transceiver",
        GST_WEBRTC_RTP_TRANSCEIVER_DIRECTION_RECVONLY, caps, &transceiver);
  if (!transceiver) {
    g_set_error (error, GST_CHAT_ERROR, GST_CHAT_ERROR_FAILED,
        "webrtcbin takes no more media");
    return FALSE;
  }
  /* Chromium refuses offers with it on audio. */
  if (line->kind == GST_CHAT_KIND_VIDEO)
    g_object_set (transceiver, "do-nack", TRUE, NULL);
  gst_object_unref (transceiver);
  return TRUE;
}

static void
sender_failed_in_loop (GstChatConnection * self, gpointer data)
{
  gst_chat_connection_fail (self, g_error_copy (data));
}

/* The encoder's thread, or the source's. */
static void
on_sender_failed (const GError * error, gpointer mailbox)
{
  gst_chat_mailbox_post (mailbox, 0, sender_failed_in_loop,
      g_error_copy (error), (GDestroyNotify) g_error_free);
}

gboolean
gst_chat_connection_attach_senders (GstChatConnection * self, GError ** error)
{
  for (guint i = 0; i < self->lines->len; i++) {
    GstChatLine *line = g_ptr_array_index (self->lines, i);
    if (!line->sender || line->attached || !line->choice.codec)
      continue;
    g_autoptr (GstCaps) choice = gst_chat_codec_choice_to_caps (&line->choice);
    g_autoptr (GstCaps) caps = with_ssrc (choice, line->ssrc);
    if (!gst_chat_sender_attach (line->sender, line->choice.codec, caps,
            self->call, line->sink_pad, on_sender_failed,
            gst_chat_mailbox_ref (self->mailbox), gst_chat_mailbox_unref,
            error))
      return FALSE;
    line->attached = TRUE;
  }
  return TRUE;
}

void
gst_chat_connection_detach_all (GstChatConnection * self)
{
  for (guint i = 0; i < self->lines->len; i++) {
    GstChatLine *line = g_ptr_array_index (self->lines, i);
    if (line->attached)
      gst_chat_sender_detach (line->sender);
    line->attached = FALSE;
    if (line->receiver)
      gst_chat_receiver_detach (line->receiver);
    line->receiver = NULL;
  }
}
