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
    fail ("%s: %s in:\n%s", signal, error->message, text);
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
  gchar *raw = gst_sdp_message_as_text (description);
  gchar *text = gst_chat_sdp_local_for_remote (description, offer, peer->map,
      &local, &error);
  fail_unless (text != NULL, "%s in:\n%s\nto\n%s",
      error != NULL ? error->message : "", raw, offer->text);
  g_free (raw);
  gst_sdp_message_free (description);
  return text;
}

GST_START_TEST (test_answer_every_offer)
{
  g_autoptr (GPtrArray) names = list_vectors ("offer");
  for (guint i = 0; i < names->len; i++) {
    const gchar *name = g_ptr_array_index (names, i);
    GST_INFO ("%s", name);
    g_autoptr (GstChatSdp) offer = parse_vector (name);
    Peer peer;
    peer_init (&peer);
    g_autofree gchar *text = peer_answer (&peer, offer, 1);
    if (g_getenv ("CHAT_SHOW"))
      g_print ("==== %s\n%s", name, text);
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

GST_START_TEST (test_offer)
{
  static const gchar *const combinations[][2] = {
    {"opus", "vp8"}, {"opus", "h264"}, {"pcmu", "vp9"}, {"opus", NULL},
    {NULL, "vp8"}, {NULL, NULL}
  };
  for (guint i = 0; i < G_N_ELEMENTS (combinations); i++) {
    Peer peer;
    peer_init (&peer);
    for (guint j = 0; j < 2; j++) {
      const GstChatCodec *codec = gst_chat_codec_by_name (combinations[i][j]);
      GstChatCodecChoice choice;
      if (codec != NULL) {
        gst_chat_codec_choice_for_offer (codec, &choice);
        peer_add_sender (&peer, &choice);
      } else {
        gst_chat_codec_choice_for_offer (gst_chat_codec_by_name (j == 0 ? "opus"
                : "vp8"), &choice);
        peer_add_receiver (&peer, &choice);
      }
      gst_chat_codec_choice_clear (&choice);
    }
    GstSDPMessage *raw;
    g_autofree gchar *text = peer_offer (&peer, &raw);
    if (g_getenv ("CHAT_SHOW"))
      g_print ("==== RAW\n%s==== SENT\n%s", gst_sdp_message_as_text (raw),
          text);
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
  tcase_add_test (tc, test_offer);
  return suite;
}

GST_CHECK_MAIN (sdp_webrtcbin);
