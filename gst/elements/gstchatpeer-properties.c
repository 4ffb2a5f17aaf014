/* SPDX-License-Identifier: LGPL-2.1-or-later
 * chatpeer's properties. */
#include "config.h"

#include "gstchatpeerprivate.h"

#define GST_CAT_DEFAULT gst_chat_peer_debug

#define DEFAULT_URI "chat://localhost:5000"
#define DEFAULT_TIMEOUT 10000
#define DEFAULT_MEDIA_TIMEOUT 4500
#define DEFAULT_RESUME_TIMEOUT 90000
#define DEFAULT_LATENCY 50

enum
{
  PROP_0,
  PROP_URI,
  PROP_DISPLAY_NAME,
  PROP_ROOM,
  PROP_AUTH_TOKEN,
  PROP_RECONNECT,
  PROP_TIMEOUT,
  PROP_TLS_CA_FILE,
  PROP_TLS_VALIDATE,
  PROP_RUN_SERVER,
  PROP_CALL,
  PROP_ACCEPT,
  PROP_MEDIA_TIMEOUT,
  PROP_RESUME_TIMEOUT,
  PROP_STUN_SERVER,
  PROP_TURN_SERVERS,
  PROP_ICE_TRANSPORT_POLICY,
  PROP_LOCAL_ADDRESS,
  PROP_LATENCY,
  PROP_VIDEO_CODECS,
  PROP_AUDIO_CODECS,
  PROP_BITRATE,
  PROP_MIN_BITRATE,
  PROP_MAX_BITRATE,
  PROP_DECODE,
  PROP_STATE,
  PROP_REMOTE_ID,
  PROP_STATS,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

typedef enum
{
  POLICY_ALL,
  POLICY_RELAY,
} Policy;

static GType
accept_get_type (void)
{
  static const GEnumValue values[] = {
    {GST_CHAT_CALL_ACCEPT_ALL, "Every call is taken at once", "all"},
    {GST_CHAT_CALL_ACCEPT_NONE, "Every call is declined", "none"},
    {GST_CHAT_CALL_ACCEPT_ASK,
          "The signal incoming-call, or the actions call and hang-up, decide",
        "ask"},
    {0, NULL, NULL}
  };
  static GType type = 0;

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_enum_register_static ("GstChatPeerAccept",
            values));
  return type;
}

static GType
policy_get_type (void)
{
  static const GEnumValue values[] = {
    {POLICY_ALL, "Every path that works", "all"},
    {POLICY_RELAY, "Only through a TURN server of turn-servers", "relay"},
    {0, NULL, NULL}
  };
  static GType type = 0;

  if (g_once_init_enter (&type))
    g_once_init_leave (&type,
        g_enum_register_static ("GstChatPeerIceTransportPolicy", values));
  return type;
}

static GType
state_get_type (void)
{
  static const GEnumValue values[] = {
    {GST_CHAT_CALL_IDLE, "No call", "idle"},
    {GST_CHAT_CALL_CALLING, "Our call is under way to the remote", "calling"},
    {GST_CHAT_CALL_RINGING,
        "Waiting for the remote's user, or ours, to say yes", "ringing"},
    {GST_CHAT_CALL_CONNECTING, "The connection is being made", "connecting"},
    {GST_CHAT_CALL_CONNECTED, "Media flows", "connected"},
    {GST_CHAT_CALL_ENDING, "The connection is being taken down", "ending"},
    {0, NULL, NULL}
  };
  static GType type = 0;

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_enum_register_static ("GstChatPeerState",
            values));
  return type;
}

void
gst_chat_peer_init_settings (GstChatPeerSettings * settings)
{
  memset (settings, 0, sizeof *settings);
  settings->uri = g_strdup (DEFAULT_URI);
  settings->reconnect = TRUE;
  settings->timeout = DEFAULT_TIMEOUT;
  settings->tls_validate = TRUE;
  settings->accept = GST_CHAT_CALL_ACCEPT_ALL;
  settings->media_timeout = DEFAULT_MEDIA_TIMEOUT;
  settings->resume_timeout = DEFAULT_RESUME_TIMEOUT;
  settings->latency = DEFAULT_LATENCY;
  settings->decode = TRUE;
}

void
gst_chat_peer_clear_settings (GstChatPeerSettings * settings)
{
  g_free (settings->uri);
  g_free (settings->display_name);
  g_free (settings->room);
  g_free (settings->auth_token);
  g_free (settings->tls_ca_file);
  g_free (settings->call);
  g_free (settings->stun_server);
  g_free (settings->turn_servers);
  g_free (settings->local_address);
  g_free (settings->video_codecs);
  g_free (settings->audio_codecs);
  memset (settings, 0, sizeof *settings);
}

/* The string that @prop_id stands for; NULL: it is no string. OBJECT_LOCK. */
static gchar **
string_of (GstChatPeer * self, guint prop_id)
{
  switch (prop_id) {
    case PROP_URI:
      return &self->settings.uri;
    case PROP_DISPLAY_NAME:
      return &self->settings.display_name;
    case PROP_ROOM:
      return &self->settings.room;
    case PROP_AUTH_TOKEN:
      return &self->settings.auth_token;
    case PROP_TLS_CA_FILE:
      return &self->settings.tls_ca_file;
    case PROP_CALL:
      return &self->settings.call;
    case PROP_STUN_SERVER:
      return &self->settings.stun_server;
    case PROP_TURN_SERVERS:
      return &self->settings.turn_servers;
    case PROP_LOCAL_ADDRESS:
      return &self->settings.local_address;
    case PROP_VIDEO_CODECS:
      return &self->settings.video_codecs;
    case PROP_AUDIO_CODECS:
      return &self->settings.audio_codecs;
    default:
      return NULL;
  }
}

/* Ditto. */
static gboolean *
boolean_of (GstChatPeer * self, guint prop_id)
{
  switch (prop_id) {
    case PROP_RECONNECT:
      return &self->settings.reconnect;
    case PROP_TLS_VALIDATE:
      return &self->settings.tls_validate;
    case PROP_RUN_SERVER:
      return &self->settings.run_server;
    case PROP_DECODE:
      return &self->settings.decode;
    default:
      return NULL;
  }
}

/* Ditto. */
static guint *
number_of (GstChatPeer * self, guint prop_id)
{
  switch (prop_id) {
    case PROP_TIMEOUT:
      return &self->settings.timeout;
    case PROP_MEDIA_TIMEOUT:
      return &self->settings.media_timeout;
    case PROP_RESUME_TIMEOUT:
      return &self->settings.resume_timeout;
    case PROP_LATENCY:
      return &self->settings.latency;
    case PROP_BITRATE:
      return &self->settings.bitrate;
    case PROP_MIN_BITRATE:
      return &self->settings.min_bitrate;
    case PROP_MAX_BITRATE:
      return &self->settings.max_bitrate;
    default:
      return NULL;
  }
}

static void
set_string (gchar ** place, const GValue * value)
{
  const gchar *text = g_value_get_string (value);

  g_free (*place);
  *place = text != NULL && *text != '\0' ? g_strdup (text) : NULL;
}

/* A setting of the inner chatsignalsrc that may change while it runs. */
static void
forward (GstChatPeer * self, GParamSpec * pspec, const GValue * value)
{
  GST_OBJECT_LOCK (self);
  g_autoptr (GstElement) source = self->inner_source != NULL ?
      gst_object_ref (self->inner_source) : NULL;
  GST_OBJECT_UNLOCK (self);

  if (source != NULL)
    g_object_set_property (G_OBJECT (source), pspec->name, value);
}

static void
gst_chat_peer_set_property (GObject * object, guint prop_id,
    const GValue * value, GParamSpec * pspec)
{
  GstChatPeer *self = GST_CHAT_PEER (object);

  GST_OBJECT_LOCK (self);
  gchar **string = string_of (self, prop_id);
  gboolean *boolean = boolean_of (self, prop_id);
  guint *number = number_of (self, prop_id);
  if (string != NULL)
    set_string (string, value);
  else if (boolean != NULL)
    *boolean = g_value_get_boolean (value);
  else if (number != NULL)
    *number = g_value_get_uint (value);
  else if (prop_id == PROP_ACCEPT)
    self->settings.accept = g_value_get_enum (value);
  else if (prop_id == PROP_ICE_TRANSPORT_POLICY)
    self->settings.relay_only = g_value_get_enum (value) == POLICY_RELAY;
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  GST_OBJECT_UNLOCK (self);

  if (prop_id >= PROP_URI && prop_id <= PROP_RUN_SERVER)
    forward (self, pspec, value);
  else if (prop_id == PROP_CALL)
    gst_chat_peer_post (self, gst_chat_peer_rearm_in_loop);
  else if (prop_id >= PROP_BITRATE && prop_id <= PROP_MAX_BITRATE)
    gst_chat_peer_update_bitrate (self);
}

static void
gst_chat_peer_get_property (GObject * object, guint prop_id, GValue * value,
    GParamSpec * pspec)
{
  GstChatPeer *self = GST_CHAT_PEER (object);

  GST_OBJECT_LOCK (self);
  gchar **string = string_of (self, prop_id);
  gboolean *boolean = boolean_of (self, prop_id);
  guint *number = number_of (self, prop_id);
  if (string != NULL)
    g_value_set_string (value, *string);
  else if (boolean != NULL)
    g_value_set_boolean (value, *boolean);
  else if (number != NULL)
    g_value_set_uint (value, *number);
  else if (prop_id == PROP_ACCEPT)
    g_value_set_enum (value, self->settings.accept);
  else if (prop_id == PROP_ICE_TRANSPORT_POLICY)
    g_value_set_enum (value,
        self->settings.relay_only ? POLICY_RELAY : POLICY_ALL);
  else if (prop_id == PROP_STATE)
    g_value_set_enum (value, self->state);
  else if (prop_id == PROP_REMOTE_ID)
    g_value_set_string (value, self->remote_id);
  else if (prop_id == PROP_STATS)
    g_value_set_boxed (value, self->stats);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  GST_OBJECT_UNLOCK (self);
}

void
gst_chat_peer_notify_call_in_loop (GstChatPeer * self, gboolean remote_changed)
{
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_STATE]);
  if (remote_changed)
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_REMOTE_ID]);
}

void
gst_chat_peer_notify_stats_in_loop (GstChatPeer * self)
{
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_STATS]);
}

void
gst_chat_peer_configure_source (GstChatPeer * self, GstElement * source)
{
  for (guint id = PROP_URI; id <= PROP_RUN_SERVER; id++) {
    g_auto (GValue) value = G_VALUE_INIT;

    g_value_init (&value, props[id]->value_type);
    gst_chat_peer_get_property (G_OBJECT (self), id, &value, props[id]);
    /* What is not set keeps the source's own default. */
    if (!g_param_value_defaults (props[id], &value))
      g_object_set_property (G_OBJECT (source), props[id]->name, &value);
  }
}

gchar *
gst_chat_peer_useless_settings (GstChatPeer * self)
{
  g_autoptr (GString) names = g_string_new (NULL);

  for (guint id = PROP_URI; id <= PROP_RUN_SERVER; id++) {
    g_auto (GValue) value = G_VALUE_INIT;

    if (id == PROP_DISPLAY_NAME)
      continue;                 /* goes into our offers as well */
    g_value_init (&value, props[id]->value_type);
    gst_chat_peer_get_property (G_OBJECT (self), id, &value, props[id]);
    if (!g_param_value_defaults (props[id], &value))
      g_string_append_printf (names, "%s%s", names->len > 0 ? ", " : "",
          props[id]->name);
  }
  return names->len > 0 ? g_string_free (g_steal_pointer (&names), FALSE) :
      NULL;
}

static gchar **
split (const gchar * list)
{
  if (list == NULL)
    return NULL;
  g_auto (GStrv) parts = g_strsplit_set (list, ", ;", -1);
  g_autoptr (GPtrArray) kept = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; parts[i] != NULL; i++) {
    if (*parts[i] != '\0')
      g_ptr_array_add (kept, g_strdup (parts[i]));
  }
  if (kept->len == 0)
    return NULL;
  g_ptr_array_add (kept, NULL);
  return (gchar **) g_ptr_array_steal (kept, NULL);
}

GstChatConnectionConfig *
gst_chat_peer_connection_config (GstChatPeer * self)
{
  GstChatConnectionConfig *config = g_new0 (GstChatConnectionConfig, 1);

  GST_OBJECT_LOCK (self);
  config->stun_server = g_strdup (self->settings.stun_server);
  config->turn_servers = split (self->settings.turn_servers);
  /* What the user says goes before what the server says. */
  if (config->stun_server == NULL)
    config->stun_server = g_strdup (self->given_stun);
  if (config->turn_servers == NULL)
    config->turn_servers = g_strdupv (self->given_turn);
  config->relay_only = self->settings.relay_only;
  config->latency = self->settings.latency;
  config->audio_codecs = split (self->settings.audio_codecs);
  config->video_codecs = split (self->settings.video_codecs);
  config->local_address = g_strdup (self->settings.local_address);
  GST_OBJECT_UNLOCK (self);
  return config;
}

void
gst_chat_peer_connection_config_free (GstChatConnectionConfig * config)
{
  g_free (config->stun_server);
  g_strfreev (config->turn_servers);
  g_strfreev (config->audio_codecs);
  g_strfreev (config->video_codecs);
  g_free (config->local_address);
  g_free (config);
}

GstChatSenderConfig
gst_chat_peer_sender_config (GstChatPeer * self)
{
  GST_OBJECT_LOCK (self);
  GstChatSenderConfig config = {
    .bitrate = self->settings.bitrate,
    .min_bitrate = self->settings.min_bitrate,
  };
  if (config.bitrate > 0) {
    config.bitrate = MAX (config.bitrate, config.min_bitrate);
    if (self->settings.max_bitrate > 0)
      config.bitrate = MIN (config.bitrate, self->settings.max_bitrate);
  }
  GST_OBJECT_UNLOCK (self);
  return config;
}

#define SET_ONCE (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY)
#define WRITE_ONCE (G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY)
#define SET_ANY_TIME (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING)
#define READ_ONLY (G_PARAM_READABLE | G_PARAM_STATIC_STRINGS)

static void
install_signalling (void)
{
  props[PROP_URI] = g_param_spec_string ("uri", "URI",
      "Where the signalling server is: chat://host[:port][/path], chats:// with "
      "TLS (http(s):// and ws(s):// mean the same). Without effect where the "
      "signal pad is linked", DEFAULT_URI, SET_ONCE);
  props[PROP_DISPLAY_NAME] = g_param_spec_string ("display-name",
      "Display name", "The name under which others see this peer; NULL: they "
      "see its id. Servers of the base protocol do not know names",
      NULL, SET_ONCE);
  props[PROP_ROOM] = g_param_spec_string ("room", "Room",
      "Only users of the same room see each other; NULL: the default room. "
      "Servers of the base protocol have one room", NULL, SET_ONCE);
  props[PROP_AUTH_TOKEN] = g_param_spec_string ("auth-token", "Auth token",
      "What the server wants to see before it lets anybody in; a secret, so "
      "write-only. NULL: nothing", NULL, WRITE_ONCE);
  props[PROP_RECONNECT] = g_param_spec_boolean ("reconnect", "Reconnect",
      "Connect to the server again, after growing delays, where the connection "
      "cannot be made or is lost", TRUE, SET_ONCE);
  props[PROP_TIMEOUT] = g_param_spec_uint ("timeout", "Timeout",
      "Time for one attempt to connect to the server (in milliseconds)",
      100, 600000, DEFAULT_TIMEOUT, SET_ONCE);
  props[PROP_TLS_CA_FILE] = g_param_spec_string ("tls-ca-file", "TLS CA file",
      "PEM file with the authorities that may have signed the server's "
      "certificate; NULL: those of the system", NULL, SET_ONCE);
  props[PROP_TLS_VALIDATE] = g_param_spec_boolean ("tls-validate",
      "TLS validate", "Verify the server's certificate; FALSE lets anybody "
      "between here and there take part", TRUE, SET_ONCE);
  props[PROP_RUN_SERVER] = g_param_spec_boolean ("run-server", "Run server",
      "Be the server as well: signalling and web page on the address of uri",
      FALSE, SET_ONCE);
}

static void
install_call (void)
{
  props[PROP_CALL] = g_param_spec_string ("call", "Call",
      "Whom to call as soon as they are online: an id, a display name, or * for "
      "anybody; once for every time they come online. NULL: nobody. Setting it "
      "again calls again", NULL, SET_ANY_TIME);
  props[PROP_ACCEPT] = g_param_spec_enum ("accept", "Accept",
      "Which incoming calls are taken", accept_get_type (),
      GST_CHAT_CALL_ACCEPT_ALL, SET_ANY_TIME);
  props[PROP_MEDIA_TIMEOUT] = g_param_spec_uint ("media-timeout",
      "Media timeout", "A call from whose remote nothing comes for so long is "
      "lost (in milliseconds, 0 = never): it is made anew, see resume-timeout, "
      "or ends", 0, G_MAXINT, DEFAULT_MEDIA_TIMEOUT, SET_ANY_TIME);
  props[PROP_RESUME_TIMEOUT] = g_param_spec_uint ("resume-timeout",
      "Resume timeout", "For how long a call that is lost is tried to be made "
      "anew, with another chatpeer or the page of gst-chat-server (in "
      "milliseconds, 0 = not at all): its state is connecting, its pads stay",
      0, G_MAXINT, DEFAULT_RESUME_TIMEOUT, SET_ANY_TIME);
  props[PROP_STATE] = g_param_spec_enum ("state", "State",
      "What the call is doing", state_get_type (), GST_CHAT_CALL_IDLE,
      READ_ONLY);
  props[PROP_REMOTE_ID] = g_param_spec_string ("remote-id", "Remote id",
      "The id of the other side; NULL: no call", NULL, READ_ONLY);
  props[PROP_STATS] = g_param_spec_boxed ("stats", "Statistics",
      "Of the call, once a second: rtt and jitter (in seconds), loss-out and "
      "loss-in (0 to 1), bitrate-out and bitrate-in (in bit/s), codecs, sizes, "
      "local-candidate and remote-candidate; NULL: not connected yet",
      GST_TYPE_STRUCTURE, READ_ONLY);
}

static void
install_media (void)
{
  props[PROP_STUN_SERVER] = g_param_spec_string ("stun-server", "STUN server",
      "stun://host:port that tells us our public address; NULL: the one that "
      "the chat server names, or none", NULL, SET_ANY_TIME);
  props[PROP_TURN_SERVERS] = g_param_spec_string ("turn-servers",
      "TURN servers", "turn(s)://user:password@host:port of servers that relay "
      "media, separated by commas; NULL: those that the chat server names, or "
      "none", NULL, SET_ANY_TIME);
  props[PROP_ICE_TRANSPORT_POLICY] =
      g_param_spec_enum ("ice-transport-policy", "ICE transport policy",
      "Which paths to the remote are tried", policy_get_type (), POLICY_ALL,
      SET_ANY_TIME);
  props[PROP_LOCAL_ADDRESS] = g_param_spec_string ("local-address",
      "Local address", "The one IP address of this machine that media may use; "
      "NULL: all of them", NULL, SET_ANY_TIME);
  props[PROP_LATENCY] = g_param_spec_uint ("latency", "Latency",
      "How long received media waits for packets that are late (in "
      "milliseconds); the next call has it", 0, 10000, DEFAULT_LATENCY,
      SET_ANY_TIME);
  props[PROP_VIDEO_CODECS] = g_param_spec_string ("video-codecs",
      "Video codecs", "Which of vp8, vp9, h264 may be used, best first, "
      "separated by commas; NULL: all for which there are elements",
      NULL, SET_ANY_TIME);
  props[PROP_AUDIO_CODECS] = g_param_spec_string ("audio-codecs",
      "Audio codecs", "Which of opus, pcmu, pcma may be used, best first, "
      "separated by commas; NULL: all for which there are elements",
      NULL, SET_ANY_TIME);
  props[PROP_BITRATE] = g_param_spec_uint ("bitrate", "Bitrate",
      "What a video encoder aims at (in bit/s, 0 = by codec and size); down to "
      "a tenth of it while the remote reports that much is lost",
      0, G_MAXINT, 0, SET_ANY_TIME);
  props[PROP_MIN_BITRATE] = g_param_spec_uint ("min-bitrate",
      "Minimum bitrate", "Lower end of what bitrate is kept in (in bit/s)",
      0, G_MAXINT, 0, SET_ANY_TIME);
  props[PROP_MAX_BITRATE] = g_param_spec_uint ("max-bitrate",
      "Maximum bitrate", "Upper end of what bitrate is kept in (in bit/s, 0 = "
      "no limit)", 0, G_MAXINT, 0, SET_ANY_TIME);
  props[PROP_DECODE] = g_param_spec_boolean ("decode", "Decode",
      "Source pads give raw media; FALSE: media as the remote has encoded it",
      TRUE, SET_ONCE);
}

void
gst_chat_peer_install_properties (GObjectClass * klass)
{
  klass->set_property = gst_chat_peer_set_property;
  klass->get_property = gst_chat_peer_get_property;
  install_signalling ();
  install_call ();
  install_media ();
  g_object_class_install_properties (klass, N_PROPS, props);
  gst_type_mark_as_plugin_api (accept_get_type (), 0);
  gst_type_mark_as_plugin_api (policy_get_type (), 0);
  gst_type_mark_as_plugin_api (state_get_type (), 0);
}
