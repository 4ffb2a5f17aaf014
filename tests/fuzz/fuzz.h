/* SPDX-License-Identifier: LGPL-2.1-or-later
 * What a fuzz target is: these two functions. libFuzzer calls them, and so does
 * fuzz-main.c, which makes an ordinary test of a target. */
#pragma once

#include <glib.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput (const guint8 * data, gsize size);
int LLVMFuzzerInitialize (int *argc, char ***argv);

/* Unlike g_assert() they cannot be compiled away, and end as a crash does. */
#define fuzz_fail(what) \
  G_STMT_START { \
    g_printerr ("%s:%d: %s\n", __FILE__, __LINE__, what); \
    abort (); \
  } G_STMT_END
#define fuzz_assert(condition) \
  G_STMT_START { \
    if (!(condition)) \
      fuzz_fail (#condition); \
  } G_STMT_END
