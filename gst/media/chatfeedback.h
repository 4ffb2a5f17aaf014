/* SPDX-License-Identifier: LGPL-2.1-or-later
 * How soon the remote hears what became of its packets. */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* For an rtpsession that has no pads yet: lost packets are asked for at once
 * (RFC 4585), and feedback for congestion control (transport-wide-cc-01) leaves
 * every 50 ms, and every 20 at first. webrtcbin's thread. */
void gst_chat_feedback_hurry (GstElement * rtpsession);

G_END_DECLS
