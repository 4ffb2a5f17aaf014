/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Secrets. */
#include "chatrandom.h"

#include <unistd.h>

gchar *
gst_chat_secret_new (void)
{
  guint8 random[GST_CHAT_SECRET_CHARS / 2];
  GString *text = g_string_sized_new (GST_CHAT_SECRET_CHARS);

  if (getentropy (random, sizeof random) != 0)
    g_error ("the system has no random numbers");
  for (guint i = 0; i < sizeof random; i++)
    g_string_append_printf (text, "%02x", random[i]);
  return g_string_free (text, FALSE);
}
