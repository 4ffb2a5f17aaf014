/* SPDX-License-Identifier: LGPL-2.1-or-later
 * chatpeer: a two-way call between a pipeline and a browser or another peer. */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_CHAT_PEER (gst_chat_peer_get_type ())
G_DECLARE_FINAL_TYPE (GstChatPeer, gst_chat_peer, GST, CHAT_PEER, GstBin)

GST_ELEMENT_REGISTER_DECLARE (chatpeer);

G_END_DECLS
