/* SPDX-License-Identifier: LGPL-2.1-or-later
 * chatsignalsrc: the connection to a Socket.IO signalling server as a live
 * source. */
/**
 * SECTION:element-chatsignalsrc
 * @title: chatsignalsrc
 * @short_description: a connection to a chat server as a live source
 * @see_also: chatpeer
 *
 * chatsignalsrc connects to a Socket.IO server (generation 2, 3 or 4) as one
 * user and gives out what the server says: one event a buffer, as a JSON
 * object whose member `event` is its name. Two events are its own:
 * `signalling-connected` with `id`, the user's own id, and
 * `signalling-disconnected` with `reason`. What is to be said to the server
 * travels against the flow, as a custom upstream event with a structure
 * `chat-signal` of the two strings `event` and `data`, a JSON object; it is
 * refused while there is no connection.
 *
 * A server that is away is no error: it is tried again, for ever, after a
 * growing time.
 *
 * ## Who is online, and what is said
 * |[
 * gst-launch-1.0 -m chatsignalsrc uri=chat://localhost:5000 ! fakesink dump=true
 * ]|
 * ## A call whose signalling is recorded
 * |[
 * gst-launch-1.0 -e chatsignalsrc display-name=Camera ! tee name=t \
 *   t. ! queue ! filesink location=signals.json  t. ! queue ! peer.signal \
 *   chatpeer name=peer  videotestsrc is-live=true ! peer.
 * ]|
 */
#include "gstchatsignalsrcprivate.h"

#include "chaturi.h"

#include <string.h>

GST_DEBUG_CATEGORY (gst_chat_signal_src_debug);
#define GST_CAT_DEFAULT gst_chat_signal_src_debug

enum
{
  PROP_0,
  PROP_URI,
  PROP_DISPLAY_NAME,
  PROP_ROOM,
  PROP_AUTH_TOKEN,
  PROP_PEER_ID,
  PROP_USERS,
  PROP_STATE,
  PROP_RECONNECT,
  PROP_TIMEOUT,
  PROP_TLS_CA_FILE,
  PROP_TLS_VALIDATE,
  PROP_RUN_SERVER,
  N_PROPERTIES
};

static GParamSpec *properties[N_PROPERTIES];

static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src",
    GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS ("application/x-chat-signal"));

static void gst_chat_signal_src_uri_handler_init (gpointer iface,
    gpointer data);

G_DEFINE_TYPE_WITH_CODE (GstChatSignalSrc, gst_chat_signal_src,
    GST_TYPE_PUSH_SRC,
    G_IMPLEMENT_INTERFACE (GST_TYPE_URI_HANDLER,
        gst_chat_signal_src_uri_handler_init);
    GST_DEBUG_CATEGORY_INIT (gst_chat_signal_src_debug, "chatsignalsrc", 0,
        "connection to a chat server"));
GST_ELEMENT_REGISTER_DEFINE (chatsignalsrc, "chatsignalsrc", GST_RANK_NONE,
    GST_TYPE_CHAT_SIGNAL_SRC);

static const GEnumValue state_values[] = {
  {GST_CHAT_SIGNAL_DISCONNECTED, "Not started, stopped, or given up",
      "disconnected"},
  {GST_CHAT_SIGNAL_CONNECTING, "Trying to reach the server for the first time",
      "connecting"},
  {GST_CHAT_SIGNAL_CONNECTED, "In the server's list of users", "connected"},
  {GST_CHAT_SIGNAL_RECONNECTING, "Was connected, and is trying again",
      "reconnecting"},
  {0, NULL, NULL}
};

GType
gst_chat_signal_state_get_type (void)
{
  static GType type = 0;
  if (g_once_init_enter (&type)) {
    GType once = g_enum_register_static ("GstChatSignalState", state_values);
    g_once_init_leave (&type, once);
  }
  return type;
}

const gchar *
gst_chat_signal_state_get_nick (GstChatSignalState state)
{
  return state_values[state].value_nick;
}

/* The flow. */

static GstFlowReturn
gst_chat_signal_src_create (GstPushSrc * src, GstBuffer ** buffer)
{
  GstChatSignalSrc *self = GST_CHAT_SIGNAL_SRC (src);
  gchar *text = gst_chat_signal_queue_pop (self->queue);
  if (!text)
    return GST_FLOW_FLUSHING;
  *buffer = gst_buffer_new_wrapped (text, strlen (text));
  return GST_FLOW_OK;
}

static gboolean
gst_chat_signal_src_unlock (GstBaseSrc * src)
{
  gst_chat_signal_queue_set_flushing (GST_CHAT_SIGNAL_SRC (src)->queue, TRUE);
  return TRUE;
}

static gboolean
gst_chat_signal_src_unlock_stop (GstBaseSrc * src)
{
  gst_chat_signal_queue_set_flushing (GST_CHAT_SIGNAL_SRC (src)->queue, FALSE);
  return TRUE;
}

static gboolean
handle_upstream (GstChatSignalSrc * self, GstEvent * event, gboolean * result)
{
  const GstStructure *s = gst_event_get_structure (event);
  if (GST_EVENT_TYPE (event) != GST_EVENT_CUSTOM_UPSTREAM || !s
      || !gst_structure_has_name (s, "chat-signal"))
    return FALSE;
  *result = gst_chat_signal_src_send (self, gst_structure_get_string (s,
          "event"), gst_structure_get_string (s, "data"));
  return TRUE;
}

static gboolean
gst_chat_signal_src_event (GstBaseSrc * src, GstEvent * event)
{
  gboolean result;
  if (handle_upstream (GST_CHAT_SIGNAL_SRC (src), event, &result))
    return result;
  return GST_BASE_SRC_CLASS (gst_chat_signal_src_parent_class)->event (src,
      event);
}

/* An application may send it to the element as well. */
static gboolean
gst_chat_signal_src_send_event (GstElement * element, GstEvent * event)
{
  gboolean result;
  if (!handle_upstream (GST_CHAT_SIGNAL_SRC (element), event, &result))
    return GST_ELEMENT_CLASS (gst_chat_signal_src_parent_class)->send_event
        (element, event);
  gst_event_unref (event);
  return result;
}

static GstStateChangeReturn
gst_chat_signal_src_change_state (GstElement * element,
    GstStateChange transition)
{
  if (transition == GST_STATE_CHANGE_NULL_TO_READY
      && !gst_chat_signal_src_open (GST_CHAT_SIGNAL_SRC (element)))
    return GST_STATE_CHANGE_FAILURE;
  return GST_ELEMENT_CLASS (gst_chat_signal_src_parent_class)->change_state
      (element, transition);
}

/* Properties. */

static void
replace_string (gchar ** where, const GValue * value)
{
  const gchar *text = g_value_get_string (value);
  g_free (*where);
  *where = text && *text ? g_strdup (text) : NULL;
}

static void
gst_chat_signal_src_set_property (GObject * object, guint id,
    const GValue * value, GParamSpec * pspec)
{
  GstChatSignalSrc *self = GST_CHAT_SIGNAL_SRC (object);
  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_URI:
      g_free (self->config.uri);
      self->config.uri = g_value_get_string (value) ?
          g_value_dup_string (value) : g_strdup (GST_CHAT_DEFAULT_URI);
      break;
    case PROP_DISPLAY_NAME:
      replace_string (&self->config.name, value);
      break;
    case PROP_ROOM:
      replace_string (&self->config.room, value);
      break;
    case PROP_AUTH_TOKEN:
      replace_string (&self->config.token, value);
      break;
    case PROP_RECONNECT:
      self->config.reconnect = g_value_get_boolean (value);
      break;
    case PROP_TIMEOUT:
      self->config.timeout = g_value_get_uint (value);
      break;
    case PROP_TLS_CA_FILE:
      replace_string (&self->config.tls_ca_file, value);
      break;
    case PROP_TLS_VALIDATE:
      self->config.tls_validate = g_value_get_boolean (value);
      break;
    case PROP_RUN_SERVER:
      self->run_server = g_value_get_boolean (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
  GST_OBJECT_UNLOCK (self);
}

/* With the lock. */
static void
get_users (GstChatSignalSrc * self, GValue * value)
{
  for (guint i = 0; i < gst_chat_users_get_n (self->users); i++) {
    const GstChatUser *user = gst_chat_users_get (self->users, i);
    GValue item = G_VALUE_INIT;
    g_value_init (&item, GST_TYPE_STRUCTURE);
    g_value_take_boxed (&item, gst_structure_new ("user",
            "id", G_TYPE_STRING, user->id, "name", G_TYPE_STRING, user->name,
            NULL));
    gst_value_array_append_and_take_value (value, &item);
  }
}

static void
gst_chat_signal_src_get_property (GObject * object, guint id, GValue * value,
    GParamSpec * pspec)
{
  GstChatSignalSrc *self = GST_CHAT_SIGNAL_SRC (object);
  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_URI:
      g_value_set_string (value, self->config.uri);
      break;
    case PROP_DISPLAY_NAME:
      g_value_set_string (value, self->config.name);
      break;
    case PROP_ROOM:
      g_value_set_string (value, self->config.room);
      break;
    case PROP_PEER_ID:
      g_value_set_string (value, self->peer_id);
      break;
    case PROP_USERS:
      get_users (self, value);
      break;
    case PROP_STATE:
      g_value_set_enum (value, self->state);
      break;
    case PROP_RECONNECT:
      g_value_set_boolean (value, self->config.reconnect);
      break;
    case PROP_TIMEOUT:
      g_value_set_uint (value, self->config.timeout);
      break;
    case PROP_TLS_CA_FILE:
      g_value_set_string (value, self->config.tls_ca_file);
      break;
    case PROP_TLS_VALIDATE:
      g_value_set_boolean (value, self->config.tls_validate);
      break;
    case PROP_RUN_SERVER:
      g_value_set_boolean (value, self->run_server);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
  GST_OBJECT_UNLOCK (self);
}

static GstURIType
gst_chat_signal_src_uri_get_type (GType type)
{
  return GST_URI_SRC;
}

static const gchar *const *
gst_chat_signal_src_uri_get_protocols (GType type)
{
  static const gchar *const protocols[] = { "chat", "chats", NULL };
  return protocols;
}

static gchar *
gst_chat_signal_src_uri_get_uri (GstURIHandler * handler)
{
  gchar *uri;
  g_object_get (handler, "uri", &uri, NULL);
  return uri;
}

static gboolean
gst_chat_signal_src_uri_set_uri (GstURIHandler * handler, const gchar * uri,
    GError ** error)
{
  GstChatSignalSrc *self = GST_CHAT_SIGNAL_SRC (handler);
  GST_OBJECT_LOCK (self);
  gboolean started = self->loop != NULL;
  GST_OBJECT_UNLOCK (self);
  if (started) {
    g_set_error (error, GST_URI_ERROR, GST_URI_ERROR_BAD_STATE,
        "uri cannot be changed above READY");
    return FALSE;
  }
  g_autoptr (GError) reason = NULL;
  g_autoptr (GUri) parsed = gst_chat_uri_parse (uri, &reason);
  if (!parsed) {
    g_set_error_literal (error, GST_URI_ERROR, GST_URI_ERROR_BAD_URI,
        reason->message);
    return FALSE;
  }
  g_object_set (self, "uri", uri, NULL);
  return TRUE;
}

static void
gst_chat_signal_src_uri_handler_init (gpointer g_iface, gpointer data)
{
  GstURIHandlerInterface *iface = g_iface;
  iface->get_type = gst_chat_signal_src_uri_get_type;
  iface->get_protocols = gst_chat_signal_src_uri_get_protocols;
  iface->get_uri = gst_chat_signal_src_uri_get_uri;
  iface->set_uri = gst_chat_signal_src_uri_set_uri;
}

static void
gst_chat_signal_src_finalize (GObject * object)
{
  GstChatSignalSrc *self = GST_CHAT_SIGNAL_SRC (object);
  gst_chat_socket_config_clear (&self->config);
  g_free (self->peer_id);
  gst_chat_users_free (self->users);
  gst_chat_signal_queue_free (self->queue);
  G_OBJECT_CLASS (gst_chat_signal_src_parent_class)->finalize (object);
}

static void
gst_chat_signal_src_init (GstChatSignalSrc * self)
{
  self->config.uri = g_strdup (GST_CHAT_DEFAULT_URI);
  self->config.reconnect = TRUE;
  self->config.timeout = GST_CHAT_DEFAULT_TIMEOUT;
  self->config.tls_validate = TRUE;
  self->users = gst_chat_users_new ();
  self->queue = gst_chat_signal_queue_new ();
  gst_base_src_set_live (GST_BASE_SRC (self), TRUE);
  gst_base_src_set_format (GST_BASE_SRC (self), GST_FORMAT_TIME);
  gst_base_src_set_do_timestamp (GST_BASE_SRC (self), TRUE);
}

static void
install_properties (GObjectClass * klass)
{
  const GParamFlags in_ready = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS
      | GST_PARAM_MUTABLE_READY;
  const GParamFlags read_only = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  properties[PROP_URI] = g_param_spec_string ("uri", "URI",
      "The server: chat://HOST[:PORT][/PATH], or chats:// for TLS; http(s):// "
      "and ws(s):// are taken as well. Without a port, chat and chats mean "
      "5000; without a path, /socket.io/. NULL: the default",
      GST_CHAT_DEFAULT_URI, in_ready);
  properties[PROP_DISPLAY_NAME] = g_param_spec_string ("display-name",
      "Display name", "The name that other users see, on servers that know "
      "names; others ignore it. NULL: none, the id is shown", NULL, in_ready);
  properties[PROP_ROOM] = g_param_spec_string ("room", "Room",
      "The room whose users are seen and can be called, on servers that know "
      "rooms; others ignore it. NULL: the server's default room", NULL,
      in_ready);
  properties[PROP_AUTH_TOKEN] = g_param_spec_string ("auth-token",
      "Authentication token", "What lets us in at servers that ask for it; "
      "others ignore it. Write-only. NULL: none", NULL,
      G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);
  properties[PROP_PEER_ID] = g_param_spec_string ("peer-id", "Peer id",
      "Our own id at the server, by which others call us; another one after "
      "each reconnection. NULL: not connected", NULL, read_only);
  properties[PROP_USERS] = gst_param_spec_array ("users", "Users",
      "Who else is online: one structure `user` each with the strings id and "
      "name (NULL where the server knows none), in the order of their coming. "
      "Empty while not connected", g_param_spec_boxed ("user", "User",
          "Another user", GST_TYPE_STRUCTURE, read_only), read_only);
  properties[PROP_STATE] = g_param_spec_enum ("state", "State",
      "Of the connection to the server; each change is also a chat-signalling "
      "message with the strings state, id and reason, and retry-in (ms), as far "
      "as there are any",
      GST_TYPE_CHAT_SIGNAL_STATE, GST_CHAT_SIGNAL_DISCONNECTED, read_only);
  properties[PROP_RECONNECT] = g_param_spec_boolean ("reconnect", "Reconnect",
      "Whether a server that is away is tried again, for ever, after a random "
      "time around 1 s that doubles up to 20 s; if not, it is an error", TRUE,
      in_ready);
  properties[PROP_TIMEOUT] = g_param_spec_uint ("timeout", "Timeout",
      "How long one attempt to connect may take, in milliseconds: half of it "
      "for a WebSocket, half for polling where there is none",
      GST_CHAT_MIN_TIMEOUT, GST_CHAT_MAX_TIMEOUT, GST_CHAT_DEFAULT_TIMEOUT,
      in_ready);
  properties[PROP_TLS_CA_FILE] = g_param_spec_string ("tls-ca-file",
      "TLS CA file", "A PEM file with the authorities that may have signed the "
      "server's certificate. NULL: those of the system", NULL, in_ready);
  properties[PROP_TLS_VALIDATE] = g_param_spec_boolean ("tls-validate",
      "TLS validate", "Whether the server's certificate has to be valid; only "
      "tests should say no, as anybody could read and change the signalling",
      TRUE, in_ready);
  properties[PROP_RUN_SERVER] = g_param_spec_boolean ("run-server",
      "Run server", "Host server and web page inside this process, on the "
      "uri's host and port, as long as the element is above READY", FALSE,
      in_ready);
  g_object_class_install_properties (klass, N_PROPERTIES, properties);
}

static void
install_signals (GstChatSignalSrcClass * klass)
{
  /**
   * GstChatSignalSrc::user-added:
   * @self: the element
   * @id: who has come online, or was so when we came
   * @name: (nullable): what they call themselves
   *
   * Comes in the element's own thread: do not change its state in there.
   */
  g_signal_new ("user-added",
      G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
      G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_STRING);
  /**
   * GstChatSignalSrc::user-removed:
   * @self: the element
   * @id: who has gone; everybody, when the connection is lost
   *
   * Comes in the element's own thread: do not change its state in there.
   */
  g_signal_new ("user-removed",
      G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
      G_TYPE_NONE, 1, G_TYPE_STRING);
  /**
   * GstChatSignalSrc::send:
   * @self: the element
   * @event: the event's name
   * @data: (nullable): its payload, JSON
   *
   * The same as a `chat-signal` event. Any thread.
   *
   * Returns: %FALSE if there is no connection, or @data is no JSON
   */
  g_signal_new_class_handler ("send",
      G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION,
      G_CALLBACK (gst_chat_signal_src_send), NULL, NULL, NULL, G_TYPE_BOOLEAN,
      2, G_TYPE_STRING, G_TYPE_STRING);
}

static void
gst_chat_signal_src_class_init (GstChatSignalSrcClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseSrcClass *src_class = GST_BASE_SRC_CLASS (klass);

  object_class->set_property = gst_chat_signal_src_set_property;
  object_class->get_property = gst_chat_signal_src_get_property;
  object_class->finalize = gst_chat_signal_src_finalize;
  install_properties (object_class);
  install_signals (klass);

  element_class->change_state = gst_chat_signal_src_change_state;
  element_class->send_event = gst_chat_signal_src_send_event;
  src_class->start = gst_chat_signal_src_start;
  src_class->stop = gst_chat_signal_src_stop;
  src_class->event = gst_chat_signal_src_event;
  src_class->unlock = gst_chat_signal_src_unlock;
  src_class->unlock_stop = gst_chat_signal_src_unlock_stop;
  GST_PUSH_SRC_CLASS (klass)->create = gst_chat_signal_src_create;

  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class,
      "Chat signalling source", "Source/Network",
      "Connects to a Socket.IO chat server and gives out what it says, one "
      "JSON text a buffer; takes what is to be said as chat-signal events",
      "gst-plugins-chat");
  gst_element_class_add_metadata (element_class, GST_ELEMENT_METADATA_DOC_URI,
      "docs/chatsignalsrc.md");
  gst_type_mark_as_plugin_api (GST_TYPE_CHAT_SIGNAL_STATE, 0);
}
