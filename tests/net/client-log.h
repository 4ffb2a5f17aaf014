/* SPDX-License-Identifier: LGPL-2.1-or-later
 * A GstChatSocketClient whose callbacks write a log that a test can wait for. */
#pragma once

#include "chatsocketclient.h"

G_BEGIN_DECLS

typedef struct _ClientLog ClientLog;

/* @config: its uri is that of the server on @port, and its timeout 40 s, where
 * they are not set. Starts at once. */
ClientLog *client_log_new (const GstChatSocketConfig * config, guint16 port);
/* Closes the client and stops its loop. */
void client_log_free (ClientLog * log);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ClientLog, client_log_free)

/* Lines: "connected ID", "event NAME PAYLOAD", "disconnected CODE MESSAGE",
 * "refused CODE". Waits for the next line that begins with @prefix, behind the
 * one that was found last, and returns it. */
gchar *client_log_wait (ClientLog * log, const gchar * prefix);
/* What must have come since the last one found, and nothing else. */
void client_log_expect (ClientLog * log, const gchar * line);
/* retry_in of the last disconnect. */
gint client_log_get_retry_in (ClientLog * log);
gboolean client_log_send (ClientLog * log, const gchar * event,
    const gchar * payload);
/* From now on the client is closed inside of its next callback. */
void client_log_close_in_callback (ClientLog * log);

G_END_DECLS
