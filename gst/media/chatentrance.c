/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The element behind a sink pad of chatpeer: closed between calls (live media is
 * dropped, other media waits), open in one (media that is not live is paced). */
#include "chatentrance.h"

GST_DEBUG_CATEGORY_STATIC (chat_entrance_debug);
#define GST_CAT_DEFAULT chat_entrance_debug

typedef enum
{
  LIVENESS_UNKNOWN,
  LIVENESS_LIVE,
  LIVENESS_HELD,                /* not live: it can wait */
} Liveness;

struct _GstChatEntrance
{
  GstElement parent;

  GstPad *sinkpad;              /* constant after construction, as the next four */
  GstPad *srcpad;
  GstCaps *caps;
  const GstChatEntranceCallbacks *callbacks;
  gpointer user_data;

  GCond cond;                   /* with OBJECT_LOCK: something below has changed */
  gboolean open;                /* OBJECT_LOCK, as all below */
  gboolean flushing;
  gboolean wait_keyframe;
  gboolean discont;
  gboolean ended;
  gboolean refused;             /* said so already in this call */
  gboolean aligned;             /* offset is valid */
  GstClockTime base;
  GstClockTimeDiff offset;      /* from its running time to ours */
  GstClockTime held;
  GstClockID clock_id;          /* being waited for */

  GstSegment segment;           /* streaming thread, as all below */
  Liveness liveness;
};

G_DEFINE_TYPE (GstChatEntrance, gst_chat_entrance, GST_TYPE_ELEMENT);

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE ("sink",
    GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src",
    GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);

GstElement *
gst_chat_entrance_new (const gchar * name, const GstCaps * caps,
    const GstChatEntranceCallbacks * callbacks, gpointer user_data)
{
  GstChatEntrance *self =
      g_object_new (GST_TYPE_CHAT_ENTRANCE, "name", name, NULL);
  self->caps = gst_caps_copy (caps);
  self->callbacks = callbacks;
  self->user_data = user_data;
  return GST_ELEMENT (self);
}

GstClockTime
gst_chat_entrance_get_held (GstChatEntrance * self)
{
  GST_OBJECT_LOCK (self);
  GstClockTime held = self->held;
  GST_OBJECT_UNLOCK (self);
  return held;
}

gboolean
gst_chat_entrance_is_ended (GstChatEntrance * self)
{
  GST_OBJECT_LOCK (self);
  gboolean ended = self->ended;
  GST_OBJECT_UNLOCK (self);
  return ended;
}

void
gst_chat_entrance_open (GstChatEntrance * self, GstClockTime base,
    gboolean wait_keyframe)
{
  GST_DEBUG_OBJECT (self, "open, base %" GST_TIME_FORMAT, GST_TIME_ARGS (base));
  GST_OBJECT_LOCK (self);
  self->open = TRUE;
  self->refused = FALSE;
  self->aligned = FALSE;
  self->base = base;
  self->wait_keyframe = wait_keyframe;
  self->discont = TRUE;
  g_cond_broadcast (&self->cond);
  GST_OBJECT_UNLOCK (self);
}

/* Called with OBJECT_LOCK. */
static void
wake_locked (GstChatEntrance * self)
{
  if (self->clock_id)
    gst_clock_id_unschedule (self->clock_id);
  g_cond_broadcast (&self->cond);
}

void
gst_chat_entrance_close (GstChatEntrance * self)
{
  GST_DEBUG_OBJECT (self, "close");
  GST_OBJECT_LOCK (self);
  self->open = FALSE;
  wake_locked (self);
  GST_OBJECT_UNLOCK (self);
}

static gboolean
upstream_is_live (GstChatEntrance * self)
{
  g_autoptr (GstQuery) query = gst_query_new_latency ();
  gboolean live = FALSE;
  if (gst_pad_peer_query (self->sinkpad, query))
    gst_query_parse_latency (query, &live, NULL, NULL);
  GST_DEBUG_OBJECT (self, "upstream is %slive", live ? "" : "not ");
  return live;
}

static GstClockTime
running_time_of (GstChatEntrance * self, GstBuffer * buffer)
{
  if (self->segment.format != GST_FORMAT_TIME)
    return GST_CLOCK_TIME_NONE;
  return gst_segment_to_running_time (&self->segment, GST_FORMAT_TIME,
      GST_BUFFER_DTS_OR_PTS (buffer));
}

/* Our own running time now; NONE without a clock. */
static GstClockTime
running_time_now (GstChatEntrance * self)
{
  g_autoptr (GstClock) clock = gst_element_get_clock (GST_ELEMENT (self));
  if (!clock)
    return GST_CLOCK_TIME_NONE;
  GstClockTime now = gst_clock_get_time (clock);
  GstClockTime base_time = gst_element_get_base_time (GST_ELEMENT (self));
  return now > base_time ? now - base_time : 0;
}

typedef enum
{
  PASS_GO,
  PASS_DROP,
  PASS_FLUSHING,
} Pass;

/* Waits until the entrance is open. Called with OBJECT_LOCK. */
static Pass
wait_open_locked (GstChatEntrance * self, GstClockTime running_time)
{
  if (self->open)
    return PASS_GO;
  if (self->liveness == LIVENESS_LIVE)
    return PASS_DROP;

  self->held = GST_CLOCK_TIME_IS_VALID (running_time) ? running_time : 0;
  while (!self->open && !self->flushing)
    g_cond_wait (&self->cond, GST_OBJECT_GET_LOCK (self));
  self->held = GST_CLOCK_TIME_NONE;
  return self->flushing ? PASS_FLUSHING : PASS_GO;
}

/* Waits until media that is not live is due. FALSE: closed or flushed
 * meanwhile. Called with OBJECT_LOCK, which it leaves while it waits. */
static gboolean
wait_due_locked (GstChatEntrance * self, GstClockTime running_time)
{
  if (!GST_CLOCK_TIME_IS_VALID (running_time))
    return TRUE;

  if (!self->aligned) {
    /* What lies before the common base would be late for ever. */
    GstClockTime base = GST_CLOCK_TIME_IS_VALID (self->base) ?
        MIN (self->base, running_time) : running_time;
    self->aligned = TRUE;
    GST_OBJECT_UNLOCK (self);
    GstClockTime now = running_time_now (self);
    GstClockTimeDiff offset =
        GST_CLOCK_TIME_IS_VALID (now) ? GST_CLOCK_DIFF (base, now) : 0;
    gst_pad_set_offset (self->srcpad, offset);
    GST_OBJECT_LOCK (self);
    self->offset = offset;
    if (!self->aligned || !self->open || self->flushing)
      return FALSE;
  }

  GstClock *clock = GST_ELEMENT_CLOCK (self);
  if (!clock || (GstClockTimeDiff) running_time + self->offset <= 0)
    return self->open;
  GstClockID id = gst_clock_new_single_shot_id (clock,
      GST_ELEMENT (self)->base_time + running_time + self->offset);
  self->clock_id = id;
  GST_OBJECT_UNLOCK (self);
  gst_clock_id_wait (id, NULL);
  GST_OBJECT_LOCK (self);
  self->clock_id = NULL;
  gst_clock_id_unref (id);
  return self->open && !self->flushing;
}

static Pass
wait_turn (GstChatEntrance * self, GstBuffer * buffer)
{
  if (self->liveness == LIVENESS_UNKNOWN)
    self->liveness = upstream_is_live (self) ? LIVENESS_LIVE : LIVENESS_HELD;
  GstClockTime running_time = running_time_of (self, buffer);

  GST_OBJECT_LOCK (self);
  Pass pass;
  do {
    pass = self->flushing ? PASS_FLUSHING :
        wait_open_locked (self, running_time);
  } while (pass == PASS_GO && self->liveness == LIVENESS_HELD
      && !wait_due_locked (self, running_time));

  if (pass == PASS_GO && self->wait_keyframe) {
    if (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DELTA_UNIT))
      pass = PASS_DROP;
    else
      self->wait_keyframe = FALSE;
  }
  GST_OBJECT_UNLOCK (self);
  return pass;
}

static gboolean
take_flag (GstChatEntrance * self, gboolean * flag, gboolean value)
{
  GST_OBJECT_LOCK (self);
  gboolean was = *flag;
  *flag = value;
  GST_OBJECT_UNLOCK (self);
  return was;
}

static GstFlowReturn
gst_chat_entrance_chain (GstPad * pad, GstObject * parent, GstBuffer * buffer)
{
  GstChatEntrance *self = GST_CHAT_ENTRANCE (parent);

  switch (wait_turn (self, buffer)) {
    case PASS_GO:
      break;
    case PASS_DROP:
      gst_buffer_unref (buffer);
      return GST_FLOW_OK;
    case PASS_FLUSHING:
      gst_buffer_unref (buffer);
      return GST_FLOW_FLUSHING;
  }

  if (take_flag (self, &self->discont, FALSE)) {
    buffer = gst_buffer_make_writable (buffer);
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
  }

  /* However the call's branch fares, the source goes on. */
  GstFlowReturn flow = gst_pad_push (self->srcpad, buffer);
  if ((flow == GST_FLOW_NOT_NEGOTIATED || flow == GST_FLOW_ERROR)
      && !take_flag (self, &self->refused, TRUE)
      && self->callbacks && self->callbacks->refused)
    self->callbacks->refused (flow, self->user_data);
  return GST_FLOW_OK;
}

static void
set_flushing (GstChatEntrance * self, gboolean flushing)
{
  GST_OBJECT_LOCK (self);
  self->flushing = flushing;
  self->aligned = FALSE;
  self->base = GST_CLOCK_TIME_NONE;
  self->discont = TRUE;
  if (flushing)
    wake_locked (self);
  else
    self->ended = FALSE;
  GST_OBJECT_UNLOCK (self);
}

static gboolean
gst_chat_entrance_sink_event (GstPad * pad, GstObject * parent,
    GstEvent * event)
{
  GstChatEntrance *self = GST_CHAT_ENTRANCE (parent);
  gboolean forward = TRUE;

  switch ((guint) GST_EVENT_TYPE (event)) {
    case GST_EVENT_STREAM_START:
      take_flag (self, &self->ended, FALSE);
      self->liveness = LIVENESS_UNKNOWN;
      break;
    case GST_EVENT_SEGMENT:
      gst_event_copy_segment (event, &self->segment);
      break;
    case GST_EVENT_FLUSH_START:
      set_flushing (self, TRUE);
      forward = FALSE;
      break;
    case GST_EVENT_FLUSH_STOP:
      gst_segment_init (&self->segment, GST_FORMAT_UNDEFINED);
      set_flushing (self, FALSE);
      forward = FALSE;
      break;
    case GST_EVENT_EOS:
      /* webrtcbin would lose it, and newer ones fail of it. */
      if (!take_flag (self, &self->ended, TRUE) && self->callbacks
          && self->callbacks->ended)
        self->callbacks->ended (self->user_data);
      forward = FALSE;
      break;
    case GST_EVENT_GAP:
    {
      GST_OBJECT_LOCK (self);
      forward = self->open;
      GST_OBJECT_UNLOCK (self);
      break;
    }
    default:
      break;
  }

  if (!forward) {
    gst_event_unref (event);
    return TRUE;
  }
  gst_pad_push_event (self->srcpad, event);
  return TRUE;
}

static gboolean
gst_chat_entrance_sink_query (GstPad * pad, GstObject * parent,
    GstQuery * query)
{
  GstChatEntrance *self = GST_CHAT_ENTRANCE (parent);

  switch ((guint) GST_QUERY_TYPE (query)) {
    case GST_QUERY_CAPS:
    {
      /* Not what this call's branch takes: the next one takes something else. */
      GstCaps *filter;
      gst_query_parse_caps (query, &filter);
      g_autoptr (GstCaps) caps = filter ?
          gst_caps_intersect_full (filter, self->caps,
          GST_CAPS_INTERSECT_FIRST) : gst_caps_ref (self->caps);
      gst_query_set_caps_result (query, caps);
      return TRUE;
    }
    case GST_QUERY_ACCEPT_CAPS:
    {
      GstCaps *caps;
      gst_query_parse_accept_caps (query, &caps);
      gst_query_set_accept_caps_result (query,
          gst_caps_can_intersect (caps, self->caps));
      return TRUE;
    }
    case GST_QUERY_ALLOCATION:
      /* Buffers of a pool would be kept from the source by the next call. */
      return FALSE;
    default:
      return gst_pad_query_default (pad, parent, query);
  }
}

static gboolean
gst_chat_entrance_src_event (GstPad * pad, GstObject * parent, GstEvent * event)
{
  GstChatEntrance *self = GST_CHAT_ENTRANCE (parent);
  /* The lateness of a call is no matter of the source's. */
  if (GST_EVENT_TYPE (event) == GST_EVENT_QOS) {
    gst_event_unref (event);
    return TRUE;
  }
  return gst_pad_push_event (self->sinkpad, event);
}

static GstStateChangeReturn
gst_chat_entrance_change_state (GstElement * element, GstStateChange transition)
{
  GstChatEntrance *self = GST_CHAT_ENTRANCE (element);

  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED)
    set_flushing (self, FALSE);
  else if (transition == GST_STATE_CHANGE_PAUSED_TO_READY)
    set_flushing (self, TRUE);

  GstStateChangeReturn ret =
      GST_ELEMENT_CLASS (gst_chat_entrance_parent_class)->change_state (element,
      transition);

  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) {
    gst_segment_init (&self->segment, GST_FORMAT_UNDEFINED);
    self->liveness = LIVENESS_UNKNOWN;
  }
  return ret;
}

static void
gst_chat_entrance_finalize (GObject * object)
{
  GstChatEntrance *self = GST_CHAT_ENTRANCE (object);
  gst_clear_caps (&self->caps);
  g_cond_clear (&self->cond);
  G_OBJECT_CLASS (gst_chat_entrance_parent_class)->finalize (object);
}

static void
gst_chat_entrance_init (GstChatEntrance * self)
{
  g_cond_init (&self->cond);
  self->held = GST_CLOCK_TIME_NONE;
  gst_segment_init (&self->segment, GST_FORMAT_UNDEFINED);

  self->sinkpad = gst_pad_new_from_static_template (&sink_template, "sink");
  gst_pad_set_chain_function (self->sinkpad, gst_chat_entrance_chain);
  gst_pad_set_event_function (self->sinkpad, gst_chat_entrance_sink_event);
  gst_pad_set_query_function (self->sinkpad, gst_chat_entrance_sink_query);
  gst_element_add_pad (GST_ELEMENT (self), self->sinkpad);

  self->srcpad = gst_pad_new_from_static_template (&src_template, "src");
  gst_pad_set_event_function (self->srcpad, gst_chat_entrance_src_event);
  gst_element_add_pad (GST_ELEMENT (self), self->srcpad);
}

static void
gst_chat_entrance_class_init (GstChatEntranceClass * klass)
{
  GST_DEBUG_CATEGORY_INIT (chat_entrance_debug, "chatentrance", 0,
      "chat: what goes into a call");
  G_OBJECT_CLASS (klass)->finalize = gst_chat_entrance_finalize;
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  element_class->change_state = gst_chat_entrance_change_state;
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class, "Chat entrance",
      "Generic", "Lets media into a call", "The gst-plugins-chat authors");
}
