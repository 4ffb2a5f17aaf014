/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Many users of one Socket.IO server: how fast they come in, what they cost,
 * how fast their calls are relayed. load.mjs runs it; one JSON object comes out.
 *
 * `calls`: users come in pairs, each pair in a room of its own, and call each
 * other: call-user out, make-answer back. First as many calls as go with
 * `outstanding` of them under way, then `rate` a second, whose time counts from
 * when they were due. `join`: all enter one room, until each knows all. */
/* memmem() */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <glib.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define SDP_BYTES 4096
#define CONNECTING_AT_ONCE 64
#define PING_US (20 * G_USEC_PER_SEC)
#define PATIENCE_US (1200 * G_USEC_PER_SEC)

typedef enum
{
  STATE_CONNECTING,
  STATE_HANDSHAKE,
  STATE_OPEN,
} State;

typedef struct
{
  int fd;
  guint index;
  State state;
  gboolean in_chat;             /* it is let in; whom it has to know may be to come */
  guint known;
  gchar peer[64];
  GByteArray *rest;             /* of a message that has not come whole */
  gint64 pinged;
  gint64 called;                /* when its call was due; 0: none is out */
} User;

static gint port = 0, eio = 4, n_users = 100, server_pid = 0, outstanding = 64;
static gint rate = 500;
static gdouble seconds = 3;
static gboolean joining = FALSE;

static int epoll_fd = -1, timer_fd = -1;
static User *users = NULL;
static guint n_started = 0, n_in_chat = 0, n_wanted = 0;
static GString *sdp = NULL;
/* The phase of calls: */
static guint next_pair = 0, n_done = 0, n_out = 0;
static gboolean closed_loop = FALSE;
static GArray *times = NULL;
static GArray *waiting = NULL;  /* when those were due that no pair has begun */
static GString *result = NULL;

G_GNUC_PRINTF (1, 2)
     G_GNUC_NORETURN static void fail (const gchar * format, ...)
{
  va_list args;
  va_start (args, format);
  vfprintf (stderr, format, args);
  va_end (args);
  fputc ('\n', stderr);
  exit (1);
}

/* --- the server's costs --- */

/* Seconds, of all its threads. */
static gdouble
server_cpu (void)
{
  g_autofree gchar *tasks = g_strdup_printf ("/proc/%d/task", server_pid);
  g_autoptr (GDir) dir = g_dir_open (tasks, 0, NULL);
  if (dir == NULL)
    fail ("the server is gone");
  guint64 ns = 0;
  for (const gchar * id = g_dir_read_name (dir); id != NULL;
      id = g_dir_read_name (dir)) {
    g_autofree gchar *path = g_strdup_printf ("%s/%s/schedstat", tasks, id);
    g_autofree gchar *text = NULL;
    if (g_file_get_contents (path, &text, NULL, NULL))
      ns += g_ascii_strtoull (text, NULL, 10);
  }
  return (gdouble) ns / 1e9;
}

static gdouble
server_kib (void)
{
  g_autofree gchar *path = g_strdup_printf ("/proc/%d/status", server_pid);
  g_autofree gchar *text = NULL;
  if (!g_file_get_contents (path, &text, NULL, NULL))
    fail ("the server is gone");
  const gchar *line = strstr (text, "VmRSS:");
  return line == NULL ? 0 : g_ascii_strtod (line + 6, NULL);
}

/* --- one user --- */

static void
send_all (User * user, gconstpointer data, gsize len)
{
  if (send (user->fd, data, len, MSG_NOSIGNAL) != (gssize) len)
    fail ("user %u cannot send: %s", user->index, g_strerror (errno));
}

/* The mask's key is 0: the payload is as it is. */
static void
send_text (User * user, const gchar * text, gsize len)
{
  static guint8 frame[2 * SDP_BYTES];
  guint at = 2;
  g_assert (len + 14 <= sizeof frame);
  frame[0] = 0x81;
  if (len <= 125) {
    frame[1] = 0x80 | (guint8) len;
  } else {
    frame[1] = 0x80 | 126;
    frame[2] = (guint8) (len >> 8);
    frame[3] = (guint8) len;
    at = 4;
  }
  memset (frame + at, 0, 4);
  memcpy (frame + at + 4, text, len);
  send_all (user, frame, at + 4 + len);
}

static void
send_description (User * user, const gchar * event, const gchar * member)
{
  g_autoptr (GString) text = g_string_sized_new (SDP_BYTES + 512);
  g_string_printf (text, "42[\"%s\",{\"%s\":{\"type\":\"%s\",\"sdp\":\"%s\"},"
      "\"to\":\"%s\"}]", event, member, member, sdp->str, user->peer);
  send_text (user, text->str, text->len);
}

static void
start_user (User * user)
{
  struct sockaddr_in address = {.sin_family = AF_INET,
    .sin_port = htons ((guint16) port),
    .sin_addr.s_addr = htonl (INADDR_LOOPBACK)
  };
  user->fd = socket (AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (user->fd < 0)
    fail ("no socket for user %u: %s", user->index, g_strerror (errno));
  int one = 1;
  struct linger reset = { 1, 0 };
  setsockopt (user->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  setsockopt (user->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  if (connect (user->fd, (struct sockaddr *) &address, sizeof address) != 0
      && errno != EINPROGRESS)
    fail ("user %u cannot connect: %s", user->index, g_strerror (errno));
  struct epoll_event event = {.events = EPOLLOUT,.data.ptr = user };
  epoll_ctl (epoll_fd, EPOLL_CTL_ADD, user->fd, &event);
  user->state = STATE_CONNECTING;
}

static void
shake_hands (User * user)
{
  g_autofree gchar *room = joining ? g_strdup ("") :
      g_strdup_printf ("&room=pair-%u", user->index / 2);
  g_autofree gchar *request = g_strdup_printf
      ("GET /socket.io/?EIO=%d&transport=websocket%s HTTP/1.1\r\n"
      "Host: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", eio, room, port);
  send_all (user, request, strlen (request));
  struct epoll_event event = {.events = EPOLLIN,.data.ptr = user };
  epoll_ctl (epoll_fd, EPOLL_CTL_MOD, user->fd, &event);
  user->state = STATE_HANDSHAKE;
  user->pinged = g_get_monotonic_time ();
}

static void
start_next_users (void)
{
  while (n_started < n_wanted && n_started < n_in_chat + CONNECTING_AT_ONCE)
    start_user (&users[n_started++]);
}

/* By the next pair whose call is over; where there is none it waits. */
static void
start_call (gint64 due)
{
  guint n_pairs = n_wanted / 2;
  if (n_out == n_pairs) {
    g_array_append_val (waiting, due);
    return;
  }
  while (users[2 * next_pair].called != 0)
    next_pair = (next_pair + 1) % n_pairs;
  User *user = &users[2 * next_pair];
  next_pair = (next_pair + 1) % n_pairs;
  user->called = due;
  n_out++;
  send_description (user, "call-user", "offer");
}

static void
end_call (User * user)
{
  gint64 now = g_get_monotonic_time ();
  gint64 time = now - user->called;
  g_array_append_val (times, time);
  user->called = 0;
  n_out--;
  n_done++;
  if (closed_loop) {
    start_call (now);
  } else if (waiting->len > 0) {
    gint64 due = g_array_index (waiting, gint64, 0);
    g_array_remove_index (waiting, 0);
    start_call (due);
  }
}

static void
enter (User * user)
{
  if (user->in_chat)
    return;
  user->in_chat = TRUE;
  n_in_chat++;
  start_next_users ();
}

static void
learn_users (User * user, const gchar * text, gsize len)
{
  const gchar *at = memmem (text, len, "\"users\":[", 9);
  if (at == NULL)
    fail ("a list without users");
  const gchar *end = memchr (at, ']', (gsize) (text + len - at));
  for (at += 9; at < end && *at == '"'; at++) {
    const gchar *close = memchr (at + 1, '"', (gsize) (end - at));
    gsize id_len = (gsize) (close - at) - 1;
    g_assert (id_len < sizeof user->peer);
    memcpy (user->peer, at + 1, id_len);
    user->peer[id_len] = '\0';
    user->known++;
    at = close + 1;
  }
}

static gboolean
begins (const gchar * text, gsize len, const gchar * prefix)
{
  gsize n = strlen (prefix);
  return len >= n && memcmp (text, prefix, n) == 0;
}

static void
on_text (User * user, const gchar * text, gsize len)
{
  if (begins (text, len, "42[\"call-made\""))
    send_description (user, "make-answer", "answer");
  else if (begins (text, len, "42[\"answer-made\""))
    end_call (user);
  else if (begins (text, len, "42[\"update-user-list\""))
    learn_users (user, text, len);
  else if (len == 1 && text[0] == '2')
    send_text (user, "3", 1);
  else if (text[0] == '0' && eio == 4)
    send_text (user, "40", 2);
  else if (begins (text, len, "40"))
    enter (user);
}

/* How much of @data was whole. */
static gsize
take_frames (User * user, const guint8 * data, gsize len)
{
  gsize at = 0;
  while (len - at >= 2) {
    const guint8 *frame = data + at;
    gsize head = 2, size = frame[1] & 0x7f;
    if (size >= 126)
      head = size == 126 ? 4 : 10;
    if (len - at < head)
      break;
    if (head > 2) {
      size = 0;
      for (gsize i = 2; i < head; i++)
        size = size << 8 | frame[i];
    }
    if (len - at < head + size)
      break;
    if ((frame[0] & 0x0f) == 8)
      fail ("user %u is sent away", user->index);
    if ((frame[0] & 0x0f) == 1 && size > 0)
      on_text (user, (const gchar *) frame + head, size);
    at += head + size;
  }
  return at;
}

static gsize
take_response (User * user, const guint8 * data, gsize len)
{
  const guint8 *end = memmem (data, len, "\r\n\r\n", 4);
  if (end == NULL)
    return 0;
  if (len < 12 || memcmp (data, "HTTP/1.1 101", 12) != 0)
    fail ("user %u is refused: %.*s", user->index, 60, data);
  user->state = STATE_OPEN;
  return (gsize) (end + 4 - data);
}

static void
on_readable (User * user)
{
  static guint8 buffer[256 * 1024];
  gssize n = recv (user->fd, buffer, sizeof buffer, 0);
  if (n < 0 && errno == EAGAIN)
    return;
  if (n <= 0)
    fail ("user %u is disconnected", user->index);
  const guint8 *data = buffer;
  gsize len = (gsize) n;
  if (user->rest != NULL) {
    g_byte_array_append (user->rest, buffer, (guint) n);
    data = user->rest->data;
    len = user->rest->len;
  }
  gsize used = 0;
  if (user->state == STATE_HANDSHAKE)
    used = take_response (user, data, len);
  if (user->state == STATE_OPEN)
    used += take_frames (user, data + used, len - used);
  if (user->rest != NULL)
    g_byte_array_remove_range (user->rest, 0, (guint) used);
  else if (used < len)
    user->rest = g_byte_array_append (g_byte_array_new (), data + used,
        (guint) (len - used));
  if (user->rest != NULL && user->rest->len == 0)
    g_clear_pointer (&user->rest, g_byte_array_unref);
}

/* --- all of them --- */

/* Generation 3 pings from the client's side. */
static void
send_pings (void)
{
  static gint64 next = 0;
  gint64 now = g_get_monotonic_time ();
  if (eio != 3 || now < next)
    return;
  next = now + G_USEC_PER_SEC;
  for (guint i = 0; i < n_started; i++) {
    if (users[i].state != STATE_OPEN || now - users[i].pinged < PING_US)
      continue;
    users[i].pinged = now;
    send_text (&users[i], "2", 1);
  }
}

static void
turn (void)
{
  struct epoll_event events[256];
  int n = epoll_wait (epoll_fd, events, G_N_ELEMENTS (events), 20);
  for (int i = 0; i < n; i++) {
    User *user = events[i].data.ptr;
    if (user == NULL)
      continue;                 /* the timer: pace() looks at it */
    if (user->state == STATE_CONNECTING)
      shake_hands (user);
    else
      on_readable (user);
  }
  send_pings ();
}

static void
run_until (gint64 end)
{
  while (g_get_monotonic_time () < end)
    turn ();
}

static gboolean
all_know_all (void)
{
  if (n_in_chat < n_wanted)
    return FALSE;
  for (guint i = 0; i < n_wanted; i++) {
    if (users[i].known < (joining ? n_wanted - 1 : 1))
      return FALSE;
  }
  return TRUE;
}

static void
let_in (guint n)
{
  gint64 end = g_get_monotonic_time () + PATIENCE_US;
  n_wanted = n;
  n_started = n_in_chat = 0;
  users = g_new0 (User, n);
  for (guint i = 0; i < n; i++)
    users[i].index = i;
  start_next_users ();
  while (!all_know_all ()) {
    turn ();
    if (g_get_monotonic_time () > end)
      fail ("%u of %u users are in the chat after 20 minutes", n_in_chat, n);
  }
  for (guint i = 0; i < n; i++) {
    if (users[i].known != (joining ? n - 1 : 1))
      fail ("user %u was told of %u others", i, users[i].known);
  }
}

static void
send_away (void)
{
  for (guint i = 0; i < n_started; i++) {
    close (users[i].fd);
    g_clear_pointer (&users[i].rest, g_byte_array_unref);
  }
  g_clear_pointer (&users, g_free);
  n_started = n_in_chat = n_wanted = 0;
}

static gint
compare_times (gconstpointer a, gconstpointer b)
{
  gint64 x = *(const gint64 *) a, y = *(const gint64 *) b;
  return (x > y) - (x < y);
}

static gdouble
percentile (gdouble share)
{
  if (times->len == 0)
    fail ("not one call was answered");
  g_array_sort (times, compare_times);
  guint at = (guint) (share * (times->len - 1));
  return (gdouble) g_array_index (times, gint64, at) / 1000;
}

/* As many calls as go. */
static void
saturate (void)
{
  closed_loop = TRUE;
  guint n = MIN ((guint) outstanding, n_wanted / 2);
  for (guint i = 0; i < n; i++)
    start_call (g_get_monotonic_time ());
  run_until (g_get_monotonic_time () + (gint64) (seconds * 3e5));

  gint64 begin = g_get_monotonic_time ();
  gdouble cpu = server_cpu ();
  n_done = 0;
  run_until (begin + (gint64) (seconds * 1e6));
  gdouble time = (gdouble) (g_get_monotonic_time () - begin) / 1e6;
  cpu = server_cpu () - cpu;
  if (n_done == 0)
    fail ("not one call was answered in %g s", time);
  g_string_append_printf (result,
      ",\"calls_per_s\":%.1f,\"cpu_us_per_message\":%.2f", n_done / time,
      cpu * 1e6 / (2.0 * n_done));
  closed_loop = FALSE;
  while (n_out > 0)
    turn ();
}

/* So many calls a second, whether the former ones are over or not. */
static void
pace (void)
{
  gint64 step = G_USEC_PER_SEC / rate;
  struct itimerspec often = { {0, step * 1000}, {0, step * 1000} };
  timerfd_settime (timer_fd, 0, &often, NULL);
  g_array_set_size (times, 0);
  gint64 due = g_get_monotonic_time ();
  gint64 end = due + (gint64) (seconds * 1e6);
  gdouble cpu = server_cpu ();
  n_done = 0;
  while (g_get_monotonic_time () < end) {
    for (; due <= g_get_monotonic_time (); due += step)
      start_call (due);
    turn ();
    guint64 fired;
    if (read (timer_fd, &fired, sizeof fired) < 0 && errno != EAGAIN)
      fail ("the timer is broken");
  }
  while (n_out > 0)
    turn ();
  cpu = server_cpu () - cpu;
  g_string_append_printf (result,
      ",\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"paced_cpu_us_per_message\":%.2f",
      percentile (0.5), percentile (0.99), cpu * 1e6 / (2.0 * n_done));
}

static void
measure (void)
{
  /* What the first users bring into memory stays there. */
  let_in (8);
  send_away ();
  run_until (g_get_monotonic_time () + 500 * 1000);

  gdouble kib = server_kib (), cpu = server_cpu ();
  gint64 begin = g_get_monotonic_time ();
  let_in ((guint) n_users);
  gdouble time = (gdouble) (g_get_monotonic_time () - begin) / 1e6;
  run_until (g_get_monotonic_time () + (joining ? 0 : G_USEC_PER_SEC));
  cpu = server_cpu () - cpu;
  g_string_append_printf (result,
      "{\"users\":%d,\"seconds\":%.4f,\"cpu_s\":%.3f,"
      "\"connections_per_s\":%.1f,\"cpu_us_per_connection\":%.1f,"
      "\"kib_per_connection\":%.3f", n_users, time, cpu, n_users / time,
      cpu * 1e6 / n_users, (server_kib () - kib) / n_users);
  if (!joining) {
    saturate ();
    pace ();
  }
  g_string_append_printf (result, ",\"kib_total\":%.0f}", server_kib ());
  send_away ();
}

static void
allow_many_files (void)
{
  struct rlimit limit;
  getrlimit (RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit (RLIMIT_NOFILE, &limit);
  if (limit.rlim_max < (rlim_t) n_users + 64)
    fail ("%d users need as many open files: raise `ulimit -n`", n_users);
}

int
main (int argc, char **argv)
{
  const GOptionEntry entries[] = {
    {"port", 0, 0, G_OPTION_ARG_INT, &port, "of the server", NULL},
    {"eio", 0, 0, G_OPTION_ARG_INT, &eio, "3 or 4", NULL},
    {"users", 0, 0, G_OPTION_ARG_INT, &n_users, "how many, even", NULL},
    {"pid", 0, 0, G_OPTION_ARG_INT, &server_pid, "of the server", NULL},
    {"outstanding", 0, 0, G_OPTION_ARG_INT, &outstanding, "calls", NULL},
    {"rate", 0, 0, G_OPTION_ARG_INT, &rate, "calls a second", NULL},
    {"seconds", 0, 0, G_OPTION_ARG_DOUBLE, &seconds, "of each phase", NULL},
    {"join", 0, 0, G_OPTION_ARG_NONE, &joining, "one room, no calls", NULL},
    G_OPTION_ENTRY_NULL
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_option_context_add_main_entries (context, entries, NULL);
  g_autoptr (GError) error = NULL;
  if (!g_option_context_parse (context, &argc, &argv, &error))
    fail ("%s", error->message);
  if (port <= 0 || server_pid <= 0 || n_users < 2 || n_users % 2 != 0
      || rate <= 0 || outstanding <= 0)
    fail ("load --port=PORT --pid=PID [--users=N]…: see load.mjs");
  allow_many_files ();

  epoll_fd = epoll_create1 (EPOLL_CLOEXEC);
  timer_fd = timerfd_create (CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  struct epoll_event event = {.events = EPOLLIN };
  epoll_ctl (epoll_fd, EPOLL_CTL_ADD, timer_fd, &event);
  times = g_array_new (FALSE, FALSE, sizeof (gint64));
  waiting = g_array_new (FALSE, FALSE, sizeof (gint64));
  result = g_string_new (NULL);
  sdp = g_string_new ("v=0\\r\\n");
  while (sdp->len < SDP_BYTES)
    g_string_append (sdp, "a=rtpmap:96 VP8/90000\\r\\n");
  measure ();
  puts (result->str);
  g_string_free (result, TRUE);
  g_array_unref (waiting);
  g_array_unref (times);
  g_string_free (sdp, TRUE);
  return 0;
}
