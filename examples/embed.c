/* SPDX-License-Identifier: LGPL-2.1-or-later
 * chatpeer inside an application: it decides who may call, hears of everything
 * on the bus, hangs up when asked to, and counts the pictures that come in.
 *
 *     embed URI [NAME-THAT-MAY-CALL…]
 *
 * SIGUSR1 hangs up; Ctrl-C ends. */
#include <glib-unix.h>
#include <gst/gst.h>

typedef struct
{
  GMainLoop *loop;
  GstElement *peer;
  gchar **welcome;              /* names; empty: everybody */
  gint pictures;                /* atomic */
} App;

/* accept=ask: somebody calls. The answer is wanted soon, and not necessarily
 * in the main thread. */
static gboolean
on_incoming_call (GstElement * peer, const gchar * id, const gchar * name,
    gpointer user_data)
{
  App *app = user_data;
  gboolean yes = app->welcome[0] == NULL
      || g_strv_contains ((const gchar * const *) app->welcome, name);

  g_print ("%s (%s) calls: %s\n", name, id, yes ? "accepted" : "declined");
  return yes;
}

static void
on_picture (GstElement * sink, GstBuffer * buffer, GstPad * pad,
    gpointer user_data)
{
  App *app = user_data;
  if (g_atomic_int_add (&app->pictures, 1) == 0)
    g_print ("The first picture is here.\n");
}

static gboolean
on_message (GstBus * bus, GstMessage * message, gpointer user_data)
{
  App *app = user_data;

  if (gst_message_has_name (message, "chat-call")
      || gst_message_has_name (message, "chat-signalling")) {
    g_autofree gchar *text =
        gst_structure_to_string (gst_message_get_structure (message));
    g_print ("%s, %d pictures so far\n", text,
        g_atomic_int_get (&app->pictures));
  } else if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
    /* Only what is wrong here: a missing plugin, a wrong property. What a
     * remote does, or a server that is away, is never an error. */
    g_autoptr (GError) error = NULL;
    gst_message_parse_error (message, &error, NULL);
    g_printerr ("%s\n", error->message);
    g_main_loop_quit (app->loop);
  }
  return G_SOURCE_CONTINUE;
}

static gboolean
on_hang_up (gpointer user_data)
{
  App *app = user_data;
  g_signal_emit_by_name (app->peer, "hang-up");
  return G_SOURCE_CONTINUE;
}

static gboolean
on_quit (gpointer user_data)
{
  App *app = user_data;
  g_main_loop_quit (app->loop);
  return G_SOURCE_CONTINUE;
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  if (argc < 2) {
    g_printerr ("usage: %s URI [NAME-THAT-MAY-CALL...]\n", argv[0]);
    return 2;
  }

  g_autoptr (GError) error = NULL;
  g_autoptr (GstElement) pipeline = gst_parse_launch
      ("chatpeer name=peer display-name=Embedded accept=ask "
      "videotestsrc is-live=true pattern=ball foreground-color=0xff00ff00 ! "
      "video/x-raw,width=320,height=240,framerate=30/1 ! peer. "
      "audiotestsrc is-live=true freq=660 volume=0.2 ! peer. "
      "peer. ! queue ! videoconvert ! video/x-raw,format=I420 ! "
      "fakesink name=pictures signal-handoffs=true sync=true "
      "peer. ! queue ! audioconvert ! fakesink sync=true", &error);
  if (error != NULL) {
    g_printerr ("%s\n", error->message);
    return 1;
  }

  g_autoptr (GstElement) peer =
      gst_bin_get_by_name (GST_BIN (pipeline), "peer");
  g_autoptr (GstElement) sink =
      gst_bin_get_by_name (GST_BIN (pipeline), "pictures");
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  App app = {.loop = loop,.peer = peer,.welcome = argv + 2 };

  g_object_set (peer, "uri", argv[1], NULL);
  g_signal_connect (peer, "incoming-call", G_CALLBACK (on_incoming_call), &app);
  g_signal_connect (sink, "handoff", G_CALLBACK (on_picture), &app);
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  gst_bus_add_watch (bus, on_message, &app);
  g_unix_signal_add (SIGUSR1, on_hang_up, &app);
  g_unix_signal_add (SIGINT, on_quit, &app);
  g_unix_signal_add (SIGTERM, on_quit, &app);

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  g_main_loop_run (loop);
  /* Going to NULL hangs up and says good-bye to the server. */
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_bus_remove_watch (bus);
  return 0;
}
