/* SPDX-License-Identifier: LGPL-2.1-or-later
 * media-probe: a pad probe that feeds the content checks, and their reports. */
#include "media-probe.h"
#include "chatmediacheck.h"

#include <math.h>

/* Less than this is the same tone, or the same level. */
#define NEW_HZ 20
#define NEW_DB 12

struct _ProbeStream
{
  gchar *name;                  /* constant */
  GstPad *pad;                  /* constant */
  gulong probe_id;              /* constant */
  gboolean video;               /* constant */

  GMutex lock;
  GstChatPictureCheck *picture; /* lock */
  GstChatToneCheck *tone;       /* lock */
  GstClockTime end;             /* lock: stream time of the last buffer's end */
  const gchar *trouble;         /* lock: why buffers are not looked at, or NULL */

  /* main thread: what the last report said */
  GstChatPictureResult old_picture;
  GstChatToneResult old_tone;
  const gchar *old_trouble;
  guint64 old_count;
  gint64 old_time;
  guint64 last_count;           /* and when it was another one */
  gint64 last_time;
};

static void
feed_in_lock (ProbeStream * stream, GstCaps * caps, GstBuffer * buffer)
{
  GstVideoInfo video_info;
  GstAudioInfo audio_info;

  if (caps == NULL) {
    stream->trouble = "buffers without caps";
  } else if (stream->video) {
    if (!gst_video_info_from_caps (&video_info, caps))
      stream->trouble = "not raw video: put videoconvert in front of it";
    else if (!gst_chat_picture_check_feed_buffer (stream->picture,
            &video_info, buffer))
      stream->trouble = "not an 8-bit format: put videoconvert in front of it";
  } else {
    if (!gst_audio_info_from_caps (&audio_info, caps))
      stream->trouble = "not raw audio: put audioconvert in front of it";
    else if (!gst_chat_tone_check_feed_buffer (stream->tone, &audio_info,
            buffer))
      stream->trouble = "not interleaved: put audioconvert and that layout in front of it";
  }
}

static void
feed (ProbeStream * stream, GstPad * pad, GstBuffer * buffer)
{
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);
  g_autoptr (GstEvent) event =
      gst_pad_get_sticky_event (pad, GST_EVENT_SEGMENT, 0);
  GstClockTime end = GST_BUFFER_PTS (buffer);
  const GstSegment *segment = NULL;

  if (event != NULL)
    gst_event_parse_segment (event, &segment);
  if (GST_CLOCK_TIME_IS_VALID (end) && GST_BUFFER_DURATION_IS_VALID (buffer))
    end += GST_BUFFER_DURATION (buffer);
  if (segment != NULL && segment->format == GST_FORMAT_TIME)
    end = gst_segment_to_stream_time (segment, GST_FORMAT_TIME, end);

  g_mutex_lock (&stream->lock);
  feed_in_lock (stream, caps, buffer);
  if (GST_CLOCK_TIME_IS_VALID (end))
    stream->end = end;
  g_mutex_unlock (&stream->lock);
}

static gboolean
feed_from_list (GstBuffer ** buffer, guint index, gpointer user_data)
{
  ProbeStream *stream = user_data;
  feed (stream, stream->pad, *buffer);
  return TRUE;
}

static GstPadProbeReturn
on_buffer (GstPad * pad, GstPadProbeInfo * info, gpointer user_data)
{
  if (info->type & GST_PAD_PROBE_TYPE_BUFFER_LIST)
    gst_buffer_list_foreach (GST_PAD_PROBE_INFO_BUFFER_LIST (info),
        feed_from_list, user_data);
  else
    feed (user_data, pad, GST_PAD_PROBE_INFO_BUFFER (info));
  return GST_PAD_PROBE_OK;
}

ProbeStream *
probe_stream_new (GstElement * sink)
{
  const gchar *name = GST_OBJECT_NAME (sink);
  gboolean video = g_str_has_prefix (name, "vcheck");

  if (!video && !g_str_has_prefix (name, "acheck"))
    return NULL;
  GstPad *pad = gst_element_get_static_pad (sink, "sink");
  if (pad == NULL)
    return NULL;

  ProbeStream *stream = g_new0 (ProbeStream, 1);
  stream->name = g_strdup (name);
  stream->pad = pad;
  stream->video = video;
  g_mutex_init (&stream->lock);
  stream->end = GST_CLOCK_TIME_NONE;
  stream->old_time = g_get_monotonic_time ();
  if (video)
    stream->picture = gst_chat_picture_check_new ();
  else
    stream->tone = gst_chat_tone_check_new ();
  stream->probe_id = gst_pad_add_probe (pad,
      GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST, on_buffer,
      stream, NULL);
  return stream;
}

/* Only when the pipeline is NULL: no buffer is on its way any more. */
void
probe_stream_free (ProbeStream * stream)
{
  gst_pad_remove_probe (stream->pad, stream->probe_id);
  gst_object_unref (stream->pad);
  gst_chat_picture_check_free (stream->picture);
  gst_chat_tone_check_free (stream->tone);
  g_mutex_clear (&stream->lock);
  g_free (stream->name);
  g_free (stream);
}

static void
add_rounded (JsonBuilder * json, const gchar * name, gdouble value,
    gdouble steps)
{
  json_builder_set_member_name (json, name);
  json_builder_add_double_value (json, rint (value * steps) / steps);
}

static void
add_count (JsonBuilder * json, const gchar * name, guint64 value)
{
  json_builder_set_member_name (json, name);
  json_builder_add_int_value (json, value);
}

static void
add_bool (JsonBuilder * json, const gchar * name, gboolean value)
{
  json_builder_set_member_name (json, name);
  json_builder_add_boolean_value (json, value);
}

static void
add_string (JsonBuilder * json, const gchar * name, const gchar * value)
{
  json_builder_set_member_name (json, name);
  json_builder_add_string_value (json, value);
}

static void
add_picture (JsonBuilder * json, const GstChatPictureResult * now)
{
  add_string (json, "colour", gst_chat_colour_name (now->colour));
  add_bool (json, "moving", now->moving);
  add_count (json, "frames", now->frames);
  add_count (json, "width", now->width);
  add_count (json, "height", now->height);
  add_rounded (json, "x", now->x, 1000);
  add_rounded (json, "y", now->y, 1000);
  add_rounded (json, "travelled", now->travelled, 1000);
  json_builder_set_member_name (json, "seen");
  json_builder_begin_object (json);
  for (guint i = GST_CHAT_COLOUR_NONE + 1; i < GST_CHAT_N_COLOURS; i++)
    if (now->seen[i] > 0)
      add_count (json, gst_chat_colour_name (i), now->seen[i]);
  json_builder_end_object (json);
}

static void
add_tone_step (gdouble hz, guint windows, gpointer user_data)
{
  g_autofree gchar *name = g_strdup_printf ("%d", (gint) hz);
  add_count (user_data, name, windows);
}

static void
add_tone (JsonBuilder * json, const GstChatToneResult * now,
    const GstChatToneCheck * check)
{
  add_rounded (json, "hz", now->hz, 10);
  add_bool (json, "tone", now->tone);
  add_rounded (json, "db", now->db, 10);
  add_count (json, "samples", now->samples);
  add_count (json, "rate", now->rate);
  add_count (json, "channels", now->channels);
  json_builder_set_member_name (json, "tones");
  json_builder_begin_object (json);
  gst_chat_tone_check_foreach (check, add_tone_step, json);
  json_builder_end_object (json);
}

static gboolean
picture_is_news (const GstChatPictureResult * now,
    const GstChatPictureResult * old)
{
  return now->colour != old->colour || now->moving != old->moving
      || now->width != old->width || now->height != old->height
      || (now->frames > 0 && old->frames == 0);
}

static gboolean
tone_is_news (const GstChatToneResult * now, const GstChatToneResult * old)
{
  return now->tone != old->tone || fabs (now->db - old->db) > NEW_DB
      || (now->tone && fabs (now->hz - old->hz) > NEW_HZ)
      || (now->samples > 0 && old->samples == 0);
}

JsonNode *
probe_stream_report (ProbeStream * stream, gboolean always, gboolean final)
{
  GstChatPictureResult picture = { 0 };
  GstChatToneResult tone = { 0 };
  gboolean news = always || final;
  gint64 time = g_get_monotonic_time ();
  gdouble seconds = (time - stream->old_time) / (gdouble) G_USEC_PER_SEC;

  g_mutex_lock (&stream->lock);
  if (stream->video)
    gst_chat_picture_check_get (stream->picture, &picture);
  else
    gst_chat_tone_check_get (stream->tone, &tone);
  guint64 count = stream->video ? picture.frames : tone.samples;
  if (count != stream->last_count) {
    stream->last_count = count;
    stream->last_time = time;
  } else if (!final && time - stream->last_time > G_USEC_PER_SEC) {
    /* Nothing came for a whole second: a frozen picture does not move. */
    picture.moving = FALSE;
    tone.tone = FALSE;
  }
  news |= stream->trouble != stream->old_trouble;
  news |= stream->video ? picture_is_news (&picture, &stream->old_picture)
      : tone_is_news (&tone, &stream->old_tone);
  if (!news) {
    g_mutex_unlock (&stream->lock);
    return NULL;
  }

  g_autoptr (JsonBuilder) json = json_builder_new ();
  json_builder_begin_object (json);
  json_builder_set_member_name (json, stream->video ? "video" : "audio");
  json_builder_begin_object (json);
  add_string (json, "sink", stream->name);
  if (stream->video)
    add_picture (json, &picture);
  else
    add_tone (json, &tone, stream->tone);
  if (GST_CLOCK_TIME_IS_VALID (stream->end))
    add_rounded (json, "end", stream->end / (gdouble) GST_SECOND, 1000);
  if (stream->trouble != NULL)
    add_string (json, "trouble", stream->trouble);
  stream->old_trouble = stream->trouble;
  g_mutex_unlock (&stream->lock);

  if (always && seconds > 0.1)
    add_rounded (json, "rate-per-second",
        (count - stream->old_count) / seconds, 10);
  if (final)
    add_bool (json, "final", TRUE);
  json_builder_end_object (json);
  json_builder_end_object (json);

  stream->old_picture = picture;
  stream->old_tone = tone;
  if (always) {
    stream->old_count = count;
    stream->old_time = time;
  }
  return json_builder_get_root (json);
}
