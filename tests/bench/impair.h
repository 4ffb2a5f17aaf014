/* SPDX-License-Identifier: LGPL-2.1-or-later
 * A bad network inside the process: what comes out of nicesrc is delayed,
 * jittered and lost. */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS typedef struct
{
  guint delay;                  /* ms, of every packet */
  guint jitter;                 /* ms, 0 to so much more, evenly; the order is kept */
  gdouble loss;                 /* 0 to 1 */
} BenchNetwork;

/* RTP and RTCP that any nicesrc in @pipeline receives goes through a network
 * like @network, which stays. DTLS and STUN do not: they are not measured. */
void bench_impair (GstElement * pipeline, const BenchNetwork * network);

G_END_DECLS
