/* SPDX-License-Identifier: LGPL-2.1-or-later
 * How long the main loop works between two looks at who is there. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _GstChatTurn GstChatTurn;

/* Watches the thread-default main context, from its own thread. */
GstChatTurn *gst_chat_turn_new (void);
void gst_chat_turn_free (GstChatTurn * turn);

/* CPU time of the longest turn since it was asked last, in microseconds: so long
 * one client has to wait for all others, on a machine that does nothing else. */
gint64 gst_chat_turn_take_longest (GstChatTurn * turn);

G_END_DECLS
