/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The server's figures as Prometheus reads them. */
#pragma once

#include "chatjournal.h"

G_BEGIN_DECLS

/* How it is now. */
typedef struct {
  guint users;
  guint sessions;
  guint polling;                /* of the sessions */
  guint connections;            /* that speak HTTP */
  guint pending;                /* of the connections */
  gint64 longest_turn;          /* of the main loop, microseconds of CPU */
  gboolean stopping;
} GstChatFigures;

/* Text exposition format 0.0.4. The caller frees. */
gchar *gst_chat_metrics_text (const GstChatFigures * figures,
    const GstChatJournal * journal);

G_END_DECLS
