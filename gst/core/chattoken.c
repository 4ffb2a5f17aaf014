/* SPDX-License-Identifier: LGPL-2.1-or-later
 * What a server's secret says of somebody.
 *
 * A token is EXPIRES.NAME.ROOM.MAC: decimal, base64url twice ("*": any), and
 * HMAC-SHA256 of what is in front of the last dot, in base64url. */
#include "chattoken.h"

#include <string.h>

#include "chatlimits.h"
#include "chatmessage.h"

#define MAC_BYTES 32
/* The secret may serve other purposes: a token's text is its own. */
#define PURPOSE "gst-chat-token "

static gchar *
to_base64url (gconstpointer data, gsize len)
{
  gchar *text = g_base64_encode (data, len);
  g_strdelimit (text, "+", '-');
  g_strdelimit (text, "/", '_');
  text[strcspn (text, "=")] = '\0';
  return text;
}

/* As the roster has it. */
static gchar *
encode_name (const gchar * name)
{
  if (name == NULL)
    return g_strdup ("*");
  g_autofree gchar *clean = gst_chat_text_clean (name, GST_CHAT_MAX_NAME_BYTES);
  return to_base64url (clean == NULL ? "" : clean,
      clean == NULL ? 0 : strlen (clean));
}

/* A room is what it is called, to the byte. */
static gchar *
encode_room (const gchar * room)
{
  return room == NULL ? g_strdup ("*") : to_base64url (room, strlen (room));
}

static gchar *
mac_of (GBytes * secret, const gchar * text)
{
  guint8 mac[MAC_BYTES];
  gsize len = sizeof mac, secret_len;
  const guint8 *data = g_bytes_get_data (secret, &secret_len);
  GHmac *hmac = g_hmac_new (G_CHECKSUM_SHA256, data, secret_len);
  g_hmac_update (hmac, (const guchar *) PURPOSE, strlen (PURPOSE));
  g_hmac_update (hmac, (const guchar *) text, (gssize) strlen (text));
  g_hmac_get_digest (hmac, mac, &len);
  g_hmac_unref (hmac);
  return to_base64url (mac, len);
}

gchar *
gst_chat_token_make (GBytes * secret, const gchar * name, const gchar * room,
    gint64 expires)
{
  g_autofree gchar *who = encode_name (name);
  g_autofree gchar *where = encode_room (room);
  g_autofree gchar *text = g_strdup_printf ("%" G_GINT64_FORMAT ".%s.%s",
      expires, who, where);
  g_autofree gchar *mac = mac_of (secret, text);
  return g_strconcat (text, ".", mac, NULL);
}

/* Takes the same time wherever the first difference is. */
static gboolean
is_same (const gchar * a, const gchar * b)
{
  gsize len = strlen (a);
  if (strlen (b) != len)
    return FALSE;
  volatile guint8 difference = 0;
  for (gsize i = 0; i < len; i++)
    difference |= (guint8) (a[i] ^ b[i]);
  return difference == 0;
}

GstChatTokenCheck
gst_chat_token_check (GBytes * secret, const gchar * token,
    const gchar * name, const gchar * room, gint64 now)
{
  if (token == NULL || *token == '\0')
    return GST_CHAT_TOKEN_MISSING;
  const gchar *mac = strrchr (token, '.');
  if (strlen (token) > GST_CHAT_MAX_TOKEN_BYTES || mac == NULL)
    return GST_CHAT_TOKEN_WRONG;
  g_autofree gchar *text = g_strndup (token, mac - token);
  g_autofree gchar *expected = mac_of (secret, text);
  if (!is_same (expected, mac + 1))
    return GST_CHAT_TOKEN_WRONG;

  /* From here on it is our own text. */
  g_auto (GStrv) parts = g_strsplit (text, ".", 0);
  if (g_strv_length (parts) != 3)
    return GST_CHAT_TOKEN_WRONG;
  if (now >= g_ascii_strtoll (parts[0], NULL, 10))
    return GST_CHAT_TOKEN_EXPIRED;
  g_autofree gchar *who = encode_name (name == NULL ? "" : name);
  if (!g_str_equal (parts[1], "*") && !g_str_equal (parts[1], who))
    return GST_CHAT_TOKEN_NAME;
  g_autofree gchar *where = encode_room (room == NULL ? "" : room);
  if (!g_str_equal (parts[2], "*") && !g_str_equal (parts[2], where))
    return GST_CHAT_TOKEN_ROOM;
  return GST_CHAT_TOKEN_FINE;
}

const gchar *
gst_chat_token_text (GstChatTokenCheck check)
{
  switch (check) {
    case GST_CHAT_TOKEN_FINE:
      return "The auth-token is right";
    case GST_CHAT_TOKEN_MISSING:
      return "This server wants an auth-token";
    case GST_CHAT_TOKEN_WRONG:
      return "The auth-token is not valid here";
    case GST_CHAT_TOKEN_EXPIRED:
      return "The auth-token has expired";
    case GST_CHAT_TOKEN_NAME:
      return "The auth-token is for another name";
    case GST_CHAT_TOKEN_ROOM:
      return "The auth-token is for another room";
  }
  g_return_val_if_reached (NULL);
}

gchar *
gst_chat_turn_username (const gchar * id, gint64 expires)
{
  return g_strdup_printf ("%" G_GINT64_FORMAT ":%s", expires, id);
}

gchar *
gst_chat_turn_credential (GBytes * secret, const gchar * username)
{
  guint8 mac[20];
  gsize len = sizeof mac, secret_len;
  const guint8 *data = g_bytes_get_data (secret, &secret_len);
  GHmac *hmac = g_hmac_new (G_CHECKSUM_SHA1, data, secret_len);
  g_hmac_update (hmac, (const guchar *) username, (gssize) strlen (username));
  g_hmac_get_digest (hmac, mac, &len);
  g_hmac_unref (hmac);
  return g_base64_encode (mac, len);
}

/* Hexadecimal digits of 128 bits. */
#define LEAST_KEY_BYTES 32
/* Three quarters of the characters of an id. */
#define ID_BYTES 15

gchar *
gst_chat_id_from_key (const gchar * key)
{
  if (strlen (key) < LEAST_KEY_BYTES || strlen (key) > GST_CHAT_MAX_KEY_BYTES)
    return NULL;
  guint8 digest[32];
  gsize len = sizeof digest;
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  g_checksum_update (checksum, (const guchar *) "gst-chat id ", -1);
  g_checksum_update (checksum, (const guchar *) key, -1);
  g_checksum_get_digest (checksum, digest, &len);
  return to_base64url (digest, ID_BYTES);
}
