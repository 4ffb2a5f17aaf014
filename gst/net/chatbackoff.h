/* SPDX-License-Identifier: LGPL-2.1-or-later
 * How long to wait before the next attempt to connect. Pure. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define GST_CHAT_BACKOFF_FIRST_MS 1000
#define GST_CHAT_BACKOFF_MAX_MS 20000
/* A connection that lasted this long was a good one: the next delay is the
 * first one again. One that is lost sooner counts as another failure. */
#define GST_CHAT_BACKOFF_GOOD_MS 10000

/* ms to wait after @failures failures in a row (1 or more): twice as long each
 * time up to the maximum, and between half and one and a half of that, as
 * @random goes from 0 to 1, so that many clients do not come back at once. */
guint gst_chat_backoff_delay (guint failures, gdouble random);

G_END_DECLS
