/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Which libsoup a test has in it, and what the elements say to that. */
#include "soupcheck.h"

#include <dlfcn.h>
#include <gst/check/gstcheck.h>

gboolean
soup_check_is_loaded (const gchar * library)
{
  void *handle = dlopen (library, RTLD_LAZY | RTLD_NOLOAD);
  if (handle)
    dlclose (handle);
  return handle != NULL;
}

static void
expect_error (GstBus * bus, const gchar * hint)
{
  g_autoptr (GstMessage) message = gst_bus_timed_pop_filtered (bus,
      20 * GST_SECOND, GST_MESSAGE_ERROR);
  fail_unless (message != NULL, "waited in vain for an error");
  g_autoptr (GError) error = NULL;
  gst_message_parse_error (message, &error, NULL);
  fail_unless (g_error_matches (error, GST_LIBRARY_ERROR,
          GST_LIBRARY_ERROR_INIT), "%s", error->message);
  fail_unless (strstr (error->message, "libsoup 2") != NULL, "%s",
      error->message);
  fail_unless (strstr (error->message, "process of its own") != NULL, "%s",
      error->message);
  fail_unless (strstr (error->message, hint) != NULL, "%s", error->message);
}

static void
expect_refusal (const gchar * factory, GstState state, const gchar * hint)
{
  GstElement *pipeline = gst_pipeline_new (NULL);
  GstElement *element = gst_element_factory_make (factory, NULL);
  fail_unless (element != NULL, "the plugin is not there");
  gst_bin_add (GST_BIN (pipeline), element);
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);

  for (guint i = 0; i < 2; i++) {
    fail_unless_equals_int (gst_element_set_state (pipeline, state),
        GST_STATE_CHANGE_FAILURE);
    expect_error (bus, hint);
    fail_unless (gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR) == NULL,
        "it is said twice");
    fail_unless_equals_int (gst_element_set_state (pipeline, GST_STATE_NULL),
        GST_STATE_CHANGE_SUCCESS);
  }
  gst_object_unref (pipeline);
}

void
soup_check_expect_no_connection (void)
{
  expect_refusal ("chatsignalsrc", GST_STATE_READY, "signal pad");
}

void
soup_check_expect_no_chatpeer (const gchar * hint)
{
  expect_refusal ("chatpeer", GST_STATE_PLAYING, hint);
}
