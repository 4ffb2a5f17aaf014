/* SPDX-License-Identifier: LGPL-2.1-or-later
 * When libsoup 3 comes into a program, and what a libsoup 2 does that is there
 * for one module alone, or comes later. */
#include "soupcheck.h"

#include <dlfcn.h>
#include <gmodule.h>
#include <gst/check/gstcheck.h>

static GstElement *
make_element (void)
{
  GstElement *element = gst_element_factory_make ("chatsignalsrc", NULL);
  fail_unless (element != NULL, "the plugin is not there");
  return element;
}

static void
bring_libsoup_2 (void)
{
  /* As who opens a plugin of a program does it: dlsym() of the program does not
   * find what is in it. */
  fail_unless (g_module_open (LIBSOUP_2, G_MODULE_BIND_LOCAL) != NULL, "%s",
      g_module_error ());
}

GST_START_TEST (test_libsoup_3_comes_with_ready)
{
  GstElement *element = make_element ();
  g_object_set (element, "uri", "chat://localhost:1", NULL);
  fail_if (soup_check_is_loaded (LIBSOUP_3));
  fail_unless_equals_int (gst_element_set_state (element, GST_STATE_READY),
      GST_STATE_CHANGE_SUCCESS);
  fail_unless (soup_check_is_loaded (LIBSOUP_3));
  gst_element_set_state (element, GST_STATE_NULL);
  gst_object_unref (element);
  /* The program's own names are its own. */
  void *program = dlopen (NULL, RTLD_LAZY);
  fail_unless (dlsym (program, "soup_session_new") == NULL);
  fail_unless (dlsym (program, "gst_chat_soup") == NULL);
  dlclose (program);
}

GST_END_TEST;

static gpointer
open_again_and_again (gpointer data)
{
  gboolean *stop = data;
  while (!g_atomic_int_get (stop)) {
    GModule *module = g_module_open ("libgstreamer-1.0.so.0",
        G_MODULE_BIND_LOCAL);
    fail_unless (module != NULL, "%s", g_module_error ());
    g_module_close (module);
  }
  return NULL;
}

/* While it is loaded, libsoup calls GLib, in which another thread waits until
 * this is over. */
GST_START_TEST (test_libsoup_3_comes_while_another_is_loaded)
{
  GstElement *element = make_element ();
  gboolean stop = FALSE;
  GThread *thread = g_thread_new ("opener", open_again_and_again, &stop);
  fail_unless_equals_int (gst_element_set_state (element, GST_STATE_READY),
      GST_STATE_CHANGE_SUCCESS);
  g_atomic_int_set (&stop, TRUE);
  g_thread_join (thread);
  gst_element_set_state (element, GST_STATE_NULL);
  gst_object_unref (element);
}

GST_END_TEST;

GST_START_TEST (test_libsoup_2_of_a_plugin)
{
  bring_libsoup_2 ();
  soup_check_expect_no_connection ();
  fail_if (soup_check_is_loaded (LIBSOUP_3));
}

GST_END_TEST;

/* Then it is seen by nobody else, and what comes with webrtcbin does not use it
 * in a call. */
GST_START_TEST (test_webrtcbin_beside_libsoup_2_of_a_plugin)
{
  GstElement *peer = gst_element_factory_make ("chatpeer", NULL);
  fail_unless (peer != NULL, "the plugin is not there");
  bring_libsoup_2 ();
  fail_unless_equals_int (gst_element_set_state (peer, GST_STATE_READY),
      GST_STATE_CHANGE_SUCCESS);
  /* Waits for the webrtcbin that is made ahead of time. */
  gst_element_set_state (peer, GST_STATE_NULL);
  fail_unless (soup_check_is_loaded (LIBSOUP_3));
  gst_object_unref (peer);
  soup_check_expect_no_connection ();
}

GST_END_TEST;

/* Types of both have the same names: what came first works, and no more of it
 * is asked for. */
GST_START_TEST (test_libsoup_2_comes_later)
{
  GstElement *element = make_element ();
  fail_unless_equals_int (gst_element_set_state (element, GST_STATE_READY),
      GST_STATE_CHANGE_SUCCESS);
  bring_libsoup_2 ();
  soup_check_expect_no_connection ();
  gst_element_set_state (element, GST_STATE_NULL);
  gst_object_unref (element);
}

GST_END_TEST;

static Suite *
soupmodule_suite (void)
{
  Suite *suite = suite_create ("soupmodule");
  TCase *cases = tcase_create ("cases");

  suite_add_tcase (suite, cases);
  tcase_add_test (cases, test_libsoup_3_comes_with_ready);
  tcase_add_test (cases, test_libsoup_3_comes_while_another_is_loaded);
  tcase_add_test (cases, test_libsoup_2_of_a_plugin);
  tcase_add_test (cases, test_webrtcbin_beside_libsoup_2_of_a_plugin);
  tcase_add_test (cases, test_libsoup_2_comes_later);
  return suite;
}

GST_CHECK_MAIN (soupmodule);
