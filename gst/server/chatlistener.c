/* SPDX-License-Identifier: LGPL-2.1-or-later
 * A listening socket that goes on when the process is out of descriptors.
 * SoupServer's own has a backlog of 10 and never accepts again after an error. */
#include "chatlistener.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#include "chaterror.h"

#define BACKLOG 4096
/* How many are let in before others get their turn. */
#define ACCEPTS_PER_TURN 64
/* How long it rests where there are no descriptors. */
#define REST_MS 100

struct _GstChatListener
{
  GSocket *socket;
  GSource *source;              /* accepting, or resting */
  GstChatListenerFunc func;
  gpointer user_data;
};

static void accept_from_now_on (GstChatListener * listener);

static void
replace_source (GstChatListener * listener, GSource * source, GSourceFunc func)
{
  if (listener->source != NULL) {
    g_source_destroy (listener->source);
    g_source_unref (listener->source);
  }
  listener->source = source;
  if (source == NULL)
    return;
  g_source_set_callback (source, func, listener, NULL);
  g_source_attach (source, g_main_context_get_thread_default ());
}

static gboolean
on_rested (gpointer user_data)
{
  accept_from_now_on (user_data);
  return G_SOURCE_REMOVE;
}

static gboolean
on_incoming (GSocket * socket, GIOCondition condition, gpointer user_data)
{
  GstChatListener *listener = user_data;
  for (guint i = 0; i < ACCEPTS_PER_TURN; i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (GSocket) client = g_socket_accept (socket, NULL, &error);
    if (client == NULL) {
      if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK)
          && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED))
        replace_source (listener, g_timeout_source_new (REST_MS), on_rested);
      return G_SOURCE_CONTINUE;
    }
    g_socket_set_option (client, IPPROTO_TCP, TCP_NODELAY, TRUE, NULL);
    g_autoptr (GSocketConnection) connection =
        g_socket_connection_factory_create_connection (client);
    listener->func (connection, listener->user_data);
  }
  return G_SOURCE_CONTINUE;
}

static void
accept_from_now_on (GstChatListener * listener)
{
  replace_source (listener, g_socket_create_source (listener->socket, G_IO_IN,
          NULL), G_SOURCE_FUNC (on_incoming));
}

static GSocketAddress *
parse_address (const gchar * address, guint16 port, GError ** error)
{
  if (g_str_equal (address, "localhost"))
    address = "127.0.0.1";
  GSocketAddress *parsed = g_inet_socket_address_new_from_string (address,
      port);
  if (parsed == NULL)
    g_set_error (error, GST_CHAT_ERROR, GST_CHAT_ERROR_CONNECT,
        "“%s” is not an IP address: use 127.0.0.1 for this machine only, "
        "0.0.0.0 or :: for everybody, or one address of this machine.",
        address);
  return parsed;
}

static void
explain (const GError * why, const gchar * address, guint16 port,
    GError ** error)
{
  if (g_error_matches (why, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE))
    g_set_error (error, GST_CHAT_ERROR, GST_CHAT_ERROR_CONNECT,
        "Port %u of %s is in use by another program: choose another port, "
        "or 0 for any that is free.", port, address);
  else if (g_error_matches (why, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED))
    g_set_error (error, GST_CHAT_ERROR, GST_CHAT_ERROR_CONNECT,
        "No permission to listen on port %u: ports below 1024 are reserved, "
        "choose a higher one.", port);
  else if (strstr (why->message, g_strerror (EADDRNOTAVAIL)) != NULL)
    g_set_error (error, GST_CHAT_ERROR, GST_CHAT_ERROR_CONNECT,
        "%s is not an address of this machine: use one of its own, 127.0.0.1 "
        "for this machine only, or 0.0.0.0 or :: for everybody.", address);
  else
    g_set_error (error, GST_CHAT_ERROR, GST_CHAT_ERROR_CONNECT,
        "Cannot listen on %s, port %u: %s.", address, port, why->message);
}

static GSocket *
listen_on (GSocketAddress * where, GError ** error)
{
  g_autoptr (GSocket) socket =
      g_socket_new (g_socket_address_get_family (where), G_SOCKET_TYPE_STREAM,
      G_SOCKET_PROTOCOL_TCP, error);
  if (socket == NULL)
    return NULL;
  g_socket_set_blocking (socket, FALSE);
  g_socket_set_listen_backlog (socket, BACKLOG);
  if (!g_socket_bind (socket, where, TRUE, error)
      || !g_socket_listen (socket, error))
    return NULL;
  return g_steal_pointer (&socket);
}

GstChatListener *
gst_chat_listener_new (const gchar * address, guint16 port,
    GstChatListenerFunc func, gpointer user_data, GError ** error)
{
  g_autoptr (GSocketAddress) where = parse_address (address, port, error);
  if (where == NULL)
    return NULL;
  g_autoptr (GError) why = NULL;
  GSocket *socket = listen_on (where, &why);
  if (socket == NULL) {
    explain (why, address, port, error);
    return NULL;
  }
  GstChatListener *listener = g_new0 (GstChatListener, 1);
  listener->socket = socket;
  listener->func = func;
  listener->user_data = user_data;
  accept_from_now_on (listener);
  return listener;
}

void
gst_chat_listener_free (GstChatListener * listener)
{
  if (listener == NULL)
    return;
  replace_source (listener, NULL, NULL);
  g_socket_close (listener->socket, NULL);
  g_object_unref (listener->socket);
  g_free (listener);
}

GSocketAddress *
gst_chat_listener_get_address (const GstChatListener * listener)
{
  return g_socket_get_local_address (listener->socket, NULL);
}

guint16
gst_chat_listener_get_port (const GstChatListener * listener)
{
  g_autoptr (GSocketAddress) address = gst_chat_listener_get_address (listener);
  return address == NULL ? 0 :
      g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address));
}
