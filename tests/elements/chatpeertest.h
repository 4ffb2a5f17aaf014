/* SPDX-License-Identifier: LGPL-2.1-or-later
 * A chatpeer in a pipeline for tests: what it sends is a ball of one colour and
 * a tone, what it receives is recognised, what it says is kept. */
#pragma once

#include "chatmediacheck.h"
#include "chatwire.h"

#include <gst/gst.h>

G_BEGIN_DECLS

/* Colours of the balls. */
#define RED "0xffff0000"
#define GREEN "0xff00ff00"

typedef struct {
  GstElement *pipeline;
  GstElement *peer;
  const gchar *id;
  GMutex lock;
  GCond changed;
  GPtrArray *messages;          /* lock; GstMessage */
  GPtrArray *pads;              /* lock; names of source pads, in order */
  GstChatPictureCheck *picture; /* lock */
  GstChatToneCheck *tone;       /* lock */
  guint n_buffers[2];           /* lock; audio, video */
  guint n_eos[2];               /* lock */
  guint n_pipeline_eos;         /* lock */
} TestPeer;

/* @colour NULL: sends no video; @hz 0: no audio. @description: more elements of
 * the pipeline, or NULL. With @wire NULL chatpeer connects by itself. */
TestPeer *test_peer_new (ChatWire * wire, const gchar * id, const gchar * colour,
    guint hz);
void test_peer_play (TestPeer * test, ChatWire * wire);
/* To NULL, and checks that this is soon. */
void test_peer_stop (TestPeer * test);
void test_peer_free (TestPeer * test, ChatWire * wire);

/* Most calls: "aaa" with a red ball and "bbb" with a green one. */
typedef struct {
  ChatWire *wire;
  TestPeer *a;
  TestPeer *b;
} TestPair;

/* Owns @wire; hz as in test_peer_new(). */
TestPair test_pair (ChatWire * wire, guint a_hz, guint b_hz);
void test_pair_play (TestPair * pair);
void test_pair_clear (TestPair * pair);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TestPair, test_pair_clear)

/* How many seconds more than usual is waited from now on. */
void test_peer_be_patient (guint seconds);
/* How many chat-call messages of that state there were. */
guint test_peer_count (TestPeer * test, const gchar * state);
/* Waits for the nth (from 1) of them; its reason must be @reason unless NULL. */
void test_peer_wait_call (TestPeer * test, const gchar * state, guint nth,
    const gchar * reason);
guint test_peer_count_messages (TestPeer * test, GstMessageType type);
void test_peer_wait_message (TestPeer * test, GstMessageType type, guint nth);
/* Waits for a warning in whose text there is @part. */
void test_peer_wait_warning (TestPeer * test, const gchar * part);
/* Waits until what comes in now is a moving ball of @colour and a tone of @hz;
 * what came before is forgotten. */
void test_peer_wait_media (TestPeer * test, GstChatColour colour, guint hz);
void test_peer_wait_eos (TestPeer * test, guint kind);

/* Its actions; the first fails the test where it cannot be. */
void test_peer_call (TestPeer * test, const gchar * whom);
void test_peer_hang_up (TestPeer * test);

G_END_DECLS
