/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Addresses that come and go, in a network namespace of the test's own. */
#define _GNU_SOURCE             /* unshare */
#include "chatnetwork.h"

#include <sched.h>

#define FAR "10.99.0.9"
#define NEAR "10.99.0.1"
#define OTHER "10.99.0.2"

static GMutex lock;
static GCond changed;

static void
on_change (gpointer data)
{
  g_mutex_lock (&lock);
  g_cond_broadcast (&changed);
  g_mutex_unlock (&lock);
}

static void
ip (const gchar * arguments)
{
  g_autofree gchar *line = g_strconcat ("ip ", arguments, NULL);
  g_autoptr (GError) error = NULL;
  gint status;
  g_spawn_command_line_sync (line, NULL, NULL, &status, &error);
  g_assert_no_error (error);
  if (!g_spawn_check_wait_status (status, &error))
    g_error ("%s: %s", line, error->message);
}

/* Looks again whenever the watch says so: a carrier takes its time. */
static void
becomes (GstChatRoute * route, GstChatRouteState state, gint64 seconds)
{
  gint64 deadline = g_get_monotonic_time () + 10 * G_TIME_SPAN_SECOND;
  g_mutex_lock (&lock);
  while (gst_chat_route_check (route, seconds * G_USEC_PER_SEC) != state) {
    if (!g_cond_wait_until (&changed, &lock, deadline))
      g_error ("at %d s: waited in vain for state %d", (gint) seconds, state);
  }
  g_mutex_unlock (&lock);
}

static void
begin (gpointer data)
{
  GSource **watch = ((gpointer *) data)[1];
  *watch = gst_chat_network_watch_in_loop (((gpointer *) data)[0], on_change,
      NULL);
}

static void
end (gpointer data)
{
  g_source_destroy (data);
  g_source_unref (data);
}

static void
set_up_link (void)
{
  ip ("link set lo up");
  ip ("link add near type veth peer name far");
  ip ("address add " NEAR "/24 dev near");
  ip ("link set near up");
  ip ("link set far up");
}

static void
test_addresses (void)
{
  set_up_link ();
  g_assert_true (gst_chat_network_has_address ("127.0.0.1"));
  g_assert_true (gst_chat_network_has_address ("::1"));
  g_assert_true (gst_chat_network_has_address (NEAR));
  g_assert_false (gst_chat_network_has_address (OTHER));
  g_assert_false (gst_chat_network_has_address ("no number"));
  g_autofree gchar *source = gst_chat_network_source_for (FAR);
  g_assert_cmpstr (source, ==, NEAR);
  g_autofree gchar *loopback = gst_chat_network_source_for ("::1");
  g_assert_cmpstr (loopback, ==, "::1");
  g_assert_null (gst_chat_network_source_for ("192.0.2.1"));
  g_assert_null (gst_chat_network_source_for ("example.com"));
  g_assert_null (gst_chat_route_new ("192.0.2.1"));
  ip ("link delete near");
}

static void
test_route (void)
{
  set_up_link ();
  GstChatLoop *loop = gst_chat_loop_new ("test-network");
  GSource *watch = NULL;
  gpointer both[] = { loop, &watch };
  gst_chat_loop_call (loop, begin, both);
  g_assert_nonnull (watch);
  g_autoptr (GstChatRoute) route = gst_chat_route_new (FAR);
  g_assert_nonnull (route);
  becomes (route, GST_CHAT_ROUTE_SAME, 1);
  ip ("link set near down");
  becomes (route, GST_CHAT_ROUTE_DOWN, 2);
  ip ("link set near up");
  becomes (route, GST_CHAT_ROUTE_SAME, 6);
  ip ("link set near down");
  becomes (route, GST_CHAT_ROUTE_DOWN, 10);
  becomes (route, GST_CHAT_ROUTE_DOWN, 14);
  ip ("link set near up");
  becomes (route, GST_CHAT_ROUTE_BACK, 15);
  becomes (route, GST_CHAT_ROUTE_SAME, 16);
  /* The cable. */
  ip ("link set far down");
  becomes (route, GST_CHAT_ROUTE_DOWN, 17);
  ip ("link set far up");
  becomes (route, GST_CHAT_ROUTE_SAME, 18);
  /* Another address beside ours, and then in its place. */
  ip ("address add " OTHER "/24 dev near");
  becomes (route, GST_CHAT_ROUTE_SAME, 19);
  ip ("address delete " NEAR "/24 dev near");
  /* The kernel takes those of the same network with it. */
  becomes (route, GST_CHAT_ROUTE_DOWN, 20);
  ip ("address add " OTHER "/24 dev near");
  becomes (route, GST_CHAT_ROUTE_CHANGED, 21);
  gst_chat_loop_call (loop, end, watch);
  gst_chat_loop_unref (loop);
  ip ("link delete near");
}

int
main (int argc, char **argv)
{
  if (unshare (CLONE_NEWNET) != 0 && unshare (CLONE_NEWUSER | CLONE_NEWNET))
    g_error ("no network namespace can be made");
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/network/addresses", test_addresses);
  g_test_add_func ("/network/route", test_route);
  return g_test_run ();
}
