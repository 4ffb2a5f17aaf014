/* SPDX-License-Identifier: LGPL-2.1-or-later
 * media-probe: the analysed streams of its pipeline. */
#pragma once

#include <gst/gst.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS
/* One sink whose buffers are looked at. */
typedef struct _ProbeStream ProbeStream;

/* NULL where @sink is not named vcheck… or acheck…, or has no sink pad. */
ProbeStream *probe_stream_new (GstElement * sink);
void probe_stream_free (ProbeStream * stream);
/* A line to print: where something new was recognised, or @always. NULL: nothing
 * new. Main thread. */
JsonNode *probe_stream_report (ProbeStream * stream, gboolean always,
    gboolean final);

/* Prints one line of JSON; main thread. Takes @node. */
void probe_print (JsonNode * node);
/* {"@what":{"source":…, fields…}}; @source and @fields may be NULL. */
void probe_print_structure (const gchar * what, GstObject * source,
    const GstStructure * fields);

typedef struct
{
  GMainLoop *loop;
  GstElement *pipeline;
  GMutex lock;
  GPtrArray *streams;           /* lock; ProbeStream */
  guint ticks;
  gboolean offline;
  gint accept;                  /* atomic; what incoming-call is answered with */
  int status;
} Probe;

/* Runs one line and prints a reply. Main thread. */
void probe_run_command (Probe * probe, const gchar * line);

G_END_DECLS
