/* SPDX-License-Identifier: LGPL-2.1-or-later
 * A transport without a server: what an application with one of its own does,
 * appsrc in front of each chatpeer. It passes on what the two say to each other,
 * and what is said in between by whoever has it in hand. */
#pragma once

#include "stage.h"

G_BEGIN_DECLS

typedef struct _Bare Bare;

/* For a launch line with a chatpeer named "peer". */
#define BARE_SOURCE \
  "appsrc name=transport caps=application/x-chat-signal is-live=true " \
  "format=time do-timestamp=true ! peer.signal "

Bare *bare_new (void);
void bare_free (Bare * bare);
/* @actor is who has the id @name from now on; two may join. */
void bare_join (Bare * bare, Actor * actor, const gchar * name);
/* Tells both that they are online, who is there, and, mostly, what this server
 * can do; "Mallory" is there as well. */
void bare_welcome (Bare * bare, gboolean relay);
/* "Mallory" says it to the first that has joined, as a client says it to a
 * server; or gives it bytes that may be no message at all. */
void bare_say (Bare * bare, const gchar * event, const gchar * payload);
void bare_give (Bare * bare, gconstpointer data, gsize len);
/* What was said to "Mallory" since it was last forgotten. Caller frees. */
gchar *bare_heard (Bare * bare);
void bare_forget (Bare * bare);

G_END_DECLS
