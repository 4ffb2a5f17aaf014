/* SPDX-License-Identifier: LGPL-2.1-or-later
 * STUN and TURN servers as WebRTC writes them and as webrtcbin does. Pure. */
#pragma once

#include "chatmessage.h"

G_BEGIN_DECLS

/* `turn:host:port?transport=udp` with its user name and credential as
 * `turn://user:password@host:port?transport=udp`, everything escaped; likewise
 * turns and stun, which has no user. NULL where it is none of them, has no
 * host, or a relay without credentials. Caller frees. */
gchar *gst_chat_ice_server_uri (const GstChatIceServer * server);

G_END_DECLS
