/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Candidates that come after the first description. */
#include "chatpeertest.h"
#include "criticals.h"

#include <gio/gio.h>
#include <gst/check/gstcheck.h>

/* A STUN server that keeps all questions until it is let go, and then says of
 * everybody that they have this address: one more candidate, and late. */
#define SEEN_ADDRESS 0x7f000002 /* 127.0.0.2 */
#define MAGIC 0x2112a442
#define MAX_ASKED 64

typedef struct
{
  GSocket *socket;
  GThread *thread;
  guint port;
  gint state;                   /* atomic */
} Stun;

enum
{ KEEPS, ANSWERS, ENDS };

static void
stun_answer (Stun * stun, const guint8 * question, GSocketAddress * from)
{
  guint8 answer[32] = { 0x01, 0x01, 0, 12 };
  guint port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (from));

  memcpy (answer + 4, question + 4, 16);        /* magic and transaction */
  GST_WRITE_UINT16_BE (answer + 20, 0x0020);    /* XOR-MAPPED-ADDRESS */
  GST_WRITE_UINT16_BE (answer + 22, 8);
  GST_WRITE_UINT16_BE (answer + 24, 0x0001);
  GST_WRITE_UINT16_BE (answer + 26, port ^ (MAGIC >> 16));
  GST_WRITE_UINT32_BE (answer + 28, SEEN_ADDRESS ^ MAGIC);
  g_socket_send_to (stun->socket, from, (const gchar *) answer, sizeof answer,
      NULL, NULL);
}

static gpointer
stun_run (gpointer data)
{
  Stun *stun = data;

  while (g_atomic_int_get (&stun->state) != ENDS) {
    guint8 question[1500];
    g_autoptr (GSocketAddress) from = NULL;

    if (!g_socket_condition_timed_wait (stun->socket, G_IO_IN, 20000, NULL,
            NULL))
      continue;
    gssize len = g_socket_receive_from (stun->socket, &from,
        (gchar *) question, sizeof question, NULL, NULL);
    /* Who is not answered asks again. */
    if (len >= 20 && g_atomic_int_get (&stun->state) == ANSWERS)
      stun_answer (stun, question, from);
  }
  return NULL;
}

static void
stun_start (Stun * stun)
{
  g_autoptr (GInetAddress) loopback =
      g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) any = g_inet_socket_address_new (loopback, 0);

  stun->socket = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM,
      G_SOCKET_PROTOCOL_UDP, NULL);
  fail_unless (g_socket_bind (stun->socket, any, FALSE, NULL));
  g_autoptr (GSocketAddress) bound =
      g_socket_get_local_address (stun->socket, NULL);
  stun->port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound));
  stun->thread = g_thread_new ("stun", stun_run, stun);
}

static void
stun_stop (Stun * stun)
{
  g_atomic_int_set (&stun->state, ENDS);
  g_thread_join (stun->thread);
  g_object_unref (stun->socket);
}

static TestPeer *
peer_with_stun (ChatWire * wire, const gchar * id, guint hz, const Stun * stun)
{
  TestPeer *test = test_peer_new (wire, id, NULL, hz);
  g_autofree gchar *server = g_strdup_printf ("stun://127.0.0.1:%u",
      stun->port);

  g_object_set (test->peer, "local-address", "127.0.0.1", "stun-server",
      server, NULL);
  return test;
}

/* A callee tells each candidate at once that its description did not have, and
 * that there are no more. It has no other way to. */
GST_START_TEST (test_trickle)
{
  Stun stun = { 0 };
  stun_start (&stun);
  ChatWire *wire = chat_wire_new (TRUE, FALSE);
  TestPeer *a = test_peer_new (wire, "aaa", NULL, 440);
  TestPeer *b = peer_with_stun (wire, "bbb", 880, &stun);
  gboolean done = FALSE;

  g_object_set (a->peer, "local-address", "127.0.0.1", NULL);
  test_peer_play (a, wire);
  test_peer_play (b, wire);
  g_signal_emit_by_name (a->peer, "call", "bbb", &done);
  fail_unless (done);
  /* libnice asks for two seconds; the answer does not wait so long. */
  g_autofree gchar *answer = chat_wire_wait (wire, "bbb", "make-answer", 1);
  g_atomic_int_set (&stun.state, ANSWERS);
  g_autofree gchar *offer = chat_wire_wait (wire, "aaa", "call-user", 1);
  fail_unless (strstr (offer, "\"trickle\":true") != NULL);
  fail_unless (strstr (answer, "\"trickle\":true") != NULL);
  fail_unless (strstr (answer, " 127.0.0.2 ") == NULL);
  g_autofree gchar *late = chat_wire_wait (wire, "bbb", "ice-candidate", 1);
  fail_unless (strstr (late, " 127.0.0.2 ") != NULL, "%s", late);
  fail_unless (strstr (late, "\"sdpMLineIndex\":0") != NULL, "%s", late);
  g_autofree gchar *end = chat_wire_wait (wire, "bbb", "ice-candidate", 2);
  fail_unless (strstr (end, "\"candidate\":null") != NULL, "%s", end);
  test_peer_wait_media (a, GST_CHAT_COLOUR_NONE, 880);
  test_peer_wait_media (b, GST_CHAT_COLOUR_NONE, 440);
  fail_unless_equals_int (test_peer_count_messages (a, GST_MESSAGE_WARNING), 0);
  fail_unless_equals_int (test_peer_count_messages (b, GST_MESSAGE_WARNING), 0);
  test_peer_free (a, wire);
  test_peer_free (b, wire);
  chat_wire_free (wire);
  stun_stop (&stun);
}

GST_END_TEST;

/* The wire of a base server dies of an event that it does not relay. */
GST_START_TEST (test_no_trickle_on_a_base_server)
{
  Stun stun = { 0 };
  stun_start (&stun);
  ChatWire *wire = chat_wire_new (FALSE, FALSE);
  TestPeer *a = peer_with_stun (wire, "aaa", 440, &stun);
  TestPeer *b = peer_with_stun (wire, "bbb", 880, &stun);
  gboolean done = FALSE;

  test_peer_play (a, wire);
  test_peer_play (b, wire);
  g_signal_emit_by_name (a->peer, "call", "bbb", &done);
  fail_unless (done);
  g_autofree gchar *early = chat_wire_wait (wire, "aaa", "call-user", 1);
  g_atomic_int_set (&stun.state, ANSWERS);
  g_autofree gchar *answer = chat_wire_wait (wire, "bbb", "make-answer", 1);
  fail_unless (strstr (answer, "\"trickle\":false") != NULL);
  /* The second round has them. */
  g_autofree gchar *offer = chat_wire_wait (wire, "aaa", "call-user", 2);
  g_autofree gchar *again = chat_wire_wait (wire, "bbb", "make-answer", 2);
  test_peer_wait_media (a, GST_CHAT_COLOUR_NONE, 880);
  fail_unless_equals_int (chat_wire_count (wire, "aaa", "ice-candidate"), 0);
  fail_unless_equals_int (chat_wire_count (wire, "bbb", "ice-candidate"), 0);
  test_peer_free (a, wire);
  test_peer_free (b, wire);
  chat_wire_free (wire);
  stun_stop (&stun);
}

GST_END_TEST;

static Suite *
trickle_suite (void)
{
  Suite *suite = suite_create ("trickle");
  criticals_are_fatal ();
  TCase *calls = tcase_create ("calls");

  tcase_set_timeout (calls, 120);
  suite_add_tcase (suite, calls);
  tcase_add_test (calls, test_trickle);
  tcase_add_test (calls, test_no_trickle_on_a_base_server);
  return suite;
}

GST_CHECK_MAIN (trickle);
