/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The one error domain of everything below the elements. */
#include "chaterror.h"

G_DEFINE_QUARK (gst-chat-error-quark, gst_chat_error)
