/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Elements put into a bin one behind the other. */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

typedef struct {
  GstBin *bin;
  GstElement *first;            /* NULL: empty */
  GstElement *last;
} GstChatChain;

/* @element is floating or borrowed, or NULL where making it has set @error. */
gboolean gst_chat_chain_append (GstChatChain * chain, GstElement * element,
    GError ** error) G_GNUC_WARN_UNUSED_RESULT;
/* A capsfilter. */
gboolean gst_chat_chain_append_caps (GstChatChain * chain, const GstCaps * caps,
    GError ** error) G_GNUC_WARN_UNUSED_RESULT;
gboolean gst_chat_chain_append_caps_string (GstChatChain * chain,
    const gchar * caps, GError ** error) G_GNUC_WARN_UNUSED_RESULT;
/* Ghost pads of the bin for its ends; @name may be NULL. Transfer full. */
GstPad *gst_chat_chain_add_sink (GstChatChain * chain, const gchar * name);
GstPad *gst_chat_chain_add_src (GstChatChain * chain, const gchar * name);
/* From the last to the first. */
gboolean gst_chat_chain_sync_state (GstChatChain * chain, GError ** error)
    G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
