/* SPDX-License-Identifier: LGPL-2.1-or-later
 * What a peer that means harm says: drawn from a seed, the same again from the
 * same one. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _Mallory Mallory;

/* @sdp: real descriptions, to be spoilt. */
Mallory *mallory_new (GPtrArray * sdp);
void mallory_free (Mallory * mallory);
/* Forgets what it said before. */
void mallory_begin (Mallory * mallory, guint64 seed);

/* Evenly from 0 to @n - 1. */
guint mallory_draw (Mallory * mallory, guint n);
/* The payload of an event of the protocol, or of something like it, addressed to
 * @to; its name in @event. Caller frees. */
gchar *mallory_event (Mallory * mallory, const gchar * to,
    const gchar ** event);
/* The same: an offer, or an answer, and mostly one that could be meant. */
gchar *mallory_description (Mallory * mallory, const gchar * to,
    gboolean is_offer);
/* Bytes that are none of the protocol. */
GBytes *mallory_noise (Mallory * mallory);
/* Something for a port that waits for STUN, DTLS or RTP. */
GBytes *mallory_datagram (Mallory * mallory);
/* As it calls itself: a name, or worse; escaped for a query. */
gchar *mallory_name (Mallory * mallory);

G_END_DECLS
