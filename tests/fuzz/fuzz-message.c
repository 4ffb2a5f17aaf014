/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The chat protocol's messages: a first line with an event's name and behind it
 * its payload, or a signal as in a pipeline, which begins with a brace. What is
 * taken is within its limits, and what is built of it is taken again. */
#include "fuzz.h"

#include "chaticeserver.h"
#include "chatjsonscan.h"
#include "chatlimits.h"
#include "chatmessage.h"
#include "chaterror.h"

#include <string.h>

static void
check_text (const gchar * text, gsize max_bytes)
{
  fuzz_assert (text == NULL || (strlen (text) <= max_bytes
          && g_utf8_validate (text, -1, NULL)));
}

static void
check_line (const gchar * text, gsize max_bytes)
{
  check_text (text, max_bytes);
  for (const gchar * p = text; p != NULL && *p != '\0'; p++)
    fuzz_assert ((guchar) * p >= 0x20 && *p != 0x7f);
}

static void
check_users (const GPtrArray * users)
{
  fuzz_assert (users->len <= GST_CHAT_MAX_USERS);
  for (guint i = 0; i < users->len; i++) {
    const GstChatUser *user = g_ptr_array_index (users, i);
    fuzz_assert (gst_chat_id_is_valid (user->id));
    check_line (user->name, GST_CHAT_MAX_NAME_BYTES);
  }
}

static void
check_ice_servers (const GPtrArray * servers)
{
  fuzz_assert (servers->len <= GST_CHAT_MAX_ICE_SERVERS);
  for (guint i = 0; i < servers->len; i++) {
    const GstChatIceServer *server = g_ptr_array_index (servers, i);
    check_text (server->url, GST_CHAT_MAX_URL_BYTES);
    g_autofree gchar *uri = gst_chat_ice_server_uri (server);
    fuzz_assert (uri == NULL || g_str_has_prefix (uri, "stun")
        || g_str_has_prefix (uri, "turn"));
    check_line (uri, G_MAXSIZE);
  }
}

static void
check_message (const GstChatMessage * message)
{
  fuzz_assert (message->event <= GST_CHAT_EVENT_SIGNALLING_DISCONNECTED);
  fuzz_assert (message->peer == NULL || gst_chat_id_is_valid (message->peer));
  check_text (message->sdp, GST_CHAT_MAX_SDP_BYTES);
  check_line (message->name, GST_CHAT_MAX_NAME_BYTES);
  check_line (message->server, GST_CHAT_MAX_NAME_BYTES);
  check_line (message->reason, GST_CHAT_MAX_REASON_BYTES);
  check_text (message->text, GST_CHAT_MAX_TEXT_BYTES);
  check_text (message->candidate, GST_CHAT_MAX_CANDIDATE_BYTES);
  check_text (message->sdp_mid, GST_CHAT_MAX_MID_BYTES);
  fuzz_assert (message->sdp_mline_index < GST_CHAT_MAX_MLINES);
  fuzz_assert (message->session == NULL
      || strspn (message->session, "0123456789abcdef") == 32);
  if (message->users != NULL)
    check_users (message->users);
  if (message->ice_servers != NULL)
    check_ice_servers (message->ice_servers);
}

/* The local events are no messages of the wire. */
static void
build_again (const GstChatMessage * message)
{
  g_autofree gchar *built = gst_chat_message_build (message);
  gsize len = strlen (built);
  g_autoptr (GError) error = NULL;

  fuzz_assert (gst_chat_json_check (built, len, len, NULL));
  g_autoptr (GstChatMessage) again =
      gst_chat_message_parse (gst_chat_event_name (message->event), built, len,
      &error);
  if (again == NULL)
    fuzz_fail (error->message);
  if (gst_chat_event_is_local (message->event))
    return;
  fuzz_assert (again->event == message->event);
  fuzz_assert (g_strcmp0 (again->peer, message->peer) == 0);
  fuzz_assert (g_strcmp0 (again->sdp, message->sdp) == 0);
  fuzz_assert (g_strcmp0 (again->session, message->session) == 0);
  fuzz_assert (g_strcmp0 (again->candidate, message->candidate) == 0);
  g_autofree gchar *same = gst_chat_message_build (again);
  fuzz_assert (message->event == GST_CHAT_EVENT_SERVER_INFO
      || g_str_equal (built, same));
}

static void
use (GstChatMessage * message, const GError * error)
{
  fuzz_assert ((message == NULL) == (error != NULL));
  if (message == NULL) {
    fuzz_assert (g_utf8_validate (error->message, -1, NULL));
    return;
  }
  check_message (message);
  build_again (message);
  gst_chat_message_free (message);
}

/* As chatsignalsrc does it: what the scan has passed becomes a signal. */
static void
use_as_signal (const gchar * event, const gchar * payload, gsize len)
{
  if (!g_utf8_validate (event, -1, NULL)
      || !gst_chat_json_check (payload, len, GST_CHAT_MAX_MESSAGE_BYTES, NULL))
    return;
  g_autofree gchar *signal = gst_chat_signal_from_payload (event, payload, len);
  g_autoptr (GError) error = NULL;
  GstChatSlice slice = { signal, strlen (signal) }, name;

  if (!gst_chat_json_check (signal, slice.len, G_MAXSIZE, &error)) {
    fuzz_assert (error->code == GST_CHAT_ERROR_LIMIT);  /* a member more */
    return;
  }
  fuzz_assert (gst_chat_json_member (slice, "event", &name));
  g_autofree gchar *same = gst_chat_json_string (name, name.len);
  fuzz_assert (g_strcmp0 (event, same) == 0);
  g_clear_error (&error);
  GstChatMessage *message =
      gst_chat_message_parse_signal (signal, slice.len, &error);
  use (message, error);
}

int
LLVMFuzzerTestOneInput (const guint8 * data, gsize size)
{
  /* In places of their own, so that a byte too far is seen. */
  const guint8 *end = size > 0 ? memchr (data, '\n', size) : NULL;
  g_autoptr (GError) error = NULL;

  if (size > 0 && (data[0] == '{' || end == NULL)) {
    g_autofree gchar *text = g_memdup2 (data, size);
    GstChatMessage *message =
        gst_chat_message_parse_signal (text, size, &error);
    use (message, error);
    return 0;
  }
  if (end == NULL)
    return 0;
  g_autofree gchar *event = g_strndup ((const gchar *) data, end - data);
  gsize len = size - (end + 1 - data);
  g_autofree gchar *payload = g_memdup2 (end + 1, len);
  GstChatMessage *message =
      gst_chat_message_parse (event, payload, len, &error);
  use (message, error);
  use_as_signal (event, payload, len);
  return 0;
}

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  return 0;
}
