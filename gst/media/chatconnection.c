/* SPDX-License-Identifier: LGPL-2.1-or-later
 * One call's webrtcbin: its making, its end, and the way from webrtcbin's
 * threads to the loop. */
#include "chatconnection-private.h"

#include "chaterror.h"
#include "chatfence.h"
#include "chatgoodbye.h"

/* ---- mailbox ---- */

GstChatMailbox *
gst_chat_mailbox_new (GstChatLoop * loop, GstChatConnection * connection)
{
  GstChatMailbox *mailbox = g_atomic_rc_box_new0 (GstChatMailbox);
  mailbox->loop = gst_chat_loop_ref (loop);
  mailbox->meter = gst_chat_meter_new ();
  mailbox->connection = connection;
  g_mutex_init (&mailbox->lock);
  return mailbox;
}

GstChatMailbox *
gst_chat_mailbox_ref (GstChatMailbox * mailbox)
{
  return g_atomic_rc_box_acquire (mailbox);
}

static void
mailbox_clear (gpointer data)
{
  GstChatMailbox *mailbox = data;
  g_mutex_clear (&mailbox->lock);
  gst_chat_meter_unref (mailbox->meter);
  gst_chat_loop_unref (mailbox->loop);
}

void
gst_chat_mailbox_unref (gpointer mailbox)
{
  g_atomic_rc_box_release_full (mailbox, mailbox_clear);
}

void
gst_chat_mailbox_connect (GstChatMailbox * mailbox, gpointer object,
    const gchar * signal, GCallback callback)
{
  g_signal_connect_data (object, signal, callback,
      gst_chat_mailbox_ref (mailbox),
      (GClosureNotify) (void (*)(void)) gst_chat_mailbox_unref, 0);
}

typedef struct
{
  GstChatMailbox *mailbox;
  guint generation;
  GstChatMailFunc func;
  gpointer data;
  GDestroyNotify destroy;
} Mail;

static void
deliver_in_loop (gpointer data)
{
  Mail *mail = data;
  GstChatConnection *connection = mail->mailbox->connection;
  if (!connection)
    return;
  if (mail->generation && mail->generation != connection->generation)
    return;
  mail->func (connection, mail->data);
}

static void
mail_free (gpointer data)
{
  Mail *mail = data;
  if (mail->destroy)
    mail->destroy (mail->data);
  gst_chat_mailbox_unref (mail->mailbox);
  g_free (mail);
}

void
gst_chat_mailbox_post (GstChatMailbox * mailbox, guint generation,
    GstChatMailFunc func, gpointer data, GDestroyNotify destroy)
{
  Mail *mail = g_new (Mail, 1);
  mail->mailbox = gst_chat_mailbox_ref (mailbox);
  mail->generation = generation;
  mail->func = func;
  mail->data = data;
  mail->destroy = destroy;
  gst_chat_loop_post (mailbox->loop, deliver_in_loop, mail, mail_free);
}

/* ---- promises ---- */

typedef struct
{
  GstChatMailbox *mailbox;
  guint generation;
  GstChatMailFunc func;
} Asked;

static void
asked_free (gpointer data)
{
  Asked *asked = data;
  gst_chat_mailbox_unref (asked->mailbox);
  g_free (asked);
}

static void
reply_free (gpointer data)
{
  GstChatReply *reply = data;
  g_clear_error (&reply->error);
  g_clear_pointer (&reply->sdp, gst_sdp_message_free);
  g_free (reply);
}

static GstSDPMessage *
take_sdp (const GstStructure * answer)
{
  static const gchar *const fields[] = { "offer", "answer" };
  for (guint i = 0; i < G_N_ELEMENTS (fields); i++) {
    GstWebRTCSessionDescription *description = NULL;
    if (!gst_structure_get (answer, fields[i],
            GST_TYPE_WEBRTC_SESSION_DESCRIPTION, &description, NULL))
      continue;
    GstSDPMessage *sdp = NULL;
    gst_sdp_message_copy (description->sdp, &sdp);
    gst_webrtc_session_description_free (description);
    return sdp;
  }
  return NULL;
}

/* webrtcbin's thread, or that of whoever takes it down. */
static void
on_promise (GstPromise * promise, gpointer user_data)
{
  Asked *asked = user_data;
  GstChatReply *reply = g_new0 (GstChatReply, 1);

  const GstStructure *answer =
      gst_promise_wait (promise) == GST_PROMISE_RESULT_REPLIED ?
      gst_promise_get_reply (promise) : NULL;
  if (answer && gst_structure_has_field_typed (answer, "error", G_TYPE_ERROR))
    gst_structure_get (answer, "error", G_TYPE_ERROR, &reply->error, NULL);
  else if (answer)
    reply->sdp = take_sdp (answer);
  else if (gst_promise_wait (promise) != GST_PROMISE_RESULT_REPLIED)
    reply->error = g_error_new (GST_CHAT_ERROR, GST_CHAT_ERROR_FAILED,
        "webrtcbin was taken down");

  gst_chat_mailbox_post (asked->mailbox, asked->generation, asked->func, reply,
      reply_free);
}

/* GStreamer has no function that looks without waiting. */
static gboolean
is_answered (GstPromise * promise)
{
  return GST_MINI_OBJECT_REFCOUNT_VALUE (promise) == 1;
}

GstPromise *
gst_chat_connection_promise (GstChatConnection * self, guint generation,
    GstChatMailFunc func)
{
  Asked *asked = g_new (Asked, 1);
  asked->mailbox = gst_chat_mailbox_ref (self->mailbox);
  asked->generation = generation;
  asked->func = func;
  GstPromise *promise =
      gst_promise_new_with_change_func (on_promise, asked, asked_free);
  for (guint i = self->promises->len; i > 0; i--) {
    if (is_answered (self->promises->pdata[i - 1]))
      g_ptr_array_remove_index_fast (self->promises, i - 1);
  }
  g_ptr_array_add (self->promises, gst_promise_ref (promise));
  return promise;
}

/* What webrtcbin has not begun when it is taken down, it throws away without a
 * reply. */
static void
interrupt_promises (GstChatConnection * self)
{
  for (guint i = 0; i < self->promises->len; i++)
    gst_promise_interrupt (self->promises->pdata[i]);
}

/* ---- failure ---- */

static void
report_failure_in_loop (GstChatConnection * self, gpointer data)
{
  self->callbacks->failed (data, self->user_data);
}

void
gst_chat_connection_fail (GstChatConnection * self, GError * error)
{
  if (self->phase == GST_CHAT_PHASE_FAILED) {
    g_error_free (error);
    return;
  }
  self->phase = GST_CHAT_PHASE_FAILED;
  self->generation++;
  gst_chat_mailbox_post (self->mailbox, 0, report_failure_in_loop, error,
      (GDestroyNotify) g_error_free);
}

static void
notice_in_loop (GstChatConnection * self, gpointer text)
{
  if (self->callbacks->notice)
    self->callbacks->notice (text, self->user_data);
}

void
gst_chat_connection_notice (GstChatConnection * self, gchar * text)
{
  gst_chat_mailbox_post (self->mailbox, 0, notice_in_loop, text, g_free);
}

static void
fence_failed_in_loop (GstChatConnection * self, gpointer data)
{
  gst_chat_connection_fail (self, g_error_copy (data));
}

/* Whichever element's thread. */
static void
on_fence_failed (const GError * error, gpointer mailbox)
{
  gst_chat_mailbox_post (mailbox, 0, fence_failed_in_loop,
      g_error_copy (error), (GDestroyNotify) g_error_free);
}

/* ---- making and closing ---- */

static void
copy_config (GstChatConnectionConfig * to, const GstChatConnectionConfig * from)
{
  *to = *from;
  to->stun_server = g_strdup (from->stun_server);
  to->turn_servers = g_strdupv (from->turn_servers);
  to->audio_codecs = g_strdupv (from->audio_codecs);
  to->video_codecs = g_strdupv (from->video_codecs);
  to->local_address = g_strdup (from->local_address);
}

static void
clear_config (GstChatConnectionConfig * config)
{
  g_free (config->stun_server);
  g_strfreev (config->turn_servers);
  g_strfreev (config->audio_codecs);
  g_strfreev (config->video_codecs);
  g_free (config->local_address);
}

static void
clear_timer (GSource ** timer)
{
  if (*timer)
    g_source_destroy (*timer);
  g_clear_pointer (timer, g_source_unref);
}

static void
connection_free (GstChatConnection * self)
{
  self->mailbox->connection = NULL;
  gst_chat_mailbox_unref (self->mailbox);
  clear_timer (&self->gather_timer);
  clear_timer (&self->repeat_timer);
  g_ptr_array_unref (self->lines);
  g_ptr_array_unref (self->senders);
  g_ptr_array_unref (self->candidates);
  g_ptr_array_unref (self->early);
  g_ptr_array_unref (self->blocked);
  g_ptr_array_unref (self->promises);
  g_clear_pointer (&self->remote, gst_chat_sdp_free);
  g_clear_pointer (&self->answered, gst_chat_sdp_free);
  g_free (self->queued_offer);
  g_clear_pointer (&self->sent_offer, gst_chat_sdp_free);
  g_clear_pointer (&self->local, gst_sdp_message_free);
  g_clear_pointer (&self->certificate, gst_chat_certificate_free);
  gst_chat_sdp_map_free (self->map);
  gst_clear_object (&self->ice_transport);
  clear_config (&self->config);
  g_clear_object (&self->ice);
  gst_clear_object (&self->webrtc);
  gst_object_unref (self->bin);
  gst_chat_loop_unref (self->loop);
  g_free (self);
}

static gboolean
build_in_loop (GstChatConnection * self, GError ** error)
{
  self->certificate = gst_chat_certificate_new (error);
  if (!self->certificate)
    return FALSE;
  GstElement *webrtc = gst_chat_make_element ("webrtcbin", NULL, NULL, error);
  if (!webrtc)
    return FALSE;
  self->webrtc = gst_object_ref_sink (webrtc);
  g_object_set (webrtc, "bundle-policy", GST_WEBRTC_BUNDLE_POLICY_MAX_BUNDLE,
      "latency", self->config.latency, NULL);
  gst_chat_connection_setup_ice (self);

  self->call = gst_object_ref (gst_chat_fence_new (NULL, on_fence_failed,
          gst_chat_mailbox_ref (self->mailbox), gst_chat_mailbox_unref));
  gst_bin_add (self->call, webrtc);
  gst_chat_connection_watch (self);
  gst_bin_add (self->bin, GST_ELEMENT (self->call));
  if (!gst_element_sync_state_with_parent (GST_ELEMENT (self->call))) {
    g_set_error (error, GST_CHAT_ERROR, GST_CHAT_ERROR_MISSING,
        "webrtcbin does not start: install gstreamer1.0-nice and "
        "gstreamer1.0-plugins-bad");
    return FALSE;
  }
  return TRUE;
}

GstChatConnection *
gst_chat_connection_new_in_loop (GstChatLoop * loop, GstBin * bin,
    const GstChatConnectionConfig * config, GPtrArray * senders,
    const GstChatConnectionCallbacks * callbacks, gpointer user_data,
    GError ** error)
{
  g_return_val_if_fail (gst_chat_loop_is_current (loop), NULL);

  GstChatConnection *self = g_new0 (GstChatConnection, 1);
  self->loop = gst_chat_loop_ref (loop);
  self->bin = gst_object_ref (bin);
  copy_config (&self->config, config);
  self->senders = g_ptr_array_new ();
  for (guint i = 0; senders && i < senders->len; i++)
    g_ptr_array_add (self->senders, g_ptr_array_index (senders, i));
  self->callbacks = callbacks;
  self->user_data = user_data;
  self->mailbox = gst_chat_mailbox_new (loop, self);
  self->created = g_get_monotonic_time ();
  gst_chat_pace_init (&self->pace);
  self->generation = 1;
  self->version = 1;
  self->lines = g_ptr_array_new_with_free_func (gst_chat_line_free);
  self->candidates = g_ptr_array_new_with_free_func ((GDestroyNotify)
      gst_chat_local_candidate_free);
  self->early = g_ptr_array_new_with_free_func ((GDestroyNotify)
      gst_chat_local_candidate_free);
  self->blocked = g_ptr_array_new_with_free_func (gst_chat_blocked_pad_free);
  self->promises = g_ptr_array_new_with_free_func ((GDestroyNotify)
      gst_promise_unref);
  self->map = gst_chat_sdp_map_new ();

  if (!build_in_loop (self, error)) {
    gst_chat_connection_close_in_loop (self);
    return NULL;
  }
  return self;
}

void
gst_chat_connection_say_goodbye_in_loop (GstChatConnection * self)
{
  g_return_if_fail (GST_CHAT_IS_IN_LOOP (self));
  self->goodbye = self->connected;
}

void
gst_chat_connection_close_in_loop (GstChatConnection * self)
{
  g_return_if_fail (GST_CHAT_IS_IN_LOOP (self));

  self->mailbox->connection = NULL;
  interrupt_promises (self);
  if (self->webrtc)
    g_signal_handlers_disconnect_matched (self->webrtc, G_SIGNAL_MATCH_DATA, 0,
        0, NULL, NULL, self->mailbox);
  gst_chat_connection_detach_all (self);
  if (self->call) {
    gst_chat_fence_dismiss (self->call, self->webrtc,
        self->goodbye ? gst_chat_goodbye_say : NULL);
    gst_clear_object (&self->call);
  }
  connection_free (self);
}

gboolean
gst_chat_connection_wait_closed (GstBin * bin)
{
  return gst_chat_fence_wait (bin, 3000);
}

gboolean
gst_chat_connection_is_connected_in_loop (GstChatConnection * self)
{
  return self->connected;
}

guint64
gst_chat_connection_get_idle_in_loop (GstChatConnection * self)
{
  g_mutex_lock (&self->mailbox->lock);
  gint64 last = self->mailbox->last_packet;
  g_mutex_unlock (&self->mailbox->lock);
  return g_get_monotonic_time () - MAX (last, self->created);
}

/* The dtls plugin makes an RSA key for the first of its elements, whatever
 * certificate that is told to use. */
static GMutex prewarm_lock;
static gboolean prewarmed;      /* prewarm_lock; or about to be */
static GThread *prewarm_thread; /* prewarm_lock; NULL once somebody joins it */

static gpointer
prewarm_in_thread (gpointer data)
{
  GstElement *dtls = gst_element_factory_make ("dtlsdec", NULL);
  if (dtls)
    gst_object_unref (gst_object_ref_sink (dtls));
  /* Loads the plugins, too. */
  GstElement *webrtc = gst_element_factory_make ("webrtcbin", NULL);
  if (webrtc)
    gst_object_unref (gst_object_ref_sink (webrtc));
  return NULL;
}

void
gst_chat_connection_prewarm (void)
{
  g_mutex_lock (&prewarm_lock);
  if (!prewarmed)
    prewarm_thread = g_thread_new ("chat-prewarm", prewarm_in_thread, NULL);
  prewarmed = TRUE;
  g_mutex_unlock (&prewarm_lock);
}

void
gst_chat_connection_wait_prewarmed (void)
{
  g_mutex_lock (&prewarm_lock);
  GThread *thread = g_steal_pointer (&prewarm_thread);
  g_mutex_unlock (&prewarm_lock);
  if (thread)
    g_thread_join (thread);
}
