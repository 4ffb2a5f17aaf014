/* SPDX-License-Identifier: LGPL-2.1-or-later
 * What one sink pad of chatpeer feeds: from raw or encoded media to RTP.
 * It outlives calls: between them live media is dropped at its entrance and
 * media of a file waits there. */
#pragma once

#include <gst/gst.h>
#include "chatcodec.h"

G_BEGIN_DECLS

typedef struct _GstChatSender GstChatSender;

typedef struct {
  guint bitrate;                /* bit/s, 0: by codec and size */
  guint min_bitrate;            /* the same, however little the network takes */
} GstChatSenderConfig;

typedef struct {
  /* EOS came in. It ends here: webrtcbin never sees it, and a call goes on
   * without this medium. Streaming thread; post and return. */
  void (*ended) (GstChatSender * sender, gpointer user_data);
} GstChatSenderCallbacks;

/* Its elements go into @bin, which it does not keep alive. Any thread, like all below except where noted;
 * the caller serialises attach, start, detach and free. @callbacks may be NULL
 * and must outlive the sender. */
GstChatSender *gst_chat_sender_new (GstBin * bin, GstChatKind kind, const gchar * name,
    const GstChatSenderConfig * config, const GstChatSenderCallbacks * callbacks,
    gpointer user_data);
/* Takes its elements out of the bin. Detach first. Waits for the streaming
 * thread to leave, so with no lock held and not from that thread. */
void gst_chat_sender_free (GstChatSender * sender);
/* The target for chatpeer's ghost pad. Transfer none. */
GstPad *gst_chat_sender_get_sink_pad (GstChatSender * sender);
GstChatKind gst_chat_sender_get_kind (GstChatSender * sender);
/* TRUE after EOS, until a new stream or a flush begins on the pad. */
gboolean gst_chat_sender_is_ended (GstChatSender * sender);
/* Codecs this sender can produce now: the one of its encoded input, or those
 * of @preferred (NULL: all) that have an encoder here, in that order. Empty
 * with @error (GST_CHAT_ERROR_MISSING names the packages) where there is none.
 * Transfer container. */
GPtrArray *gst_chat_sender_get_codecs (GstChatSender * sender, gchar ** preferred, GError ** error);

/* Changes the encoder's target, now or in the next call. */
void gst_chat_sender_set_bitrate (GstChatSender * sender, const GstChatSenderConfig * config);
/* What it is while the network takes all of it, in bit/s; 0: there is no encoder,
 * or it chooses itself. */
guint gst_chat_sender_get_bitrate (GstChatSender * sender);
/* How much of it the network takes, 0 to 1; of video. Until it is attached anew. */
void gst_chat_sender_set_share (GstChatSender * sender, gdouble share);

/* --- for the connection --- */

/* An encoder or parser gave up in a call. Any thread. */
typedef void (*GstChatSenderFailed) (const GError * error, gpointer user_data);

/* Builds encoder and payloader as @rtp_caps say (payload, ssrc, extmap) and
 * links to @sink_pad, webrtcbin's. The payloader goes into @call_bin. Nothing
 * flows before start(). @notify frees @user_data when @failed cannot come any
 * more. */
gboolean gst_chat_sender_attach (GstChatSender * sender, const GstChatCodec * codec,
    const GstCaps * rtp_caps, GstBin * call_bin, GstPad * sink_pad,
    GstChatSenderFailed failed, gpointer user_data, GDestroyNotify notify,
    GError ** error);
/* The running time at which media that is not live waits for a call;
 * GST_CLOCK_TIME_NONE: live, or nothing has come yet. */
GstClockTime gst_chat_sender_get_held (GstChatSender * sender);
/* The call is up: let media through, with a keyframe first. Media that is not
 * live goes on so that its running time @base is now (the same for all senders
 * of a call: they stay together); GST_CLOCK_TIME_NONE: from where it waits. */
void gst_chat_sender_start (GstChatSender * sender, GstClockTime base);
/* Asks for a keyframe, all headers with it; at most a few a second go out. */
void gst_chat_sender_request_keyframe (GstChatSender * sender);
/* Of what comes in; FALSE: not known yet, or audio. */
gboolean gst_chat_sender_get_size (GstChatSender * sender, gint * width, gint * height);
/* Never blocks; what has to stop does so in another thread. */
void gst_chat_sender_detach (GstChatSender * sender);

G_END_DECLS
