/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Which addresses can be used, and what they stand for. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Whether @uri can be used. The result is what goes to the server: http or
 * https; without a port, chat and chats mean 5000; without a path, /socket.io/;
 * a query of the user's own stays. Any thread. */
GUri *gst_chat_uri_parse (const gchar * uri, GError ** error);

G_END_DECLS
