/* SPDX-License-Identifier: LGPL-2.1-or-later
 * What a remote's description says, checked. */
#include "chatsdpprivate.h"

#include <string.h>

void
gst_chat_sdp_free (GstChatSdp * sdp)
{
  if (sdp == NULL) {
    return;
  }
  g_free (sdp->text);
  g_clear_pointer (&sdp->media, g_ptr_array_unref);
  g_clear_pointer (&sdp->bundle_order, g_array_unref);
  g_clear_pointer (&sdp->message, gst_sdp_message_free);
  g_free (sdp);
}

static void
synthesise_mids (GstChatSdp * sdp)
{
  for (guint i = 0; i < sdp->media->len; i++) {
    GstChatSdpMedia *media = g_ptr_array_index (sdp->media, i);
    gchar *mid = media->has_mid ? NULL : g_strdup_printf ("%u", i);
    while (mid != NULL && gst_chat_sdp_find_mid (sdp, mid) >= 0) {
      gchar *longer = g_strconcat ("x", mid, NULL);
      g_free (mid);
      mid = longer;
    }
    if (mid != NULL) {
      media->mid = mid;
    }
  }
}

static gboolean
bad_group (GError ** error, const gchar * what)
{
  g_set_error (error, GST_CHAT_ERROR, GST_CHAT_ERROR_MALFORMED,
      "The SDP's BUNDLE group %s", what);
  return FALSE;
}

static gboolean
read_bundle (GstChatSdp * sdp, GError ** error)
{
  const gchar *group = NULL;
  for (guint i = 0; i < gst_sdp_message_attributes_len (sdp->message); i++) {
    const GstSDPAttribute *attribute =
        gst_sdp_message_get_attribute (sdp->message, i);
    if (g_str_equal (attribute->key, "group") && attribute->value != NULL
        && g_str_has_prefix (attribute->value, "BUNDLE")) {
      if (group != NULL) {
        return bad_group (error, "is there twice");
      }
      group = attribute->value;
    }
  }
  if (group == NULL) {
    return TRUE;
  }

  g_auto (GStrv) words = g_strsplit (group, " ", -1);
  for (guint i = 1; words[i] != NULL; i++) {
    if (words[i][0] == '\0') {
      continue;
    }
    gint index = gst_chat_sdp_find_mid (sdp, words[i]);
    if (index < 0) {
      return bad_group (error, "names a mid that no m-line has");
    }
    GstChatSdpMedia *media = g_ptr_array_index (sdp->media, index);
    if (media->bundled) {
      return bad_group (error, "names a mid twice");
    }
    /* RFC 8843 forbids a rejected m-line in the group; it is left out. */
    if (media->rejected) {
      continue;
    }
    media->bundled = TRUE;
    g_array_append_val (sdp->bundle_order, index);
    if (!sdp->bundle) {
      sdp->bundle = TRUE;
      sdp->bundle_first = index;
    }
  }
  return TRUE;
}

GstChatSdp *
gst_chat_sdp_parse_remote (const gchar * text, gboolean is_offer,
    GError ** error)
{
  if (!gst_chat_sdp_scan (text, error)) {
    return NULL;
  }
  g_autoptr (GstChatSdp) sdp = g_new0 (GstChatSdp, 1);
  sdp->is_offer = is_offer;
  sdp->text = g_strdup (text);
  sdp->media =
      g_ptr_array_new_with_free_func ((GDestroyNotify) gst_chat_sdp_media_free);
  sdp->bundle_order = g_array_new (FALSE, FALSE, sizeof (guint));
  if (gst_sdp_message_new_from_text (text, &sdp->message) != GST_SDP_OK) {
    g_set_error_literal (error, GST_CHAT_ERROR, GST_CHAT_ERROR_MALFORMED,
        "The SDP cannot be parsed");
    return NULL;
  }
  for (guint i = 0; i < gst_sdp_message_medias_len (sdp->message); i++) {
    if (!gst_chat_sdp_read_media (sdp, i, error)) {
      return NULL;
    }
  }
  if (!read_bundle (sdp, error)) {
    return NULL;
  }
  synthesise_mids (sdp);
  if (sdp->bundle) {
    /* The others inherit from it. */
    if (!gst_chat_sdp_finish_media (sdp, sdp->bundle_first, error)) {
      return NULL;
    }
  }
  for (guint i = 0; i < sdp->media->len; i++) {
    if (!gst_chat_sdp_finish_media (sdp, i, error)) {
      return NULL;
    }
  }
  return g_steal_pointer (&sdp);
}

guint
gst_chat_sdp_n_media (const GstChatSdp * sdp)
{
  return sdp->media->len;
}

const GstChatSdpMedia *
gst_chat_sdp_get_media (const GstChatSdp * sdp, guint index)
{
  g_return_val_if_fail (index < sdp->media->len, NULL);
  return g_ptr_array_index (sdp->media, index);
}

gint
gst_chat_sdp_find_mid (const GstChatSdp * sdp, const gchar * mid)
{
  for (guint i = 0; i < sdp->media->len; i++) {
    const GstChatSdpMedia *media = g_ptr_array_index (sdp->media, i);
    if (media->mid != NULL && g_strcmp0 (media->mid, mid) == 0) {
      return i;
    }
  }
  return -1;
}
