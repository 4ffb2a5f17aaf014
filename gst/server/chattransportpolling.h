/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The polling transport: packets in the bodies of HTTP requests. */
#pragma once

#include "chatdoor.h"
#include "chattransport.h"

#include <libsoup/soup.h>

G_BEGIN_DECLS

/* @door, which outlives it, is told whose connections wait. */
GstChatTransport *gst_chat_transport_polling_new (GstChatEio eio,
    GstChatDoor * door);

/* A GET: answered at once where packets wait, else parked. */
void gst_chat_transport_polling_get (GstChatTransport * transport,
    SoupServerMessage * message, GstChatOutbox * outbox);
/* A POST: its packets, and "ok". */
void gst_chat_transport_polling_post (GstChatTransport * transport,
    SoupServerMessage * message);

G_END_DECLS
