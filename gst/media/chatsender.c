/* SPDX-License-Identifier: LGPL-2.1-or-later
 * What one sink pad of chatpeer feeds: from raw or encoded media to RTP. What it
 * is from one call to the next; chatsender-branch.c builds what a call needs. */
#include "chatsender-private.h"

#include "chatentrance.h"
#include "chaterror.h"
#include "chatkeyframe.h"

static void
on_ended (gpointer user_data)
{
  GstChatSender *self = user_data;
  if (self->callbacks && self->callbacks->ended)
    self->callbacks->ended (self, self->user_data);
}

static void
on_refused (GstFlowReturn flow, gpointer user_data)
{
  GstChatSender *self = user_data;
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (self->sinkpad);
  g_autofree gchar *text = caps ? gst_caps_to_string (caps) : NULL;
  g_autoptr (GError) error = g_error_new (GST_CHAT_ERROR,
      GST_CHAT_ERROR_UNSUPPORTED, "The media of %s cannot be sent in this call "
      "(%s): %s", self->name, gst_flow_get_name (flow), GST_STR_NULL (text));

  g_mutex_lock (&self->lock);
  GstChatSenderListener *listener = self->listener ?
      g_atomic_rc_box_acquire (self->listener) : NULL;
  g_mutex_unlock (&self->lock);
  if (listener) {
    listener->failed (error, listener->user_data);
    gst_chat_sender_listener_unref (listener);
  }
}

static const GstChatEntranceCallbacks entrance_callbacks = {
  .ended = on_ended,
  .refused = on_refused,
};

/* Everything that a pad of @kind can take. */
static GstCaps *
input_caps (GstChatKind kind)
{
  GstCaps *caps = gst_caps_from_string (kind == GST_CHAT_KIND_VIDEO ?
      "video/x-raw" : "audio/x-raw");
  for (const GstChatCodec * const *codec = gst_chat_codecs (); *codec; codec++)
    if ((*codec)->kind == kind) {
      if ((*codec)->input_caps) {
        gst_caps_append (caps, gst_caps_from_string ((*codec)->input_caps));
        continue;
      }
      /* Any framing of it: a parser stands behind. */
      g_autoptr (GstCaps) encoded =
          gst_caps_from_string ((*codec)->encoded_caps);
      const GstStructure *s = gst_caps_get_structure (encoded, 0);
      gst_caps_append (caps,
          gst_caps_new_empty_simple (gst_structure_get_name (s)));
    }
  return caps;
}

GstChatSender *
gst_chat_sender_new (GstBin * bin, GstChatKind kind, const gchar * name,
    const GstChatSenderConfig * config,
    const GstChatSenderCallbacks * callbacks, gpointer user_data)
{
  GstChatSender *self = g_new0 (GstChatSender, 1);
  self->bin = bin;
  self->kind = kind;
  self->name = g_strdup (name);
  self->target = g_atomic_rc_box_new0 (GstChatSenderTarget);
  self->target->kind = kind;
  self->target->bitrate = config ? config->bitrate : 0;
  self->target->least = config ? config->min_bitrate : 0;
  self->target->share = 1000;
  self->callbacks = callbacks;
  self->user_data = user_data;
  g_mutex_init (&self->lock);

  g_autoptr (GstCaps) caps = input_caps (kind);
  g_autofree gchar *entrance = g_strdup_printf ("%s-entrance", name);
  self->entrance = gst_object_ref_sink (gst_chat_entrance_new (entrance, caps,
          &entrance_callbacks, self));
  self->sinkpad = gst_element_get_static_pad (self->entrance, "sink");
  self->srcpad = gst_element_get_static_pad (self->entrance, "src");
  gst_bin_add (bin, self->entrance);
  gst_element_sync_state_with_parent (self->entrance);
  return self;
}

void
gst_chat_sender_free (GstChatSender * self)
{
  gst_chat_sender_detach (self);

  gst_element_set_locked_state (self->entrance, TRUE);
  gst_element_set_state (self->entrance, GST_STATE_NULL);
  gst_bin_remove (self->bin, self->entrance);

  gst_object_unref (self->sinkpad);
  gst_object_unref (self->srcpad);
  gst_object_unref (self->entrance);
  g_atomic_rc_box_release (self->target);
  g_mutex_clear (&self->lock);
  g_free (self->name);
  g_free (self);
}

GstPad *
gst_chat_sender_get_sink_pad (GstChatSender * self)
{
  return self->sinkpad;
}

GstChatKind
gst_chat_sender_get_kind (GstChatSender * self)
{
  return self->kind;
}

gboolean
gst_chat_sender_is_ended (GstChatSender * self)
{
  return gst_chat_entrance_is_ended (GST_CHAT_ENTRANCE (self->entrance));
}

/* What comes in, or will: fixed caps where there are any. */
static GstCaps *
find_input_caps (GstChatSender * self)
{
  GstCaps *caps = gst_pad_get_current_caps (self->sinkpad);
  return caps ? caps : gst_pad_peer_query_caps (self->sinkpad, NULL);
}

const GstChatCodec *
gst_chat_sender_find_encoded_codec (GstChatSender * self)
{
  g_autoptr (GstCaps) caps = find_input_caps (self);
  if (gst_caps_is_any (caps) || gst_caps_is_empty (caps))
    return NULL;
  const gchar *raw =
      self->kind == GST_CHAT_KIND_VIDEO ? "video/x-raw" : "audio/x-raw";
  for (guint i = 0; i < gst_caps_get_size (caps); i++)
    if (gst_structure_has_name (gst_caps_get_structure (caps, i), raw))
      return NULL;
  return gst_chat_codec_for_caps (caps);
}

GPtrArray *
gst_chat_sender_get_codecs (GstChatSender * self, gchar ** preferred,
    GError ** error)
{
  GPtrArray *codecs = g_ptr_array_new ();
  g_autoptr (GError) missing = NULL;

  const GstChatCodec *encoded = gst_chat_sender_find_encoded_codec (self);
  if (encoded) {
    if (gst_chat_codec_can_pay (encoded, error))
      g_ptr_array_add (codecs, (gpointer) encoded);
    return codecs;
  }

  if (preferred) {
    for (; *preferred; preferred++) {
      const GstChatCodec *codec = gst_chat_codec_by_name (*preferred);
      if (codec && codec->kind == self->kind
          && gst_chat_codec_can_encode (codec, missing ? NULL : &missing))
        g_ptr_array_add (codecs, (gpointer) codec);
    }
  } else {
    for (const GstChatCodec * const *codec = gst_chat_codecs (); *codec;
        codec++)
      if ((*codec)->kind == self->kind
          && gst_chat_codec_can_encode (*codec, missing ? NULL : &missing))
        g_ptr_array_add (codecs, (gpointer) * codec);
  }

  if (codecs->len == 0) {
    if (missing)
      g_propagate_error (error, g_steal_pointer (&missing));
    else
      g_set_error (error, GST_CHAT_ERROR, GST_CHAT_ERROR_UNSUPPORTED,
          "No codec for %s: none of the preferred ones is known", self->name);
  }
  return codecs;
}

void
gst_chat_sender_set_bitrate (GstChatSender * self,
    const GstChatSenderConfig * config)
{
  g_atomic_int_set (&self->target->bitrate, config->bitrate);
  g_atomic_int_set (&self->target->least, config->min_bitrate);
  gst_chat_sender_update_bitrate (self);
}

void
gst_chat_sender_set_share (GstChatSender * self, gdouble share)
{
  g_atomic_int_set (&self->target->share, (gint) (1000 * share));
  gst_chat_sender_update_bitrate (self);
  gst_chat_sender_update_keyframes (self);
}

GstClockTime
gst_chat_sender_get_held (GstChatSender * self)
{
  return gst_chat_entrance_get_held (GST_CHAT_ENTRANCE (self->entrance));
}

gboolean
gst_chat_sender_get_size (GstChatSender * self, gint * width, gint * height)
{
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (self->sinkpad);
  if (!caps)
    return FALSE;
  const GstStructure *s = gst_caps_get_structure (caps, 0);
  return gst_structure_get_int (s, "width", width)
      && gst_structure_get_int (s, "height", height);
}

void
gst_chat_sender_start (GstChatSender * self, GstClockTime base)
{
  if (!self->encode)
    return;
  gst_chat_entrance_open (GST_CHAT_ENTRANCE (self->entrance), base,
      self->encoded && self->kind == GST_CHAT_KIND_VIDEO);
  /* A fresh encoder begins with one; somebody else's has to be asked. */
  if (self->encoded)
    gst_chat_sender_request_keyframe (self);
}

void
gst_chat_sender_request_keyframe (GstChatSender * self)
{
  if (self->encode_src && self->kind == GST_CHAT_KIND_VIDEO)
    gst_chat_keyframe_request (self->encode_src);
}

void
gst_chat_sender_detach (GstChatSender * self)
{
  gst_chat_entrance_close (GST_CHAT_ENTRANCE (self->entrance));
  gst_chat_sender_dismiss_branch (self);

  g_mutex_lock (&self->lock);
  GstChatSenderListener *listener = g_steal_pointer (&self->listener);
  g_mutex_unlock (&self->lock);
  if (listener)
    gst_chat_sender_listener_unref (listener);
}
