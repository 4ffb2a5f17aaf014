/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The end of a call in due form: DTLS says so to the remote. webrtcbin itself
 * only stops, and the remote would wait for media until it gives up. */
#include "chatgoodbye.h"

GST_DEBUG_CATEGORY_STATIC (chat_goodbye_debug);
#define GST_CAT_DEFAULT chat_goodbye_debug

#define PATIENCE_MS 500
/* RFC 6347, 4.1: the type of a record that is an alert. Media begins with 128
 * or more, STUN with 0 to 3 (RFC 7983). */
#define DTLS_ALERT 21

/* How far it has got. Atomic reference count: a probe may be running when it is
 * removed. */
typedef struct
{
  GMutex lock;
  GCond cond;
  guint n_seen;                 /* lock; alerts in front of a socket */
  guint n_idle;                 /* lock; and behind it */
} Progress;

static void
progress_clear (gpointer data)
{
  Progress *progress = data;
  g_mutex_clear (&progress->lock);
  g_cond_clear (&progress->cond);
}

static void
progress_unref (gpointer progress)
{
  g_atomic_rc_box_release_full (progress, progress_clear);
}

static void
advance (Progress * progress, guint * count)
{
  g_mutex_lock (&progress->lock);
  ++*count;
  g_cond_broadcast (&progress->cond);
  g_mutex_unlock (&progress->lock);
}

static gboolean
wait_for (Progress * progress, const guint * count, guint wanted, gint64 end)
{
  g_mutex_lock (&progress->lock);
  while (*count < wanted
      && g_cond_wait_until (&progress->cond, &progress->lock, end));
  gboolean reached = *count >= wanted;
  g_mutex_unlock (&progress->lock);
  return reached;
}

/* dtlsenc's thread, or that of whoever sends media. */
static GstPadProbeReturn
on_packet (GstPad * pad, GstPadProbeInfo * info, gpointer data)
{
  Progress *progress = data;
  guint8 type = 0;
  gst_buffer_extract (GST_PAD_PROBE_INFO_BUFFER (info), 0, &type, 1);
  if (type == DTLS_ALERT)
    advance (progress, &progress->n_seen);
  return GST_PAD_PROBE_OK;
}

static GstPadProbeReturn
on_idle (GstPad * pad, GstPadProbeInfo * info, gpointer data)
{
  Progress *progress = data;
  advance (progress, &progress->n_idle);
  return GST_PAD_PROBE_REMOVE;
}

static void
find_elements (const GValue * item, gpointer data)
{
  GPtrArray **found = data;
  GstElement *element = g_value_get_object (item);
  GstElementFactory *factory = gst_element_get_factory (element);
  const gchar *name = factory ? GST_OBJECT_NAME (factory) : "";
  if (g_str_equal (name, "dtlsenc"))
    g_ptr_array_add (found[0], gst_object_ref (element));
  else if (g_str_equal (name, "nicesink"))
    g_ptr_array_add (found[1], gst_object_ref (element));
}

static gboolean
is_up (GstElement * dtlsenc)
{
  gint state = 0;
  g_object_get (dtlsenc, "connection-state", &state, NULL);
  const GParamSpec *pspec =
      g_object_class_find_property (G_OBJECT_GET_CLASS (dtlsenc),
      "connection-state");
  GEnumClass *states = g_type_class_ref (pspec->value_type);
  const GEnumValue *value = g_enum_get_value (states, state);
  gboolean up = value && g_str_equal (value->value_nick, "connected");
  g_type_class_unref (states);
  return up;
}

/* dtlsenc turns the end of its stream into close_notify. */
static gboolean
end_stream (GstElement * dtlsenc)
{
  g_autoptr (GstIterator) pads = gst_element_iterate_sink_pads (dtlsenc);
  GValue item = G_VALUE_INIT;
  gboolean done = FALSE;
  if (gst_iterator_next (pads, &item) == GST_ITERATOR_OK) {
    done = gst_pad_send_event (g_value_get_object (&item),
        gst_event_new_eos ());
    g_value_unset (&item);
  }
  return done;
}

static GstPad *
watch (GstElement * nicesink, Progress * progress, gulong * probe)
{
  GstPad *pad = gst_element_get_static_pad (nicesink, "sink");
  *probe = gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, on_packet,
      g_atomic_rc_box_acquire (progress), progress_unref);
  /* Where the pipeline pauses already, a sink would keep it. */
  gst_element_set_state (nicesink, GST_STATE_PLAYING);
  return pad;
}

/* Seen in front of the socket is not sent: who comes next flushes. */
static gboolean
wait_until_idle (GstPad * sink_pad, Progress * progress, guint wanted,
    gint64 end)
{
  g_autoptr (GstPad) pad = gst_pad_get_peer (sink_pad);
  if (!pad)
    return FALSE;
  gulong probe = gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_IDLE, on_idle,
      g_atomic_rc_box_acquire (progress), progress_unref);
  gboolean idle = wait_for (progress, &progress->n_idle, wanted, end);
  if (!idle && probe)
    gst_pad_remove_probe (pad, probe);
  return idle;
}

static gboolean
say_and_wait (const GPtrArray * encoders, const GPtrArray * sinks)
{
  Progress *progress = g_atomic_rc_box_new0 (Progress);
  g_mutex_init (&progress->lock);
  g_cond_init (&progress->cond);
  gint64 end = g_get_monotonic_time () + PATIENCE_MS * G_TIME_SPAN_MILLISECOND;
  g_autofree gulong *probes = g_new0 (gulong, sinks->len);
  g_autoptr (GPtrArray) pads = g_ptr_array_new_with_free_func
      (gst_object_unref);

  for (guint i = 0; i < sinks->len; i++)
    g_ptr_array_add (pads, watch (sinks->pdata[i], progress, &probes[i]));
  guint n_said = 0;
  for (guint i = 0; i < encoders->len; i++)
    n_said += is_up (encoders->pdata[i]) && end_stream (encoders->pdata[i]);
  gboolean left = n_said > 0
      && wait_for (progress, &progress->n_seen, n_said, end);
  for (guint i = 0; i < pads->len; i++) {
    left = left && wait_until_idle (pads->pdata[i], progress, i + 1, end);
    gst_pad_remove_probe (pads->pdata[i], probes[i]);
  }
  progress_unref (progress);
  return left;
}

gboolean
gst_chat_goodbye_say (GstElement * webrtc)
{
  GST_DEBUG_CATEGORY_INIT (chat_goodbye_debug, "chatgoodbye", 0,
      "chat: the end of a call");
  g_autoptr (GPtrArray) encoders = g_ptr_array_new_with_free_func
      (gst_object_unref);
  g_autoptr (GPtrArray) sinks = g_ptr_array_new_with_free_func
      (gst_object_unref);
  GPtrArray *found[] = { encoders, sinks };
  g_autoptr (GstIterator) all = gst_bin_iterate_recurse (GST_BIN (webrtc));
  gst_iterator_foreach (all, find_elements, found);
  gboolean said = say_and_wait (encoders, sinks);
  GST_DEBUG_OBJECT (webrtc, said ? "the remote is told" : "nobody is told");
  return said;
}
