/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The polling transport: packets in the bodies of HTTP requests. */
#pragma once

#include "chatdoor.h"
#include "chattransport.h"

#include <libsoup/soup.h>

G_BEGIN_DECLS

/* @door, which outlives it, is told whose connections wait. @count, which
 * outlives it too, has one more as long as it lives. */
GstChatTransport *gst_chat_transport_polling_new (GstChatEio eio,
    GstChatDoor * door, guint * count);

/* A GET: answered at once where packets wait, else parked. */
void gst_chat_transport_polling_get (GstChatTransport * transport,
    SoupServerMessage * message, GstChatOutbox * outbox);
/* A POST: its packets, and "ok". */
void gst_chat_transport_polling_post (GstChatTransport * transport,
    SoupServerMessage * message);

G_END_DECLS
