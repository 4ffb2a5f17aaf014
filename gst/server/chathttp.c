/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The server's HTTP: the door to the Engine.IO sessions. */
#include "chathttp.h"

#include <string.h>

#include "chatlimits.h"
#include "chatpage.h"
#include "chattransportpolling.h"
#include "chattransportwebsocket.h"

#define ENTRANCE_KEY "gst-chat-entrance"
#define HTTPS_PORT 443
/* RFC 6585; libsoup does not know it. */
#define STATUS_TOO_MANY_REQUESTS 429

/* engine.io's own numbers and words: clients show them. */
typedef enum
{
  REFUSE_TRANSPORT,
  REFUSE_SID,
  REFUSE_METHOD,
  REFUSE_REQUEST,
  REFUSE_FORBIDDEN,
} Refusal;

static const gchar *const refusals[] = {
  "Transport unknown",
  "Session ID unknown",
  "Bad handshake method",
  "Bad request",
  "Forbidden",
};

static gboolean
wants_websocket (SoupServerMessage * message)
{
  SoupMessageHeaders *headers =
      soup_server_message_get_request_headers (message);
  return soup_message_headers_header_contains (headers, "Upgrade", "websocket");
}

static void
refuse (SoupServerMessage * message, Refusal why)
{
  soup_server_message_set_status (message, why == REFUSE_FORBIDDEN ?
      SOUP_STATUS_FORBIDDEN : SOUP_STATUS_BAD_REQUEST, NULL);
  if (wants_websocket (message)) {
    soup_message_headers_replace (soup_server_message_get_response_headers
        (message), "Connection", "close");
    soup_server_message_set_response (message, "text/html",
        SOUP_MEMORY_STATIC, refusals[why], strlen (refusals[why]));
    return;
  }
  gchar *body = g_strdup_printf ("{\"code\":%d,\"message\":\"%s\"}", why,
      refusals[why]);
  soup_server_message_set_response (message, "application/json",
      SOUP_MEMORY_TAKE, body, strlen (body));
}

/* Real servers have no limits, so no words for them either: a status that says
 * "later" to every client. */
static void
refuse_for_now (SoupServerMessage * message, GstChatRefusal why)
{
  soup_message_headers_replace (soup_server_message_get_response_headers
      (message), "Retry-After", "10");
  gboolean all = why == GST_CHAT_REFUSAL_POLLING
      || why == GST_CHAT_REFUSAL_STOPPING;
  soup_server_message_set_status (message, all ?
      SOUP_STATUS_SERVICE_UNAVAILABLE : STATUS_TOO_MANY_REQUESTS, NULL);
  gchar *body =
      g_strdup_printf ("{\"code\":3,\"message\":\"Over a limit: %s\"}",
      gst_chat_refusal_name (why));
  soup_server_message_set_response (message, "application/json",
      SOUP_MEMORY_TAKE, body, strlen (body));
}

/* The place of a new session, or NULL: it is refused already. */
static GstChatTicket *
admit (GstChatHttp * http, SoupServerMessage * message, gboolean websocket)
{
  GSocketAddress *remote = soup_server_message_get_remote_address (message);
  guint most = gst_chat_gate_get_limits (http->gate)->polling;
  GstChatRefusal why;
  GstChatTicket *ticket = NULL;
  if (http->stopping)
    why = GST_CHAT_REFUSAL_STOPPING;
  else if (!websocket && most != 0 && http->n_polling >= most)
    why = GST_CHAT_REFUSAL_POLLING;
  else
    ticket = gst_chat_gate_admit (http->gate, remote, &why);
  if (ticket == NULL) {
    gst_chat_gate_refuse (http->gate, why, remote);
    refuse_for_now (message, why);
  }
  return ticket;
}

/* A page's origin is the server's own where it is the host that was asked. */
static gboolean
origin_is_allowed (const GstChatHttp * http, SoupServerMessage * message,
    const gchar * origin)
{
  const gchar *host = soup_message_headers_get_one
      (soup_server_message_get_request_headers (message), "Host");
  const gchar *authority = strstr (origin, "://");
  if (host != NULL && authority != NULL
      && g_ascii_strcasecmp (authority + 3, host) == 0)
    return TRUE;
  for (guint i = 0; http->origins != NULL && http->origins[i] != NULL; i++) {
    if (g_str_equal (http->origins[i], "*")
        || g_ascii_strcasecmp (http->origins[i], origin) == 0)
      return TRUE;
  }
  return FALSE;
}

/* Whoever is no page has no origin. FALSE: refused. */
static gboolean
check_origin (const GstChatHttp * http, SoupServerMessage * message)
{
  const gchar *origin = soup_message_headers_get_one
      (soup_server_message_get_request_headers (message), "Origin");
  if (origin == NULL)
    return TRUE;
  if (!origin_is_allowed (http, message, origin)) {
    gst_chat_gate_refuse (http->gate, GST_CHAT_REFUSAL_ORIGIN,
        soup_server_message_get_remote_address (message));
    refuse (message, REFUSE_FORBIDDEN);
    return FALSE;
  }
  SoupMessageHeaders *headers =
      soup_server_message_get_response_headers (message);
  soup_message_headers_replace (headers, "Access-Control-Allow-Origin", origin);
  soup_message_headers_replace (headers, "Access-Control-Allow-Credentials",
      "true");
  soup_message_headers_replace (headers, "Vary", "Origin");
  return TRUE;
}

static void
answer_preflight (SoupServerMessage * message)
{
  SoupMessageHeaders *headers =
      soup_server_message_get_response_headers (message);
  soup_message_headers_replace (headers, "Access-Control-Allow-Methods",
      "GET,POST");
  soup_message_headers_replace (headers, "Access-Control-Allow-Headers",
      "content-type");
  soup_server_message_set_status (message, SOUP_STATUS_NO_CONTENT, NULL);
}

/* What is between a good upgrade request and the end of HTTP on it. */
typedef struct
{
  GstChatHttp *http;
  gchar *sid;                   /* NULL: a new session */
  GstChatTicket *ticket;        /* of a new session */
  GstChatGreeting greeting;
  GstChatEio eio;
} Upgrade;

static void
upgrade_free (gpointer data, GClosure * closure)
{
  Upgrade *upgrade = data;
  g_free (upgrade->sid);
  gst_chat_ticket_free (upgrade->ticket);
  gst_chat_greeting_clear (&upgrade->greeting);
  g_free (upgrade);
}

static void
on_switched (SoupServerMessage * message, gpointer user_data)
{
  Upgrade *upgrade = user_data;
  if (soup_server_message_get_status (message) !=
      SOUP_STATUS_SWITCHING_PROTOCOLS)
    return;

  GstChatClients *clients = upgrade->http->clients;
  GSocketAddress *remote = soup_server_message_get_remote_address (message);
  gst_chat_door_hold (remote);
  gst_chat_gate_leave (remote);
  g_autoptr (GIOStream) stream = soup_server_message_steal_connection (message);
  GstChatTransport *transport = gst_chat_transport_websocket_new (stream,
      clients->engine.poller, upgrade->eio, GST_CHAT_MAX_MESSAGE_BYTES);
  if (upgrade->sid == NULL) {
    gst_chat_client_new (clients, transport,
        g_steal_pointer (&upgrade->ticket), &upgrade->greeting);
    return;
  }
  /* The session may have ended, or gone over, in the meantime. */
  GstChatClient *client = gst_chat_clients_find (clients, upgrade->sid);
  GstChatEngineSession *session = client == NULL ? NULL :
      gst_chat_client_get_session (client);
  if (session == NULL || !gst_chat_engine_session_can_upgrade (session))
    gst_chat_transport_close (transport, GST_CHAT_END_KICKED);
  else
    gst_chat_engine_session_probe (session, transport);
}

/* Its texts are those of @query. */
static GstChatGreeting
greeting_of (GHashTable * query)
{
  GstChatGreeting greeting = {
    .name = g_hash_table_lookup (query, "name"),
    .room = g_hash_table_lookup (query, "room"),
    .token = g_hash_table_lookup (query, "token"),
  };
  return greeting;
}

static void
upgrade (GstChatHttp * http, SoupServerMessage * message, GstChatEio eio,
    const gchar * sid, GHashTable * query)
{
  g_autoptr (GstChatTicket) ticket = NULL;
  if (sid == NULL) {
    ticket = admit (http, message, TRUE);
    if (ticket == NULL)
      return;
  }
  /* No extensions: deflate costs 100 KiB a connection, and bombs get in. */
  if (!soup_websocket_server_process_handshake (message, NULL, NULL, NULL,
          NULL))
    return;
  Upgrade *data = g_new0 (Upgrade, 1);
  data->http = http;
  data->sid = g_strdup (sid);
  data->ticket = g_steal_pointer (&ticket);
  GstChatGreeting greeting = greeting_of (query);
  gst_chat_greeting_copy (&data->greeting, &greeting);
  data->eio = eio;
  g_signal_connect_data (message, "wrote-informational",
      G_CALLBACK (on_switched), data, upgrade_free, 0);
}

static void
begin_polling (GstChatHttp * http, SoupServerMessage * message,
    GstChatEio eio, GHashTable * query)
{
  GstChatTicket *ticket = admit (http, message, FALSE);
  if (ticket == NULL)
    return;
  GstChatTransport *transport =
      gst_chat_transport_polling_new (eio, http->door, &http->n_polling);
  GstChatGreeting greeting = greeting_of (query);
  GstChatClient *client = gst_chat_client_new (http->clients, transport,
      ticket, &greeting);
  gst_chat_transport_polling_get (transport, message,
      gst_chat_engine_session_get_outbox (gst_chat_client_get_session
          (client)));
}

static void
begin_session (GstChatHttp * http, SoupServerMessage * message,
    GstChatEio eio, gboolean websocket, GHashTable * query)
{
  if (soup_server_message_get_method (message) != SOUP_METHOD_GET) {
    refuse (message, REFUSE_METHOD);
  } else if (websocket) {
    if (wants_websocket (message))
      upgrade (http, message, eio, NULL, query);
    else
      refuse (message, REFUSE_REQUEST);
  } else if (wants_websocket (message)) {
    refuse (message, REFUSE_REQUEST);
  } else {
    begin_polling (http, message, eio, query);
  }
}

static void
go_on_polling (SoupServerMessage * message, GstChatEngineSession * session)
{
  GstChatTransport *transport =
      gst_chat_engine_session_get_transport (session, "polling");
  const gchar *method = soup_server_message_get_method (message);
  if (transport == NULL || wants_websocket (message))
    refuse (message, REFUSE_REQUEST);
  else if (method == SOUP_METHOD_GET)
    gst_chat_transport_polling_get (transport, message,
        gst_chat_engine_session_get_outbox (session));
  else if (method == SOUP_METHOD_POST)
    gst_chat_transport_polling_post (transport, message);
  else
    soup_server_message_set_status (message,
        SOUP_STATUS_INTERNAL_SERVER_ERROR, NULL);
}

static void
go_on (GstChatHttp * http, SoupServerMessage * message, GstChatEio eio,
    const gchar * sid, gboolean websocket, GHashTable * query)
{
  GstChatClient *client = gst_chat_clients_find (http->clients, sid);
  if (client == NULL) {
    refuse (message, REFUSE_SID);
    return;
  }
  GstChatEngineSession *session = gst_chat_client_get_session (client);
  if (gst_chat_engine_session_get_eio (session) != eio)
    refuse (message, REFUSE_REQUEST);
  else if (!websocket)
    go_on_polling (message, session);
  else if (wants_websocket (message)
      && gst_chat_engine_session_can_upgrade (session))
    upgrade (http, message, eio, sid, query);
  else
    refuse (message, REFUSE_REQUEST);
}

void
gst_chat_http_set_entrance (GSocketAddress * remote, GstChatEntrance entrance)
{
  g_object_set_data (G_OBJECT (remote), ENTRANCE_KEY,
      GUINT_TO_POINTER (entrance));
}

static GstChatEntrance
entrance_of (GSocketAddress * remote)
{
  return GPOINTER_TO_UINT (g_object_get_data (G_OBJECT (remote), ENTRANCE_KEY));
}

/* What a browser asked for, with TLS. A client of Socket.IO follows nowhere,
 * and its token must not be in what it tells of that. NULL: there is no such
 * place. */
static gchar *
tls_location (const GstChatHttp * http, SoupServerMessage * message)
{
  GUri *uri = soup_server_message_get_uri (message);
  const gchar *host = g_uri_get_host (uri);
  const gchar *path = g_uri_get_path (uri);
  if (host == NULL || *host == '\0')
    return NULL;
  g_autoptr (GUri) there = g_uri_build (G_URI_FLAGS_ENCODED, "https", NULL,
      host, http->tls_port == HTTPS_PORT ? -1 : http->tls_port, path,
      g_str_has_prefix (path, "/socket.io") ? NULL : g_uri_get_query (uri),
      NULL);
  return g_uri_to_string (there);
}

static void
redirect (const GstChatHttp * http, SoupServerMessage * message)
{
  g_autofree gchar *location = tls_location (http, message);
  SoupMessageHeaders *headers =
      soup_server_message_get_response_headers (message);
  soup_message_headers_replace (headers, "Connection", "close");
  if (location != NULL)
    soup_message_headers_replace (headers, "Location", location);
  soup_server_message_set_status (message, location == NULL ?
      SOUP_STATUS_BAD_REQUEST : SOUP_STATUS_PERMANENT_REDIRECT, NULL);
}

static void
answer_take (SoupServerMessage * message, guint status, gchar * text)
{
  soup_message_headers_replace (soup_server_message_get_response_headers
      (message), "Cache-Control", "no-store");
  soup_server_message_set_status (message, status, NULL);
  soup_server_message_set_response (message, "text/plain; charset=utf-8",
      SOUP_MEMORY_TAKE, text, strlen (text));
}

/* For what looks after the server: whether to send people here. */
static void
answer_health (const GstChatHttp * http, SoupServerMessage * message)
{
  answer_take (message, http->stopping ? SOUP_STATUS_SERVICE_UNAVAILABLE :
      SOUP_STATUS_OK, g_strdup (http->stopping ? "stopping\n" : "ok\n"));
}

static void
answer_operator (const GstChatHttp * http, SoupServerMessage * message)
{
  const gchar *path = g_uri_get_path (soup_server_message_get_uri (message));
  if (g_str_equal (path, "/metrics"))
    answer_take (message, SOUP_STATUS_OK, http->metrics (http->user_data));
  else if (g_str_equal (path, "/healthz"))
    answer_health (http, message);
  else
    soup_server_message_set_status (message, SOUP_STATUS_NOT_FOUND, NULL);
}

/* A request is complete. FALSE: it is answered already. */
static gboolean
pass (GstChatHttp * http, SoupServerMessage * message)
{
  GSocketAddress *remote = soup_server_message_get_remote_address (message);
  gst_chat_door_pass (http->door, remote);
  gst_chat_gate_pass (remote);
  if ((!GST_CHAT_HTTP_KEEPS_ALIVE || gst_chat_door_is_crowded (http->door))
      && !wants_websocket (message))
    soup_message_headers_replace (soup_server_message_get_response_headers
        (message), "Connection", "close");
  switch (entrance_of (remote)) {
    case GST_CHAT_ENTRANCE_FRONT:
      return TRUE;
    case GST_CHAT_ENTRANCE_PLAIN:
      redirect (http, message);
      return FALSE;
    case GST_CHAT_ENTRANCE_METRICS:
      answer_operator (http, message);
      return FALSE;
  }
  g_return_val_if_reached (FALSE);
}

static void
on_page_request (SoupServer * server, SoupServerMessage * message,
    const char *path, GHashTable * query, gpointer user_data)
{
  GstChatHttp *http = user_data;
  if (!pass (http, message))
    return;
  if (g_str_equal (path, "/healthz"))
    answer_health (http, message);
  else
    gst_chat_page_answer (message, path, http->tls_port != 0);
}

static void
on_engine_request (SoupServer * server, SoupServerMessage * message,
    const char *path, GHashTable * query, gpointer user_data)
{
  GstChatHttp *http = user_data;
  if (!pass (http, message))
    return;
  if (!g_str_equal (path, "/socket.io/") && !g_str_equal (path, "/socket.io")) {
    soup_server_message_set_status (message, SOUP_STATUS_NOT_FOUND, NULL);
    return;
  }
  SoupMessageHeaders *headers =
      soup_server_message_get_response_headers (message);
  soup_message_headers_replace (headers, "Cache-Control", "no-store");
  soup_message_headers_replace (headers, "X-Content-Type-Options", "nosniff");
  if (!check_origin (http, message))
    return;

  g_autoptr (GHashTable) empty = g_hash_table_new (g_str_hash, g_str_equal);
  if (query == NULL)
    query = empty;
  const gchar *transport = g_hash_table_lookup (query, "transport");
  gboolean websocket = g_strcmp0 (transport, "websocket") == 0;
  const gchar *sid = g_hash_table_lookup (query, "sid");
  /* Whoever asks for anything but 4 is as old as 3. */
  GstChatEio eio = g_strcmp0 (g_hash_table_lookup (query, "EIO"), "4") == 0 ?
      GST_CHAT_EIO_4 : GST_CHAT_EIO_3;

  if (soup_server_message_get_method (message) == SOUP_METHOD_OPTIONS
      && soup_message_headers_get_one (soup_server_message_get_request_headers
          (message), "Origin") != NULL)
    answer_preflight (message);
  else if (!websocket && g_strcmp0 (transport, "polling") != 0)
    refuse (message, REFUSE_TRANSPORT);
  else if (g_hash_table_contains (query, "j"))
    refuse (message, REFUSE_REQUEST);
  else if (sid != NULL)
    go_on (http, message, eio, sid, websocket, query);
  else
    begin_session (http, message, eio, websocket, query);
}

/* Before a body is read: none may be larger than a message, or of unknown
 * size. What comes of it all the same is not kept. */
static void
on_early_request (SoupServer * server, SoupServerMessage * message,
    const char *path, GHashTable * query, gpointer user_data)
{
  SoupMessageHeaders *headers =
      soup_server_message_get_request_headers (message);
  guint status = 0;
  if (soup_message_headers_get_encoding (headers) == SOUP_ENCODING_CHUNKED)
    status = SOUP_STATUS_LENGTH_REQUIRED;
  else if (soup_message_headers_get_content_length (headers) >
      GST_CHAT_MAX_MESSAGE_BYTES)
    status = SOUP_STATUS_REQUEST_ENTITY_TOO_LARGE;
  if (status == 0)
    return;
  soup_message_body_set_accumulate (soup_server_message_get_request_body
      (message), FALSE);
  soup_message_headers_replace (soup_server_message_get_response_headers
      (message), "Connection", "close");
  soup_server_message_set_status (message, status, NULL);
}

void
gst_chat_http_install (GstChatHttp * http, SoupServer * server)
{
  static const struct
  {
    const gchar *path;
    SoupServerCallback callback;
  } routes[] = {
    {NULL, on_page_request},
    {"/socket.io", on_engine_request},
  };
  for (guint i = 0; i < G_N_ELEMENTS (routes); i++) {
    soup_server_add_early_handler (server, routes[i].path, on_early_request,
        http, NULL);
    soup_server_add_handler (server, routes[i].path, routes[i].callback, http,
        NULL);
  }
}
