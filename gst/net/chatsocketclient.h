/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The Socket.IO client: finds out which generation of server it talks to,
 * keeps the connection alive and makes it again when it is lost. */
#pragma once

#include "chatloop.h"
#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _GstChatSocketClient GstChatSocketClient;

typedef struct {
  gchar *uri;                   /* chat(s)://, http(s)://, ws(s)://; checked by gst_chat_uri_parse() */
  gchar *name;                  /* NULL or what goes into the handshake's query */
  gchar *room;
  gchar *token;
  gboolean reconnect;
  guint timeout;                /* ms for one attempt to connect */
  gchar *tls_ca_file;           /* NULL: the system's */
  gboolean tls_validate;
} GstChatSocketConfig;

void gst_chat_socket_config_copy (GstChatSocketConfig * to, const GstChatSocketConfig * from);
/* Frees what it points to. */
void gst_chat_socket_config_clear (GstChatSocketConfig * config);

typedef struct {
  /* Connected as @id (again: after every reconnection, with a new id but where
   * the server is gst-chat-server). */
  void (*connected) (const gchar * id, gpointer user_data);
  /* An event of the server: name and its first argument, checked JSON, not
   * terminated; NULL where it has none. */
  void (*event) (const gchar * name, const gchar * payload, gsize len, gpointer user_data);
  /* Lost, or not reached; also where the network of this machine has changed
   * under the connection. @retry_in: ms until the next attempt, or -1 where
   * there will be none (reconnect is off, or the server refused for good). */
  void (*disconnected) (const GError * reason, gint retry_in, gpointer user_data);
  /* May be NULL: something the server sent was dropped, the @count-th time;
   * the connection goes on. A flood of it is possible. */
  void (*refused) (const GError * reason, guint count, gpointer user_data);
} GstChatSocketCallbacks;

/* All functions and callbacks in @loop's thread. @config and @callbacks are
 * copied. Callbacks may send and close. */
GstChatSocketClient *gst_chat_socket_client_new (GstChatLoop * loop,
    const GstChatSocketConfig * config, const GstChatSocketCallbacks * callbacks, gpointer user_data);
void gst_chat_socket_client_start_in_loop (GstChatSocketClient * client);
/* FALSE: not connected, or longer than the server takes. @payload is a JSON
 * value or NULL. */
gboolean gst_chat_socket_client_send_in_loop (GstChatSocketClient * client,
    const gchar * event, const gchar * payload) G_GNUC_WARN_UNUSED_RESULT;
/* Says good-bye, calls nobody any more, frees. Holds the loop meanwhile, for
 * half a second at most. */
void gst_chat_socket_client_close_in_loop (GstChatSocketClient * client);

/* Whether @uri can be used. The result is what goes to the server: http or
 * https; without a port, chat and chats mean 5000; without a path, /socket.io/;
 * a query of the user's own stays. Any thread. */
GUri *gst_chat_uri_parse (const gchar * uri, GError ** error);

G_END_DECLS
