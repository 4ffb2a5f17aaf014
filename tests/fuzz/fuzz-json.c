/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The scan of JSON: what it passes is JSON for others too, and whatever it gives
 * out lies inside the text and is JSON itself. */
#include "fuzz.h"

#include "chatjsonscan.h"
#include "chatjsonwalk.h"
#include "chatlimits.h"

#include <json-glib/json-glib.h>
#include <string.h>

static void
check_slice (GstChatSlice whole, GstChatSlice part)
{
  fuzz_assert (part.data >= whole.data
      && part.data + part.len <= whole.data + whole.len);
  fuzz_assert (gst_chat_json_check (part.data, part.len, part.len, NULL));
}

static void
use_string (GstChatSlice text)
{
  g_autofree gchar *string = gst_chat_json_string (text, text.len);
  if (string == NULL)
    return;
  fuzz_assert (text.data[0] == '"' && g_utf8_validate (string, -1, NULL));
  g_autoptr (GString) again = g_string_new (NULL);
  gst_chat_json_append_string (again, string);
  fuzz_assert (gst_chat_json_check (again->str, again->len, again->len, NULL));
  GstChatSlice slice = { again->str, again->len };
  g_autofree gchar *same = gst_chat_json_string (slice, again->len);
  fuzz_assert (g_strcmp0 (string, same) == 0);
}

typedef struct
{
  GstChatSlice whole;
  guint n;
} Elements;

static gboolean
on_element (GstChatSlice element, gpointer user_data)
{
  Elements *elements = user_data;
  check_slice (elements->whole, element);
  use_string (element);
  GstChatSlice same;
  fuzz_assert (elements->n > 20
      || (gst_chat_json_element (elements->whole, elements->n, &same)
          && same.data == element.data && same.len == element.len));
  elements->n++;
  return TRUE;
}

static void
use_object (GstChatSlice text)
{
  static const gchar *const except[] = { "to", "socket", NULL };
  GstChatSlice rest = text, name, value;
  while (gst_chat_json_next_member (&rest, &name, &value)) {
    check_slice (text, name);
    check_slice (text, value);
    use_string (name);
    use_string (value);
  }
  if (text.data[0] != '{')
    return;
  g_autoptr (GString) copy = g_string_new ("{");
  gst_chat_json_copy_members (copy, text, except);
  g_string_append_c (copy, '}');
  fuzz_assert (gst_chat_json_check (copy->str, copy->len, copy->len, NULL));
  GstChatSlice slice = { copy->str, copy->len };
  fuzz_assert (!gst_chat_json_member (slice, "to", &value));
}

int
LLVMFuzzerTestOneInput (const guint8 * data, gsize size)
{
  /* In a place of its own, so that a byte too far is seen. */
  g_autofree gchar *text = g_memdup2 (data, size);
  if (!gst_chat_json_check (text, size, GST_CHAT_MAX_MESSAGE_BYTES, NULL))
    return 0;
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) error = NULL;
  if (!json_parser_load_from_data (parser, text, (gssize) size, &error))
    fuzz_fail (error->message);

  /* The text without what is around it. */
  GstChatSlice whole = { text, size };
  while (whole.len > 0 && strchr (" \t\r\n", whole.data[0]) != NULL) {
    whole.data++;
    whole.len--;
  }
  use_string (whole);
  Elements elements = { whole, 0 };
  gst_chat_json_foreach (whole, on_element, &elements);
  use_object (whole);
  return 0;
}

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  return 0;
}
