/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The SDP gate in front of a real webrtcbin: every browser's description goes
 * in, what comes out can be sent, and nothing aborts. */
#include "chatsdptest.h"

#include <gst/webrtc/webrtc.h>

#define FINGERPRINT "AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:" \
  "EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89"

typedef struct
{
  GstElement *pipeline;
  GstElement *webrtc;
  GPtrArray *pads;              /* our sides of the sink pads */
  GstChatSdpMap *map;
} Peer;

static void
peer_init (Peer * peer)
{
  peer->pipeline = gst_pipeline_new (NULL);
  peer->webrtc = gst_element_factory_make ("webrtcbin", NULL);
  fail_unless (peer->webrtc != NULL, "no webrtcbin");
  gst_util_set_object_arg (G_OBJECT (peer->webrtc), "bundle-policy",
      "max-bundle");
  gst_bin_add (GST_BIN (peer->pipeline), peer->webrtc);
  peer->pads = g_ptr_array_new_with_free_func (gst_object_unref);
  peer->map = gst_chat_sdp_map_new ();
  gst_element_set_state (peer->pipeline, GST_STATE_PLAYING);
}

static void
peer_clear (Peer * peer)
{
  gst_element_set_state (peer->pipeline, GST_STATE_NULL);
  for (guint i = 0; i < peer->pads->len; i++) {
    GstPad *pad = g_ptr_array_index (peer->pads, i);
    g_autoptr (GstPad) sink = gst_pad_get_peer (pad);
    gst_pad_set_active (pad, FALSE);
    gst_pad_unlink (pad, sink);
    gst_element_release_request_pad (peer->webrtc, sink);
  }
  g_ptr_array_unref (peer->pads);
  gst_object_unref (peer->pipeline);
  gst_chat_sdp_map_free (peer->map);
}

/* A sender: a pad whose caps are there at once, as after the gate. */
static void
peer_add_sender (Peer * peer, const GstChatCodecChoice * choice)
{
  guint n = peer->pads->len;
  g_autoptr (GstCaps) caps = gst_chat_codec_choice_to_caps (choice);
  gst_caps_set_simple (caps, "ssrc", G_TYPE_UINT, 1000 + n, NULL);
  GstPad *pad = gst_pad_new (NULL, GST_PAD_SRC);
  g_ptr_array_add (peer->pads, gst_object_ref_sink (pad));
  GstPad *sink = gst_element_request_pad_simple (peer->webrtc, "sink_%u");
  fail_unless (gst_pad_link (pad, sink) == GST_PAD_LINK_OK);
  GstWebRTCRTPTransceiver *transceiver = NULL;
  g_object_get (sink, "transceiver", &transceiver, NULL);
  if (choice->codec->kind == GST_CHAT_KIND_VIDEO) {
    g_object_set (transceiver, "do-nack", TRUE, NULL);
  }
  gst_object_unref (transceiver);
  gst_pad_set_active (pad, TRUE);
  g_autofree gchar *id = g_strdup_printf ("sender-%u", n);
  gst_pad_push_event (pad, gst_event_new_stream_start (id));
  gst_pad_push_event (pad, gst_event_new_caps (caps));
  GstSegment segment;
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_pad_push_event (pad, gst_event_new_segment (&segment));
  gst_object_unref (sink);
}

static void
peer_add_receiver (Peer * peer, const GstChatCodecChoice * choice)
{
  g_autoptr (GstCaps) caps = gst_chat_codec_choice_to_caps (choice);
  GstWebRTCRTPTransceiver *transceiver = NULL;
  g_signal_emit_by_name (peer->webrtc, "add-transceiver",
      GST_WEBRTC_RTP_TRANSCEIVER_DIRECTION_RECVONLY, caps, &transceiver);
  gst_object_unref (transceiver);
}

static void
peer_set (Peer * peer, const gchar * signal, GstWebRTCSDPType type,
    GstSDPMessage * message)
{
  GstWebRTCSessionDescription *description =
      gst_webrtc_session_description_new (type, message);
  GstPromise *promise = gst_promise_new ();
  g_signal_emit_by_name (peer->webrtc, signal, description, promise);
  fail_unless_equals_int (gst_promise_wait (promise),
      GST_PROMISE_RESULT_REPLIED);
  const GstStructure *reply = gst_promise_get_reply (promise);
  GError *error = NULL;
  if (reply != NULL && gst_structure_has_field (reply, "error")) {
    gst_structure_get (reply, "error", G_TYPE_ERROR, &error, NULL);
    g_autofree gchar *text = gst_sdp_message_as_text (description->sdp);
    fail ("%s: %s in:\n%.2000s", signal, error->message, text);
  }
  gst_promise_unref (promise);
  gst_webrtc_session_description_free (description);
}

static GstSDPMessage *
peer_create (Peer * peer, gboolean is_offer)
{
  GstPromise *promise = gst_promise_new ();
  g_signal_emit_by_name (peer->webrtc, is_offer ? "create-offer"
      : "create-answer", NULL, promise);
  fail_unless_equals_int (gst_promise_wait (promise),
      GST_PROMISE_RESULT_REPLIED);
  const GstStructure *reply = gst_promise_get_reply (promise);
  GstWebRTCSessionDescription *description = NULL;
  gst_structure_get (reply, is_offer ? "offer" : "answer",
      GST_TYPE_WEBRTC_SESSION_DESCRIPTION, &description, NULL);
  fail_unless (description != NULL);
  GstSDPMessage *message;
  gst_sdp_message_copy (description->sdp, &message);
  gst_webrtc_session_description_free (description);
  gst_promise_unref (promise);
  return message;
}

/* Offer of a browser in, answer out. */
static gchar *
peer_answer (Peer * peer, const GstChatSdp * offer, guint version)
{
  guint n = gst_chat_sdp_n_media (offer);
  g_autofree gboolean *accept = g_new0 (gboolean, n + 1);
  for (guint i = 0; i < n; i++) {
    GstChatCodecChoice choice;
    if (gst_chat_sdp_choose_codec (gst_chat_sdp_get_media (offer, i), NULL,
            &choice, NULL)) {
      accept[i] = TRUE;
      if (gst_chat_sdp_map_to_inside (peer->map, i) < 0) {
        peer_add_sender (peer, &choice);
      }
      gst_chat_codec_choice_clear (&choice);
    }
  }
  peer_set (peer, "set-remote-description", GST_WEBRTC_SDP_TYPE_OFFER,
      gst_chat_sdp_offer_for_webrtcbin (offer, accept, peer->map));
  GstSDPMessage *created = peer_create (peer, FALSE);
  g_autoptr (GPtrArray) candidates =
      g_ptr_array_new_with_free_func ((GDestroyNotify)
      gst_chat_local_candidate_free);
  g_ptr_array_add (candidates, gst_chat_local_candidate_new (0,
          "candidate:1 1 UDP 2015363327 192.0.2.7 41000 typ host"));
  GstChatSdpLocal local = {
    .fingerprint = FINGERPRINT,
    .candidates = candidates,
    .end_of_candidates = TRUE,
    .version = version,
    .stream_id = "call",
  };
  GstSDPMessage *inside = gst_chat_sdp_local_for_webrtcbin (created, &local);
  gst_sdp_message_free (created);
  GstSDPMessage *description;
  gst_sdp_message_copy (inside, &description);
  peer_set (peer, "set-local-description", GST_WEBRTC_SDP_TYPE_ANSWER, inside);
  g_autoptr (GError) error = NULL;
  gchar *text = gst_chat_sdp_local_for_remote (description, offer, peer->map,
      &local, &error);
  fail_unless (text != NULL, "%s, to\n%.2000s",
      error != NULL ? error->message : "", offer->text);
  gst_sdp_message_free (description);
  return text;
}

GST_START_TEST (test_answer_every_offer)
{
  g_autoptr (GPtrArray) names = list_vectors ("offer");
  for (guint i = 0; i < names->len; i++) {
    const gchar *name = g_ptr_array_index (names, i);
    /* What webrtcbin writes, raw, never arrives. */
    if (g_str_has_prefix (name, "webrtcbin-")) {
      continue;
    }
    GST_INFO ("%s", name);
    g_autoptr (GstChatSdp) offer = parse_vector (name);
    Peer peer;
    peer_init (&peer);
    g_autofree gchar *text = peer_answer (&peer, offer, 1);
    g_autoptr (GstChatSdp) answer = parse_text (text, FALSE);
    for (guint j = 0; j < gst_chat_sdp_n_media (offer); j++) {
      const GstChatSdpMedia *asked = gst_chat_sdp_get_media (offer, j);
      const GstChatSdpMedia *got = gst_chat_sdp_get_media (answer, j);
      gboolean can = !asked->rejected && (asked->type == GST_CHAT_MEDIA_AUDIO
          || asked->type == GST_CHAT_MEDIA_VIDEO);
      fail_unless (got->rejected == !can, "%s, m-line %u in:\n%.2000s", name, j,
          text);
      /* We can send and receive: what was offered is taken whole. */
      GstChatDirection mirrored =
          (asked->direction & GST_CHAT_DIRECTION_SENDONLY ? 2 : 0)
          | (asked->direction & GST_CHAT_DIRECTION_RECVONLY ? 1 : 0);
      fail_unless (!can
          || got->direction == mirrored, "%s, m-line %u in:\n%.2000s", name, j,
          text);
      fail_unless (!can
          || g_str_equal (got->fingerprints[0], "sha-256 " FINGERPRINT));
    }
    peer_clear (&peer);
  }
}

GST_END_TEST;

/* What is really renegotiated: media that comes, goes, and comes anew. */
GST_START_TEST (test_media_changes)
{
  static const gchar *const lives[][4] = {
    {"chromium-later-offer1", "chromium-later-offer2",
        "chromium-removed-offer4", NULL},
    {"firefox-later-offer1", "firefox-later-offer2", "firefox-removed-offer4",
        NULL},
    {"chromium-nothing-offer1", "chromium-later-offer1", NULL},
    {"firefox-nothing-offer1", "firefox-av-offer1", NULL},
  };
  for (guint i = 0; i < G_N_ELEMENTS (lives); i++) {
    Peer peer;
    peer_init (&peer);
    g_autoptr (GstChatSdp) before = NULL;
    for (guint j = 0; lives[i][j] != NULL; j++) {
      g_autoptr (GstChatSdp) offer = parse_vector (lives[i][j]);
      fail_unless (before == NULL || gst_chat_sdp_classify (before, offer,
              NULL) == GST_CHAT_SDP_MEDIA_CHANGED);
      g_autofree gchar *answer = peer_answer (&peer, offer, j + 1);
      gst_chat_sdp_free (before);
      before = g_steal_pointer (&offer);
    }
    peer_clear (&peer);
  }
}

GST_END_TEST;

static gchar *
peer_offer (Peer * peer, GstSDPMessage ** raw)
{
  GstSDPMessage *created = peer_create (peer, TRUE);
  GstChatSdpLocal local = {
    .setup = GST_CHAT_SETUP_ACTIVE,
    .fingerprint = FINGERPRINT,
    .version = 1,
    .stream_id = "call",
  };
  GstSDPMessage *inside = gst_chat_sdp_local_for_webrtcbin (created, &local);
  gst_sdp_message_copy (inside, raw);
  peer_set (peer, "set-local-description", GST_WEBRTC_SDP_TYPE_OFFER, inside);
  gst_sdp_message_free (created);
  g_autoptr (GError) error = NULL;
  gchar *text = gst_chat_sdp_local_for_remote (*raw, NULL, peer->map, &local,
      &error);
  fail_unless (text != NULL, "%s", error != NULL ? error->message : "");
  return text;
}

static void
peer_add_for_offer (Peer * peer, const gchar * name, GstChatKind kind)
{
  const GstChatCodec *codec = gst_chat_codec_by_name (name != NULL ? name
      : kind == GST_CHAT_KIND_AUDIO ? "opus" : "vp8");
  GstChatCodecChoice choice;
  gst_chat_codec_choice_for_offer (codec, &choice);
  if (name != NULL) {
    peer_add_sender (peer, &choice);
  } else {
    peer_add_receiver (peer, &choice);
  }
  gst_chat_codec_choice_clear (&choice);
}

static const struct
{
  const gchar *audio, *video;   /* codec that we send; NULL: receive only */
  const gchar *answer;          /* of the vector's name */
  gboolean audio_taken, video_taken;
} calls[] = {
  {"opus", "vp8", "chromium-to-ours-av-answer", TRUE, TRUE},
  {"opus", "vp8", "firefox-to-ours-av-answer", TRUE, TRUE},
  {"opus", "vp9", "chromium-to-ours-vp9-answer", TRUE, TRUE},
  {"opus", "vp9", "firefox-to-ours-vp9-answer", TRUE, TRUE},
  {"opus", "h264", "chromium-to-ours-h264-answer", TRUE, TRUE},
  {"opus", "h264", "firefox-to-ours-h264-answer", TRUE, FALSE},
  {"pcmu", "vp8", "chromium-to-ours-g711-answer", TRUE, TRUE},
  {"pcmu", "vp8", "firefox-to-ours-g711-answer", TRUE, TRUE},
  {"opus", NULL, "chromium-to-ours-audio-answer", TRUE, TRUE},
  {"opus", NULL, "firefox-to-ours-audio-answer", TRUE, TRUE},
  {NULL, "vp8", "chromium-to-ours-video-answer", TRUE, TRUE},
  {NULL, "vp8", "firefox-to-ours-video-answer", TRUE, TRUE},
  {NULL, NULL, "chromium-to-ours-recv-answer", TRUE, TRUE},
  {NULL, NULL, "firefox-to-ours-recv-answer", TRUE, TRUE},
  {"opus", "vp8", "chromium-to-ours-no-media-answer", TRUE, TRUE},
  {"opus", "vp8", "firefox-to-ours-no-media-answer", TRUE, TRUE},
  {"opus", "vp8", "chromium-to-ours-reject-audio-answer", FALSE, TRUE},
  {"opus", "vp8", "chromium-to-ours-reject-video-answer", TRUE, FALSE},
  {"opus", "vp8", "firefox-to-ours-reject-audio-answer", FALSE, TRUE},
  {"opus", "vp8", "firefox-to-ours-reject-video-answer", TRUE, FALSE},
};

GST_START_TEST (test_answers_to_our_offer)
{
  for (guint i = 0; i < G_N_ELEMENTS (calls); i++) {
    GST_INFO ("%s", calls[i].answer);
    Peer peer;
    peer_init (&peer);
    peer_add_for_offer (&peer, calls[i].audio, GST_CHAT_KIND_AUDIO);
    peer_add_for_offer (&peer, calls[i].video, GST_CHAT_KIND_VIDEO);
    GstSDPMessage *raw;
    g_autofree gchar *text = peer_offer (&peer, &raw);
    g_autoptr (GstChatSdp) offer = parse_text (text, TRUE);
    g_autoptr (GstChatSdp) answer = parse_vector (calls[i].answer);
    g_autoptr (GError) error = NULL;
    fail_unless (gst_chat_sdp_check_answer (offer, answer, &error), "%s",
        error != NULL ? error->message : "");
    fail_unless (gst_chat_sdp_get_media (answer, 0)->rejected ==
        !calls[i].audio_taken);
    fail_unless (gst_chat_sdp_get_media (answer, 1)->rejected ==
        !calls[i].video_taken);
    peer_set (&peer, "set-remote-description", GST_WEBRTC_SDP_TYPE_ANSWER,
        gst_chat_sdp_answer_for_webrtcbin (answer, peer.map));
    gst_sdp_message_free (raw);
    peer_clear (&peer);
  }
}

GST_END_TEST;

static Suite *
sdp_webrtcbin_suite (void)
{
  Suite *suite = suite_create ("sdp-webrtcbin");
  TCase *tc = tcase_create ("general");
  suite_add_tcase (suite, tc);
  tcase_set_timeout (tc, 90);
  tcase_add_test (tc, test_answer_every_offer);
  tcase_add_test (tc, test_media_changes);
  tcase_add_test (tc, test_answers_to_our_offer);
  return suite;
}

GST_CHECK_MAIN (sdp_webrtcbin);
