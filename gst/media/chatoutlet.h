/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The element behind a source pad of chatpeer: one stream for ever, whatever
 * calls come and go before it. */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_CHAT_OUTLET (gst_chat_outlet_get_type ())
G_DECLARE_FINAL_TYPE (GstChatOutlet, gst_chat_outlet, GST, CHAT_OUTLET, GstElement)

/* Floating. @caps: what may come out. */
GstElement *gst_chat_outlet_new (const gchar * name, const GstCaps * caps);
/* FALSE once a buffer found nobody there, until somebody is linked. Any thread. */
gboolean gst_chat_outlet_is_wanted (GstChatOutlet * outlet);
/* Another call begins. */
void gst_chat_outlet_mark_discont (GstChatOutlet * outlet);
void gst_chat_outlet_push_eos (GstChatOutlet * outlet);
/* Where nothing has come out yet: that nothing comes for now, so that sinks
 * downstream are done with their preroll. Waits as long as downstream does. */
void gst_chat_outlet_push_gap (GstChatOutlet * outlet);

G_END_DECLS
