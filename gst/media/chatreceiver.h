/* SPDX-License-Identifier: LGPL-2.1-or-later
 * What comes out of one source pad of chatpeer. It outlives calls: the pad
 * stays and the next call goes on in it. */
#pragma once

#include <gst/gst.h>
#include "chatcodec.h"

G_BEGIN_DECLS

typedef struct _GstChatReceiver GstChatReceiver;

/* Its output stage goes into @bin, which it does not keep alive. Any thread; the caller serialises. */
GstChatReceiver *gst_chat_receiver_new (GstBin * bin, GstChatKind kind, const gchar * name, gboolean decode);
/* Detach first. Waits for the streaming thread to leave: unlink or flush what
 * is downstream, or bring it down, before. */
void gst_chat_receiver_free (GstChatReceiver * receiver);
/* The target for chatpeer's ghost pad. Transfer none. */
GstPad *gst_chat_receiver_get_src_pad (GstChatReceiver * receiver);
GstChatKind gst_chat_receiver_get_kind (GstChatReceiver * receiver);
/* The end of the whole stream, not of a call: EOS on the source pad. */
void gst_chat_receiver_push_eos (GstChatReceiver * receiver);
/* The remote sends nothing of this kind so far: lets sinks downstream play
 * what comes out elsewhere. May wait for them; not from a loop. */
void gst_chat_receiver_push_gap (GstChatReceiver * receiver);

/* --- for the connection --- */

/* webrtcbin's @src_pad, which is blocked and has caps, has this call's media.
 * Depayloader and decoder go into @call_bin, a GstChatFence, which hears of it
 * when they fail. What was attached before is detached. */
gboolean gst_chat_receiver_attach (GstChatReceiver * receiver, GstBin * call_bin,
    GstPad * src_pad, GError ** error);
/* The codec attached now, NULL: none. */
const GstChatCodec *gst_chat_receiver_get_codec (GstChatReceiver * receiver);
gboolean gst_chat_receiver_get_size (GstChatReceiver * receiver, gint * width, gint * height);
/* Never blocks; downstream sees a gap. */
void gst_chat_receiver_detach (GstChatReceiver * receiver);

G_END_DECLS
