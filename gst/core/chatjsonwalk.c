/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Going through the members of a JSON object's raw text, in one pass. */
#include "chatjsonwalk.h"

#include <string.h>

/* Longer than any name that is compared; an escaped letter takes six bytes. */
#define MAX_NAME_BYTES 32

static void
skip (GstChatSlice * rest, gsize n)
{
  rest->data += n;
  rest->len -= n;
}

static void
skip_space (GstChatSlice * rest)
{
  while (rest->len > 0 && strchr (" \t\r\n", *rest->data) != NULL)
    skip (rest, 1);
}

/* The text is known to be JSON: only where a string ends has to be found. */
static gsize
string_length (GstChatSlice text)
{
  gsize n = 1;
  while (n < text.len) {
    const gchar *quote = memchr (text.data + n, '"', text.len - n);
    if (quote == NULL)
      break;
    n = (gsize) (quote - text.data);
    gsize slash = n;
    while (slash > 1 && text.data[slash - 1] == '\\')
      slash--;
    n++;
    if ((n - slash) % 2 == 1)
      return n;
  }
  return text.len;
}

static gsize
value_length (GstChatSlice text)
{
  guint depth = 0;
  gsize n = 0;
  while (n < text.len) {
    gchar c = text.data[n];
    if (c == '"') {
      GstChatSlice rest = { text.data + n, text.len - n };
      n += string_length (rest);
      continue;
    }
    if (c == '{' || c == '[')
      depth++;
    else if (depth == 0 && strchr (",]} \t\r\n", c) != NULL)
      break;
    else if (c == '}' || c == ']')
      depth--;
    n++;
  }
  return n;
}

gboolean
gst_chat_json_next_member (GstChatSlice * rest, GstChatSlice * name,
    GstChatSlice * value)
{
  skip_space (rest);
  if (rest->len == 0 || (*rest->data != '{' && *rest->data != ','))
    return FALSE;
  skip (rest, 1);
  skip_space (rest);
  if (rest->len == 0 || *rest->data != '"')
    return FALSE;

  name->data = rest->data;
  name->len = string_length (*rest);
  skip (rest, name->len);
  skip_space (rest);
  if (rest->len > 0)
    skip (rest, 1);
  skip_space (rest);
  value->data = rest->data;
  value->len = value_length (*rest);
  skip (rest, value->len);
  return TRUE;
}

static gboolean
is_one_of (GstChatSlice name, const gchar * const *names)
{
  g_autofree gchar *text = gst_chat_json_string (name, MAX_NAME_BYTES);
  return text != NULL && g_strv_contains (names, text);
}

void
gst_chat_json_copy_members (GString * out, GstChatSlice object,
    const gchar * const *except)
{
  GstChatSlice name, value;
  while (gst_chat_json_next_member (&object, &name, &value)) {
    if (is_one_of (name, except))
      continue;
    if (out->len > 0 && out->str[out->len - 1] != '{')
      g_string_append_c (out, ',');
    g_string_append_len (out, name.data, (gssize) name.len);
    g_string_append_c (out, ':');
    g_string_append_len (out, value.data, (gssize) value.len);
  }
}
