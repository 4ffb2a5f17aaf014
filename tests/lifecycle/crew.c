/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Who is outside of this process, and there to be killed. */
#include "crew.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* In the child, before it is another program: it does not outlive us. */
static void
be_mortal (gpointer data)
{
  prctl (PR_SET_PDEATHSIG, SIGKILL);
}

/* Sanitizers look for leaks at the end of this process alone: the stacks that
 * tell ours from those of libraries make all others slow. */
static gchar **
make_environment (void)
{
  gchar **environment = g_get_environ ();
#ifdef __SANITIZE_ADDRESS__
  environment = g_environ_setenv (environment, "ASAN_OPTIONS",
      "detect_leaks=0", TRUE);
#endif
  return environment;
}

static GPid
start (const gchar ** argv, gint * in, gint * out)
{
  g_auto (GStrv) environment = make_environment ();
  g_autoptr (GError) error = NULL;
  GPid pid;

  if (!g_spawn_async_with_pipes (NULL, (gchar **) argv, environment,
          G_SPAWN_DO_NOT_REAP_CHILD, be_mortal, NULL, &pid, in, out, NULL,
          &error))
    g_error ("%s: %s", argv[0], error->message);
  return pid;
}

static gint
reap (GPid pid)
{
  gint status;

  while (waitpid (pid, &status, 0) < 0)
    g_assert_cmpint (errno, ==, EINTR);
  return status;
}

/* --- gst-chat-server --- */

void
server_start (Server * server)
{
  const gchar *path = g_getenv ("CALLS_SERVER");
  g_autofree gchar *port = g_strdup_printf ("--port=%s",
      server->port != NULL ? server->port : "0");
  const gchar *argv[] = { path, port, NULL };
  GString *said = g_string_new (NULL);
  gchar c;

  g_assert_nonnull (path);
  server->pid = start (argv, NULL, &server->out);
  /* "…: open http://127.0.0.1:PORT/" */
  while (strchr (said->str, '\n') == NULL) {
    if (read (server->out, &c, 1) != 1)
      g_error ("gst-chat-server has ended: %s", said->str);
    g_string_append_c (said, c);
  }
  if (server->port == NULL) {
    const gchar *colon = strrchr (said->str, ':');
    server->port = g_strndup (colon + 1, strspn (colon + 1, "0123456789"));
  }
  g_string_free (said, TRUE);
}

void
server_kill (Server * server)
{
  kill (server->pid, SIGKILL);
  reap (server->pid);
  close (server->out);
  server->pid = 0;
}

void
server_clear (Server * server)
{
  if (server->pid != 0)
    server_kill (server);
  g_free (server->port);
}

/* --- remote.c --- */

Remote *
remote_new (const gchar * port, const gchar * name, const gchar * properties)
{
  const gchar *argv[] = { g_getenv ("CALLS_REMOTE"), port, name, properties,
    NULL
  };
  Remote *remote = g_new0 (Remote, 1);

  g_assert_nonnull (argv[0]);
  remote->pid = start (argv, &remote->in, &remote->out);
  fcntl (remote->out, F_SETFL, O_NONBLOCK);
  remote->name = g_strdup (name);
  remote->said = g_string_new (NULL);
  remote->call = g_strdup ("");
  remote->signalling = g_strdup ("");
  return remote;
}

void
remote_say (Remote * remote, const gchar * format, ...)
{
  va_list args;

  va_start (args, format);
  g_autofree gchar *text = g_strdup_vprintf (format, args);
  va_end (args);
  g_autofree gchar *line = g_strconcat (text, "\n", NULL);
  g_assert_cmpint (write (remote->in, line, strlen (line)), ==,
      (gssize) strlen (line));
}

static void
take_line (Remote * remote, const gchar * line)
{
  if (g_str_has_prefix (line, "call ")) {
    g_free (remote->call);
    remote->call = g_strdup (line + strlen ("call "));
  } else if (g_str_has_prefix (line, "signalling ")) {
    g_free (remote->signalling);
    remote->signalling = g_strdup (line + strlen ("signalling "));
  } else if (g_str_has_prefix (line, "met ")) {
    remote->met = (Look) g_ascii_strtoull (line + strlen ("met "), NULL, 10);
  } else {
    printf ("# %s: %s\n", remote->name, line);
  }
}

void
remote_listen (Remote * remote)
{
  gchar part[512];
  gssize n;

  while ((n = read (remote->out, part, sizeof part)) > 0)
    g_string_append_len (remote->said, part, n);
  if (n == 0)
    g_error ("%s has ended by itself", remote->name);
  for (const gchar * end; (end = strchr (remote->said->str, '\n')) != NULL;) {
    g_autofree gchar *line = g_strndup (remote->said->str,
        end - remote->said->str);
    g_string_erase (remote->said, 0, end + 1 - remote->said->str);
    take_line (remote, line);
  }
}

static void
forget (Remote * remote)
{
  close (remote->out);
  g_free (remote->name);
  g_string_free (remote->said, TRUE);
  g_free (remote->call);
  g_free (remote->signalling);
  g_free (remote);
}

void
remote_kill (Remote * remote)
{
  kill (remote->pid, SIGKILL);
  reap (remote->pid);
  close (remote->in);
  forget (remote);
}

gint
remote_leave (Remote * remote)
{
  close (remote->in);
  return reap (remote->pid);
}

void
remote_free (Remote * remote)
{
  gint status = remote_leave (remote);

  if (!WIFEXITED (status) || WEXITSTATUS (status) != 0)
    g_error ("%s has not ended well: %d", remote->name, status);
  forget (remote);
}
