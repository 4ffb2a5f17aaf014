/* SPDX-License-Identifier: LGPL-2.1-or-later
 * What a process has, by /proc and GStreamer's leaks tracer. */
#include "census.h"
#include "criticals.h"

#include <malloc.h>
#include <stdio.h>
#include <unistd.h>
#include <gst/gst.h>

#define PATIENCE (15 * G_TIME_SPAN_SECOND)

static guint
count_sockets (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/fd", 0, NULL);
  const gchar *name;
  guint n = 0;

  while ((name = g_dir_read_name (dir)) != NULL) {
    g_autofree gchar *path = g_build_filename ("/proc/self/fd", name, NULL);
    g_autofree gchar *target = g_file_read_link (path, NULL);

    n += target != NULL && g_str_has_prefix (target, "socket:");
  }
  return n;
}

static guint
count_entries (const gchar * path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  guint n = 0;

  g_assert_nonnull (dir);
  while (g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

/* What is allocated, not what the allocator keeps: a thread that has ended
 * leaves its arena with all its pages to the next. */
static guint
memory_in_use (void)
{
  struct mallinfo2 info = mallinfo2 ();
  return (info.uordblks + info.hblkhd) / 1024;
}

/* Type names of all that lives, with how often; NULL without the tracer. */
static GHashTable *
live_objects (guint * total)
{
  GList *tracers = gst_tracing_get_active_tracers ();
  GHashTable *types = NULL;

  *total = 0;
  for (GList * at = tracers; at != NULL; at = at->next) {
    GstStructure *s = NULL;

    if (g_strcmp0 (G_OBJECT_TYPE_NAME (at->data), "GstLeaksTracer") != 0)
      continue;
    /* In a pipeline that plays on, what the last call had may be on its way out
     * in another thread: the tracer finds it, and cannot take a reference. */
    criticals_overlook ("g_object_ref: assertion 'G_IS_OBJECT");
    g_signal_emit_by_name (at->data, "get-live-objects", &s);
    criticals_overlook (NULL);
    const GValue *list = gst_structure_get_value (s, "live-objects-list");
    types = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
    *total = gst_value_list_get_size (list);
    for (guint i = 0; i < *total; i++) {
      const GstStructure *one =
          gst_value_get_structure (gst_value_list_get_value (list, i));
      GValue *object = (GValue *) gst_structure_get_value (one, "object");
      gchar *name = g_strdup (G_VALUE_TYPE_NAME (object));
      guint n = GPOINTER_TO_UINT (g_hash_table_lookup (types, name));

      g_hash_table_replace (types, name, GUINT_TO_POINTER (n + 1));
      /* The tracer has not taken the reference that the value would drop. */
      object->data[0].v_pointer = NULL;
    }
    gst_structure_free (s);
  }
  g_list_free_full (tracers, gst_object_unref);
  return types;
}

/* The tracer takes references to what it shows: nothing may just be on its way
 * out in another thread. Those end when they are through. */
static guint
quiet_threads (void)
{
  guint n = 0, same = 0;

  for (guint i = 0; i < 250 && same < 10; i++) {
    guint now = count_entries ("/proc/self/task");

    same = now == n ? same + 1 : 0;
    n = now;
    g_usleep (20 * G_TIME_SPAN_MILLISECOND);
  }
  return n;
}

void
census_take (Census * census)
{
  g_thread_pool_stop_unused_threads ();
  census->n_threads = quiet_threads ();
  census->n_files = count_entries ("/proc/self/fd");
  census->n_sockets = count_sockets ();
  census->memory = memory_in_use ();
  g_autoptr (GHashTable) types = live_objects (&census->n_objects);
}

void
census_take_first (Census * census)
{
  for (guint i = 0; i < 3; i++) {
    Census any;

    census_take (&any);
    if (i == 0 || any.n_threads + any.n_files + any.n_objects <
        census->n_threads + census->n_files + census->n_objects)
      *census = any;
  }
}

gchar *
census_to_string (const Census * before, const Census * now)
{
  return g_strdup_printf ("threads %u to %u, files %u to %u, sockets %u to %u, "
      "objects %u to %u, memory %u to %u KiB", before->n_threads,
      now->n_threads, before->n_files, now->n_files, before->n_sockets,
      now->n_sockets, before->n_objects, now->n_objects, before->memory,
      now->memory);
}

static void
say_threads (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/task", 0, NULL);
  const gchar *name;

  while ((name = g_dir_read_name (dir)) != NULL) {
    g_autofree gchar *path = g_build_filename ("/proc/self/task", name, "comm",
        NULL);
    g_autofree gchar *text = NULL;

    if (g_file_get_contents (path, &text, NULL, NULL))
      printf ("# thread %s %s\n", name, g_strchomp (text));
  }
}

static void
say_files (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/fd", 0, NULL);
  const gchar *name;

  while ((name = g_dir_read_name (dir)) != NULL) {
    g_autofree gchar *path = g_build_filename ("/proc/self/fd", name, NULL);
    g_autofree gchar *target = g_file_read_link (path, NULL);

    printf ("# file %s %s\n", name, target != NULL ? target : "gone");
  }
}

static void
say_objects (void)
{
  guint total;
  g_autoptr (GHashTable) types = live_objects (&total);
  GHashTableIter iter;
  gpointer name, n;

  if (types == NULL)
    return;
  g_hash_table_iter_init (&iter, types);
  while (g_hash_table_iter_next (&iter, &name, &n))
    printf ("# object %s: %u\n", (gchar *) name, GPOINTER_TO_UINT (n));
}

gboolean
census_settle (const Census * before, Census * now)
{
  gint64 deadline = g_get_monotonic_time () + PATIENCE;

  for (;;) {
    census_take (now);
    if (now->n_threads <= before->n_threads && now->n_files <= before->n_files
        && now->n_sockets <= before->n_sockets
        && now->n_objects <= before->n_objects)
      return TRUE;
    if (g_get_monotonic_time () > deadline)
      break;
    g_usleep (20 * G_TIME_SPAN_MILLISECOND);
  }
  if (now->n_threads > before->n_threads)
    say_threads ();
  if (now->n_files > before->n_files || now->n_sockets > before->n_sockets)
    say_files ();
  if (now->n_objects > before->n_objects)
    say_objects ();
  return FALSE;
}
