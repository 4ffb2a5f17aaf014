/* SPDX-License-Identifier: LGPL-2.1-or-later
 * One side of a call on a plain webrtcbin with the signalling hard-wired: lines
 * that begin with "@" on stdout belong on the stdin of the other side. It is
 * what a chatpeer call is compared with, so it does as little as possible and
 * uses none of our code. */
#define GST_USE_UNSTABLE_API
#include <gst/webrtc/webrtc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "impair.h"

#define TWCC ",extmap-3=(string)\"http://www.ietf.org/id/draft-holmer-rmcat-" \
    "transport-wide-cc-extensions-01\""
/* As gst/media/ builds it; run.mjs compares what came of them. */
#define VIDEO_SEND "videoconvertscale ! video/x-raw,format=I420" \
    " ! queue leaky=downstream max-size-buffers=2 max-size-time=0" \
    " max-size-bytes=0 ! vp8enc deadline=1 cpu-used=8 end-usage=cbr" \
    " lag-in-frames=0 keyframe-max-dist=100000 dropframe-threshold=30" \
    " buffer-size=1000 buffer-initial-size=500 buffer-optimal-size=600" \
    " error-resilient=partitions" \
    " target-bitrate=921600" \
    " ! rtpvp8pay picture-id-mode=15-bit mtu=1200 ! capsfilter name=rtp"
#define VIDEO_RTP "application/x-rtp,media=video,encoding-name=VP8," \
    "clock-rate=90000,payload=96" TWCC
#define AUDIO_SEND "audioconvert ! audioresample" \
    " ! audio/x-raw,format=S16LE,layout=interleaved,rate=48000" \
    " ! queue leaky=downstream max-size-buffers=0 max-size-time=100000000" \
    " max-size-bytes=0 ! opusenc audio-type=voice inband-fec=true" \
    " ! rtpopuspay mtu=1200 ! capsfilter name=rtp"
#define AUDIO_RTP "application/x-rtp,media=audio,encoding-name=OPUS," \
    "clock-rate=48000,payload=111,encoding-params=(string)2" TWCC
#define VIDEO_RECEIVE "rtpvp8depay request-keyframe=true" \
    " wait-for-keyframe=false ! vp8dec"
#define AUDIO_RECEIVE "rtpopusdepay ! opusdec plc=true"

static gboolean arg_offer = FALSE;
static gint arg_seconds = 20, arg_settle = 3, arg_latency = 50;
static BenchNetwork network;
static gchar *arg_pem = NULL, *arg_local_address = NULL;
static GOptionEntry entries[] = {
  {"offer", 0, 0, G_OPTION_ARG_NONE, &arg_offer, "Make the offer", NULL},
  {"seconds", 0, 0, G_OPTION_ARG_INT, &arg_seconds, "Measure so long", "S"},
  {"settle", 0, 0, G_OPTION_ARG_INT, &arg_settle,
      "Begin so long after the first frame", "S"},
  {"latency", 0, 0, G_OPTION_ARG_INT, &arg_latency, "Of the jitter buffers",
      "MS"},
  {"pem", 0, 0, G_OPTION_ARG_FILENAME, &arg_pem, "Certificate and key",
      "FILE"},
  {"delay", 0, 0, G_OPTION_ARG_INT, &network.delay, "Of the network", "MS"},
  {"jitter", 0, 0, G_OPTION_ARG_INT, &network.jitter, "Up to so much more",
      "MS"},
  {"loss", 0, 0, G_OPTION_ARG_DOUBLE, &network.loss, "Part of the packets",
      "0…1"},
  {"local-address", 0, 0, G_OPTION_ARG_STRING, &arg_local_address,
      "Gather only this one", "IP"},
  {NULL}
};

static GMainLoop *loop;
static GstElement *pipeline, *webrtcbin;
static gchar *pem = NULL;
static gint pads_without_ssrc = 2;      /* main thread after the start */
static gchar *waiting_offer = NULL;
static BenchCounter video_in, audio_in;
static BenchWindow window = {.video = &video_in,.audio = &audio_in };

/* ---- negotiation ---- */

static void
say (const gchar * kind, const gchar * text)
{
  g_autofree gchar *escaped = g_strescape (text, NULL);
  bench_line ("@%s %s", kind, escaped);
}

static void
on_created (GstPromise * promise, gpointer data)
{
  const gchar *field = arg_offer ? "offer" : "answer";
  const GstStructure *reply = gst_promise_get_reply (promise);
  g_autoptr (GstWebRTCSessionDescription) description = NULL;
  if (!reply || !gst_structure_get (reply, field,
          GST_TYPE_WEBRTC_SESSION_DESCRIPTION, &description, NULL))
    bench_fail ("no %s", field);
  g_signal_emit_by_name (webrtcbin, "set-local-description", description, NULL);
  g_autofree gchar *text = gst_sdp_message_as_text (description->sdp);
  say (field, text);
  gst_promise_unref (promise);
}

static void
on_remote_set (GstPromise * promise, gpointer data)
{
  gst_promise_unref (promise);
  if (!arg_offer)
    g_signal_emit_by_name (webrtcbin, "create-answer", NULL,
        gst_promise_new_with_change_func (on_created, NULL, NULL));
}

static void
set_remote (GstWebRTCSDPType type, const gchar * text)
{
  GstSDPMessage *sdp = NULL;
  if (gst_sdp_message_new_from_text (text, &sdp) != GST_SDP_OK)
    bench_fail ("bad SDP");
  g_autoptr (GstWebRTCSessionDescription) description =
      gst_webrtc_session_description_new (type, sdp);
  g_signal_emit_by_name (webrtcbin, "set-remote-description", description,
      gst_promise_new_with_change_func (on_remote_set, NULL, NULL));
}

/* webrtcbin's descriptions lack SSRCs before every sink pad has caps. */
static gboolean
on_sinks_ready (gpointer data)
{
  if (--pads_without_ssrc > 0)
    return G_SOURCE_REMOVE;
  if (arg_offer)
    g_signal_emit_by_name (webrtcbin, "create-offer", NULL,
        gst_promise_new_with_change_func (on_created, NULL, NULL));
  else if (waiting_offer)
    set_remote (GST_WEBRTC_SDP_TYPE_OFFER, waiting_offer);
  return G_SOURCE_REMOVE;
}

static void
on_caps (GstPad * pad, GParamSpec * spec, gpointer data)
{
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);
  if (!caps
      || !gst_structure_has_field (gst_caps_get_structure (caps, 0), "ssrc"))
    return;
  if (g_signal_handlers_disconnect_by_func (pad, on_caps, NULL) > 0)
    g_idle_add (on_sinks_ready, NULL);
}

static void
on_line (const gchar * line, gpointer data)
{
  const gchar *space = strchr (line, ' ');
  g_autofree gchar *text = g_strcompress (space ? space + 1 : "");
  if (g_str_has_prefix (line, "@offer ")) {
    waiting_offer = g_steal_pointer (&text);
    if (pads_without_ssrc <= 0)
      set_remote (GST_WEBRTC_SDP_TYPE_OFFER, waiting_offer);
  } else if (g_str_has_prefix (line, "@answer ")) {
    set_remote (GST_WEBRTC_SDP_TYPE_ANSWER, text);
  } else if (g_str_has_prefix (line, "@candidate ")) {
    g_signal_emit_by_name (webrtcbin, "add-ice-candidate", 0, text);
  } else if (g_str_equal (line, "describe")) {
    bench_describe (GST_BIN (pipeline));
  } else if (g_str_equal (line, "report")) {
    bench_report_jitterbuffers (GST_BIN (pipeline));
  } else if (g_str_equal (line, "quit")) {
    g_main_loop_quit (loop);
  }
}

static void
on_candidate (GstElement * element, guint mline, const gchar * text,
    gpointer data)
{
  say ("candidate", text);
}

/* ---- media ---- */

static void
add_sender (const gchar * description, const gchar * rtp, gboolean video,
    GstElement * source)
{
  g_autoptr (GError) error = NULL;
  GstElement *bin = gst_parse_bin_from_description (description, TRUE, &error);
  if (!bin)
    bench_fail ("%s", error->message);
  g_autoptr (GstElement) filter = gst_bin_get_by_name (GST_BIN (bin), "rtp");
  g_autoptr (GstCaps) caps = gst_caps_from_string (rtp);
  g_object_set (filter, "caps", caps, NULL);
  gst_bin_add_many (GST_BIN (pipeline), source, bin, NULL);
  gst_element_link (source, bin);
  g_autoptr (GstPad) src = gst_element_get_static_pad (bin, "src");
  g_autoptr (GstPad) sink =
      gst_element_request_pad_simple (webrtcbin, "sink_%u");
  g_signal_connect (sink, "notify::caps", G_CALLBACK (on_caps), NULL);
  if (gst_pad_link (src, sink) != GST_PAD_LINK_OK)
    bench_fail ("cannot link to webrtcbin");
  if (video) {
    g_autoptr (GstWebRTCRTPTransceiver) transceiver = NULL;
    g_object_get (sink, "transceiver", &transceiver, NULL);
    g_object_set (transceiver, "do-nack", TRUE, NULL);
  }
}

static void
on_first_video (gpointer data)
{
  bench_line ("{\"first_video\":true}");
  bench_window_start (&window);
}

static void
on_pad_added (GstElement * element, GstPad * pad, gpointer data)
{
  if (GST_PAD_DIRECTION (pad) != GST_PAD_SRC)
    return;
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);
  const gchar *media =
      gst_structure_get_string (gst_caps_get_structure (caps, 0), "media");
  gboolean video = g_strcmp0 (media, "video") == 0;
  GstElement *bin = gst_parse_bin_from_description (video ? VIDEO_RECEIVE :
      AUDIO_RECEIVE, TRUE,
      NULL);
  GstElement *sink = bench_sink ();
  gst_bin_add_many (GST_BIN (pipeline), bin, sink, NULL);
  gst_element_link (bin, sink);
  g_autoptr (GstPad) counted = gst_element_get_static_pad (bin, "src");
  bench_count (counted, video ? &video_in : &audio_in);
  gst_element_sync_state_with_parent (sink);
  gst_element_sync_state_with_parent (bin);
  g_autoptr (GstPad) bin_sink = gst_element_get_static_pad (bin, "sink");
  if (gst_pad_link (pad, bin_sink) != GST_PAD_LINK_OK)
    bench_fail ("cannot link behind webrtcbin");
}

static void
on_deep_element (GstBin * bin, GstBin * sub, GstElement * element,
    gpointer data)
{
  GstElementFactory *factory = gst_element_get_factory (element);
  const gchar *name = factory ? GST_OBJECT_NAME (factory) : "";
  if (pem && g_str_equal (name, "dtlssrtpdec")) {
    g_object_set (element, "pem", pem, NULL);
  } else if (g_str_equal (name, "rtpjitterbuffer")) {
    g_object_set (element, "faststart-min-packets", 2, NULL);
  } else if (g_str_equal (name, "rtpsession")) {
    g_autoptr (GObject) session = NULL;
    g_object_get (element, "internal-session", &session, NULL);
    g_object_set (session, "rtcp-min-interval", (guint64) GST_SECOND,
        "twcc-feedback-interval", (guint64) 50 * GST_MSECOND, NULL);
  }
}

static gboolean
on_message (GstBus * bus, GstMessage * message, gpointer data)
{
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
    g_autoptr (GError) error = NULL;
    g_autofree gchar *debug = NULL;
    gst_message_parse_error (message, &error, &debug);
    bench_fail ("%s: %s", error->message, debug);
  } else if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_LATENCY) {
    gst_bin_recalculate_latency (GST_BIN (pipeline));
  }
  return G_SOURCE_CONTINUE;
}

static void
make_webrtcbin (void)
{
  webrtcbin = gst_element_factory_make ("webrtcbin", NULL);
  if (!webrtcbin)
    bench_fail ("no webrtcbin: install gstreamer1.0-plugins-bad");
  gst_util_set_object_arg (G_OBJECT (webrtcbin), "bundle-policy", "max-bundle");
  g_object_set (webrtcbin, "latency", arg_latency, NULL);
  gst_bin_add (GST_BIN (pipeline), webrtcbin);
  g_signal_connect (webrtcbin, "deep-element-added",
      G_CALLBACK (on_deep_element), NULL);
  g_signal_connect (webrtcbin, "pad-added", G_CALLBACK (on_pad_added), NULL);
  g_signal_connect (webrtcbin, "on-ice-candidate", G_CALLBACK (on_candidate),
      NULL);
  g_autoptr (GObject) ice = NULL;
  g_autoptr (GObject) agent = NULL;
  g_object_get (webrtcbin, "ice-agent", &ice, NULL);
  g_object_set (ice, "ice-tcp", FALSE, NULL);
  g_object_get (ice, "agent", &agent, NULL);
  g_object_set (agent, "upnp", FALSE, NULL);
  if (arg_local_address) {
    gboolean ok = FALSE;
    g_signal_emit_by_name (ice, "add-local-ip-address", arg_local_address, &ok);
  }
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_add_group (context, gst_init_get_option_group ());
  if (!g_option_context_parse (context, &argc, &argv, &error))
    bench_fail ("%s", error->message);
  if (arg_pem && !g_file_get_contents (arg_pem, &pem, NULL, &error))
    bench_fail ("%s", error->message);

  window.settle = arg_settle;
  window.seconds = arg_seconds;
  video_in.on_first = on_first_video;
  loop = g_main_loop_new (NULL, FALSE);
  pipeline = gst_pipeline_new (NULL);
  bench_impair (pipeline, &network);
  make_webrtcbin ();
  add_sender (AUDIO_SEND, AUDIO_RTP, FALSE, bench_audio_source ());
  add_sender (VIDEO_SEND, VIDEO_RTP, TRUE, bench_video_source ());
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  gst_bus_add_watch (bus, on_message, NULL);
  bench_watch_stdin (loop, on_line, NULL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  g_main_loop_run (loop);

  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_bus_remove_watch (bus);
  gst_object_unref (pipeline);
  g_main_loop_unref (loop);
  g_free (pem);
  g_free (waiting_offer);
  return 0;
}
