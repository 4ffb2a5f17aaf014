/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The end of a call in due form: DTLS says so to the remote. */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* Sends close_notify on each DTLS connection of @webrtc that is up, and waits
 * until it has left, at most half a second. For a webrtcbin that goes to NULL next; not
 * in one of its own threads. FALSE: there is none, or it did not leave. */
gboolean gst_chat_goodbye_say (GstElement * webrtc);

G_END_DECLS
