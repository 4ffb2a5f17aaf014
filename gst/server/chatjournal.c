/* SPDX-License-Identifier: LGPL-2.1-or-later
 * What the server has to tell: lines for a log, and how often what was refused. */
#include "chatjournal.h"

#include "chatjsonwalk.h"

/* Between two lines about the same kind of refusal. */
#define QUIET_US (10 * G_TIME_SPAN_SECOND)

static gboolean
is_plain (const gchar * value)
{
  if (*value == '\0')
    return FALSE;
  for (; *value != '\0'; value++) {
    if (!g_ascii_isgraph (*value) || *value == '"' || *value == '='
        || *value == '\\')
      return FALSE;
  }
  return TRUE;
}

static void
append (GString * line, const gchar * key, const gchar * value)
{
  g_string_append_printf (line, line->len > 0 ? " %s=" : "%s=", key);
  if (is_plain (value))
    g_string_append (line, value);
  else
    gst_chat_json_append_string (line, value);
}

void
gst_chat_journal_tell (GstChatJournal * journal, GstChatLogLevel level,
    const gchar * event, ...)
{
  if (journal->func == NULL)
    return;
  g_autoptr (GString) line = g_string_new (NULL);
  append (line, "event", event);
  va_list args;
  va_start (args, event);
  for (const gchar * key; (key = va_arg (args, const gchar *)) != NULL;) {
    const gchar *value = va_arg (args, const gchar *);
    if (value != NULL)
      append (line, key, value);
  }
  va_end (args);
  journal->func (level, line->str, journal->user_data);
}

void
gst_chat_journal_refuse (GstChatJournal * journal, GstChatRefusal why,
    const gchar * address)
{
  gint64 now = g_get_monotonic_time ();
  journal->refused[why]++;
  if (now < journal->quiet_until[why])
    return;
  g_autofree gchar *count = g_strdup_printf ("%" G_GUINT64_FORMAT,
      journal->refused[why] - journal->told[why]);
  journal->told[why] = journal->refused[why];
  journal->quiet_until[why] = now + QUIET_US;
  gst_chat_journal_tell (journal, GST_CHAT_LOG_WARNING, "refused", "reason",
      gst_chat_refusal_name (why), "count", count, "address", address, NULL);
}
