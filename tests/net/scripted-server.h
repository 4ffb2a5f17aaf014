/* SPDX-License-Identifier: LGPL-2.1-or-later
 * A Socket.IO server that does what a script says, right or wrong. It lives in
 * a thread of its own, on a port of its own of the loopback interface. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _ScriptedServer ScriptedServer;

/* @scripts: one for each connection in order, the last one for all that follow
 * too; NULL-terminated. A script is steps separated by '|':
 *   >TEXT     send a text message        <TEXT   the next message must be TEXT
 *   <TEXT*    …or begin with TEXT        #N      send N bytes of binary
 *   =N        send a text of N bytes     close N a CLOSE frame of that code
 *   drop      close the TCP connection   wait    ignore messages until go()
 *   http N    answer the request with that status instead of a WebSocket
 *   hang      never answer the request
 *   poll TEXT answer a GET without a WebSocket with that body; %N in front of
 *             it: with N bytes. A POST takes no script: it is answered "ok"
 * A message that the script does not expect ends the test, except behind its
 * last step. @certificate: a PEM file with a key, for TLS; or NULL. */
ScriptedServer *scripted_server_new (const gchar * const *scripts,
    const gchar * certificate);
void scripted_server_free (ScriptedServer * server);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ScriptedServer, scripted_server_free)

guint16 scripted_server_get_port (ScriptedServer * server);
/* Lets a connection that waits go on. */
void scripted_server_go (ScriptedServer * server);
/* Waits until so many scripts have come to their end. */
void scripted_server_wait_done (ScriptedServer * server, guint n);
/* The query strings of all requests so far, one a line; a POST's body behind. */
gchar *scripted_server_get_queries (ScriptedServer * server);
void scripted_server_wait_query (ScriptedServer * server, const gchar * words);
/* The clean closes seen so far. */
void scripted_server_wait_closes (ScriptedServer * server, guint n);

G_END_DECLS
