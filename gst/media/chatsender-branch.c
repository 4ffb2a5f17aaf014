/* SPDX-License-Identifier: LGPL-2.1-or-later
 * What a sender needs in a call. Two parts, so that one encoder can serve many
 * calls later: from the input to encoded media, and from there to RTP. */
#include "chatsender-private.h"

#include "chatchain.h"
#include "chaterror.h"
#include "chatfence.h"
#include "chatkeyframe.h"

/* Viewers of a lossy link ask every frame; an encoder that obeys sends nothing
 * but keyframes. */
#define KEYFRAME_INTERVAL (300 * GST_MSECOND)
/* A narrow line takes most of a second for one. */
#define NARROW_KEYFRAME_INTERVAL GST_SECOND

#define VIDEO_QUEUE "leaky=downstream max-size-buffers=2 max-size-time=0 " \
    "max-size-bytes=0"
#define AUDIO_QUEUE "leaky=downstream max-size-buffers=0 " \
    "max-size-time=100000000 max-size-bytes=0"

static void
listener_clear (gpointer data)
{
  GstChatSenderListener *listener = data;
  if (listener->notify)
    listener->notify (listener->user_data);
}

void
gst_chat_sender_listener_unref (GstChatSenderListener * listener)
{
  g_atomic_rc_box_release_full (listener, listener_clear);
}

static void
on_fence_failed (const GError * error, gpointer user_data)
{
  GstChatSenderListener *listener = user_data;
  listener->failed (error, listener->user_data);
}

/* A tenth of a bit for each pixel: what the usual services take. */
static guint
default_video_bitrate (gint width, gint height, gint fps_n, gint fps_d)
{
  gdouble fps = fps_n > 0 && fps_d > 0 ? (gdouble) fps_n / fps_d : 30;
  gdouble bitrate = (gdouble) width * height * MIN (fps, 60) / 10;
  return (guint) CLAMP (bitrate, 150000, 6000000);
}

/* On a network that takes everything; 0: the encoder's own choice. */
static guint
full_bitrate (GstChatSenderTarget * target, const GstCaps * caps)
{
  guint bitrate = g_atomic_int_get (&target->bitrate);
  if (!bitrate && caps && target->kind == GST_CHAT_KIND_VIDEO) {
    gint width = 0, height = 0, fps_n = 0, fps_d = 1;
    const GstStructure *s = gst_caps_get_structure (caps, 0);
    gst_structure_get_int (s, "width", &width);
    gst_structure_get_int (s, "height", &height);
    gst_structure_get_fraction (s, "framerate", &fps_n, &fps_d);
    bitrate = default_video_bitrate (width, height, fps_n, fps_d);
  }
  return bitrate;
}

/* On the network as it is. */
static guint
current_bitrate (GstChatSenderTarget * target, const GstCaps * caps)
{
  guint bitrate = full_bitrate (target, caps);
  if (target->kind != GST_CHAT_KIND_VIDEO)
    return bitrate;
  guint share = g_atomic_int_get (&target->share);
  guint least = g_atomic_int_get (&target->least);
  return MAX (gst_util_uint64_scale (bitrate, share, 1000),
      MIN (least, bitrate));
}

static void
set_encoder_bitrate (GstChatSenderTarget * target, GstElement * encoder,
    const GstChatEncoder * line, const GstCaps * caps)
{
  guint bitrate = current_bitrate (target, caps);
  if (!line->bitrate_property || !bitrate)
    return;

  /* The property is an int in some encoders, an unsigned one in others. */
  g_autofree gchar *value =
      g_strdup_printf ("%u", MAX (bitrate / MAX (line->bitrate_unit, 1), 1));
  gst_util_set_object_arg (G_OBJECT (encoder), line->bitrate_property, value);
}

/* NULL: there is none. @caps: of what it encodes, NULL: nothing yet. Transfer full. */
static GstElement *
current_encoder (GstChatSender * self, const GstChatEncoder ** line,
    GstCaps ** caps)
{
  g_mutex_lock (&self->lock);
  GstElement *encoder = self->encoder ? gst_object_ref (self->encoder) : NULL;
  *line = self->line;
  g_mutex_unlock (&self->lock);
  if (!encoder)
    return NULL;
  g_autoptr (GstPad) pad = gst_element_get_static_pad (encoder, "sink");
  *caps = gst_pad_get_current_caps (pad);
  return encoder;
}

void
gst_chat_sender_update_bitrate (GstChatSender * self)
{
  const GstChatEncoder *line;
  g_autoptr (GstCaps) caps = NULL;
  g_autoptr (GstElement) encoder = current_encoder (self, &line, &caps);
  if (encoder)
    set_encoder_bitrate (self->target, encoder, line, caps);
}

void
gst_chat_sender_update_keyframes (GstChatSender * self)
{
  if (self->encode_src && self->kind == GST_CHAT_KIND_VIDEO)
    gst_chat_keyframe_set_interval (self->encode_src,
        g_atomic_int_get (&self->target->share) == 1000 ?
        KEYFRAME_INTERVAL : NARROW_KEYFRAME_INTERVAL);
}

guint
gst_chat_sender_get_bitrate (GstChatSender * self)
{
  const GstChatEncoder *line;
  g_autoptr (GstCaps) caps = NULL;
  g_autoptr (GstElement) encoder = current_encoder (self, &line, &caps);
  return encoder ? full_bitrate (self->target, caps) : 0;
}

typedef struct
{
  GstChatSenderTarget *target;
  const GstChatEncoder *line;
} CapsProbe;

static void
caps_probe_free (gpointer data)
{
  CapsProbe *probe = data;
  g_atomic_rc_box_release (probe->target);
  g_free (probe);
}

/* In front of the encoder: the size is known here, and may change in a call. */
static GstPadProbeReturn
on_encoder_event (GstPad * pad, GstPadProbeInfo * info, gpointer user_data)
{
  GstEvent *event = GST_PAD_PROBE_INFO_EVENT (info);
  if (GST_EVENT_TYPE (event) != GST_EVENT_CAPS)
    return GST_PAD_PROBE_OK;

  CapsProbe *probe = user_data;
  GstCaps *caps;
  gst_event_parse_caps (event, &caps);
  g_autoptr (GstElement) encoder = gst_pad_get_parent_element (pad);
  if (encoder)
    set_encoder_bitrate (probe->target, encoder, probe->line, caps);
  return GST_PAD_PROBE_OK;
}

/* The first encoder of the table that is there and can be opened: a hardware
 * encoder is often installed without its hardware. */
static GstElement *
make_encoder (const GstChatCodec * codec, const GstChatEncoder ** line,
    GError ** error)
{
  for (*line = codec->encoders; (*line)->element; (*line)++) {
    GstElement *encoder = gst_chat_make_element ((*line)->element, NULL,
        (*line)->settings, NULL);
    if (!encoder)
      continue;
    gst_object_ref_sink (encoder);
    if (gst_element_set_state (encoder, GST_STATE_READY) !=
        GST_STATE_CHANGE_FAILURE)
      return encoder;
    gst_element_set_state (encoder, GST_STATE_NULL);
    gst_object_unref (encoder);
  }
  if (gst_chat_codec_can_encode (codec, error))
    g_set_error (error, GST_CHAT_ERROR, GST_CHAT_ERROR_MISSING,
        "No encoder for %s can be opened", codec->name);
  return NULL;
}

static gboolean
build_raw (GstChatSender * self, GstChatChain * chain,
    const GstChatCodec * codec, GError ** error)
{
  gboolean video = codec->kind == GST_CHAT_KIND_VIDEO;
  const GstChatEncoder *line;
  g_autoptr (GstElement) encoder = make_encoder (codec, &line, error);
  if (!encoder)
    return FALSE;

  /* The queue stands before the encoder: what is dropped there costs nothing,
   * and no picture that another one refers to is ever missing. */
  if (!gst_chat_chain_append (chain, gst_chat_make_element (video ?
              "videoconvertscale" : "audioconvert", NULL, NULL, error), error)
      || (!video && !gst_chat_chain_append (chain,
              gst_chat_make_element ("audioresample", NULL, NULL, error),
              error))
      || !gst_chat_chain_append_caps_string (chain, codec->raw_caps, error)
      || !gst_chat_chain_append (chain, gst_chat_make_element ("queue", NULL,
              video ? VIDEO_QUEUE : AUDIO_QUEUE, error), error)
      || !gst_chat_chain_append (chain, encoder, error))
    return FALSE;
  if (codec->encoder_caps
      && !gst_chat_chain_append_caps_string (chain, codec->encoder_caps, error))
    return FALSE;

  CapsProbe *probe = g_new (CapsProbe, 1);
  probe->target = g_atomic_rc_box_acquire (self->target);
  probe->line = line;
  g_autoptr (GstPad) pad = gst_element_get_static_pad (encoder, "sink");
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM,
      on_encoder_event, probe, caps_probe_free);
  set_encoder_bitrate (self->target, encoder, line, NULL);

  g_mutex_lock (&self->lock);
  self->encoder = g_steal_pointer (&encoder);
  self->line = line;
  g_mutex_unlock (&self->lock);
  return TRUE;
}

static gboolean
build_encoded (GstChatChain * chain, const GstChatCodec * codec,
    GError ** error)
{
  return gst_chat_chain_append (chain,
      gst_chat_make_element (codec->parser ? codec->parser : "identity", NULL,
          NULL, error), error)
      && gst_chat_chain_append_caps_string (chain, codec->encoded_caps, error);
}

static gboolean
build_encode (GstChatSender * self, const GstChatCodec * codec, GError ** error)
{
  GstChatChain chain = {.bin = self->encode };
  gboolean ok = self->encoded ? build_encoded (&chain, codec, error)
      : build_raw (self, &chain, codec, error);
  if (!ok)
    return FALSE;

  g_autoptr (GstPad) sink = gst_chat_chain_add_sink (&chain, "sink");
  self->encode_src = gst_chat_chain_add_src (&chain, "src");
  if (codec->kind == GST_CHAT_KIND_VIDEO)
    gst_chat_keyframe_limit (self->encode_src, KEYFRAME_INTERVAL);
  if (gst_pad_link (self->srcpad, sink) != GST_PAD_LINK_OK) {
    g_set_error (error, GST_CHAT_ERROR, GST_CHAT_ERROR_FAILED,
        "The input of %s does not link to its encoder", self->name);
    return FALSE;
  }
  return TRUE;
}

static gboolean
build_payload (GstChatSender * self, const GstChatCodec * codec,
    const GstCaps * rtp_caps, GstBin * call_bin, GstPad * sink_pad,
    GError ** error)
{
  GstChatChain chain = {.bin = call_bin };
  if (!gst_chat_chain_append (&chain, gst_chat_make_element (codec->payloader,
              NULL, codec->payloader_settings, error), error)
      || !gst_chat_chain_append_caps (&chain, rtp_caps, error))
    return FALSE;

  self->call_sink = gst_chat_chain_add_sink (&chain, NULL);
  g_autoptr (GstPad) src = gst_element_get_static_pad (chain.last, "src");
  if (gst_pad_link (src, sink_pad) != GST_PAD_LINK_OK
      || gst_pad_link (self->encode_src, self->call_sink) != GST_PAD_LINK_OK) {
    g_set_error (error, GST_CHAT_ERROR, GST_CHAT_ERROR_FAILED,
        "%s does not link to webrtcbin", codec->payloader);
    return FALSE;
  }
  return gst_chat_chain_sync_state (&chain, error);
}

gboolean
gst_chat_sender_attach (GstChatSender * self, const GstChatCodec * codec,
    const GstCaps * rtp_caps, GstBin * call_bin, GstPad * sink_pad,
    GstChatSenderFailed failed, gpointer user_data, GDestroyNotify notify,
    GError ** error)
{
  g_return_val_if_fail (!self->encode, FALSE);

  /* Another network, perhaps. */
  g_atomic_int_set (&self->target->share, 1000);
  GstChatSenderListener *listener =
      g_atomic_rc_box_new0 (GstChatSenderListener);
  listener->failed = failed;
  listener->user_data = user_data;
  listener->notify = notify;
  g_mutex_lock (&self->lock);
  self->listener = listener;
  g_mutex_unlock (&self->lock);

  self->encoded = gst_chat_sender_find_encoded_codec (self) == codec;
  g_autofree gchar *name = g_strdup_printf ("%s-%s", self->name, codec->name);
  self->encode = gst_chat_fence_new (name, on_fence_failed,
      g_atomic_rc_box_acquire (listener),
      (GDestroyNotify) gst_chat_sender_listener_unref);
  gst_bin_add (self->bin, GST_ELEMENT (self->encode));

  if (!build_encode (self, codec, error)
      || !build_payload (self, codec, rtp_caps, call_bin, sink_pad, error)) {
    gst_chat_sender_detach (self);
    return FALSE;
  }
  if (!gst_element_sync_state_with_parent (GST_ELEMENT (self->encode))) {
    g_set_error (error, GST_CHAT_ERROR, GST_CHAT_ERROR_FAILED,
        "The %s encoder of %s does not start", codec->name, self->name);
    gst_chat_sender_detach (self);
    return FALSE;
  }
  return TRUE;
}

void
gst_chat_sender_dismiss_branch (GstChatSender * self)
{
  g_mutex_lock (&self->lock);
  g_autoptr (GstElement) encoder = g_steal_pointer (&self->encoder);
  g_mutex_unlock (&self->lock);

  if (self->encode) {
    g_autoptr (GstPad) peer = gst_pad_get_peer (self->srcpad);
    if (peer)
      gst_pad_unlink (self->srcpad, peer);
  }
  if (self->encode_src && self->call_sink)
    gst_pad_unlink (self->encode_src, self->call_sink);
  gst_clear_object (&self->encode_src);
  gst_clear_object (&self->call_sink);
  if (self->encode)
    gst_chat_fence_dismiss (g_steal_pointer (&self->encode), NULL, NULL);
}
