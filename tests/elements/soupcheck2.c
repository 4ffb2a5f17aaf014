/* SPDX-License-Identifier: LGPL-2.1-or-later
 * What a program has libsoup 2 for. */
#include "soupcheck.h"

#include <gst/check/gstcheck.h>
#include <libsoup/soup.h>

void
soup_check_expect_libsoup_2_to_work (void)
{
  g_autoptr (SoupSession) session = soup_session_new ();
  g_autoptr (SoupMessage) message = soup_message_new ("GET",
      "http://localhost/");
  g_autoptr (SoupURI) uri = soup_uri_new ("http://localhost/");
  fail_unless (SOUP_IS_SESSION (session));
  fail_unless (SOUP_IS_MESSAGE (message));
  fail_unless (soup_uri_equal (uri, soup_message_get_uri (message)));
}
