/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The one error domain of everything below the elements. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define GST_CHAT_ERROR (gst_chat_error_quark ())
GQuark gst_chat_error_quark (void);

/**
 * GstChatError:
 * @GST_CHAT_ERROR_MALFORMED: the bytes are not what their grammar asks for
 * @GST_CHAT_ERROR_LIMIT: well-formed, but larger, deeper or more than allowed
 * @GST_CHAT_ERROR_PROTOCOL: well-formed, but not allowed at this point
 * @GST_CHAT_ERROR_UNSUPPORTED: nothing both sides can do
 * @GST_CHAT_ERROR_MISSING: something that has to be installed is not
 * @GST_CHAT_ERROR_CONNECT: the server cannot be reached or does not speak Socket.IO
 * @GST_CHAT_ERROR_REFUSED: the server said no; trying again will not help
 * @GST_CHAT_ERROR_TIMEOUT: it did not happen in time
 * @GST_CHAT_ERROR_FAILED: anything else
 */
typedef enum {
  GST_CHAT_ERROR_MALFORMED,
  GST_CHAT_ERROR_LIMIT,
  GST_CHAT_ERROR_PROTOCOL,
  GST_CHAT_ERROR_UNSUPPORTED,
  GST_CHAT_ERROR_MISSING,
  GST_CHAT_ERROR_CONNECT,
  GST_CHAT_ERROR_REFUSED,
  GST_CHAT_ERROR_TIMEOUT,
  GST_CHAT_ERROR_FAILED,
} GstChatError;

G_END_DECLS
