/* SPDX-License-Identifier: LGPL-2.1-or-later
 * media-probe: the commands on its standard input. */
#include "media-probe.h"

#include <string.h>

static gboolean
on_incoming_call (GstElement * element, const gchar * id, const gchar * name,
    gpointer user_data)
{
  Probe *probe = user_data;
  return g_atomic_int_get (&probe->accept);
}

/* The element called @name, or the first with the action @signal. */
static GstElement *
find_caller (Probe * probe, const gchar * name, const gchar * signal)
{
  if (name != NULL)
    return gst_bin_get_by_name (GST_BIN (probe->pipeline), name);

  g_autoptr (GstIterator) it =
      gst_bin_iterate_elements (GST_BIN (probe->pipeline));
  g_auto (GValue) item = G_VALUE_INIT;
  while (gst_iterator_next (it, &item) == GST_ITERATOR_OK) {
    if (g_signal_lookup (signal, G_VALUE_TYPE (&item)) != 0
        || g_signal_lookup (signal, G_OBJECT_TYPE (g_value_get_object (&item))))
      return g_value_dup_object (&item);
    g_value_reset (&item);
  }
  return NULL;
}

static const gchar *
run_action (Probe * probe, const gchar * action, const gchar * args,
    gboolean with_id)
{
  g_autofree gchar *name = NULL;

  if (args[0] == '@') {
    const gchar *space = strchr (args, ' ');
    name = space != NULL ? g_strndup (args + 1, space - args - 1)
        : g_strdup (args + 1);
    args = space != NULL ? space + 1 : "";
  }
  g_autoptr (GstElement) element = find_caller (probe, name, action);
  if (element == NULL || g_signal_lookup (action, G_OBJECT_TYPE (element)) == 0)
    return "no element with that action";

  GSignalQuery query;
  g_signal_query (g_signal_lookup (action, G_OBJECT_TYPE (element)), &query);
  if (query.n_params != (with_id ? 1 : 0))
    return "the action wants other arguments";
  g_auto (GValue) result = G_VALUE_INIT;
  GValue values[2] = { G_VALUE_INIT, G_VALUE_INIT };
  g_value_init (&values[0], G_OBJECT_TYPE (element));
  g_value_set_object (&values[0], element);
  g_value_init (&values[1], G_TYPE_STRING);
  g_value_set_string (&values[1], args);
  if (query.return_type != G_TYPE_NONE)
    g_value_init (&result, query.return_type);
  g_signal_emitv (values, query.signal_id, 0,
      query.return_type != G_TYPE_NONE ? &result : NULL);
  g_value_unset (&values[0]);
  g_value_unset (&values[1]);
  return G_VALUE_HOLDS_BOOLEAN (&result) && !g_value_get_boolean (&result)
      ? "refused" : NULL;
}

static const gchar *
run_property (Probe * probe, gboolean set, const gchar * args, GValue * value)
{
  g_auto (GStrv) words = g_strsplit (args, " ", set ? 3 : 2);
  if (g_strv_length (words) != (set ? 3 : 2))
    return "too few words";
  g_autoptr (GstElement) element =
      gst_bin_get_by_name (GST_BIN (probe->pipeline), words[0]);
  if (element == NULL)
    return "no such element";
  GParamSpec *spec =
      g_object_class_find_property (G_OBJECT_GET_CLASS (element), words[1]);
  if (spec == NULL)
    return "no such property";

  if (set) {
    g_auto (GValue) new_value = G_VALUE_INIT;
    g_value_init (&new_value, spec->value_type);
    if (!gst_value_deserialize_with_pspec (&new_value, words[2], spec))
      return "not a value of that property";
    g_object_set_property (G_OBJECT (element), words[1], &new_value);
  } else {
    g_value_init (value, spec->value_type);
    g_object_get_property (G_OBJECT (element), words[1], value);
  }
  return NULL;
}

static const gchar *
run_state (Probe * probe, const gchar * name)
{
  for (GstState s = GST_STATE_NULL; s <= GST_STATE_PLAYING; s++)
    if (g_strcmp0 (gst_element_state_get_name (s), name) == 0)
      return gst_element_set_state (probe->pipeline, s)
          == GST_STATE_CHANGE_FAILURE ? "the state change failed" : NULL;
  return "no such state";
}

static const gchar *
run_incoming (Probe * probe, const gchar * answer)
{
  g_atomic_int_set (&probe->accept, g_strcmp0 (answer, "accept") == 0);
  g_autoptr (GstElement) element = find_caller (probe, NULL, "incoming-call");
  if (element == NULL)
    return "no element with the signal incoming-call";
  g_signal_handlers_disconnect_by_func (element, on_incoming_call, probe);
  g_signal_connect (element, "incoming-call", G_CALLBACK (on_incoming_call),
      probe);
  return NULL;
}

/* Of RTP and RTCP (RFC 7983) alone: the handshakes stay whole. */
static GstPadProbeReturn
lose_packet (GstPad * pad, GstPadProbeInfo * info, gpointer user_data)
{
  guint8 first = 0;
  GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER (info);
  if (gst_buffer_extract (buffer, 0, &first, 1) != 1 || first < 128
      || first > 191)
    return GST_PAD_PROBE_OK;
  return g_random_int_range (0, 100) < GPOINTER_TO_INT (user_data) ?
      GST_PAD_PROBE_DROP : GST_PAD_PROBE_OK;
}

/* From now on @percent of what the calls of now send does not arrive. */
static const gchar *
run_lose (Probe * probe, const gchar * percent)
{
  guint64 number;
  if (!g_ascii_string_to_unsigned (percent, 10, 0, 100, &number, NULL))
    return "not a percentage";
  g_autoptr (GstIterator) it = gst_bin_iterate_all_by_element_factory_name
      (GST_BIN (probe->pipeline), "nicesink");
  g_auto (GValue) item = G_VALUE_INIT;
  guint n = 0;
  while (gst_iterator_next (it, &item) == GST_ITERATOR_OK) {
    g_autoptr (GstPad) pad =
        gst_element_get_static_pad (g_value_get_object (&item), "sink");
    gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, lose_packet,
        GINT_TO_POINTER ((gint) number), NULL);
    n++;
    g_value_reset (&item);
  }
  return n > 0 ? NULL : "no call";
}

void
probe_run_command (Probe * probe, const gchar * line)
{
  const gchar *space = strchr (line, ' ');
  g_autofree gchar *verb = space != NULL ? g_strndup (line, space - line)
      : g_strdup (line);
  const gchar *args = space != NULL ? space + 1 : "";
  const gchar *why = NULL;
  g_auto (GValue) value = G_VALUE_INIT;

  if (g_str_equal (verb, "quit"))
    g_main_loop_quit (probe->loop);
  else if (g_str_equal (verb, "call"))
    why = run_action (probe, "call", args, TRUE);
  else if (g_str_equal (verb, "hang-up"))
    why = run_action (probe, "hang-up", args, FALSE);
  else if (g_str_equal (verb, "set") || g_str_equal (verb, "get"))
    why = run_property (probe, verb[0] == 's', args, &value);
  else if (g_str_equal (verb, "state"))
    why = run_state (probe, args);
  else if (g_str_equal (verb, "incoming"))
    why = run_incoming (probe, args);
  else if (g_str_equal (verb, "lose"))
    why = run_lose (probe, args);
  else if (g_str_equal (verb, "eos"))
    why = gst_element_send_event (probe->pipeline, gst_event_new_eos ())
        ? NULL : "refused";
  else
    why = "no such command";

  g_autoptr (GstStructure) reply = gst_structure_new ("reply",
      "command", G_TYPE_STRING, line, "ok", G_TYPE_BOOLEAN, why == NULL, NULL);
  if (why != NULL)
    gst_structure_set (reply, "why", G_TYPE_STRING, why, NULL);
  if (G_IS_VALUE (&value))
    gst_structure_set_value (reply, "value", &value);
  probe_print_structure ("reply", NULL, reply);
}
