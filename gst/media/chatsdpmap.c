/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Which m-line on the wire is which m-line of webrtcbin. */
#include "chatsdpprivate.h"

static void
line_clear (gpointer data)
{
  GstChatSdpMapLine *line = data;
  g_free (line->mid);
  g_free (line->outside_mid);
}

GstChatSdpMap *
gst_chat_sdp_map_new (void)
{
  GstChatSdpMap *map = g_new0 (GstChatSdpMap, 1);
  map->lines = g_array_new (FALSE, TRUE, sizeof (GstChatSdpMapLine));
  g_array_set_clear_func (map->lines, line_clear);
  return map;
}

void
gst_chat_sdp_map_free (GstChatSdpMap * map)
{
  if (map != NULL) {
    g_array_unref (map->lines);
    g_free (map);
  }
}

GstChatSdpMapLine *
gst_chat_sdp_map_line (const GstChatSdpMap * map, guint inside)
{
  return inside < map->lines->len
      ? &g_array_index (map->lines, GstChatSdpMapLine, inside) : NULL;
}

static gboolean
has_inside_mid (const GstChatSdpMap * map, const gchar * mid)
{
  for (guint i = 0; i < map->lines->len; i++) {
    if (g_strcmp0 (gst_chat_sdp_map_line (map, i)->mid, mid) == 0) {
      return TRUE;
    }
  }
  return FALSE;
}

guint
gst_chat_sdp_map_add (GstChatSdpMap * map, guint outside,
    const gchar * outside_mid, const gchar * inside_mid, GstChatMediaType type)
{
  GstChatSdpMapLine line = {
    .outside = outside,
    .outside_mid = g_strdup (outside_mid),
    .mid = g_strdup (inside_mid),
    .type = type,
  };
  /* The m-line that had the mid may still stand in webrtcbin, rejected. */
  while (has_inside_mid (map, line.mid)) {
    gchar *longer = g_strconcat (line.mid, "x", NULL);
    g_free (line.mid);
    line.mid = longer;
  }
  g_array_append_val (map->lines, line);
  return map->lines->len - 1;
}

gint
gst_chat_sdp_map_to_inside (const GstChatSdpMap * map, guint outside)
{
  for (guint i = 0; i < map->lines->len; i++) {
    if (gst_chat_sdp_map_line (map, i)->outside == (gint) outside) {
      return i;
    }
  }
  return -1;
}

gint
gst_chat_sdp_map_to_outside (const GstChatSdpMap * map, guint inside)
{
  const GstChatSdpMapLine *line = gst_chat_sdp_map_line (map, inside);
  return line != NULL ? line->outside : -1;
}

const gchar *
gst_chat_sdp_map_get_mid (const GstChatSdpMap * map, guint outside)
{
  gint inside = gst_chat_sdp_map_to_inside (map, outside);
  return inside >= 0 ? gst_chat_sdp_map_line (map, inside)->mid : NULL;
}

gint
gst_chat_sdp_bundle_first_taken (const GstChatSdp * sdp,
    const GstChatSdpMap * map)
{
  for (guint i = 0; i < sdp->bundle_order->len; i++) {
    guint index = g_array_index (sdp->bundle_order, guint, i);
    if (gst_chat_sdp_map_to_inside (map, index) >= 0) {
      return index;
    }
  }
  return -1;
}
