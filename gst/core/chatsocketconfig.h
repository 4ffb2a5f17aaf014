/* SPDX-License-Identifier: LGPL-2.1-or-later
 * What a connection to a server is made of, and what it tells. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

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

G_END_DECLS
