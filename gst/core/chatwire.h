/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Engine.IO and Socket.IO framing, both generations. Pure: bytes in, packets
 * out. Engine.IO protocol 3 goes with Socket.IO 2, protocol 4 with 3 and 4. */
#pragma once

#include <glib.h>
#include "chatjsonscan.h"

G_BEGIN_DECLS

typedef enum {
  GST_CHAT_EIO_3 = 3,
  GST_CHAT_EIO_4 = 4,
} GstChatEio;

/* Values are the wire's digits. */
typedef enum {
  GST_CHAT_EIO_OPEN, GST_CHAT_EIO_CLOSE, GST_CHAT_EIO_PING, GST_CHAT_EIO_PONG,
  GST_CHAT_EIO_MESSAGE, GST_CHAT_EIO_UPGRADE, GST_CHAT_EIO_NOOP,
} GstChatEioType;

/* One Engine.IO packet: a part of the buffer that was parsed. */
typedef struct {
  GstChatEioType type;
  gboolean binary;
  GstChatSlice data;            /* behind the type; binary: the bytes (EIO3's 0x04 is gone) */
} GstChatEioPacket;

typedef enum {
  GST_CHAT_SIO_CONNECT, GST_CHAT_SIO_DISCONNECT, GST_CHAT_SIO_EVENT,
  GST_CHAT_SIO_ACK, GST_CHAT_SIO_CONNECT_ERROR, GST_CHAT_SIO_BINARY_EVENT,
  GST_CHAT_SIO_BINARY_ACK,
} GstChatSioType;

typedef struct {
  GstChatSioType type;
  guint attachments;
  GstChatSlice nsp;             /* "/…" ; len 0 for the root namespace */
  gint64 ack_id;                /* -1: none */
  GstChatSlice json;            /* len 0: none */
} GstChatSioPacket;

/* A whole WebSocket message. The text is UTF-8 (the transport has seen to it). */
gboolean gst_chat_eio_parse_text (const gchar * data, gsize len,
    GstChatEioPacket * packet, GError ** error) G_GNUC_WARN_UNUSED_RESULT;
gboolean gst_chat_eio_parse_binary (GstChatEio eio, const guint8 * data,
    gsize len, GstChatEioPacket * packet, GError ** error)
    G_GNUC_WARN_UNUSED_RESULT;

/* A polling body of either framing: calls @func for every packet in order
 * until it returns FALSE. Binary data in base64 is decoded for the time of the
 * call. @octet_stream: EIO3's binary form, an error in protocol 4. On an error
 * the packets before it have been handed over. The caller bounds @len. */
typedef gboolean (*GstChatEioFunc) (const GstChatEioPacket * packet, gpointer user_data);
gboolean gst_chat_eio_parse_payload (GstChatEio eio, gboolean octet_stream,
    const gchar * body, gsize len, GstChatEioFunc func, gpointer user_data,
    GError ** error) G_GNUC_WARN_UNUSED_RESULT;
/* Appends one packet to a polling body (text form; binary as base64, and then
 * @type is MESSAGE). A body has one packet at least. */
void gst_chat_eio_append_payload (GstChatEio eio, GString * body,
    GstChatEioType type, gboolean binary, const gchar * data, gsize len);

/* The Socket.IO packet inside an Engine.IO MESSAGE. The JSON has passed
 * gst_chat_json_check() with GST_CHAT_MAX_MESSAGE_BYTES, and is an array in an
 * EVENT or ACK of either kind. */
gboolean gst_chat_sio_parse (GstChatSlice data, GstChatSioPacket * packet,
    GError ** error) G_GNUC_WARN_UNUSED_RESULT;
/* Name (unescaped, caller frees; a number stands as its digits) and the raw
 * first argument (len 0 where none) of the array in an EVENT or BINARY_EVENT.
 * Further arguments are ignored. */
gboolean gst_chat_sio_event (const GstChatSioPacket * packet, gchar ** name,
    GstChatSlice * payload, GError ** error) G_GNUC_WARN_UNUSED_RESULT;

/* The text of a WebSocket message: Engine.IO digit included. @payload NULL:
 * no argument. */
gchar *gst_chat_sio_build_event (const gchar * name, const gchar * payload);
gchar *gst_chat_sio_build_connect (const gchar * json);   /* 40 or 40{…} */
/* 43…, the answer to an event with an ack id; @args: a JSON array. */
gchar *gst_chat_sio_build_ack (gint64 ack_id, const gchar * args);
/* 44…; @nsp: NULL for the root namespace. */
gchar *gst_chat_sio_build_connect_error (GstChatEio eio, const gchar * nsp,
    const gchar * message);

/* The handshake, `0{…}`. */
typedef struct {
  gchar *sid;
  guint ping_interval;          /* ms */
  guint ping_timeout;           /* ms */
  guint max_payload;            /* bytes, 0: not said */
  gboolean websocket;           /* upgrades has "websocket" */
} GstChatEioHandshake;

/* Unknown members are ignored; both times are 1 ms to a day. */
gboolean gst_chat_eio_handshake_parse (GstChatSlice json,
    GstChatEioHandshake * handshake, GError ** error)
    G_GNUC_WARN_UNUSED_RESULT;
gchar *gst_chat_eio_handshake_build (const GstChatEioHandshake * handshake);
void gst_chat_eio_handshake_clear (GstChatEioHandshake * handshake);

G_END_DECLS
