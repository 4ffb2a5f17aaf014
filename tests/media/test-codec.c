/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The table of codecs, the choice among them, and what is not installed. */
#include "chatsdptest.h"

#include <string.h>

GST_START_TEST (test_the_table_is_true)
{
  const GstChatCodec *const *codecs = gst_chat_codecs ();
  guint pts = 0;
  for (guint i = 0; codecs[i] != NULL; i++) {
    const GstChatCodec *codec = codecs[i];
    GST_INFO ("%s", codec->name);
    fail_unless (gst_chat_codec_by_name (codec->name) == codec);
    fail_unless (gst_chat_codec_by_encoding_name (codec->kind,
            codec->encoding_name) == codec);
    fail_if (gst_chat_codec_by_encoding_name (codec->kind ==
            GST_CHAT_KIND_AUDIO ? GST_CHAT_KIND_VIDEO : GST_CHAT_KIND_AUDIO,
            codec->encoding_name) == codec);
    g_autoptr (GstCaps) caps = gst_caps_from_string (codec->encoded_caps);
    fail_unless (gst_chat_codec_for_caps (caps) == codec);
    g_autoptr (GstCaps) raw = gst_caps_from_string (codec->raw_caps);
    fail_unless (raw != NULL);
    fail_unless (gst_chat_codec_for_caps (raw) == NULL);
    fail_unless (codec->static_pt < 0
        || codec->default_pt == (guint) codec->static_pt);
    pts++;

    /* Every element is there and in the package that we name. */
    g_autoptr (GError) error = NULL;
    fail_unless (gst_chat_codec_can_encode (codec, &error), "%s",
        error != NULL ? error->message : "");
    fail_unless (gst_chat_codec_can_decode (codec, &error), "%s",
        error != NULL ? error->message : "");
    fail_unless_equals_string (gst_chat_element_package (codec->payloader),
        codec->rtp_package);
    for (guint j = 0; codec->encoders[j].element != NULL; j++) {
      const GstChatEncoder *line = &codec->encoders[j];
      g_autoptr (GstElement) encoder = gst_chat_make_element (line->element,
          NULL, NULL, &error);
      fail_unless (encoder != NULL, "%s", error != NULL ? error->message : "");
      gst_object_ref_sink (encoder);
      GObjectClass *klass = G_OBJECT_GET_CLASS (encoder);
      fail_unless (line->bitrate_property == NULL
          || g_object_class_find_property (klass, line->bitrate_property));
      g_auto (GStrv) pairs = g_strsplit (line->settings != NULL ?
          line->settings : "", " ", -1);
      for (guint k = 0; pairs[k] != NULL; k++) {
        *strchr (pairs[k], '=') = '\0';
        fail_unless (g_object_class_find_property (klass, pairs[k]) != NULL,
            "%s has no property %s", line->element, pairs[k]);
      }
    }
  }
  fail_unless_equals_int (pts, 6);
  fail_unless (gst_chat_codec_by_name ("h265") == NULL);
  fail_unless (gst_chat_codec_by_name (NULL) == NULL);
  fail_unless (gst_chat_codec_by_name ("VP8") != NULL);
}

GST_END_TEST;

/* Each encoder with our settings makes what its payloader with ours takes. */
GST_START_TEST (test_every_encoder_encodes)
{
  const GstChatCodec *const *codecs = gst_chat_codecs ();
  for (guint i = 0; codecs[i] != NULL; i++) {
    const GstChatCodec *codec = codecs[i];
    for (guint j = 0; codec->encoders[j].element != NULL; j++) {
      const GstChatEncoder *line = &codec->encoders[j];
      g_autofree gchar *description =
          g_strdup_printf ("%s num-buffers=5 ! %s ! %s name=enc ! %s ! "
          "%s %s ! fakesink name=sink",
          codec->kind == GST_CHAT_KIND_AUDIO ? "audiotestsrc" : "videotestsrc",
          codec->raw_caps, line->element,
          codec->encoder_caps != NULL ? codec->encoder_caps : "identity",
          codec->payloader, codec->payloader_settings);
      g_autoptr (GError) error = NULL;
      g_autoptr (GstElement) pipeline = gst_parse_launch (description, &error);
      fail_unless (pipeline != NULL && error == NULL, "%s: %s", description,
          error != NULL ? error->message : "");
      g_autoptr (GstElement) encoder = gst_bin_get_by_name (GST_BIN (pipeline),
          "enc");
      gst_chat_apply_settings (encoder, line->settings);
      gst_element_set_state (pipeline, GST_STATE_PLAYING);
      g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
      g_autoptr (GstMessage) message = gst_bus_timed_pop_filtered (bus,
          20 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
      fail_unless (message != NULL
          && GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS, "%s", description);
      g_autoptr (GstElement) sink = gst_bin_get_by_name (GST_BIN (pipeline),
          "sink");
      g_autoptr (GstPad) pad = gst_element_get_static_pad (sink, "sink");
      g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);
      GstChatCodecChoice choice = { NULL, };
      gst_chat_codec_choice_for_offer (codec, &choice);
      choice.twcc_id = 0;
      const gchar *name =
          gst_structure_get_string (gst_caps_get_structure (caps, 0),
          "encoding-name");
      fail_unless_equals_string (name, codec->encoding_name);
      gst_chat_codec_choice_clear (&choice);
      gst_element_set_state (pipeline, GST_STATE_NULL);
    }
  }
}

GST_END_TEST;

/* ---- choice ---- */

typedef struct
{
  const gchar *vector;
  guint mline;
  const gchar *names;           /* "a,b", NULL: all */
  const gchar *codec;           /* NULL: none in common */
  guint pt;
  gint rtx_pt;
  guint twcc_id;
} Choice;

static const Choice choices[] = {
  {"chromium-av-offer1", 0, NULL, "opus", 111, -1, 3},
  {"chromium-av-offer1", 1, NULL, "vp8", 96, 97, 3},
  {"chromium-av-offer1", 1, "h264,vp8", "h264", 108, 109, 3},
  {"chromium-av-offer1", 1, "vp9,h264", "vp9", 98, 99, 3},
  {"chromium-av-offer1", 0, "pcma,pcmu", "pcma", 8, -1, 0},
  {"chromium-av-offer1", 0, "pcmu,opus", "opus", 111, -1, 3},
  {"firefox-av-offer1", 0, NULL, "opus", 109, -1, 7},
  {"firefox-av-offer1", 0, "pcmu", "pcmu", 0, -1, 7},
  {"firefox-av-offer1", 1, "vp8", "vp8", 120, 124, 7},
  {"firefox-av-offer1", 1, "vp9", "vp9", 121, 125, 7},
  {"firefox-av-offer1", 1, "h264", NULL,},
  {"chromium-av-offer1", 1, "opus", NULL,},
  {"chromium-av-offer1", 0, "vp8", NULL,},
  {"chromium-data-offer1", 2, NULL, NULL,},
  {"chromium-stopped-offer3", 1, NULL, NULL,},
};

static void
choice_case (guint i)
{
  const Choice *expected = &choices[i];
  g_autoptr (GstChatSdp) sdp = parse_vector (expected->vector);
  g_auto (GStrv) names = expected->names != NULL
      ? g_strsplit (expected->names, ",", -1) : NULL;
  GstChatCodecChoice choice = { NULL, };
  g_autoptr (GError) error = NULL;
  gboolean found = gst_chat_sdp_choose_codec (gst_chat_sdp_get_media (sdp,
          expected->mline), (const gchar * const *) names, &choice, &error);
  if (expected->codec == NULL) {
    fail_if (found);
    fail_unless (g_error_matches (error, GST_CHAT_ERROR,
            GST_CHAT_ERROR_UNSUPPORTED));
  } else {
    fail_unless (found, "%s", error != NULL ? error->message : "");
    fail_unless_equals_string (choice.codec->name, expected->codec);
    fail_unless_equals_int (choice.pt, expected->pt);
    fail_unless_equals_int (choice.rtx_pt, expected->rtx_pt);
    fail_unless_equals_int (choice.twcc_id, expected->twcc_id);
  }
  gst_chat_codec_choice_clear (&choice);
}

GST_START_TEST (test_choice)
{
  for (guint i = 0; i < G_N_ELEMENTS (choices); i++) {
    choice_case (i);
  }
}

GST_END_TEST;

static gchar *
video_offer (const gchar * attributes, const gchar * formats)
{
  g_autofree gchar *print = g_strnfill (3 * 32 - 1, 'A');
  for (guint i = 2; i < strlen (print); i += 3) {
    print[i] = ':';
  }
  return g_strdup_printf ("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"
      "m=video 9 UDP/TLS/RTP/SAVPF %s\r\na=ice-ufrag:abcd\r\n"
      "a=ice-pwd:abcdefghijklmnopqrstuv\r\na=fingerprint:sha-256 %s\r\n"
      "a=rtcp-mux\r\n%s", formats, print, attributes);
}

/* By profile: what is decoded everywhere first, what needs more never. */
GST_START_TEST (test_h264_profiles)
{
  static const struct
  {
    const gchar *fmtp[3];       /* of payload types 101, 102, 103 */
    gint expected;
  } cases[] = {
    {{"profile-level-id=42e01f;packetization-mode=0",
                "profile-level-id=42001f;packetization-mode=1",
            "profile-level-id=42e01f;packetization-mode=1"}, 103},
    {{"packetization-mode=1; profile-level-id=42001F", NULL, NULL}, 101},
    {{"profile-level-id=64001f;packetization-mode=1",
                "profile-level-id=4d001f;packetization-mode=1",
            "profile-level-id=640c1f;packetization-mode=1"}, -1},
    {{"profile-level-id=64001f;packetization-mode=1",
            "profile-level-id=4d801f;packetization-mode=1", NULL}, 102},
    {{"packetization-mode=1", NULL, NULL}, 101},
    {{"profile-level-id=42e01f", NULL, NULL}, -1},
    {{"profile-level-id=xyz01f;packetization-mode=1", NULL, NULL}, -1},
    {{"profile-level-id=42e01f00;packetization-mode=1", NULL, NULL}, -1},
    {{NULL, NULL, NULL}, -1},
  };
  static const gchar *const names[] = { "h264", NULL };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    GString *attributes = g_string_new (NULL);
    for (guint j = 0; j < 3; j++) {
      g_string_append_printf (attributes, "a=rtpmap:%u H264/90000\r\n",
          101 + j);
      if (cases[i].fmtp[j] != NULL) {
        g_string_append_printf (attributes, "a=fmtp:%u %s\r\n", 101 + j,
            cases[i].fmtp[j]);
      }
    }
    g_autofree gchar *text = video_offer (attributes->str, "101 102 103");
    g_string_free (attributes, TRUE);
    g_autoptr (GstChatSdp) sdp = parse_text (text, TRUE);
    GstChatCodecChoice choice = { NULL, };
    gboolean found = gst_chat_sdp_choose_codec (gst_chat_sdp_get_media (sdp,
            0), names, &choice, NULL);
    fail_unless_equals_int (found ? (gint) choice.pt : -1, cases[i].expected);
    gst_chat_codec_choice_clear (&choice);
  }
}

GST_END_TEST;

GST_START_TEST (test_vp9_profile_0_only)
{
  g_autofree gchar *text =
      video_offer ("a=rtpmap:100 VP9/90000\r\na=fmtp:100 profile-id=2\r\n"
      "a=rtpmap:101 VP9/90000\r\n", "100 101");
  g_autoptr (GstChatSdp) sdp = parse_text (text, TRUE);
  GstChatCodecChoice choice = { NULL, };
  fail_unless (gst_chat_sdp_choose_codec (gst_chat_sdp_get_media (sdp, 0), NULL,
          &choice, NULL));
  fail_unless_equals_int (choice.pt, 101);
  gst_chat_codec_choice_clear (&choice);
}

GST_END_TEST;

GST_START_TEST (test_the_error_names_both_sides)
{
  g_autoptr (GstChatSdp) sdp = parse_vector ("firefox-av-offer1");
  static const gchar *const names[] = { "h264", NULL };
  GstChatCodecChoice choice = { NULL, };
  g_autoptr (GError) error = NULL;
  fail_if (gst_chat_sdp_choose_codec (gst_chat_sdp_get_media (sdp, 1), names,
          &choice, &error));
  fail_unless (strstr (error->message, "video") != NULL, "%s", error->message);
  fail_unless (strstr (error->message, "h264") != NULL, "%s", error->message);
  fail_unless (strstr (error->message, "VP8") != NULL, "%s", error->message);
  fail_unless (strstr (error->message, "AV1") != NULL, "%s", error->message);
  fail_unless (strstr (error->message, "RTX") == NULL, "%s", error->message);
}

GST_END_TEST;

GST_START_TEST (test_caps_of_a_choice)
{
  g_autoptr (GstChatSdp) sdp = parse_vector ("firefox-av-offer1");
  GstChatCodecChoice choice = { NULL, };
  fail_unless (gst_chat_sdp_choose_codec (gst_chat_sdp_get_media (sdp, 0), NULL,
          &choice, NULL));
  g_autoptr (GstCaps) caps = gst_chat_codec_choice_to_caps (&choice);
  g_autoptr (GstCaps) expected = gst_caps_from_string ("application/x-rtp,"
      "media=audio,encoding-name=OPUS,clock-rate=48000,payload=109,"
      "encoding-params=(string)2,extmap-7=(string)\"http://www.ietf.org/id/"
      "draft-holmer-rmcat-transport-wide-cc-extensions-01\"");
  fail_unless (gst_caps_is_equal (caps, expected), "%" GST_PTR_FORMAT, caps);
  gst_chat_codec_choice_clear (&choice);
}

GST_END_TEST;

/* ---- what is not installed ---- */

static void
hide (const gchar * factory)
{
  g_autoptr (GstPluginFeature) feature =
      gst_registry_find_feature (gst_registry_get (), factory,
      GST_TYPE_ELEMENT_FACTORY);
  fail_unless (feature != NULL, "%s was not there at all", factory);
  gst_registry_remove_feature (gst_registry_get (), feature);
}

GST_START_TEST (test_everything_is_here)
{
  g_autoptr (GError) error = NULL;
  fail_unless (gst_chat_check_elements (&error), "%s",
      error != NULL ? error->message : "");
}

GST_END_TEST;

static const gchar *const missing[][2] = {
  {"webrtcbin", "gstreamer1.0-plugins-bad"},
  {"nicesrc", "gstreamer1.0-nice"},
  {"nicesink", "gstreamer1.0-nice"},
  {"dtlssrtpdec", "gstreamer1.0-plugins-bad"},
  {"srtpenc", "gstreamer1.0-plugins-bad"},
  {"rtpbin", "gstreamer1.0-plugins-good"},
  {"audioresample", "gstreamer1.0-plugins-base"},
};

GST_START_TEST (test_a_missing_element_is_named)
{
  hide (missing[__i__][0]);
  g_autoptr (GError) error = NULL;
  fail_if (gst_chat_check_elements (&error));
  fail_unless (g_error_matches (error, GST_CHAT_ERROR, GST_CHAT_ERROR_MISSING));
  g_autofree gchar *expected =
      g_strdup_printf ("Missing GStreamer element %s: install %s",
      missing[__i__][0], missing[__i__][1]);
  fail_unless_equals_string (error->message, expected);
}

GST_END_TEST;

GST_START_TEST (test_several_are_named_with_each_package_once)
{
  hide ("webrtcbin");
  hide ("dtlssrtpdec");
  hide ("nicesrc");
  g_autoptr (GError) error = NULL;
  fail_if (gst_chat_check_elements (&error));
  fail_unless_equals_string (error->message, "Missing GStreamer elements "
      "webrtcbin, nicesrc, dtlssrtpdec: install gstreamer1.0-plugins-bad "
      "gstreamer1.0-nice");
}

GST_END_TEST;

GST_START_TEST (test_encoder_missing)
{
  const GstChatCodec *h264 = gst_chat_codec_by_name ("h264");
  const GstChatEncoder *line = NULL;
  g_autoptr (GError) error = NULL;

  hide ("x264enc");
  fail_unless (gst_chat_codec_can_encode (h264, NULL));
  g_autoptr (GstElement) encoder =
      gst_chat_codec_make_encoder (h264, "e", &line, &error);
  fail_unless (encoder != NULL);
  gst_object_ref_sink (encoder);
  fail_unless_equals_string (line->element, "openh264enc");
  guint gop;
  g_object_get (encoder, "gop-size", &gop, NULL);
  fail_unless_equals_int (gop, 100000);

  hide ("openh264enc");
  fail_if (gst_chat_codec_can_encode (h264, &error));
  fail_unless (strstr (error->message, "x264enc or openh264enc") != NULL, "%s",
      error->message);
  fail_unless (strstr (error->message, "gstreamer1.0-plugins-ugly") != NULL);
  g_clear_error (&error);
  fail_unless (gst_chat_codec_make_encoder (h264, NULL, &line, &error) == NULL);
  fail_unless (g_error_matches (error, GST_CHAT_ERROR, GST_CHAT_ERROR_MISSING));
  g_clear_error (&error);
  /* Encoded already, it can still be sent. */
  fail_unless (gst_chat_codec_can_pay (h264, NULL));
  hide ("h264parse");
  fail_if (gst_chat_codec_can_pay (h264, &error));
  fail_unless (strstr (error->message, "h264parse") != NULL);
}

GST_END_TEST;

GST_START_TEST (test_decoder_missing)
{
  const GstChatCodec *vp8 = gst_chat_codec_by_name ("vp8");
  g_autoptr (GError) error = NULL;
  fail_unless (gst_chat_codec_can_decode (vp8, NULL));
  hide ("vp8dec");
  /* Another decoder of rank is as good. */
  static const gchar *const others[] =
      { "avdec_vp8", "vavp8dec", "v4l2slvp8dec",
    "vaapidecodebin", "nvvp8dec", "nvvp8sldec", "vaapivp8dec", NULL
  };
  for (guint i = 0; others[i] != NULL; i++) {
    g_autoptr (GstPluginFeature) feature =
        gst_registry_find_feature (gst_registry_get (), others[i],
        GST_TYPE_ELEMENT_FACTORY);
    if (feature != NULL) {
      gst_registry_remove_feature (gst_registry_get (), feature);
    }
  }
  if (!gst_chat_codec_can_decode (vp8, &error)) {
    fail_unless (strstr (error->message, "vp8dec") != NULL);
    fail_unless (strstr (error->message, "gstreamer1.0-plugins-good") != NULL);
  }
  g_clear_error (&error);
  hide ("rtpvp8depay");
  fail_if (gst_chat_codec_can_decode (vp8, &error));
  fail_unless (strstr (error->message, "rtpvp8depay") != NULL);
}

GST_END_TEST;

static Suite *
codec_suite (void)
{
  Suite *suite = suite_create ("codec");
  TCase *tc = tcase_create ("general");
  suite_add_tcase (suite, tc);
  tcase_set_timeout (tc, 60);
  tcase_add_test (tc, test_the_table_is_true);
  tcase_add_test (tc, test_every_encoder_encodes);
  tcase_add_test (tc, test_choice);
  tcase_add_test (tc, test_h264_profiles);
  tcase_add_test (tc, test_vp9_profile_0_only);
  tcase_add_test (tc, test_the_error_names_both_sides);
  tcase_add_test (tc, test_caps_of_a_choice);
  tcase_add_test (tc, test_everything_is_here);
  /* These change the registry of their process: each runs in one of its own
   * (CK_FORK). */
  if (g_strcmp0 (g_getenv ("CK_FORK"), "no") != 0) {
    tcase_add_loop_test (tc, test_a_missing_element_is_named, 0,
        G_N_ELEMENTS (missing));
    tcase_add_test (tc, test_several_are_named_with_each_package_once);
    tcase_add_test (tc, test_encoder_missing);
    tcase_add_test (tc, test_decoder_missing);
  }
  return suite;
}

GST_CHECK_MAIN (codec);
