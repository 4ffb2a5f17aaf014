/* SPDX-License-Identifier: LGPL-2.1-or-later
 * A signalling server without a network: it stands behind the `signal` pads of
 * chatpeers in one process and relays as protocol.md 1.1 has it, or as ours. */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

typedef struct _ChatWire ChatWire;

/* @relay: server-info, names and the relayed events, as gst-chat-server has
 * them; otherwise a base server. @doubled: everything is relayed twice. */
ChatWire *chat_wire_new (gboolean relay, gboolean doubled);
/* After all its ends have been taken off. */
void chat_wire_free (ChatWire * wire);

/* Asks @peer for its signal pad, as @id. */
void chat_wire_attach (ChatWire * wire, GstElement * peer, const gchar * id,
    const gchar * name);
/* signalling-connected, server-info, who is online, and tells the others. */
void chat_wire_join (ChatWire * wire, const gchar * id);
/* remove-user to the others; nothing reaches @id any more. */
void chat_wire_leave (ChatWire * wire, const gchar * id);
/* signalling-disconnected to @id, then the same. */
void chat_wire_cut (ChatWire * wire, const gchar * id);
/* The same chatpeer under a new id, as after a reconnection. */
void chat_wire_rename (ChatWire * wire, const gchar * id, const gchar * new_id);
void chat_wire_detach (ChatWire * wire, const gchar * id);

/* Exactly this text into @id's signal pad. */
void chat_wire_say (ChatWire * wire, const gchar * id, const gchar * text,
    gssize len);
/* How many events of this name @id has sent. */
guint chat_wire_count (ChatWire * wire, const gchar * id, const gchar * event);
/* Waits for the nth (from 1) of them and gives its payload; fails after 20 s. */
gchar *chat_wire_wait (ChatWire * wire, const gchar * id, const gchar * event,
    guint nth);

G_END_DECLS
