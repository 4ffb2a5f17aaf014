/* SPDX-License-Identifier: LGPL-2.1-or-later
 * A signalling server without a network. */
#include "chatwire.h"

#include "chatloop.h"
#include "chatmessage.h"

#include <gst/check/gstcheck.h>

typedef struct
{
  gchar *id;
  gchar *name;
  GstElement *peer;
  GstPad *pad;                  /* ours, linked to the peer's */
  gboolean joined;              /* wire thread */
  gboolean started;             /* wire thread */
} End;

struct _ChatWire
{
  GstChatLoop *loop;
  gboolean relay;
  gboolean doubled;
  GMutex lock;
  GCond changed;
  GPtrArray *ends;              /* lock */
  GPtrArray *sent;              /* lock; gchar *[3]: id, event, payload */
};

typedef struct
{
  ChatWire *wire;
  gchar *from;
  gchar *event;
  gchar *data;
} Sent;

static void
sent_free (gpointer data)
{
  Sent *sent = data;

  g_free (sent->from);
  g_free (sent->event);
  g_free (sent->data);
  g_free (sent);
}

static End *
find (ChatWire * wire, const gchar * id)
{
  End *found = NULL;

  g_mutex_lock (&wire->lock);
  for (guint i = 0; i < wire->ends->len && found == NULL; i++) {
    End *end = wire->ends->pdata[i];

    if (g_strcmp0 (end->id, id) == 0)
      found = end;
  }
  g_mutex_unlock (&wire->lock);
  return found;
}

/* Wire thread. */
static void
push (End * end, const gchar * text, gsize len)
{
  if (!end->started) {
    GstSegment segment;
    g_autofree gchar *stream = g_strdup_printf ("wire/%s", end->id);
    g_autoptr (GstCaps) caps = gst_caps_new_empty_simple
        ("application/x-chat-signal");

    gst_segment_init (&segment, GST_FORMAT_TIME);
    gst_pad_push_event (end->pad, gst_event_new_stream_start (stream));
    gst_pad_push_event (end->pad, gst_event_new_caps (caps));
    gst_pad_push_event (end->pad, gst_event_new_segment (&segment));
    end->started = TRUE;
  }
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, len, NULL);
  gst_buffer_fill (buffer, 0, text, len);
  gst_pad_push (end->pad, buffer);
}

static void
push_payload (End * end, const gchar * event, const gchar * payload)
{
  g_autofree gchar *text = gst_chat_signal_from_payload (event, payload,
      payload != NULL ? strlen (payload) : 0);

  push (end, text, strlen (text));
}

static void
push_message (ChatWire * wire, const gchar * to, const GstChatMessage * message)
{
  End *end = find (wire, to);
  g_autofree gchar *payload = gst_chat_message_build (message);

  if (end == NULL || !end->joined)
    return;
  push_payload (end, gst_chat_event_name (message->event), payload);
  if (wire->doubled)
    push_payload (end, gst_chat_event_name (message->event), payload);
}

static void
relay_in_loop (gpointer data)
{
  Sent *sent = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GstChatMessage) message = gst_chat_message_parse (sent->event,
      sent->data, strlen (sent->data), &error);

  if (message == NULL) {
    g_error ("chatpeer sent what cannot be read: %s: %s", error->message,
        sent->data);
  }
  g_autofree gchar *to = g_steal_pointer (&message->peer);
  message->peer = g_strdup (sent->from);
  switch (message->event) {
    case GST_CHAT_EVENT_CALL_USER:
      message->event = GST_CHAT_EVENT_CALL_MADE;
      break;
    case GST_CHAT_EVENT_MAKE_ANSWER:
      message->event = GST_CHAT_EVENT_ANSWER_MADE;
      break;
    case GST_CHAT_EVENT_RINGING:
    case GST_CHAT_EVENT_DECLINE:
    case GST_CHAT_EVENT_CANCEL:
    case GST_CHAT_EVENT_HANG_UP:
    case GST_CHAT_EVENT_ICE_CANDIDATE:
      if (!sent->wire->relay)
        g_error ("%s sent to a server that does not relay it", sent->event);
      break;
    case GST_CHAT_EVENT_UNKNOWN:
    case GST_CHAT_EVENT_UPDATE_USER_LIST:
    case GST_CHAT_EVENT_REMOVE_USER:
    case GST_CHAT_EVENT_CALL_MADE:
    case GST_CHAT_EVENT_ANSWER_MADE:
    case GST_CHAT_EVENT_SERVER_INFO:
    case GST_CHAT_EVENT_CHAT_MESSAGE:
    case GST_CHAT_EVENT_MEDIA_STATE:
    case GST_CHAT_EVENT_SIGNALLING_CONNECTED:
    case GST_CHAT_EVENT_SIGNALLING_DISCONNECTED:
      g_error ("chatpeer has no business with %s", sent->event);
  }
  push_message (sent->wire, to, message);
}

static gboolean
pad_event (GstPad * pad, GstObject * parent, GstEvent * event)
{
  ChatWire *wire = gst_pad_get_element_private (pad);
  const GstStructure *s = gst_event_get_structure (event);

  if (GST_EVENT_TYPE (event) == GST_EVENT_CUSTOM_UPSTREAM
      && gst_structure_has_name (s, "chat-signal")) {
    Sent *sent = g_new0 (Sent, 1);

    sent->wire = wire;
    sent->event = g_strdup (gst_structure_get_string (s, "event"));
    sent->data = g_strdup (gst_structure_get_string (s, "data"));
    g_mutex_lock (&wire->lock);
    for (guint i = 0; i < wire->ends->len; i++) {
      const End *end = wire->ends->pdata[i];

      if (end->pad == pad)
        sent->from = g_strdup (end->id);
    }
    gchar **record = g_new0 (gchar *, 4);
    record[0] = g_strdup (sent->from);
    record[1] = g_strdup (sent->event);
    record[2] = g_strdup (sent->data);
    g_ptr_array_add (wire->sent, record);
    g_cond_broadcast (&wire->changed);
    g_mutex_unlock (&wire->lock);
    gst_chat_loop_post (wire->loop, relay_in_loop, sent, sent_free);
  }
  gst_event_unref (event);
  return TRUE;
}

ChatWire *
chat_wire_new (gboolean relay, gboolean doubled)
{
  ChatWire *wire = g_new0 (ChatWire, 1);

  wire->relay = relay;
  wire->doubled = doubled;
  g_mutex_init (&wire->lock);
  g_cond_init (&wire->changed);
  wire->ends = g_ptr_array_new ();
  wire->sent = g_ptr_array_new_with_free_func ((GDestroyNotify) g_strfreev);
  wire->loop = gst_chat_loop_new ("wire");
  return wire;
}

void
chat_wire_free (ChatWire * wire)
{
  g_assert_cmpuint (wire->ends->len, ==, 0);
  gst_chat_loop_stop (wire->loop);
  gst_chat_loop_unref (wire->loop);
  g_ptr_array_unref (wire->ends);
  g_ptr_array_unref (wire->sent);
  g_mutex_clear (&wire->lock);
  g_cond_clear (&wire->changed);
  g_free (wire);
}

void
chat_wire_attach (ChatWire * wire, GstElement * peer, const gchar * id,
    const gchar * name)
{
  End *end = g_new0 (End, 1);
  g_autoptr (GstPad) sink = gst_element_request_pad_simple (peer, "signal");

  fail_unless (sink != NULL, "no signal pad");
  end->id = g_strdup (id);
  end->name = g_strdup (name);
  end->peer = gst_object_ref (peer);
  end->pad = gst_object_ref_sink (gst_pad_new ("src", GST_PAD_SRC));
  gst_pad_set_element_private (end->pad, wire);
  gst_pad_set_event_function (end->pad, pad_event);
  gst_pad_set_active (end->pad, TRUE);
  fail_unless (gst_pad_link_full (end->pad, sink,
          GST_PAD_LINK_CHECK_NOTHING) == GST_PAD_LINK_OK);
  g_mutex_lock (&wire->lock);
  g_ptr_array_add (wire->ends, end);
  g_mutex_unlock (&wire->lock);
}

typedef struct
{
  ChatWire *wire;
  const gchar *id;
  const gchar *text;
  gsize len;
} Task;

static void
add_user (ChatWire * wire, GString * ids, GString * names, const End * end)
{
  g_string_append_printf (ids, "%s\"%s\"", ids->len > 0 ? "," : "", end->id);
  if (wire->relay && end->name != NULL)
    g_string_append_printf (names, "%s\"%s\":\"%s\"",
        names->len > 0 ? "," : "", end->id, end->name);
}

static void
push_users (End * to, GString * ids, GString * names)
{
  g_autofree gchar *payload =
      g_strdup_printf ("{\"users\":[%s],\"names\":{%s}}", ids->str,
      names->str);

  push_payload (to, "update-user-list", payload);
}

static void
join_in_loop (gpointer data)
{
  Task *task = data;
  ChatWire *wire = task->wire;
  End *end = find (wire, task->id);
  g_autoptr (GString) others = g_string_new (NULL);
  g_autoptr (GString) other_names = g_string_new (NULL);
  g_autoptr (GString) own = g_string_new (NULL);
  g_autoptr (GString) own_name = g_string_new (NULL);
  g_autofree gchar *hello = g_strdup_printf ("{\"id\":\"%s\"}", end->id);

  push_payload (end, "signalling-connected", hello);
  if (wire->relay)
    push_payload (end, "server-info", "{\"server\":\"wire/1\",\"protocol\":1,"
        "\"features\":[\"names\",\"relay\"]}");
  add_user (wire, own, own_name, end);
  for (guint i = 0; i < wire->ends->len; i++) {
    End *other = wire->ends->pdata[i];

    if (other != end && other->joined)
      add_user (wire, others, other_names, other);
  }
  end->joined = TRUE;
  push_users (end, others, other_names);
  for (guint i = 0; i < wire->ends->len; i++) {
    End *other = wire->ends->pdata[i];

    if (other != end && other->joined)
      push_users (other, own, own_name);
  }
}

void
chat_wire_join (ChatWire * wire, const gchar * id)
{
  Task task = { wire, id };

  gst_chat_loop_call (wire->loop, join_in_loop, &task);
}

static void
leave_in_loop (gpointer data)
{
  Task *task = data;
  End *end = find (task->wire, task->id);
  g_autofree gchar *payload = g_strdup_printf ("{\"socketId\":\"%s\"}",
      end->id);

  end->joined = FALSE;
  for (guint i = 0; i < task->wire->ends->len; i++) {
    End *other = task->wire->ends->pdata[i];

    if (other != end && other->joined)
      push_payload (other, "remove-user", payload);
  }
}

void
chat_wire_leave (ChatWire * wire, const gchar * id)
{
  Task task = { wire, id };

  gst_chat_loop_call (wire->loop, leave_in_loop, &task);
}

static void
cut_in_loop (gpointer data)
{
  Task *task = data;

  push_payload (find (task->wire, task->id), "signalling-disconnected",
      "{\"reason\":\"cut by the test\"}");
  leave_in_loop (data);
}

void
chat_wire_cut (ChatWire * wire, const gchar * id)
{
  Task task = { wire, id };

  gst_chat_loop_call (wire->loop, cut_in_loop, &task);
}

void
chat_wire_rename (ChatWire * wire, const gchar * id, const gchar * new_id)
{
  End *end = find (wire, id);

  g_mutex_lock (&wire->lock);
  g_free (end->id);
  end->id = g_strdup (new_id);
  g_mutex_unlock (&wire->lock);
}

static void
forget_in_loop (gpointer data)
{
  Task *task = data;
  ChatWire *wire = task->wire;
  End *end = find (wire, task->id);

  if (end == NULL)
    return;
  if (end->joined)
    leave_in_loop (data);
  g_autoptr (GstPad) sink = gst_pad_get_peer (end->pad);
  gst_pad_unlink (end->pad, sink);
  gst_pad_set_active (end->pad, FALSE);
  g_mutex_lock (&wire->lock);
  g_ptr_array_remove (wire->ends, end);
  g_mutex_unlock (&wire->lock);
  gst_element_release_request_pad (end->peer, sink);
  gst_object_unref (end->pad);
  gst_object_unref (end->peer);
  g_free (end->id);
  g_free (end->name);
  g_free (end);
}

void
chat_wire_detach (ChatWire * wire, const gchar * id)
{
  Task task = { wire, id };

  gst_chat_loop_call (wire->loop, forget_in_loop, &task);
}

static void
say_in_loop (gpointer data)
{
  Task *task = data;

  push (find (task->wire, task->id), task->text, task->len);
}

void
chat_wire_say (ChatWire * wire, const gchar * id, const gchar * text,
    gssize len)
{
  Task task = { wire, id, text, len < 0 ? strlen (text) : (gsize) len };

  gst_chat_loop_call (wire->loop, say_in_loop, &task);
}

/* Lock held. */
static const gchar *
nth_payload (ChatWire * wire, const gchar * id, const gchar * event, guint nth,
    guint * count)
{
  *count = 0;
  for (guint i = 0; i < wire->sent->len; i++) {
    gchar **record = wire->sent->pdata[i];

    if (g_strcmp0 (record[0], id) == 0 && g_str_equal (record[1], event)
        && ++*count == nth)
      return record[2];
  }
  return NULL;
}

guint
chat_wire_count (ChatWire * wire, const gchar * id, const gchar * event)
{
  guint count;

  g_mutex_lock (&wire->lock);
  nth_payload (wire, id, event, 0, &count);
  g_mutex_unlock (&wire->lock);
  return count;
}

gchar *
chat_wire_wait (ChatWire * wire, const gchar * id, const gchar * event,
    guint nth)
{
  gint64 deadline = g_get_monotonic_time () + 20 * G_TIME_SPAN_SECOND;
  gchar *payload = NULL;
  guint count = 0;

  g_mutex_lock (&wire->lock);
  while (payload == NULL) {
    payload = g_strdup (nth_payload (wire, id, event, nth, &count));
    if (payload == NULL
        && !g_cond_wait_until (&wire->changed, &wire->lock, deadline))
      break;
  }
  g_mutex_unlock (&wire->lock);
  fail_unless (payload != NULL, "waited for %s number %u of %s, had %u", event,
      nth, id, count);
  return payload;
}
