/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The server's presence and relay rules. */
#include "chatroster.h"

#include <string.h>

#include "chatjsonwalk.h"
#include "chatlimits.h"
#include "chatmessage.h"

/* A list of users is cut into messages of about this size: small enough for
 * the 128 KiB that many WebSocket clients stop at, and for the members that
 * one JSON object may have. A list adds, so that several are as good as one. */
#define LIST_BYTES (32 * 1024)

typedef struct
{
  gchar *name;
  GPtrArray *users;             /* GstChatRosterUser, not owned */
} Room;

struct _GstChatRosterUser
{
  gchar *id;
  gchar *name;
  Room *room;
  guint index;                  /* in room->users */
  guint64 serial;               /* never used again, unlike a pointer */
  GHashTable *callers;          /* serial of who called → when; NULL: nobody */
  gpointer user_data;
};

struct _GstChatRoster
{
  GBytes *server_info;
  GHashTable *users;            /* id → GstChatRosterUser */
  GHashTable *rooms;            /* name → Room, owned */
  guint64 next_serial;
};

static void
clear_effect (gpointer data)
{
  GstChatEffect *effect = data;
  g_bytes_unref (effect->frame);
}

GArray *
gst_chat_effects_new (void)
{
  GArray *effects = g_array_new (FALSE, FALSE, sizeof (GstChatEffect));
  g_array_set_clear_func (effects, clear_effect);
  return effects;
}

static void
add_effect (GArray * effects, const GstChatRosterUser * to, GBytes * frame)
{
  GstChatEffect effect = { to->user_data, g_bytes_ref (frame) };
  g_array_append_val (effects, effect);
}

static void
add_effects_for_others (GArray * effects, const GstChatRosterUser * user,
    GBytes * frame)
{
  for (guint i = 0; i < user->room->users->len; i++) {
    const GstChatRosterUser *other = g_ptr_array_index (user->room->users, i);
    if (other != user)
      add_effect (effects, other, frame);
  }
}

static GString *
begin_frame (const gchar * event, gsize size)
{
  GString *text = g_string_sized_new (size);
  g_string_append_printf (text, "42[\"%s\",{", event);
  return text;
}

static GBytes *
end_frame (GString * text)
{
  g_string_append (text, "}]");
  return g_string_free_to_bytes (text);
}

static void
append_socket (GString * text, const GstChatRosterUser * user)
{
  g_string_append (text, "\"socket\":");
  gst_chat_json_append_string (text, user->id);
}

GBytes *
gst_chat_server_info_frame (const GstChatMessage * info)
{
  g_autofree gchar *payload = gst_chat_message_build (info);
  GString *text = begin_frame (gst_chat_event_name (info->event), 512);
  /* Without its closing brace, which end_frame() brings. */
  g_string_append_len (text, payload + 1, (gssize) strlen (payload) - 2);
  return end_frame (text);
}

void
gst_chat_roster_set_server_info (GstChatRoster * roster, GBytes * frame)
{
  g_bytes_unref (roster->server_info);
  roster->server_info = g_bytes_ref (frame);
}

static void
room_free (gpointer data)
{
  Room *room = data;
  g_ptr_array_unref (room->users);
  g_free (room->name);
  g_free (room);
}

GstChatRoster *
gst_chat_roster_new (const gchar * server)
{
  GstChatRoster *roster = g_new0 (GstChatRoster, 1);
  g_autoptr (GstChatMessage) info = gst_chat_server_info_new (server);
  roster->server_info = gst_chat_server_info_frame (info);
  roster->users = g_hash_table_new (g_str_hash, g_str_equal);
  roster->rooms = g_hash_table_new_full (g_str_hash, g_str_equal, NULL,
      room_free);
  return roster;
}

void
gst_chat_roster_free (GstChatRoster * roster)
{
  if (roster == NULL)
    return;
  g_warn_if_fail (g_hash_table_size (roster->users) == 0);
  g_bytes_unref (roster->server_info);
  g_hash_table_unref (roster->users);
  g_hash_table_unref (roster->rooms);
  g_free (roster);
}

guint
gst_chat_roster_size (const GstChatRoster * roster)
{
  return g_hash_table_size (roster->users);
}

guint
gst_chat_roster_room_size (const GstChatRoster * roster, const gchar * room)
{
  const Room *known = g_hash_table_lookup (roster->rooms,
      room == NULL ? "" : room);
  return known == NULL ? 0 : known->users->len;
}

const gchar *
gst_chat_roster_user_id (const GstChatRosterUser * user)
{
  return user->id;
}

/* A list under construction; ids and names grow side by side. */
typedef struct
{
  GString *ids;
  GString *names;
} List;

static void
list_add (List * list, const GstChatRosterUser * user)
{
  if (list->ids->len > 0)
    g_string_append_c (list->ids, ',');
  gst_chat_json_append_string (list->ids, user->id);
  if (user->name == NULL)
    return;
  if (list->names->len > 0)
    g_string_append_c (list->names, ',');
  gst_chat_json_append_string (list->names, user->id);
  g_string_append_c (list->names, ':');
  gst_chat_json_append_string (list->names, user->name);
}

static GBytes *
list_take_frame (List * list)
{
  GString *text = begin_frame ("update-user-list",
      list->ids->len + list->names->len + 64);
  g_string_append_printf (text, "\"users\":[%s]", list->ids->str);
  if (list->names->len > 0)
    g_string_append_printf (text, ",\"names\":{%s}", list->names->str);
  g_string_truncate (list->ids, 0);
  g_string_truncate (list->names, 0);
  return end_frame (text);
}

static void
list_send (List * list, const GstChatRosterUser * to, GArray * effects)
{
  g_autoptr (GBytes) frame = list_take_frame (list);
  add_effect (effects, to, frame);
}

/* To the newcomer all the others, to all the others the newcomer. */
static void
introduce (GstChatRosterUser * user, GArray * effects)
{
  List list = { g_string_new (NULL), g_string_new (NULL) };
  gboolean sent = FALSE;
  for (guint i = 0; i < user->room->users->len; i++) {
    const GstChatRosterUser *other = g_ptr_array_index (user->room->users, i);
    if (other == user)
      continue;
    list_add (&list, other);
    if (list.ids->len + list.names->len >= LIST_BYTES) {
      list_send (&list, user, effects);
      sent = TRUE;
    }
  }
  /* Who is alone gets an empty list, as the base server sends it. */
  if (list.ids->len > 0 || !sent)
    list_send (&list, user, effects);

  if (user->room->users->len > 1) {
    list_add (&list, user);
    g_autoptr (GBytes) frame = list_take_frame (&list);
    add_effects_for_others (effects, user, frame);
  }
  g_string_free (list.ids, TRUE);
  g_string_free (list.names, TRUE);
}

static Room *
get_room (GstChatRoster * roster, const gchar * name)
{
  Room *room = g_hash_table_lookup (roster->rooms, name);
  if (room == NULL) {
    room = g_new0 (Room, 1);
    room->name = g_strdup (name);
    room->users = g_ptr_array_new ();
    g_hash_table_insert (roster->rooms, room->name, room);
  }
  return room;
}

GstChatRosterUser *
gst_chat_roster_join (GstChatRoster * roster, const gchar * id,
    const gchar * name, const gchar * room, gpointer user_data,
    GArray * effects)
{
  g_return_val_if_fail (gst_chat_id_is_valid (id), NULL);

  if (room == NULL)
    room = "";
  if (strlen (room) > GST_CHAT_MAX_ROOM_BYTES
      || g_hash_table_size (roster->users) >= GST_CHAT_MAX_USERS
      || g_hash_table_contains (roster->users, id))
    return NULL;

  GstChatRosterUser *user = g_new0 (GstChatRosterUser, 1);
  user->id = g_strdup (id);
  user->name = gst_chat_text_clean (name, GST_CHAT_MAX_NAME_BYTES);
  user->room = get_room (roster, room);
  user->index = user->room->users->len;
  user->serial = roster->next_serial++;
  user->user_data = user_data;
  g_ptr_array_add (user->room->users, user);
  g_hash_table_insert (roster->users, user->id, user);

  add_effect (effects, user, roster->server_info);
  introduce (user, effects);
  return user;
}

/* The last one of the room takes the place that gets free. */
static void
leave_room (GstChatRoster * roster, GstChatRosterUser * user)
{
  Room *room = user->room;
  g_ptr_array_remove_index_fast (room->users, user->index);
  if (user->index < room->users->len) {
    GstChatRosterUser *moved = g_ptr_array_index (room->users, user->index);
    moved->index = user->index;
  }
  if (room->users->len == 0)
    g_hash_table_remove (roster->rooms, room->name);
}

void
gst_chat_roster_leave (GstChatRoster * roster, GstChatRosterUser * user,
    GArray * effects)
{
  GString *text = begin_frame ("remove-user", 64);
  g_string_append (text, "\"socketId\":");
  gst_chat_json_append_string (text, user->id);
  g_autoptr (GBytes) frame = end_frame (text);
  add_effects_for_others (effects, user, frame);

  g_hash_table_remove (roster->users, user->id);
  leave_room (roster, user);
  g_clear_pointer (&user->callers, g_hash_table_unref);
  g_free (user->id);
  g_free (user->name);
  g_free (user);
}

static gboolean
is_over (gpointer serial, gpointer when, gpointer now)
{
  return *(gint64 *) now - *(gint64 *) when > GST_CHAT_ANSWER_TIME_US;
}

/* Makes room for one more; where everybody called just now, the oldest goes. */
static void
forget_callers (GHashTable * callers, gint64 now)
{
  g_hash_table_foreach_remove (callers, is_over, &now);
  if (g_hash_table_size (callers) < GST_CHAT_MAX_CALLERS)
    return;

  GHashTableIter iter;
  gpointer key, value, oldest = NULL;
  gint64 oldest_when = G_MAXINT64;
  g_hash_table_iter_init (&iter, callers);
  while (g_hash_table_iter_next (&iter, &key, &value)) {
    if (*(gint64 *) value < oldest_when) {
      oldest_when = *(gint64 *) value;
      oldest = key;
    }
  }
  g_hash_table_remove (callers, oldest);
}

static void
remember_caller (GstChatRosterUser * callee, const GstChatRosterUser * caller,
    gint64 now)
{
  if (callee->callers == NULL)
    callee->callers = g_hash_table_new_full (g_int64_hash, g_int64_equal,
        g_free, g_free);
  if (g_hash_table_size (callee->callers) >= GST_CHAT_MAX_CALLERS
      && !g_hash_table_contains (callee->callers, &caller->serial))
    forget_callers (callee->callers, now);
  g_hash_table_replace (callee->callers, g_memdup2 (&caller->serial,
          sizeof caller->serial), g_memdup2 (&now, sizeof now));
}

static gboolean
has_called (const GstChatRosterUser * caller, const GstChatRosterUser * callee,
    gint64 now)
{
  gint64 *when = callee->callers == NULL ? NULL :
      g_hash_table_lookup (callee->callers, &caller->serial);
  return when != NULL && now - *when <= GST_CHAT_ANSWER_TIME_US;
}

/* The one other user of the same room that `to` names, or NULL. */
static GstChatRosterUser *
find_receiver (GstChatRoster * roster, const GstChatRosterUser * user,
    GstChatSlice payload, GstChatRelay * result)
{
  GstChatSlice to;
  *result = GST_CHAT_RELAY_REFUSED;
  if (!gst_chat_json_member (payload, "to", &to))
    return NULL;
  g_autofree gchar *id = gst_chat_json_string (to, GST_CHAT_MAX_ID_BYTES);
  if (id == NULL)
    return NULL;

  *result = GST_CHAT_RELAY_NOBODY;
  GstChatRosterUser *receiver = g_hash_table_lookup (roster->users, id);
  if (receiver == NULL || receiver == user || receiver->room != user->room)
    return NULL;
  return receiver;
}

/* The text of `offer` or `answer` goes on as it came, to the byte. */
static gboolean
take_description (GstChatSlice payload, const gchar * name,
    GstChatSlice * description)
{
  return gst_chat_json_member (payload, name, description)
      && description->data[0] == '{'
      && description->len <= GST_CHAT_MAX_DESCRIPTION_BYTES;
}

static GstChatRelay
relay_offer (const GstChatRosterUser * from, GstChatRosterUser * to,
    GstChatSlice payload, gint64 now, GArray * effects)
{
  GstChatSlice offer;
  if (!take_description (payload, "offer", &offer))
    return GST_CHAT_RELAY_REFUSED;

  GString *text = begin_frame ("call-made", offer.len + 256);
  g_string_append (text, "\"offer\":");
  g_string_append_len (text, offer.data, (gssize) offer.len);
  g_string_append_c (text, ',');
  append_socket (text, from);
  g_autoptr (GBytes) frame = end_frame (text);
  add_effect (effects, to, frame);
  remember_caller (to, from, now);
  return GST_CHAT_RELAY_DONE;
}

static GstChatRelay
relay_answer (const GstChatRosterUser * from, GstChatRosterUser * to,
    GstChatSlice payload, gint64 now, GArray * effects)
{
  GstChatSlice answer;
  if (!take_description (payload, "answer", &answer))
    return GST_CHAT_RELAY_REFUSED;
  if (!has_called (to, from, now))
    return GST_CHAT_RELAY_NOBODY;

  GString *text = begin_frame ("answer-made", answer.len + 256);
  append_socket (text, from);
  g_string_append (text, ",\"answer\":");
  g_string_append_len (text, answer.data, (gssize) answer.len);
  g_autoptr (GBytes) frame = end_frame (text);
  add_effect (effects, to, frame);
  return GST_CHAT_RELAY_DONE;
}

/* `socket` is the server's word: what the sender wrote there is left out. */
static GstChatRelay
relay_extension (const GstChatRosterUser * from, GstChatRosterUser * to,
    const gchar * event, GstChatSlice payload, GArray * effects)
{
  static const gchar *const replaced[] = { "to", "socket", NULL };
  if (payload.len > GST_CHAT_MAX_EXTENSION_BYTES)
    return GST_CHAT_RELAY_REFUSED;

  GString *text = begin_frame (event, payload.len + 256);
  append_socket (text, from);
  gst_chat_json_copy_members (text, payload, replaced);
  g_autoptr (GBytes) frame = end_frame (text);
  add_effect (effects, to, frame);
  return GST_CHAT_RELAY_DONE;
}

GstChatRelay
gst_chat_roster_relay (GstChatRoster * roster, GstChatRosterUser * user,
    const gchar * event, GstChatSlice payload, gint64 now, GArray * effects)
{
  GstChatRelay result;
  GstChatRosterUser *to;

  switch (gst_chat_event_from_name (event)) {
    case GST_CHAT_EVENT_CALL_USER:
      to = find_receiver (roster, user, payload, &result);
      return to == NULL ? result :
          relay_offer (user, to, payload, now, effects);
    case GST_CHAT_EVENT_MAKE_ANSWER:
      to = find_receiver (roster, user, payload, &result);
      return to == NULL ? result :
          relay_answer (user, to, payload, now, effects);
    case GST_CHAT_EVENT_ICE_CANDIDATE:
    case GST_CHAT_EVENT_HANG_UP:
    case GST_CHAT_EVENT_RINGING:
    case GST_CHAT_EVENT_DECLINE:
    case GST_CHAT_EVENT_CANCEL:
    case GST_CHAT_EVENT_CHAT_MESSAGE:
      to = find_receiver (roster, user, payload, &result);
      return to == NULL ? result :
          relay_extension (user, to, event, payload, effects);
    case GST_CHAT_EVENT_UNKNOWN:
    case GST_CHAT_EVENT_UPDATE_USER_LIST:
    case GST_CHAT_EVENT_REMOVE_USER:
    case GST_CHAT_EVENT_CALL_MADE:
    case GST_CHAT_EVENT_ANSWER_MADE:
    case GST_CHAT_EVENT_SERVER_INFO:
    case GST_CHAT_EVENT_SIGNALLING_CONNECTED:
    case GST_CHAT_EVENT_SIGNALLING_DISCONNECTED:
      return GST_CHAT_RELAY_UNKNOWN;
  }
  g_return_val_if_reached (GST_CHAT_RELAY_UNKNOWN);
}
