/* SPDX-License-Identifier: LGPL-2.1-or-later
 * A validating scanner of JSON text: one pass, no recursion, no tree. */
#include "chatjsonscan.h"
#include "chaterror.h"
#include "chatlimits.h"

#include <string.h>

typedef struct
{
  const gchar *start;
  const gchar *at;
  const gchar *end;
} Cursor;

/* What may come next; one value suffices, as the stack holds the rest. */
typedef enum
{
  WANT_VALUE,
  WANT_VALUE_OR_END,            /* behind '[' */
  WANT_NAME,                    /* behind ',' in an object */
  WANT_NAME_OR_END,             /* behind '{' */
  WANT_COMMA_OR_END,            /* behind a value */
} Want;

static gboolean
malformed (const Cursor * c, const gchar * what, GError ** error)
{
  g_set_error (error, GST_CHAT_ERROR, GST_CHAT_ERROR_MALFORMED,
      "JSON: %s at byte %" G_GSIZE_FORMAT, what, (gsize) (c->at - c->start));
  return FALSE;
}

static void
skip_space (Cursor * c)
{
  while (c->at < c->end && (*c->at == ' ' || *c->at == '\t' || *c->at == '\n'
          || *c->at == '\r'))
    c->at++;
}

/* The 16 bits of four hexadecimal digits, or -1. */
static gint
hex4 (const gchar * at, const gchar * end)
{
  if (end - at < 4)
    return -1;
  gint unit = 0;
  for (guint i = 0; i < 4; i++) {
    gint digit = g_ascii_xdigit_value (at[i]);
    if (digit < 0)
      return -1;
    unit = unit << 4 | digit;
  }
  return unit;
}

/* The character of the escape sequence at the cursor's backslash; moves behind
 * it. 0 where it is none, or is a NUL or half of a surrogate pair: a C string
 * would end there, and parsers disagree on the latter. */
static gunichar
read_escape (Cursor * c)
{
  if (c->end - c->at < 2)
    return 0;
  gchar kind = c->at[1];
  static const gchar names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
  const gchar *simple = kind ? strchr (names, kind) : NULL;
  if (simple) {
    c->at += 2;
    return values[simple - names];
  }
  if (kind != 'u')
    return 0;
  gint high = hex4 (c->at + 2, c->end);
  if (high <= 0)
    return 0;
  if (high < 0xD800 || high > 0xDFFF) {
    c->at += 6;
    return high;
  }
  if (high > 0xDBFF || c->end - c->at < 12 || c->at[6] != '\\'
      || c->at[7] != 'u')
    return 0;
  gint low = hex4 (c->at + 8, c->end);
  if (low < 0xDC00 || low > 0xDFFF)
    return 0;
  c->at += 12;
  return 0x10000 + ((gunichar) (high - 0xD800) << 10) + (low - 0xDC00);
}

static gboolean
check_string (Cursor * c, GError ** error)
{
  c->at++;
  while (c->at < c->end) {
    guchar byte = *c->at;
    if (byte == '"') {
      c->at++;
      return TRUE;
    }
    if (byte < 0x20)
      return malformed (c, "control character in a string", error);
    if (byte != '\\')
      c->at++;
    else if (!read_escape (c))
      return malformed (c, "bad escape sequence", error);
  }
  return malformed (c, "string without end", error);
}

static gboolean
skip_digits (Cursor * c)
{
  const gchar *first = c->at;
  while (c->at < c->end && g_ascii_isdigit (*c->at))
    c->at++;
  return c->at > first;
}

static gboolean
check_number (Cursor * c, GError ** error)
{
  if (*c->at == '-')
    c->at++;
  if (c->at < c->end && *c->at == '0')
    c->at++;
  else if (!skip_digits (c))
    return malformed (c, "digit missing", error);
  if (c->at < c->end && *c->at == '.') {
    c->at++;
    if (!skip_digits (c))
      return malformed (c, "digit missing behind the point", error);
  }
  if (c->at < c->end && (*c->at == 'e' || *c->at == 'E')) {
    c->at++;
    if (c->at < c->end && (*c->at == '+' || *c->at == '-'))
      c->at++;
    if (!skip_digits (c))
      return malformed (c, "digit missing in the exponent", error);
  }
  return TRUE;
}

static gboolean
check_word (Cursor * c, GError ** error)
{
  static const gchar *const words[] = { "true", "false", "null" };
  for (guint i = 0; i < G_N_ELEMENTS (words); i++) {
    gsize len = strlen (words[i]);
    if ((gsize) (c->end - c->at) >= len && !memcmp (c->at, words[i], len)) {
      c->at += len;
      return TRUE;
    }
  }
  return malformed (c, "unexpected character", error);
}

static gboolean
check_scalar (Cursor * c, GError ** error)
{
  if (*c->at == '"')
    return check_string (c, error);
  if (*c->at == '-' || g_ascii_isdigit (*c->at))
    return check_number (c, error);
  return check_word (c, error);
}

static gboolean
check_name (Cursor * c, GError ** error)
{
  if (*c->at != '"')
    return malformed (c, "name of a member missing", error);
  if (!check_string (c, error))
    return FALSE;
  skip_space (c);
  if (c->at == c->end || *c->at != ':')
    return malformed (c, "':' missing", error);
  c->at++;
  return TRUE;
}

static gboolean
check_value (Cursor * c, GError ** error)
{
  gchar closing[GST_CHAT_MAX_JSON_DEPTH];
  guint members[GST_CHAT_MAX_JSON_DEPTH];
  guint depth = 0;
  Want want = WANT_VALUE;

  for (;;) {
    skip_space (c);
    if (want == WANT_COMMA_OR_END && depth == 0)
      return TRUE;
    if (c->at == c->end)
      return malformed (c, "unexpected end", error);

    gboolean may_end = want == WANT_COMMA_OR_END || want == WANT_VALUE_OR_END
        || want == WANT_NAME_OR_END;
    if (may_end && *c->at == closing[depth - 1]) {
      c->at++;
      depth--;
      want = WANT_COMMA_OR_END;
      continue;
    }
    if (want == WANT_COMMA_OR_END) {
      if (*c->at != ',')
        return malformed (c, "',' missing", error);
      c->at++;
      want = closing[depth - 1] == '}' ? WANT_NAME : WANT_VALUE;
      continue;
    }
    if (want == WANT_NAME || want == WANT_NAME_OR_END) {
      if (++members[depth - 1] > GST_CHAT_MAX_JSON_MEMBERS) {
        g_set_error (error, GST_CHAT_ERROR, GST_CHAT_ERROR_LIMIT,
            "JSON: more than %d members in one object",
            GST_CHAT_MAX_JSON_MEMBERS);
        return FALSE;
      }
      if (!check_name (c, error))
        return FALSE;
      want = WANT_VALUE;
      continue;
    }
    if (*c->at != '{' && *c->at != '[') {
      if (!check_scalar (c, error))
        return FALSE;
      want = WANT_COMMA_OR_END;
      continue;
    }
    if (depth == GST_CHAT_MAX_JSON_DEPTH) {
      g_set_error (error, GST_CHAT_ERROR, GST_CHAT_ERROR_LIMIT,
          "JSON: nested deeper than %d", GST_CHAT_MAX_JSON_DEPTH);
      return FALSE;
    }
    gboolean object = *c->at++ == '{';
    members[depth] = 0;
    closing[depth++] = object ? '}' : ']';
    want = object ? WANT_NAME_OR_END : WANT_VALUE_OR_END;
  }
}

gboolean
gst_chat_json_check (const gchar * text, gsize len, gsize max_bytes,
    GError ** error)
{
  if (len > max_bytes) {
    g_set_error (error, GST_CHAT_ERROR, GST_CHAT_ERROR_LIMIT,
        "JSON: %" G_GSIZE_FORMAT " bytes, more than %" G_GSIZE_FORMAT, len,
        max_bytes);
    return FALSE;
  }
  Cursor c = { text, text, text + len };
  const gchar *valid_end = text;
  /* Refuses a NUL byte as well. */
  if (len > 0 && !g_utf8_validate_len (text, len, &valid_end)) {
    c.at = valid_end;
    return malformed (&c, "no UTF-8", error);
  }
  if (!check_value (&c, error))
    return FALSE;
  if (c.at != c.end)
    return malformed (&c, "text behind the value", error);
  return TRUE;
}

/* From here on the text has been checked; the bounds are looked at all the
 * same, so that a wrong slice reads nothing foreign. */

/* Searches for the quote, as an SDP is one long string and has none in it: a
 * quote ends the string unless an odd number of backslashes stands before it. */
static void
skip_string (Cursor * c)
{
  const gchar *first = c->at + 1, *at = first;
  while (at < c->end && (at = memchr (at, '"', c->end - at)) != NULL) {
    const gchar *slash = at;
    while (slash > first && slash[-1] == '\\')
      slash--;
    at++;
    if ((at - slash) % 2 == 1) {
      c->at = at;
      return;
    }
  }
  c->at = c->end;
}

static void
skip_value (Cursor * c)
{
  guint depth = 0;
  do {
    if (c->at == c->end)
      return;
    switch (*c->at) {
      case '"':
        skip_string (c);
        break;
      case '{':
      case '[':
        depth++;
        c->at++;
        break;
      case '}':
      case ']':
        depth--;
        c->at++;
        break;
      case ',':
      case ':':
        c->at++;
        break;
      default:
        c->at++;
        while (c->at < c->end && !memchr (",:]} \t\r\n", *c->at, 8))
          c->at++;
    }
    if (depth > 0)
      skip_space (c);
  } while (depth > 0);
}

static GstChatSlice
read_value (Cursor * c)
{
  skip_space (c);
  GstChatSlice value = { c->at, 0 };
  skip_value (c);
  value.len = c->at - value.data;
  return value;
}

/* Enters the container that @text is. */
static gboolean
enter (Cursor * c, GstChatSlice text, gchar opening)
{
  c->start = c->at = text.data;
  c->end = text.data + text.len;
  skip_space (c);
  if (c->at == c->end || *c->at != opening)
    return FALSE;
  c->at++;
  skip_space (c);
  return c->at < c->end && *c->at != opening + 2;       /* '[' ']', '{' '}' */
}

/* Over the comma; FALSE at the end of the container. */
static gboolean
next (Cursor * c)
{
  skip_space (c);
  if (c->at == c->end || *c->at != ',')
    return FALSE;
  c->at++;
  skip_space (c);
  return TRUE;
}

/* Whether the JSON string @text stands for @name; allocates nothing. */
static gboolean
string_equals (GstChatSlice text, const gchar * name)
{
  Cursor c = { text.data, text.data + 1, text.data + text.len - 1 };
  while (c.at < c.end) {
    gchar utf8[6];
    gsize n = 1;
    if (*c.at == '\\') {
      gunichar character = read_escape (&c);
      if (!character)
        return FALSE;
      n = g_unichar_to_utf8 (character, utf8);
    } else {
      utf8[0] = *c.at++;
    }
    if (strncmp (name, utf8, n) != 0)
      return FALSE;
    name += n;
  }
  return *name == '\0';
}

gboolean
gst_chat_json_member (GstChatSlice text, const gchar * name,
    GstChatSlice * value)
{
  Cursor c;
  if (!enter (&c, text, '{'))
    return FALSE;
  gboolean found = FALSE;
  do {
    GstChatSlice key = read_value (&c);
    skip_space (&c);
    if (key.len < 2 || c.at == c.end || *c.at != ':')
      return FALSE;
    c.at++;
    GstChatSlice candidate = read_value (&c);
    if (string_equals (key, name)) {
      *value = candidate;
      found = TRUE;
    }
  } while (next (&c));
  return found;
}

gboolean
gst_chat_json_element (GstChatSlice text, guint index, GstChatSlice * value)
{
  Cursor c;
  if (!enter (&c, text, '['))
    return FALSE;
  do {
    GstChatSlice candidate = read_value (&c);
    if (index-- == 0) {
      *value = candidate;
      return TRUE;
    }
  } while (next (&c));
  return FALSE;
}

gboolean
gst_chat_json_foreach (GstChatSlice text, GstChatJsonFunc func,
    gpointer user_data)
{
  Cursor c;
  if (!enter (&c, text, '['))
    return TRUE;
  do {
    if (!func (read_value (&c), user_data))
      return FALSE;
  } while (next (&c));
  return TRUE;
}

gchar *
gst_chat_json_string (GstChatSlice text, gsize max_bytes)
{
  Cursor c = { text.data, text.data, text.data + text.len };
  skip_space (&c);
  if (c.at == c.end || *c.at != '"')
    return NULL;
  c.at++;
  g_autoptr (GString) out = g_string_new (NULL);
  while (c.at < c.end && *c.at != '"') {
    if (*c.at == '\\') {
      gunichar character = read_escape (&c);
      if (!character)
        return NULL;
      g_string_append_unichar (out, character);
    } else {
      const gchar *run = c.at;
      while (c.at < c.end && *c.at != '"' && *c.at != '\\')
        c.at++;
      g_string_append_len (out, run, c.at - run);
    }
    if (out->len > max_bytes)
      return NULL;
  }
  if (c.at == c.end)
    return NULL;
  return g_string_free (g_steal_pointer (&out), FALSE);
}

gboolean
gst_chat_json_number (GstChatSlice text, gdouble * value)
{
  Cursor c = { text.data, text.data, text.data + text.len };
  skip_space (&c);
  const gchar *first = c.at;
  /* The longest number that JavaScript writes has 25 characters. */
  gchar copy[64];
  if (c.at == c.end || (*c.at != '-' && !g_ascii_isdigit (*c.at))
      || !check_number (&c, NULL) || (gsize) (c.at - first) >= sizeof copy)
    return FALSE;
  memcpy (copy, first, c.at - first);
  copy[c.at - first] = '\0';
  *value = g_ascii_strtod (copy, NULL);
  return TRUE;
}

void
gst_chat_json_append_string (GString * out, const gchar * text)
{
  g_string_append_c (out, '"');
  for (const gchar * at = text; *at;) {
    const gchar *run = at;
    /* 0xE2 begins U+2028 and U+2029, line ends to older JavaScript. */
    while ((guchar) * at >= 0x20 && *at != '"' && *at != '\\'
        && strncmp (at, "\xe2\x80\xa8", 3) && strncmp (at, "\xe2\x80\xa9", 3))
      at++;
    g_string_append_len (out, run, at - run);
    switch (*at) {
      case '\0':
        break;
      case '"':
      case '\\':
        g_string_append_c (out, '\\');
        g_string_append_c (out, *at++);
        break;
      case '\n':
        g_string_append (out, "\\n");
        at++;
        break;
      case '\r':
        g_string_append (out, "\\r");
        at++;
        break;
      case '\t':
        g_string_append (out, "\\t");
        at++;
        break;
      default:
        g_string_append_printf (out, "\\u%04x", g_utf8_get_char (at));
        at = g_utf8_next_char (at);
    }
  }
  g_string_append_c (out, '"');
}
