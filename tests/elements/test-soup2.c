/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The plugin in a program that is linked with libsoup 2. libsoup 3 ends such a
 * program as soon as it is loaded. */
#include "criticals.h"
#include "soupcheck.h"

#include <gst/check/gstcheck.h>

GST_START_TEST (test_plugin_is_loaded)
{
  fail_unless (soup_check_is_loaded (LIBSOUP_2));
  g_autoptr (GstPlugin) plugin = gst_plugin_load_by_name ("chat");
  fail_unless (plugin != NULL, "the plugin is not there");
  GList *features = gst_registry_get_feature_list_by_plugin (gst_registry_get
      (), "chat");
  fail_unless_equals_int (g_list_length (features), 2);
  gst_plugin_feature_list_free (features);
  fail_if (soup_check_is_loaded (LIBSOUP_3));
  soup_check_expect_libsoup_2_to_work ();
}

GST_END_TEST;

GST_START_TEST (test_chatsignalsrc_says_why)
{
  soup_check_expect_no_connection ();
  fail_if (soup_check_is_loaded (LIBSOUP_3));
  soup_check_expect_libsoup_2_to_work ();
}

GST_END_TEST;

/* Debian's libnice has UPnP, which is on libsoup 3. */
GST_START_TEST (test_chatpeer_says_why)
{
  soup_check_expect_no_chatpeer ("libnice");
  fail_if (soup_check_is_loaded (LIBSOUP_3));
  soup_check_expect_libsoup_2_to_work ();
}

GST_END_TEST;

static Suite *
soup2_suite (void)
{
  Suite *suite = suite_create ("soup2");
  criticals_are_fatal ();
  TCase *cases = tcase_create ("linked");

  suite_add_tcase (suite, cases);
  tcase_add_test (cases, test_plugin_is_loaded);
  tcase_add_test (cases, test_chatsignalsrc_says_why);
  tcase_add_test (cases, test_chatpeer_says_why);
  return suite;
}

GST_CHECK_MAIN (soup2);
