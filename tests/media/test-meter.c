/* SPDX-License-Identifier: LGPL-2.1-or-later
 * What the meter makes of packets. */
#include <gst/check/gstcheck.h>
#include <gst/rtp/gstrtcpbuffer.h>
#include <gst/rtp/gstrtpbuffer.h>

#include "chatlimits.h"
#include "chatmeter.h"

#define MS 1000                 /* µs */
#define THEIRS 0x11111111
#define OURS 0x22222222

static GstChatMeter *meter;
static gint64 now;

static void
setup (void)
{
  meter = gst_chat_meter_new ();
  now = 5000 * MS;
}

static void
teardown (void)
{
  gst_chat_meter_unref (meter);
}

static GstBuffer *
rtp_packet (guint32 ssrc, guint16 seq, guint32 timestamp)
{
  GstBuffer *packet = gst_rtp_buffer_new_allocate (88, 0, 0);
  GstRTPBuffer rtp = GST_RTP_BUFFER_INIT;
  gst_rtp_buffer_map (packet, GST_MAP_WRITE, &rtp);
  gst_rtp_buffer_set_payload_type (&rtp, 96);
  gst_rtp_buffer_set_ssrc (&rtp, ssrc);
  gst_rtp_buffer_set_seq (&rtp, seq);
  gst_rtp_buffer_set_timestamp (&rtp, timestamp);
  gst_rtp_buffer_unmap (&rtp);
  return packet;
}

static void
receive (guint32 ssrc, guint16 seq, guint32 timestamp)
{
  GstBuffer *packet = rtp_packet (ssrc, seq, timestamp);
  gst_chat_meter_rtp_in (meter, packet, now);
  gst_buffer_unref (packet);
}

static GstChatMeterFigures
figures (void)
{
  GstChatMeterFigures read;
  gst_chat_meter_read (meter, now, &read);
  return read;
}

/* @ntp and @fraction, @lsr and @dlsr: of a sender report and of a report block;
 * either may be left out. */
static GstBuffer *
rtcp_packet (gboolean sender, guint64 ntp, guint32 about, guint8 fraction,
    guint32 lsr, guint32 dlsr)
{
  GstBuffer *packet = gst_rtcp_buffer_new (1400);
  GstRTCPBuffer rtcp = GST_RTCP_BUFFER_INIT;
  GstRTCPPacket part;
  gst_rtcp_buffer_map (packet, GST_MAP_READWRITE, &rtcp);
  gst_rtcp_buffer_add_packet (&rtcp, sender ? GST_RTCP_TYPE_SR :
      GST_RTCP_TYPE_RR, &part);
  if (sender)
    gst_rtcp_packet_sr_set_sender_info (&part, OURS, ntp, 0, 0, 0);
  else
    gst_rtcp_packet_rr_set_ssrc (&part, THEIRS);
  if (about != 0)
    gst_rtcp_packet_add_rb (&part, about, fraction, 0, 0, 0, lsr, dlsr);
  gst_rtcp_buffer_unmap (&rtcp);
  return packet;
}

static void
take_rtcp (void (*take) (GstChatMeter *, GstBuffer *, gint64),
    GstBuffer * packet)
{
  take (meter, packet, now);
  gst_buffer_unref (packet);
}

GST_START_TEST (test_sums)
{
  receive (THEIRS, 1, 0);
  receive (THEIRS, 2, 0);
  receive (THEIRS + 1, 7, 0);
  GstBuffer *packet = rtp_packet (OURS, 1, 0);
  gst_chat_meter_rtp_out (meter, packet);
  gst_buffer_unref (packet);

  GstChatMeterFigures f = figures ();
  fail_unless_equals_uint64 (f.packets_in, 3);
  fail_unless_equals_uint64 (f.bytes_in, 300);
  fail_unless_equals_uint64 (f.packets_out, 1);
  fail_unless_equals_uint64 (f.bytes_out, 100);
  fail_unless_equals_uint64 (f.lost_in, 0);
  fail_if (f.has_report);
}

GST_END_TEST;

static const struct
{
  gint seqs[8];                 /* -1: the end */
  guint lost;
} losses[] = {
  {{1, 2, 3, -1}, 0},
  {{1, 3, 4, 7, -1}, 3},
  {{1, 3, 2, -1}, 0},           /* late */
  {{1, 4, 2, -1}, 1},
  {{1, 2, 2, 2, 3, -1}, 0},     /* doubled */
  {{1, 1, 1, 4, -1}, 0},        /* doubled ones hide lost ones: RFC 3550 §A.3 */
  {{65534, 65535, 0, 1, -1}, 0},        /* the next cycle */
  {{65534, 1, -1}, 2},
  {{10, 12, 30000, 30001, -1}, 1},      /* begins anew */
  {{10, 12, 30000, 30003, -1}, 3},
  {{200, 201, 150, 202, -1}, 0},        /* very late */
};

GST_START_TEST (test_loss)
{
  for (guint i = 0; losses[__i__].seqs[i] >= 0; i++)
    receive (THEIRS, losses[__i__].seqs[i], 0);
  fail_unless_equals_uint64 (figures ().lost_in, losses[__i__].lost);
}

GST_END_TEST;

GST_START_TEST (test_jitter)
{
  /* 90 ticks are a millisecond; each second packet comes 10 ms late. */
  for (guint i = 0; i < 400; i++) {
    if (i == 200)
      fail_unless (figures ().jitter == 0);
    if (i == 200)
      gst_chat_meter_set_clock_rate (meter, 96, 90000);
    now += i % 2 ? 30 * MS : 10 * MS;
    /* Over the end of the timestamps. */
    receive (THEIRS, i, 0xffff0000u + i * 20 * 90);
  }
  fail_unless (figures ().jitter > 0.0095 && figures ().jitter < 0.0105,
      "%f s", figures ().jitter);
}

GST_END_TEST;

GST_START_TEST (test_round_trip)
{
  take_rtcp (gst_chat_meter_rtcp_out, rtcp_packet (TRUE,
          G_GUINT64_CONSTANT (0xaaaa123456780000), 0, 0, 0, 0));
  now += 1000 * MS;
  take_rtcp (gst_chat_meter_rtcp_out, rtcp_packet (TRUE,
          G_GUINT64_CONSTANT (0xaaaa123556780000), 0, 0, 0, 0));
  now += 600 * MS;
  /* About the first: 1.6 s ago, of which the remote kept it 1.5 s. */
  take_rtcp (gst_chat_meter_rtcp_in, rtcp_packet (FALSE, 0, OURS, 64,
          0x12345678, 65536 + 32768));
  GstChatMeterFigures f = figures ();
  fail_unless (f.has_report);
  fail_unless (f.loss_out == 0.25);
  fail_unless (f.rtt > 0.0999 && f.rtt < 0.1001, "%f s", f.rtt);
}

GST_END_TEST;

GST_START_TEST (test_report_of_nothing_known)
{
  take_rtcp (gst_chat_meter_rtcp_in, rtcp_packet (FALSE, 0, OURS, 0,
          0x77777777, 1));
  take_rtcp (gst_chat_meter_rtcp_in, rtcp_packet (TRUE, 1, OURS + 1, 128, 0,
          0));
  GstChatMeterFigures f = figures ();
  fail_unless (f.has_report);
  fail_unless (f.rtt == 0);
  fail_unless (f.loss_out == 0.5);
}

GST_END_TEST;

/* The remote has got as far as @highest, and misses @lost of them. */
static void
report_of (guint32 about, guint32 highest, guint32 lost)
{
  GstBuffer *packet = rtcp_packet (FALSE, 0, about, 0, 0, 0);
  guint32 words[] = { GUINT32_TO_BE (lost), GUINT32_TO_BE (highest) };
  gst_buffer_fill (packet, 12, words, sizeof words);
  take_rtcp (gst_chat_meter_rtcp_in, packet);
}

GST_START_TEST (test_what_the_remote_has_got)
{
  report_of (OURS, 70000, 5);   /* since when is not known */
  fail_unless_equals_uint64 (figures ().reported_packets, 0);
  report_of (OURS, 70100, 15);
  report_of (OURS + 1, 10, 0);
  report_of (OURS + 1, 20, 3);
  fail_unless_equals_uint64 (figures ().reported_packets, 110);
  fail_unless_equals_uint64 (figures ().reported_lost, 13);
  report_of (OURS, 70100, 15);  /* the same again */
  report_of (OURS, 70110, 12);  /* some came late */
  report_of (OURS, 60000, 0);   /* nonsense */
  fail_unless_equals_uint64 (figures ().reported_packets, 120);
  fail_unless_equals_uint64 (figures ().reported_lost, 13);
}

GST_END_TEST;

GST_START_TEST (test_old_reports_are_forgotten)
{
  take_rtcp (gst_chat_meter_rtcp_in, rtcp_packet (FALSE, 0, OURS, 128, 0, 0));
  now += 20000 * MS;
  fail_if (figures ().has_report);
  fail_unless (figures ().loss_out == 0);
}

GST_END_TEST;

/* rtpsession takes RTCP on its pad for RTP as well. */
GST_START_TEST (test_rtcp_among_rtp)
{
  GstBuffer *packet = rtcp_packet (FALSE, 0, OURS, 128, 0, 0);
  gst_chat_meter_rtp_in (meter, packet, now);
  gst_buffer_unref (packet);
  fail_unless_equals_uint64 (figures ().packets_in, 0);
  fail_unless (figures ().loss_out == 0.5);
}

GST_END_TEST;

GST_START_TEST (test_a_remote_has_as_many_sources_as_it_likes)
{
  for (guint i = 0; i < 10 * GST_CHAT_MAX_SSRCS; i++) {
    receive (THEIRS + i, 1, 0);
    receive (THEIRS + i, 3, 0);
    take_rtcp (gst_chat_meter_rtcp_in, rtcp_packet (FALSE, 0, OURS + i, 1, 0,
            0));
  }
  fail_unless_equals_uint64 (figures ().packets_in, 20 * GST_CHAT_MAX_SSRCS);
  fail_unless_equals_uint64 (figures ().lost_in, GST_CHAT_MAX_SSRCS);
}

GST_END_TEST;

/* @sender says that it is 0xaaaa1234 5678…, in seconds since 1900. */
static GstBuffer *
sender_report (guint32 sender)
{
  GstBuffer *packet =
      rtcp_packet (TRUE, G_GUINT64_CONSTANT (0xaaaa123456780000),
      0, 0, 0, 0);
  guint32 ssrc = GUINT32_TO_BE (sender);
  gst_buffer_fill (packet, 4, &ssrc, 4);
  return packet;
}

/* What is added to a report of ours that is without blocks. */
static guint
blocks_added (guint32 * ssrc, guint8 * fraction, gint32 * lost,
    guint32 * highest, guint32 * jitter, guint32 * lsr, guint32 * dlsr)
{
  GstBuffer *packet = sender_report (OURS);
  GstRTCPBuffer rtcp = GST_RTCP_BUFFER_INIT;
  GstRTCPPacket part;
  guint n = 0;
  gst_chat_meter_add_report (meter, packet, now);
  gst_chat_meter_rtcp_out (meter, packet, now);
  fail_unless (gst_rtcp_buffer_validate (packet));
  gst_rtcp_buffer_map (packet, GST_MAP_READ, &rtcp);
  gst_rtcp_buffer_get_first_packet (&rtcp, &part);
  if (gst_rtcp_packet_move_to_next (&part)) {
    fail_unless_equals_int (gst_rtcp_packet_get_type (&part), GST_RTCP_TYPE_RR);
    fail_unless_equals_int (gst_rtcp_packet_rr_get_ssrc (&part), OURS);
    n = gst_rtcp_packet_get_rb_count (&part);
    gst_rtcp_packet_get_rb (&part, 0, ssrc, fraction, lost, highest, jitter,
        lsr, dlsr);
  }
  gst_rtcp_buffer_unmap (&rtcp);
  gst_buffer_unref (packet);
  return n;
}

GST_START_TEST (test_report_is_added)
{
  guint32 ssrc, highest, jitter, lsr, dlsr;
  guint8 fraction;
  gint32 lost;
#define BLOCKS_ADDED blocks_added (&ssrc, &fraction, &lost, &highest, &jitter, \
    &lsr, &dlsr)
  fail_unless_equals_int (BLOCKS_ADDED, 0);
  gst_chat_meter_set_clock_rate (meter, 96, 90000);
  receive (THEIRS, 65534, 0);
  receive (THEIRS, 65535, 0);
  receive (THEIRS, 2, 0);
  take_rtcp (gst_chat_meter_rtcp_in, sender_report (THEIRS));
  now += 500 * MS;
  fail_unless_equals_int (BLOCKS_ADDED, 1);
  fail_unless_equals_int (ssrc, THEIRS);
  fail_unless_equals_int (lost, 2);
  fail_unless_equals_int (fraction, 2 * 256 / 5);
  fail_unless_equals_int (highest, 65536 + 2);
  fail_unless_equals_int (jitter, 0);
  fail_unless_equals_int (lsr, 0x12345678);
  fail_unless_equals_int (dlsr, 32768);

  /* The next one a second later, of what came since. */
  receive (THEIRS, 3, 0);
  now += 999 * MS;
  fail_unless_equals_int (BLOCKS_ADDED, 0);
  now += MS;
  fail_unless_equals_int (BLOCKS_ADDED, 1);
  fail_unless_equals_int (lost, 2);
  fail_unless_equals_int (fraction, 0);
  fail_unless (jitter > 0);
  now += 1000 * MS;
  fail_unless_equals_int (BLOCKS_ADDED, 0);

  /* Nor beside rtpsession's own. */
  receive (THEIRS, 4, 0);
  take_rtcp (gst_chat_meter_rtcp_out, rtcp_packet (FALSE, 0, THEIRS, 0, 0, 0));
  fail_unless_equals_int (BLOCKS_ADDED, 0);
}

GST_END_TEST;

GST_START_TEST (test_garbage)
{
  guint8 bytes[64];
  for (guint i = 0; i < 2000; i++) {
    gsize size = g_random_int_range (1, sizeof (bytes));
    for (guint k = 0; k < size; k++)
      bytes[k] = g_random_int ();
    /* Something that looks like RTCP, half the time. */
    if (i % 2 && size > 2) {
      bytes[0] = 0x80 | (bytes[0] & 0x1f);
      bytes[1] = 200 + i % 7;
    }
    GstBuffer *packet = gst_buffer_new_memdup (bytes, size);
    gst_chat_meter_rtp_in (meter, packet, now);
    gst_chat_meter_rtcp_in (meter, packet, now);
    gst_chat_meter_rtcp_out (meter, packet, now);
    gst_buffer_unref (packet);
  }
  figures ();
}

GST_END_TEST;

static Suite *
meter_suite (void)
{
  Suite *suite = suite_create ("meter");
  TCase *tcase = tcase_create ("packets");
  suite_add_tcase (suite, tcase);
  tcase_add_checked_fixture (tcase, setup, teardown);
  tcase_add_test (tcase, test_sums);
  tcase_add_loop_test (tcase, test_loss, 0, G_N_ELEMENTS (losses));
  tcase_add_test (tcase, test_jitter);
  tcase_add_test (tcase, test_round_trip);
  tcase_add_test (tcase, test_report_of_nothing_known);
  tcase_add_test (tcase, test_old_reports_are_forgotten);
  tcase_add_test (tcase, test_what_the_remote_has_got);
  tcase_add_test (tcase, test_rtcp_among_rtp);
  tcase_add_test (tcase, test_report_is_added);
  tcase_add_test (tcase, test_a_remote_has_as_many_sources_as_it_likes);
  tcase_add_test (tcase, test_garbage);
  return suite;
}

GST_CHECK_MAIN (meter);
