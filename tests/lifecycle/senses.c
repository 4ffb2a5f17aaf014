/* SPDX-License-Identifier: LGPL-2.1-or-later
 * What a pipeline shows and says, and what it sees and hears. */
#include "senses.h"

#include <math.h>

#include "chatmediacheck.h"

struct _Senses
{
  Actor *actor;
  GstElement *picture, *tone;   /* references */
  GstPad *eye, *ear;            /* references */
  gulong probes[2];

  GMutex lock;
  GstChatPictureCheck *see;     /* lock */
  GstChatToneCheck *hear;       /* lock */
  Look look;                    /* lock; expected */
};

static const struct
{
  guint argb;
  GstChatColour colour;
} colours[] = {
  {0xffeb3232, GST_CHAT_COLOUR_RED},
  {0xff32eb32, GST_CHAT_COLOUR_GREEN},
  {0xff3250eb, GST_CHAT_COLOUR_BLUE},
};

gchar *
senses_launch (const gchar * port, const gchar * name, const gchar * properties)
{
  const gchar *fps = g_getenv ("CALLS_FPS");

  return g_strdup_printf ("chatpeer name=peer uri=chat://127.0.0.1:%s "
      "display-name=%s %s "
      "videotestsrc name=picture is-live=true pattern=ball ! "
      "video/x-raw,width=160,height=120,framerate=%s/1 ! peer. "
      "audiotestsrc name=tone is-live=true ! "
      "audio/x-raw,rate=48000,channels=1 ! peer. "
      "queue name=in-video ! videoconvert ! video/x-raw,format=I420 ! "
      "fakesink name=eye async=false sync=false "
      "queue name=in-audio ! audioconvert ! "
      "fakesink name=ear async=false sync=false", port, name, properties,
      fps != NULL ? fps : "10");
}

/* No two in a row have a tone or a colour in common. */
static guint
hz_of (Look look)
{
  return 400 + look % 7 * 60;
}

static GstPadProbeReturn
on_buffer (GstPad * pad, GstPadProbeInfo * info, gpointer data)
{
  Senses *senses = data;
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);
  GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER (info);
  GstVideoInfo video;
  GstAudioInfo audio;

  if (caps == NULL || GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_GAP))
    return GST_PAD_PROBE_OK;
  g_mutex_lock (&senses->lock);
  if (pad == senses->eye) {
    if (gst_video_info_from_caps (&video, caps))
      gst_chat_picture_check_feed_buffer (senses->see, &video, buffer);
  } else if (gst_audio_info_from_caps (&audio, caps)) {
    gst_chat_tone_check_feed_buffer (senses->hear, &audio, buffer);
  }
  g_mutex_unlock (&senses->lock);
  return GST_PAD_PROBE_OK;
}

static GstElement *
find (Actor * actor, const gchar * name)
{
  GstElement *element = gst_bin_get_by_name (GST_BIN (actor->pipeline), name);

  g_assert_nonnull (element);
  return element;
}

static GstPad *
watch (Senses * senses, const gchar * sink, gulong * probe)
{
  g_autoptr (GstElement) element = find (senses->actor, sink);
  GstPad *pad = gst_element_get_static_pad (element, "sink");

  *probe = gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, on_buffer, senses,
      NULL);
  return pad;
}

Senses *
senses_new (Actor * actor)
{
  Senses *senses = g_new0 (Senses, 1);

  senses->actor = actor;
  g_mutex_init (&senses->lock);
  senses->see = gst_chat_picture_check_new ();
  senses->hear = gst_chat_tone_check_new ();
  senses->picture = find (actor, "picture");
  senses->tone = find (actor, "tone");
  senses->eye = watch (senses, "eye", &senses->probes[0]);
  senses->ear = watch (senses, "ear", &senses->probes[1]);
  return senses;
}

void
senses_free (Senses * senses)
{
  gst_pad_remove_probe (senses->eye, senses->probes[0]);
  gst_pad_remove_probe (senses->ear, senses->probes[1]);
  gst_object_unref (senses->eye);
  gst_object_unref (senses->ear);
  gst_object_unref (senses->picture);
  gst_object_unref (senses->tone);
  gst_chat_picture_check_free (senses->see);
  gst_chat_tone_check_free (senses->hear);
  g_mutex_clear (&senses->lock);
  g_free (senses);
}

void
senses_show (Senses * senses, Look look)
{
  g_object_set (senses->picture, "foreground-color",
      colours[look % G_N_ELEMENTS (colours)].argb, NULL);
  g_object_set (senses->tone, "freq", (gdouble) hz_of (look), NULL);
}

void
senses_expect (Senses * senses, Look look)
{
  g_mutex_lock (&senses->lock);
  gst_chat_picture_check_free (senses->see);
  gst_chat_tone_check_free (senses->hear);
  senses->see = gst_chat_picture_check_new ();
  senses->hear = gst_chat_tone_check_new ();
  senses->look = look;
  g_mutex_unlock (&senses->lock);
}

static gboolean
met_in_lock (Senses * senses, GstChatPictureResult * seen,
    GstChatToneResult * heard)
{
  gst_chat_picture_check_get (senses->see, seen);
  gst_chat_tone_check_get (senses->hear, heard);
  return seen->moving
      && seen->colour == colours[senses->look % G_N_ELEMENTS (colours)].colour
      && gst_chat_tone_check_windows_of (senses->hear,
      hz_of (senses->look)) > 0;
}

gboolean
senses_met (Senses * senses)
{
  GstChatPictureResult seen;
  GstChatToneResult heard;

  g_mutex_lock (&senses->lock);
  gboolean met = met_in_lock (senses, &seen, &heard);
  g_mutex_unlock (&senses->lock);
  return met;
}

gchar *
senses_to_string (Senses * senses)
{
  GstChatPictureResult seen;
  GstChatToneResult heard;

  g_mutex_lock (&senses->lock);
  met_in_lock (senses, &seen, &heard);
  Look look = senses->look;
  g_mutex_unlock (&senses->lock);
  return g_strdup_printf ("%" G_GUINT64_FORMAT " pictures, a %s%s ball for a "
      "%s one; %" G_GUINT64_FORMAT " samples, %.0f Hz for %u", seen.frames,
      seen.moving ? "moving " : "", gst_chat_colour_name (seen.colour),
      gst_chat_colour_name (colours[look % G_N_ELEMENTS (colours)].colour),
      heard.samples, heard.hz, hz_of (look));
}
