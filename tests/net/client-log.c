/* SPDX-License-Identifier: LGPL-2.1-or-later
 * A GstChatSocketClient whose callbacks write a log. */
#include "client-log.h"
#include "chatloop.h"

#include <string.h>

struct _ClientLog
{
  GstChatLoop *loop;
  GstChatSocketClient *client;  /* loop thread */
  GMutex lock;
  GCond changed;
  GPtrArray *lines;             /* lock */
  guint seen;                   /* lock */
  gint retry_in;                /* lock */
  gboolean close_in_callback;   /* lock */
};

static void
add_line (ClientLog * log, gchar * line)
{
  g_assert_true (gst_chat_loop_is_current (log->loop));
  g_assert_nonnull (log->client);
  g_mutex_lock (&log->lock);
  g_ptr_array_add (log->lines, line);
  gboolean close = log->close_in_callback;
  g_cond_broadcast (&log->changed);
  g_mutex_unlock (&log->lock);
  if (close)
    g_clear_pointer (&log->client, gst_chat_socket_client_close_in_loop);
}

static void
on_connected (const gchar * id, gpointer user_data)
{
  add_line (user_data, g_strdup_printf ("connected %s", id));
}

static void
on_event (const gchar * name, const gchar * payload, gsize len,
    gpointer user_data)
{
  add_line (user_data, g_strdup_printf ("event %s %.*s", name, (int) len,
          payload ? payload : ""));
}

static void
on_disconnected (const GError * reason, gint retry_in, gpointer user_data)
{
  ClientLog *log = user_data;
  g_test_message ("disconnected: %s", reason->message);
  g_mutex_lock (&log->lock);
  log->retry_in = retry_in;
  g_mutex_unlock (&log->lock);
  add_line (log, g_strdup_printf ("disconnected %d %s", reason->code,
          reason->message));
}

static void
on_refused (const GError * reason, guint count, gpointer user_data)
{
  add_line (user_data, g_strdup_printf ("refused %d", reason->code));
}

static void
start (gpointer data)
{
  ClientLog *log = data;
  gst_chat_socket_client_start_in_loop (log->client);
}

ClientLog *
client_log_new (const GstChatSocketConfig * config, guint16 port)
{
  static const GstChatSocketCallbacks callbacks = {
    on_connected, on_event, on_disconnected, on_refused
  };
  ClientLog *log = g_new0 (ClientLog, 1);
  log->lines = g_ptr_array_new_with_free_func (g_free);
  g_mutex_init (&log->lock);
  g_cond_init (&log->changed);
  log->loop = gst_chat_loop_new ("client");
  g_autofree gchar *uri = g_strdup_printf ("chat://127.0.0.1:%u", port);
  GstChatSocketConfig own = *config;
  if (!own.uri)
    own.uri = uri;
  if (!own.timeout)
    own.timeout = 40000;
  log->client = gst_chat_socket_client_new (log->loop, &own, &callbacks, log);
  gst_chat_loop_call (log->loop, start, log);
  return log;
}

static void
close_client (gpointer data)
{
  ClientLog *log = data;
  g_clear_pointer (&log->client, gst_chat_socket_client_close_in_loop);
}

void
client_log_free (ClientLog * log)
{
  gst_chat_loop_call (log->loop, close_client, log);
  gst_chat_loop_unref (log->loop);
  g_ptr_array_unref (log->lines);
  g_mutex_clear (&log->lock);
  g_cond_clear (&log->changed);
  g_free (log);
}

gchar *
client_log_wait (ClientLog * log, const gchar * prefix)
{
  gint64 deadline = g_get_monotonic_time () + 60 * G_TIME_SPAN_SECOND;
  g_mutex_lock (&log->lock);
  for (;;) {
    while (log->seen < log->lines->len) {
      const gchar *line = g_ptr_array_index (log->lines, log->seen++);
      if (g_str_has_prefix (line, prefix)) {
        gchar *found = g_strdup (line);
        g_mutex_unlock (&log->lock);
        return found;
      }
    }
    if (!g_cond_wait_until (&log->changed, &log->lock, deadline)) {
      for (guint i = 0; i < log->lines->len; i++)
        g_printerr ("# log: %s\n", (gchar *) g_ptr_array_index (log->lines, i));
      g_error ("waited in vain for \"%s\"", prefix);
    }
  }
}

void
client_log_expect (ClientLog * log, const gchar * line)
{
  g_autofree gchar *found = client_log_wait (log, "");
  g_assert_cmpstr (found, ==, line);
}

gint
client_log_get_retry_in (ClientLog * log)
{
  g_mutex_lock (&log->lock);
  gint retry_in = log->retry_in;
  g_mutex_unlock (&log->lock);
  return retry_in;
}

typedef struct
{
  ClientLog *log;
  const gchar *event;
  const gchar *payload;
  gboolean sent;
} Send;

static void
send_in_loop (gpointer data)
{
  Send *send = data;
  send->sent = gst_chat_socket_client_send_in_loop (send->log->client,
      send->event, send->payload);
}

gboolean
client_log_send (ClientLog * log, const gchar * event, const gchar * payload)
{
  Send send = { log, event, payload, FALSE };
  g_assert_true (gst_chat_loop_call (log->loop, send_in_loop, &send));
  return send.sent;
}

void
client_log_close_in_callback (ClientLog * log)
{
  g_mutex_lock (&log->lock);
  log->close_in_callback = TRUE;
  g_mutex_unlock (&log->lock);
}
