/* SPDX-License-Identifier: LGPL-2.1-or-later
 * STUN and TURN servers as WebRTC writes them and as webrtcbin does. */
#include "chaticeserver.h"

static void
test_uris (void)
{
  static const struct
  {
    const gchar *url;
    const gchar *username;
    const gchar *credential;
    const gchar *uri;
  } cases[] = {
    {"turn:a.example", "u", "p", "turn://u:p@a.example:3478"},
    {"turn:10.0.0.1:99?transport=udp", "17:x_-Y", "a+b/c=",
        "turn://17%3Ax_-Y:a%2Bb%2Fc%3D@10.0.0.1:99?transport=udp"},
    {"turns:[::1]?transport=tcp", "@", ":",
        "turns://%40:%3A@[::1]:5349?transport=tcp"},
    {"turn:[fe80::1]:1", "u", "p", "turn://u:p@[fe80::1]:1"},
    {"stun:a.example:3479", NULL, NULL, "stun://a.example:3479"},
    {"stun:a.example", "u", "p", "stun://a.example:3478"},
    {"turn:a.example", NULL, "p", NULL},
    {"turn:a.example", "u", NULL, NULL},
    {"turn:", "u", "p", NULL},
    {"turn::3478", "u", "p", NULL},
    {"turn:a:0", "u", "p", NULL},
    {"turn:a:65536", "u", "p", NULL},
    {"turn:a:1x", "u", "p", NULL},
    {"turn:a b", "u", "p", NULL},
    {"turn:a@b", "u", "p", NULL},
    {"turn:a/b", "u", "p", NULL},
    {"turn://a", "u", "p", NULL},
    {"turn:[::1", "u", "p", NULL},
    {"turn:[]", "u", "p", NULL},
    {"turn:a?transport=sctp", "u", "p", NULL},
    {"http:a", "u", "p", NULL},
    {"", "u", "p", NULL},
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    GstChatIceServer server = { (gchar *) cases[i].url,
      (gchar *) cases[i].username, (gchar *) cases[i].credential
    };
    g_autofree gchar *uri = gst_chat_ice_server_uri (&server);
    g_assert_cmpstr (uri, ==, cases[i].uri);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/iceserver/uris", test_uris);
  return g_test_run ();
}
