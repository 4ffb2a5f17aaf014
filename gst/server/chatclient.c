/* SPDX-License-Identifier: LGPL-2.1-or-later
 * One Socket.IO client on an Engine.IO session. */
#include "chatclient.h"

#include <string.h>

#include "chatlimits.h"
#include "chattoken.h"

struct _GstChatClient
{
  GstChatClients *clients;
  GstChatEngineSession *session;
  GstChatTicket *ticket;
  GstChatRosterUser *user;      /* NULL: not in the chat (yet, or any more) */
  GstChatGreeting greeting;
  guint attachments;            /* binary packets that are to come, ignored */
  GstChatTimer connect_timer;   /* while user is NULL */
  GstChatTimer info_timer;      /* while it is in the chat: new credentials */
};

void
gst_chat_greeting_copy (GstChatGreeting * to, const GstChatGreeting * from)
{
  to->name = g_strdup (from->name);
  to->room = g_strdup (from->room);
  to->token = g_strdup (from->token);
  to->key = g_strdup (from->key);
}

void
gst_chat_greeting_clear (GstChatGreeting * greeting)
{
  g_clear_pointer (&greeting->name, g_free);
  g_clear_pointer (&greeting->room, g_free);
  g_clear_pointer (&greeting->token, g_free);
  g_clear_pointer (&greeting->key, g_free);
}

static void
dispatch (GArray * effects)
{
  for (guint i = 0; i < effects->len; i++) {
    GstChatEffect *effect = &g_array_index (effects, GstChatEffect, i);
    GstChatClient *receiver = effect->user;
    gst_chat_engine_session_send (receiver->session, effect->frame);
  }
}

static gboolean
is_eio3 (const GstChatClient * client)
{
  return gst_chat_engine_session_get_eio (client->session) == GST_CHAT_EIO_3;
}

static void
send_take (GstChatClient * client, gchar * packet)
{
  g_autoptr (GBytes) bytes = g_bytes_new_take (packet, strlen (packet));
  gst_chat_engine_session_send (client->session, bytes);
}

static void
on_connect_late (GstChatTimer * timer, gint64 now)
{
  GstChatClient *client =
      GST_CHAT_OWNER_OF (GstChatClient, connect_timer, timer);
  gst_chat_engine_session_close (client->session, GST_CHAT_END_TIMEOUT);
}

static void
await_connect (GstChatClient * client)
{
  gst_chat_poller_start_timer (client->clients->engine.poller,
      &client->connect_timer, g_get_monotonic_time ()
      + (gint64) client->clients->connect_timeout * 1000);
}

static void
journal_refusal (GstChatClient * client, GstChatRefusal why)
{
  gst_chat_journal_refuse (client->clients->journal, why,
      gst_chat_ticket_get_address (client->ticket));
}

/* By its public id, never by its session's or its name. */
static void
tell_of_user (GstChatClient * client, const gchar * event, const gchar * reason)
{
  gst_chat_journal_tell (client->clients->journal, GST_CHAT_LOG_INFO, event,
      "id", gst_chat_roster_user_id (client->user), "address",
      gst_chat_ticket_get_address (client->ticket), "reason", reason, NULL);
}

/* It is not let in, but may try again, until its time is over. */
static void
refuse_entry (GstChatClient * client, const gchar * reason)
{
  send_take (client, gst_chat_sio_build_connect_error
      (gst_chat_engine_session_get_eio (client->session), NULL, reason));
}

static gboolean
room_is_full (const GstChatClient * client)
{
  guint most = client->clients->engine.limits->room_users;
  return most != 0 && gst_chat_roster_room_size (client->clients->roster,
      client->greeting.room) >= most;
}

static GstChatTokenCheck
check_token (const GstChatClient * client)
{
  GBytes *secret = client->clients->auth_secret;
  const GstChatGreeting *greeting = &client->greeting;
  return secret == NULL ? GST_CHAT_TOKEN_FINE :
      gst_chat_token_check (secret, greeting->token, greeting->name,
      greeting->room, g_get_real_time () / G_USEC_PER_SEC);
}

/* Credentials are renewed when half of their time is over. */
static void
schedule_info (GstChatClient * client)
{
  gst_chat_poller_start_timer (client->clients->engine.poller,
      &client->info_timer, g_get_monotonic_time ()
      + client->clients->info.turn_time * G_TIME_SPAN_SECOND / 2);
}

/* What it will be told when it joins. */
static void
prepare_info (GstChatClient * client, const gchar * id)
{
  const GstChatInfo *info = &client->clients->info;
  if (!gst_chat_info_is_personal (info))
    return;
  g_autoptr (GBytes) frame = gst_chat_info_frame (info, id, NULL);
  gst_chat_roster_set_server_info (client->clients->roster, frame);
  schedule_info (client);
}

static void
on_info_due (GstChatTimer * timer, gint64 now)
{
  GstChatClient *client = GST_CHAT_OWNER_OF (GstChatClient, info_timer, timer);
  if (client->user == NULL)
    return;
  g_autoptr (GBytes) frame = gst_chat_info_frame (&client->clients->info,
      gst_chat_roster_user_id (client->user), NULL);
  gst_chat_engine_session_send (client->session, frame);
  schedule_info (client);
}

static void
plan_introductions (GstChatClients * clients)
{
  gint64 due = gst_chat_roster_next_flush (clients->roster);
  g_source_set_ready_time (clients->introductions, due == G_MAXINT64 ? -1 :
      due);
}

static gboolean
on_introductions (GSource * source, GSourceFunc callback, gpointer user_data)
{
  GstChatClients *clients = user_data;
  g_autoptr (GArray) effects = gst_chat_effects_new ();
  gst_chat_roster_flush (clients->roster, g_get_monotonic_time (), effects);
  dispatch (effects);
  plan_introductions (clients);
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs introductions_funcs = {
  .dispatch = on_introductions,
};

/* Its connection may be dead, and the server not know it yet. */
static GstChatRosterUser *
be_in_the_chat (GstChatClient * client, const gchar * id, GArray * effects)
{
  GstChatRoster *roster = client->clients->roster;
  const GstChatGreeting *greeting = &client->greeting;
  GstChatRosterUser *known = gst_chat_roster_find (roster, id);
  if (known == NULL || !gst_chat_roster_user_is (known, greeting->name,
          greeting->room))
    return gst_chat_roster_join (roster, id, greeting->name, greeting->room,
        client, g_get_monotonic_time (), effects);
  GstChatClient *before =
      gst_chat_roster_take_over (roster, known, client, effects);
  before->user = NULL;
  gst_chat_engine_session_close (before->session, GST_CHAT_END_REPLACED);
  return known;
}

/* The public id is never the session's: who sees it must not be able to take
 * the session over (protocol.md E3). */
static void
enter (GstChatClient * client)
{
  GstChatTokenCheck token = check_token (client);
  if (token != GST_CHAT_TOKEN_FINE) {
    journal_refusal (client, GST_CHAT_REFUSAL_TOKEN);
    refuse_entry (client, gst_chat_token_text (token));
    return;
  }
  g_autofree gchar *id = client->greeting.key == NULL ? NULL :
      gst_chat_id_from_key (client->greeting.key);
  if (id == NULL)
    id = gst_chat_engine_new_id ();
  if (gst_chat_roster_find (client->clients->roster, id) == NULL
      && room_is_full (client)) {
    journal_refusal (client, GST_CHAT_REFUSAL_ROOM);
    refuse_entry (client, "This room is full");
    return;
  }
  g_autoptr (GArray) effects = gst_chat_effects_new ();
  prepare_info (client, id);
  client->user = be_in_the_chat (client, id, effects);
  if (client->user == NULL) {
    refuse_entry (client, "This room cannot be entered");
    return;
  }
  gst_chat_timer_stop (&client->connect_timer);
  tell_of_user (client, "joined", NULL);
  client->clients->journal->counts[GST_CHAT_COUNT_JOIN]++;
  g_autofree gchar *json = g_strdup_printf ("{\"sid\":\"%s\"}", id);
  send_take (client, gst_chat_sio_build_connect (is_eio3 (client) ? NULL :
          json));
  dispatch (effects);
  plan_introductions (client->clients);
}

static const gchar *
end_name (GstChatEnd why)
{
  switch (why) {
    case GST_CHAT_END_GONE:
      return "gone";
    case GST_CHAT_END_MALFORMED:
      return "malformed";
    case GST_CHAT_END_TOO_BIG:
      return "too-big";
    case GST_CHAT_END_SAID:
      return "said";
    case GST_CHAT_END_TIMEOUT:
      return "timeout";
    case GST_CHAT_END_SLOW:
      return "slow";
    case GST_CHAT_END_KICKED:
      return "kicked";
    case GST_CHAT_END_UPGRADED:
      return "upgraded";
    case GST_CHAT_END_SHUTDOWN:
      return "shutdown";
    case GST_CHAT_END_REPLACED:
      return "replaced";
  }
  g_return_val_if_reached (NULL);
}

static void
leave (GstChatClient * client, GstChatEnd why)
{
  if (client->user == NULL)
    return;
  tell_of_user (client, "left", end_name (why));
  GstChatClients *clients = client->clients;
  g_autoptr (GArray) effects = clients->stopping ? NULL :
      gst_chat_effects_new ();
  gst_chat_roster_leave (clients->roster, g_steal_pointer (&client->user),
      why == GST_CHAT_END_TIMEOUT, effects);
  if (effects != NULL)
    dispatch (effects);
  await_connect (client);
}

static void
close_malformed (GstChatClient * client)
{
  gst_chat_engine_session_close (client->session, GST_CHAT_END_MALFORMED);
}

/* Generation 2 overlooks what does not belong here; 4 closes. */
static void
overlook (GstChatClient * client)
{
  if (!is_eio3 (client))
    close_malformed (client);
}

static void
set_from_auth (GstChatSlice auth, const gchar * member, gsize max_bytes,
    gchar ** value)
{
  GstChatSlice text;
  if (!gst_chat_json_member (auth, member, &text))
    return;
  gchar *string = gst_chat_json_string (text, max_bytes);
  if (string == NULL)
    return;
  g_free (*value);
  *value = string;
}

static void
refuse_namespace (GstChatClient * client, GstChatSlice nsp)
{
  gsize len = nsp.len;
  const gchar *query = memchr (nsp.data, '?', nsp.len);
  if (is_eio3 (client) && query != NULL)
    len = query - nsp.data;
  g_autofree gchar *name = g_strndup (nsp.data, len);
  send_take (client, gst_chat_sio_build_connect_error
      (gst_chat_engine_session_get_eio (client->session), name,
          "Invalid namespace"));
}

static void
on_connect (GstChatClient * client, const GstChatSioPacket * packet)
{
  if (packet->nsp.len > 0) {
    /* Generation 2 may ask for the root itself, with a query of its own. */
    if (is_eio3 (client) && packet->nsp.len > 1
        && memcmp (packet->nsp.data, "/?", 2) == 0)
      return;
    refuse_namespace (client, packet->nsp);
    return;
  }
  if (client->user != NULL) {
    overlook (client);
    return;
  }
  /* Far longer names are not worth cutting. */
  set_from_auth (packet->json, "name", GST_CHAT_MAX_TEXT_BYTES,
      &client->greeting.name);
  set_from_auth (packet->json, "room", GST_CHAT_MAX_ROOM_BYTES,
      &client->greeting.room);
  set_from_auth (packet->json, "token", GST_CHAT_MAX_TOKEN_BYTES,
      &client->greeting.token);
  set_from_auth (packet->json, "key", GST_CHAT_MAX_KEY_BYTES,
      &client->greeting.key);
  enter (client);
  if (client->user == NULL
      && !gst_chat_engine_session_forgive (client->session))
    gst_chat_engine_session_close (client->session, GST_CHAT_END_KICKED);
}

static void
acknowledge (GstChatClient * client, gint64 ack_id)
{
  if (ack_id >= 0)
    send_take (client, gst_chat_sio_build_ack (ack_id, "[]"));
}

/* Something is refused by itself, who does not stop is closed. */
static void
on_excess (GstChatRefusal why, gpointer user_data)
{
  GstChatClient *client = user_data;
  journal_refusal (client, why);
  if (!gst_chat_engine_session_forgive (client->session))
    gst_chat_engine_session_close (client->session, GST_CHAT_END_KICKED);
}

static void
count_relay (GstChatClients * clients, const gchar * event,
    GstChatRelay result, gint64 now)
{
  guint64 *counts = clients->journal->counts;
  if (result == GST_CHAT_RELAY_NOBODY)
    counts[GST_CHAT_COUNT_NOBODY]++;
  if (result != GST_CHAT_RELAY_DONE)
    return;
  clients->relayed_at = now;
  counts[GST_CHAT_COUNT_RELAYED]++;
  if (gst_chat_event_from_name (event) == GST_CHAT_EVENT_CALL_USER)
    counts[GST_CHAT_COUNT_OFFER]++;
}

static void
on_event (GstChatClient * client, const GstChatSioPacket * packet)
{
  g_autofree gchar *event = NULL;
  GstChatSlice payload;
  if (!gst_chat_sio_event (packet, &event, &payload, NULL)) {
    close_malformed (client);
    return;
  }

  g_autoptr (GArray) effects = gst_chat_effects_new ();
  gint64 now = g_get_monotonic_time ();
  GstChatRelay result = gst_chat_roster_relay (client->clients->roster,
      client->user, event, payload, now, effects);
  count_relay (client->clients, event, result, now);
  switch (result) {
    case GST_CHAT_RELAY_DONE:
    case GST_CHAT_RELAY_NOBODY:
      dispatch (effects);
      acknowledge (client, packet->ack_id);
      break;
    case GST_CHAT_RELAY_REFUSED:
      on_excess (GST_CHAT_REFUSAL_SHAPE, client);
      break;
    case GST_CHAT_RELAY_UNKNOWN:
      break;
  }
}

/* Behind the connection: whoever is not in the chat has nothing to say. */
static void
on_chat_packet (GstChatClient * client, const GstChatSioPacket * packet)
{
  if (packet->nsp.len > 0 || client->user == NULL) {
    client->attachments = is_eio3 (client) ? packet->attachments : 0;
    overlook (client);
    return;
  }
  switch (packet->type) {
    case GST_CHAT_SIO_EVENT:
      on_event (client, packet);
      break;
    case GST_CHAT_SIO_DISCONNECT:
      leave (client, GST_CHAT_END_SAID);
      break;
    case GST_CHAT_SIO_BINARY_EVENT:
    case GST_CHAT_SIO_BINARY_ACK:
      /* Nothing of the protocol is binary. */
      client->attachments = packet->attachments;
      break;
    case GST_CHAT_SIO_ACK:
    case GST_CHAT_SIO_CONNECT:
    case GST_CHAT_SIO_CONNECT_ERROR:
      break;
  }
}

static void
on_binary (GstChatClient * client)
{
  if (client->attachments > 0)
    client->attachments--;
  else
    overlook (client);
}

/* Types of packets that no generation has. */
static gboolean
is_unknown (const GstChatEioPacket * message)
{
  return message->data.len > 0 && (message->data.data[0] < '0'
      || message->data.data[0] > '6');
}

static void
on_message (const GstChatEioPacket * message, gpointer user_data)
{
  GstChatClient *client = user_data;
  if (message->binary) {
    on_binary (client);
    return;
  }
  GstChatSioPacket packet;
  if (client->attachments == 0 && is_unknown (message))
    overlook (client);
  else if (client->attachments > 0
      || !gst_chat_sio_parse (message->data, &packet, NULL))
    close_malformed (client);
  else if (packet.type == GST_CHAT_SIO_CONNECT)
    on_connect (client, &packet);
  else
    on_chat_packet (client, &packet);
}

static void
on_closed (GstChatEnd why, gpointer user_data)
{
  GstChatClient *client = user_data;
  leave (client, why);
  if (why == GST_CHAT_END_SLOW)
    client->clients->journal->counts[GST_CHAT_COUNT_SLOW]++;
  g_hash_table_remove (client->clients->clients,
      gst_chat_engine_session_get_sid (client->session));
}

static const GstChatEngineEvents engine_events = {
  on_message, on_excess, on_closed
};

static void
client_free (gpointer data)
{
  GstChatClient *client = data;
  gst_chat_timer_stop (&client->connect_timer);
  gst_chat_timer_stop (&client->info_timer);
  gst_chat_engine_session_free (client->session);
  gst_chat_ticket_free (client->ticket);
  gst_chat_greeting_clear (&client->greeting);
  g_free (client);
}

GstChatClient *
gst_chat_client_new (GstChatClients * clients, GstChatTransport * transport,
    GstChatTicket * ticket, const GstChatGreeting * greeting)
{
  g_autofree gchar *sid = gst_chat_engine_new_id ();
  GstChatClient *client = g_new0 (GstChatClient, 1);
  client->clients = clients;
  client->connect_timer.func = on_connect_late;
  client->info_timer.func = on_info_due;
  client->ticket = ticket;
  gst_chat_greeting_copy (&client->greeting, greeting);
  client->session = gst_chat_engine_session_new (&clients->engine, sid,
      transport, &engine_events, client);
  g_hash_table_insert (clients->clients,
      (gpointer) gst_chat_engine_session_get_sid (client->session), client);
  clients->journal->counts[GST_CHAT_COUNT_SESSION]++;
  await_connect (client);
  if (is_eio3 (client))
    enter (client);
  return client;
}

GstChatEngineSession *
gst_chat_client_get_session (GstChatClient * client)
{
  return client->session;
}

void
gst_chat_clients_init (GstChatClients * clients)
{
  g_autoptr (GBytes) info = gst_chat_info_frame (&clients->info, NULL, NULL);
  clients->roster = gst_chat_roster_new (clients->info.server);
  gst_chat_roster_set_server_info (clients->roster, info);
  clients->stopping = FALSE;
  clients->clients = g_hash_table_new_full (g_str_hash, g_str_equal, NULL,
      client_free);
  clients->introductions = g_source_new (&introductions_funcs,
      sizeof (GSource));
  g_source_set_callback (clients->introductions, NULL, clients, NULL);
  g_source_attach (clients->introductions,
      g_main_context_get_thread_default ());
}

GstChatClient *
gst_chat_clients_find (GstChatClients * clients, const gchar * sid)
{
  return g_hash_table_lookup (clients->clients, sid);
}

guint
gst_chat_clients_get_n (const GstChatClients * clients)
{
  return clients->clients == NULL ? 0 : g_hash_table_size (clients->clients);
}

void
gst_chat_clients_warn (GstChatClients * clients, const gchar * reason)
{
  gst_chat_roster_end_calls (clients->roster);
  g_autoptr (GList) all = g_hash_table_get_values (clients->clients);
  for (GList * l = all; l != NULL; l = l->next) {
    GstChatClient *client = l->data;
    if (client->user == NULL)
      continue;
    g_autoptr (GBytes) frame = gst_chat_info_frame (&clients->info,
        gst_chat_roster_user_id (client->user), reason);
    gst_chat_engine_session_send (client->session, frame);
  }
}

void
gst_chat_clients_clear (GstChatClients * clients)
{
  if (clients->clients == NULL)
    return;
  clients->stopping = TRUE;
  g_autoptr (GList) all = g_hash_table_get_values (clients->clients);
  for (GList * l = all; l != NULL; l = l->next) {
    GstChatClient *client = l->data;
    gst_chat_engine_session_close (client->session, GST_CHAT_END_SHUTDOWN);
  }
  g_source_destroy (clients->introductions);
  g_clear_pointer (&clients->introductions, g_source_unref);
  g_clear_pointer (&clients->clients, g_hash_table_unref);
  g_clear_pointer (&clients->roster, gst_chat_roster_free);
}
