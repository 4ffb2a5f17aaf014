/* SPDX-License-Identifier: LGPL-2.1-or-later
 * What comes out of one source pad of chatpeer: an outlet that stays, and in a
 * call the elements between webrtcbin and it. */
#include "chatreceiver.h"

#include "chatchain.h"
#include "chaterror.h"
#include "chatkeyframe.h"
#include "chatoutlet.h"

GST_DEBUG_CATEGORY_STATIC (chat_receiver_debug);
#define GST_CAT_DEFAULT chat_receiver_debug

/* A keyframe costs the remote's other viewers quality. */
#define KEYFRAME_INTERVAL (500 * GST_MSECOND)

struct _GstChatReceiver
{
  GstBin *bin;                  /* not a reference: it owns us; constant after
                                   construction, as the next five */
  GstChatKind kind;
  gboolean decode;
  GstElement *outlet;
  GstPad *sinkpad;              /* of the outlet */
  GstPad *srcpad;

  /* Of one call; whoever attaches and detaches, one at a time. */
  const GstChatCodec *codec;
  GstPad *call_src;             /* of the call's bin, behind the decoder */
  GstPad *rtp_src;              /* webrtcbin's */
};

static GstCaps *
output_caps (GstChatKind kind, gboolean decode)
{
  if (decode)
    return gst_caps_from_string (kind == GST_CHAT_KIND_VIDEO ?
        "video/x-raw" : "audio/x-raw");
  GstCaps *caps = gst_caps_new_empty ();
  for (const GstChatCodec * const *codec = gst_chat_codecs (); *codec; codec++)
    if ((*codec)->kind == kind)
      gst_caps_append (caps, gst_caps_from_string ((*codec)->encoded_caps));
  return caps;
}

GstChatReceiver *
gst_chat_receiver_new (GstBin * bin, GstChatKind kind, const gchar * name,
    gboolean decode)
{
  GST_DEBUG_CATEGORY_INIT (chat_receiver_debug, "chatreceiver", 0,
      "chat: what a call receives");
  GstChatReceiver *self = g_new0 (GstChatReceiver, 1);
  self->bin = bin;
  self->kind = kind;
  self->decode = decode;

  g_autoptr (GstCaps) caps = output_caps (kind, decode);
  g_autofree gchar *outlet = g_strdup_printf ("%s-outlet", name);
  self->outlet = gst_object_ref_sink (gst_chat_outlet_new (outlet, caps));
  self->sinkpad = gst_element_get_static_pad (self->outlet, "sink");
  self->srcpad = gst_element_get_static_pad (self->outlet, "src");
  gst_bin_add (bin, self->outlet);
  gst_element_sync_state_with_parent (self->outlet);
  return self;
}

void
gst_chat_receiver_free (GstChatReceiver * self)
{
  gst_chat_receiver_detach (self);

  gst_element_set_locked_state (self->outlet, TRUE);
  gst_element_set_state (self->outlet, GST_STATE_NULL);
  gst_bin_remove (self->bin, self->outlet);

  gst_object_unref (self->sinkpad);
  gst_object_unref (self->srcpad);
  gst_object_unref (self->outlet);
  g_free (self);
}

GstPad *
gst_chat_receiver_get_src_pad (GstChatReceiver * self)
{
  return self->srcpad;
}

GstChatKind
gst_chat_receiver_get_kind (GstChatReceiver * self)
{
  return self->kind;
}

const GstChatCodec *
gst_chat_receiver_get_codec (GstChatReceiver * self)
{
  return self->codec;
}

gboolean
gst_chat_receiver_get_size (GstChatReceiver * self, gint * width, gint * height)
{
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (self->srcpad);
  if (!caps)
    return FALSE;
  const GstStructure *s = gst_caps_get_structure (caps, 0);
  return gst_structure_get_int (s, "width", width)
      && gst_structure_get_int (s, "height", height);
}

void
gst_chat_receiver_push_eos (GstChatReceiver * self)
{
  gst_chat_outlet_push_eos (GST_CHAT_OUTLET (self->outlet));
}

void
gst_chat_receiver_push_gap (GstChatReceiver * self)
{
  gst_chat_outlet_push_gap (GST_CHAT_OUTLET (self->outlet));
}

/* In front of the decoder: what nobody wants is not decoded. */
typedef struct
{
  GstChatOutlet *outlet;        /* a reference */
  gboolean video;
  gboolean wait_keyframe;       /* streaming thread */
} Gate;

static void
gate_free (gpointer data)
{
  Gate *gate = data;
  gst_object_unref (gate->outlet);
  g_free (gate);
}

static GstPadProbeReturn
on_encoded_buffer (GstPad * pad, GstPadProbeInfo * info, gpointer user_data)
{
  Gate *gate = user_data;
  if (!gst_chat_outlet_is_wanted (gate->outlet)) {
    gate->wait_keyframe = gate->video;
    return GST_PAD_PROBE_DROP;
  }
  if (!gate->wait_keyframe)
    return GST_PAD_PROBE_OK;
  if (!GST_BUFFER_FLAG_IS_SET (GST_PAD_PROBE_INFO_BUFFER (info),
          GST_BUFFER_FLAG_DELTA_UNIT)) {
    gate->wait_keyframe = FALSE;
    return GST_PAD_PROBE_OK;
  }
  /* Under the limit of the depayloader's pad. */
  gst_chat_keyframe_request (pad);
  return GST_PAD_PROBE_DROP;
}

/* The decoder of the highest rank that can be opened. */
static GstElement *
make_decoder (const GstChatCodec * codec, GError ** error)
{
  g_autoptr (GstCaps) caps = gst_caps_from_string (codec->encoded_caps);
  GList *all = gst_element_factory_list_get_elements
      (GST_ELEMENT_FACTORY_TYPE_DECODER, GST_RANK_MARGINAL);
  GList *fitting =
      gst_element_factory_list_filter (all, caps, GST_PAD_SINK, FALSE);
  fitting = g_list_sort (fitting, gst_plugin_feature_rank_compare_func);

  GstElement *decoder = NULL;
  for (GList * l = fitting; l && !decoder; l = l->next) {
    GstElement *element = gst_element_factory_create (l->data, NULL);
    if (!element)
      continue;
    gst_object_ref_sink (element);
    /* Bins are for something special: an alpha channel, any codec at all. */
    if (!GST_IS_BIN (element)
        && gst_element_set_state (element, GST_STATE_READY) !=
        GST_STATE_CHANGE_FAILURE)
      decoder = element;
    else {
      gst_element_set_state (element, GST_STATE_NULL);
      gst_object_unref (element);
    }
  }
  gst_plugin_feature_list_free (fitting);
  gst_plugin_feature_list_free (all);

  if (!decoder && gst_chat_codec_can_decode (codec, error))
    g_set_error (error, GST_CHAT_ERROR, GST_CHAT_ERROR_MISSING,
        "No decoder for %s can be opened: install %s", codec->name,
        codec->decoder_package);
  return decoder;
}

static gboolean
build (GstChatReceiver * self, GstChatChain * chain,
    const GstChatCodec * codec, GError ** error)
{
  if (!gst_chat_chain_append (chain, gst_chat_make_element (codec->depayloader,
              NULL, codec->depayloader_settings, error), error))
    return FALSE;
  if (codec->parser && !gst_chat_chain_append (chain,
          gst_chat_make_element (codec->parser, NULL, NULL, error), error))
    return FALSE;

  if (!self->decode)
    return gst_chat_chain_append_caps_string (chain, codec->encoded_caps,
        error);

  g_autoptr (GstElement) decoder = make_decoder (codec, error);
  if (!decoder)
    return FALSE;
  if (g_strcmp0 (codec->name, "opus") == 0)
    /* Not use-inband-fec: it would add 120 ms to the whole pipeline's latency. */
    gst_chat_apply_settings (decoder, "plc=true");
  return gst_chat_chain_append (chain, decoder, error);
}

static void
add_gates (GstChatReceiver * self, GstChatChain * chain)
{
  gboolean video = self->kind == GST_CHAT_KIND_VIDEO;
  g_autoptr (GstPad) pad = gst_element_get_static_pad (chain->last, "sink");
  if (video) {
    g_autoptr (GstPad) rtp = gst_element_get_static_pad (chain->first, "sink");
    gst_chat_keyframe_limit (rtp, KEYFRAME_INTERVAL);
    gst_chat_keyframe_insist (rtp, pad);
  }

  Gate *gate = g_new0 (Gate, 1);
  gate->outlet = gst_object_ref (GST_CHAT_OUTLET (self->outlet));
  gate->video = video;
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, on_encoded_buffer, gate,
      gate_free);
}

static const GstChatCodec *
codec_of_pad (GstChatReceiver * self, GstPad * src_pad, GError ** error)
{
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (src_pad);
  const gchar *name = caps ? gst_structure_get_string (gst_caps_get_structure
      (caps, 0), "encoding-name") : NULL;
  const GstChatCodec *codec = name ?
      gst_chat_codec_by_encoding_name (self->kind, name) : NULL;
  if (!codec)
    g_set_error (error, GST_CHAT_ERROR, GST_CHAT_ERROR_UNSUPPORTED,
        "The remote sends a codec that was not agreed on");
  return codec;
}

gboolean
gst_chat_receiver_attach (GstChatReceiver * self, GstBin * call_bin,
    GstPad * src_pad, GError ** error)
{
  gst_chat_receiver_detach (self);

  const GstChatCodec *codec = codec_of_pad (self, src_pad, error);
  if (!codec)
    return FALSE;
  GstChatChain chain = {.bin = call_bin };
  if (!build (self, &chain, codec, error))
    return FALSE;
  add_gates (self, &chain);

  self->codec = codec;
  self->rtp_src = gst_object_ref (src_pad);
  self->call_src = gst_chat_chain_add_src (&chain, NULL);
  gst_chat_outlet_mark_discont (GST_CHAT_OUTLET (self->outlet));
  g_autoptr (GstPad) depay_sink =
      gst_element_get_static_pad (chain.first, "sink");
  if (gst_pad_link (self->call_src, self->sinkpad) != GST_PAD_LINK_OK
      || !gst_chat_chain_sync_state (&chain, error)
      || gst_pad_link (src_pad, depay_sink) != GST_PAD_LINK_OK) {
    if (error && !*error)
      g_set_error (error, GST_CHAT_ERROR, GST_CHAT_ERROR_FAILED,
          "The %s decoder cannot be linked", codec->name);
    gst_chat_receiver_detach (self);
    return FALSE;
  }
  GST_DEBUG_OBJECT (self->outlet, "receives %s", codec->name);

  /* The latency of this decoder is not that of the one before. */
  gst_element_post_message (self->outlet,
      gst_message_new_latency (GST_OBJECT (self->outlet)));
  return TRUE;
}

void
gst_chat_receiver_detach (GstChatReceiver * self)
{
  if (self->call_src)
    gst_pad_unlink (self->call_src, self->sinkpad);
  if (self->rtp_src) {
    g_autoptr (GstPad) peer = gst_pad_get_peer (self->rtp_src);
    if (peer)
      gst_pad_unlink (self->rtp_src, peer);
  }
  gst_clear_object (&self->call_src);
  gst_clear_object (&self->rtp_src);
  self->codec = NULL;
}
