/* SPDX-License-Identifier: LGPL-2.1-or-later
 * What the server has to tell: lines for a log, and how often what was refused.
 * Neither secrets, nor descriptions, nor what a user said go into it. */
#pragma once

#include "chatlimiter.h"

G_BEGIN_DECLS

typedef enum {
  GST_CHAT_LOG_ERROR,
  GST_CHAT_LOG_WARNING,
  GST_CHAT_LOG_INFO,
  GST_CHAT_LOG_DEBUG,
} GstChatLogLevel;

/* @line: "event=… key=value …", without an end of line. */
typedef void (*GstChatLogFunc) (GstChatLogLevel level, const gchar * line,
    gpointer user_data);

/* What has happened, and how often. */
typedef enum {
  GST_CHAT_COUNT_CONNECTION,
  GST_CHAT_COUNT_SESSION,
  GST_CHAT_COUNT_JOIN,
  GST_CHAT_COUNT_OFFER,
  GST_CHAT_COUNT_RELAYED,
  GST_CHAT_COUNT_NOBODY,
  GST_CHAT_COUNT_SLOW,
  GST_CHAT_COUNT_TLS_FAILED,
  GST_CHAT_N_COUNTS
} GstChatCount;

typedef struct {
  GstChatLogFunc func;          /* NULL: nobody listens */
  gpointer user_data;
  guint64 counts[GST_CHAT_N_COUNTS];
  guint64 refused[GST_CHAT_N_REFUSALS];
  /* A flood of refusals is one line every few seconds. */
  guint64 told[GST_CHAT_N_REFUSALS];
  gint64 quiet_until[GST_CHAT_N_REFUSALS];
} GstChatJournal;

/* Pairs of key and value, both text, up to NULL; a value of NULL leaves its key
 * out. What is not plain is put in quotes. */
void
gst_chat_journal_tell (GstChatJournal * journal, GstChatLogLevel level,
    const gchar * event, ...)
    G_GNUC_NULL_TERMINATED;
/* Something of @address (NULL: unknown) was not let in. */
void gst_chat_journal_refuse (GstChatJournal * journal, GstChatRefusal why,
    const gchar * address);

G_END_DECLS
