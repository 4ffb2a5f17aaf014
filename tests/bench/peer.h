/* SPDX-License-Identifier: LGPL-2.1-or-later
 * A pipeline around one chatpeer, as the bench programs use it. */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS typedef struct
{
  gchar *uri, *room, *name, *call;
  gint latency;                 /* ms; -1: chatpeer's default */
} BenchPeerOptions;

extern BenchPeerOptions bench_peer_options;
/* --uri, --room, --name, --call, --latency. */
GOptionGroup *bench_peer_option_group (void);

/* Makes a pipeline with one chatpeer in it, whose properties are those of the
 * options. Its errors end the process. */
GstElement *bench_peer_new (GstElement ** peer);
/* Puts @source into the pipeline and links it to a pad like @pad ("video_%u").
 * Returns chatpeer's pad. Transfer full. */
GstPad *bench_peer_send (GstElement * peer, GstElement * source,
    const gchar * pad);

G_END_DECLS
