/* SPDX-License-Identifier: LGPL-2.1-or-later
 * How often a keyframe may be asked for, and has to be: the requests of a pad. */
#include "chatkeyframe.h"

#include <gst/video/video.h>

static const gchar key[] = "gst-chat-keyframe-limit";

typedef struct
{
  GMutex lock;
  gint64 interval;              /* µs */
  gint64 last;                  /* µs, monotonic; when one went through */
  gboolean pending;             /* one had to wait */
  gboolean insists;             /* until a keyframe comes */
  gboolean open;                /* it has not come yet */
} Limit;

static void
limit_free (gpointer data)
{
  Limit *limit = data;
  g_mutex_clear (&limit->lock);
  g_free (limit);
}

void
gst_chat_keyframe_request (GstPad * pad)
{
  GstEvent *event = gst_video_event_new_upstream_force_key_unit
      (GST_CLOCK_TIME_NONE, TRUE, 0);
  if (GST_PAD_IS_SRC (pad))
    gst_pad_send_event (pad, event);
  else
    gst_pad_push_event (pad, event);
}

static GstPadProbeReturn
on_event (GstPad * pad, GstPadProbeInfo * info, gpointer user_data)
{
  Limit *limit = user_data;
  if (!gst_video_event_is_force_key_unit (GST_PAD_PROBE_INFO_EVENT (info)))
    return GST_PAD_PROBE_OK;

  gint64 now = g_get_monotonic_time ();
  g_mutex_lock (&limit->lock);
  gboolean early = limit->last && now - limit->last < limit->interval;
  if (!early)
    limit->last = now;
  limit->pending = early;
  limit->open |= limit->insists;
  g_mutex_unlock (&limit->lock);
  return early ? GST_PAD_PROBE_DROP : GST_PAD_PROBE_OK;
}

static GstPadProbeReturn
on_buffer (GstPad * pad, GstPadProbeInfo * info, gpointer user_data)
{
  Limit *limit = user_data;
  g_mutex_lock (&limit->lock);
  gint64 waited = g_get_monotonic_time () - limit->last;
  gboolean due = (limit->pending && waited >= limit->interval)
      || (limit->open && waited >= 2 * limit->interval);
  if (due)
    limit->pending = FALSE;
  g_mutex_unlock (&limit->lock);
  if (due)
    gst_chat_keyframe_request (pad);
  return GST_PAD_PROBE_OK;
}

void
gst_chat_keyframe_limit (GstPad * pad, GstClockTime interval)
{
  Limit *limit = g_new0 (Limit, 1);
  g_mutex_init (&limit->lock);
  limit->interval = interval / 1000;
  g_object_set_data_full (G_OBJECT (pad), key, limit, limit_free);
  gst_pad_add_probe (pad,
      GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST, on_buffer,
      limit, NULL);
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_EVENT_UPSTREAM, on_event, limit,
      NULL);
}

void
gst_chat_keyframe_set_interval (GstPad * pad, GstClockTime interval)
{
  Limit *limit = g_object_get_data (G_OBJECT (pad), key);
  g_mutex_lock (&limit->lock);
  limit->interval = interval / 1000;
  g_mutex_unlock (&limit->lock);
}

static GstPadProbeReturn
on_encoded (GstPad * pad, GstPadProbeInfo * info, gpointer user_data)
{
  Limit *limit = g_object_get_data (user_data, key);
  if (GST_BUFFER_FLAG_IS_SET (GST_PAD_PROBE_INFO_BUFFER (info),
          GST_BUFFER_FLAG_DELTA_UNIT))
    return GST_PAD_PROBE_OK;
  g_mutex_lock (&limit->lock);
  limit->open = FALSE;
  g_mutex_unlock (&limit->lock);
  return GST_PAD_PROBE_OK;
}

void
gst_chat_keyframe_insist (GstPad * limited, GstPad * encoded)
{
  Limit *limit = g_object_get_data (G_OBJECT (limited), key);
  g_mutex_lock (&limit->lock);
  limit->insists = TRUE;
  g_mutex_unlock (&limit->lock);
  gst_pad_add_probe (encoded, GST_PAD_PROBE_TYPE_BUFFER, on_encoded,
      gst_object_ref (limited), gst_object_unref);
}
