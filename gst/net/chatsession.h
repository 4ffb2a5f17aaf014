/* SPDX-License-Identifier: LGPL-2.1-or-later
 * One Socket.IO connection over one transport: handshake, heartbeat, events.
 * Finds out which generation the server is. Everything in the loop's thread. */
#pragma once

#include "chatcarrier.h"

G_BEGIN_DECLS

typedef struct _GstChatSession GstChatSession;

typedef struct {
  void (*connected) (const gchar * id, gpointer user_data);
  /* @payload: checked JSON, not terminated; NULL where the event has none. */
  void (*event) (const gchar * name, const gchar * payload, gsize len, gpointer user_data);
  /* Something the server sent was dropped. */
  void (*refused) (const GError * error, gpointer user_data);
  /* Comes once; nothing comes after it. @other_way: HTTP is spoken there, but
   * not even a handshake came: another carrier might do. */
  void (*over) (const GError * error, gboolean other_way, gpointer user_data);
} GstChatSessionCallbacks;

typedef GstChatCarrier *(*GstChatCarrierNew) (GstChatLoop * loop,
    GstChatEndpoint * endpoint, const GstChatCarrierCallbacks * callbacks,
    gpointer user_data);

/* @auth: a JSON object for the CONNECT packet, or NULL. */
GstChatSession *gst_chat_session_new_in_loop (GstChatLoop * loop,
    GstChatEndpoint * endpoint, GstChatCarrierNew carrier_new,
    const gchar * auth, const GstChatSessionCallbacks * callbacks,
    gpointer user_data);
/* FALSE: not connected, or longer than the server takes. */
gboolean gst_chat_session_send_in_loop (GstChatSession * session,
    const gchar * event, const gchar * payload) G_GNUC_WARN_UNUSED_RESULT;
/* Says good-bye, calls nobody any more, frees. Callbacks may call it. */
void gst_chat_session_close_in_loop (GstChatSession * session);

G_END_DECLS
