/* SPDX-License-Identifier: LGPL-2.1-or-later
 * What carries Engine.IO packets. Everything in the loop's thread. */
#pragma once

#include "chatendpoint.h"
#include "chatwire.h"

G_BEGIN_DECLS

typedef struct _GstChatTransport GstChatTransport;

typedef struct {
  /* The packet's data is the transport's, for the time of the call. */
  void (*packet) (const GstChatEioPacket * packet, gpointer user_data);
  /* Something arrived that is no packet, and was dropped. */
  void (*refused) (const GError * error, gpointer user_data);
  /* Not reached, or lost. Comes once; nothing comes after it. */
  void (*failed) (const GError * error, gpointer user_data);
} GstChatTransportCallbacks;

typedef struct {
  void (*send) (GstChatTransport * transport, const gchar * text);
  void (*close) (GstChatTransport * transport, const gchar * good_bye);
} GstChatTransportClass;

/* What every transport begins with. */
struct _GstChatTransport {
  const GstChatTransportClass *klass;
  GstChatTransportCallbacks callbacks;
  gpointer user_data;
};

/* How long a good-bye may take, ms: a stopping loop waits for it. */
#define GST_CHAT_GOOD_BYE_MS 500

/* A WebSocket without polling before it. Callbacks never come from inside. */
GstChatTransport *gst_chat_websocket_new_in_loop (GstChatLoop * loop,
    GstChatEndpoint * endpoint, const GstChatTransportCallbacks * callbacks,
    gpointer user_data);

/* @text: a whole packet, the type's digit included. Nothing happens where the
 * transport is not open. */
static inline void
gst_chat_transport_send_in_loop (GstChatTransport * transport,
    const gchar * text)
{
  transport->klass->send (transport, text);
}

/* Sends @good_bye (may be NULL), closes and frees, and holds the loop
 * meanwhile. No callback any more. Callbacks may call it. */
static inline void
gst_chat_transport_close_in_loop (GstChatTransport * transport,
    const gchar * good_bye)
{
  transport->klass->close (transport, good_bye);
}

G_END_DECLS
