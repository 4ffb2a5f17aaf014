/* SPDX-License-Identifier: LGPL-2.1-or-later
 * A cable that loses, delays or narrows what goes through it, for kernels
 * without netem: two TAP devices in two network namespaces, and one thread
 * that carries frames between them.
 *
 *     bad-line NAMESPACE DEVICE NAMESPACE DEVICE [SEED]
 *
 * It prints "ready" when both devices are there. Lines on stdin, for both
 * directions: "loss 0.1", "delay 300" (ms), "rate 500000" (bit/s), 0 for none.
 * It ends where stdin ends. The same seed loses the same frames. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define MAX_FRAME 2048
/* So much waits at most for a delay, and for a narrow line: what a small
 * router has. */
#define MAX_FRAMES 2048
#define MAX_WAIT_US (300 * G_TIME_SPAN_MILLISECOND)

typedef struct
{
  gint64 due;                   /* µs */
  gsize size;
  guint8 data[MAX_FRAME];
} Frame;

typedef struct
{
  int from, to;
  GQueue frames;
  gint64 free_at;               /* µs; when the narrow line has sent all it has */
  GRand *random;
} Direction;

static struct
{
  gdouble loss;                 /* 0 to 1 */
  gint64 delay;                 /* µs */
  gint64 rate;                  /* bit/s, 0: any */
} line;

static void
die (const gchar * what)
{
  fprintf (stderr, "bad-line: %s: %s\n", what, strerror (errno));
  exit (1);
}

/* The thread stays in that namespace. */
static int
open_tap (const gchar * namespace, const gchar * device)
{
  g_autofree gchar *path = g_build_filename ("/run/netns", namespace, NULL);
  int where = open (path, O_RDONLY | O_CLOEXEC);
  if (where < 0 || setns (where, CLONE_NEWNET) != 0)
    die (path);
  close (where);
  int fd = open ("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI };
  g_strlcpy (request.ifr_name, device, sizeof request.ifr_name);
  if (fd < 0 || ioctl (fd, TUNSETIFF, &request) != 0)
    die (device);
  return fd;
}

/* When this frame comes out at the other end; -1: never. */
static gint64
when_due (Direction * way, gsize size, gint64 now)
{
  /* One number a frame, whatever the settings: so that it can be repeated. */
  gdouble luck = g_rand_double (way->random);
  if (luck < line.loss || g_queue_get_length (&way->frames) >= MAX_FRAMES)
    return -1;
  if (line.rate == 0)
    return now + line.delay;
  gint64 start = MAX (now, way->free_at);
  if (start - now > MAX_WAIT_US)
    return -1;
  way->free_at = start + (gint64) size *8 * G_USEC_PER_SEC / line.rate;
  return way->free_at + line.delay;
}

static void
take (Direction * way)
{
  guint8 data[MAX_FRAME];
  gssize size;
  while ((size = read (way->from, data, sizeof data)) > 0) {
    gint64 due = when_due (way, size, g_get_monotonic_time ());
    if (due < 0)
      continue;
    Frame *frame = g_new (Frame, 1);
    frame->due = due;
    frame->size = size;
    memcpy (frame->data, data, size);
    g_queue_push_tail (&way->frames, frame);
  }
}

/* How long until the next one, in µs; -1: there is none. */
static gint64
deliver (Direction * way)
{
  for (;;) {
    Frame *frame = g_queue_peek_head (&way->frames);
    if (frame == NULL)
      return -1;
    gint64 wait = frame->due - g_get_monotonic_time ();
    if (wait > 0)
      return wait;
    /* A device that is down takes nothing: lost, as on a cable. */
    G_GNUC_UNUSED gssize sent = write (way->to, frame->data, frame->size);
    g_free (g_queue_pop_head (&way->frames));
  }
}

static gboolean
obey (void)
{
  gchar text[256];
  gssize size = read (STDIN_FILENO, text, sizeof text - 1);
  if (size <= 0)
    return FALSE;
  text[size] = '\0';
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++) {
    g_auto (GStrv) words = g_strsplit (lines[i], " ", 2);
    if (g_strv_length (words) != 2)
      continue;
    gdouble value = g_ascii_strtod (words[1], NULL);
    if (g_str_equal (words[0], "loss"))
      line.loss = value;
    else if (g_str_equal (words[0], "delay"))
      line.delay = value * G_TIME_SPAN_MILLISECOND;
    else if (g_str_equal (words[0], "rate"))
      line.rate = value;
  }
  return TRUE;
}

int
main (int argc, char **argv)
{
  if (argc < 5) {
    fprintf (stderr, "usage: %s NAMESPACE DEVICE NAMESPACE DEVICE [SEED]\n",
        argv[0]);
    return 2;
  }
  guint32 seed = argc > 5 ? atoi (argv[5]) : 1;
  int ends[] = { open_tap (argv[1], argv[2]), open_tap (argv[3], argv[4]) };
  Direction ways[] = {
    {.from = ends[0],.to = ends[1],.random = g_rand_new_with_seed (seed)},
    {.from = ends[1],.to = ends[0],.random = g_rand_new_with_seed (seed + 1)},
  };
  puts ("ready");
  fflush (stdout);

  struct pollfd fds[] = { {.fd = ends[0],.events = POLLIN}, {.fd =
        ends[1],.events = POLLIN}, {.fd = STDIN_FILENO,.events = POLLIN}
  };
  for (;;) {
    gint64 first = -1;
    for (guint i = 0; i < 2; i++) {
      gint64 wait = deliver (&ways[i]);
      if (wait >= 0 && (first < 0 || wait < first))
        first = wait;
    }
    struct timespec limit = {.tv_sec = first / G_USEC_PER_SEC,
      .tv_nsec = first % G_USEC_PER_SEC * 1000
    };
    if (ppoll (fds, G_N_ELEMENTS (fds), first < 0 ? NULL : &limit, NULL) < 0
        && errno != EINTR)
      die ("poll");
    for (guint i = 0; i < 2; i++)
      if (fds[i].revents & POLLIN)
        take (&ways[i]);
    if (fds[2].revents != 0 && !obey ())
      return 0;
  }
}
