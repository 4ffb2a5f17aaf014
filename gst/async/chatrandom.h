/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Secrets: who knows one may speak for somebody, so no ordinary random numbers. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* 128 bits. */
#define GST_CHAT_SECRET_CHARS 32

/* GST_CHAT_SECRET_CHARS hexadecimal digits. Caller frees. Any thread. */
gchar *gst_chat_secret_new (void);

G_END_DECLS
