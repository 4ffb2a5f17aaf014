/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Finds one ball of one colour in decoded pictures and follows it. */
#include "chatmediacheck.h"

#include <math.h>
#include <string.h>

/* Pictures are looked at in about this width: fast, and still 30 points of a
 * ball of 20 pixels radius in full HD. */
#define MAP_WIDTH 320
#define MIN_BALL_POINTS 12
/* A larger area of one colour is a background. */
#define MAX_BALL_SHARE 0.25
/* 1 is a full disc, a square is 0.95, a bar of 1:3 is 0.57. */
#define MIN_ROUNDNESS 0.75
/* The rest of its colour, and all other colours, must be less than the ball:
 * colour bars are no ball. */
#define MIN_DOMINANCE 0.6
#define SURE_AFTER 3
#define MOVE_WINDOW 45
#define MOVE_DISTANCE 0.05

typedef struct
{
  guint points;
  gdouble x, y;                 /* sums, then the centre */
  gdouble squares;
} Blob;

struct _GstChatPictureCheck
{
  GstChatPictureResult result;
  GstChatColour candidate;      /* of the last pictures, not yet sure */
  guint candidate_count;
  gdouble track_x[MOVE_WINDOW], track_y[MOVE_WINDOW];
  guint track_len, track_next;

  guint8 *line;                 /* one unpacked line */
  gsize line_size;
  guint8 *map;                  /* a GstChatColour a point */
  guint *stack;                 /* of the flood fill */
  gsize map_size;
};

const gchar *
gst_chat_colour_name (GstChatColour colour)
{
  switch (colour) {
    case GST_CHAT_COLOUR_NONE:
      return "none";
    case GST_CHAT_COLOUR_RED:
      return "red";
    case GST_CHAT_COLOUR_YELLOW:
      return "yellow";
    case GST_CHAT_COLOUR_GREEN:
      return "green";
    case GST_CHAT_COLOUR_CYAN:
      return "cyan";
    case GST_CHAT_COLOUR_BLUE:
      return "blue";
    case GST_CHAT_COLOUR_MAGENTA:
      return "magenta";
    case GST_CHAT_COLOUR_WHITE:
      return "white";
  }
  return "none";
}

GstChatPictureCheck *
gst_chat_picture_check_new (void)
{
  return g_new0 (GstChatPictureCheck, 1);
}

void
gst_chat_picture_check_free (GstChatPictureCheck * check)
{
  if (check == NULL)
    return;
  g_free (check->line);
  g_free (check->map);
  g_free (check->stack);
  g_free (check);
}

static GstChatColour
classify (gint r, gint g, gint b)
{
  gint max = MAX (r, MAX (g, b)), min = MIN (r, MIN (g, b));

  if (min >= 190 && max - min <= 45)
    return GST_CHAT_COLOUR_WHITE;
  if (max < 96 || max - min < max * 45 / 100)
    return GST_CHAT_COLOUR_NONE;

  gdouble range = max - min, hue;
  if (max == r)
    hue = (g - b) / range;
  else if (max == g)
    hue = 2 + (b - r) / range;
  else
    hue = 4 + (r - g) / range;

  /* Six sectors of 60 degrees; what lies near a border is nobody's. */
  gdouble sector = rint (hue);
  if (fabs (hue - sector) > 0.42)
    return GST_CHAT_COLOUR_NONE;
  return GST_CHAT_COLOUR_RED + ((gint) sector + 6) % 6;
}

typedef struct
{
  gboolean yuv;
  gint offset[3];
  gdouble scale_y, scale_c;
  gdouble r_v, g_u, g_v, b_u;
} Matrix;

static Matrix
matrix_for (const GstVideoInfo * info, GstVideoFormat unpacked)
{
  const GstVideoFormatInfo *format = gst_video_format_get_info (unpacked);
  Matrix matrix = {.yuv = GST_VIDEO_FORMAT_INFO_IS_YUV (format) };
  if (!matrix.yuv)
    return matrix;

  gint scale[GST_VIDEO_MAX_COMPONENTS], offset[GST_VIDEO_MAX_COMPONENTS];
  gst_video_color_range_offsets (info->colorimetry.range, format, offset,
      scale);
  gdouble kr = 0.299, kb = 0.114;
  gst_video_color_matrix_get_Kr_Kb (info->colorimetry.matrix, &kr, &kb);

  for (guint i = 0; i < 3; i++)
    matrix.offset[i] = offset[i];
  matrix.scale_y = 255.0 / scale[0];
  matrix.scale_c = 255.0 / scale[1];
  matrix.r_v = 2 * (1 - kr);
  matrix.b_u = 2 * (1 - kb);
  matrix.g_u = -matrix.b_u * kb / (1 - kr - kb);
  matrix.g_v = -matrix.r_v * kr / (1 - kr - kb);
  return matrix;
}

/* @pixel is AYUV or ARGB. */
static GstChatColour
classify_pixel (const Matrix * matrix, const guint8 * pixel)
{
  if (!matrix->yuv)
    return classify (pixel[1], pixel[2], pixel[3]);
  gdouble y = (pixel[1] - matrix->offset[0]) * matrix->scale_y;
  gdouble u = (pixel[2] - matrix->offset[1]) * matrix->scale_c;
  gdouble v = (pixel[3] - matrix->offset[2]) * matrix->scale_c;
  return classify (CLAMP ((gint) (y + matrix->r_v * v), 0, 255),
      CLAMP ((gint) (y + matrix->g_u * u + matrix->g_v * v), 0, 255),
      CLAMP ((gint) (y + matrix->b_u * u), 0, 255));
}

/* Takes the blob around @start out of the map and measures it. */
static Blob
take_blob (GstChatPictureCheck * check, guint columns, guint rows, guint start)
{
  Blob blob = { 0 };
  guint8 colour = check->map[start];
  guint depth = 0;

  check->map[start] = GST_CHAT_COLOUR_NONE;
  check->stack[depth++] = start;
  while (depth > 0) {
    guint at = check->stack[--depth];
    guint x = at % columns, y = at / columns;
    blob.points++;
    blob.x += x;
    blob.y += y;
    blob.squares += (gdouble) x *x + (gdouble) y *y;

    const guint next[] = { at - 1, at + 1, at - columns, at + columns };
    const gboolean inside[] = { x > 0, x + 1 < columns, y > 0, y + 1 < rows };
    for (guint i = 0; i < G_N_ELEMENTS (next); i++) {
      if (inside[i] && check->map[next[i]] == colour) {
        check->map[next[i]] = GST_CHAT_COLOUR_NONE;
        check->stack[depth++] = next[i];
      }
    }
  }
  blob.x /= blob.points;
  blob.y /= blob.points;
  return blob;
}

/* How much the points lie like those of a full disc: its moment of inertia
 * beside theirs. */
static gdouble
roundness (const Blob * blob)
{
  gdouble spread = blob->squares / blob->points
      - blob->x * blob->x - blob->y * blob->y;
  /* a point is a small square itself */
  return blob->points / (2 * G_PI) / (spread + 1.0 / 6);
}

static GstChatColour
find_ball (GstChatPictureCheck * check, guint columns, guint rows,
    gdouble * x, gdouble * y)
{
  Blob largest[GST_CHAT_N_COLOURS] = { 0 };
  guint points[GST_CHAT_N_COLOURS] = { 0 };
  guint size = columns * rows;

  for (guint i = 0; i < size; i++) {
    GstChatColour colour = check->map[i];
    if (colour == GST_CHAT_COLOUR_NONE)
      continue;
    Blob blob = take_blob (check, columns, rows, i);
    points[colour] += blob.points;
    if (blob.points > largest[colour].points)
      largest[colour] = blob;
  }

  guint colourful = 0;
  for (guint i = GST_CHAT_COLOUR_RED; i < GST_CHAT_COLOUR_WHITE; i++)
    if (points[i] <= size * MAX_BALL_SHARE)
      colourful += points[i];

  /* White comes last and counts everything: text over the picture is white. */
  for (guint i = GST_CHAT_COLOUR_RED; i <= GST_CHAT_COLOUR_WHITE; i++) {
    const Blob *blob = &largest[i];
    guint all = i == GST_CHAT_COLOUR_WHITE ? colourful + points[i] : colourful;
    if (blob->points < MIN_BALL_POINTS || points[i] > size * MAX_BALL_SHARE
        || blob->points < all * MIN_DOMINANCE
        || roundness (blob) < MIN_ROUNDNESS)
      continue;
    *x = (blob->x + 0.5) / columns;
    *y = (blob->y + 0.5) / rows;
    return i;
  }
  return GST_CHAT_COLOUR_NONE;
}

static void
track (GstChatPictureCheck * check, gdouble x, gdouble y, gdouble aspect)
{
  GstChatPictureResult *result = &check->result;

  if (check->track_len > 0)
    result->travelled += hypot (x - result->x, (y - result->y) * aspect);
  result->x = x;
  result->y = y;
  check->track_x[check->track_next] = x;
  check->track_y[check->track_next] = y * aspect;
  check->track_next = (check->track_next + 1) % MOVE_WINDOW;
  check->track_len = MIN (check->track_len + 1, MOVE_WINDOW);

  gdouble left = x, right = x, top = y * aspect, bottom = y * aspect;
  for (guint i = 0; i < check->track_len; i++) {
    left = MIN (left, check->track_x[i]);
    right = MAX (right, check->track_x[i]);
    top = MIN (top, check->track_y[i]);
    bottom = MAX (bottom, check->track_y[i]);
  }
  result->moving = hypot (right - left, bottom - top) >= MOVE_DISTANCE;
}

static void
settle (GstChatPictureCheck * check, GstChatColour colour)
{
  if (colour != check->candidate) {
    check->candidate = colour;
    check->candidate_count = 0;
  }
  check->candidate_count++;
  if (check->candidate_count >= SURE_AFTER && check->result.colour != colour) {
    check->result.colour = colour;
    check->result.moving = FALSE;
    check->track_len = check->track_next = 0;
  }
  check->result.seen[colour]++;
}

gboolean
gst_chat_picture_check_feed (GstChatPictureCheck * check, GstVideoFrame * frame)
{
  const GstVideoFormatInfo *format = frame->info.finfo;
  guint width = GST_VIDEO_FRAME_WIDTH (frame);
  guint height = GST_VIDEO_FRAME_HEIGHT (frame);

  if (format->unpack_func == NULL
      || (format->unpack_format != GST_VIDEO_FORMAT_AYUV
          && format->unpack_format != GST_VIDEO_FORMAT_ARGB))
    return FALSE;

  guint step = MAX (1, width / MAP_WIDTH);
  guint columns = width / step, rows = height / step;
  gsize line_size = ((gsize) width + 16) * 4;
  gsize map_size = (gsize) columns * rows;
  if (line_size > check->line_size) {
    check->line = g_realloc (check->line, line_size);
    check->line_size = line_size;
  }
  if (map_size > check->map_size) {
    check->map = g_realloc (check->map, map_size);
    check->stack = g_realloc_n (check->stack, map_size, sizeof (guint));
    check->map_size = map_size;
  }

  Matrix matrix = matrix_for (&frame->info, format->unpack_format);
  for (guint row = 0; row < rows; row++) {
    format->unpack_func (format, GST_VIDEO_PACK_FLAG_NONE, check->line,
        frame->data, frame->info.stride, 0, row * step, width);
    for (guint column = 0; column < columns; column++)
      check->map[row * columns + column] =
          classify_pixel (&matrix, check->line + column * step * 4);
  }

  gdouble x = 0, y = 0;
  GstChatColour colour = find_ball (check, columns, rows, &x, &y);
  check->result.frames++;
  check->result.width = width;
  check->result.height = height;
  settle (check, colour);
  if (colour != GST_CHAT_COLOUR_NONE && colour == check->result.colour)
    track (check, x, y, (gdouble) height / width);
  return TRUE;
}

gboolean
gst_chat_picture_check_feed_buffer (GstChatPictureCheck * check,
    const GstVideoInfo * info, GstBuffer * buffer)
{
  GstVideoFrame frame;

  if (!gst_video_frame_map (&frame, info, buffer, GST_MAP_READ))
    return FALSE;
  gboolean done = gst_chat_picture_check_feed (check, &frame);
  gst_video_frame_unmap (&frame);
  return done;
}

void
gst_chat_picture_check_get (const GstChatPictureCheck * check,
    GstChatPictureResult * result)
{
  *result = check->result;
}
