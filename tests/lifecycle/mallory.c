/* SPDX-License-Identifier: LGPL-2.1-or-later
 * What a peer that means harm says. */
#include "mallory.h"

#include <string.h>

#include "chatjsonscan.h"

#define SESSION_CHARS 32

struct _Mallory
{
  GPtrArray *sdp;               /* gchar * */
  guint64 state;
  gchar *session;               /* said last */
  gchar *said;                  /* the description said last, or NULL */
};

/* Attributes and words that mean something somewhere. */
static const gchar *const lines[] = {
  "a=mid:0", "a=mid:", "a=bundle-only", "a=group:BUNDLE 0 1 2 3",
  "a=group:BUNDLE", "a=setup:active", "a=setup:holdconn", "a=rtcp-mux",
  "a=ice-ufrag:x", "a=ice-ufrag:aaaa", "a=ice-pwd:short",
  "a=ice-lite", "a=ice-options:trickle", "a=end-of-candidates",
  "a=fingerprint:sha-256 00", "a=fingerprint:md5 00:11", "a=sendrecv",
  "a=inactive", "a=recvonly", "a=ssrc:1 cname:x", "a=ssrc:4294967296 cname:x",
  "a=ssrc-group:FID 1 2", "a=msid:- -", "a=rtpmap:96 VP8/90000",
  "a=rtpmap:96 H264/90000", "a=rtpmap:999 VP8/90000", "a=fmtp:96 apt=96",
  "a=rtcp-fb:* nack pli", "a=extmap:1 urn:x", "a=extmap:300 urn:x",
  "m=video 9 UDP/TLS/RTP/SAVPF 96", "m=audio 0 UDP/TLS/RTP/SAVPF 111",
  "m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "m=video 9 RTP/AVP 96",
  "m=", "c=IN IP4 0.0.0.0", "c=IN IP6 ::", "b=AS:1", "b=TIAS:99999999999",
  "s=-", "t=0 0", "v=1", "a=simulcast:send 1;2", "a=rid:1 send", "", "=", "a",
};

static const gchar *const candidates[] = {
  "candidate:1 1 udp 2130706431 127.0.0.1 9 typ host",
  "candidate:1 1 udp 2130706431 127.0.0.1 1 typ host",
  "candidate:1 1 udp 2130706431 0.0.0.0 5000 typ host",
  "candidate:1 1 udp 2130706431 224.0.0.1 5000 typ host",
  "candidate:1 1 udp 2130706431 ::1 5000 typ host",
  "candidate:1 1 udp 2130706431 fe80::1 5000 typ host",
  "candidate:1 1 tcp 2130706431 127.0.0.1 9 typ host tcptype active",
  "candidate:1 2 udp 2130706431 127.0.0.1 5001 typ host",
  "candidate:0 1 udp 1 8a2f4d1c-0b7e-4f0e-9d3c-5a6b7c8d9e0f.local 5 typ host",
  "candidate:0 1 udp 1 .local 5 typ host", "candidate:", "", "%s%n%d",
  "candidate:1 1 udp 99999999999999 127.0.0.1 5000 typ host",
  "candidate:1 1 udp 1 127.0.0.1 99999 typ relay raddr x rport y",
  "candidate:1 1 udp 1 127.0.0.1 5000 typ nothing", "\n\r\n", "a=candidate:",
};

static const gchar *const extensions[] = {
  "hang-up", "cancel", "decline", "ringing", "chat-message", "media-state",
  "update-user-list", "remove-user", "server-info", "call-made",
  "answer-made", "signalling-connected", "signalling-disconnected",
  "no-such-event", "",
};

static const gchar *const values[] = {
  "null", "true", "0", "-1", "1e999", "99999999999999999999", "\"\"", "[]",
  "{}", "\"\\u0000\"", "\"\\ud800\"", "[[[[[[[[[[[[]]]]]]]]]]]]",
  "{\"sdp\":5}", "{\"sdp\":null}", "{\"type\":\"pranswer\",\"sdp\":\"v=0\"}",
  "{\"type\":\"rollback\",\"sdp\":\"\"}", "{\"sdp\":\"\"}",
  "{\"sdp\":\"v=0\\r\\n\"}", "{\"candidate\":{}}", "{\"candidate\":null}",
};

#define PICK(table) table[mallory_draw (mallory, G_N_ELEMENTS (table))]

Mallory *
mallory_new (GPtrArray * sdp)
{
  Mallory *mallory = g_new0 (Mallory, 1);

  mallory->sdp = sdp;
  return mallory;
}

void
mallory_free (Mallory * mallory)
{
  g_free (mallory->session);
  g_free (mallory->said);
  g_free (mallory);
}

void
mallory_begin (Mallory * mallory, guint64 seed)
{
  mallory->state = seed * 0x9e3779b97f4a7c15u + 1;
  g_clear_pointer (&mallory->session, g_free);
  g_clear_pointer (&mallory->said, g_free);
}

/* xorshift64*: the same numbers everywhere. */
guint
mallory_draw (Mallory * mallory, guint n)
{
  guint64 *state = &mallory->state;

  *state ^= *state >> 12;
  *state ^= *state << 25;
  *state ^= *state >> 27;
  return n == 0 ? 0 : ((*state * 0x2545f4914f6cdd1du) >> 32) % n;
}

/* --- descriptions --- */

static void
spoil_line (Mallory * mallory, GPtrArray * text)
{
  guint at = mallory_draw (mallory, text->len);
  guint other = mallory_draw (mallory, text->len);
  gchar *line = text->pdata[at];

  switch (mallory_draw (mallory, 7)) {
    case 0:
      g_ptr_array_remove_index (text, at);
      return;
    case 1:
      g_ptr_array_insert (text, at, g_strdup (PICK (lines)));
      return;
    case 2:
      g_ptr_array_insert (text, at, g_strdup (text->pdata[other]));
      return;
    case 3:
      text->pdata[at] = text->pdata[other];
      text->pdata[other] = line;
      return;
    case 4:                    /* a number becomes another one */
      for (gchar * p = line; *p != '\0'; p++) {
        if (g_ascii_isdigit (*p) && mallory_draw (mallory, 3) == 0)
          *p = '0' + mallory_draw (mallory, 10);
      }
      return;
    case 5:
      line[mallory_draw (mallory, strlen (line) + 1)] = '\0';
      return;
    case 6:
      if (*line != '\0')
        line[mallory_draw (mallory, strlen (line))] =
            ' ' + mallory_draw (mallory, 95);
      return;
  }
}

static gchar *
make_sdp (Mallory * mallory)
{
  const gchar *seed = mallory->sdp->pdata[mallory_draw (mallory,
          mallory->sdp->len)];
  g_auto (GStrv) words = NULL;

  /* The one before again, as in the protocol's second round. */
  if (mallory->said != NULL && mallory_draw (mallory, 3) == 0)
    seed = mallory->said;
  words = g_strsplit (seed, "\r\n", -1);
  g_autoptr (GPtrArray) text = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; words[i] != NULL; i++)
    g_ptr_array_add (text, g_strdup (words[i]));
  /* Often whole: what comes later than the first look at it is to be met too. */
  for (guint n = mallory_draw (mallory, 2) * mallory_draw (mallory, 8);
      n > 0 && text->len > 0; n--)
    spoil_line (mallory, text);
  if (mallory_draw (mallory, 20) == 0)
    for (guint n = mallory_draw (mallory, 700); n > 0; n--)
      g_ptr_array_add (text, g_strconcat ("a=", PICK (candidates), NULL));
  g_ptr_array_add (text, NULL);
  return g_strjoinv ("\r\n", (gchar **) text->pdata);
}

static const gchar *
make_session (Mallory * mallory)
{
  if (mallory->session == NULL || mallory_draw (mallory, 8) == 0) {
    g_free (mallory->session);
    mallory->session = g_malloc (SESSION_CHARS + 1);
    for (guint i = 0; i < SESSION_CHARS; i++)
      mallory->session[i] = "0123456789abcdef"[mallory_draw (mallory, 16)];
    mallory->session[SESSION_CHARS] = '\0';
  }
  return mallory->session;
}

static void
append_chat (Mallory * mallory, GString * out)
{
  g_string_append_printf (out, ",\"chat\":{\"protocol\":%u,\"session\":\"%s\","
      "\"trickle\":%s,\"seq\":%u", 1 + mallory_draw (mallory, 2),
      mallory_draw (mallory, 10) == 0 ? "guessed" : make_session (mallory),
      mallory_draw (mallory, 2) ? "true" : "false", mallory_draw (mallory, 4));
  if (mallory_draw (mallory, 3) == 0)
    g_string_append_printf (out, ",\"name\":%s,\"group\":%s", PICK (values),
        PICK (values));
  g_string_append_c (out, '}');
}

gchar *
mallory_description (Mallory * mallory, const gchar * to, gboolean is_offer)
{
  const gchar *type = is_offer ? "offer" : "answer";
  g_autofree gchar *sdp = make_sdp (mallory);
  g_autofree gchar *valid = g_utf8_make_valid (sdp, -1);
  GString *out = g_string_new (NULL);

  g_string_append_printf (out, "{\"%s\":{\"type\":\"%s\",\"sdp\":", type, type);
  gst_chat_json_append_string (out, valid);
  if (mallory_draw (mallory, 3) > 0)
    append_chat (mallory, out);
  g_string_append_printf (out, "},\"to\":\"%s\"}", to);
  g_free (mallory->said);
  mallory->said = g_steal_pointer (&valid);
  return g_string_free (out, FALSE);
}

/* --- everything else --- */

static gchar *
candidate_event (Mallory * mallory, const gchar * to)
{
  GString *out = g_string_new ("{\"candidate\":{\"candidate\":");

  gst_chat_json_append_string (out, PICK (candidates));
  g_string_append_printf (out, ",\"sdpMid\":\"%u\",\"sdpMLineIndex\":%d},"
      "\"session\":\"%s\",\"to\":\"%s\"}", mallory_draw (mallory, 20),
      (gint) mallory_draw (mallory, 20) - 2, make_session (mallory), to);
  return g_string_free (out, FALSE);
}

static gchar *
extension_event (Mallory * mallory, const gchar * to)
{
  static const gchar *const reasons[] = { "hung-up", "failed", "busy",
    "no-answer", "gone", "lost", "declined", "cancelled", "\\n\\n\\n", "none"
  };
  GString *out = g_string_new (NULL);

  g_string_append_printf (out, "{\"to\":\"%s\",\"reason\":\"%s\"", to,
      PICK (reasons));
  if (mallory_draw (mallory, 4) > 0)
    g_string_append_printf (out, ",\"session\":\"%s\"", make_session (mallory));
  if (mallory_draw (mallory, 2) == 0)
    g_string_append_printf (out, ",\"text\":%s", PICK (values));
  if (mallory_draw (mallory, 2) == 0)
    g_string_append_printf (out, ",\"text\":\"%.*s\"",
        (int) mallory_draw (mallory, 40), "%s%n <b>words</b> \\u202e and more");
  g_string_append_printf (out, ",\"socket\":%s,\"users\":%s}", PICK (values),
      PICK (values));
  return g_string_free (out, FALSE);
}

static gchar *
shapeless_event (Mallory * mallory, const gchar * to)
{
  return g_strdup_printf ("{\"to\":\"%s\",\"offer\":%s,\"answer\":%s,"
      "\"candidate\":%s,\"session\":%s}", to, PICK (values), PICK (values),
      PICK (values), PICK (values));
}

gchar *
mallory_event (Mallory * mallory, const gchar * to, const gchar ** event)
{
  static const gchar *const relayed[] = { "call-user", "make-answer",
    "ice-candidate"
  };

  switch (mallory_draw (mallory, 8)) {
    case 0:
    case 1:
      *event = "call-user";
      return mallory_description (mallory, to, TRUE);
    case 2:
      *event = "make-answer";
      return mallory_description (mallory, to, FALSE);
    case 3:
    case 4:
      *event = "ice-candidate";
      return candidate_event (mallory, to);
    case 5:
      *event = PICK (relayed);
      return shapeless_event (mallory, to);
    default:
      *event = PICK (extensions);
      return extension_event (mallory, to);
  }
}

GBytes *
mallory_noise (Mallory * mallory)
{
  static const gchar *const starts[] = { "42[", "42[\"call-user\",", "43[]",
    "451-[\"call-user\",{\"_placeholder\":true,\"num\":0}]", "2probe", "5", "",
    "40{\"token\":1}", "42/other,[\"call-user\",{}]", "44{}"
  };
  GByteArray *bytes = g_byte_array_new ();
  const gchar *start = PICK (starts);

  g_byte_array_append (bytes, (const guint8 *) start, strlen (start));
  for (guint n = mallory_draw (mallory, 60); n > 0; n--) {
    guint8 byte = ' ' + mallory_draw (mallory, 95);
    g_byte_array_append (bytes, &byte, 1);
  }
  return g_byte_array_free_to_bytes (bytes);
}

GBytes *
mallory_datagram (Mallory * mallory)
{
  /* STUN with its cookie, a handshake of DTLS, RTP, RTCP, and nothing. */
  static const guint8 starts[][8] = {
    {0x00, 0x01, 0x00, 0x08, 0x21, 0x12, 0xa4, 0x42},
    {0x01, 0x01, 0xff, 0xff, 0x21, 0x12, 0xa4, 0x42},
    {22, 0xfe, 0xff, 0, 0, 0, 0, 0}, {21, 0xfe, 0xfd, 0, 0, 0, 0, 0},
    {0x80, 96, 0, 1, 0, 0, 0, 1}, {0x81, 200, 0xff, 0xff, 0, 0, 0, 1}, {0},
  };
  guint8 data[512];
  guint len = mallory_draw (mallory, sizeof data);

  for (guint i = 0; i < sizeof data; i++)
    data[i] = mallory_draw (mallory, 256);
  memcpy (data, starts[mallory_draw (mallory, G_N_ELEMENTS (starts))], 8);
  return g_bytes_new (data, len);
}

gchar *
mallory_name (Mallory * mallory)
{
  static const gchar *const names[] = { "Mallory", "Victim", "Friend", "*", "",
    "%n%s", "\xe2\x80\xae" "evil", "<b>M</b>", "a\nb", "\xff\xfe"
  };
  guint n = mallory_draw (mallory, G_N_ELEMENTS (names) + 1);

  if (n == G_N_ELEMENTS (names)) {
    g_autofree gchar *huge = g_strnfill (mallory_draw (mallory, 2000), 'M');
    return g_uri_escape_string (huge, NULL, FALSE);
  }
  return g_uri_escape_bytes ((const guint8 *) names[n], strlen (names[n]),
      NULL);
}
