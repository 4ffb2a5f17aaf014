/* SPDX-License-Identifier: LGPL-2.1-or-later
 * How often a keyframe may be asked for: the requests of a pad, limited. */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* Lets upstream force-key-unit events through @pad at most every @interval; one
 * that comes too early is not lost, it goes with a later buffer. Lives as long
 * as the pad. */
void gst_chat_keyframe_limit (GstPad * pad, GstClockTime interval);
/* Another interval for a pad that has one. Any thread. */
void gst_chat_keyframe_set_interval (GstPad * pad, GstClockTime interval);
/* A request that went through @limited stays open until a keyframe comes by
 * @encoded, further down: it is made again after two intervals, for requests get
 * lost, and rtpsession ignores one that comes within two round trips. */
void gst_chat_keyframe_insist (GstPad * limited, GstPad * encoded);
/* Asks at @pad, under its limit, for a keyframe with all headers. Any thread. */
void gst_chat_keyframe_request (GstPad * pad);

G_END_DECLS
