/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Whether libsoup 3 can be loaded into this process. Where there is a libsoup 2
 * it ends the process instead. Any thread. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Whether there is a libsoup 2, be it for the whole program or for one module of
 * it alone: only one of both can work, since their types have the same names. */
gboolean gst_chat_soup_check_libsoup_2 (void);

/* Whether loading @file, a module that need not know that it has anything to do
 * with libsoup, would end the process. Looks at it only where it might: that is
 * done by another process, and takes some milliseconds. */
gboolean gst_chat_soup_check_is_deadly (const gchar * file);

G_END_DECLS
