/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Elements put into a bin one behind the other. */
#include "chatchain.h"

#include "chatcodec.h"
#include "chaterror.h"

gboolean
gst_chat_chain_append (GstChatChain * chain, GstElement * element,
    GError ** error)
{
  if (!element)
    return FALSE;
  gst_bin_add (chain->bin, element);
  if (chain->last && !gst_element_link (chain->last, element)) {
    g_set_error (error, GST_CHAT_ERROR, GST_CHAT_ERROR_FAILED,
        "%s does not link to %s", GST_OBJECT_NAME (chain->last),
        GST_OBJECT_NAME (element));
    return FALSE;
  }
  if (!chain->first)
    chain->first = element;
  chain->last = element;
  return TRUE;
}

gboolean
gst_chat_chain_append_caps (GstChatChain * chain, const GstCaps * caps,
    GError ** error)
{
  GstElement *filter = gst_chat_make_element ("capsfilter", NULL, NULL, error);
  if (filter)
    g_object_set (filter, "caps", caps, NULL);
  return gst_chat_chain_append (chain, filter, error);
}

gboolean
gst_chat_chain_append_caps_string (GstChatChain * chain, const gchar * caps,
    GError ** error)
{
  g_autoptr (GstCaps) parsed = gst_caps_from_string (caps);
  return gst_chat_chain_append_caps (chain, parsed, error);
}

static GstPad *
add_ghost (GstChatChain * chain, GstElement * element, const gchar * pad_name,
    const gchar * name)
{
  g_autoptr (GstPad) target = gst_element_get_static_pad (element, pad_name);
  GstPad *ghost = gst_ghost_pad_new (name, target);
  gst_pad_set_active (ghost, TRUE);
  gst_element_add_pad (GST_ELEMENT (chain->bin), ghost);
  return gst_object_ref (ghost);
}

GstPad *
gst_chat_chain_add_sink (GstChatChain * chain, const gchar * name)
{
  return add_ghost (chain, chain->first, "sink", name);
}

GstPad *
gst_chat_chain_add_src (GstChatChain * chain, const gchar * name)
{
  return add_ghost (chain, chain->last, "src", name);
}

gboolean
gst_chat_chain_sync_state (GstChatChain * chain, GError ** error)
{
  /* Upstream through the links, so that nobody pushes into a sleeper. */
  g_autoptr (GstElement) element = gst_object_ref (chain->last);
  for (;;) {
    if (!gst_element_sync_state_with_parent (element)) {
      g_set_error (error, GST_CHAT_ERROR, GST_CHAT_ERROR_FAILED,
          "%s does not start", GST_OBJECT_NAME (element));
      return FALSE;
    }
    if (element == chain->first)
      return TRUE;
    g_autoptr (GstPad) sink = gst_element_get_static_pad (element, "sink");
    g_autoptr (GstPad) peer = gst_pad_get_peer (sink);
    GstElement *previous = gst_pad_get_parent_element (peer);
    gst_object_unref (element);
    element = previous;
  }
}
