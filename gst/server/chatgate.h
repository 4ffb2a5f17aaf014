/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Who is let in: connections and sessions, counted by their address. In the
 * server's thread. */
#pragma once

#include "chatjournal.h"

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _GstChatGate GstChatGate;
/* The place of one session. */
typedef struct _GstChatTicket GstChatTicket;

/* Both outlive everything that was let in. */
GstChatGate *gst_chat_gate_new (const GstChatLimits * limits,
    GstChatJournal * journal);
GstChatGate *gst_chat_gate_ref (GstChatGate * gate);
void gst_chat_gate_unref (GstChatGate * gate);

/* A connection that came in. @remote is the one address object that libsoup
 * gets for it; it is counted as long as that lives. FALSE: drop it. */
gboolean gst_chat_gate_enter (GstChatGate * gate,
    GSocketConnection * connection, GSocketAddress * remote);
/* It has shown a whole request: it is not one of those that only wait. */
void gst_chat_gate_pass (GSocketAddress * remote);
/* It does not speak HTTP any more: its session counts. */
void gst_chat_gate_leave (GSocketAddress * remote);

/* For a session of @remote; NULL: refused, and @why says so. */
GstChatTicket *gst_chat_gate_admit (GstChatGate * gate,
    GSocketAddress * remote, GstChatRefusal * why);
void gst_chat_ticket_free (GstChatTicket * ticket);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstChatTicket, gst_chat_ticket_free)

/* Where it comes from, as a text without port. */
const gchar *gst_chat_ticket_get_address (const GstChatTicket * ticket);

const GstChatLimits *gst_chat_gate_get_limits (const GstChatGate * gate);
/* Counts it, and says so in the log. */
void gst_chat_gate_refuse (GstChatGate * gate, GstChatRefusal why,
    GSocketAddress * remote);

/* How many there are now that speak HTTP, and of them without a request yet. */
guint gst_chat_gate_get_n_connections (const GstChatGate * gate);
guint gst_chat_gate_get_n_pending (const GstChatGate * gate);

/* Forgets addresses. @now: monotonic microseconds. */
void gst_chat_gate_tick (GstChatGate * gate, gint64 now);

G_END_DECLS
