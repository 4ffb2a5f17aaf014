/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The command line of gst-chat-server, and its key file. */
#pragma once

#include "chatjournal.h"

G_BEGIN_DECLS

/* What is not given has its default, or is NULL. */
typedef struct {
  gchar *config;
  gchar *address;
  gint port;
  gchar *tls_cert;
  gchar *tls_key;
  gint redirect_port;
  gchar **origins;
  gchar *auth_secret_file;
  gchar **turn_uris;
  gchar *turn_secret_file;
  gint turn_time;
  gint ping_interval;
  gint ping_timeout;
  gint drain_time;
  gchar *metrics;
  gboolean no_limits;
  gchar *log_level_name;
  gboolean make_token;
  gchar *token_name;
  gchar *token_room;
  gint token_time;
  gboolean version;

  GstChatLogLevel log_level;
  gchar *metrics_address;       /* NULL: none */
  guint16 metrics_port;
  GBytes *auth_secret;          /* what is in its file */
  GBytes *turn_secret;          /* ditto */
} GstChatOptions;

/* FALSE: the command line or a file it names is wrong; the error is a sentence
 * without a full stop. */
gboolean gst_chat_options_parse (GstChatOptions * options, int *argc,
    char ***argv, GError ** error) G_GNUC_WARN_UNUSED_RESULT;
void gst_chat_options_clear (GstChatOptions * options);

/* As it stands in the log. */
const gchar *gst_chat_options_level_name (GstChatLogLevel level);

G_END_DECLS
