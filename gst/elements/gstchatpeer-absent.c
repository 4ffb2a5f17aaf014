/* SPDX-License-Identifier: LGPL-2.1-or-later
 * chatpeer's word to who waits for somebody that is not online: a mistyped
 * name would otherwise be waited for in silence. */
#include "config.h"

#include "gstchatpeerprivate.h"

#define GST_CAT_DEFAULT gst_chat_peer_debug

/* The list of users has come by then, and often whom it is about. */
#define ABSENT_MS 2000
/* A line of a terminal or two. */
#define MAX_NAMED 8

/* Transfer full. NULL: nobody, or whoever comes. */
static gchar *
missing (GstChatPeer * self)
{
  GST_OBJECT_LOCK (self);
  g_autofree gchar *whom = g_strdup (self->wish != NULL ? self->wish :
      self->settings.call);
  GST_OBJECT_UNLOCK (self);

  if (whom == NULL || g_str_equal (whom, "*")
      || g_strcmp0 (whom, self->told) == 0
      || gst_chat_peer_find_user_in_loop (self, whom, TRUE) != NULL)
    return NULL;
  return g_steal_pointer (&whom);
}

static gboolean
anybody_has_a_name (GstChatPeer * self)
{
  for (guint i = 0; i < self->arrivals->len; i++)
    if (gst_chat_peer_user_name_in_loop (self, self->arrivals->pdata[i]))
      return TRUE;
  return FALSE;
}

static gchar *
who_is_online (GstChatPeer * self)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < self->arrivals->len && i < MAX_NAMED; i++) {
    const gchar *id = self->arrivals->pdata[i];
    const gchar *name = gst_chat_peer_user_name_in_loop (self, id);

    g_string_append_printf (text, "%s%s", i > 0 ? ", " : "",
        name != NULL ? name : id);
  }
  if (self->arrivals->len > MAX_NAMED)
    g_string_append_printf (text, " and %u more",
        self->arrivals->len - MAX_NAMED);
  return g_string_free (text, FALSE);
}

static void
tell (GstChatPeer * self, const gchar * whom)
{
  g_autofree gchar *online = who_is_online (self);

  if (self->arrivals->len == 0)
    GST_ELEMENT_WARNING (self, RESOURCE, NOT_FOUND,
        ("Nobody called \"%s\" is online, and nobody else is. The call is made "
            "as soon as \"%s\" comes.", whom, whom), (NULL));
  else if (anybody_has_a_name (self))
    GST_ELEMENT_WARNING (self, RESOURCE, NOT_FOUND,
        ("Nobody called \"%s\" is online. Online are: %s. The call is made as "
            "soon as \"%s\" comes.", whom, online, whom), (NULL));
  else
    GST_ELEMENT_WARNING (self, RESOURCE, NOT_FOUND,
        ("Nobody with the id \"%s\" is online, and the server tells no names. "
            "Online are: %s. The call is made as soon as \"%s\" comes.", whom,
            online, whom), (NULL));
}

static void
absent_in_loop (gpointer data)
{
  GstChatPeer *self = data;

  gst_chat_peer_forget_absent_in_loop (self);
  /* Not just now: the end of the call, or being online again, begins anew. */
  if (!self->running || self->eos || !self->call.online
      || self->call.state != GST_CHAT_CALL_IDLE)
    return;
  g_autofree gchar *whom = missing (self);
  if (whom == NULL)
    return;
  tell (self, whom);
  g_free (self->told);
  self->told = g_steal_pointer (&whom);
}

void
gst_chat_peer_watch_absent_in_loop (GstChatPeer * self)
{
  g_autofree gchar *whom = self->absent == NULL ? missing (self) : NULL;

  if (whom != NULL)
    self->absent = gst_chat_loop_add_timeout (self->loop, ABSENT_MS,
        absent_in_loop, self, NULL);
}

void
gst_chat_peer_forget_absent_in_loop (GstChatPeer * self)
{
  if (self->absent == NULL)
    return;
  g_source_destroy (self->absent);
  g_clear_pointer (&self->absent, g_source_unref);
}
