/* SPDX-License-Identifier: LGPL-2.1-or-later
 * What the bench programs share: lines of JSON, the process's usage, test
 * media, counters on pads, and a window of time in which is measured. */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS
/* Prints one line of JSON on stdout, whole and at once. Any thread. */
    void
bench_line (const gchar * format, ...)
G_GNUC_PRINTF (1, 2);
/* Prints to stderr and ends the process with 1. */
     void bench_fail (const gchar * format, ...) G_GNUC_PRINTF (1,
    2) G_GNUC_NORETURN;

/* Calls @func for every line of stdin in the default main context, and quits
 * @loop where stdin ends. */
     typedef void (*BenchLineFunc) (const gchar * line, gpointer user_data);
     void bench_watch_stdin (GMainLoop * loop, BenchLineFunc func,
    gpointer user_data);

/* A live 640x480 picture at 30 frames a second, I420; a live 440 Hz tone,
 * 48 kHz, two channels, 20 ms a buffer. Floating. */
     GstElement *bench_video_source (void);
     GstElement *bench_audio_source (void);
/* Takes and drops as soon as it comes. Floating. */
     GstElement *bench_sink (void);

/* What came by a pad. */
     typedef struct
     {
       gint buffers;            /* atomic */
       gint64 first;            /* µs, monotonic; 0: nothing yet; written once */
       void (*on_first) (gpointer user_data);   /* streaming thread; may be NULL */
       gpointer user_data;
     } BenchCounter;

/* Counts what goes by @pad. @counter stays as long as the pad. */
     void bench_count (GstPad * pad, BenchCounter * counter);

/* Measures the process between @settle and @settle + @seconds after the start,
 * and prints the result as a line {"result":{…}}. */
     typedef struct
     {
       guint settle;            /* s */
       guint seconds;           /* s */
       BenchCounter *video, *audio;
     } BenchWindow;

/* Any thread; the first call counts. @window stays until the result is out. */
     void bench_window_start (BenchWindow * window);

/* Prints {"describe":{"element property=value …":count, …}}: the elements in
 * @bin with what is not at its default. Two pipelines with the same description
 * may be compared. */
     void bench_describe (GstBin * bin);

/* A line {"jitterbuffer":"video|audio",…} for each in @bin: packets pushed,
 * lost, late, asked for again, and got in time. */
     void bench_report_jitterbuffers (GstBin * bin);

G_END_DECLS
