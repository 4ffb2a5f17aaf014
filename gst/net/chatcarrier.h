/* SPDX-License-Identifier: LGPL-2.1-or-later
 * What carries Engine.IO packets. Everything in the loop's thread. */
#pragma once

#include "chatendpoint.h"
#include "chatwire.h"

G_BEGIN_DECLS

typedef struct _GstChatCarrier GstChatCarrier;

typedef struct {
  /* The packet's data is the carrier's, for the time of the call. */
  void (*packet) (const GstChatEioPacket * packet, gpointer user_data);
  /* Something arrived that is no packet, and was dropped. */
  void (*refused) (const GError * error, gpointer user_data);
  /* Not reached, or lost. Comes once; nothing comes after it. */
  void (*failed) (const GError * error, gpointer user_data);
} GstChatCarrierCallbacks;

typedef struct {
  void (*send) (GstChatCarrier * carrier, const gchar * text);
  void (*close) (GstChatCarrier * carrier, const gchar * good_bye);
} GstChatCarrierClass;

/* What every carrier begins with. */
struct _GstChatCarrier {
  const GstChatCarrierClass *klass;
  GstChatCarrierCallbacks callbacks;
  gpointer user_data;
  GstChatEio eio;               /* 0: the carrier cannot tell */
  gboolean reached;             /* there is something that speaks HTTP */
};

/* How long a good-bye may take, ms: a stopping loop waits for it. */
#define GST_CHAT_GOOD_BYE_MS 500

/* A WebSocket without polling before it. Callbacks never come from inside. */
GstChatCarrier *gst_chat_websocket_new_in_loop (GstChatLoop * loop,
    GstChatEndpoint * endpoint, const GstChatCarrierCallbacks * callbacks,
    gpointer user_data);

/* Long polling: slower, but goes through everything that lets HTTP through. */
GstChatCarrier *gst_chat_polling_new_in_loop (GstChatLoop * loop,
    GstChatEndpoint * endpoint, const GstChatCarrierCallbacks * callbacks,
    gpointer user_data);

/* @text: a whole packet, the type's digit included. Nothing happens where the
 * carrier is not open. */
static inline void
gst_chat_carrier_send_in_loop (GstChatCarrier * carrier,
    const gchar * text)
{
  carrier->klass->send (carrier, text);
}

/* Sends @good_bye (may be NULL), closes and frees, and holds the loop
 * meanwhile. No callback any more. Callbacks may call it. */
static inline void
gst_chat_carrier_close_in_loop (GstChatCarrier * carrier,
    const gchar * good_bye)
{
  carrier->klass->close (carrier, good_bye);
}

G_END_DECLS
