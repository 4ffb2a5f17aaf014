/* SPDX-License-Identifier: LGPL-2.1-or-later
 * What webrtcbin gets wrong, and a remote may try: each test fails without its
 * way out. */
#include "chatcalltest.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

static guint
count (const gchar * text, const gchar * pattern)
{
  g_autoptr (GRegex) regex = g_regex_new (pattern, G_REGEX_MULTILINE, 0, NULL);
  g_autoptr (GMatchInfo) info = NULL;
  guint n = 0;
  for (g_regex_match (regex, text, 0, &info); g_match_info_matches (info);
      g_match_info_next (info, NULL))
    n++;
  return n;
}

static gchar *
forge_fingerprint (gchar * sdp, gboolean is_offer)
{
  return sdp_replace (sdp, "sha-256 [0-9A-F]{2}:", "sha-256 00:");
}

/* Somebody in the middle: webrtcbin would let them in. */
GST_START_TEST (test_fingerprint)
{
  call_setup ();
  Side *forger = __i__ ? callee : caller;
  Side *victim = __i__ ? caller : callee;
  forger->rewrite = forge_fingerprint;
  call_add_media ();
  call_play ();
  call_start (caller, callee);
  fail_unless (side_wait (victim, has_failed, 20));
  fail_unless (g_error_matches (victim->failed, GST_CHAT_ERROR,
          GST_CHAT_ERROR_REFUSED), "%s", victim->failed->message);
  fail_if (victim->connected);
  fail_unless (side_received (victim, GST_CHAT_KIND_VIDEO) == NULL);
  fail_unless (side_received (victim, GST_CHAT_KIND_AUDIO) == NULL);
  /* Nor has anything been let out. */
  g_usleep (500000);
  fail_unless (side_received (forger, GST_CHAT_KIND_VIDEO) == NULL);
  call_teardown ();
}

GST_END_TEST;

GST_START_TEST (test_offer_text)
{
  call_setup ();
  call_add_media ();
  call_play ();
  call_start (caller, callee);
  fail_unless (side_wait (callee, has_answered, 10));
  const gchar *texts[] = { caller->offer, callee->answer };
  for (guint i = 0; i < 2; i++) {
    g_auto (GStrv) media = g_strsplit (texts[i], "m=", -1);
    fail_unless_equals_int (g_strv_length (media), 3);
    fail_unless (g_str_has_prefix (media[1], "audio"));
    /* Trap 1: both have an SSRC and belong to one stream. */
    for (guint m = 1; m <= 2; m++) {
      fail_unless (count (media[m], "^a=ssrc:\\d+ cname:") >= 1);
      fail_unless_equals_int (count (media[m], "^a=msid:"), 1);
      /* Trap 17. */
      fail_unless_equals_int (count (media[m],
              "^a=extmap:\\d+ .*transport-wide-cc"), 1);
    }
    /* Trap 3. */
    fail_unless_equals_int (count (media[1], "rtcp-fb:\\d+ nack\r"), 0);
    /* Trap 4: retransmission, of what is sent. */
    fail_unless (count (media[2], "rtcp-fb:\\d+ nack\r") >= 1);
    fail_unless_equals_int (count (media[2], "^a=ssrc-group:FID \\d+ \\d+"), 1);
    fail_unless (count (media[2], "^a=rtpmap:\\d+ rtx/90000") >= 1);
    fail_unless_equals_int (count (media[2], "^a=rtpmap:\\d+ rtx/90000"),
        count (media[2], "^a=fmtp:\\d+ apt=\\d+"));
    /* Trap 8: an identity of the call's own. */
    fail_unless (strstr (texts[i], "a=fingerprint:sha-256 ") != NULL);
  }
  fail_unless_equals_int (count (caller->offer, "^a=rtpmap:\\d+ rtx/90000"),
      count (caller->offer, "^a=rtpmap:\\d+ (VP8|VP9|H264)/90000"));
  /* Trap 9. */
  fail_unless_equals_int (count (caller->offer, "^a=setup:active"), 2);
  fail_unless_equals_int (count (callee->answer, "^a=setup:passive"), 2);
  fail_unless_equals_int (count (caller->offer, "^a=mid:[01]\r"), 2);
  call_teardown ();
}

GST_END_TEST;

static gchar *
certificate_of (Side * side)
{
  g_autoptr (GRegex) regex =
      g_regex_new ("a=fingerprint:(\\S+ \\S+)", 0, 0, NULL);
  g_autoptr (GMatchInfo) info = NULL;
  fail_unless (g_regex_match (regex, side->offer, 0, &info));
  return g_match_info_fetch (info, 1);
}

/* Trap 8: two calls are not to be told to be of the same person. */
GST_START_TEST (test_identities)
{
  call_setup ();
  call_play ();
  call_start (caller, callee);
  fail_unless (side_wait (caller, has_offered, 10));
  g_autofree gchar *one = certificate_of (caller);
  call_hang_up (caller, callee);
  call_start (caller, callee);
  fail_unless (side_wait (caller, has_offered, 10));
  g_autofree gchar *two = certificate_of (caller);
  fail_if (g_str_equal (one, two));
  call_teardown ();
}

GST_END_TEST;

static void
hurry (GstBin * webrtc, GstElement * element, gpointer data)
{
  if (GST_IS_BIN (element)) {
    g_autoptr (GstElement) dtls = find_element (element, "dtlsdec");
    if (dtls)
      gst_element_set_state (element, GST_STATE_READY);
  }
}

static void
watch_webrtcbin (GstBin * pipeline, GstBin * bin, GstElement * element,
    gpointer data)
{
  GstElementFactory *factory = gst_element_get_factory (element);
  if (factory && g_str_equal (GST_OBJECT_NAME (factory), "webrtcbin"))
    g_signal_connect (element, "element-added", G_CALLBACK (hurry), NULL);
}

/* The application changes the state while the call begins. */
GST_START_TEST (test_identity_is_late)
{
  call_setup ();
  Side *late = __i__ ? callee : caller;
  g_signal_connect (late->pipeline, "deep-element-added",
      G_CALLBACK (watch_webrtcbin), NULL);
  call_add_media ();
  call_connect ();
  assert_sees (caller, GST_CHAT_COLOUR_BLUE);
  assert_sees (callee, GST_CHAT_COLOUR_RED);
  call_teardown ();
}

GST_END_TEST;

/* ---- the end of DTLS ---- */

static GThread *clock_thread;   /* atomic */
static gint n_gone, n_gone_elsewhere;   /* atomic */

static gboolean
tell_thread (GstClock * clock, GstClockTime time, GstClockID id, gpointer data)
{
  g_atomic_pointer_set (&clock_thread, g_thread_self ());
  return TRUE;
}

static void
on_gone (gpointer data, GObject * element)
{
  if (g_thread_self () != g_atomic_pointer_get (&clock_thread))
    g_atomic_int_inc (&n_gone_elsewhere);
  g_atomic_int_inc (&n_gone);
}

static void
watch_dtls (GstBin * pipeline, GstBin * bin, GstElement * element,
    gpointer data)
{
  GstElementFactory *factory = gst_element_get_factory (element);
  const gchar *name = factory ? GST_OBJECT_NAME (factory) : "";
  if (g_str_equal (name, "dtlsdec") || g_str_equal (name, "dtlsenc"))
    g_object_weak_ref (G_OBJECT (element), on_gone, NULL);
}

/* In the thread in which the timers of their connection end, whose handlers are
 * theirs: GObject crashes where both end at once. */
GST_START_TEST (test_dtls_goes_beside_its_timers)
{
  g_autoptr (GstClock) clock = gst_system_clock_obtain ();
  GstClockID id = gst_clock_new_single_shot_id (clock,
      gst_clock_get_time (clock));
  gst_clock_id_wait_async (id, tell_thread, NULL, NULL);
  gst_clock_id_unref (id);

  call_setup ();
  g_signal_connect (caller->pipeline, "deep-element-added",
      G_CALLBACK (watch_dtls), NULL);
  call_add_media ();
  call_connect ();
  call_hang_up (caller, callee);
  for (guint i = 0; i < 500 && g_atomic_int_get (&n_gone) < 2; i++)
    g_usleep (10000);
  fail_unless_equals_int (g_atomic_int_get (&n_gone), 2);
  fail_unless_equals_int (g_atomic_int_get (&n_gone_elsewhere), 0);
  call_teardown ();
}

GST_END_TEST;

/* ---- loss ---- */

static gint n_lost;

static GstPadProbeReturn
lose (GstPad * pad, GstPadProbeInfo * info, gpointer data)
{
  /* One video packet in 12, not what is sent again for it. */
  GstBuffer *buffer = info->type & GST_PAD_PROBE_TYPE_BUFFER ?
      GST_PAD_PROBE_INFO_BUFFER (info) : NULL;
  guint8 head[2];
  if (!buffer || gst_buffer_extract (buffer, 0, head, 2) < 2
      || (head[1] & 0x7f) != 96)
    return GST_PAD_PROBE_OK;
  static gint n = 0;
  if (g_atomic_int_add (&n, 1) % 12 != 11)
    return GST_PAD_PROBE_OK;
  g_atomic_int_inc (&n_lost);
  return GST_PAD_PROBE_DROP;
}

static gchar *
forget_ssrcs (gchar * sdp, gboolean is_offer)
{
  return sdp_replace (sdp, "a=(ssrc|ssrc-group|msid):[^\\r]*\\r\\n", "");
}

/* Traps 2 and 4: what is lost comes again, after a second round too;
 * and also where the remote does not say which SSRC is of which m-line. */
GST_START_TEST (test_retransmission)
{
  call_setup ();
  if (__i__ == 2)
    caller->rewrite = callee->rewrite = forget_ssrcs;
  if (__i__ == 1)
    caller->config.video_codecs = g_strsplit ("vp9,vp8", ",", -1);
  callee->config.video_codecs = g_strsplit ("vp8", ",", -1);
  call_add_media ();
  call_play ();
  call_start (caller, callee);
  assert_connected (caller);
  assert_sees (callee, GST_CHAT_COLOUR_RED);
  assert_hears (callee, 440);
  assert_sees (caller, GST_CHAT_COLOUR_BLUE);
  assert_hears (caller, 1000);
  call_second_round (caller);
  g_autoptr (GstElement) send = find_element (caller->pipeline, "nicesink");
  g_autoptr (GstElement) rtp = find_element (caller->pipeline, "rtprtxsend");
  g_autoptr (GstElement) got = find_element (callee->pipeline, "rtprtxreceive");
  fail_unless (send && rtp && got);
  g_autoptr (GstPad) pad = gst_element_get_static_pad (send, "sink");
  gulong probe = gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, lose, NULL,
      NULL);
  guint asked = 0, sent = 0, used = 0;
  for (guint i = 0; i < 1000 && (g_atomic_int_get (&n_lost) < 20 || used < 10);
      i++) {
    g_usleep (10000);
    g_object_get (rtp, "num-rtx-requests", &asked, "num-rtx-packets", &sent,
        NULL);
    g_object_get (got, "num-rtx-assoc-packets", &used, NULL);
  }
  gst_pad_remove_probe (pad, probe);
  fail_unless (used >= 10, "%d lost, %u asked for, %u sent again, %u used",
      g_atomic_int_get (&n_lost), asked, sent, used);
  call_teardown ();
}

GST_END_TEST;

/* ---- gathering ---- */

/* Trap 12: a STUN server that is not there delays nothing. */
GST_START_TEST (test_dead_stun)
{
  call_setup ();
  caller->config.stun_server = g_strdup ("stun://127.0.0.1:1");
  callee->config.stun_server = g_strdup ("stun://127.0.0.1:1");
  call_add_media ();
  call_play ();
  gint64 begin = g_get_monotonic_time ();
  call_connect ();
  gint64 took = g_get_monotonic_time () - begin;
  fail_unless (strstr (caller->offer, "a=candidate:") != NULL);
  fail_if (strstr (caller->offer, "a=end-of-candidates"));
  GST_INFO ("%d ms", (gint) (took / 1000));
  call_teardown ();
}

GST_END_TEST;

/* ---- what is left ---- */

static guint
count_entries (const gchar * path)
{
  DIR *dir = opendir (path);
  guint n = 0;
  while (dir && readdir (dir))
    n++;
  if (dir)
    closedir (dir);
  return n;
}

static gulong
resident_kb (void)
{
  g_autofree gchar *text = NULL;
  gulong pages = 0, ignored;
  if (g_file_get_contents ("/proc/self/statm", &text, NULL, NULL)
      && sscanf (text, "%lu %lu", &ignored, &pages) != 2)
    pages = 0;
  return pages * 4;
}

static void
one_call (guint i)
{
  call_start (caller, callee);
  if (i % 3)
    assert_connected (callee);
  call_hang_up (caller, callee);
  fail_unless (gst_chat_connection_wait_closed (GST_BIN (caller->pipeline)));
  fail_unless (gst_chat_connection_wait_closed (GST_BIN (callee->pipeline)));
}

GST_START_TEST (test_nothing_left)
{
  call_setup ();
  call_add_media ();
  call_play ();
  for (guint i = 0; i < (WITH_SANITIZER ? 3 : 10); i++)
    one_call (i);
  guint fds = count_entries ("/proc/self/fd");
  guint threads = count_entries ("/proc/self/task");
  gulong before = resident_kb ();
  for (guint i = 0; i < (WITH_SANITIZER ? 10 : 50); i++)
    one_call (i);
  gulong after = resident_kb ();
  /* Idle threads of GLib's pools go after a quarter of a minute. */
  for (guint i = 0; i < 3000 && (count_entries ("/proc/self/fd") > fds
          || count_entries ("/proc/self/task") > threads + 4); i++)
    g_usleep (10000);
  fail_unless (count_entries ("/proc/self/fd") <= fds, "%u fds, %u before",
      count_entries ("/proc/self/fd"), fds);
  fail_unless (count_entries ("/proc/self/task") <= threads + 4,
      "%u threads, %u before", count_entries ("/proc/self/task"), threads);
  /* The sanitizer keeps what is freed for a while. */
  fail_unless (WITH_SANITIZER || after < before + 16 * 1024,
      "%lu KiB, %lu before", after, before);
  call_teardown ();
}

GST_END_TEST;

/* ---- garbage ---- */

static void
garbage_in_loop (gpointer data)
{
  Side *side = data;
  static const gchar *const texts[] = { "", "hello", "v=0", "v=0\r\nm=", NULL };
  for (guint i = 0; texts[i]; i++)
    gst_chat_connection_remote_answer_in_loop (side->connection, texts[i]);
  for (guint i = 0; i < 1000; i++) {
    gst_chat_connection_add_candidate_in_loop (side->connection, "nonsense", i);
    gst_chat_connection_add_candidate_in_loop (side->connection,
        "candidate:1 1 UDP 1 127.0.0.1 4444 typ host", i);
  }
  gst_chat_connection_remote_offer_in_loop (side->connection, "hello");
}

GST_START_TEST (test_garbage)
{
  call_setup ();
  call_play ();
  call_prepare (caller, callee);
  side_call (callee, garbage_in_loop);
  fail_unless (side_wait (callee, has_failed, 5));
  fail_unless (callee->failed->domain == GST_CHAT_ERROR);
  call_teardown ();
}

GST_END_TEST;

static Suite *
traps_suite (void)
{
  Suite *suite = suite_create ("connection-traps");
  call_test_init ();
  TCase *tcase = tcase_create ("traps");
  suite_add_tcase (suite, tcase);
  tcase_set_timeout (tcase, 90);
  tcase_add_loop_test (tcase, test_fingerprint, 0, 2);
  tcase_add_test (tcase, test_offer_text);
  tcase_add_test (tcase, test_identities);
  tcase_add_loop_test (tcase, test_identity_is_late, 0, 2);
  tcase_add_test (tcase, test_dtls_goes_beside_its_timers);
  tcase_add_loop_test (tcase, test_retransmission, 0, 3);
  tcase_add_test (tcase, test_dead_stun);
  tcase_add_test (tcase, test_nothing_left);
  tcase_add_test (tcase, test_garbage);
  return suite;
}

GST_CHECK_MAIN (traps);
