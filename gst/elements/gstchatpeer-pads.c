/* SPDX-License-Identifier: LGPL-2.1-or-later
 * chatpeer's pads: what is asked for and fed, what appears, and EOS. */
#include "config.h"

#include "gstchatpeerprivate.h"

#define GST_CAT_DEFAULT gst_chat_peer_debug

static const gchar *const kind_names[] = { "audio", "video" };

static const gchar *const template_names[2][2] = {
  {"audio_src_%u", "audio_%u"},
  {"video_src_%u", "video_%u"},
};

/* Raw media, or what one of our codecs is encoded as. */
GstPadTemplate *
gst_chat_peer_media_template (GstChatKind kind, GstPadDirection direction)
{
  const GstChatCodec *const *codecs = gst_chat_codecs ();
  g_autoptr (GstCaps) caps = gst_caps_from_string (kind ==
      GST_CHAT_KIND_AUDIO ? "audio/x-raw" : "video/x-raw");

  for (guint i = 0; codecs[i] != NULL; i++) {
    if (codecs[i]->kind == kind)
      caps = gst_caps_merge (g_steal_pointer (&caps),
          gst_caps_from_string (codecs[i]->encoded_caps));
  }
  return gst_pad_template_new (template_names[kind][direction == GST_PAD_SINK],
      direction, direction == GST_PAD_SINK ? GST_PAD_REQUEST :
      GST_PAD_SOMETIMES, caps);
}

/* --- sink pads --- */

static void
input_clear (gpointer data)
{
  GstChatPeerInput *input = data;

  gst_chat_sender_free (input->sender);
  gst_clear_object (&input->pad);
}

static void
input_unref (gpointer input)
{
  g_atomic_rc_box_release_full (input, input_clear);
}

static gboolean
all_ended (GstChatPeer * self)
{
  gboolean ended = TRUE;
  guint n = 0;

  GST_OBJECT_LOCK (self);
  for (guint i = 0; i < self->inputs->len; i++) {
    const GstChatPeerInput *input = self->inputs->pdata[i];

    if (input->pad != NULL) {
      ended = ended && gst_chat_sender_is_ended (input->sender);
      n++;
    }
  }
  GST_OBJECT_UNLOCK (self);
  return ended && n > 0;
}

/* Streaming thread of the pad. */
static void
on_ended (GstChatSender * sender, gpointer user_data)
{
  if (all_ended (user_data))
    gst_chat_peer_send_eos (user_data);
}

static const GstChatSenderCallbacks sender_callbacks = {.ended = on_ended };

/* The number in a name such as video_3. */
static gboolean
parse_number (GstChatKind kind, const gchar * name, guint * number)
{
  gsize prefix = strlen (kind_names[kind]);
  guint64 value;

  if (name == NULL || !g_str_has_prefix (name, kind_names[kind])
      || name[prefix] != '_'
      || !g_ascii_string_to_unsigned (name + prefix + 1, 10, 0, 9999, &value,
          NULL))
    return FALSE;
  *number = value;
  return TRUE;
}

static GstPad *
request_media_pad (GstChatPeer * self, GstPadTemplate * templ, GstChatKind kind,
    const gchar * wanted)
{
  guint number = 0, n_open = 0;
  gboolean taken = FALSE;

  GST_OBJECT_LOCK (self);
  for (guint i = 0; i < self->inputs->len; i++) {
    const GstChatPeerInput *other = self->inputs->pdata[i];

    n_open += other->kind == kind && other->pad != NULL;
  }
  if (parse_number (kind, wanted, &number))
    self->next_input[kind] = MAX (self->next_input[kind], number + 1);
  else
    number = self->next_input[kind]++;
  GST_OBJECT_UNLOCK (self);
  g_autofree gchar *name = g_strdup_printf ("%s_%u", kind_names[kind], number);
  g_autoptr (GstPad) other_pad = gst_element_get_static_pad (GST_ELEMENT (self),
      name);
  taken = other_pad != NULL;
  if (taken || n_open >= GST_CHAT_PEER_MAX_PADS) {
    GST_WARNING_OBJECT (self, "no pad %s: %s", name, taken ? "it exists" :
        "there are too many");
    return NULL;
  }

  GstChatSenderConfig config = gst_chat_peer_sender_config (self);
  g_autofree gchar *sender_name = g_strdup_printf ("sender-%s", name);
  GstChatPeerInput *input = g_atomic_rc_box_new0 (GstChatPeerInput);
  input->kind = kind;
  input->sender = gst_chat_sender_new (GST_BIN (self), kind, sender_name,
      &config, &sender_callbacks, self);
  GstPad *pad = gst_ghost_pad_new_from_template (name,
      gst_chat_sender_get_sink_pad (input->sender), templ);
  input->pad = gst_object_ref (pad);
  GST_OBJECT_LOCK (self);
  g_ptr_array_add (self->inputs, input);
  GST_OBJECT_UNLOCK (self);
  /* Pads of a running element have to be active before they are seen. */
  if (GST_STATE (self) >= GST_STATE_PAUSED)
    gst_pad_set_active (pad, TRUE);
  gst_element_add_pad (GST_ELEMENT (self), pad);
  return pad;
}

static GstPad *
request_signal_pad (GstChatPeer * self)
{
  GST_OBJECT_LOCK (self);
  gboolean refused = self->signal_pad != NULL || self->inner_source != NULL;
  GST_OBJECT_UNLOCK (self);

  if (refused) {
    GST_WARNING_OBJECT (self, "no second signal pad, and none while chatpeer's "
        "own connection to the server runs");
    return NULL;
  }
  GstPad *pad = gst_chat_peer_new_signal_pad (self, "signal", TRUE);
  GST_OBJECT_LOCK (self);
  self->signal_pad = gst_object_ref (pad);
  GST_OBJECT_UNLOCK (self);
  if (GST_STATE (self) >= GST_STATE_PAUSED)
    gst_pad_set_active (pad, TRUE);
  gst_element_add_pad (GST_ELEMENT (self), pad);
  return pad;
}

GstPad *
gst_chat_peer_request_new_pad (GstElement * element, GstPadTemplate * templ,
    const gchar * name, const GstCaps * caps)
{
  GstChatPeer *self = GST_CHAT_PEER (element);
  const gchar *template_name = GST_PAD_TEMPLATE_NAME_TEMPLATE (templ);

  for (guint kind = 0; kind < 2; kind++) {
    if (g_str_equal (template_name, template_names[kind][1]))
      return request_media_pad (self, templ, kind, name);
  }
  return request_signal_pad (self);
}

/* The loop thread while there is one, and nobody else otherwise. */
static void
drop_released (gpointer data)
{
  GstChatPeer *self = data;
  g_autoptr (GPtrArray) gone = g_ptr_array_new ();

  if (self->connection != NULL)
    return;                     /* it has borrowed them until it is closed */
  GST_OBJECT_LOCK (self);
  for (guint i = self->inputs->len; i > 0; i--) {
    GstChatPeerInput *input = self->inputs->pdata[i - 1];

    if (input->pad == NULL)
      g_ptr_array_add (gone, g_ptr_array_steal_index (self->inputs, i - 1));
  }
  GST_OBJECT_UNLOCK (self);
  for (guint i = 0; i < gone->len; i++)
    input_unref (gone->pdata[i]);
}

void
gst_chat_peer_drop_released_in_loop (GstChatPeer * self)
{
  drop_released (self);
}

static void
release_signal_pad (GstChatPeer * self, GstPad * pad)
{
  GST_OBJECT_LOCK (self);
  g_autoptr (GstPad) ours = g_steal_pointer (&self->signal_pad);
  GST_OBJECT_UNLOCK (self);

  g_assert (ours == pad);
  gst_pad_set_active (pad, FALSE);
  gst_element_remove_pad (GST_ELEMENT (self), pad);
}

void
gst_chat_peer_release_pad (GstElement * element, GstPad * pad)
{
  GstChatPeer *self = GST_CHAT_PEER (element);
  g_autoptr (GstPad) ours = NULL;

  GST_OBJECT_LOCK (self);
  gboolean is_signal = pad == self->signal_pad;
  for (guint i = 0; i < self->inputs->len && ours == NULL; i++) {
    GstChatPeerInput *input = self->inputs->pdata[i];

    if (input->pad == pad)
      ours = g_steal_pointer (&input->pad);
  }
  GST_OBJECT_UNLOCK (self);
  if (is_signal) {
    release_signal_pad (self, pad);
    return;
  }
  if (ours == NULL)
    return;
  gst_pad_set_active (pad, FALSE);
  gst_ghost_pad_set_target (GST_GHOST_PAD (pad), NULL);
  gst_element_remove_pad (element, pad);
  if (!gst_chat_peer_run (self, drop_released, self))
    drop_released (self);
}

/* Where nothing that a pad could send has its encoder, no call can be made. */
gboolean
gst_chat_peer_check_codecs (GstChatPeer * self, GError ** error)
{
  g_autoptr (GstChatConnectionConfig) config =
      gst_chat_peer_connection_config (self);
  g_autoptr (GPtrArray) inputs = g_ptr_array_new_with_free_func (input_unref);

  GST_OBJECT_LOCK (self);
  for (guint i = 0; i < self->inputs->len; i++) {
    GstChatPeerInput *input = self->inputs->pdata[i];

    if (input->pad != NULL)
      g_ptr_array_add (inputs, g_atomic_rc_box_acquire (input));
  }
  GST_OBJECT_UNLOCK (self);
  for (guint i = 0; i < inputs->len; i++) {
    const GstChatPeerInput *input = inputs->pdata[i];
    g_autoptr (GError) reason = NULL;
    g_autoptr (GPtrArray) codecs = gst_chat_sender_get_codecs (input->sender,
        input->kind == GST_CHAT_KIND_VIDEO ? config->video_codecs :
        config->audio_codecs, &reason);

    if (codecs->len == 0 && g_error_matches (reason, GST_CHAT_ERROR,
            GST_CHAT_ERROR_MISSING)) {
      g_propagate_error (error, g_steal_pointer (&reason));
      return FALSE;
    }
  }
  return TRUE;
}

GPtrArray *
gst_chat_peer_senders_in_loop (GstChatPeer * self)
{
  GPtrArray *senders = g_ptr_array_new ();

  GST_OBJECT_LOCK (self);
  for (guint kind = GST_CHAT_KIND_AUDIO; kind <= GST_CHAT_KIND_VIDEO; kind++) {
    for (guint i = 0; i < self->inputs->len; i++) {
      const GstChatPeerInput *input = self->inputs->pdata[i];

      if (input->kind == kind && input->pad != NULL
          && !gst_chat_sender_is_ended (input->sender))
        g_ptr_array_add (senders, input->sender);
    }
  }
  GST_OBJECT_UNLOCK (self);
  return senders;
}

void
gst_chat_peer_update_bitrate (GstChatPeer * self)
{
  GstChatSenderConfig config = gst_chat_peer_sender_config (self);
  g_autoptr (GPtrArray) inputs = g_ptr_array_new_with_free_func (input_unref);

  GST_OBJECT_LOCK (self);
  for (guint i = 0; i < self->inputs->len; i++) {
    GstChatPeerInput *input = self->inputs->pdata[i];

    if (input->kind == GST_CHAT_KIND_VIDEO && input->pad != NULL)
      g_ptr_array_add (inputs, g_atomic_rc_box_acquire (input));
  }
  GST_OBJECT_UNLOCK (self);
  for (guint i = 0; i < inputs->len; i++) {
    const GstChatPeerInput *input = inputs->pdata[i];

    gst_chat_sender_set_bitrate (input->sender, &config);
  }
}

/* --- source pads --- */

/* Live, even while no call gives the latency; and never more than the template
 * says, so that gst-launch finds the branch that is meant. */
static gboolean
output_query (GstPad * pad, GstObject * parent, GstQuery * query)
{
  GstChatPeer *self = GST_CHAT_PEER (parent);
  gboolean done = gst_pad_query_default (pad, parent, query);

  if (GST_QUERY_TYPE (query) == GST_QUERY_LATENCY) {
    gboolean live = FALSE;
    GstClockTime min = 0, max = GST_CLOCK_TIME_NONE;

    if (done)
      gst_query_parse_latency (query, &live, &min, &max);
    if (!live) {
      GST_OBJECT_LOCK (self);
      min = MAX (min, self->settings.latency * GST_MSECOND);
      GST_OBJECT_UNLOCK (self);
      gst_query_set_latency (query, TRUE, min, GST_CLOCK_TIME_NONE);
    }
    return TRUE;
  }
  if (GST_QUERY_TYPE (query) == GST_QUERY_CAPS && done) {
    GstCaps *caps;
    g_autoptr (GstCaps) allowed = gst_pad_get_pad_template_caps (pad);

    gst_query_parse_caps_result (query, &caps);
    g_autoptr (GstCaps) both = gst_caps_intersect_full (caps, allowed,
        GST_CAPS_INTERSECT_FIRST);
    gst_query_set_caps_result (query, both);
  }
  return done;
}

static gboolean
output_event (GstPad * pad, GstObject * parent, GstEvent * event)
{
  /* Live media cannot be seeked; a muxer or sink that tries is told so. */
  if (GST_EVENT_TYPE (event) == GST_EVENT_SEEK) {
    gst_event_unref (event);
    return FALSE;
  }
  return gst_pad_event_default (pad, parent, event);
}

static GstChatPeerOutput *
find_output (GstChatPeer * self, GstChatKind kind, guint index)
{
  for (guint i = 0; i < self->outputs->len; i++) {
    GstChatPeerOutput *output = self->outputs->pdata[i];

    if (output->kind == kind && output->index == index)
      return output;
  }
  return NULL;
}

static GstChatPeerOutput *
add_output (GstChatPeer * self, GstChatKind kind, guint index)
{
  g_autofree gchar *name = g_strdup_printf ("%s_src_%u", kind_names[kind],
      index);
  g_autofree gchar *receiver_name = g_strdup_printf ("receiver-%s", name);
  GstPadTemplate *templ =
      gst_element_class_get_pad_template (GST_ELEMENT_GET_CLASS (self),
      template_names[kind][0]);
  GstChatPeerOutput *output = g_atomic_rc_box_new0 (GstChatPeerOutput);

  GST_OBJECT_LOCK (self);
  gboolean decode = self->settings.decode;
  GST_OBJECT_UNLOCK (self);
  output->kind = kind;
  output->index = index;
  output->receiver = gst_chat_receiver_new (GST_BIN (self), kind,
      receiver_name, decode);
  output->pad = gst_object_ref (gst_ghost_pad_new_from_template (name,
          gst_chat_receiver_get_src_pad (output->receiver), templ));
  gst_pad_set_query_function (output->pad, output_query);
  gst_pad_set_event_function (output->pad, output_event);
  GST_OBJECT_LOCK (self);
  g_ptr_array_add (self->outputs, output);
  GST_OBJECT_UNLOCK (self);
  gst_pad_set_active (output->pad, TRUE);
  gst_element_add_pad (GST_ELEMENT (self), output->pad);
  return output;
}

GstChatReceiver *
gst_chat_peer_receiver_for_in_loop (GstChatKind kind, guint index,
    gpointer user_data)
{
  GstChatPeer *self = user_data;
  GstChatPeerOutput *output = find_output (self, kind, index);

  if (index >= GST_CHAT_PEER_MAX_PADS || !self->running)
    return NULL;
  if (output == NULL)
    output = add_output (self, kind, index);
  return output->receiver;
}

static void
output_clear (gpointer data)
{
  GstChatPeerOutput *output = data;

  gst_chat_receiver_free (output->receiver);
  gst_object_unref (output->pad);
}

static void
output_unref (gpointer output)
{
  g_atomic_rc_box_release_full (output, output_clear);
}

void
gst_chat_peer_remove_outputs (GstChatPeer * self)
{
  GST_OBJECT_LOCK (self);
  g_autoptr (GPtrArray) outputs = self->outputs;
  self->outputs = g_ptr_array_new ();
  GST_OBJECT_UNLOCK (self);

  for (guint i = 0; i < outputs->len; i++) {
    GstChatPeerOutput *output = outputs->pdata[i];

    gst_pad_set_active (output->pad, FALSE);
    gst_ghost_pad_set_target (GST_GHOST_PAD (output->pad), NULL);
    gst_element_remove_pad (GST_ELEMENT (self), output->pad);
    output_unref (output);
  }
}

/* In a thread of its own: a sink may take its time to let it in. */
static void
push_gap (GstElement * element, gpointer output)
{
  gst_chat_receiver_push_gap (((GstChatPeerOutput *) output)->receiver);
}

/* A call is up, and of one kind nothing comes. A pipeline plays only when all
 * its sinks have something: the one that a launch line has for sound must not
 * hold up the picture of a remote without a microphone. */
void
gst_chat_peer_add_outputs_in_loop (GstChatPeer * self)
{
  for (guint kind = GST_CHAT_KIND_AUDIO; kind <= GST_CHAT_KIND_VIDEO; kind++) {
    if (!self->running || find_output (self, kind, 0) != NULL)
      continue;
    GstChatPeerOutput *output = add_output (self, kind, 0);
    gst_element_call_async (GST_ELEMENT (self), push_gap,
        g_atomic_rc_box_acquire (output), output_unref);
  }
}

/* Dispose; there is no loop any more, and no pads with their own opinion. */
void
gst_chat_peer_clear_pads (GstChatPeer * self)
{
  gst_chat_peer_remove_outputs (self);
  while (self->inputs->len > 0) {
    GstChatPeerInput *input = g_ptr_array_steal_index (self->inputs,
        self->inputs->len - 1);

    if (input->pad != NULL)
      gst_ghost_pad_set_target (GST_GHOST_PAD (input->pad), NULL);
    input_unref (input);
  }
  gst_clear_object (&self->signal_pad);
}

/* --- EOS --- */

/* In a thread of its own: a sink may take its time to let EOS in. */
static void
push_eos (GstElement * element, gpointer user_data)
{
  GstChatPeer *self = GST_CHAT_PEER (element);
  g_autoptr (GPtrArray) outputs = g_ptr_array_new_with_free_func (output_unref);

  GST_OBJECT_LOCK (self);
  for (guint i = 0; i < self->outputs->len; i++)
    g_ptr_array_add (outputs,
        g_atomic_rc_box_acquire (self->outputs->pdata[i]));
  GST_OBJECT_UNLOCK (self);
  for (guint i = 0; i < outputs->len; i++) {
    GstChatPeerOutput *output = outputs->pdata[i];

    gst_chat_receiver_push_eos (output->receiver);
  }
  gst_element_post_message (element, gst_message_new_eos (GST_OBJECT (self)));
}

static void
eos_in_loop (gpointer data)
{
  GstChatPeer *self = data;

  if (!self->running || self->eos)
    return;
  self->eos = TRUE;             /* nobody calls, nobody is taken */
  if (self->call.state != GST_CHAT_CALL_IDLE)
    gst_chat_peer_user_event_in_loop (self, GST_CHAT_CALL_EVENT_HANG_UP);
  /* Branches that wait for a remote that never came have to end as well:
   * gst-launch links them now. */
  for (guint kind = 0; kind < 2; kind++) {
    if (find_output (self, kind, 0) == NULL)
      add_output (self, kind, 0);
  }
  gst_element_call_async (GST_ELEMENT (self), push_eos, NULL, NULL);
}

gboolean
gst_chat_peer_send_eos (GstChatPeer * self)
{
  return gst_chat_peer_post (self, eos_in_loop);
}
