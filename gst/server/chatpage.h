/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The web page: files of the program itself. */
#pragma once

#include <libsoup/soup.h>

G_BEGIN_DECLS

/* A SoupServerCallback for all paths that nobody else takes. */
void gst_chat_page_handle (SoupServer * server, SoupServerMessage * message,
    const char *path, GHashTable * query, gpointer user_data);

G_END_DECLS
