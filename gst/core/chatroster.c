/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The server's presence and relay rules. */
#include "chatroster.h"

#include <string.h>

#include "chatjsonwalk.h"
#include "chatlimits.h"
#include "chatmessage.h"
#include "chatuserlist.h"

typedef struct
{
  gchar *name;
  /* GstChatRosterUser, not owned. Behind the first n_introduced are those who
   * wait to be introduced: nobody knows them, and they know nobody. */
  GPtrArray *users;
  guint n_introduced;
  gint64 quiet_from;            /* after the last introduction */
  gint64 due;                   /* of those who wait */
} Room;

struct _GstChatRosterUser
{
  gchar *id;
  gchar *name;
  Room *room;
  guint index;                  /* in room->users */
  gboolean met;                 /* it waits, and has exchanged something all the same */
  guint64 serial;               /* never used again, unlike a pointer */
  GHashTable *callers;          /* serial of who called → when; NULL: nobody */
  gpointer user_data;
};

struct _GstChatRoster
{
  GBytes *server_info;
  GHashTable *users;            /* id → GstChatRosterUser */
  GHashTable *rooms;            /* name → Room, owned */
  GQueue waiting;               /* Room where somebody waits; the first is due first */
  guint64 next_serial;
  gboolean ending;              /* no new calls */
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

static GstChatRosterUser *
user_at (const Room * room, guint index)
{
  return g_ptr_array_index (room->users, index);
}

static gboolean
is_introduced (const GstChatRosterUser * user)
{
  return user->index < user->room->n_introduced;
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

void
gst_chat_roster_end_calls (GstChatRoster * roster)
{
  roster->ending = TRUE;
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

static void
list_add (GstChatUserList * list, const GstChatRosterUser * user)
{
  gst_chat_user_list_add (list, user->id, user->name);
}

/* The users from @begin to @end as frames that all may share. */
static GPtrArray *
build_frames (const Room * room, guint begin, guint end)
{
  GPtrArray *frames =
      g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  GstChatUserList list;
  gst_chat_user_list_init (&list);
  for (guint i = begin; i < end; i++) {
    list_add (&list, user_at (room, i));
    if (i + 1 < end && !gst_chat_user_list_is_full (&list))
      continue;
    g_ptr_array_add (frames, gst_chat_user_list_frame (&list));
    gst_chat_user_list_reset (&list);
  }
  gst_chat_user_list_clear (&list);
  return frames;
}

static void
add_frames (GArray * effects, const GstChatRosterUser * to, GPtrArray * frames)
{
  for (guint i = 0; i < frames->len; i++)
    add_effect (effects, to, g_ptr_array_index (frames, i));
}

/* To each of those from @begin to @end, who fit into one list, the others of
 * them. Who is alone gets an empty list, as the base server sends it. */
static void
introduce_among (const Room * room, guint begin, guint end, GArray * effects)
{
  GstChatUserList list;
  gst_chat_user_list_init (&list);
  for (guint i = begin; i < end; i++)
    list_add (&list, user_at (room, i));
  for (guint i = begin; i < end && (end - begin > 1 || room->users->len == 1);
      i++) {
    g_autoptr (GBytes) frame =
        gst_chat_user_list_frame_without (&list, i - begin);
    add_effect (effects, user_at (room, i), frame);
  }
  gst_chat_user_list_clear (&list);
}

/* A part of the newcomers: to them all who were introduced before, and each
 * other; to all those, them. */
static void
introduce_part (Room * room, guint end, GArray * effects)
{
  guint begin = room->n_introduced;
  g_autoptr (GPtrArray) old = build_frames (room, 0, begin);
  for (guint i = begin; i < end; i++)
    add_frames (effects, user_at (room, i), old);
  introduce_among (room, begin, end, effects);
  g_autoptr (GPtrArray) fresh = build_frames (room, begin, end);
  for (guint i = 0; i < begin; i++)
    add_frames (effects, user_at (room, i), fresh);
  room->n_introduced = end;
}

/* How many of those who wait fit into one list, as an end. */
static guint
end_of_part (const Room * room)
{
  GstChatUserList list;
  gst_chat_user_list_init (&list);
  guint end = room->n_introduced;
  while (end < room->users->len && !gst_chat_user_list_is_full (&list))
    list_add (&list, user_at (room, end++));
  gst_chat_user_list_clear (&list);
  return end;
}

static void
introduce (Room * room, gint64 now, GArray * effects)
{
  while (room->n_introduced < room->users->len)
    introduce_part (room, end_of_part (room), effects);
  room->quiet_from = now + GST_CHAT_JOIN_TIME_US;
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

/* Somebody has come into @room: now, or with others in a moment. Every moment
 * is as long, so that the room that began to wait first is due first. */
static void
announce (GstChatRoster * roster, Room * room, gint64 now, GArray * effects)
{
  guint n_waiting = room->users->len - room->n_introduced;
  if (n_waiting > 1)
    return;
  if (room->users->len <= GST_CHAT_SMALL_ROOM || now >= room->quiet_from) {
    introduce (room, now, effects);
    return;
  }
  room->due = now + GST_CHAT_JOIN_TIME_US;
  g_queue_push_tail (&roster->waiting, room);
}

GstChatRosterUser *
gst_chat_roster_join (GstChatRoster * roster, const gchar * id,
    const gchar * name, const gchar * room, gpointer user_data, gint64 now,
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
  announce (roster, user->room, now, effects);
  return user;
}

void
gst_chat_roster_flush (GstChatRoster * roster, gint64 now, GArray * effects)
{
  while (gst_chat_roster_next_flush (roster) <= now)
    introduce (g_queue_pop_head (&roster->waiting), now, effects);
}

gint64
gst_chat_roster_next_flush (const GstChatRoster * roster)
{
  const Room *room = g_queue_peek_head ((GQueue *) & roster->waiting);
  return room == NULL ? G_MAXINT64 : room->due;
}

static void
move_to (Room * room, guint from, guint to)
{
  if (from == to)
    return;
  GstChatRosterUser *user = user_at (room, from);
  room->users->pdata[to] = user;
  user->index = to;
}

/* The place that gets free is filled by the last of those who are introduced,
 * and that one's by the last of those who wait. */
static void
leave_room (GstChatRoster * roster, GstChatRosterUser * user)
{
  Room *room = user->room;
  guint hole = user->index;
  gboolean waited = !is_introduced (user);
  if (!waited) {
    move_to (room, --room->n_introduced, hole);
    hole = room->n_introduced;
  }
  move_to (room, room->users->len - 1, hole);
  g_ptr_array_set_size (room->users, (gint) room->users->len - 1);

  if (waited && room->n_introduced == room->users->len)
    g_queue_remove (&roster->waiting, room);
  if (room->users->len == 0)
    g_hash_table_remove (roster->rooms, room->name);
}

/* To all who may know @user: nobody knows one who waits, unless they met, and
 * who waits knows nobody else. */
static void
say_good_bye (const GstChatRosterUser * user, gboolean lost, GArray * effects)
{
  if (!is_introduced (user) && !user->met)
    return;
  GString *text = begin_frame ("remove-user", 64);
  g_string_append (text, "\"socketId\":");
  gst_chat_json_append_string (text, user->id);
  if (lost)
    g_string_append (text, ",\"lost\":true");
  g_autoptr (GBytes) frame = end_frame (text);
  for (guint i = 0; i < user->room->users->len; i++) {
    const GstChatRosterUser *other = user_at (user->room, i);
    if (other != user && (is_introduced (other) || other->met))
      add_effect (effects, other, frame);
  }
}

void
gst_chat_roster_leave (GstChatRoster * roster, GstChatRosterUser * user,
    gboolean lost, GArray * effects)
{
  if (effects != NULL)
    say_good_bye (user, lost, effects);
  g_hash_table_remove (roster->users, user->id);
  leave_room (roster, user);
  g_clear_pointer (&user->callers, g_hash_table_unref);
  g_free (user->id);
  g_free (user->name);
  g_free (user);
}

GstChatRosterUser *
gst_chat_roster_find (const GstChatRoster * roster, const gchar * id)
{
  return g_hash_table_lookup (roster->users, id);
}

gboolean
gst_chat_roster_user_is (const GstChatRosterUser * user, const gchar * name,
    const gchar * room)
{
  g_autofree gchar *clean = gst_chat_text_clean (name, GST_CHAT_MAX_NAME_BYTES);
  return g_strcmp0 (user->name, clean) == 0
      && strcmp (user->room->name, room == NULL ? "" : room) == 0;
}

gpointer
gst_chat_roster_take_over (GstChatRoster * roster, GstChatRosterUser * user,
    gpointer user_data, GArray * effects)
{
  const Room *room = user->room;
  gpointer before = user->user_data;
  user->user_data = user_data;
  add_effect (effects, user, roster->server_info);
  /* Who still waits is introduced with the others. */
  if (!is_introduced (user))
    return before;
  g_autoptr (GPtrArray) until = build_frames (room, 0, user->index);
  g_autoptr (GPtrArray) from = build_frames (room, user->index + 1,
      room->n_introduced);
  add_frames (effects, user, until);
  add_frames (effects, user, from);
  if (room->n_introduced == 1)
    introduce_among (room, 0, 1, effects);
  return before;
}

/* Before something of @from goes to @to, and one of them waits: nobody hears
 * from somebody that it was not told of. */
static void
meet (GstChatRosterUser * from, GstChatRosterUser * to, GArray * effects)
{
  if (is_introduced (from) && is_introduced (to))
    return;
  GstChatUserList list;
  gst_chat_user_list_init (&list);
  list_add (&list, from);
  g_autoptr (GBytes) frame = gst_chat_user_list_frame (&list);
  add_effect (effects, to, frame);
  gst_chat_user_list_clear (&list);
  from->met = to->met = TRUE;
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
relay_offer (GstChatRosterUser * from, GstChatRosterUser * to,
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
  meet (from, to, effects);
  add_effect (effects, to, frame);
  remember_caller (to, from, now);
  return GST_CHAT_RELAY_DONE;
}

static GstChatRelay
relay_answer (GstChatRosterUser * from, GstChatRosterUser * to,
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
  meet (from, to, effects);
  add_effect (effects, to, frame);
  return GST_CHAT_RELAY_DONE;
}

/* `socket` is the server's word: what the sender wrote there is left out. */
static GstChatRelay
relay_extension (GstChatRosterUser * from, GstChatRosterUser * to,
    const gchar * event, GstChatSlice payload, GArray * effects)
{
  static const gchar *const replaced[] = { "to", "socket", NULL };
  if (payload.len > GST_CHAT_MAX_EXTENSION_BYTES)
    return GST_CHAT_RELAY_REFUSED;

  GString *text = begin_frame (event, payload.len + 256);
  append_socket (text, from);
  gst_chat_json_copy_members (text, payload, replaced);
  g_autoptr (GBytes) frame = end_frame (text);
  meet (from, to, effects);
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
      if (to != NULL && roster->ending && !has_called (user, to, now))
        return GST_CHAT_RELAY_NOBODY;
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
    case GST_CHAT_EVENT_MEDIA_STATE:
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
