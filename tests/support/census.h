/* SPDX-License-Identifier: LGPL-2.1-or-later
 * What a process has: threads, file descriptors, sockets, GStreamer objects,
 * memory. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
  guint n_threads;
  guint n_files;
  guint n_sockets;              /* of them */
  guint n_objects;              /* 0 without the leaks tracer */
  guint memory;                 /* KiB, allocated */
} Census;

/* The same in words: "threads 3 to 3, …". Caller frees. */
gchar *census_to_string (const Census * before, const Census * now);
/* Counts once threads without work have been sent home. */
void census_take (Census * census);
/* The least of three: something may still be on its way out. */
void census_take_first (Census * census);
/* Waits until there is no more of anything than in @before (memory aside), and
 * FALSE after 15 s; then says on stdout what there is. */
gboolean census_settle (const Census * before, Census * now)
    G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
