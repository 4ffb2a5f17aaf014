/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Times the cases of micro-*.c: micro SDP-FILE [BATCHES]. Each batch of a case
 * is about 5 ms long, and the batches of all cases take turns. */
#include "micro.h"

#include <gst/gst.h>
#include <string.h>
#include <time.h>

#include "bench.h"
#include "chatjsonscan.h"

#define BATCH_US 5000

MicroInput micro_input;

typedef struct
{
  const MicroCase *entry;
  guint per_batch;
  GArray *ns;                   /* gdouble, one a batch */
} Series;

/* CPU time of this thread, so that what else runs here does not count. */
static gdouble
cpu_us (void)
{
  struct timespec t;
  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &t);
  return 1e6 * t.tv_sec + t.tv_nsec / 1e3;
}

static gdouble
run_batch (const MicroCase * entry, guint n)
{
  gdouble begin = cpu_us ();
  for (guint i = 0; i < n; i++)
    entry->once ();
  return cpu_us () - begin;
}

static void
series_add (GArray * all, const MicroCase * cases)
{
  for (; cases->name; cases++) {
    Series s = { cases, 1, g_array_new (FALSE, FALSE, sizeof (gdouble)) };
    cases->once ();
    while (run_batch (cases, s.per_batch) < BATCH_US)
      s.per_batch *= 2;
    g_array_append_val (all, s);
  }
}

static gint
compare (gconstpointer a, gconstpointer b)
{
  gdouble x = *(const gdouble *) a, y = *(const gdouble *) b;
  return (x > y) - (x < y);
}

static void
series_print (Series * s)
{
  g_array_sort (s->ns, compare);
  const gdouble *v = (const gdouble *) s->ns->data;
  bench_line
      ("{\"micro\":{\"name\":\"%s\",\"median_ns\":%.0f,\"min_ns\":%.0f,"
      "\"max_ns\":%.0f,\"batches\":%u,\"per_batch\":%u}}", s->entry->name,
      v[s->ns->len / 2], v[0], v[s->ns->len - 1], s->ns->len, s->per_batch);
}

static void
read_input (const gchar * file)
{
  g_autoptr (GError) error = NULL;
  if (!g_file_get_contents (file, &micro_input.sdp, NULL, &error))
    bench_fail ("%s", error->message);
  g_autoptr (GString) text =
      g_string_new ("{\"offer\":{\"type\":\"offer\",\"sdp\":");
  gst_chat_json_append_string (text, micro_input.sdp);
  g_string_append (text, "},\"to\":\"bbbbbbbbbbbbbbbbbbbb\"}");
  micro_input.payload_len = text->len;
  micro_input.payload = g_string_free (g_steal_pointer (&text), FALSE);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  if (argc < 2)
    bench_fail ("which SDP file?");
  guint batches = argc > 2 ? (guint) g_ascii_strtoull (argv[2], NULL, 10) : 3;
  read_input (argv[1]);
  bench_line ("{\"input\":{\"sdp\":%zu,\"payload\":%zu}}",
      strlen (micro_input.sdp), micro_input.payload_len);

  g_autoptr (GArray) all = g_array_new (FALSE, FALSE, sizeof (Series));
  series_add (all, micro_core_cases);
  series_add (all, micro_media_cases);
  for (guint b = 0; b < batches; b++) {
    for (guint i = 0; i < all->len; i++) {
      Series *s = &g_array_index (all, Series, i);
      gdouble ns = 1000.0 * run_batch (s->entry, s->per_batch) / s->per_batch;
      g_array_append_val (s->ns, ns);
    }
  }
  for (guint i = 0; i < all->len; i++) {
    Series *s = &g_array_index (all, Series, i);
    series_print (s);
    g_array_unref (s->ns);
  }
  g_free (micro_input.sdp);
  g_free (micro_input.payload);
  return 0;
}
