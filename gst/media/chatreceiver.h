/* SPDX-License-Identifier: LGPL-2.1-or-later
 * What comes out of one source pad of chatpeer. It outlives calls: the pad
 * stays and the next call goes on in it. */
#pragma once

#include <gst/gst.h>
#include "chatcodec.h"

G_BEGIN_DECLS

typedef struct _GstChatReceiver GstChatReceiver;

GstChatReceiver *gst_chat_receiver_new (GstBin * bin, GstChatKind kind, const gchar * name, gboolean decode);
void gst_chat_receiver_free (GstChatReceiver * receiver);
/* The target for chatpeer's ghost pad. Transfer none. */
GstPad *gst_chat_receiver_get_src_pad (GstChatReceiver * receiver);
GstChatKind gst_chat_receiver_get_kind (GstChatReceiver * receiver);
/* webrtcbin's @src_pad has this call's media. Streaming thread. */
gboolean gst_chat_receiver_attach (GstChatReceiver * receiver, GstPad * src_pad, GError ** error);
void gst_chat_receiver_detach (GstChatReceiver * receiver);
/* The end of the whole stream, not of a call: EOS on the source pad. */
void gst_chat_receiver_push_eos (GstChatReceiver * receiver);

G_END_DECLS
