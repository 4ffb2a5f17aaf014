/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Real servers out of tests/support, which run in Node. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct {
  GSubprocess *process;
  guint16 port;
} NodeServer;

/* FALSE: node or tests/node_modules are not there. */
gboolean node_server_available (void);
/* Starts tests/support/@script; returns when it listens. @options may be NULL. */
NodeServer *node_server_new (const gchar * script, const gchar * version,
    const gchar * options);
/* Its standard input closes, and it ends. Waits for that. */
void node_server_free (NodeServer * server);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (NodeServer, node_server_free)

G_END_DECLS
