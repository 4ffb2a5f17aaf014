/* SPDX-License-Identifier: LGPL-2.1-or-later
 * What webrtcbin 1.22 does to its users, and that it cannot happen here: each
 * test fails without the way out that docs/webrtcbin-traps.md names. */
#define _GNU_SOURCE             /* unshare */
#include "chatcalltest.h"

#include <gio/gio.h>
#include <gst/rtp/rtp.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "chatsdptest.h"

static void
start (void)
{
  call_add_media ();
  call_connect ();
}

static gboolean
has_answered_twice (Side * side)
{
  return side->n_answers > 1;
}

/* What side_call() hands to one side's connection. */
static const gchar *offer_text;

static void
take_offer_in_loop (gpointer data)
{
  Side *side = data;
  gst_chat_connection_remote_offer_in_loop (side->connection, offer_text);
}

static void
give_offer (Side * side, const gchar * text)
{
  offer_text = text;
  side_call (side, take_offer_in_loop);
}

/* ---- 1: SSRC and stream of every m-line ---- */

static void
assert_one_stream (const GstChatSdp * sdp)
{
  g_autofree gchar *stream = NULL;
  for (guint i = 0; i < gst_chat_sdp_n_media (sdp); i++) {
    const GstChatSdpMedia *media = gst_chat_sdp_get_media (sdp, i);
    fail_unless (media->ssrcs->len > 0, "m-line %u has no SSRC", i);
    fail_unless (media->msid != NULL, "m-line %u has no msid", i);
    gchar *mine = g_strndup (media->msid, strcspn (media->msid, " "));
    if (stream)
      fail_unless_equals_string (mine, stream);
    g_free (stream);
    stream = mine;
  }
}

GST_START_TEST (test_every_m_line_has_ssrc_and_stream)
{
  call_setup ();
  start ();
  g_autoptr (GstChatSdp) offer = parse_text (caller->offer, TRUE);
  g_autoptr (GstChatSdp) answer = parse_text (callee->answer, FALSE);
  fail_unless_equals_int (gst_chat_sdp_n_media (offer), 2);
  assert_one_stream (offer);
  assert_one_stream (answer);
  call_teardown ();
}

GST_END_TEST;

/* ---- 2 and 10: the second round ---- */

/* What must not change in a call. */
static gchar *
without_news (const gchar * sdp)
{
  gchar *text =
      sdp_replace (g_strdup (sdp), "^a=(candidate:|end-of)[^\n]*\n", "");
  return sdp_replace (text, "^o=[^\n]*\n", "");
}

static gchar *repeated_offer;

static void
repeat_offer_in_loop (gpointer data)
{
  Side *side = data;
  repeated_offer = gst_chat_connection_repeat_offer_in_loop (side->connection);
}

GST_START_TEST (test_second_round_changes_nothing)
{
  call_setup ();
  start ();
  g_autofree gchar *answer = without_news (callee->answer);
  g_autofree gchar *offer = without_news (caller->offer);
  fail_unless (strstr (offer, "a=ssrc-group:FID ") != NULL);
  fail_unless (strstr (answer, "a=ssrc-group:FID ") != NULL);

  call_second_round (caller);
  fail_unless (side_wait (callee, has_answered_twice, 10));
  g_autofree gchar *answer2 = without_news (callee->answer);
  fail_unless_equals_string (answer2, answer);
  fail_unless (strstr (callee->answer, "a=candidate:") != NULL);

  side_call (caller, repeat_offer_in_loop);
  fail_unless (repeated_offer != NULL);
  g_autofree gchar *offer2 = without_news (repeated_offer);
  fail_unless_equals_string (offer2, offer);
  fail_unless (strstr (repeated_offer, "a=candidate:") != NULL);
  g_clear_pointer (&repeated_offer, g_free);
  fail_if (caller->failed || callee->failed);
  call_teardown ();
}

GST_END_TEST;

/* ---- 2 and 4: what is lost is sent again ---- */

/* atomic */
static gint n_dropped, n_seen;

/* Each eighth packet of VP8, as it was first sent. SRTP leaves headers as they
 * are; payload type 96 is our offer's. */
static GstPadProbeReturn
drop_some (GstPad * pad, GstPadProbeInfo * info, gpointer data)
{
  guint8 head[2] = { 0, };
  GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER (info);
  if (gst_buffer_extract (buffer, 0, head, 2) != 2 || head[0] >> 6 != 2
      || (head[1] & 0x7f) != 96)
    return GST_PAD_PROBE_OK;
  if (g_atomic_int_add (&n_seen, 1) % 8 != 7)
    return GST_PAD_PROBE_OK;
  g_atomic_int_inc (&n_dropped);
  return GST_PAD_PROBE_DROP;
}

/* A sum over the jitter buffers of @side. */
static guint64
count_packets (Side * side, const gchar * what)
{
  g_autoptr (GstIterator) it = gst_bin_iterate_all_by_element_factory_name
      (GST_BIN (side->pipeline), "rtpjitterbuffer");
  g_auto (GValue) item = G_VALUE_INIT;
  guint64 n = 0;
  while (gst_iterator_next (it, &item) == GST_ITERATOR_OK) {
    g_autoptr (GstStructure) stats = NULL;
    guint64 one = 0;
    g_object_get (g_value_get_object (&item), "stats", &stats, NULL);
    gst_structure_get_uint64 (stats, what, &one);
    n += one;
    g_value_reset (&item);
  }
  return n;
}

GST_START_TEST (test_lost_packets_are_sent_again)
{
  call_setup ();
  caller->config.latency = callee->config.latency = 400;
  start ();
  call_second_round (caller);
  fail_unless (side_wait (callee, has_answered_twice, 10));
  assert_sees (callee, GST_CHAT_COLOUR_RED);

  g_autoptr (GstElement) sink = side_element (caller, "nicesink");
  g_autoptr (GstPad) pad = gst_element_get_static_pad (sink, "sink");
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, drop_some, NULL, NULL);
  guint64 recovered = 0;
  for (guint i = 0; i < 1500 && recovered < 10; i++) {
    g_usleep (10000);
    recovered = count_packets (callee, "rtx-success-count");
  }
  fail_unless (recovered >= 10, "of %d lost packets %d came again",
      g_atomic_int_get (&n_dropped), (gint) recovered);
  call_teardown ();
}

GST_END_TEST;

/* Each socket that @side reads from, until the call's end: how many there are
 * depends on the version. */
static void
probe_transport (Side * side, GstPadProbeCallback probe, gint * flag)
{
  g_autoptr (GstIterator) it = gst_bin_iterate_all_by_element_factory_name
      (GST_BIN (side->pipeline), "nicesrc");
  g_auto (GValue) item = G_VALUE_INIT;
  guint n = 0;
  while (gst_iterator_next (it, &item) == GST_ITERATOR_OK) {
    g_autoptr (GstPad) pad =
        gst_element_get_static_pad (g_value_get_object (&item), "src");
    gst_pad_add_probe (pad,
        GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST, probe, flag,
        NULL);
    n++;
    g_value_reset (&item);
  }
  fail_unless (n > 0);
}

/* What comes is held up for that long, once. */
static GstPadProbeReturn
hold_up (GstPad * pad, GstPadProbeInfo * info, gpointer held_up)
{
  if (g_atomic_int_compare_and_exchange ((gint *) held_up, FALSE, TRUE))
    g_usleep (200 * 1000);
  return GST_PAD_PROBE_OK;
}

GST_START_TEST (test_late_is_not_lost)
{
  call_setup ();
  side_add_sender (caller, GST_CHAT_KIND_VIDEO, VIDEO_SOURCE (RED));
  call_connect ();
  assert_sees (callee, GST_CHAT_COLOUR_RED);

  gint held_up = TRUE;
  probe_transport (callee, hold_up, &held_up);
  for (guint i = 0; i < 5; i++) {
    guint64 pushed = count_packets (callee, "num-pushed");
    g_atomic_int_set (&held_up, FALSE);
    for (guint n = 0; n < 1000
        && count_packets (callee, "num-pushed") < pushed + 30; n++)
      g_usleep (10000);
    fail_unless (count_packets (callee, "num-pushed") >= pushed + 30);
  }
  fail_unless_equals_uint64 (count_packets (callee, "num-lost"), 0);
  fail_unless_equals_uint64 (count_packets (callee, "num-late"), 0);
  fail_unless_equals_uint64 (count_packets (callee, "rtx-count"), 0);
  call_teardown ();
}

GST_END_TEST;

/* ---- a queue on the way ---- */

/* Each packet 10 ms later than the one before: what came when is in the buffers. */
static GstPadProbeReturn
come_late (GstPad * pad, GstPadProbeInfo * info, gpointer n)
{
  GstBuffer *packet = gst_buffer_make_writable (GST_PAD_PROBE_INFO_BUFFER
      (info));
  GstClockTime more = 10 * GST_MSECOND * g_atomic_int_add ((gint *) n, 1);
  GST_PAD_PROBE_INFO_DATA (info) = packet;
  if (GST_BUFFER_DTS_IS_VALID (packet))
    GST_BUFFER_DTS (packet) += more;
  if (GST_BUFFER_PTS_IS_VALID (packet))
    GST_BUFFER_PTS (packet) += more;
  return GST_PAD_PROBE_OK;
}

static gint
encoder_bitrate (Side * side)
{
  g_autoptr (GstElement) encoder = side_element (side, "vp8enc");
  gint bitrate;
  g_object_get (encoder, "target-bitrate", &bitrate, NULL);
  return bitrate;
}

GST_START_TEST (test_queue_makes_less)
{
  call_setup ();
  side_add_sender (caller, GST_CHAT_KIND_VIDEO, "videotestsrc is-live=true "
      "pattern=snow ! video/x-raw,width=320,height=240,framerate=30/1 ! identity");
  call_connect ();
  for (guint i = 0; i < 1000 && !side_received (callee, GST_CHAT_KIND_VIDEO);
      i++)
    g_usleep (10000);
  gint full = encoder_bitrate (caller);

  g_autoptr (GstElement) session = side_element (callee, "rtpsession");
  g_autoptr (GstPad) pad =
      gst_element_get_static_pad (session, "recv_rtp_sink");
  gint n = 0;
  gulong probe = gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, come_late,
      &n, NULL);
  for (guint i = 0; i < 2000 && encoder_bitrate (caller) > full * 0.7; i++)
    g_usleep (10000);
  gint less = encoder_bitrate (caller);
  gst_pad_remove_probe (pad, probe);
  fail_unless (less <= full * 0.7, "%d bit/s, %d before", less, full);
  call_teardown ();
}

GST_END_TEST;

/* ---- 3 and 4: who is asked for what is lost ---- */

static void
assert_nack (const GstChatSdp * sdp)
{
  for (guint i = 0; i < gst_chat_sdp_n_media (sdp); i++) {
    const GstChatSdpMedia *media = gst_chat_sdp_get_media (sdp, i);
    gboolean video = media->type == GST_CHAT_MEDIA_VIDEO;
    const GstChatSdpCodec *codec = g_ptr_array_index (media->codecs, 0);
    fail_unless (!(codec->feedback & GST_CHAT_FEEDBACK_NACK) == !video,
        "m-line %u: NACK is %s", i, video ? "missing" : "there");
  }
}

GST_START_TEST (test_nack_is_for_video_only)
{
  call_setup ();
  start ();
  g_autoptr (GstChatSdp) offer = parse_text (caller->offer, TRUE);
  g_autoptr (GstChatSdp) answer = parse_text (callee->answer, FALSE);
  assert_nack (offer);
  assert_nack (answer);
  call_teardown ();
}

GST_END_TEST;

/* ---- 5: the DTLS role of a later answer ---- */

GST_START_TEST (test_dtls_role_is_kept)
{
  call_setup ();
  start ();
  fail_unless (strstr (caller->offer, "a=setup:active") != NULL);
  fail_unless (strstr (callee->answer, "a=setup:passive") != NULL);

  /* As from a browser: roles are open again, and video goes one way. */
  caller->other = callee->other = NULL;
  g_autofree gchar *offer = sdp_replace (g_strdup (caller->offer),
      "a=setup:active", "a=setup:actpass");
  gchar *video = strstr (offer, "m=video");
  g_autofree gchar *tail = sdp_replace (g_strdup (video), "^a=sendrecv",
      "a=sendonly");
  *video = '\0';
  g_autofree gchar *changed = g_strconcat (offer, tail, NULL);
  give_offer (callee, changed);
  fail_unless (side_wait (callee, has_answered_twice, 10));
  fail_unless (strstr (callee->answer, "a=recvonly") != NULL);
  fail_unless (strstr (callee->answer, "a=setup:passive") != NULL);
  fail_if (strstr (callee->answer, "a=setup:active"));
  fail_if (callee->failed);
  call_teardown ();
}

GST_END_TEST;

/* ---- 6: what would abort the process ---- */

static gchar *
swap_m_lines (gchar * sdp, gboolean is_offer)
{
  gchar *audio = strstr (sdp, "m=audio");
  gchar *video = strstr (sdp, "m=video");
  fail_unless (audio != NULL && video != NULL && audio < video);
  g_autofree gchar *head = g_strndup (sdp, audio - sdp);
  g_autofree gchar *first = g_strndup (audio, video - audio);
  gchar *out = g_strconcat (head, video, first, NULL);
  g_free (sdp);
  return out;
}

static gchar *
same_mid_twice (gchar * sdp, gboolean is_offer)
{
  sdp = sdp_replace (sdp, "^a=mid:1\r", "a=mid:0\r");
  return sdp_replace (sdp, "^a=group:BUNDLE[^\r]*", "a=group:BUNDLE 0");
}

static gchar *
other_mids (gchar * sdp, gboolean is_offer)
{
  sdp = sdp_replace (sdp, "^a=mid:([01])\r", "a=mid:x\\1\r");
  return sdp_replace (sdp, "^a=group:BUNDLE[^\r]*", "a=group:BUNDLE x0 x1");
}

static gchar *
one_m_line (gchar * sdp, gboolean is_offer)
{
  *strstr (sdp, "m=video") = '\0';
  return sdp_replace (sdp, "^a=group:BUNDLE[^\r]*", "a=group:BUNDLE 0");
}

static gchar *(*const bad[]) (gchar *, gboolean) = {
  swap_m_lines, same_mid_twice, other_mids, one_m_line
};

static void
assert_remote_is_blamed (Side * side)
{
  fail_unless (side_wait (side, has_failed, 10));
  fail_unless (g_error_matches (side->failed, GST_CHAT_ERROR,
          GST_CHAT_ERROR_PROTOCOL)
      || g_error_matches (side->failed, GST_CHAT_ERROR,
          GST_CHAT_ERROR_MALFORMED), "%s", side->failed->message);
}

GST_START_TEST (test_later_offer_does_not_abort)
{
  call_setup ();
  start ();
  caller->other = callee->other = NULL;
  g_autofree gchar *offer = bad[__i__] (g_strdup (caller->offer), TRUE);
  give_offer (callee, offer);
  assert_remote_is_blamed (callee);
  call_teardown ();
}

GST_END_TEST;

/* Corrupts memory in webrtcbin. */
GST_START_TEST (test_first_offer_has_a_mid_twice)
{
  call_setup ();
  caller->rewrite = same_mid_twice;
  call_add_media ();
  call_play ();
  call_start (caller, callee);
  assert_remote_is_blamed (callee);
  call_teardown ();
}

GST_END_TEST;

GST_START_TEST (test_answer_does_not_abort)
{
  call_setup ();
  callee->rewrite = bad[__i__];
  call_add_media ();
  call_play ();
  call_start (caller, callee);
  assert_remote_is_blamed (caller);
  call_teardown ();
}

GST_END_TEST;

/* ---- 7: the certificate is looked at ---- */

static gchar *
lie_about_the_fingerprint (gchar * sdp, gboolean is_offer)
{
  return sdp_replace (sdp, "^a=fingerprint:[^\r]*", "a=fingerprint:sha-256 "
      "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:"
      "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF");
}

GST_START_TEST (test_wrong_fingerprint_is_refused)
{
  call_setup ();
  Side *liar = __i__ ? caller : callee;
  Side *victim = __i__ ? callee : caller;
  liar->rewrite = lie_about_the_fingerprint;
  call_add_media ();
  call_play ();
  call_start (caller, callee);
  fail_unless (side_wait (victim, has_failed, 20));
  fail_unless (g_error_matches (victim->failed, GST_CHAT_ERROR,
          GST_CHAT_ERROR_REFUSED), "%s", victim->failed->message);
  fail_if (victim->connected);
  fail_if (side_received (victim, GST_CHAT_KIND_VIDEO) != NULL
      || side_received (victim, GST_CHAT_KIND_AUDIO) != NULL,
      "media of a stranger came through");
  call_teardown ();
}

GST_END_TEST;

/* ---- 8 and 9: the next call to a page that keeps its connection ---- */

GST_START_TEST (test_next_call_is_a_new_one_for_the_page)
{
  call_setup ();
  start ();
  g_autoptr (GstChatSdp) one = parse_text (caller->offer, TRUE);
  call_hang_up (caller, callee);
  call_connect ();
  g_autoptr (GstChatSdp) two = parse_text (caller->offer, TRUE);

  for (guint i = 0; i < 2; i++) {
    const GstChatSdpMedia *was = gst_chat_sdp_get_media (one, i);
    const GstChatSdpMedia *is = gst_chat_sdp_get_media (two, i);
    fail_if (g_strcmp0 (was->fingerprints[0], is->fingerprints[0]) == 0,
        "a certificate for two calls");
    fail_if (g_strcmp0 (was->ufrag, is->ufrag) == 0);
    /* What a page that has called before has, too: audio first. */
    fail_unless_equals_string (is->mid, i == 0 ? "0" : "1");
    fail_unless_equals_int (is->type, i == 0 ? GST_CHAT_MEDIA_AUDIO :
        GST_CHAT_MEDIA_VIDEO);
    fail_unless_equals_int (is->setup, GST_CHAT_SETUP_ACTIVE);
  }
  call_teardown ();
}

GST_END_TEST;

/* ---- 11, 12 and 13: gathering ---- */

/* A STUN server that never answers; webrtcbin would wait for 2 s. */
GST_START_TEST (test_silent_stun_server)
{
  call_setup ();
  g_autoptr (GSocket) silent = g_socket_new (G_SOCKET_FAMILY_IPV4,
      G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, NULL);
  g_autoptr (GInetAddress) loopback =
      g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) any = g_inet_socket_address_new (loopback, 0);
  fail_unless (g_socket_bind (silent, any, FALSE, NULL));
  g_autoptr (GSocketAddress) address =
      g_socket_get_local_address (silent, NULL);
  caller->config.stun_server = g_strdup_printf ("stun://127.0.0.1:%u",
      g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address)));
  call_add_media ();
  call_play ();
  call_start (caller, callee);
  fail_unless (side_wait (caller, has_offered, 10));
  fail_if (strstr (caller->offer, "a=end-of-candidates"),
      "the offer has waited for the STUN server");
  fail_unless (strstr (caller->offer, "a=candidate:") != NULL);
  assert_connected (caller);
  call_teardown ();
}

GST_END_TEST;

/* FALSE: not allowed. Threads that are made from now on are inside. */
static gboolean
enter_lonely_network (void)
{
  if (unshare (CLONE_NEWNET) != 0 && unshare (CLONE_NEWUSER | CLONE_NEWNET))
    return FALSE;
  struct ifreq lo = {.ifr_name = "lo",.ifr_flags = IFF_UP };
  int fd = socket (AF_INET, SOCK_DGRAM, 0);
  gboolean up = fd >= 0 && ioctl (fd, SIOCSIFFLAGS, &lo) == 0;
  close (fd);
  return up;
}

/* A machine with lo alone, and a STUN server whose name nobody knows: gathering
 * finds nothing by itself, and does not end. */
GST_START_TEST (test_no_network_and_no_stun_server)
{
  if (!enter_lonely_network ()) {
    g_print ("no network namespace: nothing tested\n");
    return;
  }
  call_setup ();
  g_clear_pointer (&caller->config.local_address, g_free);
  g_clear_pointer (&callee->config.local_address, g_free);
  caller->config.stun_server = g_strdup ("stun://stun.invalid:3478");
  start ();
  fail_unless (strstr (caller->offer, " 127.0.0.1 ") != NULL);
  call_teardown ();
}

GST_END_TEST;

GST_START_TEST (test_libnice_is_told)
{
  call_setup ();
  start ();
  g_autoptr (GstElement) webrtc = side_element (caller, "webrtcbin");
  g_autoptr (GObject) ice = NULL;
  g_autoptr (GObject) agent = NULL;
  gboolean upnp = TRUE, tcp = TRUE;
  g_object_get (webrtc, "ice-agent", &ice, NULL);
  g_object_get (ice, "agent", &agent, "ice-tcp", &tcp, NULL);
  fail_if (tcp);
  /* A libnice without UPnP has no such property. */
  if (g_object_class_find_property (G_OBJECT_GET_CLASS (agent), "upnp")) {
    g_object_get (agent, "upnp", &upnp, NULL);
    fail_if (upnp);
  }
  /* A remote that is gone: by consent (RFC 7675) where webrtcbin asks for it,
   * from 1.24 on, or else by checks that go on, which consent brings along. */
  gboolean keepalive = FALSE;
  g_object_get (agent, "keepalive-conncheck", &keepalive, NULL);
  fail_unless (keepalive);
  call_teardown ();
}

GST_END_TEST;

/* ---- candidates of theirs ---- */

/* Some that a remote may try, to this machine. */
static const gchar *const candidates[] = {
  "candidate:1 1 UDP 2122055935 127.0.0.1 1 typ host",
  "a=candidate:1 1 udp 2122055935 127.0.0.1 2 typ host",
  "1 1 UDP 0 127.0.0.1 3 typ host",
  "candidate:a+/B 1 udp 1 ::1 4 typ srflx raddr 0.0.0.0 rport 0 "
      "generation 0 network-id 3 network-cost 50",
  "candidate:1 1 UDP 4294967295 127.0.0.1 5 typ relay raddr ::1 rport 6",
  "candidate:01234567890123456789012345678901 1 UDP 1 127.0.0.1 6 typ prflx",
  "candidate:1 1 UDP 1 127.0.0.1 65535 typ host ufrag abcd",
  "candidate:1 1 UDP 1 127.0.0.1 7 typ srflx raddr nobody rport nothing",
  "candidate:1 1 UDP 1 127.0.0.1 7 typ host rport -1 raddr 1",
  "candidate:1 1 UDP 1 127.0.0.1 8 typ host tcptype active",
  "candidate:1 1 UDP 1 127.0.0.1 10 typ host typ alien",
  "candidate:1 1 UDP 1 127.0.0.1 11 typ host raddr 1 typ host",
  "candidate:1 1 TCP 1 127.0.0.1 9 typ host tcptype active",
  "candidate:1 1 UDP 1 127.0.0.1 12 typ host generation",
};

/* NULL: webrtcbin has taken it. */
static gchar *
refusal (GstElement * webrtc, const gchar * candidate)
{
  g_autoptr (GstPromise) promise = gst_promise_new ();
  g_signal_emit_by_name (webrtc, "add-ice-candidate-full", 0, candidate,
      promise);
  fail_unless (gst_promise_wait (promise) == GST_PROMISE_RESULT_REPLIED);
  const GstStructure *reply = gst_promise_get_reply (promise);
  g_autoptr (GError) error = NULL;
  if (reply && gst_structure_has_field (reply, "error"))
    gst_structure_get (reply, "error", G_TYPE_ERROR, &error, NULL);
  return error ? g_strdup (error->message) : NULL;
}

/* The gate lets nothing through that libnice refuses. Before 1.24 nobody can
 * ask. */
GST_START_TEST (test_candidates_are_taken)
{
  call_setup ();
  start ();
  g_autoptr (GstElement) webrtc = side_element (caller, "webrtcbin");
  guint n_usable = 0;
  for (guint i = 0; i < G_N_ELEMENTS (candidates)
      && g_signal_lookup ("add-ice-candidate-full", G_OBJECT_TYPE (webrtc));
      i++) {
    g_autoptr (GstChatCandidate) candidate =
        gst_chat_candidate_parse (candidates[i], NULL);
    if (!candidate || !candidate->usable)
      continue;
    n_usable++;
    g_autofree gchar *why = refusal (webrtc, candidate->text);
    fail_unless (why == NULL, "%s: %s", candidates[i], why);
  }
  GST_INFO ("%u candidates", n_usable);
  call_teardown ();
}

GST_END_TEST;

/* ---- 15: somebody leaves without a word ---- */

GST_START_TEST (test_closed_dtls_is_noticed)
{
  call_setup ();
  start ();
  /* What a browser's close() does. */
  g_autoptr (GstElement) dtls = side_element (callee, "dtlsenc");
  g_autoptr (GstIterator) it = gst_element_iterate_sink_pads (dtls);
  g_auto (GValue) item = G_VALUE_INIT;
  fail_unless (gst_iterator_next (it, &item) == GST_ITERATOR_OK);
  gst_pad_send_event (g_value_get_object (&item), gst_event_new_eos ());
  fail_unless (side_wait (caller, is_closed, 10));
  call_teardown ();
}

GST_END_TEST;

static void
hang_up_in_loop (gpointer data)
{
  Side *side = data;
  gst_chat_connection_say_goodbye_in_loop (side->connection);
  gst_chat_connection_close_in_loop (side->connection);
  side->connection = NULL;
}

/* webrtcbin closes without close_notify. The second time the pipeline pauses
 * first, as it does on its way down: sinks keep then what they get. */
GST_START_TEST (test_remote_is_told_of_the_end)
{
  call_setup ();
  start ();
  if (__i__ == 1)
    fail_if (gst_element_set_state (callee->pipeline,
            GST_STATE_PAUSED) == GST_STATE_CHANGE_FAILURE);
  side_call (callee, hang_up_in_loop);
  fail_unless (side_wait (caller, is_closed, 3));
  fail_unless (gst_chat_connection_wait_closed (GST_BIN (callee->pipeline)));
  call_teardown ();
}

GST_END_TEST;

/* ---- 17: what browsers need to raise their bitrate ---- */

GST_START_TEST (test_twcc_on_every_m_line)
{
  call_setup ();
  start ();
  g_autoptr (GstChatSdp) offer = parse_text (caller->offer, TRUE);
  g_autoptr (GstChatSdp) answer = parse_text (callee->answer, FALSE);
  for (guint i = 0; i < 2; i++) {
    guint id = gst_chat_sdp_get_media (offer, i)->twcc_id;
    fail_if (id == 0);
    fail_unless_equals_int (gst_chat_sdp_get_media (answer, i)->twcc_id, id);
  }
  call_teardown ();
}

GST_END_TEST;

typedef struct
{
  gint packets, feedback;
} Heard;

static GstPadProbeReturn
count_packet (GstPad * pad, GstPadProbeInfo * info, gpointer heard)
{
  g_atomic_int_inc (&((Heard *) heard)->packets);
  return GST_PAD_PROBE_OK;
}

static GstPadProbeReturn
count_feedback (GstPad * pad, GstPadProbeInfo * info, gpointer heard)
{
  GstRTCPBuffer rtcp = GST_RTCP_BUFFER_INIT;
  GstRTCPPacket packet;
  if (!gst_rtcp_buffer_map (GST_PAD_PROBE_INFO_BUFFER (info), GST_MAP_READ,
          &rtcp))
    return GST_PAD_PROBE_OK;
  for (gboolean more = gst_rtcp_buffer_get_first_packet (&rtcp, &packet); more;
      more = gst_rtcp_packet_move_to_next (&packet)) {
    if (gst_rtcp_packet_get_type (&packet) == GST_RTCP_TYPE_RTPFB
        && gst_rtcp_packet_fb_get_type (&packet) == GST_RTCP_RTPFB_TYPE_TWCC)
      g_atomic_int_inc (&((Heard *) heard)->feedback);
  }
  gst_rtcp_buffer_unmap (&rtcp);
  return GST_PAD_PROBE_OK;
}

/* Also where no frame ends: one for each 50 ms, in which there are two or three
 * packets. */
GST_START_TEST (test_feedback_does_not_wait)
{
  call_setup ();
  side_add_sender (caller, GST_CHAT_KIND_AUDIO, AUDIO_SOURCE ("440"));
  call_play ();
  call_start (caller, callee);
  assert_connected (callee);
  g_autoptr (GstElement) session = side_element (callee, "rtpsession");
  fail_unless (session != NULL);
  g_autoptr (GstPad) in = gst_element_get_static_pad (session, "recv_rtp_sink");
  g_autoptr (GstPad) out =
      gst_element_get_static_pad (session, "send_rtcp_src");
  Heard heard = { 0 };
  gulong probes[] = {
    gst_pad_add_probe (in, GST_PAD_PROBE_TYPE_BUFFER, count_packet, &heard,
        NULL),
    gst_pad_add_probe (out, GST_PAD_PROBE_TYPE_BUFFER, count_feedback, &heard,
        NULL),
  };
  for (guint i = 0; i < 2000 && g_atomic_int_get (&heard.packets) < 200; i++)
    g_usleep (10000);
  gst_pad_remove_probe (in, probes[0]);
  gst_pad_remove_probe (out, probes[1]);
  fail_unless (heard.packets >= 200, "%d packets", heard.packets);
  fail_unless (heard.feedback >= heard.packets / 5, "%d messages on %d packets",
      heard.feedback, heard.packets);
  call_teardown ();
}

GST_END_TEST;

/* ---- reports, which feedback puts off ---- */

/* Of one kind. */
typedef struct
{
  gint64 last;                  /* µs; 0: none yet */
  gint64 longest;               /* between two */
  gint n;
} Reports;

static void
count_report (Reports * reports)
{
  gint64 now = g_get_monotonic_time ();

  if (reports->last)
    reports->longest = MAX (reports->longest, now - reports->last);
  reports->last = now;
  g_atomic_int_inc (&reports->n);
}

/* Not always in one packet: a session has sources of its own that send nothing. */
enum
{ DATED, OF_LOSS, N_REPORTS };

static GstPadProbeReturn
on_reports (GstPad * pad, GstPadProbeInfo * info, gpointer data)
{
  Reports *reports = data;
  GstRTCPBuffer rtcp = GST_RTCP_BUFFER_INIT;
  GstRTCPPacket packet;
  fail_unless (gst_rtcp_buffer_map (GST_PAD_PROBE_INFO_BUFFER (info),
          GST_MAP_READ, &rtcp));
  for (gboolean more = gst_rtcp_buffer_get_first_packet (&rtcp, &packet); more;
      more = gst_rtcp_packet_move_to_next (&packet)) {
    GstRTCPType type = gst_rtcp_packet_get_type (&packet);
    if (type == GST_RTCP_TYPE_SR)
      count_report (&reports[DATED]);
    if ((type == GST_RTCP_TYPE_SR || type == GST_RTCP_TYPE_RR)
        && gst_rtcp_packet_get_rb_count (&packet) > 0)
      count_report (&reports[OF_LOSS]);
  }
  gst_rtcp_buffer_unmap (&rtcp);
  return GST_PAD_PROBE_OK;
}

/* In the answer, as browsers have it. */
static gchar *
allow_reduced_size (gchar * sdp, gboolean is_offer)
{
  return sdp_replace (sdp, "^a=rtcp-mux\r", "a=rtcp-mux\r\na=rtcp-rsize\r");
}

/* Of a call with little in it, where the interval is long. */
GST_START_TEST (test_reports_are_not_put_off)
{
  call_setup ();
  caller->rewrite = callee->rewrite = allow_reduced_size;
  side_add_sender (caller, GST_CHAT_KIND_AUDIO, AUDIO_SOURCE ("440"));
  side_add_sender (callee, GST_CHAT_KIND_AUDIO, AUDIO_SOURCE ("1000"));
  call_connect ();
  g_autoptr (GstElement) session = side_element (caller, "rtpsession");
  g_autoptr (GstPad) out =
      gst_element_get_static_pad (session, "send_rtcp_src");
  Reports reports[N_REPORTS] = { 0 };
  gulong probe = gst_pad_add_probe (out, GST_PAD_PROBE_TYPE_BUFFER, on_reports,
      reports, NULL);
  for (guint i = 0; i < 2000 && (g_atomic_int_get (&reports[DATED].n) < 6
          || g_atomic_int_get (&reports[OF_LOSS].n) < 6); i++)
    g_usleep (10000);
  gst_pad_remove_probe (out, probe);
  for (guint i = 0; i < N_REPORTS; i++) {
    const gchar *kind = i == DATED ? "sender" : "loss";
    fail_unless (reports[i].n >= 6, "%d reports of %s in 20 s", reports[i].n,
        kind);
    fail_unless (reports[i].longest < 3 * G_USEC_PER_SEC,
        "%d ms between two reports of %s", (gint) (reports[i].longest / 1000),
        kind);
  }
  call_teardown ();
}

GST_END_TEST;

/* ---- decoders of FEC, which nobody has agreed on ---- */

GST_START_TEST (test_no_decoder_of_fec)
{
  call_setup ();
  call_add_media ();
  call_connect ();
  assert_sees (callee, GST_CHAT_COLOUR_RED);
  assert_hears (callee, 440);
  g_autoptr (GstElement) decoder = find_element (callee->pipeline,
      "rtpulpfecdec");
  g_autoptr (GstElement) storage = side_element (callee, "rtpstorage");
  guint64 stored = 1;           /* ns */
  g_object_get (storage, "size-time", &stored, NULL);
  fail_unless (decoder == NULL);
  fail_unless_equals_uint64 (stored, 0);
  call_teardown ();
}

GST_END_TEST;

/* ---- 18: a slow answer ---- */

typedef struct
{
  GMutex lock;
  gint64 loud_since;            /* µs; 0: not yet */
} Ear;

static GstPadProbeReturn
on_sound (GstPad * pad, GstPadProbeInfo * info, gpointer data)
{
  Ear *ear = data;
  GstMapInfo map;
  GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER (info);
  fail_unless (gst_buffer_map (buffer, &map, GST_MAP_READ));
  const gint16 *samples = (const gint16 *) map.data;
  gboolean loud = FALSE;
  for (gsize i = 0; i < map.size / 2; i++)
    loud |= ABS ((gint) samples[i]) > 4000;
  gst_buffer_unmap (buffer, &map);
  g_mutex_lock (&ear->lock);
  if (loud && ear->loud_since == 0)
    ear->loud_since = g_get_monotonic_time ();
  g_mutex_unlock (&ear->lock);
  return GST_PAD_PROBE_OK;
}

static Received *
wait_audio (Side * side)
{
  for (guint i = 0; i < 2000; i++) {
    Received *received = side_received (side, GST_CHAT_KIND_AUDIO);
    side_lock_received ();
    gboolean there = received && received->buffers > 0;
    side_unlock_received ();
    if (there)
      return received;
    g_usleep (10000);
  }
  fail ("no sound comes");
  return NULL;
}

static gboolean
is_connected_or_failed (Side * side)
{
  return is_connected (side) || has_failed (side);
}

static void
create_offer_in_loop (gpointer data)
{
  Side *side = data;
  gst_chat_connection_create_offer_in_loop (side->connection);
}

static void
take_answer_in_loop (gpointer data)
{
  Side *side = data;
  gst_chat_connection_remote_answer_in_loop (side->connection, callee->answer);
}

/* The remote thinks for 3 s. What is said then is heard at once, and not behind
 * those 3 s; a microphone's driver keeps them if nobody fetches them. */
GST_START_TEST (test_slow_answer_leaves_no_delay)
{
  call_setup ();
  side_add_sender (caller, GST_CHAT_KIND_AUDIO,
      "audiotestsrc name=voice is-live=true volume=0 ! "
      "audio/x-raw,rate=48000,channels=2 ! queue max-size-time=0 "
      "max-size-bytes=0 max-size-buffers=0");
  call_play ();
  call_prepare (caller, callee);
  callee->other = NULL;
  gst_element_get_state (caller->pipeline, NULL, NULL, GST_SECOND);
  side_call (caller, create_offer_in_loop);
  fail_unless (side_wait (callee, has_answered, 10));
  fail_if (side_wait (caller, is_connected_or_failed, 3));
  side_call (caller, take_answer_in_loop);
  assert_connected (caller);

  Received *received = wait_audio (callee);
  Ear ear = { 0 };
  g_mutex_init (&ear.lock);
  gst_pad_add_probe (gst_chat_receiver_get_src_pad (received->receiver),
      GST_PAD_PROBE_TYPE_BUFFER, on_sound, &ear, NULL);
  g_autoptr (GstElement) voice =
      gst_bin_get_by_name (GST_BIN (caller->pipeline), "voice");
  gint64 spoken = g_get_monotonic_time ();
  g_object_set (voice, "volume", 0.8, NULL);
  gint64 heard = 0;
  for (guint i = 0; i < 1000 && heard == 0; i++) {
    g_usleep (10000);
    g_mutex_lock (&ear.lock);
    heard = ear.loud_since;
    g_mutex_unlock (&ear.lock);
  }
  fail_unless (heard != 0, "nothing is heard");
  gint delay = (heard - spoken) / 1000;
  GST_INFO ("heard after %d ms", delay);
  fail_unless (delay < 1000, "heard after %d ms", delay);
  call_teardown ();
  g_mutex_clear (&ear.lock);
}

GST_END_TEST;

/* ---- 19: the jitter buffer and the first picture ---- */

GST_START_TEST (test_first_picture_does_not_wait_for_latency)
{
  call_setup ();
  callee->config.latency = 15000;
  start ();
  gint64 connected = g_get_monotonic_time ();
  Received *video = NULL;
  gboolean came = FALSE;
  while (!came && g_get_monotonic_time () - connected < 10 * G_USEC_PER_SEC) {
    g_usleep (10000);
    video = side_received (callee, GST_CHAT_KIND_VIDEO);
    side_lock_received ();
    came = video && video->buffers > 0;
    side_unlock_received ();
  }
  fail_unless (came, "no picture in 10 s, with a latency of 15 s");
  call_teardown ();
}

GST_END_TEST;

/* ---- 24: a lost packet and the depayloader ---- */

GST_START_TEST (test_depayloaders_go_on_after_a_loss)
{
  for (const GstChatCodec * const *codec = gst_chat_codecs (); *codec; codec++) {
    if ((*codec)->kind != GST_CHAT_KIND_VIDEO)
      continue;
    GstElement *depay = gst_chat_make_element ((*codec)->depayloader, NULL,
        (*codec)->depayloader_settings, NULL);
    gboolean waits = TRUE, asks = FALSE;
    g_object_get (depay, "wait-for-keyframe", &waits, "request-keyframe", &asks,
        NULL);
    fail_if (waits, "%s", (*codec)->depayloader);
    fail_unless (asks, "%s", (*codec)->depayloader);
    gst_object_unref (depay);
  }
}

GST_END_TEST;

/* ---- 25: ICE restart ---- */

GST_START_TEST (test_changed_transport_is_another_call)
{
  call_setup ();
  start ();
  caller->other = callee->other = NULL;
  g_autofree gchar *offer = sdp_replace (g_strdup (caller->offer),
      "^a=ice-ufrag:[^\r]*", "a=ice-ufrag:another");
  give_offer (callee, offer);
  assert_remote_is_blamed (callee);
  call_teardown ();
}

GST_END_TEST;

/* ---- payload types, VP9 ---- */

static const struct
{
  const gchar *offer;
  guint audio, video;
} offers[] = {
  {"firefox-av-offer1", 109, 120},
  {"chromium-av-offer1", 111, 96},
};

GST_START_TEST (test_payload_types_are_the_offers)
{
  call_setup ();
  call_add_media ();
  call_play ();
  call_prepare (caller, callee);
  callee->other = NULL;
  g_autofree gchar *offer = load_vector (offers[__i__].offer);
  give_offer (callee, offer);
  fail_unless (side_wait (callee, has_answered, 10));
  g_autoptr (GstChatSdp) answer = parse_text (callee->answer, FALSE);
  for (guint i = 0; i < 2; i++) {
    const GstChatSdpMedia *media = gst_chat_sdp_get_media (answer, i);
    fail_if (media->rejected);
    fail_unless_equals_int (media->direction, GST_CHAT_DIRECTION_SENDRECV);
    const GstChatSdpCodec *codec = g_ptr_array_index (media->codecs, 0);
    fail_unless_equals_int (codec->pt, media->type == GST_CHAT_MEDIA_AUDIO ?
        offers[__i__].audio : offers[__i__].video);
  }
  call_teardown ();
}

GST_END_TEST;

static gint vp9_profile;

static GstPadProbeReturn
read_vp9_profile (GstPad * pad, GstPadProbeInfo * info, gpointer data)
{
  guint8 head = 0;
  gst_buffer_extract (GST_PAD_PROBE_INFO_BUFFER (info), 0, &head, 1);
  /* frame_marker (2), profile_low_bit, profile_high_bit */
  if (head >> 6 == 2)
    g_atomic_int_set (&vp9_profile, (head >> 5 & 1) | (head >> 4 & 1) << 1);
  return GST_PAD_PROBE_OK;
}

/* Firefox decodes no other, and the encoder takes what the camera has. */
GST_START_TEST (test_vp9_is_of_profile_0)
{
  call_setup ();
  g_atomic_int_set (&vp9_profile, -1);
  callee->decode = FALSE;
  callee->config.video_codecs = g_strsplit ("vp9", ",", -1);
  side_add_sender (caller, GST_CHAT_KIND_VIDEO,
      "videotestsrc is-live=true ! video/x-raw,format=Y444,width=320,"
      "height=240,framerate=15/1 ! identity");
  call_play ();
  call_start (caller, callee);
  assert_connected (callee);
  Received *video = NULL;
  for (guint i = 0; i < 2000 && !video; i++) {
    g_usleep (10000);
    video = side_received (callee, GST_CHAT_KIND_VIDEO);
  }
  fail_unless (video != NULL);
  gst_pad_add_probe (gst_chat_receiver_get_src_pad (video->receiver),
      GST_PAD_PROBE_TYPE_BUFFER, read_vp9_profile, NULL, NULL);
  for (guint i = 0; i < 2000 && g_atomic_int_get (&vp9_profile) < 0; i++)
    g_usleep (10000);
  fail_unless_equals_int (g_atomic_int_get (&vp9_profile), 0);
  call_teardown ();
}

GST_END_TEST;

static Suite *
traps_suite (void)
{
  Suite *suite = suite_create ("traps");
  call_test_init ();
  TCase *tcase = tcase_create ("traps");
  suite_add_tcase (suite, tcase);
  tcase_set_timeout (tcase, 90);
  tcase_add_test (tcase, test_every_m_line_has_ssrc_and_stream);
  tcase_add_test (tcase, test_second_round_changes_nothing);
  tcase_add_test (tcase, test_lost_packets_are_sent_again);
  tcase_add_test (tcase, test_late_is_not_lost);
  tcase_add_test (tcase, test_queue_makes_less);
  tcase_add_test (tcase, test_nack_is_for_video_only);
  tcase_add_test (tcase, test_dtls_role_is_kept);
  tcase_add_loop_test (tcase, test_later_offer_does_not_abort, 0,
      G_N_ELEMENTS (bad));
  tcase_add_test (tcase, test_first_offer_has_a_mid_twice);
  tcase_add_loop_test (tcase, test_answer_does_not_abort, 0,
      G_N_ELEMENTS (bad));
  tcase_add_loop_test (tcase, test_wrong_fingerprint_is_refused, 0, 2);
  tcase_add_test (tcase, test_next_call_is_a_new_one_for_the_page);
  tcase_add_test (tcase, test_silent_stun_server);
  tcase_add_test (tcase, test_no_network_and_no_stun_server);
  tcase_add_test (tcase, test_libnice_is_told);
  tcase_add_test (tcase, test_candidates_are_taken);
  tcase_add_test (tcase, test_closed_dtls_is_noticed);
  tcase_add_loop_test (tcase, test_remote_is_told_of_the_end, 0, 2);
  tcase_add_test (tcase, test_twcc_on_every_m_line);
  tcase_add_test (tcase, test_feedback_does_not_wait);
  tcase_add_test (tcase, test_reports_are_not_put_off);
  tcase_add_test (tcase, test_no_decoder_of_fec);
  tcase_add_test (tcase, test_slow_answer_leaves_no_delay);
  tcase_add_test (tcase, test_first_picture_does_not_wait_for_latency);
  tcase_add_test (tcase, test_depayloaders_go_on_after_a_loss);
  tcase_add_test (tcase, test_changed_transport_is_another_call);
  tcase_add_loop_test (tcase, test_payload_types_are_the_offers, 0,
      G_N_ELEMENTS (offers));
  tcase_add_test (tcase, test_vp9_is_of_profile_0);
  return suite;
}

GST_CHECK_MAIN (traps);
