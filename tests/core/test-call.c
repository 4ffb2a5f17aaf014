/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The call's state machine, one script a case: tests/vectors/call/NAME.txt
 *
 *   # comment
 *   start [online] [relay] [accept=all|none|ask] [resume=MILLISECONDS]
 *   MILLISECONDS EVENT [WORD...] -> EFFECT...
 *
 * Words: remote, other, past; first, same, media, transport, invalid; chat,
 * lower, candidates, empty, relay, lost; reason=NAME; gen=N (without: the current one).
 * An effect with a reason is written NAME(REASON), a NOTIFY is STATE or
 * STATE(REASON). */
#include "chatcall.h"

#include <stdlib.h>
#include <string.h>

static gboolean
parse_word (GstChatCallEvent * event, const gchar * word)
{
  if (g_str_equal (word, "remote"))
    event->relation = GST_CHAT_CALL_FROM_REMOTE;
  else if (g_str_equal (word, "other"))
    event->relation = GST_CHAT_CALL_FROM_OTHER;
  else if (g_str_equal (word, "past"))
    event->relation = GST_CHAT_CALL_FROM_PAST;
  else if (g_str_equal (word, "first"))
    event->change = GST_CHAT_CALL_OFFER_FIRST;
  else if (g_str_equal (word, "same"))
    event->change = GST_CHAT_CALL_OFFER_SAME;
  else if (g_str_equal (word, "media"))
    event->change = GST_CHAT_CALL_OFFER_MEDIA;
  else if (g_str_equal (word, "transport"))
    event->change = GST_CHAT_CALL_OFFER_TRANSPORT;
  else if (g_str_equal (word, "invalid"))
    event->change = GST_CHAT_CALL_OFFER_INVALID;
  else if (g_str_equal (word, "chat"))
    event->chat = TRUE;
  else if (g_str_equal (word, "lower"))
    event->own_id_lower = TRUE;
  else if (g_str_equal (word, "candidates"))
    event->candidates = TRUE;
  else if (g_str_equal (word, "empty"))
    event->empty = TRUE;
  else if (g_str_equal (word, "relay"))
    event->relay = TRUE;
  else if (g_str_equal (word, "lost"))
    event->lost = TRUE;
  else if (g_str_has_prefix (word, "reason="))
    event->reason = gst_chat_call_reason_from_name (word + 7);
  else if (g_str_has_prefix (word, "gen="))
    event->generation = atoi (word + 4);
  else
    return FALSE;
  return TRUE;
}

static gboolean
parse_event (const gchar * name, GstChatCallEventType * type)
{
  for (guint i = 0; i <= GST_CHAT_CALL_EVENT_TIMER; i++) {
    if (g_str_equal (name, gst_chat_call_event_name (i))) {
      *type = i;
      return TRUE;
    }
  }
  return FALSE;
}

static gchar *
describe (const GstChatCallEffects * effects)
{
  g_autoptr (GString) out = g_string_new (NULL);

  for (guint i = 0; i < effects->n; i++) {
    const GstChatCallEffect *e = &effects->effect[i];

    g_string_append_printf (out, "%s%s", i > 0 ? " " : "",
        e->type == GST_CHAT_CALL_EFFECT_NOTIFY ?
        gst_chat_call_state_name (e->state) :
        gst_chat_call_effect_name (e->type));
    if (e->reason != GST_CHAT_CALL_REASON_NONE)
      g_string_append_printf (out, "(%s)",
          gst_chat_call_reason_name (e->reason));
  }
  return g_string_free (g_steal_pointer (&out), FALSE);
}

static void
start (GstChatCall * call, gchar ** words)
{
  GstChatCallEvent event = { 0, };
  GstChatCallEffects effects;

  gst_chat_call_init (call, GST_CHAT_CALL_ACCEPT_ALL);
  for (guint i = 1; words[i] != NULL; i++) {
    if (g_str_equal (words[i], "online")) {
      event.type = GST_CHAT_CALL_EVENT_ONLINE;
      gst_chat_call_step (call, &event, 0, &effects);
    } else if (g_str_equal (words[i], "relay")) {
      event.type = GST_CHAT_CALL_EVENT_SERVER_INFO;
      event.relay = TRUE;
      gst_chat_call_step (call, &event, 0, &effects);
    } else if (g_str_has_prefix (words[i], "resume=")) {
      call->resume_patience = 1000 * atoi (words[i] + 7);
    } else if (g_str_equal (words[i], "accept=ask")) {
      call->accept = GST_CHAT_CALL_ACCEPT_ASK;
    } else if (g_str_equal (words[i], "accept=none")) {
      call->accept = GST_CHAT_CALL_ACCEPT_NONE;
    } else {
      g_error ("unknown word of start: %s", words[i]);
    }
  }
}

static void
run_line (GstChatCall * call, gchar ** words, const gchar * expected,
    const gchar * place)
{
  GstChatCallEvent event = { 0, };
  GstChatCallEffects effects;
  gint64 now = g_ascii_strtoll (words[0], NULL, 10) * 1000;

  event.generation = call->generation;
  if (words[1] == NULL || !parse_event (words[1], &event.type))
    g_error ("%s: no such event", place);
  for (guint i = 2; words[i] != NULL; i++) {
    if (!parse_word (&event, words[i]))
      g_error ("%s: no such word: %s", place, words[i]);
  }
  gst_chat_call_step (call, &event, now, &effects);
  g_autofree gchar *got = describe (&effects);
  if (!g_str_equal (got, expected)) {
    g_test_message ("%s: wanted: %s; got: %s", place, expected, got);
    g_test_fail ();
  }
}

static void
run_script (gconstpointer data)
{
  const gchar *path = data;
  g_autofree gchar *text = NULL;
  g_autoptr (GError) error = NULL;
  gboolean loaded = g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (loaded);

  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  GstChatCall call;
  guint n_run = 0;
  gst_chat_call_init (&call, GST_CHAT_CALL_ACCEPT_ALL);
  for (guint i = 0; lines[i] != NULL; i++) {
    g_autofree gchar *place = g_strdup_printf ("%s:%u", path, i + 1);
    const gchar *line = g_strstrip (lines[i]);

    if (*line == '\0' || *line == '#')
      continue;
    g_auto (GStrv) halves = g_strsplit (line, "->", 2);
    g_auto (GStrv) words = g_strsplit (g_strstrip (halves[0]), " ", -1);
    if (g_str_equal (words[0], "start")) {
      start (&call, words);
      continue;
    }
    g_assert_nonnull (halves[1]);
    run_line (&call, words, g_strstrip (halves[1]), place);
    n_run++;
  }
  g_assert_cmpuint (n_run, >, 0);
}

/* Every state, every event, with every relation and change: never nothing,
 * never more than fits, and afterwards a state that has a way out. */
static void
try_all_in (const GstChatCall * from)
{
  for (guint type = 0; type <= GST_CHAT_CALL_EVENT_TIMER; type++) {
    for (guint bits = 0; bits < 3 * 5 * 8; bits++) {
      GstChatCall call = *from;
      GstChatCallEffects effects;
      GstChatCallEvent event = {
        .type = type,
        .relation = bits % 3,
        .change = bits / 3 % 5,
        .chat = bits / 15 & 1,
        .own_id_lower = bits / 30 & 1,
        .candidates = bits / 60 & 1,
        .generation = from->generation,
      };

      gst_chat_call_step (&call, &event, 0, &effects);
      g_assert_cmpuint (effects.n, >, 0);
      g_assert_cmpuint (effects.n, <, GST_CHAT_CALL_MAX_EFFECTS);
      if (call.state != GST_CHAT_CALL_IDLE
          && call.state != GST_CHAT_CALL_CONNECTED)
        g_assert_cmpint (gst_chat_call_next_timer (&call), >, 0);
      if (call.state == GST_CHAT_CALL_IDLE)
        g_assert_cmpint (call.role, ==, GST_CHAT_CALL_ROLE_NONE);
      else if (call.state != GST_CHAT_CALL_ENDING)
        g_assert_cmpint (call.role, !=, GST_CHAT_CALL_ROLE_NONE);
    }
  }
}

static void
test_total (void)
{
  static const GstChatCallEventType path[] = {
    GST_CHAT_CALL_EVENT_ONLINE, GST_CHAT_CALL_EVENT_CALL,
    GST_CHAT_CALL_EVENT_LOCAL_OFFER, GST_CHAT_CALL_EVENT_REMOTE_RINGING,
    GST_CHAT_CALL_EVENT_ANSWER, GST_CHAT_CALL_EVENT_LINK_UP,
    /* made anew, with one that can */
    GST_CHAT_CALL_EVENT_SILENT, GST_CHAT_CALL_EVENT_LOCAL_OFFER,
    GST_CHAT_CALL_EVENT_ANSWER, GST_CHAT_CALL_EVENT_OFFLINE,
    GST_CHAT_CALL_EVENT_ONLINE, GST_CHAT_CALL_EVENT_HANG_UP,
    GST_CHAT_CALL_EVENT_CLOSED,
    GST_CHAT_CALL_EVENT_OFFER, GST_CHAT_CALL_EVENT_ACCEPT,
    GST_CHAT_CALL_EVENT_LOCAL_ANSWER, GST_CHAT_CALL_EVENT_LINK_UP,
  };

  for (guint accept = 0; accept <= GST_CHAT_CALL_ACCEPT_ASK; accept++) {
    for (guint bits = 0; bits < 4; bits++) {
      gboolean relay = bits & 1, resume = bits >> 1;
      GstChatCall call;
      guint states = 0;

      gst_chat_call_init (&call, accept);
      call.resume_patience = resume ? 20 * G_USEC_PER_SEC : 0;
      for (guint i = 0; i < G_N_ELEMENTS (path); i++) {
        GstChatCallEffects effects;
        GstChatCallEvent event = {
          .type = path[i],
          .relation = GST_CHAT_CALL_FROM_REMOTE,
          .chat = resume,
          .generation = call.generation,
        };

        try_all_in (&call);
        gst_chat_call_step (&call, &event, 0, &effects);
        if (i == 0)
          call.relay = relay;
        states |= 1 << call.state;
      }
      try_all_in (&call);
      g_assert_cmphex (states, ==, 0x3f);
    }
  }
}

static void
test_names (void)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i <= GST_CHAT_CALL_EVENT_TIMER; i++)
    g_assert_true (g_hash_table_add (seen,
            (gpointer) gst_chat_call_event_name (i)));
  g_hash_table_remove_all (seen);
  for (guint i = 0; i <= GST_CHAT_CALL_EFFECT_VIOLATION; i++)
    g_assert_true (g_hash_table_add (seen,
            (gpointer) gst_chat_call_effect_name (i)));
  for (guint i = 0; i <= GST_CHAT_CALL_REASON_FAILED; i++)
    g_assert_cmpint (gst_chat_call_reason_from_name (gst_chat_call_reason_name
            (i)), ==, i);
  g_assert_cmpint (gst_chat_call_reason_from_name ("no such"), ==,
      GST_CHAT_CALL_REASON_NONE);
  g_assert_cmpint (gst_chat_call_reason_from_name (NULL), ==,
      GST_CHAT_CALL_REASON_NONE);
}

static void
add_scripts (GPtrArray * paths)
{
  const gchar *vectors = g_getenv ("CHAT_VECTORS");
  g_assert_nonnull (vectors);
  g_autofree gchar *folder = g_build_filename (vectors, "call", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) dir = g_dir_open (folder, 0, &error);

  g_assert_no_error (error);
  for (const gchar * name = g_dir_read_name (dir); name != NULL;
      name = g_dir_read_name (dir)) {
    if (!g_str_has_suffix (name, ".txt"))
      continue;
    g_autofree gchar *stem = g_strndup (name, strlen (name) - 4);
    g_autofree gchar *test_path = g_strconcat ("/call/script/", stem, NULL);
    gchar *path = g_build_filename (folder, name, NULL);

    g_ptr_array_add (paths, path);
    g_test_add_data_func (test_path, path, run_script);
  }
  g_assert_cmpuint (paths->len, >, 0);
}

int
main (int argc, char **argv)
{
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);

  g_test_init (&argc, &argv, NULL);
  add_scripts (paths);
  g_test_add_func ("/call/total", test_total);
  g_test_add_func ("/call/names", test_names);
  return g_test_run ();
}
