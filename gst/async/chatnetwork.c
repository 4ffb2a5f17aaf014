/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Whether the way to a remote still leads from the same address of this machine. */
#include "chatnetwork.h"

#include <arpa/inet.h>
#include <glib-unix.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#ifdef __linux__
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#endif

/* An interface that comes up has its address, and its routes, in a burst. */
#define QUIET_MS 50
/* A connection of TCP that could not send for so long waits as long again. */
#define LONG_DOWN (5 * G_USEC_PER_SEC)

typedef union
{
  struct sockaddr any;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
} Address;

/* FALSE: no number. */
static gboolean
parse_address (const gchar * text, Address * address)
{
  memset (address, 0, sizeof *address);
  if (inet_pton (AF_INET, text, &address->v4.sin_addr) == 1) {
    address->any.sa_family = AF_INET;
    return TRUE;
  }
  g_auto (GStrv) parts = g_strsplit (text, "%", 2);     /* fe80::1%eth0 */
  if (!parts[0] || inet_pton (AF_INET6, parts[0], &address->v6.sin6_addr) != 1)
    return FALSE;
  address->any.sa_family = AF_INET6;
  address->v6.sin6_scope_id = parts[1] ? if_nametoindex (parts[1]) : 0;
  return TRUE;
}

static gboolean
address_equal (const Address * one, const struct sockaddr *other)
{
  if (!other || one->any.sa_family != other->sa_family)
    return FALSE;
  if (other->sa_family == AF_INET)
    return memcmp (&one->v4.sin_addr,
        &((const Address *) (gconstpointer) other)->v4.sin_addr,
        sizeof one->v4.sin_addr) == 0;
  return memcmp (&one->v6.sin6_addr,
      &((const Address *) (gconstpointer) other)->v6.sin6_addr,
      sizeof one->v6.sin6_addr) == 0;
}

gboolean
gst_chat_network_has_address (const gchar * address)
{
  Address wanted;
  struct ifaddrs *all = NULL;
  gboolean found = FALSE;

  if (!parse_address (address, &wanted) || getifaddrs (&all) != 0)
    return FALSE;
  for (struct ifaddrs * i = all; i && !found; i = i->ifa_next)
    found = (i->ifa_flags & IFF_UP) && (i->ifa_flags & IFF_RUNNING)
        && address_equal (&wanted, i->ifa_addr);
  freeifaddrs (all);
  return found;
}

gchar *
gst_chat_network_source_for (const gchar * remote)
{
  Address address;
  socklen_t length = sizeof address;
  gchar text[INET6_ADDRSTRLEN];

  if (!parse_address (remote, &address))
    return NULL;
  int fd = socket (address.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return NULL;
  /* A UDP socket that is connected has its address, and nothing is sent. */
  address.v4.sin_port = htons (9);
  gboolean known = connect (fd, &address.any, sizeof address) == 0
      && getsockname (fd, &address.any, &length) == 0;
  close (fd);
  if (!known)
    return NULL;
  gconstpointer number = address.any.sa_family == AF_INET ?
      (gconstpointer) & address.v4.sin_addr : &address.v6.sin6_addr;
  return g_strdup (inet_ntop (address.any.sa_family, number, text,
          sizeof text));
}

/* ---- one way ---- */

struct _GstChatRoute
{
  gchar *remote;
  gchar *source;
  gint64 down_since;            /* µs; 0: it is not */
};

GstChatRoute *
gst_chat_route_new (const gchar * remote)
{
  g_autofree gchar *source = gst_chat_network_source_for (remote);
  if (!source)
    return NULL;
  GstChatRoute *route = g_new0 (GstChatRoute, 1);
  route->remote = g_strdup (remote);
  route->source = g_steal_pointer (&source);
  return route;
}

void
gst_chat_route_free (GstChatRoute * route)
{
  g_free (route->remote);
  g_free (route->source);
  g_free (route);
}

GstChatRouteState
gst_chat_route_check (GstChatRoute * route, gint64 now)
{
  g_autofree gchar *source = gst_chat_network_source_for (route->remote);
  /* Another interface that came up is no reason to leave this one. */
  if (source && gst_chat_network_has_address (route->source)) {
    gboolean back = route->down_since > 0
        && now - route->down_since >= LONG_DOWN;
    route->down_since = 0;
    return back ? GST_CHAT_ROUTE_BACK : GST_CHAT_ROUTE_SAME;
  }
  if (source && gst_chat_network_has_address (source))
    return GST_CHAT_ROUTE_CHANGED;
  if (route->down_since == 0)
    route->down_since = now;
  return GST_CHAT_ROUTE_DOWN;
}

/* ---- changes ---- */

#ifdef __linux__
typedef struct
{
  GstChatLoop *loop;            /* lives longer: it runs the source */
  GstChatLoopFunc func;
  gpointer data;
  GSource *quiet;
  gint fd;
} Watch;

static void
watch_forget_quiet (Watch * watch)
{
  if (watch->quiet)
    g_source_destroy (watch->quiet);
  g_clear_pointer (&watch->quiet, g_source_unref);
}

static void
watch_free (gpointer data)
{
  Watch *watch = data;
  watch_forget_quiet (watch);
  close (watch->fd);
  g_free (watch);
}

static void
on_quiet (gpointer data)
{
  Watch *watch = data;
  watch_forget_quiet (watch);
  watch->func (watch->data);
}

static gboolean
on_change (gint fd, GIOCondition condition, gpointer data)
{
  Watch *watch = data;
  guint8 news[8192];
  /* What it says is looked up; an overrun says that something has changed. */
  while (recv (fd, news, sizeof news, MSG_DONTWAIT) > 0);
  watch_forget_quiet (watch);
  watch->quiet = gst_chat_loop_add_timeout (watch->loop, QUIET_MS, on_quiet,
      watch, NULL);
  return G_SOURCE_CONTINUE;
}

#endif

GSource *
gst_chat_network_watch_in_loop (GstChatLoop * loop, GstChatLoopFunc func,
    gpointer data)
{
#ifdef __linux__
  struct sockaddr_nl address = {
    .nl_family = AF_NETLINK,
    .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR |
        RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE,
  };
  g_assert (gst_chat_loop_is_current (loop));
  int fd = socket (AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
      NETLINK_ROUTE);
  if (fd < 0)
    return NULL;
  if (bind (fd, (struct sockaddr *) (gpointer) & address, sizeof address) != 0) {
    close (fd);
    return NULL;
  }
  Watch *watch = g_new0 (Watch, 1);
  watch->loop = loop;
  watch->func = func;
  watch->data = data;
  watch->fd = fd;
  GSource *source = g_unix_fd_source_new (fd, G_IO_IN);
  g_source_set_callback (source, G_SOURCE_FUNC (on_change), watch, watch_free);
  g_source_attach (source, gst_chat_loop_get_context (loop));
  return source;
#else
  return NULL;
#endif
}
