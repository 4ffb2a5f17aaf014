/* SPDX-License-Identifier: LGPL-2.1-or-later
 * A fuzz target as an ordinary test: its corpus, then mutations of the corpus,
 * the same ones in each run. fuzz-main [--mutations N] FILE-OR-FOLDER… */
#include "fuzz.h"

#include <string.h>
#include <glib/gstdio.h>

#define MUTATIONS 20000
/* What an input may grow to. */
#define MAX_BYTES (96 * 1024)

static gint mutations = MUTATIONS;
static gchar **paths = NULL;

static GOptionEntry options[] = {
  {"mutations", 'm', 0, G_OPTION_ARG_INT, &mutations, "how many", "N"},
  {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &paths, NULL,
      "FILE-OR-FOLDER"},
  {NULL}
};

/* xorshift64*: the same numbers everywhere. */
static guint64 state = 0x9e3779b97f4a7c15u;

static guint
random_below (guint n)
{
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return n == 0 ? 0 : ((state * 0x2545f4914f6cdd1du) >> 32) % n;
}

static gint
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(gchar * const *) a, *(gchar * const *) b);
}

static void
load (GPtrArray * corpus, const gchar * path)
{
  if (!g_file_test (path, G_FILE_TEST_IS_DIR)) {
    gchar *text;
    gsize len;
    g_autoptr (GError) error = NULL;
    if (!g_file_get_contents (path, &text, &len, &error)) {
      fuzz_fail (error->message);
    }
    g_ptr_array_add (corpus, g_bytes_new_take (text, len));
    return;
  }
  /* The order of a folder is not the same everywhere. */
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const gchar *name;
  while ((name = g_dir_read_name (dir)) != NULL) {
    g_ptr_array_add (names, g_build_filename (path, name, NULL));
  }
  g_ptr_array_sort (names, compare_names);
  for (guint i = 0; i < names->len; i++) {
    if (!g_file_test (g_ptr_array_index (names, i), G_FILE_TEST_IS_DIR)) {
      load (corpus, g_ptr_array_index (names, i));
    }
  }
}

static const guint8 *
pick (GPtrArray * corpus, gsize * len)
{
  return g_bytes_get_data (g_ptr_array_index (corpus,
          random_below (corpus->len)), len);
}

/* From the start of one line (or of anything) to the end of one. */
static void
pick_lines (const guint8 * data, gsize len, gsize * from, gsize * n)
{
  *from = random_below (len + 1);
  while (*from > 0 && *from < len && data[*from - 1] != '\n') {
    (*from)--;
  }
  gsize to = *from + random_below (200) + 1;
  to = MIN (to, len);
  while (to < len && data[to - 1] != '\n') {
    to++;
  }
  *n = to - *from;
}

static void
mutate_once (GByteArray * input, GPtrArray * corpus)
{
  static const gchar *const words[] = { "\r\n", "\n", "=", ":", " ", "0", "-1",
    "65536", "4294967296", "\x1e", "\"", "{", "}", "[", "]", "\\", "a=",
    "m=audio 9 ", "a=mid:0\r\n", "a=bundle-only\r\n", "BUNDLE", "%s", "\xff",
    "42[", "451-", "\"to\":", "\\ud83d", "\x81\xfe",
    "\x01\x80"
  };
  gsize at = random_below (input->len + 1);
  gsize from, n, len;
  const guint8 *other;
  switch (random_below (8)) {
    case 0:                    /* another bit */
      if (at < input->len) {
        input->data[at] ^= 1 << random_below (8);
      }
      break;
    case 1:                    /* another byte */
      if (at < input->len) {
        input->data[at] = random_below (256);
      }
      break;
    case 2:                    /* some bytes gone */
      n = random_below (20);
      g_byte_array_remove_range (input, at, MIN (n, input->len - at));
      break;
    case 3:                    /* some lines gone */
      pick_lines (input->data, input->len, &from, &n);
      g_byte_array_remove_range (input, from, n);
      break;
    case 4:                    /* the end gone */
      g_byte_array_set_size (input, at);
      break;
    case 5:{                   /* a word of the grammar in it */
      g_autoptr (GByteArray) tail = g_byte_array_new ();
      g_byte_array_append (tail, input->data + at, input->len - at);
      const gchar *word = words[random_below (G_N_ELEMENTS (words))];
      g_byte_array_set_size (input, at);
      g_byte_array_append (input, (const guint8 *) word, strlen (word));
      g_byte_array_append (input, tail->data, tail->len);
      break;
    }
    case 6:{                   /* lines of another one in it */
      pick_lines (input->data, input->len, &from, &n);
      g_autoptr (GByteArray) tail = g_byte_array_new ();
      g_byte_array_append (tail, input->data + from, input->len - from);
      other = pick (corpus, &len);
      g_byte_array_set_size (input, from);
      pick_lines (other, len, &from, &n);
      g_byte_array_append (input, other + from, n);
      g_byte_array_append (input, tail->data, tail->len);
      break;
    }
    case 7:                    /* another one behind it */
      other = pick (corpus, &len);
      g_byte_array_append (input, (const guint8 *) "\x1e", 1);
      g_byte_array_append (input, other, len);
      break;
  }
}

static void
mutate (GPtrArray * corpus)
{
  gsize len;
  const guint8 *seed = pick (corpus, &len);
  g_autoptr (GByteArray) input = g_byte_array_new ();
  g_byte_array_append (input, seed, len);
  for (guint i = random_below (4); i < 4; i++) {
    mutate_once (input, corpus);
  }
  LLVMFuzzerTestOneInput (input->data, MIN (input->len, MAX_BYTES));
}

int
main (int argc, char **argv)
{
  LLVMFuzzerInitialize (&argc, &argv);
  g_autoptr (GError) error = NULL;
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_option_context_add_main_entries (context, options, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error)) {
    fuzz_fail (error->message);
  }
  g_autoptr (GPtrArray) corpus =
      g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  for (guint i = 0; paths != NULL && paths[i] != NULL; i++) {
    load (corpus, paths[i]);
  }
  if (corpus->len == 0) {
    fuzz_fail ("no corpus");
  }
  for (guint i = 0; i < corpus->len; i++) {
    gsize len;
    const guint8 *data = g_bytes_get_data (g_ptr_array_index (corpus, i), &len);
    LLVMFuzzerTestOneInput (data, len);
  }
  for (gint i = 0; i < mutations; i++) {
    mutate (corpus);
  }
  g_print ("%u inputs, %d mutations\n", corpus->len, mutations);
  g_strfreev (paths);
  return 0;
}
