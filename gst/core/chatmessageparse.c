/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The chat protocol's messages: parsing, and the signal text of the pads. */
#include "chatmessage.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "chaterror.h"
#include "chatjsonwalk.h"
#include "chatlimits.h"

static gboolean
refuse (GError ** error, GstChatError code, const gchar * what,
    const gchar * name)
{
  g_set_error (error, GST_CHAT_ERROR, code, "%s: %s", name, what);
  return FALSE;
}

/* NULL where there is no such member, or it is not of @type. */
static JsonNode *
member_of_type (JsonObject * object, const gchar * name, JsonNodeType type)
{
  JsonNode *node = json_object_get_member (object, name);
  return node != NULL && JSON_NODE_TYPE (node) == type ? node : NULL;
}

static JsonObject *
object_member (JsonObject * object, const gchar * name)
{
  JsonNode *node = member_of_type (object, name, JSON_NODE_OBJECT);
  return node != NULL ? json_node_get_object (node) : NULL;
}

static const gchar *
node_string (JsonNode * node)
{
  if (node == NULL || JSON_NODE_TYPE (node) != JSON_NODE_VALUE
      || json_node_get_value_type (node) != G_TYPE_STRING)
    return NULL;
  return json_node_get_string (node);
}

static const gchar *
string_member (JsonObject * object, const gchar * name)
{
  return node_string (json_object_get_member (object, name));
}

static gboolean
uint_member (JsonObject * object, const gchar * name, guint * value)
{
  JsonNode *node = member_of_type (object, name, JSON_NODE_VALUE);
  if (node == NULL || json_node_get_value_type (node) != G_TYPE_INT64)
    return FALSE;
  gint64 number = json_node_get_int (node);
  if (number < 0 || number > G_MAXINT32)
    return FALSE;
  *value = (guint) number;
  return TRUE;
}

static gboolean
true_member (JsonObject * object, const gchar * name)
{
  JsonNode *node = member_of_type (object, name, JSON_NODE_VALUE);
  return node != NULL && json_node_get_value_type (node) == G_TYPE_BOOLEAN
      && json_node_get_boolean (node);
}

static gboolean
take_id (JsonObject * object, const gchar * name, gchar ** id, GError ** error)
{
  const gchar *text = string_member (object, name);
  if (text == NULL || !gst_chat_id_is_valid (text))
    return refuse (error, GST_CHAT_ERROR_MALFORMED, "no valid id", name);
  *id = g_strdup (text);
  return TRUE;
}

/* A string that must be there and must not be longer than @max_bytes. */
static gboolean
take_string (JsonObject * object, const gchar * name, gsize max_bytes,
    gchar ** value, GError ** error)
{
  const gchar *text = string_member (object, name);
  if (text == NULL)
    return refuse (error, GST_CHAT_ERROR_MALFORMED, "no string", name);
  if (strlen (text) > max_bytes)
    return refuse (error, GST_CHAT_ERROR_LIMIT, "too long", name);
  *value = g_strdup (text);
  return TRUE;
}

/* Not there is FALSE. */
static gboolean
take_boolean (JsonObject * object, const gchar * name, gboolean * value,
    GError ** error)
{
  *value = true_member (object, name);
  JsonNode *node = json_object_get_member (object, name);
  if (node != NULL && (!JSON_NODE_HOLDS_VALUE (node)
          || json_node_get_value_type (node) != G_TYPE_BOOLEAN))
    return refuse (error, GST_CHAT_ERROR_MALFORMED, "no boolean", name);
  return TRUE;
}

static gboolean
session_is_valid (const gchar * text)
{
  return strlen (text) == GST_CHAT_SESSION_CHARS
      && strspn (text, "0123456789abcdef") == GST_CHAT_SESSION_CHARS;
}

static gboolean
take_session (JsonObject * object, GstChatMessage * message, GError ** error)
{
  if (!json_object_has_member (object, "session"))
    return TRUE;
  const gchar *text = string_member (object, "session");
  if (text == NULL || !session_is_valid (text))
    return refuse (error, GST_CHAT_ERROR_MALFORMED,
        "not 32 hexadecimal digits", "session");
  message->session = g_strdup (text);
  return TRUE;
}

/* A wrong `chat` is as none: the call goes on as with a base peer. */
static void
take_chat (JsonObject * description, GstChatMessage * message)
{
  JsonObject *chat = object_member (description, "chat");
  if (chat == NULL)
    return;

  guint protocol, seq = 0;
  const gchar *session = string_member (chat, "session");
  if (!uint_member (chat, "protocol", &protocol) || protocol == 0
      || session == NULL || !session_is_valid (session)
      || (json_object_has_member (chat, "seq")
          && !uint_member (chat, "seq", &seq)))
    return;

  message->has_chat = TRUE;
  message->chat_protocol = protocol;
  message->seq = seq;
  message->trickle = true_member (chat, "trickle");
  message->session = g_strdup (session);
  message->name = gst_chat_text_clean (string_member (chat, "name"),
      GST_CHAT_MAX_NAME_BYTES);
}

static gboolean
take_description (JsonObject * object, const gchar * name,
    GstChatMessage * message, GError ** error)
{
  JsonObject *description = object_member (object, name);
  if (description == NULL)
    return refuse (error, GST_CHAT_ERROR_MALFORMED, "no object", name);
  if (json_object_has_member (description, "type")
      && g_strcmp0 (string_member (description, "type"), name) != 0)
    return refuse (error, GST_CHAT_ERROR_MALFORMED, "of another type", name);
  if (!take_string (description, "sdp", GST_CHAT_MAX_SDP_BYTES, &message->sdp,
          error))
    return FALSE;
  take_chat (description, message);
  return TRUE;
}

/* `users` says who; what `names` says about others is not looked at. */
static gboolean
take_users (JsonObject * object, GstChatMessage * message, GError ** error)
{
  JsonNode *node = member_of_type (object, "users", JSON_NODE_ARRAY);
  if (node == NULL)
    return refuse (error, GST_CHAT_ERROR_MALFORMED, "no array", "users");

  JsonArray *users = json_node_get_array (node);
  guint n_users = json_array_get_length (users);
  if (n_users > GST_CHAT_MAX_USERS)
    return refuse (error, GST_CHAT_ERROR_LIMIT, "too many", "users");

  JsonObject *names = object_member (object, "names");
  for (guint i = 0; i < n_users; i++) {
    const gchar *id = node_string (json_array_get_element (users, i));
    if (id == NULL || !gst_chat_id_is_valid (id))
      continue;
    g_autofree gchar *name = names == NULL ? NULL :
        gst_chat_text_clean (string_member (names, id),
        GST_CHAT_MAX_NAME_BYTES);
    g_ptr_array_add (message->users, gst_chat_user_new (id, name));
  }
  return TRUE;
}

static gboolean
take_candidate (JsonObject * object, GstChatMessage * message, GError ** error)
{
  if (member_of_type (object, "candidate", JSON_NODE_NULL) != NULL)
    return TRUE;
  JsonObject *candidate = object_member (object, "candidate");
  if (candidate == NULL)
    return refuse (error, GST_CHAT_ERROR_MALFORMED, "no object", "candidate");
  if (!take_string (candidate, "candidate", GST_CHAT_MAX_CANDIDATE_BYTES,
          &message->candidate, error))
    return FALSE;
  /* Browsers say "" for the end of the candidates as well. */
  if (message->candidate[0] == '\0')
    g_clear_pointer (&message->candidate, g_free);

  if (string_member (candidate, "sdpMid") != NULL
      && !take_string (candidate, "sdpMid", GST_CHAT_MAX_MID_BYTES,
          &message->sdp_mid, error))
    return FALSE;
  if (uint_member (candidate, "sdpMLineIndex", &message->sdp_mline_index)
      && message->sdp_mline_index >= GST_CHAT_MAX_MLINES)
    return refuse (error, GST_CHAT_ERROR_LIMIT, "too large", "sdpMLineIndex");
  return TRUE;
}

static gboolean
add_ice_server (GstChatMessage * message, JsonNode * url, JsonObject * server)
{
  const gchar *text = node_string (url);
  if (text == NULL || strlen (text) > GST_CHAT_MAX_URL_BYTES)
    return TRUE;
  if (message->ice_servers->len == GST_CHAT_MAX_ICE_SERVERS)
    return FALSE;

  GstChatIceServer *entry = g_new0 (GstChatIceServer, 1);
  entry->url = g_strdup (text);
  entry->username = g_strdup (string_member (server, "username"));
  entry->credential = g_strdup (string_member (server, "credential"));
  g_ptr_array_add (message->ice_servers, entry);
  return TRUE;
}

static gboolean
take_ice_servers (JsonArray * servers, GstChatMessage * message)
{
  for (guint i = 0; i < json_array_get_length (servers); i++) {
    JsonNode *node = json_array_get_element (servers, i);
    if (JSON_NODE_TYPE (node) != JSON_NODE_OBJECT)
      continue;
    JsonObject *server = json_node_get_object (node);
    JsonNode *urls = json_object_get_member (server, "urls");
    if (urls == NULL || JSON_NODE_TYPE (urls) != JSON_NODE_ARRAY) {
      if (!add_ice_server (message, urls, server))
        return FALSE;
      continue;
    }
    JsonArray *array = json_node_get_array (urls);
    for (guint j = 0; j < json_array_get_length (array); j++) {
      if (!add_ice_server (message, json_array_get_element (array, j), server))
        return FALSE;
    }
  }
  return TRUE;
}

static guint
feature_bit (const gchar * name)
{
  if (g_strcmp0 (name, "names") == 0)
    return GST_CHAT_FEATURE_NAMES;
  if (g_strcmp0 (name, "rooms") == 0)
    return GST_CHAT_FEATURE_ROOMS;
  if (g_strcmp0 (name, "relay") == 0)
    return GST_CHAT_FEATURE_RELAY;
  return 0;
}

static gboolean
take_server_info (JsonObject * object, GstChatMessage * message,
    GError ** error)
{
  message->server = gst_chat_text_clean (string_member (object, "server"),
      GST_CHAT_MAX_NAME_BYTES);

  JsonNode *features = member_of_type (object, "features", JSON_NODE_ARRAY);
  if (features != NULL) {
    JsonArray *array = json_node_get_array (features);
    for (guint i = 0; i < json_array_get_length (array); i++)
      message->features |=
          feature_bit (node_string (json_array_get_element (array, i)));
  }

  JsonNode *servers = member_of_type (object, "iceServers", JSON_NODE_ARRAY);
  if (servers != NULL
      && !take_ice_servers (json_node_get_array (servers), message))
    return refuse (error, GST_CHAT_ERROR_LIMIT, "too many", "iceServers");
  return TRUE;
}

static void
take_reason (JsonObject * object, GstChatMessage * message)
{
  message->reason = gst_chat_text_clean (string_member (object, "reason"),
      GST_CHAT_MAX_REASON_BYTES);
}

static gboolean
take_relayed (JsonObject * object, GstChatMessage * message, GError ** error)
{
  const gchar *from = json_object_has_member (object, "socket") ?
      "socket" : "to";
  return take_id (object, from, &message->peer, error)
      && take_session (object, message, error);
}

static gboolean
fill (GstChatMessage * message, JsonObject * object, GError ** error)
{
  switch (message->event) {
    case GST_CHAT_EVENT_UNKNOWN:
      return TRUE;
    case GST_CHAT_EVENT_UPDATE_USER_LIST:
      return take_users (object, message, error);
    case GST_CHAT_EVENT_REMOVE_USER:
      message->lost = true_member (object, "lost");
      return take_id (object, "socketId", &message->peer, error);
    case GST_CHAT_EVENT_CALL_USER:
      return take_id (object, "to", &message->peer, error)
          && take_description (object, "offer", message, error);
    case GST_CHAT_EVENT_CALL_MADE:
      return take_id (object, "socket", &message->peer, error)
          && take_description (object, "offer", message, error);
    case GST_CHAT_EVENT_MAKE_ANSWER:
      return take_id (object, "to", &message->peer, error)
          && take_description (object, "answer", message, error);
    case GST_CHAT_EVENT_ANSWER_MADE:
      return take_id (object, "socket", &message->peer, error)
          && take_description (object, "answer", message, error);
    case GST_CHAT_EVENT_SERVER_INFO:
      return take_server_info (object, message, error);
    case GST_CHAT_EVENT_ICE_CANDIDATE:
      return take_relayed (object, message, error)
          && take_candidate (object, message, error);
    case GST_CHAT_EVENT_HANG_UP:
    case GST_CHAT_EVENT_RINGING:
    case GST_CHAT_EVENT_DECLINE:
    case GST_CHAT_EVENT_CANCEL:
      take_reason (object, message);
      message->text = gst_chat_text_clean (string_member (object, "text"),
          GST_CHAT_MAX_WORDS_BYTES);
      return take_relayed (object, message, error);
    case GST_CHAT_EVENT_CHAT_MESSAGE:
      return take_relayed (object, message, error)
          && take_string (object, "text", GST_CHAT_MAX_TEXT_BYTES,
          &message->text, error);
    case GST_CHAT_EVENT_MEDIA_STATE:
      return take_relayed (object, message, error)
          && take_boolean (object, "audio", &message->audio, error)
          && take_boolean (object, "video", &message->video, error)
          && take_boolean (object, "screen", &message->screen, error);
    case GST_CHAT_EVENT_SIGNALLING_CONNECTED:
      return take_id (object, "id", &message->peer, error);
    case GST_CHAT_EVENT_SIGNALLING_DISCONNECTED:
      take_reason (object, message);
      return TRUE;
  }
  g_return_val_if_reached (FALSE);
}

/* The parser owns the tree. */
static JsonObject *
load (JsonParser * parser, const gchar * text, gsize len, GError ** error)
{
  if (!gst_chat_json_check (text, len, GST_CHAT_MAX_MESSAGE_BYTES, error))
    return NULL;
  g_autoptr (GError) why = NULL;
  if (!json_parser_load_from_data (parser, text, (gssize) len, &why)) {
    g_set_error_literal (error, GST_CHAT_ERROR, GST_CHAT_ERROR_MALFORMED,
        why->message);
    return NULL;
  }
  JsonNode *root = json_parser_get_root (parser);
  if (root == NULL || JSON_NODE_TYPE (root) != JSON_NODE_OBJECT) {
    refuse (error, GST_CHAT_ERROR_MALFORMED, "not a JSON object", "message");
    return NULL;
  }
  return json_node_get_object (root);
}

GstChatMessage *
gst_chat_message_parse (const gchar * event_name, const gchar * payload,
    gsize len, GError ** error)
{
  g_return_val_if_fail (event_name != NULL, NULL);

  GstChatEvent event = gst_chat_event_from_name (event_name);
  if (event == GST_CHAT_EVENT_UNKNOWN || gst_chat_event_is_local (event))
    return gst_chat_message_new (GST_CHAT_EVENT_UNKNOWN);

  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  JsonObject *object = load (parser, payload, payload != NULL ? len : 0, error);
  if (object == NULL)
    return NULL;
  g_autoptr (GstChatMessage) message = gst_chat_message_new (event);
  if (!fill (message, object, error))
    return NULL;
  return g_steal_pointer (&message);
}

GstChatMessage *
gst_chat_message_parse_signal (const gchar * text, gsize len, GError ** error)
{
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  JsonObject *object = load (parser, text, text != NULL ? len : 0, error);
  if (object == NULL)
    return NULL;
  const gchar *name = string_member (object, "event");
  if (name == NULL) {
    refuse (error, GST_CHAT_ERROR_MALFORMED, "no string", "event");
    return NULL;
  }
  g_autoptr (GstChatMessage) message =
      gst_chat_message_new (gst_chat_event_from_name (name));
  if (!fill (message, object, error))
    return NULL;
  return g_steal_pointer (&message);
}

gchar *
gst_chat_signal_from_payload (const gchar * event_name, const gchar * payload,
    gsize len)
{
  static const gchar *const forged[] = { "event", NULL };
  g_return_val_if_fail (event_name != NULL, NULL);

  GString *out = g_string_new ("{\"event\":");
  gst_chat_json_append_string (out, event_name);

  gsize blank = 0;
  while (payload != NULL && blank < len && g_ascii_isspace (payload[blank]))
    blank++;
  if (payload != NULL && blank < len) {
    if (payload[blank] == '{') {
      GstChatSlice object = { payload, len };
      gst_chat_json_copy_members (out, object, forged);
    } else {
      g_string_append (out, ",\"data\":");
      g_string_append_len (out, payload, (gssize) len);
    }
  }
  g_string_append_c (out, '}');
  return g_string_free (out, FALSE);
}
