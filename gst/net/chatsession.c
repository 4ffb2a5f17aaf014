/* SPDX-License-Identifier: LGPL-2.1-or-later
 * One Socket.IO connection: handshake, heartbeat, events.
 *
 * Which generation? Protocol 4 waits for our CONNECT and answers with an id;
 * protocol 3 sends a bare CONNECT unasked, and one from us makes Socket.IO 2
 * announce us a second time, so that everything comes twice ever after. A
 * handshake with maxPayload is protocol 4. One without may be either: then we
 * ask for a namespace that nobody has, and the two refuse it differently. */
#include "chatsession.h"
#include "chaterror.h"
#include "chatlimits.h"
#include "chatmessage.h"

#include <string.h>

#define PROBE_NAMESPACE "/gst-chat-probe"
/* A server that says nothing to the probe gets our CONNECT after this, ms. */
#define PROBE_MS 1000

typedef enum
{
  STATE_OPENING,                /* Engine.IO's handshake is awaited */
  STATE_JOINING,                /* Socket.IO's CONNECT is awaited */
  STATE_CONNECTED,
  STATE_OVER,
} State;

struct _GstChatSession
{
  GstChatLoop *loop;
  GstChatEndpoint *endpoint;
  GstChatCarrier *carrier;      /* NULL once it failed */
  GstChatSessionCallbacks callbacks;
  gpointer user_data;

  State state;
  gchar *auth;
  GstChatEio eio;               /* known from STATE_CONNECTED on */
  GstChatEioHandshake handshake;
  gboolean asked;               /* our CONNECT is sent */
  GSource *heartbeat;           /* protocol 3: the next ping, or the pong's deadline;
                                   protocol 4: the ping's deadline;
                                   before: the probe's */

  /* A binary event that waits for its attachments, which nobody here needs. */
  gchar *event_name;
  gchar *event_payload;
  guint attachments;
};

static void
session_clear (gpointer data)
{
  GstChatSession *self = data;
  gst_chat_eio_handshake_clear (&self->handshake);
  g_free (self->auth);
  g_free (self->event_name);
  g_free (self->event_payload);
  gst_chat_endpoint_unref (self->endpoint);
  gst_chat_loop_unref (self->loop);
}

static void
session_unref (GstChatSession * self)
{
  g_rc_box_release_full (self, session_clear);
}

static void
clear_heartbeat (GstChatSession * self)
{
  if (self->heartbeat)
    g_source_destroy (self->heartbeat);
  g_clear_pointer (&self->heartbeat, g_source_unref);
}

static void
set_heartbeat (GstChatSession * self, guint milliseconds, GstChatLoopFunc func)
{
  clear_heartbeat (self);
  self->heartbeat = gst_chat_loop_add_timeout (self->loop, milliseconds, func,
      self, NULL);
}

static void
leave_carrier (GstChatSession * self)
{
  if (!self->carrier)
    return;
  gst_chat_carrier_close_in_loop (g_steal_pointer (&self->carrier),
      self->state == STATE_CONNECTED ? "41" : NULL);
}

static void
finish (GstChatSession * self, const GError * error)
{
  gboolean other_way = self->state == STATE_OPENING && self->carrier->reached
      && !g_error_matches (error, GST_CHAT_ERROR, GST_CHAT_ERROR_REFUSED);
  clear_heartbeat (self);
  leave_carrier (self);
  self->state = STATE_OVER;
  self->callbacks.over (error, other_way, self->user_data);
}

static void
finish_with (GstChatSession * self, GstChatError code, const gchar * format,
    ...)
G_GNUC_PRINTF (3, 4);

     static void
         finish_with (GstChatSession * self, GstChatError code,
    const gchar * format, ...)
{
  va_list args;
  va_start (args, format);
  g_autoptr (GError) error = g_error_new_valist (GST_CHAT_ERROR, code, format,
      args);
  va_end (args);
  finish (self, error);
}

/* Heartbeats. Protocol 4: the server pings. Protocol 3: we do. */

static void
on_silence (gpointer data)
{
  GstChatSession *self = data;
  finish_with (self, GST_CHAT_ERROR_TIMEOUT,
      "Connection to %s lost: nothing came in time", self->endpoint->where);
}

static void
on_ping_due (gpointer data)
{
  GstChatSession *self = data;
  gst_chat_carrier_send_in_loop (self->carrier, "2");
  set_heartbeat (self, self->handshake.ping_timeout, on_silence);
}

static void
begin_heartbeat (GstChatSession * self)
{
  if (self->eio == GST_CHAT_EIO_3)
    set_heartbeat (self, self->handshake.ping_interval, on_ping_due);
  else
    set_heartbeat (self,
        self->handshake.ping_interval + self->handshake.ping_timeout,
        on_silence);
}

static void
handle_ping (GstChatSession * self, GstChatSlice data)
{
  /* A probe's few bytes come back; more would be an echo for anybody. */
  g_autofree gchar *pong = g_strdup_printf ("3%.*s",
      (int) MIN (data.len, 32), data.data);
  gst_chat_carrier_send_in_loop (self->carrier, pong);
  if (self->state == STATE_CONNECTED && self->eio == GST_CHAT_EIO_4)
    begin_heartbeat (self);
}

static void
ask_to_connect (gpointer data)
{
  GstChatSession *self = data;
  if (self->state != STATE_JOINING || self->asked)
    return;
  self->asked = TRUE;
  clear_heartbeat (self);
  g_autofree gchar *connect = gst_chat_sio_build_connect (self->auth);
  gst_chat_carrier_send_in_loop (self->carrier, connect);
}

static void
handle_open (GstChatSession * self, GstChatSlice data)
{
  if (self->state != STATE_OPENING)
    return;
  self->state = STATE_JOINING;
  g_autoptr (GError) error = NULL;
  if (!gst_chat_eio_handshake_parse (data, &self->handshake, &error)) {
    finish_with (self, GST_CHAT_ERROR_CONNECT,
        "%s is not a Socket.IO server: %s", self->endpoint->where,
        error->message);
    return;
  }
  GstChatEio eio = self->carrier->eio;
  if (self->handshake.max_payload > 0 || eio == GST_CHAT_EIO_4) {
    ask_to_connect (self);
    return;
  }
  if (eio == GST_CHAT_EIO_3)
    return;
  gst_chat_carrier_send_in_loop (self->carrier, "40" PROBE_NAMESPACE ",");
  set_heartbeat (self, PROBE_MS, ask_to_connect);
}

static void
handle_connect (GstChatSession * self, const GstChatSioPacket * packet)
{
  /* Some servers repeat it; ids do not change under way. */
  if (self->state != STATE_JOINING)
    return;
  g_autofree gchar *id = NULL;
  GstChatSlice sid;
  if (gst_chat_json_member (packet->json, "sid", &sid)) {
    self->eio = GST_CHAT_EIO_4;
    id = gst_chat_json_string (sid, GST_CHAT_MAX_ID_BYTES);
  } else {
    self->eio = GST_CHAT_EIO_3;
    id = g_strdup (self->handshake.sid);
  }
  if (!id || !gst_chat_id_is_valid (id)) {
    finish_with (self, GST_CHAT_ERROR_PROTOCOL,
        "The server at %s gave an id that cannot be used",
        self->endpoint->where);
    return;
  }
  self->state = STATE_CONNECTED;
  begin_heartbeat (self);
  self->callbacks.connected (id, self->user_data);
}

static void
handle_connect_error (GstChatSession * self, const GstChatSioPacket * packet)
{
  if (self->state != STATE_JOINING)
    return;
  /* Socket.IO 2: a string, or whatever; later ones: {message, data}. */
  GstChatSlice text = packet->json;
  gst_chat_json_member (packet->json, "message", &text);
  g_autofree gchar *reason =
      gst_chat_json_string (text, GST_CHAT_MAX_REASON_BYTES);
  finish_with (self, GST_CHAT_ERROR_REFUSED,
      "The server at %s refused the connection: %s", self->endpoint->where,
      reason ? reason : "no reason given");
}

static void
deliver (GstChatSession * self, const gchar * name, const gchar * payload,
    gsize len)
{
  if (self->state == STATE_CONNECTED)
    self->callbacks.event (name, len > 0 ? payload : NULL, len,
        self->user_data);
}

static void
refuse (GstChatSession * self, const GError * error)
{
  if (self->state != STATE_OVER)
    self->callbacks.refused (error, self->user_data);
}

static void
handle_event (GstChatSession * self, const GstChatSioPacket * packet)
{
  g_autofree gchar *name = NULL;
  GstChatSlice payload;
  g_autoptr (GError) error = NULL;
  if (!gst_chat_sio_event (packet, &name, &payload, &error)) {
    refuse (self, error);
    return;
  }
  if (packet->ack_id >= 0 && self->state == STATE_CONNECTED) {
    /* "Received", so that nobody waits for it. */
    g_autofree gchar *ack = gst_chat_sio_build_ack (packet->ack_id, "[]");
    gst_chat_carrier_send_in_loop (self->carrier, ack);
  }
  if (packet->attachments == 0) {
    deliver (self, name, payload.data, payload.len);
    return;
  }
  self->attachments = packet->attachments;
  self->event_name = g_steal_pointer (&name);
  self->event_payload = g_strndup (payload.data, payload.len);
}

static void
drop_binary_event (GstChatSession * self)
{
  self->attachments = 0;
  g_clear_pointer (&self->event_name, g_free);
  g_clear_pointer (&self->event_payload, g_free);
}

static void
handle_attachment (GstChatSession * self)
{
  if (self->attachments == 0 || --self->attachments > 0)
    return;
  g_autofree gchar *name = g_steal_pointer (&self->event_name);
  g_autofree gchar *payload = g_steal_pointer (&self->event_payload);
  /* A binary acknowledgement has no name, and we never asked for one. */
  if (name)
    deliver (self, name, payload, strlen (payload));
}

/* The answer to the probe: only protocol 4 puts an object into it, and only
 * that one waits for our CONNECT. */
static void
handle_probe (GstChatSession * self, const GstChatSioPacket * packet)
{
  if (self->state != STATE_JOINING)
    return;
  clear_heartbeat (self);
  if (packet->json.len > 0 && packet->json.data[0] == '{')
    ask_to_connect (self);
}

static gboolean
is_probe (GstChatSlice nsp)
{
  return nsp.len == strlen (PROBE_NAMESPACE)
      && memcmp (nsp.data, PROBE_NAMESPACE, nsp.len) == 0;
}

static void
handle_message (GstChatSession * self, GstChatSlice data)
{
  g_autoptr (GError) error = NULL;
  GstChatSioPacket packet;
  drop_binary_event (self);
  if (!gst_chat_sio_parse (data, &packet, &error)) {
    /* A relay hands on what any peer sent: that must not cost us the
     * connection. */
    refuse (self, error);
    return;
  }
  if (packet.nsp.len > 0) {
    if (is_probe (packet.nsp))
      handle_probe (self, &packet);
    return;
  }
  switch (packet.type) {
    case GST_CHAT_SIO_CONNECT:
      handle_connect (self, &packet);
      break;
    case GST_CHAT_SIO_DISCONNECT:
      finish_with (self, GST_CHAT_ERROR_CONNECT,
          "The server at %s disconnected us", self->endpoint->where);
      break;
    case GST_CHAT_SIO_CONNECT_ERROR:
      handle_connect_error (self, &packet);
      break;
    case GST_CHAT_SIO_EVENT:
    case GST_CHAT_SIO_BINARY_EVENT:
      handle_event (self, &packet);
      break;
    case GST_CHAT_SIO_BINARY_ACK:
      self->attachments = packet.attachments;
      break;
    case GST_CHAT_SIO_ACK:
      break;
  }
}

static void
on_packet (const GstChatEioPacket * packet, gpointer user_data)
{
  GstChatSession *self = user_data;
  if (self->state == STATE_OVER)
    return;
  g_rc_box_acquire (self);
  if (packet->binary) {
    handle_attachment (self);
    session_unref (self);
    return;
  }
  switch (packet->type) {
    case GST_CHAT_EIO_OPEN:
      handle_open (self, packet->data);
      break;
    case GST_CHAT_EIO_CLOSE:
      finish_with (self, GST_CHAT_ERROR_CONNECT,
          "The server at %s closed the connection", self->endpoint->where);
      break;
    case GST_CHAT_EIO_PING:
      handle_ping (self, packet->data);
      break;
    case GST_CHAT_EIO_PONG:
      if (self->state == STATE_CONNECTED && self->eio == GST_CHAT_EIO_3)
        begin_heartbeat (self);
      break;
    case GST_CHAT_EIO_MESSAGE:
      handle_message (self, packet->data);
      break;
    case GST_CHAT_EIO_UPGRADE:
    case GST_CHAT_EIO_NOOP:
      break;
  }
  session_unref (self);
}

static void
on_refused (const GError * error, gpointer user_data)
{
  refuse (user_data, error);
}

static void
on_failed (const GError * error, gpointer user_data)
{
  GstChatSession *self = user_data;
  if (self->state == STATE_OVER)
    return;
  g_rc_box_acquire (self);
  finish (self, error);
  session_unref (self);
}

gboolean
gst_chat_session_send_in_loop (GstChatSession * session, const gchar * event,
    const gchar * payload)
{
  g_assert (gst_chat_loop_is_current (session->loop));
  if (session->state != STATE_CONNECTED)
    return FALSE;
  g_autofree gchar *text = gst_chat_sio_build_event (event, payload);
  guint limit = session->handshake.max_payload;
  if (strlen (text) > (limit > 0 ? limit : GST_CHAT_MAX_MESSAGE_BYTES))
    return FALSE;
  gst_chat_carrier_send_in_loop (session->carrier, text);
  return TRUE;
}

GstChatSession *
gst_chat_session_new_in_loop (GstChatLoop * loop, GstChatEndpoint * endpoint,
    GstChatCarrierNew carrier_new, const gchar * auth,
    const GstChatSessionCallbacks * callbacks, gpointer user_data)
{
  static const GstChatCarrierCallbacks carrier_callbacks = {
    on_packet, on_refused, on_failed
  };
  GstChatSession *self = g_rc_box_new0 (GstChatSession);
  self->loop = gst_chat_loop_ref (loop);
  self->endpoint = gst_chat_endpoint_ref (endpoint);
  self->auth = g_strdup (auth);
  self->callbacks = *callbacks;
  self->user_data = user_data;
  self->state = STATE_OPENING;
  self->carrier = carrier_new (loop, endpoint, &carrier_callbacks, self);
  return self;
}

void
gst_chat_session_close_in_loop (GstChatSession * session)
{
  g_assert (gst_chat_loop_is_current (session->loop));
  clear_heartbeat (session);
  leave_carrier (session);
  session->state = STATE_OVER;
  session_unref (session);
}
