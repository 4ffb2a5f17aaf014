/* SPDX-License-Identifier: LGPL-2.1-or-later
 * What one sink pad of chatpeer feeds: from raw or encoded media to RTP.
 * It outlives calls: between them live media is dropped at its entrance and
 * media of a file waits there. */
#pragma once

#include <gst/gst.h>
#include "chatcodec.h"

G_BEGIN_DECLS

typedef struct _GstChatSender GstChatSender;

typedef struct {
  guint bitrate;                /* bit/s, 0: by codec and size */
} GstChatSenderConfig;

/* Its elements go into @bin. */
GstChatSender *gst_chat_sender_new (GstBin * bin, GstChatKind kind, const gchar * name,
    const GstChatSenderConfig * config);
void gst_chat_sender_free (GstChatSender * sender);
/* The target for chatpeer's ghost pad. Transfer none. */
GstPad *gst_chat_sender_get_sink_pad (GstChatSender * sender);
GstChatKind gst_chat_sender_get_kind (GstChatSender * sender);
/* Codecs this sender can produce now: the one of its encoded input, or those
 * of @preferred that have an encoder here. Transfer container. */
GPtrArray *gst_chat_sender_get_codecs (GstChatSender * sender, gchar ** preferred);
/* Links to webrtcbin's @sink_pad as @rtp_caps say (payload, ssrc, extmap). */
gboolean gst_chat_sender_attach (GstChatSender * sender, const GstChatCodec * codec,
    const GstCaps * rtp_caps, GstPad * sink_pad, GError ** error);
/* The call is up: let media through, with a keyframe first. */
void gst_chat_sender_start (GstChatSender * sender);
void gst_chat_sender_detach (GstChatSender * sender);

G_END_DECLS
