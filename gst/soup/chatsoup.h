/* SPDX-License-Identifier: LGPL-2.1-or-later
 * What the elements need of net and server, as functions of a module that is
 * opened when a connection is wanted: both are on libsoup 3, which ends a
 * program that has libsoup 2 in it as soon as it is loaded. */
#pragma once

#include "chatloop.h"
#include "chatsocketconfig.h"

G_BEGIN_DECLS

typedef struct _GstChatServer GstChatServer;
typedef struct _GstChatSocketClient GstChatSocketClient;

typedef struct {
  /* Of the package. Both sides know the same structs only if it is the same. */
  const gchar *version;

  /* As in net/chatsocketclient.h. */
  GstChatSocketClient *(*client_new) (GstChatLoop * loop, const GstChatSocketConfig * config,
      const GstChatSocketCallbacks * callbacks, gpointer user_data);
  void (*client_start_in_loop) (GstChatSocketClient * client);
  gboolean (*client_send_in_loop) (GstChatSocketClient * client, const gchar * event,
      const gchar * payload);
  void (*client_close_in_loop) (GstChatSocketClient * client);

  /* As in server/chatserver.h; new and start in one, NULL where it fails. */
  GstChatServer *(*server_start) (const gchar * address, guint16 port, GError ** error);
  const gchar *(*server_get_uri) (const GstChatServer * server);
  void (*server_free) (GstChatServer * server);
} GstChatSoup;

/* The one name that the module exports. */
#define GST_CHAT_SOUP_SYMBOL "gst_chat_soup"

/* The module's functions, which stay for ever. NULL: there is libsoup 2 in this
 * process (GST_CHAT_ERROR_UNSUPPORTED), now even if there was none the last
 * time, or the module is not as it should be (GST_CHAT_ERROR_MISSING); the
 * error's message says what to do. Any thread. */
const GstChatSoup *gst_chat_soup_open (GError ** error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
