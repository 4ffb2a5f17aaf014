/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Small pure parts, timed one by one. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS typedef struct
{
  const gchar *name;            /* of the row */
  void (*once) (void);
} MicroCase;

/* The offer of a real browser, and the same as the payload of `call-user`. */
typedef struct
{
  gchar *sdp;
  gchar *payload;
  gsize payload_len;
} MicroInput;
extern MicroInput micro_input;

/* Ended by a NULL name. Each first call of a case may prepare what it needs. */
extern const MicroCase micro_core_cases[];
extern const MicroCase micro_media_cases[];

G_END_DECLS
