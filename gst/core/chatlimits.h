/* SPDX-License-Identifier: LGPL-2.1-or-later
 * What a remote may cost: each limit once, with its reason. */
#pragma once

/* A full roster of 40,000 ids fits; an SDP with every codec is 10 KiB. */
#define GST_CHAT_MAX_MESSAGE_BYTES (1024 * 1024)
/* Chromium's largest offer seen is 9 KiB; simulcast and many candidates triple it. */
#define GST_CHAT_MAX_SDP_BYTES (64 * 1024)
/* The deepest message of the protocol nests five deep; json-glib recurses. */
#define GST_CHAT_MAX_JSON_DEPTH 32
/* An event of the protocol has at most 12 members; unknown ones are tolerated. */
#define GST_CHAT_MAX_JSON_MEMBERS 4096
/* Socket ids are 20 characters; servers of other make may use a UUID or more. */
#define GST_CHAT_MAX_ID_BYTES 128
/* A name is shown on one line of a phone. */
#define GST_CHAT_MAX_NAME_BYTES 128
#define GST_CHAT_MAX_ROOM_BYTES 64
#define GST_CHAT_MAX_REASON_BYTES 128
/* A name, a room, a time and a MAC, in base64. */
#define GST_CHAT_MAX_TOKEN_BYTES 512
/* By which somebody is the same again after a new connection. */
#define GST_CHAT_MAX_KEY_BYTES 128
#define GST_CHAT_MAX_TEXT_BYTES (16 * 1024)
/* Why a call has ended, in words: all codecs of both sides fit. */
#define GST_CHAT_MAX_WORDS_BYTES 512
/* 128 bits in hexadecimal. */
#define GST_CHAT_SESSION_CHARS 32
/* One list of users; what a small machine can hold. */
#define GST_CHAT_MAX_USERS 65536
/* Interfaces times address families times transports, with room to spare. */
#define GST_CHAT_MAX_CANDIDATES 128
#define GST_CHAT_MAX_CANDIDATE_BYTES 512
/* A line of an SDP; the longest of browsers (fmtp with parameter sets) is 300. */
#define GST_CHAT_MAX_SDP_LINE_BYTES 4096
/* Simulcast of three layers with retransmission and FEC is nine. */
#define GST_CHAT_MAX_SSRCS 64
/* Browsers write one digit, we a few letters. */
#define GST_CHAT_MAX_MID_BYTES 64
/* Audio and video, each a few times; browsers stop far earlier. */
#define GST_CHAT_MAX_MLINES 16
/* Node turns longer ids into floating point and answers another one. */
#define GST_CHAT_MAX_ACK_DIGITS 15
/* The protocol lives in the root namespace; others are only told apart from it. */
#define GST_CHAT_MAX_NAMESPACE_BYTES 256
#define GST_CHAT_MAX_EVENT_NAME_BYTES 128
/* What socket.io itself takes since CVE-2026-33151. */
#define GST_CHAT_MAX_ATTACHMENTS 10
#define GST_CHAT_MAX_ICE_SERVERS 16
#define GST_CHAT_MAX_URL_BYTES 1024

/* The server's own. */
/* An SDP with every line end escaped, and unknown members beside it. */
#define GST_CHAT_MAX_DESCRIPTION_BYTES (2 * GST_CHAT_MAX_SDP_BYTES)
/* A chat-message, escaped; all others are far smaller. */
#define GST_CHAT_MAX_EXTENSION_BYTES (2 * GST_CHAT_MAX_TEXT_BYTES)
/* An answer is taken from whoever was called this long ago: nobody can push
 * one on a stranger, and who answers twice (the base page) still may. */
#define GST_CHAT_ANSWER_TIME_US (60 * G_USEC_PER_SEC)
/* How many callers of one user are remembered; nobody answers more at once. */
#define GST_CHAT_MAX_CALLERS 256

/* What one connection, one address and the server as a whole may have, unless
 * GstChatLimits says otherwise. */
/* A call is ten events and some fifty candidates; a mesh of six begins five
 * calls at once. */
#define GST_CHAT_EVENTS_PER_SECOND 50
#define GST_CHAT_EVENTS_BURST 500
/* An offer is 10 KiB; the largest message alone has to fit into the burst. */
#define GST_CHAT_BYTES_PER_SECOND (256 * 1024)
#define GST_CHAT_BYTES_BURST (2 * GST_CHAT_MAX_MESSAGE_BYTES)
/* What is refused is forgiven so often, and once more each minute; then we do
 * without the sender. */
#define GST_CHAT_PATIENCE 64
/* A school behind one address; a browser has six connections, a chat is one. */
#define GST_CHAT_CONNECTIONS_PER_ADDRESS 512
#define GST_CHAT_SESSIONS_PER_ADDRESS 512
/* That school's lesson begins; each arrival is told to all others. */
#define GST_CHAT_ARRIVALS_PER_SECOND 10
#define GST_CHAT_ARRIVALS_BURST 200
/* An honest request takes some milliseconds: so many at a time are an attack,
 * and the oldest of them is the first that has to be one of it. */
#define GST_CHAT_MAX_PENDING 4096
/* Each waits in GLib's main loop, which walks all of them at each wake-up. */
#define GST_CHAT_MAX_POLLING 2048
/* All see each other come and go: the cost grows with the square. */
#define GST_CHAT_MAX_ROOM_USERS 4096
/* Those who come within this time are introduced together: announcing each to
 * all grows with the square. A person does not notice it. */
#define GST_CHAT_JOIN_TIME_US (50 * 1000)
/* Where so few are, everybody is introduced at once: it costs nothing. */
#define GST_CHAT_SMALL_ROOM 16
