/* SPDX-License-Identifier: LGPL-2.1-or-later
 * How long to wait before the next attempt to connect. */
#include "chatbackoff.h"

guint
gst_chat_backoff_delay (guint failures, gdouble random)
{
  guint doublings = failures > 0 ? MIN (failures - 1, 16) : 0;
  guint delay = MIN ((guint) GST_CHAT_BACKOFF_FIRST_MS << doublings,
      GST_CHAT_BACKOFF_MAX_MS);
  return delay / 2 + (guint) (delay * CLAMP (random, 0.0, 1.0));
}
