/* SPDX-License-Identifier: LGPL-2.1-or-later
 * A description against the one before it, an answer against its offer. */
#include "chatsdptest.h"

#include <string.h>

/* @text with the first @from, or with every one, replaced. */
static gchar *
replaced (const gchar * text, const gchar * from, const gchar * to)
{
  g_auto (GStrv) parts = g_strsplit (text, from, -1);
  fail_unless (parts[1] != NULL, "no %s to be replaced", from);
  return g_strjoinv (to, parts);
}

static GstChatSdpChange
classify (const gchar * before, const gchar * after)
{
  g_autoptr (GstChatSdp) a = parse_text (before, TRUE);
  g_autoptr (GstChatSdp) b = parse_text (after, TRUE);
  g_autoptr (GError) error = NULL;
  GstChatSdpChange change = gst_chat_sdp_classify (a, b, &error);
  fail_unless ((change == GST_CHAT_SDP_INVALID) == (error != NULL));
  fail_unless (error == NULL
      || g_error_matches (error, GST_CHAT_ERROR, GST_CHAT_ERROR_PROTOCOL));
  return change;
}

static const struct
{
  const gchar *before, *after;
  GstChatSdpChange change;
} rounds[] = {
  {"av-offer1", "av-offer2", GST_CHAT_SDP_SAME},
  {"audio-offer1", "audio-offer2", GST_CHAT_SDP_SAME},
  {"video-offer1", "video-offer2", GST_CHAT_SDP_SAME},
  {"recvonly-offer1", "recvonly-offer2", GST_CHAT_SDP_SAME},
  {"data-offer1", "data-offer2", GST_CHAT_SDP_SAME},
  {"nothing-offer1", "nothing-offer2", GST_CHAT_SDP_SAME},
  {"av-answer1", "av-answer2", GST_CHAT_SDP_SAME},
  {"later-offer1", "later-offer2", GST_CHAT_SDP_MEDIA_CHANGED},
  {"nothing-offer1", "later-offer1", GST_CHAT_SDP_MEDIA_CHANGED},
  {"later-offer2", "removed-offer4", GST_CHAT_SDP_MEDIA_CHANGED},
  {"later-offer2", "restart-offer3", GST_CHAT_SDP_TRANSPORT_CHANGED},
  {"rejected-video-offer2", "stopped-offer3", GST_CHAT_SDP_MEDIA_CHANGED},
  {"stopped-offer3", "recycled-offer4", GST_CHAT_SDP_MEDIA_CHANGED},
  /* Another call of the same page. */
  {"av-offer1", "later-offer2", GST_CHAT_SDP_TRANSPORT_CHANGED},
  {"av-offer1", "audio-offer1", GST_CHAT_SDP_INVALID},
  {"av-offer1", "video-first-offer1", GST_CHAT_SDP_INVALID},
  {"audio-offer1", "video-offer1", GST_CHAT_SDP_INVALID},
};

static void
rounds_of_browsers_case (guint n)
{
  static const gchar *const browsers[] = { "chromium", "firefox" };
  for (guint i = 0; i < G_N_ELEMENTS (browsers); i++) {
    g_autofree gchar *one = g_strconcat (browsers[i], "-",
        rounds[n].before, NULL);
    g_autofree gchar *two = g_strconcat (browsers[i], "-", rounds[n].after,
        NULL);
    g_autofree gchar *before = load_vector (one);
    g_autofree gchar *after = load_vector (two);
    GstChatSdpChange change = classify (before, after);
    fail_unless (change == rounds[n].change, "%s to %s is %d", one, two,
        change);
  }
}

GST_START_TEST (test_rounds_of_browsers)
{
  for (guint i = 0; i < G_N_ELEMENTS (rounds); i++) {
    rounds_of_browsers_case (i);
  }
}

GST_END_TEST;

/* Trap 6, each form of it: what would abort the process in webrtcbin. */
GST_START_TEST (test_what_would_abort_webrtcbin)
{
  g_autofree gchar *offer = load_vector ("chromium-av-offer1");
  fail_unless_equals_int (classify (offer, offer), GST_CHAT_SDP_SAME);

  g_autofree gchar *renamed = replaced (offer, "a=mid:1\r\n", "a=mid:7\r\n");
  g_autofree gchar *renamed_group =
      replaced (renamed, "BUNDLE 0 1", "BUNDLE 0 7");
  fail_unless_equals_int (classify (offer, renamed_group),
      GST_CHAT_SDP_INVALID);

  g_autofree gchar *swap1 = replaced (offer, "a=mid:1\r\n", "a=mid:X\r\n");
  g_autofree gchar *swap2 = replaced (swap1, "a=mid:0\r\n", "a=mid:1\r\n");
  g_autofree gchar *swapped = replaced (swap2, "a=mid:X\r\n", "a=mid:0\r\n");
  fail_unless_equals_int (classify (offer, swapped), GST_CHAT_SDP_INVALID);

  g_autofree gchar *cut = g_strdup (offer);
  *strstr (cut, "m=video") = '\0';
  g_autofree gchar *shrunk = replaced (cut, "BUNDLE 0 1", "BUNDLE 0");
  fail_unless_equals_int (classify (offer, shrunk), GST_CHAT_SDP_INVALID);
}

GST_END_TEST;

GST_START_TEST (test_other_changes)
{
  g_autofree gchar *offer = load_vector ("firefox-av-offer1");
  static const struct
  {
    const gchar *from, *to;
    GstChatSdpChange change;
  } edits[] = {
    {"a=sendrecv", "a=sendonly", GST_CHAT_SDP_MEDIA_CHANGED},
    {"m=video 9 ", "m=video 0 ", GST_CHAT_SDP_MEDIA_CHANGED},
    {"a=ice-ufrag:", "a=ice-ufrag:x", GST_CHAT_SDP_TRANSPORT_CHANGED},
    {"a=ice-pwd:", "a=ice-pwd:x", GST_CHAT_SDP_TRANSPORT_CHANGED},
    {"VP8/90000", "H264/90000", GST_CHAT_SDP_MEDIA_CHANGED},
    {"a=ssrc:", "a=ssrc:1", GST_CHAT_SDP_MEDIA_CHANGED},
    {"a=setup:actpass", "a=setup:passive", GST_CHAT_SDP_SAME},
    {"a=rtcp-rsize\r\n", "", GST_CHAT_SDP_SAME},
    {"0 IN IP4", "1 IN IP4", GST_CHAT_SDP_SAME},
  };
  for (guint i = 0; i < G_N_ELEMENTS (edits); i++) {
    g_autofree gchar *changed = replaced (offer, edits[i].from, edits[i].to);
    if (strstr (edits[i].from, "ssrc") != NULL) {
      /* Ten digits and one more would be none. */
      g_free (changed);
      g_autoptr (GstChatSdp) sdp = parse_text (offer, TRUE);
      const GstChatSdpMedia *media = gst_chat_sdp_get_media (sdp, 0);
      g_autofree gchar *ssrc = g_strdup_printf ("a=ssrc:%u ",
          g_array_index (media->ssrcs, guint32, 0));
      changed = replaced (offer, ssrc, "a=ssrc:77 ");
    }
    fail_unless_equals_int (classify (offer, changed), edits[i].change);
  }
  g_autoptr (GstChatSdp) sdp = parse_text (offer, TRUE);
  const gchar *print = gst_chat_sdp_get_media (sdp, 0)->fingerprints[0];
  g_autofree gchar *other = g_strdup (print);
  other[strlen (other) - 1] = other[strlen (other) - 1] == 'A' ? 'B' : 'A';
  g_autofree gchar *changed = replaced (offer, print, other);
  fail_unless_equals_int (classify (offer, changed),
      GST_CHAT_SDP_TRANSPORT_CHANGED);
}

GST_END_TEST;

/* ---- answers ---- */

static gboolean
check (const gchar * offer, const gchar * answer, gchar ** why)
{
  g_autoptr (GstChatSdp) a = parse_text (offer, TRUE);
  g_autoptr (GstChatSdp) b = parse_text (answer, FALSE);
  g_autoptr (GError) error = NULL;
  gboolean ok = gst_chat_sdp_check_answer (a, b, &error);
  fail_unless (ok == (error == NULL));
  if (why != NULL) {
    *why = ok ? NULL : g_strdup (error->message);
  }
  return ok;
}

static const gchar *const pairs[][2] = {
  {"av-offer1", "av-answer1"}, {"av-offer2", "av-answer2"},
  {"audio-offer1", "audio-answer1"}, {"video-offer1", "video-answer1"},
  {"data-offer1", "data-answer1"}, {"data-only-offer1", "data-only-answer1"},
  {"recvonly-offer1", "recvonly-answer1"},
  {"nothing-offer1", "nothing-answer1"},
  {"av-offer1", "rejected-video-answer"},
  {"av-offer1", "callee-nothing-answer1"},
};

static void
answers_of_browsers_case (guint n)
{
  static const gchar *const browsers[] = { "chromium", "firefox" };
  for (guint i = 0; i < G_N_ELEMENTS (browsers); i++) {
    g_autofree gchar *one = g_strconcat (browsers[i], "-", pairs[n][0],
        NULL);
    g_autofree gchar *two = g_strconcat (browsers[i], "-", pairs[n][1],
        NULL);
    g_autofree gchar *offer = load_vector (one);
    g_autofree gchar *answer = load_vector (two);
    g_autofree gchar *why = NULL;
    fail_unless (check (offer, answer, &why), "%s, %s: %s", one, two, why);
  }
}

GST_START_TEST (test_answers_of_browsers)
{
  for (guint i = 0; i < G_N_ELEMENTS (pairs); i++) {
    answers_of_browsers_case (i);
  }
}

GST_END_TEST;

GST_START_TEST (test_answers_that_do_not_fit)
{
  g_autofree gchar *offer = load_vector ("chromium-av-offer1");
  g_autofree gchar *answer = load_vector ("chromium-av-answer1");
  static const gchar *const edits[][2] = {
    {"a=mid:1\r\n", "a=mid:7\r\n"},
    {"a=setup:active", "a=setup:actpass"},
    {"m=audio 9", "m=video 9"},
    {"m=video 9", "m=audio 9"},
    {"m=video 9 UDP/TLS/RTP/SAVPF", "m=video 9 RTP/AVP"},
  };
  for (guint i = 0; i < G_N_ELEMENTS (edits); i++) {
    g_autofree gchar *one = replaced (answer, edits[i][0], edits[i][1]);
    g_autofree gchar *changed = i == 0
        ? replaced (one, "BUNDLE 0 1", "BUNDLE 0 7") : g_strdup (one);
    fail_if (check (offer, changed, NULL), "%s", edits[i][1]);
  }

  g_autofree gchar *longer = load_vector ("chromium-data-answer1");
  fail_if (check (offer, longer, NULL));
  g_autofree gchar *nothing = load_vector ("chromium-nothing-answer1");
  fail_if (check (offer, nothing, NULL));

  /* Directions: who was offered nothing sends nothing, and the reverse. */
  g_autofree gchar *sendonly = replaced (offer, "a=sendrecv", "a=sendonly");
  g_autofree gchar *recvonly = replaced (offer, "a=sendrecv", "a=recvonly");
  fail_if (check (sendonly, answer, NULL));
  fail_if (check (recvonly, answer, NULL));
  g_autofree gchar *takes = replaced (answer, "a=sendrecv", "a=recvonly");
  fail_unless (check (sendonly, takes, NULL));
  fail_if (check (recvonly, takes, NULL));

  /* Both active, both passive. */
  g_autofree gchar *active = replaced (offer, "a=setup:actpass",
      "a=setup:active");
  fail_if (check (active, answer, NULL));
  g_autofree gchar *passive = replaced (answer, "a=setup:active",
      "a=setup:passive");
  fail_unless (check (active, passive, NULL));

  /* A payload type with another meaning. */
  g_autofree gchar *meaning = replaced (answer, "VP8/90000", "XXX/90000");
  fail_if (check (offer, meaning, NULL));
}

GST_END_TEST;

GST_START_TEST (test_bundle_only_needs_the_bundle)
{
  g_autofree gchar *offer = load_vector ("chromium-av-offer1");
  g_autofree gchar *answer = load_vector ("chromium-av-answer1");
  g_autofree gchar *max = replaced (offer, "m=video 9 ", "m=video 0 ");
  g_autofree gchar *max_bundle = replaced (max, "a=mid:1\r\n",
      "a=mid:1\r\na=bundle-only\r\n");
  fail_unless (check (max_bundle, answer, NULL));
  g_autofree gchar *apart = replaced (answer, "a=group:BUNDLE 0 1\r\n", "");
  fail_if (check (max_bundle, apart, NULL));
  fail_unless (check (offer, apart, NULL));
  /* One alone needs none (Firefox, where it rejects the first). */
  g_autofree gchar *rejected = replaced (apart, "m=audio 9 ", "m=audio 0 ");
  fail_unless (check (max_bundle, rejected, NULL));
  /* And an answer cannot bundle what was not. */
  g_autofree gchar *unbundled = replaced (offer, "a=group:BUNDLE 0 1\r\n", "");
  fail_if (check (unbundled, answer, NULL));
}

GST_END_TEST;

/* ---- candidates ---- */

GST_START_TEST (test_new_candidates)
{
  static const gchar *const browsers[] = { "chromium", "firefox" };
  for (guint i = 0; i < G_N_ELEMENTS (browsers); i++) {
    g_autofree gchar *one = g_strconcat (browsers[i], "-av-offer1", NULL);
    g_autofree gchar *two = g_strconcat (browsers[i], "-av-offer2", NULL);
    g_autoptr (GstChatSdp) offer1 = parse_vector (one);
    g_autoptr (GstChatSdp) offer2 = parse_vector (two);
    g_autoptr (GstChatSdpMap) map = gst_chat_sdp_map_new ();
    gboolean accept[] = { TRUE, TRUE };
    gst_sdp_message_free (gst_chat_sdp_offer_for_webrtcbin (offer1, accept,
            map));

    g_autoptr (GArray) all = gst_chat_sdp_new_candidates (NULL, offer2, map);
    g_autoptr (GArray) fresh =
        gst_chat_sdp_new_candidates (offer1, offer2, map);
    g_autoptr (GArray) none = gst_chat_sdp_new_candidates (offer2, offer2, map);
    fail_unless_equals_int (all->len, 4);
    fail_unless_equals_int (fresh->len, 4);
    fail_unless_equals_int (none->len, 0);
    for (guint j = 0; j < all->len; j++) {
      const GstChatSdpCandidateRef *ref =
          &g_array_index (all, GstChatSdpCandidateRef, j);
      fail_unless_equals_int (ref->mline, 0);
      fail_unless (ref->candidate->usable);
    }
  }
}

GST_END_TEST;

/* Where we do not take the first m-line, the second one's transport is used. */
GST_START_TEST (test_candidates_of_the_first_m_line_that_is_taken)
{
  g_autoptr (GstChatSdp) offer = parse_vector ("chromium-gathered-offer");
  g_autoptr (GstChatSdpMap) map = gst_chat_sdp_map_new ();
  gboolean accept[] = { FALSE, TRUE };
  gst_sdp_message_free (gst_chat_sdp_offer_for_webrtcbin (offer, accept, map));
  g_autoptr (GArray) refs = gst_chat_sdp_new_candidates (NULL, offer, map);
  fail_unless_equals_int (refs->len, 4);
  const GstChatSdpMedia *video = gst_chat_sdp_get_media (offer, 1);
  for (guint i = 0; i < refs->len; i++) {
    const GstChatSdpCandidateRef *ref =
        &g_array_index (refs, GstChatSdpCandidateRef, i);
    fail_unless_equals_int (ref->mline, 0);
    fail_unless (g_ptr_array_find (video->candidates, ref->candidate, NULL));
  }
}

GST_END_TEST;

static Suite *
sdp_compare_suite (void)
{
  Suite *suite = suite_create ("sdp-compare");
  TCase *tc = tcase_create ("general");
  suite_add_tcase (suite, tc);
  tcase_add_test (tc, test_rounds_of_browsers);
  tcase_add_test (tc, test_what_would_abort_webrtcbin);
  tcase_add_test (tc, test_other_changes);
  tcase_add_test (tc, test_answers_of_browsers);
  tcase_add_test (tc, test_answers_that_do_not_fit);
  tcase_add_test (tc, test_bundle_only_needs_the_bundle);
  tcase_add_test (tc, test_new_candidates);
  tcase_add_test (tc, test_candidates_of_the_first_m_line_that_is_taken);
  return suite;
}

GST_CHECK_MAIN (sdp_compare);
