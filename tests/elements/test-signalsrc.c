/* SPDX-License-Identifier: LGPL-2.1-or-later
 * chatsignalsrc against a server that behaves as a script says. */
#include "scripted-server.h"

#include <gst/check/gstcheck.h>
#include <gst/check/gstharness.h>
#include <gio/gio.h>

#define OPEN ">0{\"sid\":\"engine\",\"upgrades\":[],\"pingInterval\":25000," \
    "\"pingTimeout\":20000,\"maxPayload\":1000000}"
#define CONNECT OPEN "|<40*|>40{\"sid\":\"me\"}"

typedef struct
{
  ScriptedServer *server;
  GstElement *element;
  GstHarness *harness;
  GstBus *bus;
  gchar *uri;
} Fixture;

static GstElement *
make_element (const gchar * uri)
{
  GstElement *element = gst_element_factory_make ("chatsignalsrc", NULL);
  fail_unless (element != NULL, "the plugin is not there");
  /* Long, as other tests may load the machine. */
  g_object_set (element, "uri", uri, "timeout", 60000, NULL);
  return element;
}

static void
set_up (Fixture * f, const gchar * const *scripts)
{
  f->server = scripted_server_new (scripts, NULL);
  f->uri = g_strdup_printf ("chat://127.0.0.1:%u",
      scripted_server_get_port (f->server));
  f->element = make_element (f->uri);
  f->bus = gst_bus_new ();
  gst_element_set_bus (f->element, f->bus);
  f->harness = gst_harness_new_with_element (f->element, NULL, "src");
}

static void
tear_down (Fixture * f)
{
  gst_harness_teardown (f->harness);
  gst_element_set_bus (f->element, NULL);
  gst_object_unref (f->element);
  gst_object_unref (f->bus);
  scripted_server_free (f->server);
  g_free (f->uri);
}

#define SET_UP(f, ...) \
  const gchar *const scripts[] = { __VA_ARGS__, NULL }; \
  set_up (&f, scripts)

static void
expect_signal (Fixture * f, const gchar * expected)
{
  GstBuffer *buffer = gst_harness_pull (f->harness);
  fail_unless (buffer != NULL, "waited in vain for %s", expected);
  fail_unless (GST_BUFFER_PTS_IS_VALID (buffer));
  GstMapInfo map;
  gst_buffer_map (buffer, &map, GST_MAP_READ);
  g_autofree gchar *text = g_strndup ((gchar *) map.data, map.size);
  gst_buffer_unmap (buffer, &map);
  gst_buffer_unref (buffer);
  if (g_str_has_suffix (expected, "*"))
    fail_unless (strncmp (text, expected, strlen (expected) - 1) == 0,
        "expected %s, got %s", expected, text);
  else
    fail_unless_equals_string (text, expected);
}

static void
free_kept (gpointer kept)
{
  g_queue_free_full (kept, (GDestroyNotify) gst_message_unref);
}

/* Messages that were not asked for yet, in their order. */
static GQueue *
kept_messages (GstBus * bus)
{
  GQueue *kept = g_object_get_data (G_OBJECT (bus), "kept");
  if (!kept) {
    kept = g_queue_new ();
    g_object_set_data_full (G_OBJECT (bus), "kept", kept, free_kept);
  }
  return kept;
}

/* The first message of @type that was not asked for yet, or NULL. */
static GstMessage *
find_message (GstBus * bus, GstMessageType type, GstClockTime wait)
{
  GQueue *kept = kept_messages (bus);
  for (GList * at = kept->head; at; at = at->next) {
    GstMessage *message = at->data;
    if (GST_MESSAGE_TYPE (message) == type) {
      g_queue_delete_link (kept, at);
      return message;
    }
  }
  GstMessage *message;
  while ((message = gst_bus_timed_pop (bus, wait))) {
    if (GST_MESSAGE_TYPE (message) == type)
      return message;
    g_queue_push_tail (kept, message);
  }
  return NULL;
}

static GstMessage *
expect_message (GstBus * bus, GstMessageType type)
{
  GstMessage *message = find_message (bus, type, 50 * GST_SECOND);
  fail_unless (message != NULL, "waited in vain for a message of type %s",
      gst_message_type_get_name (type));
  return message;
}

static void
expect_no_error (GstBus * bus)
{
  GstMessage *message = find_message (bus, GST_MESSAGE_ERROR, 0);
  fail_unless (message == NULL);
}

/* The next chat-signalling message of that state; its reason. */
static gchar *
expect_state (GstBus * bus, const gchar * state)
{
  for (;;) {
    g_autoptr (GstMessage) message = expect_message (bus, GST_MESSAGE_ELEMENT);
    const GstStructure *s = gst_message_get_structure (message);
    fail_unless (gst_structure_has_name (s, "chat-signalling"));
    if (!g_strcmp0 (gst_structure_get_string (s, "state"), state))
      return g_strdup (gst_structure_get_string (s, "reason"));
  }
}

static void
expect_progress (GstBus * bus, GstProgressType expected)
{
  g_autoptr (GstMessage) message = expect_message (bus, GST_MESSAGE_PROGRESS);
  GstProgressType type;
  gst_message_parse_progress (message, &type, NULL, NULL);
  fail_unless_equals_int (type, expected);
}

static void
expect_warning (GstBus * bus, const gchar * words)
{
  g_autoptr (GstMessage) message = expect_message (bus, GST_MESSAGE_WARNING);
  g_autoptr (GError) error = NULL;
  gst_message_parse_warning (message, &error, NULL);
  fail_unless (strstr (error->message, words) != NULL, "%s", error->message);
}

static void
expect_error (GstBus * bus, gint code, const gchar * words)
{
  g_autoptr (GstMessage) message = expect_message (bus, GST_MESSAGE_ERROR);
  g_autoptr (GError) error = NULL;
  gst_message_parse_error (message, &error, NULL);
  fail_unless (g_error_matches (error, GST_RESOURCE_ERROR, code), "%s",
      error->message);
  fail_unless (strstr (error->message, words) != NULL, "%s", error->message);
}

static GstEvent *
make_signal (const gchar * event, const gchar * data)
{
  return gst_event_new_custom (GST_EVENT_CUSTOM_UPSTREAM,
      gst_structure_new ("chat-signal", "event", G_TYPE_STRING, event,
          "data", G_TYPE_STRING, data, NULL));
}

static gboolean
send_by_action (GstElement * element, const gchar * event, const gchar * data)
{
  gboolean sent = FALSE;
  g_signal_emit_by_name (element, "send", event, data, &sent);
  return sent;
}

GST_START_TEST (test_flow)
{
  Fixture f;
  SET_UP (f, CONNECT "|>42[\"server-info\",{\"protocol\":1}]|>42[\"odd\",7]"
      "|>42[\"none\"]|>42[\"e\",{\"event\":\"forged\",\"a\":1}]"
      "|>42[\"signalling-connected\",{\"id\":\"forged\"}]"
      "|>42[\"remove-user\",{\"socketId\":\"x\"}]");
  gst_harness_play (f.harness);
  expect_signal (&f, "{\"event\":\"signalling-connected\",\"id\":\"me\"}");
  expect_signal (&f, "{\"event\":\"server-info\",\"protocol\":1}");
  expect_signal (&f, "{\"event\":\"odd\",\"data\":7}");
  expect_signal (&f, "{\"event\":\"none\"}");
  expect_signal (&f, "{\"event\":\"e\",\"a\":1}");
  expect_signal (&f, "{\"event\":\"remove-user\",\"socketId\":\"x\"}");

  g_autofree gchar *id = NULL;
  gint state;
  g_object_get (f.element, "peer-id", &id, "state", &state, NULL);
  fail_unless_equals_string (id, "me");
  fail_unless_equals_int (state, 2);
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (f.harness->sinkpad);
  g_autofree gchar *text = gst_caps_to_string (caps);
  fail_unless_equals_string (text, "application/x-chat-signal");

  expect_progress (f.bus, GST_PROGRESS_TYPE_START);
  expect_progress (f.bus, GST_PROGRESS_TYPE_COMPLETE);
  g_free (expect_state (f.bus, "connecting"));
  g_free (expect_state (f.bus, "connected"));
  gst_element_set_state (f.element, GST_STATE_READY);
  g_free (expect_state (f.bus, "disconnected"));
  g_free (g_steal_pointer (&id));
  g_object_get (f.element, "peer-id", &id, "state", &state, NULL);
  fail_unless (id == NULL);
  fail_unless_equals_int (state, 0);
  expect_no_error (f.bus);
  tear_down (&f);
}

GST_END_TEST;

GST_START_TEST (test_send)
{
  Fixture f;
  SET_UP (f, "wait|" CONNECT "|<42[\"a\",{\"to\":\"x\"}]|<42[\"b\"]"
      "|<42[\"c\",{}]|>42[\"done\"]|>41");
  fail_if (send_by_action (f.element, "a", NULL));
  gst_harness_play (f.harness);
  fail_if (send_by_action (f.element, "a", NULL));
  fail_if (gst_element_send_event (f.element, make_signal ("a", "{}")));
  fail_if (gst_pad_push_event (f.harness->sinkpad, make_signal ("a", "{}")));

  /* The connection has come only when go() finds it waiting. */
  for (guint i = 0; !send_by_action (f.element, "a", "{\"to\":\"x\"}"); i++) {
    fail_if (i > 2000, "waited in vain for the connection");
    scripted_server_go (f.server);
    g_usleep (5000);
  }
  expect_signal (&f, "{\"event\":\"signalling-connected\",\"id\":\"me\"}");
  fail_if (send_by_action (f.element, "", "{}"));
  fail_if (send_by_action (f.element, NULL, "{}"));
  fail_if (send_by_action (f.element, "a", "{"));
  fail_if (send_by_action (f.element, "a", "[]"));
  fail_if (send_by_action (f.element, "a", "\"x\""));
  fail_if (gst_pad_push_event (f.harness->sinkpad, make_signal (NULL, "{}")));
  fail_if (gst_pad_push_event (f.harness->sinkpad,
          gst_event_new_custom (GST_EVENT_CUSTOM_UPSTREAM,
              gst_structure_new_empty ("other"))));
  fail_unless (gst_pad_push_event (f.harness->sinkpad, make_signal ("b",
              NULL)));
  fail_unless (gst_element_send_event (f.element, make_signal ("c", "{}")));
  expect_signal (&f, "{\"event\":\"done\"}");
  expect_signal (&f, "{\"event\":\"signalling-disconnected\",*");
  fail_if (send_by_action (f.element, "a", NULL));
  tear_down (&f);
}

GST_END_TEST;

typedef struct
{
  GMutex lock;
  GString *log;
} UserLog;

static void
on_user_added (GstElement * element, const gchar * id, const gchar * name,
    UserLog * log)
{
  g_mutex_lock (&log->lock);
  g_string_append_printf (log->log, "+%s(%s)", id, name ? name : "");
  g_mutex_unlock (&log->lock);
}

static void
on_user_removed (GstElement * element, const gchar * id, UserLog * log)
{
  g_mutex_lock (&log->lock);
  g_string_append_printf (log->log, "-%s", id);
  g_mutex_unlock (&log->lock);
}

static gchar *
users_to_string (GstElement * element)
{
  GValue users = G_VALUE_INIT;
  g_object_get_property (G_OBJECT (element), "users", &users);
  GString *out = g_string_new (NULL);
  for (guint i = 0; i < gst_value_array_get_size (&users); i++) {
    const GstStructure *s =
        gst_value_get_structure (gst_value_array_get_value (&users, i));
    const gchar *name = gst_structure_get_string (s, "name");
    g_string_append_printf (out, "%s(%s)", gst_structure_get_string (s, "id"),
        name ? name : "");
  }
  g_value_unset (&users);
  return g_string_free (out, FALSE);
}

GST_START_TEST (test_users)
{
  Fixture f;
  SET_UP (f,
      CONNECT "|>42[\"update-user-list\",{\"users\":[\"b\",\"me\",\"a\"]}]"
      "|>42[\"update-user-list\",{\"users\":[\"a\",\"c\"],"
      "\"names\":{\"c\":\"Carla\",\"a\":\"Anna\"}}]"
      "|>42[\"remove-user\",{\"socketId\":\"b\"}]"
      "|>42[\"remove-user\",{\"socketId\":\"nobody\"}]"
      "|>42[\"update-user-list\",{\"users\":17}]|>42[\"remove-user\"]"
      "|>42[\"end\"]|wait|>41|wait");
  UserLog log = { {0}, g_string_new (NULL) };
  g_signal_connect (f.element, "user-added", G_CALLBACK (on_user_added), &log);
  g_signal_connect (f.element, "user-removed", G_CALLBACK (on_user_removed),
      &log);
  gst_harness_play (f.harness);
  for (guint i = 0; i < 7; i++)
    expect_signal (&f, "*");
  expect_signal (&f, "{\"event\":\"end\"}");
  g_autofree gchar *users = users_to_string (f.element);
  fail_unless_equals_string (users, "a(Anna)c(Carla)");
  scripted_server_go (f.server);
  expect_signal (&f, "{\"event\":\"signalling-disconnected\",\"reason\":\"The "
      "server at *");
  g_autofree gchar *none = users_to_string (f.element);
  fail_unless_equals_string (none, "");
  g_mutex_lock (&log.lock);
  fail_unless_equals_string (log.log->str, "+b()+a()+c(Carla)-b-a-c");
  g_mutex_unlock (&log.lock);
  tear_down (&f);
  g_string_free (log.log, TRUE);
}

GST_END_TEST;

GST_START_TEST (test_reconnects)
{
  Fixture f;
  SET_UP (f, "http 503", CONNECT "|drop", CONNECT "|wait");
  gst_harness_play (f.harness);
  expect_signal (&f, "{\"event\":\"signalling-connected\",\"id\":\"me\"}");
  expect_signal (&f, "{\"event\":\"signalling-disconnected\",*");
  expect_signal (&f, "{\"event\":\"signalling-connected\",\"id\":\"me\"}");
  expect_warning (f.bus, "cannot serve us now");
  expect_warning (f.bus, "lost");
  g_free (expect_state (f.bus, "connecting"));
  g_autofree gchar *first = expect_state (f.bus, "connecting");
  fail_unless (strstr (first, "503") != NULL);
  g_free (expect_state (f.bus, "connected"));
  g_autofree gchar *second = expect_state (f.bus, "reconnecting");
  fail_unless (strstr (second, "lost") != NULL);
  g_free (expect_state (f.bus, "connected"));
  expect_progress (f.bus, GST_PROGRESS_TYPE_START);
  expect_progress (f.bus, GST_PROGRESS_TYPE_ERROR);
  fail_unless (find_message (f.bus, GST_MESSAGE_PROGRESS, 0) == NULL);
  expect_no_error (f.bus);
  tear_down (&f);
}

GST_END_TEST;

GST_START_TEST (test_no_reconnect_is_an_error)
{
  Fixture f;
  SET_UP (f, CONNECT "|drop");
  g_object_set (f.element, "reconnect", FALSE, NULL);
  gst_harness_play (f.harness);
  expect_error (f.bus, GST_RESOURCE_ERROR_OPEN_READ_WRITE, "lost");
  g_free (expect_state (f.bus, "disconnected"));
  tear_down (&f);
}

GST_END_TEST;

GST_START_TEST (test_refused_at_first_is_an_error)
{
  Fixture f;
  SET_UP (f, OPEN "|<40{\"key\":\"*|>44{\"message\":\"bad token\"}");
  gst_harness_play (f.harness);
  expect_error (f.bus, GST_RESOURCE_ERROR_NOT_AUTHORIZED, "bad token");
  tear_down (&f);
}

GST_END_TEST;

GST_START_TEST (test_refused_later_is_a_warning)
{
  Fixture f;
  SET_UP (f, CONNECT "|drop", OPEN "|<40{\"key\":\"*|>44{\"message\":\"bad token\"}");
  gst_harness_play (f.harness);
  expect_warning (f.bus, "lost");
  expect_warning (f.bus, "bad token");
  g_free (expect_state (f.bus, "disconnected"));
  expect_no_error (f.bus);
  tear_down (&f);
}

GST_END_TEST;

static void
start_and_stop (const gchar * uri, guint times, gboolean wait)
{
  GstElement *pipeline = gst_pipeline_new (NULL);
  GstElement *element = make_element (uri);
  GstElement *sink = gst_element_factory_make ("fakesink", NULL);
  g_object_set (sink, "async", FALSE, NULL);
  gst_bin_add_many (GST_BIN (pipeline), element, sink, NULL);
  gst_element_link (element, sink);
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  for (guint i = 0; i < times; i++) {
    fail_unless (gst_element_set_state (pipeline, GST_STATE_PLAYING)
        != GST_STATE_CHANGE_FAILURE);
    if (wait)
      g_free (expect_state (bus, "connected"));
    gst_element_set_state (pipeline, GST_STATE_NULL);
    expect_no_error (bus);
    g_object_set_data (G_OBJECT (bus), "kept", NULL);
    gst_bus_set_flushing (bus, TRUE);
    gst_bus_set_flushing (bus, FALSE);
  }
  gst_object_unref (pipeline);
}

GST_START_TEST (test_start_and_stop)
{
  const gchar *const scripts[] = { CONNECT, NULL };
  ScriptedServer *server = scripted_server_new (scripts, NULL);
  g_autofree gchar *uri = g_strdup_printf ("chat://127.0.0.1:%u",
      scripted_server_get_port (server));
  start_and_stop (uri, 20, TRUE);
  start_and_stop (uri, 20, FALSE);
  scripted_server_free (server);
  /* Nobody is there any more. */
  start_and_stop (uri, 20, FALSE);
}

GST_END_TEST;

GST_START_TEST (test_stop_from_silent_server)
{
  const gchar *const scripts[] = { "hang", NULL };
  ScriptedServer *server = scripted_server_new (scripts, NULL);
  g_autofree gchar *uri = g_strdup_printf ("chat://127.0.0.1:%u",
      scripted_server_get_port (server));
  gint64 begin = g_get_monotonic_time ();
  start_and_stop (uri, 5, FALSE);
  fail_unless (g_get_monotonic_time () - begin < 9 * G_USEC_PER_SEC);
  scripted_server_free (server);
}

GST_END_TEST;

GST_START_TEST (test_progress_is_closed_soon)
{
  Fixture f;
  SET_UP (f, "hang");
  gst_harness_play (f.harness);
  expect_progress (f.bus, GST_PROGRESS_TYPE_START);
  gint64 begin = g_get_monotonic_time ();
  expect_progress (f.bus, GST_PROGRESS_TYPE_ERROR);
  fail_unless (g_get_monotonic_time () - begin < 8 * G_USEC_PER_SEC);
  expect_no_error (f.bus);
  tear_down (&f);
}

GST_END_TEST;

GST_START_TEST (test_flush)
{
  Fixture f;
  SET_UP (f, CONNECT "|wait|>42[\"a\"]");
  gst_harness_play (f.harness);
  expect_signal (&f, "{\"event\":\"signalling-connected\",\"id\":\"me\"}");
  fail_unless (gst_element_send_event (f.element,
          gst_event_new_flush_start ()));
  fail_unless (gst_element_send_event (f.element,
          gst_event_new_flush_stop (TRUE)));
  scripted_server_go (f.server);
  expect_signal (&f, "{\"event\":\"a\"}");
  tear_down (&f);
}

GST_END_TEST;

GST_START_TEST (test_uri_handler)
{
  GstElement *element = gst_element_make_from_uri (GST_URI_SRC,
      "chat://example.org:77", NULL, NULL);
  fail_unless (element != NULL);
  GstURIHandler *handler = GST_URI_HANDLER (element);
  g_autofree gchar *uri = gst_uri_handler_get_uri (handler);
  fail_unless_equals_string (uri, "chat://example.org:77");
  g_autoptr (GError) error = NULL;
  fail_unless (gst_uri_handler_set_uri (handler, "chats://h", &error));
  fail_if (gst_uri_handler_set_uri (handler, "chat://h:0", &error));
  fail_unless (g_error_matches (error, GST_URI_ERROR, GST_URI_ERROR_BAD_URI));
  g_clear_error (&error);
  g_object_set (element, "uri", "chat://127.0.0.1:1", NULL);
  gst_element_set_state (element, GST_STATE_PAUSED);
  fail_if (gst_uri_handler_set_uri (handler, "chat://h", &error));
  fail_unless (g_error_matches (error, GST_URI_ERROR, GST_URI_ERROR_BAD_STATE));
  gst_element_set_state (element, GST_STATE_NULL);
  g_object_set (element, "uri", NULL, NULL);
  g_autofree gchar *back = gst_uri_handler_get_uri (handler);
  fail_unless_equals_string (back, "chat://localhost:5000");
  gst_object_unref (element);
}

GST_END_TEST;

static void
check_does_not_start (const gchar * uri, const gchar * property,
    const gchar * value, const gchar * words)
{
  GstElement *element = make_element (uri);
  if (property)
    gst_util_set_object_arg (G_OBJECT (element), property, value);
  GstBus *bus = gst_bus_new ();
  gst_element_set_bus (element, bus);
  fail_unless_equals_int (gst_element_set_state (element, GST_STATE_PAUSED),
      GST_STATE_CHANGE_FAILURE);
  expect_error (bus, GST_RESOURCE_ERROR_SETTINGS, words);
  gst_element_set_state (element, GST_STATE_NULL);
  gst_element_set_bus (element, NULL);
  gst_object_unref (bus);
  gst_object_unref (element);
}

static guint16
find_free_port (void)
{
  g_autoptr (GSocketListener) listener = g_socket_listener_new ();
  return g_socket_listener_add_any_inet_port (listener, NULL, NULL);
}

GST_START_TEST (test_wrong_settings)
{
  check_does_not_start ("ftp://h", NULL, NULL, "its scheme is none of");
  check_does_not_start ("chats://localhost", "run-server", "true", "no TLS");
  const gchar *const scripts[] = { "wait", NULL };
  g_autoptr (ScriptedServer) taken = scripted_server_new (scripts, NULL);
  g_autofree gchar *uri = g_strdup_printf ("chat://127.0.0.1:%u",
      scripted_server_get_port (taken));
  check_does_not_start (uri, "run-server", "true", "127.0.0.1");
}

GST_END_TEST;

static void
wait_for_users (GstElement * element, const gchar * name)
{
  for (guint i = 0; i < 4000; i++) {
    g_autofree gchar *users = users_to_string (element);
    if (strstr (users, name))
      return;
    g_usleep (5000);
  }
  fail ("%s did not come online", name);
}

/* With the server that it brings along, and another of its kind. */
GST_START_TEST (test_run_server)
{
  g_autofree gchar *uri = g_strdup_printf ("chat://127.0.0.1:%u",
      find_free_port ());
  for (guint i = 0; i < 2; i++) {
    GstElement *host = make_element (uri), *guest = make_element (uri);
    g_object_set (host, "run-server", TRUE, "display-name", "Host", NULL);
    g_object_set (guest, "display-name", "Guest", NULL);
    GstHarness *h1 = gst_harness_new_with_element (host, NULL, "src");
    GstHarness *h2 = gst_harness_new_with_element (guest, NULL, "src");
    gst_harness_play (h1);
    gst_harness_play (h2);
    wait_for_users (host, "(Guest)");
    wait_for_users (guest, "(Host)");
    gst_harness_teardown (h2);
    gst_harness_teardown (h1);
    gst_object_unref (guest);
    gst_object_unref (host);
  }
}

GST_END_TEST;

static Suite *
signalsrc_suite (void)
{
  Suite *suite = suite_create ("chatsignalsrc");
  TCase *tc = tcase_create ("general");
  tcase_set_timeout (tc, 60);
  suite_add_tcase (suite, tc);
  tcase_add_test (tc, test_flow);
  tcase_add_test (tc, test_send);
  tcase_add_test (tc, test_users);
  tcase_add_test (tc, test_reconnects);
  tcase_add_test (tc, test_no_reconnect_is_an_error);
  tcase_add_test (tc, test_refused_at_first_is_an_error);
  tcase_add_test (tc, test_refused_later_is_a_warning);
  tcase_add_test (tc, test_start_and_stop);
  tcase_add_test (tc, test_stop_from_silent_server);
  tcase_add_test (tc, test_progress_is_closed_soon);
  tcase_add_test (tc, test_flush);
  tcase_add_test (tc, test_uri_handler);
  tcase_add_test (tc, test_wrong_settings);
  tcase_add_test (tc, test_run_server);
  return suite;
}

GST_CHECK_MAIN (signalsrc);
