/* SPDX-License-Identifier: LGPL-2.1-or-later
 * One Engine.IO session, whatever carries it. */
#include "chatenginesession.h"

#include <string.h>
#include <sys/random.h>

#include "chatlimits.h"

/* 120 bits; a multiple of three leaves base64 without padding. */
#define ID_BYTES 15
/* What may wait for the end of the loop's turn. */
#define CORKED_BYTES (64 * 1024)
/* How often a waiting poll is let go while a client changes over. */
#define RELEASE_MS 100

struct _GstChatEngineSession
{
  const GstChatEngineConfig *config;
  const GstChatEngineEvents *events;    /* NULL once closed */
  gpointer user_data;
  gchar *sid;
  GstChatEio eio;
  GstChatTransport *transport;  /* NULL once closed */
  GstChatTransport *probe;      /* tries to take over; else NULL */
  gboolean probed;              /* it has said `2probe` */
  gint64 probe_until;
  GSource *release_source;      /* while probed */
  gboolean may_upgrade;
  GstChatOutbox outbox;
  GstChatFlow flow;
  GstChatTask flush;
  GstChatTimer timer;           /* for the first of the times here; never later */
  gint64 ping_due;              /* 4: when to ping; 3: when it is lost without a packet */
  gint64 pong_due;              /* 4: when it is lost without a pong; 0: no ping is out */
};

static const GstChatTransportEvents transport_events;
static const GstChatTransportEvents probe_events;
static void on_flush (GstChatTask * task);
static void on_timer (GstChatTimer * timer, gint64 now);

gchar *
gst_chat_engine_new_id (void)
{
  guint8 bytes[ID_BYTES];
  for (gsize have = 0; have < sizeof bytes;) {
    gssize n = getrandom (bytes + have, sizeof bytes - have, 0);
    if (n > 0)
      have += n;
  }
  gchar *id = g_base64_encode (bytes, sizeof bytes);
  g_strdelimit (id, "+", '-');
  g_strdelimit (id, "/", '_');
  return id;
}

static gint64
in_ms (gint64 now, guint ms)
{
  return now + (gint64) ms *1000;
}

static void
start_timer (GstChatEngineSession * session, gint64 due)
{
  gst_chat_poller_start_timer (session->config->poller, &session->timer, due);
}

static void
send_open (GstChatEngineSession * session)
{
  gboolean polling = g_str_equal (session->transport->klass->name, "polling");
  GstChatEioHandshake handshake = {
    .sid = session->sid,
    .ping_interval = session->config->ping_interval,
    .ping_timeout = session->config->ping_timeout,
    .max_payload = GST_CHAT_MAX_MESSAGE_BYTES,
    .websocket = polling,
  };
  g_autofree gchar *open = gst_chat_eio_handshake_build (&handshake);
  session->may_upgrade = polling;
  gst_chat_engine_session_send_text (session, open);
}

GstChatEngineSession *
gst_chat_engine_session_new (const GstChatEngineConfig * config,
    const gchar * sid, GstChatTransport * transport,
    const GstChatEngineEvents * events, gpointer user_data)
{
  GstChatEngineSession *session = g_new0 (GstChatEngineSession, 1);
  session->config = config;
  session->events = events;
  session->user_data = user_data;
  session->sid = g_strdup (sid);
  session->eio = transport->eio;
  session->transport = transport;
  session->flush.func = on_flush;
  session->timer.func = on_timer;
  gst_chat_transport_attach (transport, &transport_events, session);

  guint wait = config->ping_interval;
  if (session->eio == GST_CHAT_EIO_3)
    wait += config->ping_timeout;
  session->ping_due = in_ms (g_get_monotonic_time (), wait);
  start_timer (session, session->ping_due);
  send_open (session);
  return session;
}

void
gst_chat_engine_session_free (GstChatEngineSession * session)
{
  g_return_if_fail (session->transport == NULL);
  gst_chat_outbox_clear (&session->outbox);
  g_free (session->sid);
  g_free (session);
}

const gchar *
gst_chat_engine_session_get_sid (const GstChatEngineSession * session)
{
  return session->sid;
}

GstChatEio
gst_chat_engine_session_get_eio (const GstChatEngineSession * session)
{
  return session->eio;
}

GstChatTransport *
gst_chat_engine_session_get_transport (const GstChatEngineSession * session,
    const gchar * name)
{
  if (session->transport == NULL
      || !g_str_equal (session->transport->klass->name, name))
    return NULL;
  return session->transport;
}

GstChatOutbox *
gst_chat_engine_session_get_outbox (GstChatEngineSession * session)
{
  return &session->outbox;
}

static void
on_flush (GstChatTask * task)
{
  GstChatEngineSession *session =
      GST_CHAT_OWNER_OF (GstChatEngineSession, flush, task);
  session->transport->klass->flush (session->transport, &session->outbox);
  /* Over the bound it is lost: the timer says so, since this may be within
   * anything. */
  if (session->outbox.bytes > session->config->max_queue)
    start_timer (session, 0);
}

void
gst_chat_engine_session_send (GstChatEngineSession * session, GBytes * packet)
{
  if (session->transport == NULL
      || session->outbox.bytes > session->config->max_queue)
    return;
  gst_chat_outbox_push (&session->outbox, packet);
  if (session->outbox.bytes > CORKED_BYTES)
    on_flush (&session->flush);
  else
    gst_chat_poller_run_later (session->config->poller, &session->flush);
}

void
gst_chat_engine_session_send_text (GstChatEngineSession * session,
    const gchar * packet)
{
  g_autoptr (GBytes) bytes = g_bytes_new (packet, strlen (packet));
  gst_chat_engine_session_send (session, bytes);
}

static void
drop_probe (GstChatEngineSession * session, GstChatEnd why)
{
  if (session->release_source != NULL) {
    g_source_destroy (session->release_source);
    g_clear_pointer (&session->release_source, g_source_unref);
  }
  session->probed = FALSE;
  GstChatTransport *probe = g_steal_pointer (&session->probe);
  if (probe != NULL)
    gst_chat_transport_close (probe, why);
}

gboolean
gst_chat_engine_session_forgive (GstChatEngineSession * session)
{
  return gst_chat_flow_forgive (&session->flow, session->config->limits,
      g_get_monotonic_time ());
}

void
gst_chat_engine_session_close (GstChatEngineSession * session, GstChatEnd why)
{
  if (session->transport == NULL)
    return;
  drop_probe (session, why);
  gst_chat_timer_stop (&session->timer);
  gst_chat_poller_cancel (session->config->poller, &session->flush);
  GstChatTransport *transport = g_steal_pointer (&session->transport);
  if (why != GST_CHAT_END_GONE)
    transport->klass->flush (transport, &session->outbox);
  gst_chat_outbox_clear (&session->outbox);
  gst_chat_transport_close (transport, why);

  const GstChatEngineEvents *events = g_steal_pointer (&session->events);
  events->closed (why, session->user_data);
}

/* The client is alive. */
static void
note_life (GstChatEngineSession * session, gboolean pong)
{
  gint64 now = g_get_monotonic_time ();
  if (session->eio == GST_CHAT_EIO_3) {
    session->ping_due = in_ms (now, session->config->ping_interval
        + session->config->ping_timeout);
  } else if (pong) {
    session->pong_due = 0;
    session->ping_due = in_ms (now, session->config->ping_interval);
  }
}

static void
answer_ping (GstChatEngineSession * session, const GstChatEioPacket * packet)
{
  if (session->eio == GST_CHAT_EIO_4) {
    gst_chat_engine_session_close (session, GST_CHAT_END_MALFORMED);
    return;
  }
  g_autofree gchar *pong = g_strdup_printf ("3%.*s", (gint) packet->data.len,
      packet->data.data);
  gst_chat_engine_session_send_text (session, pong);
}

static void
on_packet (GstChatTransport * transport, const GstChatEioPacket * packet,
    gpointer user_data)
{
  GstChatEngineSession *session = user_data;
  GstChatRefusal why = gst_chat_flow_take (&session->flow,
      session->config->limits, (guint) packet->data.len,
      g_get_monotonic_time ());
  if (why != GST_CHAT_REFUSAL_NONE) {
    session->events->excess (why, session->user_data);
    return;
  }
  note_life (session, packet->type == GST_CHAT_EIO_PONG);

  switch (packet->type) {
    case GST_CHAT_EIO_PING:
      answer_ping (session, packet);
      break;
    case GST_CHAT_EIO_MESSAGE:
      session->events->message (packet, session->user_data);
      break;
    case GST_CHAT_EIO_CLOSE:
      /* On a WebSocket it means nothing; closing that says it. */
      if (g_str_equal (transport->klass->name, "polling"))
        gst_chat_engine_session_close (session, GST_CHAT_END_SAID);
      break;
    case GST_CHAT_EIO_PONG:
    case GST_CHAT_EIO_OPEN:
    case GST_CHAT_EIO_UPGRADE:
    case GST_CHAT_EIO_NOOP:
      break;
  }
}

static void
on_writable (GstChatTransport * transport, gpointer user_data)
{
  GstChatEngineSession *session = user_data;
  transport->klass->flush (transport, &session->outbox);
}

static void
on_failed (GstChatTransport * transport, GstChatEnd why, gpointer user_data)
{
  gst_chat_engine_session_close (user_data, why);
}

static const GstChatTransportEvents transport_events = {
  on_packet, on_writable, on_failed
};

gboolean
gst_chat_engine_session_can_upgrade (const GstChatEngineSession * session)
{
  return session->transport != NULL && session->may_upgrade
      && session->probe == NULL;
}

void
gst_chat_engine_session_probe (GstChatEngineSession * session,
    GstChatTransport * transport)
{
  g_return_if_fail (gst_chat_engine_session_can_upgrade (session));
  session->probe = transport;
  session->probe_until = in_ms (g_get_monotonic_time (),
      session->config->upgrade_timeout);
  start_timer (session, MIN (session->probe_until, session->timer.due));
  gst_chat_transport_attach (transport, &probe_events, session);
}

static gboolean
on_release (gpointer user_data)
{
  GstChatEngineSession *session = user_data;
  session->transport->klass->release (session->transport);
  return G_SOURCE_CONTINUE;
}

/* The client waits for its poll to return before it goes over. */
static void
answer_probe (GstChatEngineSession * session)
{
  GstChatOutbox pong = { G_QUEUE_INIT, 0 };
  g_autoptr (GBytes) packet = g_bytes_new_static ("3probe", 6);
  gst_chat_outbox_push (&pong, packet);
  session->probe->klass->flush (session->probe, &pong);
  gst_chat_outbox_clear (&pong);

  session->probed = TRUE;
  session->release_source = g_timeout_source_new (RELEASE_MS);
  g_source_set_callback (session->release_source, on_release, session, NULL);
  g_source_attach (session->release_source,
      g_main_context_get_thread_default ());
}

static void
go_over (GstChatEngineSession * session)
{
  GstChatTransport *old = session->transport;
  session->transport = g_steal_pointer (&session->probe);
  session->may_upgrade = FALSE;
  drop_probe (session, GST_CHAT_END_UPGRADED);
  gst_chat_transport_attach (session->transport, &transport_events, session);
  gst_chat_transport_close (old, GST_CHAT_END_UPGRADED);
  session->transport->klass->flush (session->transport, &session->outbox);
}

static gboolean
is_probe_ping (const GstChatEioPacket * packet)
{
  return packet->type == GST_CHAT_EIO_PING && packet->data.len == 5
      && memcmp (packet->data.data, "probe", 5) == 0;
}

static void
on_probe_packet (GstChatTransport * transport,
    const GstChatEioPacket * packet, gpointer user_data)
{
  GstChatEngineSession *session = user_data;
  if (!session->probed && is_probe_ping (packet))
    answer_probe (session);
  else if (session->probed && packet->type == GST_CHAT_EIO_UPGRADE)
    go_over (session);
  else
    drop_probe (session, GST_CHAT_END_MALFORMED);
}

static void
on_probe_writable (GstChatTransport * transport, gpointer user_data)
{
}

static void
on_probe_failed (GstChatTransport * transport, GstChatEnd why,
    gpointer user_data)
{
  drop_probe (user_data, why);
}

static const GstChatTransportEvents probe_events = {
  on_probe_packet, on_probe_writable, on_probe_failed
};

/* FALSE: it was late, and is gone. */
static gboolean
keep_heartbeat (GstChatEngineSession * session, gint64 now)
{
  gboolean late = session->eio == GST_CHAT_EIO_3 ? now >= session->ping_due :
      session->pong_due != 0 && now >= session->pong_due;
  if (late) {
    gst_chat_engine_session_close (session, GST_CHAT_END_TIMEOUT);
    return FALSE;
  }
  if (session->eio == GST_CHAT_EIO_4 && session->pong_due == 0
      && now >= session->ping_due) {
    session->pong_due = in_ms (now, session->config->ping_timeout);
    gst_chat_engine_session_send_text (session, "2");
  }
  return TRUE;
}

/* Sends what is due and ends what is late. The times may have moved on since it
 * was started: that costs nothing with each packet. */
static void
on_timer (GstChatTimer * timer, gint64 now)
{
  GstChatEngineSession *session =
      GST_CHAT_OWNER_OF (GstChatEngineSession, timer, timer);
  if (session->probe != NULL && now >= session->probe_until)
    drop_probe (session, GST_CHAT_END_TIMEOUT);
  if (session->outbox.bytes > session->config->max_queue) {
    gst_chat_engine_session_close (session, GST_CHAT_END_SLOW);
    return;
  }
  if (!keep_heartbeat (session, now))
    return;
  gint64 due = session->pong_due != 0 ? session->pong_due : session->ping_due;
  if (session->probe != NULL)
    due = MIN (due, session->probe_until);
  start_timer (session, due);
}
