/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Tokens and credentials of a relay, beside those that others have computed. */
#include <string.h>

#include "chatlimits.h"
#include "chattoken.h"

#define SECRET "a secret of some length"
#define NOW 1700000000

static GBytes *
secret_of (const gchar * text)
{
  return g_bytes_new (text, strlen (text));
}

/* Computed by Python's hmac: the format is for others to make, too. */
static void
test_format (void)
{
  g_autoptr (GBytes) secret = secret_of (SECRET);
  g_autofree gchar *bound = gst_chat_token_make (secret, "Anna Müller", "r1",
      2000000000);
  g_assert_cmpstr (bound, ==, "2000000000.QW5uYSBNw7xsbGVy.cjE."
      "dUtQGuignWNFIvo04LkbVAoYjGoExXo8-nWiPY-vCXk");
  g_autofree gchar *any = gst_chat_token_make (secret, NULL, NULL, 1);
  g_assert_cmpstr (any, ==,
      "1.*.*.SQMoseSEWWqdWl0f6c8cxExFhg2daPURVNof98QvNU0");
}

/* Computed by Python's hashlib. */
static void
test_key (void)
{
  g_autofree gchar *id =
      gst_chat_id_from_key ("00112233445566778899aabbccddeeff");
  g_assert_cmpstr (id, ==, "AeRXt-Ead-Wt0Ogty7s-");
  g_autofree gchar *other =
      gst_chat_id_from_key ("00112233445566778899aabbccddeefe");
  g_assert_cmpstr (id, !=, other);
  g_assert_null (gst_chat_id_from_key ("0011223344556677"));
  g_assert_null (gst_chat_id_from_key (""));
  g_autofree gchar *longest = g_strnfill (GST_CHAT_MAX_KEY_BYTES + 1, 'k');
  g_assert_null (gst_chat_id_from_key (longest));
}

static void
test_check (void)
{
  static const struct
  {
    const gchar *granted_name;
    const gchar *granted_room;
    const gchar *name;
    const gchar *room;
    GstChatTokenCheck result;
  } cases[] = {
    {NULL, NULL, NULL, NULL, GST_CHAT_TOKEN_FINE},
    {NULL, NULL, "Anna", "r", GST_CHAT_TOKEN_FINE},
    {"Anna", NULL, "Anna", "r", GST_CHAT_TOKEN_FINE},
    {"Anna", NULL, " Anna ", NULL, GST_CHAT_TOKEN_FINE},
    {"Anna", NULL, "anna", NULL, GST_CHAT_TOKEN_NAME},
    {"Anna", NULL, NULL, NULL, GST_CHAT_TOKEN_NAME},
    {"*", NULL, "Anna", NULL, GST_CHAT_TOKEN_NAME},
    {"", NULL, NULL, NULL, GST_CHAT_TOKEN_FINE},
    {"", NULL, "Anna", NULL, GST_CHAT_TOKEN_NAME},
    {NULL, "r", "Anna", "r", GST_CHAT_TOKEN_FINE},
    {NULL, "r", "Anna", "r ", GST_CHAT_TOKEN_ROOM},
    {NULL, "r", "Anna", NULL, GST_CHAT_TOKEN_ROOM},
    {NULL, "", "Anna", NULL, GST_CHAT_TOKEN_FINE},
    {NULL, "", "Anna", "r", GST_CHAT_TOKEN_ROOM},
  };
  g_autoptr (GBytes) secret = secret_of (SECRET);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *token = gst_chat_token_make (secret,
        cases[i].granted_name, cases[i].granted_room, NOW + 1);
    g_assert_cmpint (gst_chat_token_check (secret, token, cases[i].name,
            cases[i].room, NOW), ==, cases[i].result);
    g_assert_cmpint (gst_chat_token_check (secret, token, cases[i].name,
            cases[i].room, NOW + 1), ==, GST_CHAT_TOKEN_EXPIRED);
  }
}

/* No byte of a token can be another one, and nothing else is one. */
static void
test_forged (void)
{
  g_autoptr (GBytes) secret = secret_of (SECRET);
  g_autoptr (GBytes) other = secret_of ("another secret of it");
  g_autofree gchar *token = gst_chat_token_make (secret, "Anna", "r", NOW + 9);
  g_assert_cmpint (gst_chat_token_check (secret, token, "Anna", "r", NOW), ==,
      GST_CHAT_TOKEN_FINE);
  g_assert_cmpint (gst_chat_token_check (other, token, "Anna", "r", NOW), ==,
      GST_CHAT_TOKEN_WRONG);
  for (gchar * c = token; *c != '\0'; c++) {
    gchar was = *c;
    *c = was == 'A' ? 'B' : 'A';
    g_assert_cmpint (gst_chat_token_check (secret, token, "Anna", "r", NOW),
        ==, GST_CHAT_TOKEN_WRONG);
    *c = was;
  }
  g_autofree gchar *cut = g_strndup (token, strlen (token) - 1);
  g_autofree gchar *dots = g_strnfill (2000, '.');
  const gchar *const texts[] = { cut, dots, ".", "...", "x", "1.*.*." };
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    g_assert_cmpint (gst_chat_token_check (secret, texts[i], "Anna", "r", NOW),
        ==, GST_CHAT_TOKEN_WRONG);
  g_assert_cmpint (gst_chat_token_check (secret, NULL, NULL, NULL, NOW), ==,
      GST_CHAT_TOKEN_MISSING);
  g_assert_cmpint (gst_chat_token_check (secret, "", NULL, NULL, NOW), ==,
      GST_CHAT_TOKEN_MISSING);
}

static void
test_turn (void)
{
  g_autoptr (GBytes) secret = secret_of ("north");
  g_autofree gchar *username =
      gst_chat_turn_username ("ninefingers", 1433895918);
  g_assert_cmpstr (username, ==, "1433895918:ninefingers");
  g_autofree gchar *credential = gst_chat_turn_credential (secret, username);
  g_assert_cmpstr (credential, ==, "jy8hTxmOO7UtEKXqSkSlvakPVYA=");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/token/format", test_format);
  g_test_add_func ("/token/key", test_key);
  g_test_add_func ("/token/check", test_check);
  g_test_add_func ("/token/forged", test_forged);
  g_test_add_func ("/token/turn", test_turn);
  return g_test_run ();
}
