/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Live sources that have missed that they stop. */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

typedef struct _GstChatUnlocker GstChatUnlocker;

/* From now on whatever live source of @bin has not stopped after 200 ms is told
 * so again, each 100 ms, by a thread of this object's own. For a bin that is on
 * its way to NULL and does not come back; it must outlive the unlocker. */
GstChatUnlocker *gst_chat_unlocker_new (GstBin * bin);
/* Waits for that thread, which never blocks for long. */
void gst_chat_unlocker_free (GstChatUnlocker * unlocker);

G_END_DECLS
