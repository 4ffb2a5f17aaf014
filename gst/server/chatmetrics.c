/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The server's figures as Prometheus reads them. */
#include "chatmetrics.h"

#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#define PREFIX "gst_chat_"

static void
describe (GString * text, const gchar * name, const gchar * type,
    const gchar * help)
{
  g_string_append_printf (text, "# HELP %s %s\n# TYPE %s %s\n", name, help,
      name, type);
}

static void
append_gauge (GString * text, const gchar * name, const gchar * help,
    guint64 value)
{
  describe (text, name, "gauge", help);
  g_string_append_printf (text, "%s %" G_GUINT64_FORMAT "\n", name, value);
}

static void
append_counter (GString * text, const gchar * name, const gchar * help,
    guint64 value)
{
  describe (text, name, "counter", help);
  g_string_append_printf (text, "%s %" G_GUINT64_FORMAT "\n", name, value);
}

static void
append_counts (GString * text, const GstChatJournal * journal)
{
  append_counter (text, PREFIX "connections_total",
      "Connections that were let in.",
      journal->counts[GST_CHAT_COUNT_CONNECTION]);
  append_counter (text, PREFIX "sessions_total", "Sessions that began.",
      journal->counts[GST_CHAT_COUNT_SESSION]);
  append_counter (text, PREFIX "joins_total", "Users that entered the chat.",
      journal->counts[GST_CHAT_COUNT_JOIN]);
  append_counter (text, PREFIX "calls_total",
      "Offers that were relayed; a call has one or two.",
      journal->counts[GST_CHAT_COUNT_OFFER]);
  append_counter (text, PREFIX "relayed_total", "Events that were relayed.",
      journal->counts[GST_CHAT_COUNT_RELAYED]);
  append_counter (text, PREFIX "unreachable_total",
      "Events for somebody who is not there.",
      journal->counts[GST_CHAT_COUNT_NOBODY]);
  append_counter (text, PREFIX "slow_readers_total",
      "Sessions that were closed because they did not read.",
      journal->counts[GST_CHAT_COUNT_SLOW]);
  append_counter (text, PREFIX "tls_failed_total",
      "TLS handshakes that failed.",
      journal->counts[GST_CHAT_COUNT_TLS_FAILED]);
}

static void
append_refusals (GString * text, const GstChatJournal * journal)
{
  describe (text, PREFIX "refused_total", "counter",
      "What was not let in, by the reason.");
  for (guint i = GST_CHAT_REFUSAL_NONE + 1; i < GST_CHAT_N_REFUSALS; i++)
    g_string_append_printf (text, PREFIX "refused_total{reason=\"%s\"} %"
        G_GUINT64_FORMAT "\n", gst_chat_refusal_name (i), journal->refused[i]);
}

/* Under the names that Prometheus' own clients use. */
static void
append_process (GString * text)
{
  struct rusage usage;
  if (getrusage (RUSAGE_SELF, &usage) == 0) {
    describe (text, "process_cpu_seconds_total", "counter",
        "User and system CPU time.");
    g_string_append_printf (text, "process_cpu_seconds_total %ld.%06ld\n",
        (long) (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec
            + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000000),
        (long) ((usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) % 1000000));
  }
  g_autofree gchar *statm = NULL;
  unsigned long pages;
  if (g_file_get_contents ("/proc/self/statm", &statm, NULL, NULL)
      && sscanf (statm, "%*u %lu", &pages) == 1)
    append_gauge (text, "process_resident_memory_bytes",
        "Resident memory size.", (guint64) pages * sysconf (_SC_PAGESIZE));
}

gchar *
gst_chat_metrics_text (const GstChatFigures * figures,
    const GstChatJournal * journal)
{
  GString *text = g_string_new (NULL);
  append_gauge (text, PREFIX "users", "Users in the chat.", figures->users);
  append_gauge (text, PREFIX "sessions", "Sessions.", figures->sessions);
  append_gauge (text, PREFIX "polling_sessions",
      "Sessions without a WebSocket.", figures->polling);
  append_gauge (text, PREFIX "http_connections", "Connections that speak HTTP.",
      figures->connections);
  append_gauge (text, PREFIX "pending_connections",
      "Connections without a whole request.", figures->pending);
  append_gauge (text, PREFIX "stopping", "1 where the server is about to end.",
      figures->stopping);
  describe (text, PREFIX "longest_turn_seconds", "gauge",
      "CPU time of the main loop's longest turn since this was asked last.");
  g_string_append_printf (text, PREFIX "longest_turn_seconds %"
      G_GINT64_FORMAT ".%06" G_GINT64_FORMAT "\n",
      figures->longest_turn / G_USEC_PER_SEC,
      figures->longest_turn % G_USEC_PER_SEC);
  append_counts (text, journal);
  append_refusals (text, journal);
  append_process (text);
  return g_string_free (text, FALSE);
}
