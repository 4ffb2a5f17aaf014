/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The SDP gate under any text: two descriptions, one after the other, and what
 * is made of them for webrtcbin. What it promises is asserted. */
#include <string.h>

#include "chatcertificate.h"
#include "chaterror.h"
#include "chatsdp.h"
#include "criticals.h"
#include "fuzz.h"

/* Stands between the two texts of one input. */
#define SEPARATOR '\x1e'

#define PRINT "AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:" \
  "23:45:67:89:AB:CD:EF:01:23:45:67:89"

static void
use_codecs (const GstChatSdp * sdp)
{
  for (guint i = 0; i < gst_chat_sdp_n_media (sdp); i++) {
    const GstChatSdpMedia *media = gst_chat_sdp_get_media (sdp, i);
    GstChatCodecChoice choice = { NULL, };
    if (gst_chat_sdp_choose_codec (media, NULL, &choice, NULL)) {
      gst_caps_unref (gst_chat_codec_choice_to_caps (&choice));
      fuzz_assert (choice.pt < 128);
      fuzz_assert (gst_chat_sdp_media_find_pt (media, choice.pt) != NULL);
    }
    gst_chat_codec_choice_clear (&choice);
    gst_chat_fingerprint_matches_pem ((const gchar * const *)
        media->fingerprints, "-----BEGIN CERTIFICATE-----AAAA"
        "-----END CERTIFICATE-----");
    /* What stands in an accepted m-line is complete. */
    fuzz_assert (media->mid != NULL);
    fuzz_assert (media->rejected || media->type == GST_CHAT_MEDIA_OTHER
        || (media->ufrag != NULL && media->pwd != NULL
            && media->fingerprints != NULL
            && media->setup != GST_CHAT_SETUP_NONE));
  }
}

/* As webrtcbin reads it. */
static void
read_as_webrtcbin (const GstSDPMessage * message)
{
  for (guint i = 0; i < gst_sdp_message_medias_len (message); i++) {
    const GstSDPMedia *media = gst_sdp_message_get_media (message, i);
    fuzz_assert (gst_sdp_media_get_attribute_val (media, "mid") != NULL);
    fuzz_assert (gst_sdp_media_get_attribute_val (media, "ice-ufrag") != NULL);
    fuzz_assert (gst_sdp_media_get_attribute_val (media, "ice-pwd") != NULL);
    fuzz_assert (gst_sdp_media_get_attribute_val (media,
            "fingerprint") != NULL);
    fuzz_assert (gst_sdp_media_get_attribute_val (media, "setup") != NULL);
    for (guint j = 0; j < gst_sdp_media_attributes_len (media); j++) {
      fuzz_assert (gst_sdp_media_get_attribute (media, j)->value != NULL);
    }
    for (guint j = 0; j < gst_sdp_media_formats_len (media); j++) {
      gint pt = g_ascii_strtoll (gst_sdp_media_get_format (media, j), NULL, 10);
      GstCaps *caps = gst_sdp_media_get_caps_from_media (media, pt);
      if (caps != NULL) {
        gst_sdp_media_attributes_to_caps (media, caps);
        gst_caps_unref (caps);
      }
    }
  }
}

/* Kinds and mids are for ever in webrtcbin, and its m-lines never get fewer: it
 * aborts otherwise. */
static void
check_order (const GstSDPMessage * before, const GstSDPMessage * after)
{
  guint n = gst_sdp_message_medias_len (before);
  fuzz_assert (gst_sdp_message_medias_len (after) >= n);
  for (guint i = 0; i < gst_sdp_message_medias_len (after); i++) {
    const GstSDPMedia *is = gst_sdp_message_get_media (after, i);
    const gchar *mid = gst_sdp_media_get_attribute_val (is, "mid");
    if (i < n) {
      const GstSDPMedia *was = gst_sdp_message_get_media (before, i);
      fuzz_assert (g_str_equal (gst_sdp_media_get_media (was),
              gst_sdp_media_get_media (is)));
      fuzz_assert (g_str_equal (gst_sdp_media_get_attribute_val (was, "mid"),
              mid));
    }
    for (guint j = 0; j < i; j++) {
      fuzz_assert (!g_str_equal (mid, gst_sdp_media_get_attribute_val
              (gst_sdp_message_get_media (after, j), "mid")));
    }
  }
}

static GstSDPMessage *
take_offer (const GstChatSdp * offer, guint seed, GstChatSdpMap * map)
{
  gboolean accept[64];
  for (guint i = 0; i < gst_chat_sdp_n_media (offer); i++) {
    accept[i] = (seed >> (i % 8)) & 1;
  }
  GstSDPMessage *inside = gst_chat_sdp_offer_for_webrtcbin (offer, accept, map);
  read_as_webrtcbin (inside);
  g_autofree gchar *text = gst_sdp_message_as_text (inside);
  g_autoptr (GError) error = NULL;
  g_autoptr (GstChatSdp) again = gst_chat_sdp_parse_remote (text, TRUE, &error);
  if (again == NULL && error->code != GST_CHAT_ERROR_LIMIT) {
    fuzz_fail (error->message);
  }
  return inside;
}

/* As if webrtcbin had answered with everything that went in. */
static void
answer_offer (const GstChatSdp * offer, const GstSDPMessage * inside,
    GstChatSdpMap * map, const gchar * candidate)
{
  g_autoptr (GPtrArray) candidates = g_ptr_array_new_with_free_func (
      (GDestroyNotify) gst_chat_local_candidate_free);
  for (guint i = 0; i < 3; i++) {
    g_ptr_array_add (candidates, gst_chat_local_candidate_new (i, candidate));
  }
  GstChatSdpLocal local = {
    .setup = GST_CHAT_SETUP_ACTIVE,
    .fingerprint = PRINT,
    .candidates = candidates,
    .end_of_candidates = TRUE,
    .version = 1,
    .stream_id = "call",
  };
  GstSDPMessage *description = gst_chat_sdp_local_for_webrtcbin (inside,
      &local);
  g_autofree gchar *text = gst_chat_sdp_local_for_remote (description, offer,
      map, &local, NULL);
  if (text != NULL) {
    g_autoptr (GstChatSdp) answer =
        gst_chat_sdp_parse_remote (text, FALSE, NULL);
    fuzz_assert (answer != NULL);
    fuzz_assert (gst_chat_sdp_check_answer (offer, answer, NULL));
  }
  gst_sdp_message_free (description);

  g_autofree gchar *no = gst_chat_sdp_reject_all (offer, 1);
  g_autoptr (GError) error = NULL;
  g_autoptr (GstChatSdp) rejected = gst_chat_sdp_parse_remote (no, FALSE,
      &error);
  if (rejected == NULL || !gst_chat_sdp_check_answer (offer, rejected, &error)) {
    fuzz_fail (error->message);
  }
}

static void
two_offers (const GstChatSdp * first, const GstChatSdp * second, guint seed,
    const gchar * candidate)
{
  g_autoptr (GstChatSdpMap) map = gst_chat_sdp_map_new ();
  GstSDPMessage *before = take_offer (first, seed, map);
  answer_offer (first, before, map, candidate);
  g_array_unref (gst_chat_sdp_new_candidates (NULL, first, map));
  g_autoptr (GError) error = NULL;
  GstChatSdpChange change = second == NULL ? GST_CHAT_SDP_INVALID
      : gst_chat_sdp_classify (first, second, &error);
  if (second != NULL) {
    fuzz_assert ((change == GST_CHAT_SDP_INVALID) == (error != NULL));
    fuzz_assert (gst_chat_sdp_classify (second, second, NULL) ==
        GST_CHAT_SDP_SAME);
  }
  if (change == GST_CHAT_SDP_SAME || change == GST_CHAT_SDP_MEDIA_CHANGED) {
    GstSDPMessage *after = take_offer (second, ~seed, map);
    check_order (before, after);
    answer_offer (second, after, map, candidate);
    g_array_unref (gst_chat_sdp_new_candidates (first, second, map));
    gst_sdp_message_free (after);
  }
  gst_sdp_message_free (before);
}

/* Our own offer is anything that passes; the other text answers it. */
static void
offer_and_answer (const GstChatSdp * offer, const GstChatSdp * answer)
{
  g_autoptr (GError) error = NULL;
  gboolean fits = gst_chat_sdp_check_answer (offer, answer, &error);
  fuzz_assert (fits == (error == NULL));
  if (!fits) {
    return;
  }
  g_autoptr (GstChatSdpMap) map = gst_chat_sdp_map_new ();
  GstChatSdpLocal local = {
    .fingerprint = PRINT,
    .version = 1,
  };
  g_autofree gchar *text = gst_chat_sdp_local_for_remote (offer->message, NULL,
      map, &local, NULL);
  GstSDPMessage *inside = gst_chat_sdp_answer_for_webrtcbin (answer, map);
  read_as_webrtcbin (inside);
  if (text != NULL) {
    fuzz_assert (gst_sdp_message_medias_len (inside) ==
        gst_chat_sdp_n_media (offer));
  }
  gst_sdp_message_free (inside);
}

int
LLVMFuzzerTestOneInput (const guint8 * data, gsize size)
{
  if (size > 256 * 1024) {
    return 0;
  }
  g_autofree gchar *one = g_strndup ((const gchar *) data, size);
  guint seed = g_str_hash (one);
  gchar *two = strchr (one, SEPARATOR);
  if (two != NULL) {
    *two++ = '\0';
  } else {
    two = one;
  }

  g_autoptr (GstChatSdp) offer = gst_chat_sdp_parse_remote (one, TRUE, NULL);
  g_autoptr (GstChatSdp) second = gst_chat_sdp_parse_remote (two, TRUE, NULL);
  g_autoptr (GstChatSdp) answer = gst_chat_sdp_parse_remote (two, FALSE, NULL);
  if (offer != NULL) {
    use_codecs (offer);
    two_offers (offer, second, seed, two);
    if (answer != NULL) {
      offer_and_answer (offer, answer);
    }
  }
  gst_chat_candidate_free (gst_chat_candidate_parse (one, NULL));
  g_autofree gchar *fingerprint = gst_chat_fingerprint_normalise (one);
  if (fingerprint != NULL) {
    g_autofree gchar *again = gst_chat_fingerprint_normalise (fingerprint);
    fuzz_assert (g_strcmp0 (again, fingerprint) == 0);
  }
  g_free (gst_chat_fingerprint_of_pem (one, G_CHECKSUM_SHA256, NULL));
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
