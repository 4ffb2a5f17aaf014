/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Finds the strongest frequency and the level of decoded samples. */
#include "chatmediacheck.h"

#include <gst/fft/gstfftf64.h>
#include <math.h>

#define SILENCE_DB -120.0
/* Quieter than this has no frequency worth a name. */
#define TONE_MIN_DB -60.0
#define TONE_SHARE 0.5
#define HZ_STEP 20

struct _GstChatToneCheck
{
  GstChatToneResult result;
  GstFFTF64 *fft;
  guint size;                   /* samples of a window */
  guint filled;
  gdouble *window;
  GstFFTF64Complex *spectrum;
  GArray *tones;                /* guint: windows of each step of HZ_STEP */
  guint8 *unpacked;
  gsize unpacked_size;
};

GstChatToneCheck *
gst_chat_tone_check_new (void)
{
  GstChatToneCheck *check = g_new0 (GstChatToneCheck, 1);
  check->result.db = SILENCE_DB;
  check->tones = g_array_new (FALSE, TRUE, sizeof (guint));
  return check;
}

static void
clear_window (GstChatToneCheck * check)
{
  g_clear_pointer (&check->fft, gst_fft_f64_free);
  g_clear_pointer (&check->window, g_free);
  g_clear_pointer (&check->spectrum, g_free);
  check->filled = 0;
}

void
gst_chat_tone_check_free (GstChatToneCheck * check)
{
  if (check == NULL)
    return;
  clear_window (check);
  g_array_unref (check->tones);
  g_free (check->unpacked);
  g_free (check);
}

static void
set_rate (GstChatToneCheck * check, guint rate)
{
  clear_window (check);
  check->result.rate = rate;
  check->size = 256;
  while (check->size < rate / 6)
    check->size *= 2;
  check->fft = gst_fft_f64_new (check->size, FALSE);
  check->window = g_new (gdouble, check->size);
  check->spectrum = g_new (GstFFTF64Complex, check->size / 2 + 1);
}

static gdouble
power (const GstFFTF64Complex * bin)
{
  return bin->r * bin->r + bin->i * bin->i;
}

static void
count_tone (GstChatToneCheck * check, gdouble hz)
{
  guint step = (guint) (hz / HZ_STEP + 0.5);
  if (step >= check->tones->len)
    g_array_set_size (check->tones, step + 1);
  g_array_index (check->tones, guint, step)++;
}

static void
analyse (GstChatToneCheck * check)
{
  GstChatToneResult *result = &check->result;
  gdouble energy = 0;

  for (guint i = 0; i < check->size; i++)
    energy += check->window[i] * check->window[i];
  energy /= check->size;
  result->db = energy > 0 ? MAX (SILENCE_DB, 10 * log10 (energy)) : SILENCE_DB;
  result->hz = 0;
  result->tone = FALSE;
  if (result->db < TONE_MIN_DB)
    return;

  gst_fft_f64_window (check->fft, check->window, GST_FFT_WINDOW_HANN);
  gst_fft_f64_fft (check->fft, check->window, check->spectrum);

  /* The first bins are the window's view of a constant offset. */
  guint bins = check->size / 2 + 1, peak = 3;
  gdouble all = 0;
  for (guint i = 3; i < bins; i++) {
    gdouble p = power (&check->spectrum[i]);
    all += p;
    if (p > power (&check->spectrum[peak]))
      peak = i;
  }

  gdouble near_peak = 0, centre = 0;
  for (guint i = MAX (3, peak - 2); i <= MIN (bins - 1, peak + 2); i++) {
    near_peak += power (&check->spectrum[i]);
    centre += i * power (&check->spectrum[i]);
  }
  if (all <= 0)
    return;
  result->hz = centre / near_peak * result->rate / check->size;
  result->tone = near_peak > TONE_SHARE * all;
  if (result->tone)
    count_tone (check, result->hz);
}

gboolean
gst_chat_tone_check_feed_buffer (GstChatToneCheck * check,
    const GstAudioInfo * info, GstBuffer * buffer)
{
  const GstAudioFormatInfo *format = info->finfo;
  gboolean is_double = format->unpack_format == GST_AUDIO_FORMAT_F64;
  GstAudioBuffer audio;

  if ((!is_double && format->unpack_format != GST_AUDIO_FORMAT_S32)
      || GST_AUDIO_INFO_LAYOUT (info) != GST_AUDIO_LAYOUT_INTERLEAVED
      || !gst_audio_buffer_map (&audio, info, buffer, GST_MAP_READ))
    return FALSE;

  guint channels = GST_AUDIO_INFO_CHANNELS (info);
  gsize samples = GST_AUDIO_BUFFER_N_SAMPLES (&audio);
  gsize size = samples * channels * sizeof (gdouble);
  if (size > check->unpacked_size) {
    check->unpacked = g_realloc (check->unpacked, size);
    check->unpacked_size = size;
  }
  format->unpack_func (format, GST_AUDIO_PACK_FLAG_NONE, check->unpacked,
      GST_AUDIO_BUFFER_PLANE_DATA (&audio, 0), samples * channels);
  gst_audio_buffer_unmap (&audio);

  if (check->fft == NULL
      || check->result.rate != (guint) GST_AUDIO_INFO_RATE (info))
    set_rate (check, GST_AUDIO_INFO_RATE (info));
  check->result.channels = channels;
  check->result.samples += samples;

  const gdouble *doubles = (const gdouble *) check->unpacked;
  const gint32 *integers = (const gint32 *) check->unpacked;
  for (gsize i = 0; i < samples; i++) {
    gdouble sum = 0;
    for (guint c = 0; c < channels; c++)
      sum += is_double ? doubles[i * channels + c]
          : integers[i * channels + c] / 2147483648.0;
    check->window[check->filled++] = sum / channels;
    if (check->filled == check->size) {
      analyse (check);
      check->filled = 0;
    }
  }
  return TRUE;
}

void
gst_chat_tone_check_get (const GstChatToneCheck * check,
    GstChatToneResult * result)
{
  *result = check->result;
}

guint
gst_chat_tone_check_windows_of (const GstChatToneCheck * check, gdouble hz)
{
  guint step = (guint) (hz / HZ_STEP + 0.5), windows = 0;
  for (guint i = step > 0 ? step - 1 : 0; i <= step + 1; i++)
    if (i < check->tones->len)
      windows += g_array_index (check->tones, guint, i);
  return windows;
}

void
gst_chat_tone_check_foreach (const GstChatToneCheck * check,
    GstChatToneFunc func, gpointer user_data)
{
  for (guint i = 0; i < check->tones->len; i++) {
    guint windows = g_array_index (check->tones, guint, i);
    if (windows > 0)
      func (i * HZ_STEP, windows, user_data);
  }
}
