/* SPDX-License-Identifier: LGPL-2.1-or-later
 * What the server tells of itself: the event server-info. */
#pragma once

#include "chatlimiter.h"

G_BEGIN_DECLS

typedef struct {
  const GstChatLimits *limits;
  const gchar *server;          /* how it calls itself */
  gchar **turn_uris;            /* NULL: no relay */
  GBytes *turn_secret;
  guint turn_time;              /* seconds that credentials are good for */
} GstChatInfo;

/* Whether each user has credentials of its own. */
gboolean gst_chat_info_is_personal (const GstChatInfo * info);
/* The event for the user @id (NULL: for all), a frame as effects have them.
 * @reason: why the server ends; NULL: it does not. */
GBytes *gst_chat_info_frame (const GstChatInfo * info, const gchar * id,
    const gchar * reason);

G_END_DECLS
