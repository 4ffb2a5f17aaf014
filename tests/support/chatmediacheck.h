/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Recognises media by its content: a ball of one colour that moves in decoded
 * pictures, a tone in decoded samples. For tests and for media-probe. */
#pragma once

#include <gst/audio/audio.h>
#include <gst/video/video.h>

G_BEGIN_DECLS
/* What videotestsrc pattern=ball foreground-color=… and the browsers' canvas
 * draw: a filled disc on a background that is dark, grey or another colour. */
    typedef enum
{
  GST_CHAT_COLOUR_NONE,
  GST_CHAT_COLOUR_RED,
  GST_CHAT_COLOUR_YELLOW,
  GST_CHAT_COLOUR_GREEN,
  GST_CHAT_COLOUR_CYAN,
  GST_CHAT_COLOUR_BLUE,
  GST_CHAT_COLOUR_MAGENTA,
  GST_CHAT_COLOUR_WHITE,
} GstChatColour;
#define GST_CHAT_N_COLOURS (GST_CHAT_COLOUR_WHITE + 1)

const gchar *gst_chat_colour_name (GstChatColour colour);       /* "none", "red", … */

typedef struct
{
  GstChatColour colour;         /* of three pictures in a row, or NONE */
  gboolean moving;              /* its centre has moved in the last 45 pictures */
  gdouble x, y;                 /* centre, 0 to 1 of width and height */
  gdouble travelled;            /* sum of the centre's ways, in picture widths */
  guint width, height;          /* of the last picture */
  guint64 frames;               /* pictures seen */
  guint64 seen[GST_CHAT_N_COLOURS];     /* pictures with a ball of that colour */
} GstChatPictureResult;

typedef struct _GstChatPictureCheck GstChatPictureCheck;

/* Not thread-safe: one streaming thread feeds, or the caller locks. */
GstChatPictureCheck *gst_chat_picture_check_new (void);
void gst_chat_picture_check_free (GstChatPictureCheck * check);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstChatPictureCheck, gst_chat_picture_check_free)
/* FALSE: @frame's format has more than 8 bits a sample; convert it before. */
     gboolean gst_chat_picture_check_feed (GstChatPictureCheck * check,
    GstVideoFrame * frame);
/* The same for a buffer of these caps. FALSE also where it cannot be mapped. */
     gboolean gst_chat_picture_check_feed_buffer (GstChatPictureCheck * check,
    const GstVideoInfo * info, GstBuffer * buffer);
     void gst_chat_picture_check_get (const GstChatPictureCheck * check,
    GstChatPictureResult * result);

     typedef struct
     {
       gdouble hz;              /* strongest frequency of the last window, 0: silence */
       gdouble db;              /* RMS of the last window in dBFS, -120 at the lowest */
       gboolean tone;           /* the frequency has more than half of the energy */
       guint64 samples;         /* seen, of one channel */
       guint rate;              /* of the last buffer */
       guint channels;
     } GstChatToneResult;

     typedef struct _GstChatToneCheck GstChatToneCheck;

/* Windows of about a sixth of a second; all channels are mixed. */
     GstChatToneCheck *gst_chat_tone_check_new (void);
     void gst_chat_tone_check_free (GstChatToneCheck * check);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstChatToneCheck, gst_chat_tone_check_free)
     gboolean gst_chat_tone_check_feed_buffer (GstChatToneCheck * check,
    const GstAudioInfo * info, GstBuffer * buffer);
     void gst_chat_tone_check_get (const GstChatToneCheck * check,
    GstChatToneResult * result);
/* Windows so far in which a tone within 20 Hz of @hz was recognised. */
     guint gst_chat_tone_check_windows_of (const GstChatToneCheck * check,
    gdouble hz);

     typedef void (*GstChatToneFunc) (gdouble hz, guint windows,
    gpointer user_data);
/* All tones so far, in steps of 20 Hz, lowest first. */
     void gst_chat_tone_check_foreach (const GstChatToneCheck * check,
    GstChatToneFunc func, gpointer user_data);

G_END_DECLS
