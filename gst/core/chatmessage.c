/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The chat protocol's messages: life, names, and building. */
#include "chatmessage.h"

#include <string.h>

#include "chatjsonscan.h"
#include "chatlimits.h"

/* The wire's names, in the order of GstChatEvent. */
static const gchar *const event_names[] = {
  "",
  "update-user-list",
  "remove-user",
  "call-user",
  "call-made",
  "make-answer",
  "answer-made",
  "server-info",
  "ice-candidate",
  "hang-up",
  "ringing",
  "decline",
  "cancel",
  "chat-message",
  "media-state",
  "signalling-connected",
  "signalling-disconnected",
};

G_STATIC_ASSERT (G_N_ELEMENTS (event_names) ==
    GST_CHAT_EVENT_SIGNALLING_DISCONNECTED + 1);

const gchar *
gst_chat_event_name (GstChatEvent event)
{
  g_return_val_if_fail ((guint) event < G_N_ELEMENTS (event_names), "");
  return event_names[event];
}

GstChatEvent
gst_chat_event_from_name (const gchar * name)
{
  for (guint i = GST_CHAT_EVENT_UNKNOWN + 1; i < G_N_ELEMENTS (event_names);
      i++) {
    if (g_str_equal (name, event_names[i]))
      return i;
  }
  return GST_CHAT_EVENT_UNKNOWN;
}

gboolean
gst_chat_event_is_local (GstChatEvent event)
{
  return event == GST_CHAT_EVENT_SIGNALLING_CONNECTED
      || event == GST_CHAT_EVENT_SIGNALLING_DISCONNECTED;
}

gboolean
gst_chat_id_is_valid (const gchar * id)
{
  gsize len = 0;
  for (; id[len] != '\0'; len++) {
    if (len == GST_CHAT_MAX_ID_BYTES || !g_ascii_isgraph (id[len])
        || strchr ("\"'`<>&\\", id[len]) != NULL)
      return FALSE;
  }
  return len > 0;
}

/* Controls break lines and terminals; the direction marks make a text look
 * like another one. */
static gboolean
is_shown (gunichar c)
{
  return !g_unichar_iscntrl (c) && !(c >= 0x2028 && c <= 0x202e)
      && !(c >= 0x2066 && c <= 0x2069) && c != 0xfeff;
}

gchar *
gst_chat_text_clean (const gchar * text, gsize max_bytes)
{
  if (text == NULL)
    return NULL;

  g_autoptr (GString) out = g_string_new (NULL);
  gboolean space = FALSE;
  while (*text != '\0') {
    gunichar c = g_utf8_get_char_validated (text, -1);
    if (c == (gunichar) - 1 || c == (gunichar) - 2) {
      text++;
      continue;
    }
    const gchar *next = g_utf8_next_char (text);
    if (g_unichar_isspace (c)) {
      space = TRUE;
    } else if (is_shown (c)) {
      gboolean gap = space && out->len > 0;
      if (out->len + (next - text) + (gap ? 1 : 0) > max_bytes)
        break;
      if (gap)
        g_string_append_c (out, ' ');
      space = FALSE;
      g_string_append_len (out, text, next - text);
    }
    text = next;
  }
  if (out->len == 0)
    return NULL;
  return g_string_free (g_steal_pointer (&out), FALSE);
}

GstChatUser *
gst_chat_user_new (const gchar * id, const gchar * name)
{
  GstChatUser *user = g_new0 (GstChatUser, 1);
  user->id = g_strdup (id);
  user->name = g_strdup (name);
  return user;
}

void
gst_chat_user_free (GstChatUser * user)
{
  if (user == NULL)
    return;
  g_free (user->id);
  g_free (user->name);
  g_free (user);
}

static void
ice_server_free (gpointer data)
{
  GstChatIceServer *server = data;
  g_free (server->url);
  g_free (server->username);
  g_free (server->credential);
  g_free (server);
}

GstChatMessage *
gst_chat_message_new (GstChatEvent event)
{
  GstChatMessage *message = g_new0 (GstChatMessage, 1);
  message->event = event;
  if (event == GST_CHAT_EVENT_UPDATE_USER_LIST)
    message->users = g_ptr_array_new_with_free_func ((GDestroyNotify)
        gst_chat_user_free);
  if (event == GST_CHAT_EVENT_SERVER_INFO)
    message->ice_servers = g_ptr_array_new_with_free_func (ice_server_free);
  return message;
}

GstChatMessage *
gst_chat_server_info_new (const gchar * server)
{
  GstChatMessage *message = gst_chat_message_new (GST_CHAT_EVENT_SERVER_INFO);
  message->server = g_strdup (server);
  message->features = GST_CHAT_FEATURE_NAMES | GST_CHAT_FEATURE_ROOMS
      | GST_CHAT_FEATURE_RELAY;
  return message;
}

void
gst_chat_message_free (GstChatMessage * message)
{
  if (message == NULL)
    return;
  g_free (message->peer);
  g_free (message->sdp);
  g_free (message->name);
  g_free (message->session);
  g_free (message->reason);
  g_free (message->text);
  g_free (message->candidate);
  g_free (message->sdp_mid);
  g_clear_pointer (&message->users, g_ptr_array_unref);
  g_free (message->server);
  g_clear_pointer (&message->ice_servers, g_ptr_array_unref);
  g_free (message);
}

/* Building: `,"name":` where a member is open already, `"name":` at first. */
static void
append_key (GString * out, const gchar * name)
{
  gchar last = out->str[out->len - 1];
  if (last != '{' && last != '[')
    g_string_append_c (out, ',');
  g_string_append_printf (out, "\"%s\":", name);
}

static void
append_member (GString * out, const gchar * name, const gchar * value)
{
  if (value == NULL)
    return;
  append_key (out, name);
  gst_chat_json_append_string (out, value);
}

static void
append_boolean (GString * out, const gchar * name, gboolean value)
{
  append_key (out, name);
  g_string_append (out, value ? "true" : "false");
}

static void
append_description (GString * out, const GstChatMessage * message,
    const gchar * type)
{
  append_key (out, type);
  g_string_append_c (out, '{');
  append_member (out, "type", type);
  append_member (out, "sdp", message->sdp != NULL ? message->sdp : "");
  if (message->has_chat) {
    append_key (out, "chat");
    g_string_append_printf (out, "{\"protocol\":%u", message->chat_protocol);
    append_member (out, "session", message->session);
    append_member (out, "name", message->name);
    g_string_append_printf (out, ",\"trickle\":%s,\"seq\":%u}",
        message->trickle ? "true" : "false", message->seq);
  }
  g_string_append_c (out, '}');
}

static void
append_candidate (GString * out, const GstChatMessage * message)
{
  append_key (out, "candidate");
  if (message->candidate == NULL) {
    g_string_append (out, "null");
    return;
  }
  g_string_append_c (out, '{');
  append_member (out, "candidate", message->candidate);
  append_member (out, "sdpMid", message->sdp_mid);
  g_string_append_printf (out, ",\"sdpMLineIndex\":%u}",
      message->sdp_mline_index);
}

static void
append_users (GString * out, const GPtrArray * users)
{
  g_string_append (out, "\"users\":[");
  gboolean named = FALSE;
  for (guint i = 0; i < users->len; i++) {
    const GstChatUser *user = g_ptr_array_index (users, i);
    if (i > 0)
      g_string_append_c (out, ',');
    gst_chat_json_append_string (out, user->id);
    named = named || user->name != NULL;
  }
  g_string_append_c (out, ']');
  if (!named)
    return;

  g_string_append (out, ",\"names\":{");
  for (guint i = 0; i < users->len; i++) {
    const GstChatUser *user = g_ptr_array_index (users, i);
    if (user->name == NULL)
      continue;
    if (out->str[out->len - 1] != '{')
      g_string_append_c (out, ',');
    gst_chat_json_append_string (out, user->id);
    g_string_append_c (out, ':');
    gst_chat_json_append_string (out, user->name);
  }
  g_string_append_c (out, '}');
}

static void
append_limit (GString * out, const gchar * name, guint value)
{
  if (value != 0)
    g_string_append_printf (out, ",\"%s\":%u", name, value);
}

static void
append_server_info (GString * out, const GstChatMessage * message)
{
  static const struct
  {
    guint bit;
    const gchar *name;
  } features[] = {
    {GST_CHAT_FEATURE_NAMES, "names"},
    {GST_CHAT_FEATURE_ROOMS, "rooms"},
    {GST_CHAT_FEATURE_RELAY, "relay"},
  };

  append_member (out, "server", message->server);
  append_key (out, "protocol");
  g_string_append (out, "1,\"features\":[");
  for (guint i = 0; i < G_N_ELEMENTS (features); i++) {
    if (!(message->features & features[i].bit))
      continue;
    if (out->str[out->len - 1] != '[')
      g_string_append_c (out, ',');
    gst_chat_json_append_string (out, features[i].name);
  }
  g_string_append (out, "],\"iceServers\":[");
  for (guint i = 0; i < message->ice_servers->len; i++) {
    const GstChatIceServer *server =
        g_ptr_array_index (message->ice_servers, i);
    g_string_append (out, i > 0 ? ",{" : "{");
    append_member (out, "urls", server->url);
    append_member (out, "username", server->username);
    append_member (out, "credential", server->credential);
    g_string_append_c (out, '}');
  }
  g_string_append_printf (out, "],\"limits\":{\"sdp\":%d,\"text\":%d",
      GST_CHAT_MAX_SDP_BYTES, GST_CHAT_MAX_TEXT_BYTES);
  append_limit (out, "events", message->max_events);
  append_limit (out, "bytes", message->max_bytes);
  append_limit (out, "users", message->max_users);
  g_string_append_c (out, '}');
  append_member (out, "reason", message->reason);
}

gchar *
gst_chat_message_build (const GstChatMessage * message)
{
  g_return_val_if_fail (message != NULL, NULL);

  GString *out = g_string_new ("{");
  switch (message->event) {
    case GST_CHAT_EVENT_UNKNOWN:
      break;
    case GST_CHAT_EVENT_UPDATE_USER_LIST:
      append_users (out, message->users);
      break;
    case GST_CHAT_EVENT_REMOVE_USER:
      append_member (out, "socketId", message->peer);
      if (message->lost)
        g_string_append (out, ",\"lost\":true");
      break;
    case GST_CHAT_EVENT_CALL_USER:
      append_description (out, message, "offer");
      append_member (out, "to", message->peer);
      break;
    case GST_CHAT_EVENT_CALL_MADE:
      append_description (out, message, "offer");
      append_member (out, "socket", message->peer);
      break;
    case GST_CHAT_EVENT_MAKE_ANSWER:
      append_description (out, message, "answer");
      append_member (out, "to", message->peer);
      break;
    case GST_CHAT_EVENT_ANSWER_MADE:
      append_member (out, "socket", message->peer);
      append_description (out, message, "answer");
      break;
    case GST_CHAT_EVENT_SERVER_INFO:
      append_server_info (out, message);
      break;
    case GST_CHAT_EVENT_ICE_CANDIDATE:
      append_member (out, "to", message->peer);
      append_candidate (out, message);
      append_member (out, "session", message->session);
      break;
    case GST_CHAT_EVENT_HANG_UP:
    case GST_CHAT_EVENT_RINGING:
    case GST_CHAT_EVENT_DECLINE:
    case GST_CHAT_EVENT_CANCEL:
      append_member (out, "to", message->peer);
      append_member (out, "session", message->session);
      append_member (out, "reason", message->reason);
      append_member (out, "text", message->text);
      break;
    case GST_CHAT_EVENT_CHAT_MESSAGE:
      append_member (out, "to", message->peer);
      append_member (out, "session", message->session);
      append_member (out, "text", message->text);
      break;
    case GST_CHAT_EVENT_MEDIA_STATE:
      append_member (out, "to", message->peer);
      append_member (out, "session", message->session);
      append_boolean (out, "audio", message->audio);
      append_boolean (out, "video", message->video);
      append_boolean (out, "screen", message->screen);
      break;
    case GST_CHAT_EVENT_SIGNALLING_CONNECTED:
      append_member (out, "id", message->peer);
      break;
    case GST_CHAT_EVENT_SIGNALLING_DISCONNECTED:
      append_member (out, "reason", message->reason);
      break;
  }
  g_string_append_c (out, '}');
  return g_string_free (out, FALSE);
}
