/* SPDX-License-Identifier: LGPL-2.1-or-later
 * What the tests of the SDP gate share. */
#pragma once

#include <gst/check/gstcheck.h>
#include "chatsdp.h"
#include "chaterror.h"

/* A message of Check that is longer than some KiB hangs: texts are cut. */

/* The text of tests/vectors/sdp/<name>.sdp. */
static inline gchar *
load_vector (const gchar * name)
{
  const gchar *dir = g_getenv ("CHAT_VECTORS");
  fail_unless (dir != NULL, "CHAT_VECTORS is not set: run by meson test");
  g_autofree gchar *file = g_strconcat (name, ".sdp", NULL);
  g_autofree gchar *path = g_build_filename (dir, "sdp", file, NULL);
  g_autoptr (GError) error = NULL;
  gchar *text = NULL;
  g_file_get_contents (path, &text, NULL, &error);
  fail_unless (text != NULL, "%s", error != NULL ? error->message : path);
  return text;
}

static inline GstChatSdp *
parse_text (const gchar * text, gboolean is_offer)
{
  g_autoptr (GError) error = NULL;
  GstChatSdp *sdp = gst_chat_sdp_parse_remote (text, is_offer, &error);
  fail_unless (sdp != NULL, "%s in:\n%.2000s", error != NULL ? error->message : "?",
      text);
  return sdp;
}

static inline gboolean
is_answer_vector (const gchar * name)
{
  return strstr (name, "answer") != NULL;
}

static inline GstChatSdp *
parse_vector (const gchar * name)
{
  g_autofree gchar *text = load_vector (name);
  return parse_text (text, !is_answer_vector (name));
}

static inline gint
compare_names (gconstpointer a, gconstpointer b)
{
  return g_strcmp0 (*(const gchar * const *) a, *(const gchar * const *) b);
}

/* Names without ".sdp", sorted; those that contain @part only. */
static inline GPtrArray *
list_vectors (const gchar * part)
{
  g_autofree gchar *path =
      g_build_filename (g_getenv ("CHAT_VECTORS"), "sdp", NULL);
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  fail_unless (dir != NULL, "cannot open %s", path);
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);
  const gchar *entry;
  while ((entry = g_dir_read_name (dir)) != NULL) {
    if (g_str_has_suffix (entry, ".sdp") && strstr (entry, part) != NULL) {
      g_ptr_array_add (names, g_strndup (entry, strlen (entry) - 4));
    }
  }
  g_ptr_array_sort (names, compare_names);
  fail_unless (names->len > 0, "no vectors with %s", part);
  return names;
}
