/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The element behind a source pad of chatpeer: one stream for ever, whatever
 * calls come and go before it. */
#include "chatoutlet.h"

GST_DEBUG_CATEGORY_STATIC (chat_outlet_debug);
#define GST_CAT_DEFAULT chat_outlet_debug

/* By how much the time of media may be ahead of the clock: more than packets
 * wait on a busy machine, and little enough to be waited for. */
#define MAX_AHEAD GST_SECOND

struct _GstChatOutlet
{
  GstElement parent;

  GstPad *sinkpad;              /* constant after construction, as the next two */
  GstPad *srcpad;
  GstCaps *caps;

  gint wanted;                  /* atomic */
  gint links;                   /* atomic; how often somebody was linked */
  gint discont;                 /* atomic */

  GstSegment segment;           /* of the call; streaming thread, as all below */
  gboolean started;             /* stream-start has gone out */
  gboolean segmented;           /* and our segment */
  gboolean raw;                 /* what comes is decoded */
  gboolean pictures;            /* and is video */
  GstClockTime position;        /* running time of the last buffer */
  GstClockTime end;             /* and where it ended, as far as is known */
};

G_DEFINE_TYPE (GstChatOutlet, gst_chat_outlet, GST_TYPE_ELEMENT);

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE ("sink",
    GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src",
    GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);

GstElement *
gst_chat_outlet_new (const gchar * name, const GstCaps * caps)
{
  GstChatOutlet *self = g_object_new (GST_TYPE_CHAT_OUTLET, "name", name, NULL);
  self->caps = gst_caps_copy (caps);
  return GST_ELEMENT (self);
}

gboolean
gst_chat_outlet_is_wanted (GstChatOutlet * self)
{
  return g_atomic_int_get (&self->wanted);
}

void
gst_chat_outlet_mark_discont (GstChatOutlet * self)
{
  g_atomic_int_set (&self->discont, TRUE);
}

static void
start_stream (GstChatOutlet * self)
{
  if (self->started)
    return;
  g_autofree gchar *id = gst_pad_create_stream_id (self->srcpad,
      GST_ELEMENT (self), GST_OBJECT_NAME (self));
  GstEvent *event = gst_event_new_stream_start (id);
  gst_event_set_group_id (event, gst_util_group_id_next ());
  gst_pad_push_event (self->srcpad, event);
  self->started = TRUE;
}

static void
start_segment (GstChatOutlet * self)
{
  if (self->segmented)
    return;
  GstSegment segment;
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_pad_push_event (self->srcpad, gst_event_new_segment (&segment));
  self->segmented = TRUE;
}

void
gst_chat_outlet_push_eos (GstChatOutlet * self)
{
  GST_PAD_STREAM_LOCK (self->sinkpad);
  start_stream (self);
  start_segment (self);
  GST_PAD_STREAM_UNLOCK (self->sinkpad);
  gst_pad_push_event (self->srcpad, gst_event_new_eos ());
}

/* Raw caps that downstream can take, of ordinary size. NULL: none. */
static GstCaps *
ordinary_caps (GstChatOutlet * self)
{
  static const gchar *const ordinary[] = {
    "video/x-raw, format=I420, width=640, height=480, framerate=30/1",
    "audio/x-raw, format=S16LE, layout=interleaved, rate=48000, channels=2",
    "audio/x-raw, format=S16LE, layout=interleaved, rate=48000, channels=1",
    "video/x-raw", "audio/x-raw",
  };
  g_autoptr (GstCaps) all = gst_pad_peer_query_caps (self->srcpad, self->caps);

  for (guint i = 0; i < G_N_ELEMENTS (ordinary); i++) {
    g_autoptr (GstCaps) wanted = gst_caps_from_string (ordinary[i]);
    GstCaps *caps = gst_caps_intersect_full (all, wanted,
        GST_CAPS_INTERSECT_FIRST);
    if (!gst_caps_is_empty (caps))
      return gst_caps_fixate (caps);
    gst_caps_unref (caps);
  }
  return NULL;
}

void
gst_chat_outlet_push_gap (GstChatOutlet * self)
{
  g_autoptr (GstCaps) caps = ordinary_caps (self);
  if (!caps)
    return;
  GST_PAD_STREAM_LOCK (self->sinkpad);
  gboolean idle = !self->segmented;
  if (idle) {
    start_stream (self);
    gst_pad_push_event (self->srcpad, gst_event_new_caps (caps));
    start_segment (self);
  }
  GST_PAD_STREAM_UNLOCK (self->sinkpad);
  if (idle)
    gst_pad_push_event (self->srcpad, gst_event_new_gap (0,
            GST_CLOCK_TIME_NONE));
}

static GstClockTime
to_running_time (GstChatOutlet * self, GstClockTime time)
{
  if (!GST_CLOCK_TIME_IS_VALID (time)
      || self->segment.format != GST_FORMAT_TIME)
    return time;
  return gst_segment_to_running_time (&self->segment, GST_FORMAT_TIME, time);
}

/* Of a buffer: what is missing is guessed (a packet was sent again before any
 * other came), and what a remote says of the future is not believed, or all that
 * comes in this call and the next would be before its time. */
static GstClockTime
sane_time (GstChatOutlet * self, GstClockTime time)
{
  GstClockTime now = gst_element_get_current_running_time (GST_ELEMENT (self));
  /* The pipeline's own time was set back. */
  if (GST_CLOCK_TIME_IS_VALID (now) && GST_CLOCK_TIME_IS_VALID (self->position)
      && self->position > now + MAX_AHEAD)
    self->position = self->end = GST_CLOCK_TIME_NONE;
  if (!GST_CLOCK_TIME_IS_VALID (time))
    return GST_CLOCK_TIME_IS_VALID (self->end) ? self->end : now;
  return GST_CLOCK_TIME_IS_VALID (now) ? MIN (time, now + MAX_AHEAD) : time;
}

/* Downstream's time never goes back and is never unknown, or a muxer gives up.
 * The time of a call runs ahead of the clock while its packets wait for a busy
 * machine; the next call begins at the clock's. Nor does it stand still between
 * pictures: a parser behind an encoder takes the second one's time away. FALSE:
 * @buffer is of no use. */
static gboolean
put_in_order (GstChatOutlet * self, GstBuffer * buffer)
{
  GstClockTime pts = sane_time (self, to_running_time (self,
          GST_BUFFER_PTS (buffer)));
  GstClockTime dts = to_running_time (self, GST_BUFFER_DTS (buffer));

  if (GST_CLOCK_TIME_IS_VALID (self->position)
      && GST_CLOCK_TIME_IS_VALID (pts) && (pts < self->position
          || (pts == self->position && self->pictures))) {
    if (self->raw)
      return FALSE;
    /* The decoder behind us needs it all the same. */
    pts = self->position;
  }
  /* Nothing is decoded after it is shown. */
  if (GST_CLOCK_TIME_IS_VALID (dts) && GST_CLOCK_TIME_IS_VALID (pts))
    dts = MIN (dts, pts);
  GST_BUFFER_PTS (buffer) = self->position = self->end = pts;
  GST_BUFFER_DTS (buffer) = dts;
  if (GST_CLOCK_TIME_IS_VALID (pts) && GST_BUFFER_DURATION_IS_VALID (buffer))
    self->end += GST_BUFFER_DURATION (buffer);
  return TRUE;
}

static GstFlowReturn
gst_chat_outlet_chain (GstPad * pad, GstObject * parent, GstBuffer * buffer)
{
  GstChatOutlet *self = GST_CHAT_OUTLET (parent);

  if (!g_atomic_int_get (&self->wanted)) {
    gst_buffer_unref (buffer);
    return GST_FLOW_OK;
  }

  start_stream (self);
  start_segment (self);
  buffer = gst_buffer_make_writable (buffer);
  if (!put_in_order (self, buffer)) {
    GST_DEBUG_OBJECT (self, "before its time: %" GST_PTR_FORMAT, buffer);
    gst_buffer_unref (buffer);
    return GST_FLOW_OK;
  }
  if (g_atomic_int_compare_and_exchange (&self->discont, TRUE, FALSE))
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);

  gint links = g_atomic_int_get (&self->links);
  GstFlowReturn flow = gst_pad_push (self->srcpad, buffer);
  if (flow == GST_FLOW_NOT_LINKED) {
    GST_DEBUG_OBJECT (self, "nobody wants it");
    g_atomic_int_set (&self->wanted, FALSE);
    /* Unless a link was made meanwhile. */
    if (links != g_atomic_int_get (&self->links))
      g_atomic_int_set (&self->wanted, TRUE);
    return GST_FLOW_OK;
  }

  /* Downstream's end or trouble is downstream's: the call goes on. */
  switch ((gint) flow) {
    case GST_FLOW_EOS:
    case GST_FLOW_ERROR:
    case GST_FLOW_NOT_NEGOTIATED:
      GST_DEBUG_OBJECT (self, "downstream: %s", gst_flow_get_name (flow));
      return GST_FLOW_OK;
    default:
      return flow;
  }
}

static gboolean
gst_chat_outlet_sink_event (GstPad * pad, GstObject * parent, GstEvent * event)
{
  GstChatOutlet *self = GST_CHAT_OUTLET (parent);

  switch ((guint) GST_EVENT_TYPE (event)) {
    case GST_EVENT_SEGMENT:
      gst_event_copy_segment (event, &self->segment);
      break;
    case GST_EVENT_CAPS:
    {
      GstCaps *caps;
      gst_event_parse_caps (event, &caps);
      const GstStructure *s = gst_caps_get_structure (caps, 0);
      self->pictures = gst_structure_has_name (s, "video/x-raw");
      self->raw = self->pictures || gst_structure_has_name (s, "audio/x-raw");
      start_stream (self);
      return gst_pad_push_event (self->srcpad, event);
    }
    case GST_EVENT_TAG:
    case GST_EVENT_CUSTOM_DOWNSTREAM:
      start_stream (self);
      return gst_pad_push_event (self->srcpad, event);
    case GST_EVENT_GAP:
    {
      GstClockTime time, duration;
      gst_event_parse_gap (event, &time, &duration);
      time = to_running_time (self, time);
      if (GST_CLOCK_TIME_IS_VALID (time) && self->segmented)
        gst_pad_push_event (self->srcpad, gst_event_new_gap (time, duration));
      break;
    }
    default:
      /* Beginnings, ends and flushes of a call are no news downstream. */
      break;
  }
  gst_event_unref (event);
  return TRUE;
}

static gboolean
gst_chat_outlet_src_event (GstPad * pad, GstObject * parent, GstEvent * event)
{
  GstChatOutlet *self = GST_CHAT_OUTLET (parent);

  switch ((guint) GST_EVENT_TYPE (event)) {
    case GST_EVENT_RECONFIGURE:
      GST_DEBUG_OBJECT (self, "linked");
      g_atomic_int_inc (&self->links);
      g_atomic_int_set (&self->wanted, TRUE);
      break;
    case GST_EVENT_SEEK:
      gst_event_unref (event);
      return FALSE;
    default:
      break;
  }
  gst_pad_push_event (self->sinkpad, event);
  return TRUE;
}

static gboolean
gst_chat_outlet_src_query (GstPad * pad, GstObject * parent, GstQuery * query)
{
  GstChatOutlet *self = GST_CHAT_OUTLET (parent);

  switch ((guint) GST_QUERY_TYPE (query)) {
    case GST_QUERY_LATENCY:
      if (gst_pad_peer_query (self->sinkpad, query))
        return TRUE;
      /* Between calls: live all the same. */
      gst_query_set_latency (query, TRUE, 0, GST_CLOCK_TIME_NONE);
      return TRUE;
    case GST_QUERY_CAPS:
    {
      GstCaps *filter;
      gst_query_parse_caps (query, &filter);
      g_autoptr (GstCaps) caps = filter ?
          gst_caps_intersect_full (filter, self->caps,
          GST_CAPS_INTERSECT_FIRST) : gst_caps_ref (self->caps);
      gst_query_set_caps_result (query, caps);
      return TRUE;
    }
    default:
      return gst_pad_query_default (pad, parent, query);
  }
}

static gboolean
gst_chat_outlet_sink_query (GstPad * pad, GstObject * parent, GstQuery * query)
{
  GstChatOutlet *self = GST_CHAT_OUTLET (parent);

  switch ((guint) GST_QUERY_TYPE (query)) {
    case GST_QUERY_CAPS:
    {
      /* Downstream may have a wish (a size, a stream format), but no veto: it
       * can be replaced, and the decoder could not. */
      GstCaps *filter;
      gst_query_parse_caps (query, &filter);
      g_autoptr (GstCaps) caps = gst_pad_peer_query_caps (self->srcpad, filter);
      if (gst_caps_is_empty (caps))
        gst_caps_replace (&caps, filter ? filter : self->caps);
      gst_query_set_caps_result (query, caps);
      return TRUE;
    }
    case GST_QUERY_ACCEPT_CAPS:
      gst_query_set_accept_caps_result (query, TRUE);
      return TRUE;
    default:
      return gst_pad_query_default (pad, parent, query);
  }
}

static GstStateChangeReturn
gst_chat_outlet_change_state (GstElement * element, GstStateChange transition)
{
  GstChatOutlet *self = GST_CHAT_OUTLET (element);
  GstStateChangeReturn ret =
      GST_ELEMENT_CLASS (gst_chat_outlet_parent_class)->change_state (element,
      transition);

  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) {
    gst_segment_init (&self->segment, GST_FORMAT_UNDEFINED);
    self->started = self->segmented = FALSE;
    self->position = self->end = GST_CLOCK_TIME_NONE;
    g_atomic_int_set (&self->wanted, TRUE);
  }
  return ret;
}

static void
gst_chat_outlet_finalize (GObject * object)
{
  GstChatOutlet *self = GST_CHAT_OUTLET (object);
  gst_clear_caps (&self->caps);
  G_OBJECT_CLASS (gst_chat_outlet_parent_class)->finalize (object);
}

static void
gst_chat_outlet_init (GstChatOutlet * self)
{
  self->wanted = TRUE;
  self->position = self->end = GST_CLOCK_TIME_NONE;
  gst_segment_init (&self->segment, GST_FORMAT_UNDEFINED);

  self->sinkpad = gst_pad_new_from_static_template (&sink_template, "sink");
  gst_pad_set_chain_function (self->sinkpad, gst_chat_outlet_chain);
  gst_pad_set_event_function (self->sinkpad, gst_chat_outlet_sink_event);
  gst_pad_set_query_function (self->sinkpad, gst_chat_outlet_sink_query);
  gst_element_add_pad (GST_ELEMENT (self), self->sinkpad);

  self->srcpad = gst_pad_new_from_static_template (&src_template, "src");
  gst_pad_set_event_function (self->srcpad, gst_chat_outlet_src_event);
  gst_pad_set_query_function (self->srcpad, gst_chat_outlet_src_query);
  gst_element_add_pad (GST_ELEMENT (self), self->srcpad);
}

static void
gst_chat_outlet_class_init (GstChatOutletClass * klass)
{
  GST_DEBUG_CATEGORY_INIT (chat_outlet_debug, "chatoutlet", 0,
      "chat: what comes out of a call");
  G_OBJECT_CLASS (klass)->finalize = gst_chat_outlet_finalize;
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  element_class->change_state = gst_chat_outlet_change_state;
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class, "Chat outlet",
      "Generic", "Lets media out of a call", "The gst-plugins-chat authors");
}
