/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Small pieces of the SDP grammar that the files of the gate share. */
#include "chatsdpprivate.h"

#include <string.h>

#define QUOTE_MAX_BYTES 48

gchar *
gst_chat_sdp_quote (const gchar * value)
{
  GString *quoted = g_string_new ("“");
  gsize n = 0;
  for (const gchar * p = value; p != NULL && *p != '\0'; p++, n++) {
    if (n == QUOTE_MAX_BYTES) {
      g_string_append (quoted, "…");
      break;
    }
    g_string_append_c (quoted, g_ascii_isprint (*p) ? *p : '?');
  }
  g_string_append (quoted, "”");
  return g_string_free (quoted, FALSE);
}

gboolean
gst_chat_sdp_read_number (const gchar * text, guint64 max, guint64 * number)
{
  return text != NULL && g_ascii_isdigit (text[0])
      && g_ascii_string_to_unsigned (text, 10, 0, max, number, NULL);
}

gboolean
gst_chat_sdp_is_token (const gchar * text, gsize max)
{
  if (text == NULL || text[0] == '\0') {
    return FALSE;
  }
  gsize n = 0;
  for (const gchar * p = text; *p != '\0'; p++) {
    if (++n > max || !(g_ascii_isalnum (*p)
            || strchr ("!#$%&'*+-.^_`{|}~", *p) != NULL)) {
      return FALSE;
    }
  }
  return TRUE;
}

static const gchar *
find_attribute (const GArray * attributes, const gchar * key)
{
  for (guint i = 0; attributes != NULL && i < attributes->len; i++) {
    const GstSDPAttribute *attribute =
        &g_array_index (attributes, GstSDPAttribute, i);
    if (g_strcmp0 (attribute->key, key) == 0) {
      return attribute->value != NULL ? attribute->value : "";
    }
  }
  return NULL;
}

const gchar *
gst_chat_sdp_attribute (const GstSDPMessage * message,
    const GstSDPMedia * media, const gchar * key)
{
  const gchar *value = NULL;
  if (media != NULL) {
    value = find_attribute (media->attributes, key);
  }
  if (value == NULL && message != NULL) {
    value = find_attribute (message->attributes, key);
  }
  return value;
}

void
gst_chat_sdp_remove_attributes (GstSDPMedia * media, const gchar * key)
{
  for (guint i = gst_sdp_media_attributes_len (media); i > 0; i--) {
    if (g_strcmp0 (gst_sdp_media_get_attribute (media, i - 1)->key, key) == 0) {
      gst_sdp_media_remove_attribute (media, i - 1);
    }
  }
}

void
gst_chat_sdp_set_attribute (GstSDPMedia * media, const gchar * key,
    const gchar * value)
{
  gst_chat_sdp_remove_attributes (media, key);
  gst_sdp_media_add_attribute (media, key, value);
}

static const gchar *const direction_names[] = {
  [GST_CHAT_DIRECTION_INACTIVE] = "inactive",
  [GST_CHAT_DIRECTION_SENDONLY] = "sendonly",
  [GST_CHAT_DIRECTION_RECVONLY] = "recvonly",
  [GST_CHAT_DIRECTION_SENDRECV] = "sendrecv",
};

const gchar *
gst_chat_direction_name (GstChatDirection direction)
{
  return direction_names[direction];
}

gboolean
gst_chat_direction_from_name (const gchar * name, GstChatDirection * direction)
{
  for (guint i = 0; i < G_N_ELEMENTS (direction_names); i++) {
    if (g_strcmp0 (name, direction_names[i]) == 0) {
      *direction = i;
      return TRUE;
    }
  }
  return FALSE;
}

const gchar *
gst_chat_setup_name (GstChatSetup setup)
{
  switch (setup) {
    case GST_CHAT_SETUP_NONE:
      break;
    case GST_CHAT_SETUP_ACTPASS:
      return "actpass";
    case GST_CHAT_SETUP_ACTIVE:
      return "active";
    case GST_CHAT_SETUP_PASSIVE:
      return "passive";
  }
  return NULL;
}

const gchar *
gst_chat_media_type_name (GstChatMediaType type)
{
  switch (type) {
    case GST_CHAT_MEDIA_AUDIO:
      return "audio";
    case GST_CHAT_MEDIA_VIDEO:
      return "video";
    case GST_CHAT_MEDIA_DATA:
      return "data";
    case GST_CHAT_MEDIA_OTHER:
      break;
  }
  return "other";
}

gboolean
gst_chat_sdp_read_pt (const gchar * value, gint * pt, const gchar ** rest)
{
  const gchar *space = value != NULL ? strchr (value, ' ') : NULL;
  if (space == NULL || space == value || space - value > 3) {
    return FALSE;
  }
  gchar digits[4] = { 0, };
  memcpy (digits, value, space - value);
  guint64 number;
  if (g_str_equal (digits, "*")) {
    *pt = -1;
  } else if (gst_chat_sdp_read_number (digits, 127, &number)) {
    *pt = number;
  } else {
    return FALSE;
  }
  *rest = space + 1;
  return TRUE;
}

gchar *
gst_chat_sdp_fmtp_get (const gchar * fmtp, const gchar * name)
{
  if (fmtp == NULL) {
    return NULL;
  }
  g_auto (GStrv) parts = g_strsplit (fmtp, ";", -1);
  for (guint i = 0; parts[i] != NULL; i++) {
    gchar *value = strchr (parts[i], '=');
    if (value == NULL) {
      continue;
    }
    *value++ = '\0';
    if (g_ascii_strcasecmp (g_strstrip (parts[i]), name) == 0) {
      return g_strdup (g_strstrip (value));
    }
  }
  return NULL;
}

GstSDPMessage *
gst_chat_sdp_message_begin (const gchar * session_id, guint64 version)
{
  GstSDPMessage *message;
  gst_sdp_message_new (&message);
  g_autofree gchar *version_text =
      g_strdup_printf ("%" G_GUINT64_FORMAT, version);
  gst_sdp_message_set_version (message, "0");
  gst_sdp_message_set_origin (message, "-", session_id, version_text, "IN",
      "IP4", "0.0.0.0");
  gst_sdp_message_set_session_name (message, "-");
  gst_sdp_message_add_time (message, "0", "0", NULL);
  return message;
}
