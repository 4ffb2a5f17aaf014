/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The server's presence and relay rules as a pure function: who is there, and
 * who gets what. No I/O, no clock: time is an argument. */
#pragma once

#include "chatjsonscan.h"
#include "chatmessage.h"

G_BEGIN_DECLS

typedef struct _GstChatRoster GstChatRoster;
/* One connection; its owner keeps it from join to leave. */
typedef struct _GstChatRosterUser GstChatRosterUser;

/* What has to be sent: the text of one Engine.IO packet (`42[…]`, the same for
 * both generations), often shared by many receivers. */
typedef struct {
  gpointer user;                /* the user_data of the receiver's join */
  GBytes *frame;
} GstChatEffect;

/* An array of GstChatEffect that releases its frames. Functions append. */
GArray *gst_chat_effects_new (void);

typedef enum {
  GST_CHAT_RELAY_DONE,          /* somebody gets it */
  GST_CHAT_RELAY_NOBODY,        /* `to` is not there, or may not be reached: silently dropped */
  GST_CHAT_RELAY_REFUSED,       /* wrong shape or too large: count it against the sender */
  GST_CHAT_RELAY_UNKNOWN,       /* not an event of the protocol: ignored */
} GstChatRelay;

/* @server: how it calls itself in server-info. */
GstChatRoster *gst_chat_roster_new (const gchar * server);
/* All users must have left. */
void gst_chat_roster_free (GstChatRoster * roster);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstChatRoster, gst_chat_roster_free)

guint gst_chat_roster_size (const GstChatRoster * roster);
/* @room as for gst_chat_roster_join(). */
guint gst_chat_roster_room_size (const GstChatRoster * roster,
    const gchar * room);
/* @info, a server-info, as a frame. The caller unrefs. */
GBytes *gst_chat_server_info_frame (const GstChatMessage * info);
/* From now on nobody calls anybody whom it has not called just before. */
void gst_chat_roster_end_calls (GstChatRoster * roster);
/* What newcomers are told from now on. */
void gst_chat_roster_set_server_info (GstChatRoster * roster, GBytes * frame);

/* @id is new and valid. @name and @room come from the client as they are: a
 * name is cleaned and may be NULL, no or an empty room is the default one. NULL
 * where the id is taken, the room's name is too long or the house is full.
 * @now: monotonic microseconds, as everywhere here.
 *
 * Who enters a small or quiet room is introduced at once. Where many come, those
 * of a moment are introduced together, with one list for each client instead of
 * one for each newcomer: see gst_chat_roster_flush(). */
GstChatRosterUser *gst_chat_roster_join (GstChatRoster * roster,
    const gchar * id, const gchar * name, const gchar * room,
    gpointer user_data, gint64 now, GArray * effects)
    G_GNUC_WARN_UNUSED_RESULT;
/* Introduces who has waited until @now, and nobody where that is not due. */
void gst_chat_roster_flush (GstChatRoster * roster, gint64 now,
    GArray * effects);
/* When the next ones are to be introduced; G_MAXINT64: nobody waits. */
gint64 gst_chat_roster_next_flush (const GstChatRoster * roster);
/* Frees @user. Nothing of @effects is for it; NULL: nobody is told. @lost: it did
 * not say so, and may come back. */
void gst_chat_roster_leave (GstChatRoster * roster,
    GstChatRosterUser * user, gboolean lost, GArray * effects);

/* NULL: nobody. */
GstChatRosterUser *gst_chat_roster_find (const GstChatRoster * roster,
    const gchar * id);
/* Whether @user is called @name, in @room: both as for gst_chat_roster_join(). */
gboolean gst_chat_roster_user_is (const GstChatRosterUser * user,
    const gchar * name, const gchar * room);
/* @user has another connection, of @user_data, and nobody else notices: it is
 * told what a newcomer is. Returns the user_data of the one before. */
gpointer gst_chat_roster_take_over (GstChatRoster * roster,
    GstChatRosterUser * user, gpointer user_data, GArray * effects);

/* @user says @event with @payload, its first argument, which has passed
 * gst_chat_json_check() (len 0: none). */
GstChatRelay gst_chat_roster_relay (GstChatRoster * roster,
    GstChatRosterUser * user, const gchar * event, GstChatSlice payload,
    gint64 now, GArray * effects);

const gchar *gst_chat_roster_user_id (const GstChatRosterUser * user);

G_END_DECLS
