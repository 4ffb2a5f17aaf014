/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The wall clock of one process, which a test can step: preloaded, with the
 * name of a file of eight bytes in CLOCK_STEP, the step in nanoseconds. The
 * monotonic clock stays what it is, as when somebody sets the time. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_SEC G_GINT64_CONSTANT (1000000000)
/* A time since the start of the machine is never so large. */
#define SURELY_WALL_SEC 1000000000

static const volatile gint64 *step;     /* NULL: nothing is stepped */
static int (*real_clock_gettime) (clockid_t, struct timespec *);
static int (*real_cond_timedwait) (pthread_cond_t *, pthread_mutex_t *,
    const struct timespec *);
static int (*real_sem_timedwait) (sem_t *, const struct timespec *);

__attribute__((constructor))
     static void find (void)
{
  real_clock_gettime = dlsym (RTLD_NEXT, "clock_gettime");
  /* Without a version dlsym finds that of LinuxThreads. */
  real_cond_timedwait = dlvsym (RTLD_NEXT, "pthread_cond_timedwait",
      "GLIBC_2.3.2");
  real_sem_timedwait = dlsym (RTLD_NEXT, "sem_timedwait");
  const char *path = getenv ("CLOCK_STEP");
  int fd = path != NULL ? open (path, O_RDONLY | O_CLOEXEC) : -1;
  if (fd < 0)
    return;
  void *map = mmap (NULL, sizeof (gint64), PROT_READ, MAP_SHARED, fd, 0);
  close (fd);
  if (map != MAP_FAILED)
    step = map;
}

static void
add (struct timespec *time, gint64 more)
{
  gint64 ns = time->tv_sec * NS_PER_SEC + time->tv_nsec + more;
  time->tv_sec = ns / NS_PER_SEC;
  time->tv_nsec = ns % NS_PER_SEC;
}

int
clock_gettime (clockid_t clock, struct timespec *time)
{
  /* Somebody may ask before the constructor has run. */
  int result = real_clock_gettime != NULL ? real_clock_gettime (clock, time)
      : syscall (SYS_clock_gettime, clock, time);
  if (result == 0 && step != NULL && (clock == CLOCK_REALTIME
          || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_TAI))
    add (time, *step);
  return result;
}

int
gettimeofday (struct timeval *restrict time, void *restrict zone)
{
  struct timespec now;
  clock_gettime (CLOCK_REALTIME, &now);
  time->tv_sec = now.tv_sec;
  time->tv_usec = now.tv_nsec / 1000;
  return 0;
}

time_t
time (time_t * where)
{
  struct timespec now;
  clock_gettime (CLOCK_REALTIME_COARSE, &now);
  if (where != NULL)
    *where = now.tv_sec;
  return now.tv_sec;
}

/* The kernel's clock was not stepped: a time to wait for is given in its own. */
static const struct timespec *
for_kernel (const struct timespec *deadline, struct timespec *copy)
{
  if (step == NULL || deadline == NULL || deadline->tv_sec < SURELY_WALL_SEC)
    return deadline;
  *copy = *deadline;
  add (copy, -*step);
  return copy;
}

int
pthread_cond_timedwait (pthread_cond_t * cond, pthread_mutex_t * mutex,
    const struct timespec *deadline)
{
  struct timespec copy;
  return real_cond_timedwait (cond, mutex, for_kernel (deadline, &copy));
}

int
sem_timedwait (sem_t * sem, const struct timespec *deadline)
{
  struct timespec copy;
  return real_sem_timedwait (sem, for_kernel (deadline, &copy));
}
