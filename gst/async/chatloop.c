/* SPDX-License-Identifier: LGPL-2.1-or-later
 * One GSource carries a queue of posted functions: their order is that of the
 * queue, and what is posted while they run waits for the next iteration, so
 * that sockets and timers get their turn. */
#include "chatloop.h"

typedef struct
{
  GstChatLoopFunc func;
  gpointer data;
  GDestroyNotify destroy;
} Post;

typedef struct
{
  GSource source;
  GstChatLoop *loop;
} PostSource;

struct _GstChatLoop
{
  gint ref_count;               /* atomic */
  GMainContext *context;        /* constant after construction */
  GMainLoop *main_loop;         /* constant after construction */
  GSource *posts_source;        /* constant after construction */

  GMutex lock;
  GCond changed;
  GThread *thread;              /* lock; NULL once somebody joins it */
  GThread *self;                /* atomic; for comparing only; NULL when it has ended */
  GQueue posts;                 /* lock; Post */
  gboolean stopping;            /* lock; no post any more */
  gboolean joined;              /* lock */

  GHashTable *timeouts;         /* loop thread; set of GSource */
  guint holds;                  /* loop thread */
  gboolean quitting;            /* loop thread */
  gboolean orphaned;            /* loop thread; it has to free the loop itself */
};

typedef struct
{
  GstChatLoop *loop;            /* not a reference: the loop outlives its timeouts */
  GSource *source;              /* not a reference: it owns this */
  Post post;
} Timeout;

static void
run_post (Post * post)
{
  post->func (post->data);
  if (post->destroy)
    post->destroy (post->data);
}

static gboolean
posts_dispatch (GSource * source, GSourceFunc callback, gpointer user_data)
{
  GstChatLoop *loop = ((PostSource *) source)->loop;
  g_mutex_lock (&loop->lock);
  GQueue posts = loop->posts;
  g_queue_init (&loop->posts);
  g_source_set_ready_time (source, -1);
  g_mutex_unlock (&loop->lock);

  Post *post;
  while ((post = g_queue_pop_head (&posts))) {
    run_post (post);
    g_free (post);
  }
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs posts_funcs = { NULL, NULL, posts_dispatch, NULL };

static void
loop_free (GstChatLoop * loop)
{
  g_source_destroy (loop->posts_source);
  g_source_unref (loop->posts_source);
  g_hash_table_unref (loop->timeouts);
  g_main_loop_unref (loop->main_loop);
  g_main_context_unref (loop->context);
  g_mutex_clear (&loop->lock);
  g_cond_clear (&loop->changed);
  g_free (loop);
}

static void
destroy_timeouts (GstChatLoop * loop)
{
  GHashTableIter iter;
  gpointer source;
  /* A destroyed timeout takes itself out of the table. */
  while (g_hash_table_iter_init (&iter, loop->timeouts),
      g_hash_table_iter_next (&iter, &source, NULL))
    g_source_destroy (source);
}

static gpointer
loop_thread (gpointer data)
{
  GstChatLoop *loop = data;
  g_main_context_push_thread_default (loop->context);
  g_mutex_lock (&loop->lock);
  g_atomic_pointer_set (&loop->self, g_thread_self ());
  g_cond_broadcast (&loop->changed);
  g_mutex_unlock (&loop->lock);

  g_main_loop_run (loop->main_loop);

  destroy_timeouts (loop);
  g_main_context_pop_thread_default (loop->context);
  /* GLib gives the address to the next thread. */
  g_atomic_pointer_set (&loop->self, NULL);
  if (loop->orphaned)
    loop_free (loop);
  return NULL;
}

GstChatLoop *
gst_chat_loop_new (const gchar * thread_name)
{
  GstChatLoop *loop = g_new0 (GstChatLoop, 1);
  loop->ref_count = 1;
  loop->context = g_main_context_new ();
  loop->main_loop = g_main_loop_new (loop->context, FALSE);
  loop->timeouts = g_hash_table_new (NULL, NULL);
  g_mutex_init (&loop->lock);
  g_cond_init (&loop->changed);
  g_queue_init (&loop->posts);

  loop->posts_source = g_source_new (&posts_funcs, sizeof (PostSource));
  ((PostSource *) loop->posts_source)->loop = loop;
  g_source_set_static_name (loop->posts_source, "GstChatLoop posts");
  g_source_attach (loop->posts_source, loop->context);

  g_mutex_lock (&loop->lock);
  loop->thread = g_thread_new (thread_name, loop_thread, loop);
  while (!loop->self)
    g_cond_wait (&loop->changed, &loop->lock);
  g_mutex_unlock (&loop->lock);
  return loop;
}

GstChatLoop *
gst_chat_loop_ref (GstChatLoop * loop)
{
  g_atomic_int_inc (&loop->ref_count);
  return loop;
}

gboolean
gst_chat_loop_is_current (GstChatLoop * loop)
{
  /* Set before gst_chat_loop_new() returned. */
  return g_atomic_pointer_get (&loop->self) == g_thread_self ();
}

GMainContext *
gst_chat_loop_get_context (GstChatLoop * loop)
{
  return loop->context;
}

/* With the lock. */
static void
push_post (GstChatLoop * loop, GstChatLoopFunc func, gpointer data,
    GDestroyNotify destroy)
{
  Post *post = g_new (Post, 1);
  post->func = func;
  post->data = data;
  post->destroy = destroy;
  g_queue_push_tail (&loop->posts, post);
  g_source_set_ready_time (loop->posts_source, 0);
}

gboolean
gst_chat_loop_post (GstChatLoop * loop, GstChatLoopFunc func, gpointer data,
    GDestroyNotify destroy)
{
  g_mutex_lock (&loop->lock);
  gboolean accepted = !loop->stopping;
  if (accepted)
    push_post (loop, func, data, destroy);
  g_mutex_unlock (&loop->lock);
  if (!accepted && destroy)
    destroy (data);
  return accepted;
}

typedef struct
{
  GstChatLoop *loop;
  GstChatLoopFunc func;
  gpointer data;
  gboolean done;                /* the loop's lock */
} Call;

static void
run_call (gpointer data)
{
  Call *call = data;
  call->func (call->data);
  g_mutex_lock (&call->loop->lock);
  call->done = TRUE;
  g_cond_broadcast (&call->loop->changed);
  g_mutex_unlock (&call->loop->lock);
}

gboolean
gst_chat_loop_call (GstChatLoop * loop, GstChatLoopFunc func, gpointer data)
{
  if (gst_chat_loop_is_current (loop)) {
    func (data);
    return TRUE;
  }
  Call call = { loop, func, data, FALSE };
  if (!gst_chat_loop_post (loop, run_call, &call, NULL))
    return FALSE;
  g_mutex_lock (&loop->lock);
  /* What was accepted runs: a stopping loop empties its queue. */
  while (!call.done)
    g_cond_wait (&loop->changed, &loop->lock);
  g_mutex_unlock (&loop->lock);
  return TRUE;
}

static gboolean
timeout_dispatch (gpointer data)
{
  Timeout *timeout = data;
  timeout->post.func (timeout->post.data);
  return G_SOURCE_REMOVE;
}

static void
timeout_destroy (gpointer data)
{
  Timeout *timeout = data;
  g_hash_table_remove (timeout->loop->timeouts, timeout->source);
  if (timeout->post.destroy)
    timeout->post.destroy (timeout->post.data);
  g_free (timeout);
}

GSource *
gst_chat_loop_add_timeout (GstChatLoop * loop, guint milliseconds,
    GstChatLoopFunc func, gpointer data, GDestroyNotify destroy)
{
  g_assert (gst_chat_loop_is_current (loop));
  Timeout *timeout = g_new (Timeout, 1);
  timeout->loop = loop;
  timeout->source = g_timeout_source_new (milliseconds);
  timeout->post.func = func;
  timeout->post.data = data;
  timeout->post.destroy = destroy;
  g_hash_table_add (loop->timeouts, timeout->source);
  g_source_set_callback (timeout->source, timeout_dispatch, timeout,
      timeout_destroy);
  g_source_attach (timeout->source, loop->context);
  return timeout->source;
}

static void
quit_when_released (GstChatLoop * loop)
{
  if (loop->quitting && loop->holds == 0)
    g_main_loop_quit (loop->main_loop);
}

void
gst_chat_loop_hold_in_loop (GstChatLoop * loop)
{
  g_assert (gst_chat_loop_is_current (loop));
  loop->holds++;
}

void
gst_chat_loop_release_in_loop (GstChatLoop * loop)
{
  g_assert (gst_chat_loop_is_current (loop));
  g_assert (loop->holds > 0);
  loop->holds--;
  quit_when_released (loop);
}

static void
quit_in_loop (gpointer data)
{
  GstChatLoop *loop = data;
  loop->quitting = TRUE;
  quit_when_released (loop);
}

/* With the lock. */
static void
begin_stop (GstChatLoop * loop)
{
  if (loop->stopping)
    return;
  loop->stopping = TRUE;
  push_post (loop, quit_in_loop, loop, NULL);
}

void
gst_chat_loop_stop (GstChatLoop * loop)
{
  g_return_if_fail (!gst_chat_loop_is_current (loop));
  g_mutex_lock (&loop->lock);
  begin_stop (loop);
  GThread *thread = g_steal_pointer (&loop->thread);
  if (thread) {
    g_mutex_unlock (&loop->lock);
    g_thread_join (thread);
    g_mutex_lock (&loop->lock);
    loop->joined = TRUE;
    g_cond_broadcast (&loop->changed);
  }
  while (!loop->joined)
    g_cond_wait (&loop->changed, &loop->lock);
  g_mutex_unlock (&loop->lock);
}

void
gst_chat_loop_unref (GstChatLoop * loop)
{
  if (!g_atomic_int_dec_and_test (&loop->ref_count))
    return;
  if (!gst_chat_loop_is_current (loop)) {
    gst_chat_loop_stop (loop);
    loop_free (loop);
    return;
  }
  /* The loop's own thread cannot be joined here: it ends and frees by itself.
   * Where somebody has begun to stop it, they hold a reference. */
  loop->orphaned = TRUE;
  g_mutex_lock (&loop->lock);
  begin_stop (loop);
  g_clear_pointer (&loop->thread, g_thread_unref);
  g_mutex_unlock (&loop->lock);
}
