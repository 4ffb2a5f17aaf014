/* SPDX-License-Identifier: LGPL-2.1-or-later
 * core: JSON, framing, messages, the roster's relay, the call's steps; beside
 * them what json-glib needs for the same. */
#include "micro.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "bench.h"
#include "chatcall.h"
#include "chatlimits.h"
#include "chatmessage.h"
#include "chatroster.h"
#include "chatwire.h"

static void
must (gboolean ok)
{
  if (!ok)
    bench_fail ("a case does not do what it should");
}

static void
json_check (void)
{
  must (gst_chat_json_check (micro_input.payload, micro_input.payload_len,
          GST_CHAT_MAX_MESSAGE_BYTES, NULL));
}

static void
json_glib_parse (void)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  must (json_parser_load_from_data (parser, micro_input.payload,
          (gssize) micro_input.payload_len, NULL));
}

/* ---- relaying an offer: frame in, frame out ---- */

static gchar *frame = NULL;
static GstChatRoster *roster = NULL;
static GstChatRosterUser *caller = NULL;
static GArray *effects = NULL;

static void
prepare_relay (void)
{
  if (frame)
    return;
  frame = gst_chat_sio_build_event ("call-user", micro_input.payload);
  roster = gst_chat_roster_new ("bench");
  effects = gst_chat_effects_new ();
  caller = gst_chat_roster_join (roster, "aaaaaaaaaaaaaaaaaaaa", "a", NULL,
      NULL, 0, effects);
  must (caller && gst_chat_roster_join (roster, "bbbbbbbbbbbbbbbbbbbb", "b",
          NULL, NULL, 0, effects));
}

static void
relay (void)
{
  prepare_relay ();
  g_array_set_size (effects, 0);
  GstChatEioPacket packet;
  GstChatSioPacket message;
  g_autofree gchar *event = NULL;
  GstChatSlice payload;
  must (gst_chat_eio_parse_text (frame, strlen (frame), &packet, NULL));
  must (gst_chat_json_check (strchr (packet.data.data, '['),
          packet.data.len - 1, GST_CHAT_MAX_MESSAGE_BYTES, NULL));
  must (gst_chat_sio_parse (packet.data, &message, NULL));
  must (gst_chat_sio_event (&message, &event, &payload, NULL));
  must (gst_chat_roster_relay (roster, caller, event, payload,
          g_get_monotonic_time (), effects) == GST_CHAT_RELAY_DONE);
}

static void
json_glib_relay (void)
{
  prepare_relay ();
  g_autoptr (JsonParser) parser = json_parser_new ();
  must (json_parser_load_from_data (parser, frame + 2, -1, NULL));
  JsonArray *array = json_node_get_array (json_parser_get_root (parser));
  JsonObject *in = json_array_get_object_element (array, 1);
  g_autoptr (JsonObject) out = json_object_new ();
  json_object_set_member (out, "offer",
      json_node_copy (json_object_get_member (in, "offer")));
  json_object_set_string_member (out, "socket", "aaaaaaaaaaaaaaaaaaaa");
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  json_node_set_object (node, out);
  g_autofree gchar *text = json_to_string (node, FALSE);
  g_autofree gchar *sent = g_strdup_printf ("42[\"call-made\",%s]", text);
  must (sent[0] == '4');
}

/* ---- the client's side ---- */

static void
message_parse (void)
{
  g_autoptr (GstChatMessage) message = gst_chat_message_parse ("call-user",
      micro_input.payload, micro_input.payload_len, NULL);
  must (message != NULL);
}

static void
signal_text (void)
{
  g_autofree gchar *text = gst_chat_signal_from_payload ("call-made",
      micro_input.payload,
      micro_input.payload_len);
  must (text != NULL);
}

/* A call that is placed, connected and hung up: eight events. */
static void
call_steps (void)
{
  static const GstChatCallEvent events[] = {
    {.type = GST_CHAT_CALL_EVENT_ONLINE},
    {.type = GST_CHAT_CALL_EVENT_CALL},
    {.type = GST_CHAT_CALL_EVENT_LOCAL_OFFER,.generation = 1},
    {.type = GST_CHAT_CALL_EVENT_ANSWER,.relation =
          GST_CHAT_CALL_FROM_REMOTE,.chat = TRUE,.candidates = TRUE},
    {.type = GST_CHAT_CALL_EVENT_CANDIDATES,.generation = 1},
    {.type = GST_CHAT_CALL_EVENT_LINK_UP,.generation = 1},
    {.type = GST_CHAT_CALL_EVENT_HANG_UP},
    {.type = GST_CHAT_CALL_EVENT_CLOSED,.generation = 1},
  };
  GstChatCall call;
  GstChatCallEffects out;
  gst_chat_call_init (&call, GST_CHAT_CALL_ACCEPT_ALL);
  gboolean connected = FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (events); i++) {
    gst_chat_call_step (&call, &events[i], 1000 * (i + 1), &out);
    connected |= call.state == GST_CHAT_CALL_CONNECTED;
  }
  must (connected && call.state == GST_CHAT_CALL_IDLE);
}

const MicroCase micro_core_cases[] = {
  {"JSON check of an offer", json_check},
  {"… json-glib, parsed", json_glib_parse},
  {"relay of an offer, frame to frame", relay},
  {"… with json-glib", json_glib_relay},
  {"an offer as a message", message_parse},
  {"an offer as signal text", signal_text},
  {"a whole call of the state machine (8 events)", call_steps},
  {NULL}
};
