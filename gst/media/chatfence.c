/* SPDX-License-Identifier: LGPL-2.1-or-later
 * A bin out of which no error leaves: what fails inside ends a call, not the
 * pipeline. */
#include "chatfence.h"

#include "chatunlock.h"

GST_DEBUG_CATEGORY_STATIC (chat_fence_debug);
#define GST_CAT_DEFAULT chat_fence_debug

typedef struct
{
  GstChatFenceFailed failed;
  gpointer user_data;
  GDestroyNotify notify;
} Listener;

struct _GstChatFence
{
  GstBin parent;
  Listener *listener;           /* OBJECT_LOCK; atomic reference count */
};

G_DEFINE_TYPE (GstChatFence, gst_chat_fence, GST_TYPE_BIN);

static void
listener_clear (gpointer data)
{
  Listener *listener = data;
  if (listener->notify)
    listener->notify (listener->user_data);
}

static void
listener_unref (Listener * listener)
{
  g_atomic_rc_box_release_full (listener, listener_clear);
}

GstBin *
gst_chat_fence_new (const gchar * name, GstChatFenceFailed failed,
    gpointer user_data, GDestroyNotify notify)
{
  GstChatFence *self = g_object_new (GST_TYPE_CHAT_FENCE, "name", name, NULL);
  self->listener = g_atomic_rc_box_new0 (Listener);
  self->listener->failed = failed;
  self->listener->user_data = user_data;
  self->listener->notify = notify;
  return GST_BIN (self);
}

void
gst_chat_fence_disarm (GstChatFence * self)
{
  GST_OBJECT_LOCK (self);
  Listener *listener = g_steal_pointer (&self->listener);
  GST_OBJECT_UNLOCK (self);
  if (listener)
    listener_unref (listener);
}

/* How many of a parent's former children are still running. Atomic reference
 * count: of the parent, and of each of them. */
typedef struct
{
  GMutex lock;
  GCond cond;
  guint count;                  /* lock */
} Running;

static G_DEFINE_QUARK (gst - chat - fence - running, running);

static void
running_clear (gpointer data)
{
  Running *running = data;
  g_mutex_clear (&running->lock);
  g_cond_clear (&running->cond);
}

static void
running_unref (gpointer data)
{
  g_atomic_rc_box_release_full (data, running_clear);
}

static gpointer
running_ref (gpointer data, gpointer unused)
{
  return data ? g_atomic_rc_box_acquire (data) : NULL;
}

static Running *
running_of (GstBin * parent)
{
  Running *running = g_object_dup_qdata (G_OBJECT (parent), running_quark (),
      running_ref, NULL);
  if (running)
    return running;
  running = g_atomic_rc_box_new0 (Running);
  g_mutex_init (&running->lock);
  g_cond_init (&running->cond);
  if (g_object_replace_qdata (G_OBJECT (parent), running_quark (), NULL,
          g_atomic_rc_box_acquire (running), running_unref, NULL))
    return running;
  /* Another thread was faster. */
  running_unref (running);
  running_unref (running);
  return running_of (parent);
}

static void
running_add (Running * running, gint n)
{
  g_mutex_lock (&running->lock);
  running->count += n;
  g_cond_broadcast (&running->cond);
  g_mutex_unlock (&running->lock);
}

gboolean
gst_chat_fence_wait (GstBin * parent, guint milliseconds)
{
  Running *running = running_of (parent);
  gint64 end = g_get_monotonic_time () + milliseconds * G_TIME_SPAN_MILLISECOND;
  g_mutex_lock (&running->lock);
  while (running->count > 0
      && g_cond_wait_until (&running->cond, &running->lock, end));
  gboolean stopped = running->count == 0;
  g_mutex_unlock (&running->lock);
  running_unref (running);
  return stopped;
}

typedef struct
{
  GstElement *first;            /* or NULL */
    gboolean (*before) (GstElement * first);    /* or NULL */
  Running *running;             /* NULL: it had no parent */
} Dismissal;

static void
dismissal_free (gpointer data)
{
  Dismissal *dismissal = data;
  gst_clear_object (&dismissal->first);
  if (dismissal->running) {
    running_add (dismissal->running, -1);
    running_unref (dismissal->running);
  }
  g_free (dismissal);
}

/* A bin to which another thread adds something just then can fail to stop. */
static void
stop (GstElement * element)
{
  for (guint i = 0; i < 10; i++)
    if (gst_element_set_state (element, GST_STATE_NULL) ==
        GST_STATE_CHANGE_SUCCESS)
      return;
  GST_WARNING_OBJECT (element, "does not stop");
}

static void
lock_child (const GValue * item, gpointer unused)
{
  gst_element_set_locked_state (g_value_get_object (item), TRUE);
}

static gint
compare_fed_by_blocked_pad (gconstpointer item, gconstpointer unused)
{
  g_autoptr (GstPad) sink =
      gst_element_get_static_pad (g_value_get_object (item), "sink");
  g_autoptr (GstPad) feeder = sink ? gst_pad_get_peer (sink) : NULL;
  return feeder && gst_pad_is_blocked (feeder) ? 0 : 1;
}

/* Where webrtcbin 1.22 begins to gather after its receiving part has been
 * stopped, that part blocks the pad that feeds it with a reference to itself, and
 * keeps itself and its sockets for ever. Going up and down once more, without
 * its children, lets go of that. */
static void
release_receive_bin (const GValue * item, gpointer unused)
{
  GstElement *element = g_value_get_object (item);

  if (g_strcmp0 (G_OBJECT_TYPE_NAME (element), "TransportReceiveBin") != 0)
    return;
  GstIterator *children = gst_bin_iterate_elements (GST_BIN (element));
  g_auto (GValue) blocked = G_VALUE_INIT;
  if (gst_iterator_find_custom (children, compare_fed_by_blocked_pad, &blocked,
          NULL)) {
    GST_DEBUG_OBJECT (element, "has blocked a pad, releasing it");
    gst_iterator_resync (children);
    gst_iterator_foreach (children, lock_child, NULL);
    gst_element_set_state (element, GST_STATE_PAUSED);
    gst_element_set_state (element, GST_STATE_NULL);
  }
  gst_iterator_free (children);
}

static void
dismiss_in_thread (GstElement * fence, gpointer data)
{
  const Dismissal *dismissal = data;
  GstChatUnlocker *unlocker = NULL;

  if (dismissal->first) {
    /* A bin on its way down pulls its children up to where it is. */
    gst_element_set_locked_state (dismissal->first, TRUE);
    if (dismissal->before)
      dismissal->before (dismissal->first);
    unlocker = gst_chat_unlocker_new (GST_BIN (fence));
    stop (dismissal->first);
    if (GST_IS_BIN (dismissal->first)) {
      GstIterator *all = gst_bin_iterate_recurse (GST_BIN (dismissal->first));
      gst_iterator_foreach (all, release_receive_bin, NULL);
      gst_iterator_free (all);
    }
  }
  stop (fence);
  g_clear_pointer (&unlocker, gst_chat_unlocker_free);
  GST_DEBUG_OBJECT (fence, "dismissed");
}

void
gst_chat_fence_dismiss (GstBin * fence, GstElement * first,
    gboolean (*before) (GstElement * first))
{
  gst_chat_fence_disarm (GST_CHAT_FENCE (fence));

  /* Its parent must neither wake it again nor wait for it. */
  gst_element_set_locked_state (GST_ELEMENT (fence), TRUE);
  gst_object_ref (fence);
  Dismissal *dismissal = g_new0 (Dismissal, 1);
  dismissal->first = first ? gst_object_ref (first) : NULL;
  dismissal->before = before;
  GstObject *parent = gst_object_get_parent (GST_OBJECT (fence));
  if (parent) {
    dismissal->running = running_of (GST_BIN (parent));
    running_add (dismissal->running, 1);
    gst_bin_remove (GST_BIN (parent), GST_ELEMENT (fence));
    gst_object_unref (parent);
  }

  gst_element_call_async (GST_ELEMENT (fence), dismiss_in_thread, dismissal,
      dismissal_free);
  gst_object_unref (fence);
}

static void
gst_chat_fence_handle_message (GstBin * bin, GstMessage * message)
{
  if (GST_MESSAGE_TYPE (message) != GST_MESSAGE_ERROR) {
    GST_BIN_CLASS (gst_chat_fence_parent_class)->handle_message (bin, message);
    return;
  }

  g_autoptr (GError) error = NULL;
  g_autofree gchar *debug = NULL;
  gst_message_parse_error (message, &error, &debug);
  GST_WARNING_OBJECT (bin, "%s: %s (%s)", GST_MESSAGE_SRC_NAME (message),
      error->message, GST_STR_NULL (debug));
  gst_message_unref (message);

  GstChatFence *self = GST_CHAT_FENCE (bin);
  GST_OBJECT_LOCK (self);
  Listener *listener = self->listener ?
      g_atomic_rc_box_acquire (self->listener) : NULL;
  GST_OBJECT_UNLOCK (self);

  if (listener) {
    listener->failed (error, listener->user_data);
    listener_unref (listener);
  }
}

/* A bin takes the clock from a child that it removes. This one still runs then,
 * and rtpsession finds it critical to receive without a clock. */
static gboolean
gst_chat_fence_set_clock (GstElement * element, GstClock * clock)
{
  if (!clock)
    return TRUE;
  return GST_ELEMENT_CLASS (gst_chat_fence_parent_class)->set_clock (element,
      clock);
}

static void
gst_chat_fence_finalize (GObject * object)
{
  GstChatFence *self = GST_CHAT_FENCE (object);
  g_clear_pointer (&self->listener, listener_unref);
  G_OBJECT_CLASS (gst_chat_fence_parent_class)->finalize (object);
}

static void
gst_chat_fence_init (GstChatFence * self)
{
}

static void
gst_chat_fence_class_init (GstChatFenceClass * klass)
{
  GST_DEBUG_CATEGORY_INIT (chat_fence_debug, "chatfence", 0,
      "chat: errors of a call");
  G_OBJECT_CLASS (klass)->finalize = gst_chat_fence_finalize;
  GST_BIN_CLASS (klass)->handle_message = gst_chat_fence_handle_message;
  GST_ELEMENT_CLASS (klass)->set_clock = gst_chat_fence_set_clock;
  gst_element_class_set_static_metadata (GST_ELEMENT_CLASS (klass),
      "Chat fence", "Generic/Bin", "Keeps the errors of a call inside",
      "The gst-plugins-chat authors");
}
