/* SPDX-License-Identifier: LGPL-2.1-or-later
 * What is read of a remote's description, and what is refused. */
#include "chatsdptest.h"

#include <string.h>

#include "chatlimits.h"

GST_START_TEST (test_every_vector_is_accepted)
{
  g_autoptr (GPtrArray) names = list_vectors ("");
  fail_unless (names->len >= 80);
  for (guint i = 0; i < names->len; i++) {
    g_autoptr (GstChatSdp) sdp = parse_vector (g_ptr_array_index (names, i));
    for (guint j = 0; j < gst_chat_sdp_n_media (sdp); j++) {
      const GstChatSdpMedia *media = gst_chat_sdp_get_media (sdp, j);
      fail_unless (media->mid != NULL && media->has_mid);
      fail_unless (media->rejected || media->ufrag != NULL);
      fail_unless (media->rejected || media->fingerprints != NULL);
      fail_unless (media->rejected || media->setup != GST_CHAT_SETUP_NONE);
    }
  }
}

GST_END_TEST;

GST_START_TEST (test_chromium_offer)
{
  g_autoptr (GstChatSdp) sdp = parse_vector ("chromium-av-offer1");
  fail_unless (sdp->is_offer && sdp->bundle);
  fail_unless_equals_int (gst_chat_sdp_n_media (sdp), 2);
  fail_unless_equals_int (sdp->n_candidates, 0);

  const GstChatSdpMedia *audio = gst_chat_sdp_get_media (sdp, 0);
  fail_unless_equals_int (audio->type, GST_CHAT_MEDIA_AUDIO);
  fail_unless_equals_string (audio->mid, "0");
  fail_unless_equals_int (audio->direction, GST_CHAT_DIRECTION_SENDRECV);
  fail_unless_equals_int (audio->setup, GST_CHAT_SETUP_ACTPASS);
  fail_unless (audio->rtcp_mux && audio->bundled && !audio->rejected);
  fail_unless_equals_int (audio->twcc_id, 3);
  fail_unless_equals_int (audio->ssrcs->len, 1);
  fail_unless (audio->msid != NULL);
  fail_unless_equals_int (g_strv_length (audio->fingerprints), 1);
  fail_unless (g_str_has_prefix (audio->fingerprints[0], "sha-256 "));
  const GstChatSdpCodec *opus = gst_chat_sdp_media_find_pt (audio, 111);
  fail_unless_equals_string (opus->encoding_name, "OPUS");
  fail_unless_equals_int (opus->clock_rate, 48000);
  fail_unless_equals_int (opus->channels, 2);
  fail_unless_equals_string (opus->fmtp, "minptime=10;useinbandfec=1");
  fail_unless_equals_int (opus->feedback, GST_CHAT_FEEDBACK_TWCC);
  fail_unless_equals_string (gst_chat_sdp_media_find_pt (audio,
          0)->encoding_name, "PCMU");

  const GstChatSdpMedia *video = gst_chat_sdp_get_media (sdp, 1);
  fail_unless_equals_int (video->type, GST_CHAT_MEDIA_VIDEO);
  fail_unless_equals_int (video->ssrcs->len, 2);
  const GstChatSdpCodec *vp8 = gst_chat_sdp_media_find_pt (video, 96);
  fail_unless_equals_int (vp8->feedback, GST_CHAT_FEEDBACK_NACK |
      GST_CHAT_FEEDBACK_PLI | GST_CHAT_FEEDBACK_FIR | GST_CHAT_FEEDBACK_TWCC |
      GST_CHAT_FEEDBACK_REMB);
  fail_unless_equals_int (vp8->apt, -1);
  fail_unless_equals_int (gst_chat_sdp_media_find_rtx (video, 96), 97);
  fail_unless_equals_int (gst_chat_sdp_media_find_pt (video, 97)->apt, 96);
  fail_unless_equals_int (gst_chat_sdp_find_mid (sdp, "1"), 1);
  fail_unless_equals_int (gst_chat_sdp_find_mid (sdp, "2"), -1);
}

GST_END_TEST;

GST_START_TEST (test_firefox_offer_with_candidates)
{
  g_autoptr (GstChatSdp) sdp = parse_vector ("firefox-av-offer2");
  const GstChatSdpMedia *audio = gst_chat_sdp_get_media (sdp, 0);
  /* The fingerprint is the session's. */
  fail_unless_equals_int (g_strv_length (audio->fingerprints), 1);
  fail_unless (audio->end_of_candidates);
  fail_unless_equals_int (audio->candidates->len, 8);
  guint usable = 0;
  for (guint i = 0; i < audio->candidates->len; i++) {
    const GstChatCandidate *candidate =
        g_ptr_array_index (audio->candidates, i);
    fail_unless (candidate->usable == !candidate->tcp);
    usable += candidate->usable;
  }
  fail_unless_equals_int (usable, 4);
  fail_unless_equals_int (audio->twcc_id, 7);
}

GST_END_TEST;

GST_START_TEST (test_firefox_rejects_video)
{
  g_autoptr (GstChatSdp) sdp = parse_vector ("firefox-stopped-offer3");
  fail_unless_equals_int (gst_chat_sdp_n_media (sdp), 2);
  fail_unless (gst_chat_sdp_get_media (sdp, 1)->rejected);
  fail_unless (gst_chat_sdp_get_media (sdp, 1)->ufrag == NULL);
}

GST_END_TEST;

GST_START_TEST (test_bundle_only_is_no_rejection)
{
  g_autoptr (GstChatSdp) sdp = parse_vector ("firefox-max-bundle-offer");
  const GstChatSdpMedia *video = gst_chat_sdp_get_media (sdp, 1);
  fail_unless_equals_int (gst_sdp_media_get_port (gst_sdp_message_get_media
          (sdp->message, 1)), 0);
  fail_if (video->rejected);
}

GST_END_TEST;

GST_START_TEST (test_no_m_lines)
{
  static const gchar *const names[] = { "chromium-nothing-offer1",
    "firefox-nothing-offer1", "chromium-nothing-answer1",
    "firefox-nothing-answer1"
  };
  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autoptr (GstChatSdp) sdp = parse_vector (names[i]);
    fail_unless_equals_int (gst_chat_sdp_n_media (sdp), 0);
    fail_if (sdp->bundle);
  }
}

GST_END_TEST;

GST_START_TEST (test_data_channel)
{
  g_autoptr (GstChatSdp) sdp = parse_vector ("firefox-data-offer1");
  fail_unless_equals_int (gst_chat_sdp_get_media (sdp, 2)->type,
      GST_CHAT_MEDIA_DATA);
}

GST_END_TEST;

/* ---- what is refused ---- */

#define HEAD "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"
#define PRINT "sha-256 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:" \
  "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF"
#define ICE "a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuv\r\n"
#define DTLS "a=fingerprint:" PRINT "\r\na=setup:actpass\r\n"
#define AUDIO "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\n" ICE DTLS \
  "a=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\n"
#define VIDEO "m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\n" ICE DTLS \
  "a=rtcp-mux\r\na=rtpmap:96 VP8/90000\r\n"

static const struct
{
  const gchar *text;
  GstChatError code;
} bad[] = {
  {NULL, GST_CHAT_ERROR_MALFORMED},
  {"", GST_CHAT_ERROR_MALFORMED},
  {"hello", GST_CHAT_ERROR_MALFORMED},
  {"\r\n", GST_CHAT_ERROR_MALFORMED},
  {"v=0", GST_CHAT_ERROR_MALFORMED},
  {"v=0\r\n", GST_CHAT_ERROR_MALFORMED},
  {"v=1\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\n", GST_CHAT_ERROR_MALFORMED},
  {"o=- 1 1 IN IP4 0.0.0.0\r\nv=0\r\ns=-\r\n", GST_CHAT_ERROR_MALFORMED},
  {"v=0\r\no=- 1\r\ns=-\r\n", GST_CHAT_ERROR_MALFORMED},
  {"v=0\r\ns=-\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n",
      GST_CHAT_ERROR_MALFORMED},
  {HEAD "\r\n" AUDIO, GST_CHAT_ERROR_MALFORMED},
  {HEAD "v=0\r\n" AUDIO, GST_CHAT_ERROR_MALFORMED},
  {HEAD "s=again\r\n", GST_CHAT_ERROR_MALFORMED},
  {HEAD "nonsense\r\n", GST_CHAT_ERROR_MALFORMED},
  {HEAD "A=b\r\n", GST_CHAT_ERROR_MALFORMED},
  {HEAD "x=b\r\n", GST_CHAT_ERROR_MALFORMED},
  {HEAD AUDIO "t=0 0\r\n", GST_CHAT_ERROR_MALFORMED},
  {HEAD "a=tool:\x01\r\n", GST_CHAT_ERROR_MALFORMED},
  {HEAD "a=tool:\xff\xfe\r\n", GST_CHAT_ERROR_MALFORMED},
  {HEAD "a=tool\ra=mid:0\r\n", GST_CHAT_ERROR_MALFORMED},
  /* m-lines */
  {HEAD "m=audio\r\n", GST_CHAT_ERROR_MALFORMED},
  {HEAD "m=audio 9 UDP/TLS/RTP/SAVPF\r\n", GST_CHAT_ERROR_MALFORMED},
  {HEAD "m=audio 65536 UDP/TLS/RTP/SAVPF 111\r\n", GST_CHAT_ERROR_MALFORMED},
  {HEAD "m=audio -1 UDP/TLS/RTP/SAVPF 111\r\n", GST_CHAT_ERROR_MALFORMED},
  {HEAD "m=audio 9/x UDP/TLS/RTP/SAVPF 111\r\n", GST_CHAT_ERROR_MALFORMED},
  {HEAD "m=audio  9 UDP/TLS/RTP/SAVPF 111\r\n", GST_CHAT_ERROR_MALFORMED},
  {HEAD "m=audio 9 UDP/TLS/RTP/SAVPF 128\r\n" ICE DTLS,
      GST_CHAT_ERROR_MALFORMED},
  {HEAD "m=audio 9 UDP/TLS/RTP/SAVPF 1 x\r\n" ICE DTLS,
      GST_CHAT_ERROR_MALFORMED},
  {HEAD "m=audio 9 UDP/TLS/RTP/SAVPF 96 96\r\n" ICE DTLS,
      GST_CHAT_ERROR_MALFORMED},
  /* mids and groups */
  {HEAD AUDIO "a=mid:0\r\n" VIDEO "a=mid:0\r\n", GST_CHAT_ERROR_MALFORMED},
  {HEAD AUDIO "a=mid:\r\n", GST_CHAT_ERROR_MALFORMED},
  {HEAD AUDIO "a=mid:a b\r\n", GST_CHAT_ERROR_MALFORMED},
  {HEAD "a=group:BUNDLE 0 1\r\n" AUDIO "a=mid:0\r\n", GST_CHAT_ERROR_MALFORMED},
  {HEAD "a=group:BUNDLE 0 0\r\n" AUDIO "a=mid:0\r\n", GST_CHAT_ERROR_MALFORMED},
  {HEAD "a=group:BUNDLE 0\r\na=group:BUNDLE 0\r\n" AUDIO "a=mid:0\r\n",
      GST_CHAT_ERROR_MALFORMED},
  /* transport */
  {HEAD "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\n" DTLS, GST_CHAT_ERROR_MALFORMED},
  {HEAD "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\n" ICE, GST_CHAT_ERROR_MALFORMED},
  {HEAD "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=ice-ufrag:abc\r\n"
        "a=ice-pwd:abcdefghijklmnopqrstuv\r\n" DTLS, GST_CHAT_ERROR_MALFORMED},
  {HEAD "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=ice-ufrag:abcd\r\n"
        "a=ice-pwd:abcdefghijklmnopqrstu\r\n" DTLS, GST_CHAT_ERROR_MALFORMED},
  {HEAD "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=ice-ufrag:ab cd\r\n"
        "a=ice-pwd:abcdefghijklmnopqrstuv\r\n" DTLS, GST_CHAT_ERROR_MALFORMED},
  {HEAD "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=ice-ufrag:abcd\r\n" DTLS,
      GST_CHAT_ERROR_MALFORMED},
  {HEAD "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\n" ICE
        "a=fingerprint:sha-256 00:11\r\n",
      GST_CHAT_ERROR_MALFORMED},
  {HEAD "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\n" ICE "a=fingerprint:sha-1 00:11\r\n",
      GST_CHAT_ERROR_UNSUPPORTED},
  {HEAD "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\n" ICE "a=fingerprint:" PRINT "\r\n"
        "a=setup:holdconn\r\n", GST_CHAT_ERROR_MALFORMED},
  {HEAD AUDIO "a=sendonly\r\na=recvonly\r\n", GST_CHAT_ERROR_MALFORMED},
  /* formats and SSRCs */
  {HEAD AUDIO "a=rtpmap:111 opus/48000/2\r\n", GST_CHAT_ERROR_MALFORMED},
  {HEAD "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n" ICE DTLS "a=rtpmap:111 opus\r\n",
      GST_CHAT_ERROR_MALFORMED},
  {HEAD "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n" ICE DTLS
        "a=rtpmap:111 opus/0\r\n", GST_CHAT_ERROR_MALFORMED},
  {HEAD "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n" ICE DTLS
        "a=rtpmap:111 opus/48000/2/3\r\n", GST_CHAT_ERROR_MALFORMED},
  {HEAD "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n" ICE DTLS
        "a=rtpmap:111 o\"us/48000\r\n", GST_CHAT_ERROR_MALFORMED},
  {HEAD AUDIO "a=rtpmap:\r\n", GST_CHAT_ERROR_MALFORMED},
  {HEAD AUDIO "a=fmtp:200 x\r\n", GST_CHAT_ERROR_MALFORMED},
  {HEAD AUDIO "a=ssrc:0 cname:x\r\n", GST_CHAT_ERROR_MALFORMED},
  {HEAD AUDIO "a=ssrc:4294967296 cname:x\r\n", GST_CHAT_ERROR_MALFORMED},
  {HEAD AUDIO "a=ssrc\r\n", GST_CHAT_ERROR_MALFORMED},
  {HEAD AUDIO "a=ssrc:7 cname:x\r\n" VIDEO "a=ssrc:7 cname:x\r\n",
      GST_CHAT_ERROR_MALFORMED},
  {HEAD VIDEO "a=ssrc-group:FID\r\n", GST_CHAT_ERROR_MALFORMED},
  {HEAD VIDEO "a=ssrc-group:FID 1 0\r\n", GST_CHAT_ERROR_MALFORMED},
};

static void
refused_case (guint i)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GstChatSdp) sdp =
      gst_chat_sdp_parse_remote (bad[i].text, TRUE, &error);
  fail_unless (sdp == NULL, "accepted:\n%.2000s", bad[i].text);
  fail_unless (g_error_matches (error, GST_CHAT_ERROR, bad[i].code),
      "%s", error->message);
  for (const gchar * p = error->message; *p != '\0'; p++) {
    fail_if (g_ascii_iscntrl (*p), "a control character in: %s",
        error->message);
  }
}

GST_START_TEST (test_refused)
{
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    refused_case (i);
  }
}

GST_END_TEST;

static const gchar *const good[] = {
  HEAD, "v=0\no=- 1 1 IN IP4 0.0.0.0\ns= \nt=0 0\n",
  HEAD AUDIO, HEAD AUDIO VIDEO, HEAD AUDIO "\r\n",
  HEAD "a=group:BUNDLE\r\n" AUDIO, HEAD "a=group:LS 7 8\r\n" AUDIO,
  /* What the session says counts for all. */
  HEAD ICE DTLS "a=inactive\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\n",
  /* Unknown things are no error. */
  HEAD AUDIO "a=frobnicate:1\r\na=extmap:x y\r\na=candidate:nonsense\r\n",
  HEAD "m=text 9 RTP/AVP 98\r\n", HEAD "m=audio 9 RTP/AVP 0\r\n",
  HEAD "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n" ICE DTLS,
  /* A second hash that we know beside one that we do not. */
  HEAD "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\n" ICE
      "a=fingerprint:sha-1 00:11\r\na=fingerprint:" PRINT "\r\n",
  /* A format without rtpmap is left out. */
  HEAD AUDIO "a=fmtp:99 x=y\r\n",
};

static void
forgiven_case (guint i)
{
  g_autoptr (GstChatSdp) sdp = parse_text (good[i], TRUE);
  fail_unless_equals_string (sdp->text, good[i]);
}

GST_START_TEST (test_forgiven)
{
  for (guint i = 0; i < G_N_ELEMENTS (good); i++) {
    forgiven_case (i);
  }
}

GST_END_TEST;

GST_START_TEST (test_mids_are_made_where_there_are_none)
{
  g_autoptr (GstChatSdp) sdp =
      parse_text (HEAD AUDIO VIDEO "a=mid:0\r\n", TRUE);
  fail_if (gst_chat_sdp_get_media (sdp, 0)->has_mid);
  fail_unless_equals_string (gst_chat_sdp_get_media (sdp, 0)->mid, "x0");
  fail_unless_equals_string (gst_chat_sdp_get_media (sdp, 1)->mid, "0");
}

GST_END_TEST;

GST_START_TEST (test_the_bundles_first_lends_its_transport)
{
  g_autoptr (GstChatSdp) sdp = parse_text (HEAD "a=group:BUNDLE v a\r\n"
      "m=audio 0 UDP/TLS/RTP/SAVPF 0\r\na=bundle-only\r\na=mid:a\r\n"
      VIDEO "a=mid:v\r\n", FALSE);
  const GstChatSdpMedia *audio = gst_chat_sdp_get_media (sdp, 0);
  fail_unless_equals_int (sdp->bundle_first, 1);
  fail_unless_equals_string (audio->ufrag, "abcd");
  fail_unless_equals_string (audio->fingerprints[0], PRINT);
  fail_unless_equals_int (audio->setup, GST_CHAT_SETUP_ACTPASS);
  fail_if (audio->rejected);
}

GST_END_TEST;

GST_START_TEST (test_bundle_only_without_a_bundle_is_rejected)
{
  g_autoptr (GstChatSdp) sdp =
      parse_text (HEAD "m=audio 0 UDP/TLS/RTP/SAVPF 0\r\na=bundle-only\r\n"
      "a=mid:a\r\n", FALSE);
  fail_unless (gst_chat_sdp_get_media (sdp, 0)->rejected);
}

GST_END_TEST;

/* ---- limits ---- */

static void
expect_limit (const gchar * text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GstChatSdp) sdp = gst_chat_sdp_parse_remote (text, TRUE, &error);
  fail_unless (sdp == NULL);
  fail_unless (g_error_matches (error, GST_CHAT_ERROR, GST_CHAT_ERROR_LIMIT),
      "%s", error->message);
}

static GString *
repeat (const gchar * head, const gchar * line, guint n)
{
  GString *text = g_string_new (head);
  for (guint i = 0; i < n; i++) {
    g_string_append (text, line);
  }
  return text;
}

GST_START_TEST (test_limits)
{
  GString *text = repeat (HEAD, "a=x\r\n", GST_CHAT_MAX_SDP_BYTES / 5);
  expect_limit (text->str);
  g_string_free (text, TRUE);

  text = repeat (HEAD "a=", "x", GST_CHAT_MAX_SDP_LINE_BYTES);
  expect_limit (text->str);
  g_string_free (text, TRUE);

  text = repeat (HEAD, "m=audio 0 UDP/TLS/RTP/SAVPF 0\r\n",
      GST_CHAT_MAX_MLINES + 1);
  expect_limit (text->str);
  g_string_set_size (text, text->len -
      strlen ("m=audio 0 UDP/TLS/RTP/SAVPF 0\r\n"));
  g_autoptr (GstChatSdp) most = parse_text (text->str, TRUE);
  fail_unless_equals_int (gst_chat_sdp_n_media (most), GST_CHAT_MAX_MLINES);
  g_string_free (text, TRUE);

  text = g_string_new (HEAD AUDIO);
  for (guint i = 0; i <= GST_CHAT_MAX_SSRCS; i++) {
    g_string_append_printf (text, "a=ssrc:%u cname:x\r\n", i + 1);
  }
  expect_limit (text->str);
  g_string_free (text, TRUE);
}

GST_END_TEST;

/* A machine with very many interfaces can call; what is too much is dropped. */
GST_START_TEST (test_surplus_candidates_are_dropped)
{
  GString *text = g_string_new (HEAD AUDIO);
  for (guint i = 0; i < 2 * GST_CHAT_MAX_CANDIDATES; i++) {
    g_string_append_printf (text, "a=candidate:%u 1 UDP 1 192.0.2.1 %u "
        "typ host\r\n", i, 1024 + i);
  }
  g_autoptr (GstChatSdp) sdp = parse_text (text->str, TRUE);
  fail_unless_equals_int (sdp->n_candidates, GST_CHAT_MAX_CANDIDATES);
  fail_unless_equals_int (gst_chat_sdp_get_media (sdp, 0)->candidates->len,
      GST_CHAT_MAX_CANDIDATES);
  g_string_free (text, TRUE);
}

GST_END_TEST;

/* ---- candidates ---- */

static const struct
{
  const gchar *text;
  gboolean valid, usable;
} candidates[] = {
  {"candidate:1 1 UDP 2122055935 192.0.2.2 52199 typ host", TRUE, TRUE},
  {"a=candidate:1 1 udp 2122055935 192.0.2.2 52199 typ host", TRUE, TRUE},
  {"1 1 UDP 2122055935 127.0.0.1 52199 typ host", TRUE, TRUE},
  {"candidate:a+/B 1 udp 1 2001:db8::7 9000 typ srflx raddr 0.0.0.0 rport 0 "
        "generation 0 network-id 3 network-cost 50", TRUE, TRUE},
  {"candidate:1 1 UDP 1 192.0.2.2 5000 typ relay raddr 1.2.3.4 rport 6", TRUE,
      TRUE},
  {"candidate:1 1 UDP 1 192.0.2.2 5000 typ prflx", TRUE, TRUE},
  {"candidate:1 1 TCP 1 192.0.2.2 9 typ host tcptype active", TRUE, FALSE},
  {"candidate:1 1 tcp 1 192.0.2.2 5000 typ host tcptype passive", TRUE, FALSE},
  {"candidate:1 2 UDP 1 192.0.2.2 5000 typ host", TRUE, FALSE},
  {"candidate:1 1 UDP 1 fe80::1 5000 typ host", TRUE, FALSE},
  {"candidate:1 1 UDP 1 0.0.0.0 5000 typ host", TRUE, FALSE},
  {"candidate:1 1 UDP 1 :: 5000 typ host", TRUE, FALSE},
  {"candidate:1 1 UDP 1 224.0.0.1 5000 typ host", TRUE, FALSE},
  {"candidate:1 1 UDP 1 192.0.2.2 0 typ host", TRUE, FALSE},
  {"candidate:1 1 UDP 1 192.0.2.2 9 typ host", TRUE, FALSE},
  {"candidate:1 1 UDP 1 2a5b-7c.local 5000 typ host", TRUE, FALSE},
  {"candidate:1 3 UDP 1 192.0.2.2 5000 typ host", FALSE,},
  {"candidate:1 0 UDP 1 192.0.2.2 5000 typ host", FALSE,},
  {"candidate:1 1 SCTP 1 192.0.2.2 5000 typ host", FALSE,},
  {"candidate:1 1 UDP 4294967296 192.0.2.2 5000 typ host", FALSE,},
  {"candidate:1 1 UDP 1 192.0.2.2 65536 typ host", FALSE,},
  {"candidate:1 1 UDP 1 192.0.2.2 -1 typ host", FALSE,},
  {"candidate:1 1 UDP 1 192.0.2.256 5000 typ host", FALSE,},
  {"candidate:1 1 UDP 1 fe80::1%eth0 5000 typ host", FALSE,},
  {"candidate:1 1 UDP 1 example.com 5000 typ host", FALSE,},
  {"candidate:1 1 UDP 1 .local 5000 typ host", FALSE,},
  {"candidate:1 1 UDP 1 a/b.local 5000 typ host", FALSE,},
  {"candidate:1 1 UDP 1 192.0.2.2 5000 typ alien", FALSE,},
  {"candidate:1 1 UDP 1 192.0.2.2 5000 type host", FALSE,},
  {"candidate:1 1 UDP 1 192.0.2.2 5000 typ host generation", FALSE,},
  {"candidate:1 1 UDP 1 192.0.2.2 5000 typ host typ alien", FALSE,},
  {"candidate:1 1 UDP 1 192.0.2.2  5000 typ host", FALSE,},
  {"candidate:1 1 UDP 1 192.0.2.2 5000 typ", FALSE,},
  {"candidate: 1 UDP 1 192.0.2.2 5000 typ host", FALSE,},
  {"candidate:012345678901234567890123456789012 1 UDP 1 192.0.2.2 5000 typ host",
      FALSE,},
  {"candidate:1 1 UDP 1 192.0.2.2 5000 typ host\r\na=x", FALSE,},
  {"", FALSE,},
  {NULL, FALSE,},
};

static void
candidate_case (guint i)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GstChatCandidate) candidate =
      gst_chat_candidate_parse (candidates[i].text, &error);
  fail_unless ((candidate != NULL) == candidates[i].valid, "%s",
      candidates[i].text);
  if (candidate == NULL) {
    fail_unless (g_error_matches (error, GST_CHAT_ERROR,
            GST_CHAT_ERROR_MALFORMED));
    return;
  }
  fail_unless (candidate->usable == candidates[i].usable, "%s",
      candidates[i].text);
  fail_unless (g_str_has_prefix (candidate->text, "candidate:"));
  fail_unless (g_str_has_suffix (candidates[i].text,
          candidate->text + strlen ("candidate:")));
  fail_unless (candidate->mdns == (strstr (candidates[i].text,
              ".local") != NULL));
}

GST_START_TEST (test_candidate)
{
  for (guint i = 0; i < G_N_ELEMENTS (candidates); i++) {
    candidate_case (i);
  }
}

GST_END_TEST;

GST_START_TEST (test_candidate_fields)
{
  g_autoptr (GstChatCandidate) candidate =
      gst_chat_candidate_parse ("candidate:842163049 1 udp 1677729535 "
      "203.0.113.7 46154 typ srflx raddr 10.0.0.1 rport 46154", NULL);
  fail_unless_equals_string (candidate->foundation, "842163049");
  fail_unless_equals_int (candidate->component, 1);
  fail_unless (candidate->priority == 1677729535);
  fail_unless_equals_string (candidate->address, "203.0.113.7");
  fail_unless_equals_int (candidate->port, 46154);
  fail_unless_equals_int (candidate->type, GST_CHAT_CANDIDATE_SRFLX);
  fail_if (candidate->tcp);
}

GST_END_TEST;

GST_START_TEST (test_candidate_is_bounded)
{
  GString *text = repeat ("candidate:1 1 UDP 1 192.0.2.2 5000 typ host",
      " a b", GST_CHAT_MAX_CANDIDATE_BYTES / 4);
  g_autoptr (GError) error = NULL;
  fail_unless (gst_chat_candidate_parse (text->str, &error) == NULL);
  fail_unless (g_error_matches (error, GST_CHAT_ERROR, GST_CHAT_ERROR_LIMIT));
  g_string_free (text, TRUE);
}

GST_END_TEST;

static Suite *
sdp_suite (void)
{
  Suite *suite = suite_create ("sdp");
  TCase *tc = tcase_create ("general");
  suite_add_tcase (suite, tc);
  tcase_add_test (tc, test_every_vector_is_accepted);
  tcase_add_test (tc, test_chromium_offer);
  tcase_add_test (tc, test_firefox_offer_with_candidates);
  tcase_add_test (tc, test_firefox_rejects_video);
  tcase_add_test (tc, test_bundle_only_is_no_rejection);
  tcase_add_test (tc, test_no_m_lines);
  tcase_add_test (tc, test_data_channel);
  tcase_add_test (tc, test_refused);
  tcase_add_test (tc, test_forgiven);
  tcase_add_test (tc, test_mids_are_made_where_there_are_none);
  tcase_add_test (tc, test_the_bundles_first_lends_its_transport);
  tcase_add_test (tc, test_bundle_only_without_a_bundle_is_rejected);
  tcase_add_test (tc, test_limits);
  tcase_add_test (tc, test_surplus_candidates_are_dropped);
  tcase_add_test (tc, test_candidate);
  tcase_add_test (tc, test_candidate_fields);
  tcase_add_test (tc, test_candidate_is_bounded);
  return suite;
}

GST_CHECK_MAIN (sdp);
