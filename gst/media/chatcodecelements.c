/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Which elements are not installed, with the Debian package to install; and
 * those that are, made with their settings. */
#include "chatcodec.h"
#include "chatcodecprivate.h"

#include <string.h>

#include "chaterror.h"

/* ---- what is installed ---- */

/* The feature of the registry, without loading its plugin. */
static gboolean
is_installed (const gchar * factory)
{
  g_autoptr (GstPluginFeature) feature =
      gst_registry_find_feature (gst_registry_get (), factory,
      GST_TYPE_ELEMENT_FACTORY);
  return feature != NULL;
}

static const struct
{
  const gchar *factory;
  const gchar *package;
} needed[] = {
  {"webrtcbin", PACKAGE_BAD},
  {"nicesrc", PACKAGE_NICE},
  {"nicesink", PACKAGE_NICE},
  {"dtlssrtpdec", PACKAGE_BAD},
  {"dtlssrtpenc", PACKAGE_BAD},
  {"srtpenc", PACKAGE_BAD},
  {"srtpdec", PACKAGE_BAD},
  {"rtpbin", PACKAGE_GOOD},
  {"rtpfunnel", PACKAGE_GOOD},
  {"rtprtxsend", PACKAGE_GOOD},
  {"rtprtxreceive", PACKAGE_GOOD},
  {"rtpptdemux", PACKAGE_GOOD},
  {"rtpssrcdemux", PACKAGE_GOOD},
  {"rtpjitterbuffer", PACKAGE_GOOD},
  {"rtpopuspay", PACKAGE_GOOD},
  {"rtpopusdepay", PACKAGE_GOOD},
  {"opusenc", PACKAGE_BASE},
  {"opusdec", PACKAGE_BASE},
  {"videoconvert", PACKAGE_BASE},
  {"videoscale", PACKAGE_BASE},
  {"audioconvert", PACKAGE_BASE},
  {"audioresample", PACKAGE_BASE},
  {"queue", PACKAGE_CORE},
  {"capsfilter", PACKAGE_CORE},
  {"identity", PACKAGE_CORE},
};

const gchar *
gst_chat_element_package (const gchar * factory)
{
  for (guint i = 0; i < G_N_ELEMENTS (needed); i++) {
    if (g_strcmp0 (needed[i].factory, factory) == 0) {
      return needed[i].package;
    }
  }
  const GstChatCodec *const *codecs = gst_chat_codecs ();
  for (guint i = 0; codecs[i] != NULL; i++) {
    const GstChatCodec *codec = codecs[i];
    if (g_strcmp0 (codec->payloader, factory) == 0
        || g_strcmp0 (codec->depayloader, factory) == 0) {
      return codec->rtp_package;
    }
    if (g_strcmp0 (codec->parser, factory) == 0) {
      return codec->parser_package;
    }
    for (guint j = 0; codec->encoders[j].element != NULL; j++) {
      if (g_strcmp0 (codec->encoders[j].element, factory) == 0) {
        return codec->encoders[j].package;
      }
    }
    if (g_strcmp0 (codec->decoders[0], factory) == 0) {
      return codec->decoder_package;
    }
  }
  return g_strcmp0 (factory, "openh264dec") == 0 ? PACKAGE_BAD : NULL;
}

static void
add_once (GPtrArray * strings, const gchar * string)
{
  if (string != NULL
      && !g_ptr_array_find_with_equal_func (strings, string, g_str_equal,
          NULL)) {
    g_ptr_array_add (strings, (gpointer) string);
  }
}

static gchar *
join (GPtrArray * strings, const gchar * separator)
{
  GString *joined = g_string_new (NULL);
  for (guint i = 0; i < strings->len; i++) {
    g_string_append_printf (joined, "%s%s", i > 0 ? separator : "",
        (const gchar *) g_ptr_array_index (strings, i));
  }
  return g_string_free (joined, FALSE);
}

gboolean
gst_chat_check_elements (GError ** error)
{
  g_autoptr (GPtrArray) elements = g_ptr_array_new ();
  g_autoptr (GPtrArray) packages = g_ptr_array_new ();
  for (guint i = 0; i < G_N_ELEMENTS (needed); i++) {
    if (!is_installed (needed[i].factory)) {
      g_ptr_array_add (elements, (gpointer) needed[i].factory);
      add_once (packages, needed[i].package);
    }
  }
  if (elements->len == 0) {
    return TRUE;
  }
  g_autofree gchar *names = join (elements, ", ");
  g_autofree gchar *install = join (packages, " ");
  g_set_error (error, GST_CHAT_ERROR, GST_CHAT_ERROR_MISSING,
      "Missing GStreamer element%s %s: install %s",
      elements->len > 1 ? "s" : "", names, install);
  return FALSE;
}

static gboolean
require (const GstChatCodec * codec, const gchar * factory,
    const gchar * package, const gchar * role, GError ** error)
{
  if (factory == NULL || is_installed (factory)) {
    return TRUE;
  }
  g_set_error (error, GST_CHAT_ERROR, GST_CHAT_ERROR_MISSING,
      "No %s %s (%s): install %s", codec->encoding_name, role, factory,
      package);
  return FALSE;
}

static void
set_no_encoder (const GstChatCodec * codec, GError ** error)
{
  g_autoptr (GPtrArray) elements = g_ptr_array_new ();
  g_autoptr (GPtrArray) packages = g_ptr_array_new ();
  for (guint i = 0; codec->encoders[i].element != NULL; i++) {
    g_ptr_array_add (elements, (gpointer) codec->encoders[i].element);
    add_once (packages, codec->encoders[i].package);
  }
  g_autofree gchar *names = join (elements, " or ");
  g_autofree gchar *install = join (packages, " or ");
  g_set_error (error, GST_CHAT_ERROR, GST_CHAT_ERROR_MISSING,
      "No %s encoder (%s): install %s", codec->encoding_name, names, install);
}

gboolean
gst_chat_codec_can_pay (const GstChatCodec * codec, GError ** error)
{
  return require (codec, codec->parser, codec->parser_package, "parser", error)
      && require (codec, codec->payloader, codec->rtp_package, "payloader",
      error);
}

gboolean
gst_chat_codec_can_encode (const GstChatCodec * codec, GError ** error)
{
  if (!gst_chat_codec_can_pay (codec, error)) {
    return FALSE;
  }
  for (guint i = 0; codec->encoders[i].element != NULL; i++) {
    if (is_installed (codec->encoders[i].element)) {
      return TRUE;
    }
  }
  set_no_encoder (codec, error);
  return FALSE;
}

static gboolean
has_decoder (const GstChatCodec * codec)
{
  g_autoptr (GstCaps) caps = gst_caps_from_string (codec->encoded_caps);
  GList *all =
      gst_element_factory_list_get_elements (GST_ELEMENT_FACTORY_TYPE_DECODER,
      GST_RANK_MARGINAL);
  GList *fitting = gst_element_factory_list_filter (all, caps, GST_PAD_SINK,
      FALSE);
  gboolean found = fitting != NULL;
  gst_plugin_feature_list_free (fitting);
  gst_plugin_feature_list_free (all);
  return found;
}

gboolean
gst_chat_codec_can_decode (const GstChatCodec * codec, GError ** error)
{
  if (!require (codec, codec->depayloader, codec->rtp_package, "depayloader",
          error)
      || !require (codec, codec->parser, codec->parser_package, "parser",
          error)) {
    return FALSE;
  }
  return has_decoder (codec) || require (codec, codec->decoders[0],
      codec->decoder_package, "decoder", error);
}

/* ---- making elements ---- */

void
gst_chat_apply_settings (GstElement * element, const gchar * settings)
{
  if (settings == NULL) {
    return;
  }
  g_auto (GStrv) pairs = g_strsplit (settings, " ", -1);
  for (guint i = 0; pairs[i] != NULL; i++) {
    gchar *value = strchr (pairs[i], '=');
    if (value == NULL) {
      continue;
    }
    *value++ = '\0';
    if (g_object_class_find_property (G_OBJECT_GET_CLASS (element), pairs[i])
        != NULL) {
      gst_util_set_object_arg (G_OBJECT (element), pairs[i], value);
    }
  }
}

GstElement *
gst_chat_make_element (const gchar * factory, const gchar * name,
    const gchar * settings, GError ** error)
{
  GstElement *element = gst_element_factory_make (factory, name);
  if (element == NULL) {
    const gchar *package = gst_chat_element_package (factory);
    g_set_error (error, GST_CHAT_ERROR, GST_CHAT_ERROR_MISSING,
        "Missing GStreamer element %s%s%s", factory,
        package != NULL ? ": install " : "", package != NULL ? package : "");
    return NULL;
  }
  gst_chat_apply_settings (element, settings);
  return element;
}

GstElement *
gst_chat_codec_make_encoder (const GstChatCodec * codec, const gchar * name,
    const GstChatEncoder ** encoder, GError ** error)
{
  for (guint i = 0; codec->encoders[i].element != NULL; i++) {
    const GstChatEncoder *line = &codec->encoders[i];
    GstElement *element =
        gst_chat_make_element (line->element, name, line->settings, NULL);
    if (element != NULL) {
      if (encoder != NULL) {
        *encoder = line;
      }
      return element;
    }
  }
  set_no_encoder (codec, error);
  return NULL;
}
