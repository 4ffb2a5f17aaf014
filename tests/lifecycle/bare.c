/* SPDX-License-Identifier: LGPL-2.1-or-later
 * A transport without a server: appsrc in front of each chatpeer. */
#include "bare.h"

#include <stdio.h>
#include <string.h>

#include "chatjsonscan.h"

#define N_JOINED 2

typedef struct
{
  Bare *bare;
  GstElement *source;           /* appsrc; a reference */
  gchar *name;
} Joined;

struct _Bare
{
  Joined joined[N_JOINED];
  guint n;
  GMutex lock;
  GString *heard;               /* lock; said to Mallory */
};

Bare *
bare_new (void)
{
  Bare *bare = g_new0 (Bare, 1);

  g_mutex_init (&bare->lock);
  bare->heard = g_string_new (NULL);
  return bare;
}

void
bare_free (Bare * bare)
{
  for (guint i = 0; i < bare->n; i++) {
    gst_object_unref (bare->joined[i].source);
    g_free (bare->joined[i].name);
  }
  g_string_free (bare->heard, TRUE);
  g_mutex_clear (&bare->lock);
  g_free (bare);
}

static void
push (Joined * to, gconstpointer data, gsize len)
{
  GstFlowReturn ret;
  g_autoptr (GstBuffer) buffer = len > 0 ? gst_buffer_new_memdup (data, len)
      : gst_buffer_new ();

  g_signal_emit_by_name (to->source, "push-buffer", buffer, &ret);
}

/* What a client says, as a server passes it on: under another name, and with
 * who has said it. */
static void
pass_on (Joined * to, const gchar * from, const gchar * event,
    const gchar * payload)
{
  g_autoptr (GString) text = g_string_new ("{\"event\":");
  gsize len = strlen (payload);

  if (g_str_equal (event, "call-user"))
    event = "call-made";
  else if (g_str_equal (event, "make-answer"))
    event = "answer-made";
  gst_chat_json_append_string (text, event);
  if (len > 2) {
    g_string_append_c (text, ',');
    g_string_append_len (text, payload + 1, len - 2);
  }
  g_string_append_printf (text, ",\"socket\":\"%s\",\"socketId\":\"%s\","
      "\"id\":\"%s\"}", from, from, from);
  push (to, text->str, text->len);
}

/* In the loop of whoever says it. */
static GstPadProbeReturn
on_event (GstPad * pad, GstPadProbeInfo * info, gpointer data)
{
  Joined *from = data;
  Bare *bare = from->bare;
  const GstStructure *s =
      gst_event_get_structure (GST_PAD_PROBE_INFO_EVENT (info));

  if (s == NULL || !gst_structure_has_name (s, "chat-signal"))
    return GST_PAD_PROBE_OK;
  const gchar *event = gst_structure_get_string (s, "event");
  const gchar *payload = gst_structure_get_string (s, "data");
  GstChatSlice whole = { payload, strlen (payload) }, to;
  g_autofree gchar *name = gst_chat_json_member (whole, "to", &to) ?
      gst_chat_json_string (to, to.len) : NULL;
  for (guint i = 0; i < bare->n; i++) {
    if (g_strcmp0 (bare->joined[i].name, name) == 0)
      pass_on (&bare->joined[i], from->name, event, payload);
  }
  if (g_strcmp0 (name, "Mallory") == 0) {
    g_mutex_lock (&bare->lock);
    g_string_append_printf (bare->heard, "%s %s\n", event, payload);
    g_mutex_unlock (&bare->lock);
  }
  /* The appsrc would refuse it. */
  gst_event_unref (GST_PAD_PROBE_INFO_EVENT (info));
  GST_PAD_PROBE_INFO_DATA (info) = NULL;
  return GST_PAD_PROBE_HANDLED;
}

void
bare_join (Bare * bare, Actor * actor, const gchar * name)
{
  Joined *joined = &bare->joined[bare->n++];

  joined->bare = bare;
  joined->source = gst_bin_get_by_name (GST_BIN (actor->pipeline), "transport");
  joined->name = g_strdup (name);
  g_autoptr (GstPad) pad = gst_element_get_static_pad (joined->source, "src");
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_EVENT_UPSTREAM, on_event, joined,
      NULL);
}

void
bare_welcome (Bare * bare, gboolean relay)
{
  static const gchar info[] = "{\"event\":\"server-info\",\"protocol\":1,"
      "\"features\":[\"relay\"]}";
  g_autoptr (GString) users = g_string_new ("{\"event\":\"update-user-list\","
      "\"users\":[\"Mallory\"");

  for (guint i = 0; i < bare->n; i++)
    g_string_append_printf (users, ",\"%s\"", bare->joined[i].name);
  g_string_append (users, "]}");
  for (guint i = 0; i < bare->n; i++) {
    g_autofree gchar *connected = g_strdup_printf ("{\"event\":"
        "\"signalling-connected\",\"id\":\"%s\"}", bare->joined[i].name);
    push (&bare->joined[i], connected, strlen (connected));
    if (relay)
      push (&bare->joined[i], info, strlen (info));
    push (&bare->joined[i], users->str, users->len);
  }
}

void
bare_say (Bare * bare, const gchar * event, const gchar * payload)
{
  pass_on (&bare->joined[0], "Mallory", event, payload);
}

void
bare_give (Bare * bare, gconstpointer data, gsize len)
{
  push (&bare->joined[0], data, len);
}

gchar *
bare_heard (Bare * bare)
{
  g_mutex_lock (&bare->lock);
  gchar *text = g_strdup (bare->heard->str);
  g_mutex_unlock (&bare->lock);
  return text;
}

void
bare_forget (Bare * bare)
{
  g_mutex_lock (&bare->lock);
  g_string_truncate (bare->heard, 0);
  g_mutex_unlock (&bare->lock);
}
