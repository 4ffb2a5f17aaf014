/* SPDX-License-Identifier: LGPL-2.1-or-later
 * A server in this process, and clients that say to the byte what they are
 * told to. Everything runs in the default main context. */
#pragma once

#include <gio/gio.h>

#include "chatserver.h"

/* A server on a free port whose time-outs fit a test; @change may be NULL. */
GstChatServer *scripted_server_new (void (*change) (GstChatServerConfig *));

typedef struct
{
  GSocket *socket;
  GSource *source;
  GByteArray *in;               /* what has come and was not taken yet */
  gboolean ended;               /* the server has closed it */
} ScriptedClient;

ScriptedClient *scripted_client_new (GstChatServer * server);
void scripted_client_free (ScriptedClient * client);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ScriptedClient, scripted_client_free)

/* Stops to read what the server sends. */
void scripted_client_stop_reading (ScriptedClient * client);
void scripted_client_send (ScriptedClient * client, gconstpointer data,
    gsize len);
/* As much as goes without waiting; the number of bytes. */
gsize scripted_client_send_some (ScriptedClient * client, gconstpointer data,
    gsize len);

/* One HTTP request; @headers end in CRLF each, or are "". */
void scripted_client_request (ScriptedClient * client, const gchar * method,
    const gchar * target, const gchar * headers, const gchar * body);

typedef struct
{
  guint status;
  gchar *headers;
  gchar *body;
} ScriptedResponse;

/* The next response, whole. Fails after some seconds. */
ScriptedResponse *scripted_client_response (ScriptedClient * client);
void scripted_response_free (ScriptedResponse * response);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ScriptedResponse, scripted_response_free)

/* Request and response on a connection of its own; the status where @body is
 * NULL, else the body as well (the caller frees). */
guint scripted_fetch (GstChatServer * server, const gchar * method,
    const gchar * target, const gchar * headers, const gchar * request_body,
    gchar ** body);

/* The upgrade to a WebSocket, which must succeed. */
ScriptedClient *scripted_websocket_new (GstChatServer * server,
    const gchar * query);
/* A masked text frame. */
void scripted_websocket_send (ScriptedClient * client, const gchar * text);
void scripted_websocket_send_frame (ScriptedClient * client, guint8 head,
    gconstpointer data, gsize len);
/* The next frame's payload, with its opcode in @opcode. NULL: the stream has
 * ended. The caller frees. */
gchar *scripted_websocket_next (ScriptedClient * client, guint8 * opcode);
/* The next text frame must begin with @prefix. */
gchar *scripted_websocket_expect (ScriptedClient * client,
    const gchar * prefix);

/* Runs the main context until @condition, or fails with @what. */
typedef gboolean (*ScriptedCondition) (gpointer data);
void scripted_wait (ScriptedCondition condition, gpointer data,
    const gchar * what);
void scripted_wait_for_end (ScriptedClient * client);
void scripted_wait_for_users (GstChatServer * server, guint n_users);
/* Lets @ms go by; only to see that something does not happen. */
void scripted_let_pass (guint ms);

/* What @text has between @before and the next @after; the caller frees. */
gchar *scripted_cut (const gchar * text, const gchar * before,
    const gchar * after);
