/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Who is outside of this process: a gst-chat-server, and remote.c. Both are there
 * to be killed. */
#pragma once

#include <glib.h>

#include "senses.h"

G_BEGIN_DECLS

/* --- gst-chat-server --- */

typedef struct {
  GPid pid;                     /* 0: not running */
  gint out;
  gchar *port;                  /* the same again after a kill */
} Server;

/* Returns when it listens. */
void server_start (Server * server);
void server_kill (Server * server);
void server_clear (Server * server);

/* --- remote.c --- */

typedef struct {
  GPid pid;
  gint in, out;
  gchar *name;
  GString *said;                /* not yet a line */
  gchar *call, *signalling;     /* as it said last, or "" */
  Look met;                     /* ditto, or 0 */
} Remote;

Remote *remote_new (const gchar * port, const gchar * name,
    const gchar * properties);
/* One command; see there. */
void remote_say (Remote * remote, const gchar * format, ...) G_GNUC_PRINTF (2, 3);
/* Takes in what it has said meanwhile. */
void remote_listen (Remote * remote);
/* SIGKILL. */
void remote_kill (Remote * remote);
/* Asks it to end; how it did, as waitpid() has it. */
gint remote_leave (Remote * remote);
/* The same, and wants it to end well. */
void remote_free (Remote * remote);

G_END_DECLS
