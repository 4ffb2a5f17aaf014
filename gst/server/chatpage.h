/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The web page: files of the program itself. */
#pragma once

#include <libsoup/soup.h>

G_BEGIN_DECLS

/* Answers a request for @path, whatever that is; @tls: it came by TLS. */
void gst_chat_page_answer (SoupServerMessage * message, const char *path,
    gboolean tls);

G_END_DECLS
