/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Which libsoup a test has in it, and what the elements say to that. */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define LIBSOUP_2 "libsoup-2.4.so.1"
#define LIBSOUP_3 "libsoup-3.0.so.0"

/* Whether it is in this process, for everybody or for one module alone. */
gboolean soup_check_is_loaded (const gchar * library);
/* What the program has libsoup 2 for; it is linked with it. */
void soup_check_expect_libsoup_2_to_work (void);
/* A chatsignalsrc does not get to READY, says why and what to do, and may be
 * tried again. */
void soup_check_expect_no_connection (void);
/* The same of a chatpeer alone, to PLAYING; @hint is in what it says. */
void soup_check_expect_no_chatpeer (const gchar * hint);

G_END_DECLS
