/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The element behind a sink pad of chatpeer: closed between calls (live media is
 * dropped, other media waits), open in one (media that is not live is paced). */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_CHAT_ENTRANCE (gst_chat_entrance_get_type ())
G_DECLARE_FINAL_TYPE (GstChatEntrance, gst_chat_entrance, GST, CHAT_ENTRANCE, GstElement)

/* Streaming thread; post and return. */
typedef struct {
  void (*ended) (gpointer user_data);
  /* Downstream said that it cannot use this media. */
  void (*refused) (GstFlowReturn flow, gpointer user_data);
} GstChatEntranceCallbacks;

/* Floating. @caps: what it accepts. @callbacks may be NULL. */
GstElement *gst_chat_entrance_new (const gchar * name, const GstCaps * caps,
    const GstChatEntranceCallbacks * callbacks, gpointer user_data);

/* The running time of the buffer that waits, GST_CLOCK_TIME_NONE: none does. */
GstClockTime gst_chat_entrance_get_held (GstChatEntrance * entrance);
gboolean gst_chat_entrance_is_ended (GstChatEntrance * entrance);

/* Media that is not live goes out so that running time @base of it is now;
 * NONE: that of its first buffer. @wait_keyframe: nothing before a keyframe. */
void gst_chat_entrance_open (GstChatEntrance * entrance, GstClockTime base,
    gboolean wait_keyframe);
void gst_chat_entrance_close (GstChatEntrance * entrance);

G_END_DECLS
