/* SPDX-License-Identifier: LGPL-2.1-or-later
 * ICE candidates, one by one and in a description: what is taken is whole,
 * bounded and the same when it is read again, and what may go to webrtcbin has
 * an address that is one. */
#include "fuzz.h"

#include "chaterror.h"
#include "chatlimits.h"
#include "chatsdp.h"
#include "criticals.h"

#include <string.h>
#include <gio/gio.h>

#define PRINT "AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:" \
  "23:45:67:89:AB:CD:EF:01:23:45:67:89"

static void
check_usable (const GstChatCandidate * candidate)
{
  g_autoptr (GInetAddress) address =
      g_inet_address_new_from_string (candidate->address);

  fuzz_assert (address != NULL && !candidate->tcp && !candidate->mdns);
  fuzz_assert (candidate->component == 1 && candidate->port != 0);
  fuzz_assert (!g_inet_address_get_is_any (address)
      && !g_inet_address_get_is_multicast (address));
}

static void
check_same (const GstChatCandidate * a, const GstChatCandidate * b)
{
  fuzz_assert (a != NULL && b != NULL);
  fuzz_assert (g_str_equal (a->text, b->text)
      && g_str_equal (a->foundation, b->foundation)
      && g_str_equal (a->address, b->address));
  fuzz_assert (a->component == b->component && a->tcp == b->tcp
      && a->priority == b->priority && a->port == b->port
      && a->type == b->type && a->mdns == b->mdns && a->usable == b->usable);
}

static void
check (const GstChatCandidate * candidate)
{
  fuzz_assert (g_str_has_prefix (candidate->text, "candidate:"));
  fuzz_assert (strlen (candidate->text)
      <= GST_CHAT_MAX_CANDIDATE_BYTES + strlen ("candidate:"));
  /* A line of SDP, and nothing behind it. */
  for (const gchar * p = candidate->text; *p != '\0'; p++)
    fuzz_assert (g_ascii_isprint (*p));
  fuzz_assert (candidate->component == 1 || candidate->component == 2);
  fuzz_assert (candidate->port <= G_MAXUINT16);
  fuzz_assert (strlen (candidate->foundation) <= 32);
  if (candidate->usable)
    check_usable (candidate);
}

static void
read_again (const GstChatCandidate * candidate)
{
  g_autofree gchar *line = g_strconcat ("a=", candidate->text, NULL);
  g_autoptr (GstChatCandidate) again =
      gst_chat_candidate_parse (candidate->text, NULL);
  g_autoptr (GstChatCandidate) of_line = gst_chat_candidate_parse (line, NULL);

  if (strlen (line) > GST_CHAT_MAX_CANDIDATE_BYTES)
    return;                     /* longer than it came, by its prefix */
  check_same (candidate, again);
  check_same (candidate, of_line);
}

/* Among the lines of a description, which it cannot break. */
static void
put_into_sdp (const gchar * text, const GstChatCandidate * candidate)
{
  g_autofree gchar *sdp = g_strdup_printf ("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\n"
      "s=-\r\nt=0 0\r\na=group:BUNDLE 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"
      "c=IN IP4 0.0.0.0\r\na=mid:0\r\na=ice-ufrag:abcd\r\n"
      "a=ice-pwd:abcdefghijklmnopqrstuvwx\r\na=fingerprint:sha-256 " PRINT
      "\r\na=setup:actpass\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\n"
      "a=%s\r\na=sendrecv\r\n", text);
  g_autoptr (GError) error = NULL;
  g_autoptr (GstChatSdp) parsed = gst_chat_sdp_parse_remote (sdp, TRUE, &error);

  if (candidate != NULL && parsed == NULL)
    fuzz_fail (error->message);
  if (parsed == NULL || gst_chat_sdp_n_media (parsed) == 0)
    return;
  const GPtrArray *found = gst_chat_sdp_get_media (parsed, 0)->candidates;
  fuzz_assert (found->len <= GST_CHAT_MAX_CANDIDATES);
  for (guint i = 0; i < found->len; i++)
    check (g_ptr_array_index (found, i));
  if (candidate != NULL) {
    fuzz_assert (found->len == 1);
    check_same (candidate, g_ptr_array_index (found, 0));
  }
}

static void
use (const gchar * text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GstChatCandidate) candidate =
      gst_chat_candidate_parse (text, &error);

  fuzz_assert ((candidate == NULL) == (error != NULL));
  if (candidate == NULL) {
    fuzz_assert (error->code == GST_CHAT_ERROR_MALFORMED
        || error->code == GST_CHAT_ERROR_LIMIT);
    fuzz_assert (g_utf8_validate (error->message, -1, NULL));
  } else {
    check (candidate);
    read_again (candidate);
  }
  gst_chat_local_candidate_free (gst_chat_local_candidate_new (0, text));
  gboolean whole = candidate != NULL && g_str_has_prefix (text, "candidate:");
  put_into_sdp (text, whole ? candidate : NULL);
}

int
LLVMFuzzerTestOneInput (const guint8 * data, gsize size)
{
  /* One as it is, and each line by itself. */
  g_autofree gchar *all = g_strndup ((const gchar *) data, size);
  use (all);
  g_auto (GStrv) lines = g_strsplit (all, "\n", 64);
  for (guint i = 0; lines[0] != NULL && lines[1] != NULL && lines[i]; i++)
    use (g_strchomp (lines[i]));
  return 0;
}

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  gst_init (argc, argv);
  /* As a crash does, so that libFuzzer keeps the input. */
  criticals_are_fatal ();
  return 0;
}
