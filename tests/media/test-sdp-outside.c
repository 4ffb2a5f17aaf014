/* SPDX-License-Identifier: LGPL-2.1-or-later
 * What webrtcbin is told, and what leaves: each rewriting by itself. */
#include "chatsdptest.h"

#include <string.h>

#define PRINT "AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:" \
  "23:45:67:89:AB:CD:EF:01:23:45:67:89"
#define HOST "candidate:1 1 UDP 2015363327 192.0.2.7 41000 typ host"
#define HOST6 "candidate:2 1 UDP 2015363326 2001:db8::7 41001 typ host"
#define LINK_LOCAL "candidate:3 1 UDP 2015363325 fe80::1 41002 typ host"
#define TCP "candidate:4 1 TCP 1015363325 192.0.2.7 9 typ host tcptype active"
#define RELAY "candidate:5 1 UDP 5 198.51.100.3 41003 typ relay raddr 0.0.0.0 rport 0"

static GstSDPMessage *
message_of (const gchar * text)
{
  GstSDPMessage *message;
  fail_unless (gst_sdp_message_new_from_text (text, &message) == GST_SDP_OK);
  return message;
}

static GstSDPMessage *
message_of_vector (const gchar * name)
{
  g_autofree gchar *text = load_vector (name);
  return message_of (text);
}

static guint
count (const gchar * text, const gchar * part)
{
  guint n = 0;
  for (const gchar * p = strstr (text, part); p != NULL;
      p = strstr (p + 1, part)) {
    n++;
  }
  return n;
}

#define fail_unless_has(text, part, n) \
  fail_unless (count (text, part) == (n), "%u times “%s” instead of %u in:\n%.2000s", \
      count (text, part), part, (guint) (n), text)

static GPtrArray *
candidates_new (const gchar * first, ...)
{
  GPtrArray *candidates = g_ptr_array_new_with_free_func ((GDestroyNotify)
      gst_chat_local_candidate_free);
  va_list args;
  va_start (args, first);
  for (const gchar * text = first; text != NULL;
      text = va_arg (args, const gchar *))
  {
    g_ptr_array_add (candidates, gst_chat_local_candidate_new (0, text));
  }
  va_end (args);
  return candidates;
}

static gchar *
write_offer (const gchar * vector, const GstChatSdpLocal * local,
    GstChatSdpMap * map)
{
  GstSDPMessage *message = message_of_vector (vector);
  g_autoptr (GError) error = NULL;
  gchar *text = gst_chat_sdp_local_for_remote (message, NULL, map, local,
      &error);
  fail_unless (text != NULL, "%s", error != NULL ? error->message : "");
  gst_sdp_message_free (message);
  return text;
}

/* ---- our offer ---- */

/* No webrtcbin of today writes such; the fuzzer does. */
GST_START_TEST (test_an_m_line_without_attributes_does_not_leave)
{
  g_autoptr (GstChatSdpMap) map = gst_chat_sdp_map_new ();
  GstChatSdpLocal local = {.fingerprint = PRINT,.version = 1 };
  GstSDPMessage *message = message_of ("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\n"
      "s=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\n");
  g_autoptr (GError) error = NULL;
  g_autofree gchar *text = gst_chat_sdp_local_for_remote (message, NULL, map,
      &local, &error);
  fail_unless (text == NULL && error != NULL);
  gst_sdp_message_free (message);
}

GST_END_TEST;

GST_START_TEST (test_offer)
{
  g_autoptr (GstChatSdpMap) map = gst_chat_sdp_map_new ();
  g_autoptr (GPtrArray) candidates = candidates_new (HOST, LINK_LOCAL, TCP,
      HOST6, HOST, NULL);
  /* webrtcbin gives each with the m-line it was gathered for. */
  g_ptr_array_add (candidates, gst_chat_local_candidate_new (1, RELAY));
  GstChatSdpLocal local = {
    .setup = GST_CHAT_SETUP_ACTIVE,
    .fingerprint = PRINT,
    .candidates = candidates,
    .end_of_candidates = TRUE,
    .version = 7,
    .stream_id = "call",
  };
  g_autofree gchar *text = write_offer ("webrtcbin-av-offer", &local, map);

  /* mids: ours outside, webrtcbin's inside (trap 9) */
  fail_unless_has (text, "a=group:BUNDLE 0 1\r\n", 1);
  fail_unless_has (text, "a=mid:0\r\n", 1);
  fail_unless_has (text, "a=mid:1\r\n", 1);
  fail_unless_has (text, "audio0", 0);
  fail_unless_equals_string (gst_chat_sdp_map_get_mid (map, 0), "audio0");
  fail_unless_equals_string (gst_chat_sdp_map_get_mid (map, 1), "video1");
  fail_unless_equals_int (gst_chat_sdp_map_to_inside (map, 1), 1);
  fail_unless_equals_int (gst_chat_sdp_map_to_outside (map, 1), 1);
  fail_unless_equals_int (gst_chat_sdp_map_to_inside (map, 2), -1);

  /* role and certificate (traps 8, 9) */
  fail_unless_has (text, "a=setup:active\r\n", 2);
  fail_unless_has (text, "a=setup:", 2);
  fail_unless_has (text, "a=fingerprint:sha-256 " PRINT "\r\n", 2);
  fail_unless_has (text, "a=fingerprint:", 2);

  /* candidates: each once, in the first m-line, without the useless ones
   * (traps 10, 14) */
  const gchar *video = strstr (text, "m=video");
  fail_unless_has (text, "a=candidate:", 3);
  fail_unless_has (video, "a=candidate:", 0);
  fail_unless_has (text, "a=" HOST "\r\n", 1);
  fail_unless_has (text, "a=" HOST6 "\r\n", 1);
  fail_unless_has (text, "a=" RELAY "\r\n", 1);
  fail_unless_has (text, "a=end-of-candidates\r\n", 1);

  /* one stream, nothing said twice (trap 1) */
  fail_unless_has (text, "a=msid:call audio-0\r\n", 1);
  fail_unless_has (text, "a=msid:call video-1\r\n", 1);
  fail_unless_has (text, "msid:", 2);
  fail_unless_has (text, " cname:", 3);
  fail_unless_has (text, "a=ssrc-group:FID ", 1);

  fail_unless_has (text, "a=fmtp:111 minptime=10;useinbandfec=1\r\n", 1);
  fail_unless_has (text, " 7 IN IP4 0.0.0.0\r\n", 1);
  fail_unless_has (text, "m=video 0 ", 1);
  fail_unless_has (text, "a=bundle-only\r\n", 1);
  g_autoptr (GstChatSdp) sdp = parse_text (text, TRUE);
  fail_unless_equals_int (sdp->n_candidates, 3);
}

GST_END_TEST;

/* The text of the second round is that of the first, but for what is new. */
GST_START_TEST (test_second_round)
{
  g_autoptr (GstChatSdpMap) map = gst_chat_sdp_map_new ();
  g_autoptr (GPtrArray) some = candidates_new (HOST, NULL);
  g_autoptr (GPtrArray) all = candidates_new (HOST, HOST6, NULL);
  GstChatSdpLocal local = {
    .setup = GST_CHAT_SETUP_ACTIVE,
    .fingerprint = PRINT,
    .candidates = some,
    .version = 1,
  };
  g_autofree gchar *one = write_offer ("webrtcbin-av-offer", &local, map);
  local.candidates = all;
  local.version = 2;
  local.end_of_candidates = TRUE;
  g_autofree gchar *two = write_offer ("webrtcbin-av-offer", &local, map);

  g_autoptr (GstChatSdp) a = parse_text (one, TRUE);
  g_autoptr (GstChatSdp) b = parse_text (two, TRUE);
  fail_unless_equals_int (gst_chat_sdp_classify (a, b, NULL),
      GST_CHAT_SDP_SAME);
  /* Among others the retransmission SSRC (trap 2): line by line. */
  g_auto (GStrv) lines = g_strsplit (two, "\r\n", -1);
  GString *rest = g_string_new (NULL);
  for (guint i = 0; lines[i] != NULL; i++) {
    if (strstr (lines[i], "41001") == NULL
        && strstr (lines[i], "end-of") == NULL) {
      g_string_append_printf (rest, "%s%s", i > 0 ? "\r\n" : "", lines[i]);
    }
  }
  gchar *version = strstr (rest->str, " 2 IN IP4");
  fail_unless (version != NULL);
  version[1] = '1';
  fail_unless_equals_string (rest->str, one);
  g_string_free (rest, TRUE);
}

GST_END_TEST;

GST_START_TEST (test_relay_only)
{
  g_autoptr (GstChatSdpMap) map = gst_chat_sdp_map_new ();
  g_autoptr (GPtrArray) candidates = candidates_new (HOST, RELAY, HOST6, NULL);
  GstChatSdpLocal local = {
    .candidates = candidates,
    .relay_only = TRUE,
  };
  g_autofree gchar *text = write_offer ("webrtcbin-av-offer", &local, map);
  fail_unless_has (text, "a=candidate:", 1);
  fail_unless_has (text, "a=" RELAY "\r\n", 1);
  fail_unless_has (text, "192.0.2.7", 0);
}

GST_END_TEST;

GST_START_TEST (test_fmtp_of_our_offers)
{
  static const struct
  {
    const gchar *vector, *fmtp;
    gboolean stereo;
  } cases[] = {
    {"webrtcbin-h264-offer", "a=fmtp:102 level-asymmetry-allowed=1;"
          "packetization-mode=1;profile-level-id=42e01f\r\n", FALSE},
    {"webrtcbin-vp9-offer", "a=fmtp:98 profile-id=0\r\n", FALSE},
    {"webrtcbin-av-offer",
          "a=fmtp:111 minptime=10;useinbandfec=1;stereo=1;sprop-stereo=1\r\n",
        TRUE},
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GstChatSdpMap) map = gst_chat_sdp_map_new ();
    GstChatSdpLocal local = {
      .stereo = cases[i].stereo,
    };
    g_autofree gchar *text = write_offer (cases[i].vector, &local, map);
    fail_unless_has (text, cases[i].fmtp, 1);
    /* RTX keeps its own. */
    fail_unless_has (text, " apt=", 1);
  }
}

GST_END_TEST;

GST_START_TEST (test_receiving_m_lines_announce_no_stream)
{
  g_autoptr (GstChatSdpMap) map = gst_chat_sdp_map_new ();
  GstChatSdpLocal local = { 0, };
  g_autofree gchar *text = write_offer ("webrtcbin-recvonly-offer", &local,
      map);
  fail_unless_has (text, "a=recvonly\r\n", 2);
  fail_unless_has (text, "msid:", 0);
  fail_unless_has (text, "a=ssrc", 0);
}

GST_END_TEST;

/* Trap 1: made before the sink pad had caps. */
GST_START_TEST (test_a_sending_m_line_without_ssrc_does_not_leave)
{
  g_autofree gchar *whole = load_vector ("webrtcbin-av-offer");
  g_auto (GStrv) lines = g_strsplit (whole, "\r\n", -1);
  GString *cut = g_string_new (NULL);
  gboolean video = FALSE;
  for (guint i = 0; lines[i] != NULL; i++) {
    video = video || g_str_has_prefix (lines[i], "m=video");
    if (video || !g_str_has_prefix (lines[i], "a=ssrc")) {
      g_string_append_printf (cut, "%s\r\n", lines[i]);
    }
  }
  GstSDPMessage *message = message_of (cut->str);
  g_string_free (cut, TRUE);
  g_autoptr (GstChatSdpMap) map = gst_chat_sdp_map_new ();
  GstChatSdpLocal local = { 0, };
  g_autoptr (GError) error = NULL;
  fail_unless (gst_chat_sdp_local_for_remote (message, NULL, map, &local,
          &error) == NULL);
  fail_unless (g_error_matches (error, GST_CHAT_ERROR, GST_CHAT_ERROR_FAILED));
  gst_sdp_message_free (message);
}

GST_END_TEST;

GST_START_TEST (test_local_for_webrtcbin)
{
  GstSDPMessage *created = message_of_vector ("webrtcbin-av-offer");
  GstChatSdpLocal local = {
    .setup = GST_CHAT_SETUP_ACTIVE,
    .fingerprint = PRINT,
  };
  GstSDPMessage *message = gst_chat_sdp_local_for_webrtcbin (created, &local);
  g_autofree gchar *before = gst_sdp_message_as_text (created);
  g_autofree gchar *after = gst_sdp_message_as_text (message);
  fail_unless_has (after, "a=setup:active\r\n", 2);
  fail_unless_has (after, "a=setup:actpass\r\n", 0);
  /* Nothing else is touched: it has to be webrtcbin's own. */
  fail_unless_has (after, "a=mid:audio0\r\n", 1);
  fail_unless_has (after, PRINT, 0);
  fail_unless_equals_int (strlen (before) - 2 * strlen ("actpass"),
      strlen (after) - 2 * strlen ("active"));
  local.setup = GST_CHAT_SETUP_NONE;
  GstSDPMessage *same = gst_chat_sdp_local_for_webrtcbin (created, &local);
  g_autofree gchar *unchanged = gst_sdp_message_as_text (same);
  fail_unless_equals_string (unchanged, before);
  gst_sdp_message_free (same);
  gst_sdp_message_free (message);
  gst_sdp_message_free (created);
}

GST_END_TEST;

/* As webrtcbin from 1.26.1 on writes it where we give it 96, 98, 99 and 97. */
GST_START_TEST (test_retransmission_once_a_codec)
{
  GstSDPMessage *created = message_of ("v=0\r\no=- 1 0 IN IP4 0.0.0.0\r\n"
      "s=-\r\nt=0 0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96 98 99 97 100 101 102\r\n"
      "a=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 nack\r\n"
      "a=rtpmap:98 VP9/90000\r\na=rtpmap:99 rtx/90000\r\na=fmtp:99 apt=98\r\n"
      "a=rtcp-fb:99 nack\r\n"
      "a=rtpmap:97 RTX/90000\r\na=fmtp:97 apt=96;rtx-time=500\r\n"
      "a=rtpmap:100 rtx/90000\r\na=fmtp:100 apt=98\r\n"
      "a=rtpmap:101 rtx/90000\r\na=fmtp:101 apt=99\r\na=rtcp-fb:101 nack\r\n"
      "a=rtpmap:102 rtx/90000\r\na=fmtp:102 apt=97\r\n");
  GstChatSdpLocal local = { 0, };
  GstSDPMessage *message = gst_chat_sdp_local_for_webrtcbin (created, &local);
  g_autofree gchar *text = gst_sdp_message_as_text (message);
  fail_unless_has (text, "m=video 9 UDP/TLS/RTP/SAVPF 96 98 99 97\r\n", 1);
  fail_unless_has (text, "apt=", 2);
  fail_unless_has (text, "a=fmtp:99 apt=98\r\n", 1);
  fail_unless_has (text, "a=fmtp:97 apt=96", 1);
  for (guint pt = 100; pt <= 102; pt++) {
    g_autofree gchar *of = g_strdup_printf (":%u ", pt);
    fail_unless_has (text, of, 0);
  }
  fail_unless_has (text, "a=rtcp-fb:99 nack\r\n", 1);
  gst_sdp_message_free (message);
  gst_sdp_message_free (created);
}

GST_END_TEST;

/* ---- their offer, towards webrtcbin ---- */

static gchar *
inside_text (const GstChatSdp * offer, const gboolean * accept,
    GstChatSdpMap * map)
{
  GstSDPMessage *message = gst_chat_sdp_offer_for_webrtcbin (offer, accept,
      map);
  gchar *text = gst_sdp_message_as_text (message);
  gst_sdp_message_free (message);
  return text;
}

static const gboolean everything[] = { TRUE, TRUE, TRUE, TRUE };

GST_START_TEST (test_offer_inside)
{
  g_autoptr (GstChatSdp) offer = parse_vector ("firefox-data-offer2");
  g_autoptr (GstChatSdpMap) map = gst_chat_sdp_map_new ();
  g_autofree gchar *text = inside_text (offer, everything, map);

  /* The data channel is not webrtcbin's business; nor are candidates, which go
   * in one by one. */
  fail_unless_has (text, "m=", 2);
  fail_unless_has (text, "m=application", 0);
  fail_unless_has (text, "candidate", 0);
  fail_unless_has (text, "a=group:BUNDLE 0 1\r\n", 1);
  fail_unless_equals_int (gst_chat_sdp_map_to_inside (map, 2), -1);
  /* What stood in the session stands in each m-line. */
  fail_unless_has (text, "a=fingerprint:sha-256 ", 2);
  fail_unless_has (text, "a=setup:actpass\r\n", 2);
  fail_unless_has (text, "a=ice-ufrag:", 2);
  fail_unless_has (text, "a=rtcp-mux\r\n", 2);
  fail_unless_has (text, "a=sendrecv\r\n", 2);
  /* Payload types and SSRCs are the remote's. */
  fail_unless_has (text, "a=rtpmap:120 VP8/90000\r\n", 1);
  fail_unless_has (text, "a=ssrc-group:FID ", 1);
  /* And what we do not know does not get in. */
  fail_unless_has (text, "a=extmap-allow-mixed", 0);
  fail_unless_has (text, "msid-semantic", 0);
  fail_unless_has (text, "mozilla", 0);
}

GST_END_TEST;

/* Caps are made of it, and their fields' names stay for ever. */
GST_START_TEST (test_names_that_a_remote_makes_up_are_not_inside)
{
  g_autofree gchar *text = load_vector ("chromium-av-offer1");
  g_auto (GStrv) parts = g_strsplit (text, "a=rtpmap:96 VP8/90000\r\n", -1);
  g_autofree gchar *more = g_strjoinv ("a=rtpmap:96 VP8/90000\r\n"
      "a=ssrc:7 cname:x\r\n"
      "a=ssrc:7 made-up-1:x\r\na=rtcp-fb:96 made-up-2\r\n"
      "a=fmtp:96 made-up-3=1; max-fr=30;made-up-4\r\n", parts);
  g_autoptr (GstChatSdp) offer = parse_text (more, TRUE);
  g_autoptr (GstChatSdpMap) map = gst_chat_sdp_map_new ();
  g_autofree gchar *inside = inside_text (offer, everything, map);
  fail_unless_has (inside, "made-up", 0);
  fail_unless_has (inside, "a=ssrc:7 cname:x\r\n", 1);
  fail_unless_has (inside, "a=fmtp:96 max-fr=30\r\n", 1);
  fail_unless_has (inside, "a=rtcp-fb:96 nack pli\r\n", 1);
}

GST_END_TEST;

GST_START_TEST (test_what_we_do_not_take_is_not_inside)
{
  g_autoptr (GstChatSdp) offer = parse_vector ("chromium-av-offer1");
  g_autoptr (GstChatSdpMap) map = gst_chat_sdp_map_new ();
  static const gboolean video_only[] = { FALSE, TRUE };
  g_autofree gchar *text = inside_text (offer, video_only, map);
  fail_unless_has (text, "m=audio", 0);
  fail_unless_has (text, "a=group:BUNDLE 1\r\n", 1);
  fail_unless_equals_int (gst_chat_sdp_map_to_inside (map, 1), 0);
  fail_unless_equals_int (gst_chat_sdp_map_to_outside (map, 0), 1);
}

GST_END_TEST;

/* webrtcbin 1.22 refuses a whole description over an m-line without ICE and
 * DTLS attributes, which is how Firefox rejects. */
GST_START_TEST (test_rejected_m_lines_are_filled)
{
  g_autoptr (GstChatSdp) before =
      parse_vector ("firefox-rejected-video-offer2");
  g_autoptr (GstChatSdp) offer = parse_vector ("firefox-stopped-offer3");
  g_autoptr (GstChatSdpMap) map = gst_chat_sdp_map_new ();
  g_free (inside_text (before, everything, map));
  g_autofree gchar *text = inside_text (offer, everything, map);
  fail_unless_has (text, "m=audio 0 ", 1);
  fail_unless_has (text, "m=video 0 ", 1);
  fail_unless_has (text, "a=ice-ufrag:", 2);
  fail_unless_has (text, "a=ice-pwd:", 2);
  fail_unless_has (text, "a=fingerprint:sha-256 ", 2);
  fail_unless_has (text, "a=setup:", 2);
  fail_unless_has (text, "a=inactive\r\n", 2);
  fail_unless_has (text, "BUNDLE", 0);
}

GST_END_TEST;

/* The place of an m-line in webrtcbin is for ever: a recycled one goes behind. */
GST_START_TEST (test_a_recycled_m_line_goes_behind)
{
  static const gchar *const browsers[] = { "chromium", "firefox" };
  for (guint i = 0; i < G_N_ELEMENTS (browsers); i++) {
    g_autofree gchar *one = g_strconcat (browsers[i],
        "-rejected-video-offer2", NULL);
    g_autofree gchar *two = g_strconcat (browsers[i], "-recycled-offer4", NULL);
    g_autoptr (GstChatSdp) before = parse_vector (one);
    g_autoptr (GstChatSdp) after = parse_vector (two);
    g_autoptr (GstChatSdpMap) map = gst_chat_sdp_map_new ();
    g_free (inside_text (before, everything, map));
    g_autofree gchar *text = inside_text (after, everything, map);
    fail_unless_has (text, "m=audio 0 ", 1);
    fail_unless_has (text, "m=video 0 ", 1);
    fail_unless_has (text, "m=video 9 ", 1);
    fail_unless_equals_int (gst_chat_sdp_n_media (after), 3);
    fail_unless_equals_int (gst_chat_sdp_map_to_inside (map, 2), 2);
  }
  /* In the place of the old one, under a new mid. */
  g_autoptr (GstChatSdp) was = parse_vector ("chromium-audio-offer1");
  g_autofree gchar *text = load_vector ("chromium-video-offer1");
  g_auto (GStrv) parts = g_strsplit (text, "BUNDLE 0", -1);
  g_autofree gchar *grouped = g_strjoinv ("BUNDLE 5", parts);
  g_auto (GStrv) halves = g_strsplit (grouped, "a=mid:0", -1);
  g_autofree gchar *renamed = g_strjoinv ("a=mid:5", halves);
  g_autoptr (GstChatSdp) is = parse_text (renamed, TRUE);
  g_autoptr (GstChatSdpMap) map = gst_chat_sdp_map_new ();
  g_free (inside_text (was, everything, map));
  g_autofree gchar *inside = inside_text (is, everything, map);
  fail_unless (g_str_has_prefix (strstr (inside, "m="), "m=audio 0 "));
  fail_unless_has (inside, "m=video 9 ", 1);
  fail_unless_has (inside, "a=group:BUNDLE 5\r\n", 1);
  fail_unless_equals_int (gst_chat_sdp_map_to_inside (map, 0), 1);
  fail_unless_equals_int (gst_chat_sdp_map_to_outside (map, 0), -1);
}

GST_END_TEST;

GST_START_TEST (test_answer_inside)
{
  g_autoptr (GstChatSdpMap) map = gst_chat_sdp_map_new ();
  GstChatSdpLocal local = {
    .setup = GST_CHAT_SETUP_ACTIVE,
  };
  g_autofree gchar *sent = write_offer ("webrtcbin-h264-offer", &local, map);
  g_autoptr (GstChatSdp) offer = parse_text (sent, TRUE);
  g_autoptr (GstChatSdp) answer = parse_vector ("firefox-to-ours-h264-answer");
  g_autoptr (GError) error = NULL;
  fail_unless (gst_chat_sdp_check_answer (offer, answer, &error), "%s",
      error != NULL ? error->message : "");
  GstSDPMessage *message = gst_chat_sdp_answer_for_webrtcbin (answer, map);
  g_autofree gchar *text = gst_sdp_message_as_text (message);
  gst_sdp_message_free (message);
  /* Its mids, not ours. */
  fail_unless_has (text, "a=mid:audio0\r\n", 1);
  fail_unless_has (text, "a=mid:video1\r\n", 1);
  fail_unless_has (text, "a=group:BUNDLE audio0\r\n", 1);
  fail_unless_has (text, "m=video 0 ", 1);
  fail_unless_has (text, "a=ice-ufrag:", 2);
  fail_unless_has (text, "a=fingerprint:", 2);
  fail_unless_has (text, "a=setup:passive\r\n", 2);
}

GST_END_TEST;

/* ---- our answer ---- */

static gchar *
write_answer (const gchar * offer_vector, const gboolean * accept,
    const GstChatSdpLocal * local)
{
  g_autoptr (GstChatSdp) offer = parse_vector (offer_vector);
  g_autoptr (GstChatSdpMap) map = gst_chat_sdp_map_new ();
  /* What comes back from webrtcbin has the m-lines, mids and payload types that
   * went in; the remote's own lines will do for it. */
  GstSDPMessage *message =
      gst_chat_sdp_offer_for_webrtcbin (offer, accept, map);
  g_autofree gchar *text = gst_sdp_message_as_text (message);
  gst_sdp_message_free (message);
  g_auto (GStrv) parts = g_strsplit (text, "a=setup:actpass", -1);
  g_autofree gchar *described = g_strjoinv ("a=setup:active", parts);
  GstSDPMessage *description = message_of (described);
  g_autoptr (GError) error = NULL;
  gchar *answer = gst_chat_sdp_local_for_remote (description, offer, map,
      local, &error);
  fail_unless (answer != NULL, "%s", error != NULL ? error->message : "");
  gst_sdp_message_free (description);
  return answer;
}

GST_START_TEST (test_rejected_m_lines_are_put_back)
{
  GstChatSdpLocal local = {
    .fingerprint = PRINT,
    .stream_id = "call",
    .version = 3,
  };
  static const gboolean video_only[] = { FALSE, TRUE, TRUE };
  g_autoptr (GPtrArray) candidates = candidates_new (HOST, NULL);
  local.candidates = candidates;
  g_autofree gchar *text = write_answer ("chromium-data-offer1", video_only,
      &local);
  g_autoptr (GstChatSdp) answer = parse_text (text, FALSE);
  fail_unless_equals_int (gst_chat_sdp_n_media (answer), 3);
  fail_unless (gst_chat_sdp_get_media (answer, 0)->rejected);
  fail_if (gst_chat_sdp_get_media (answer, 1)->rejected);
  fail_unless (gst_chat_sdp_get_media (answer, 2)->rejected);
  fail_unless_has (text, "a=group:BUNDLE 1\r\n", 1);
  fail_unless_has (text, "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n",
      1);
  fail_unless_has (text, "a=mid:2\r\n", 1);
  /* The candidates are in the first m-line that is taken. */
  fail_unless_has (strstr (text, "m=video"), "a=" HOST, 1);
  fail_unless_has (text, "a=candidate:", 1);
  fail_unless_has (text, "a=msid:call video-1\r\n", 1);
}

GST_END_TEST;

GST_START_TEST (test_h264_answer_has_the_offers_profile)
{
  GstChatSdpLocal local = { 0, };
  g_autofree gchar *text = write_answer ("chromium-av-offer1", everything,
      &local);
  fail_unless_has (text, "a=fmtp:108 level-asymmetry-allowed=1;"
      "packetization-mode=1;profile-level-id=42e01f\r\n", 1);
  fail_unless_has (text, "a=fmtp:102 level-asymmetry-allowed=1;"
      "packetization-mode=1;profile-level-id=42001f\r\n", 1);
  fail_unless_has (text, "a=fmtp:97 apt=96\r\n", 1);
}

GST_END_TEST;

/* The page calls again in the call that we placed: what we answer is made of our
 * offer's description. */
GST_START_TEST (test_our_offers_description_answers_a_re_offer)
{
  g_autoptr (GstChatSdpMap) map = gst_chat_sdp_map_new ();
  GstChatSdpLocal local = {
    .setup = GST_CHAT_SETUP_ACTIVE,
    .fingerprint = PRINT,
    .version = 1,
  };
  g_autofree gchar *sent = write_offer ("webrtcbin-av-offer", &local, map);
  g_autofree gchar *answer = load_vector ("chromium-to-ours-av-answer");
  g_auto (GStrv) parts = g_strsplit (answer, "a=setup:passive", -1);
  g_autofree gchar *text = g_strjoinv ("a=setup:actpass", parts);
  g_autoptr (GstChatSdp) agreed = parse_text (answer, FALSE);
  g_autoptr (GstChatSdp) reoffer = parse_text (text, TRUE);
  fail_unless_equals_int (gst_chat_sdp_classify (agreed, reoffer, NULL),
      GST_CHAT_SDP_SAME);

  GstSDPMessage *description = message_of_vector ("webrtcbin-av-offer");
  local.version = 2;
  g_autoptr (GError) error = NULL;
  g_autofree gchar *again = gst_chat_sdp_local_for_remote (description, reoffer,
      map, &local, &error);
  fail_unless (again != NULL, "%s", error != NULL ? error->message : "");
  fail_unless_has (again, "a=setup:active\r\n", 2);
  fail_unless_has (again, "a=bundle-only", 0);
  fail_unless_has (again, "m=video 9 ", 1);
  gst_sdp_message_free (description);
}

GST_END_TEST;

GST_START_TEST (test_reject_all)
{
  g_autoptr (GPtrArray) names = list_vectors ("offer");
  for (guint i = 0; i < names->len; i++) {
    g_autoptr (GstChatSdp) offer = parse_vector (g_ptr_array_index (names, i));
    g_autofree gchar *text = gst_chat_sdp_reject_all (offer, 1);
    g_autoptr (GstChatSdp) answer = parse_text (text, FALSE);
    g_autoptr (GError) error = NULL;
    fail_unless (gst_chat_sdp_check_answer (offer, answer, &error), "%s",
        error != NULL ? error->message : "");
    for (guint j = 0; j < gst_chat_sdp_n_media (answer); j++) {
      fail_unless (gst_chat_sdp_get_media (answer, j)->rejected);
    }
  }
}

GST_END_TEST;

/* Without mids in the offer there are none in the answer. */
GST_START_TEST (test_no_mids_no_mids)
{
  g_autofree gchar *whole = load_vector ("chromium-audio-offer1");
  g_auto (GStrv) parts = g_strsplit (whole, "a=mid:0\r\n", -1);
  g_autofree gchar *unnamed = g_strjoinv ("", parts);
  g_auto (GStrv) halves = g_strsplit (unnamed, "a=group:BUNDLE 0\r\n", -1);
  g_autofree gchar *text = g_strjoinv ("", halves);
  g_autoptr (GstChatSdp) offer = parse_text (text, TRUE);
  g_autoptr (GstChatSdpMap) map = gst_chat_sdp_map_new ();
  GstSDPMessage *message =
      gst_chat_sdp_offer_for_webrtcbin (offer, everything, map);
  g_autofree gchar *inside = gst_sdp_message_as_text (message);
  fail_unless_has (inside, "a=mid:0\r\n", 1);
  GstChatSdpLocal local = {
    .setup = GST_CHAT_SETUP_ACTIVE,
  };
  g_autoptr (GError) error = NULL;
  g_autofree gchar *answer = gst_chat_sdp_local_for_remote (message, offer, map,
      &local, &error);
  fail_unless (answer != NULL, "%s", error != NULL ? error->message : "");
  fail_unless_has (answer, "a=mid:", 0);
  fail_unless_has (answer, "BUNDLE", 0);
  gst_sdp_message_free (message);
}

GST_END_TEST;

static Suite *
sdp_outside_suite (void)
{
  Suite *suite = suite_create ("sdp-outside");
  TCase *tc = tcase_create ("general");
  suite_add_tcase (suite, tc);
  tcase_add_test (tc, test_offer);
  tcase_add_test (tc, test_second_round);
  tcase_add_test (tc, test_relay_only);
  tcase_add_test (tc, test_fmtp_of_our_offers);
  tcase_add_test (tc, test_receiving_m_lines_announce_no_stream);
  tcase_add_test (tc, test_a_sending_m_line_without_ssrc_does_not_leave);
  tcase_add_test (tc, test_an_m_line_without_attributes_does_not_leave);
  tcase_add_test (tc, test_local_for_webrtcbin);
  tcase_add_test (tc, test_retransmission_once_a_codec);
  tcase_add_test (tc, test_offer_inside);
  tcase_add_test (tc, test_what_we_do_not_take_is_not_inside);
  tcase_add_test (tc, test_names_that_a_remote_makes_up_are_not_inside);
  tcase_add_test (tc, test_rejected_m_lines_are_filled);
  tcase_add_test (tc, test_a_recycled_m_line_goes_behind);
  tcase_add_test (tc, test_answer_inside);
  tcase_add_test (tc, test_rejected_m_lines_are_put_back);
  tcase_add_test (tc, test_h264_answer_has_the_offers_profile);
  tcase_add_test (tc, test_our_offers_description_answers_a_re_offer);
  tcase_add_test (tc, test_reject_all);
  tcase_add_test (tc, test_no_mids_no_mids);
  return suite;
}

GST_CHECK_MAIN (sdp_outside);
