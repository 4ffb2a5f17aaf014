/* SPDX-License-Identifier: LGPL-2.1-or-later
 * One Socket.IO client: namespace, events, acknowledgements and attachments on
 * an Engine.IO session, and its place in the roster. In the server's thread. */
#pragma once

#include "chatenginesession.h"
#include "chatgate.h"
#include "chatinfo.h"
#include "chatroster.h"

G_BEGIN_DECLS

typedef struct _GstChatClient GstChatClient;

/* Who a client says it is, in its handshake; each may be NULL. */
typedef struct {
  gchar *name;
  gchar *room;
  gchar *token;
  gchar *key;                   /* only its CONNECT packet has it: others log addresses */
} GstChatGreeting;

void gst_chat_greeting_copy (GstChatGreeting * to,
    const GstChatGreeting * from);
void gst_chat_greeting_clear (GstChatGreeting * greeting);

/* What the clients of one server share. */
typedef struct {
  GstChatEngineConfig engine;
  guint connect_timeout;        /* ms in which a client must enter the chat */
  gint64 relayed_at;            /* when something was relayed last; 0: never */
  GstChatInfo info;
  GBytes *auth_secret;          /* NULL: everybody may enter */
  GstChatJournal *journal;
  GstChatRoster *roster;
  GHashTable *clients;          /* Engine.IO sid → GstChatClient */
  GSource *introductions;       /* of those who came into a large room */
  gboolean stopping;            /* everybody goes: nobody is told of each */
} GstChatClients;

void gst_chat_clients_init (GstChatClients * clients);
/* Closes all of them. */
void gst_chat_clients_clear (GstChatClients * clients);
/* NULL where there is none of this @sid. */
GstChatClient *gst_chat_clients_find (GstChatClients * clients,
    const gchar * sid);
guint gst_chat_clients_get_n (const GstChatClients * clients);
/* Tells all of them that the server ends, and lets nobody begin a call. */
void gst_chat_clients_warn (GstChatClients * clients, const gchar * reason);

/* A handshake on @transport, whose reference it takes, as it takes @ticket.
 * @greeting: as the query has it. The client lives as long as its session. */
GstChatClient *gst_chat_client_new (GstChatClients * clients,
    GstChatTransport * transport, GstChatTicket * ticket,
    const GstChatGreeting * greeting);
GstChatEngineSession *gst_chat_client_get_session (GstChatClient * client);

G_END_DECLS
