/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Criticals end a test, but for one that is not ours. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Instead of G_DEBUG=fatal-criticals, for programs with calls in them; when
 * GStreamer is initialised. */
void criticals_are_fatal (void);
/* From now on those of this thread that have @text in them pass; NULL: none. */
void criticals_overlook (const gchar * text);

G_END_DECLS
