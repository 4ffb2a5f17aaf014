/* SPDX-License-Identifier: LGPL-2.1-or-later
 * A fence that is dismissed stops, whatever is in it. */
#include "chatfence.h"

#include <gst/check/gstcheck.h>
#include <gst/base/gstpushsrc.h>

/* A live source that never has anything and misses the first unlockings. */
typedef struct
{
  GstPushSrc parent;
  GMutex lock;
  GCond cond;
  gboolean waits, unlocked;
  guint misses;
} DeafSrc;
typedef GstPushSrcClass DeafSrcClass;

static GType deaf_src_get_type (void);
G_DEFINE_TYPE (DeafSrc, deaf_src, GST_TYPE_PUSH_SRC);

static GstFlowReturn
deaf_src_create (GstPushSrc * src, GstBuffer ** buffer)
{
  DeafSrc *self = (DeafSrc *) src;

  g_mutex_lock (&self->lock);
  self->waits = TRUE;
  g_cond_broadcast (&self->cond);
  while (!self->unlocked)
    g_cond_wait (&self->cond, &self->lock);
  g_mutex_unlock (&self->lock);
  return GST_FLOW_FLUSHING;
}

static gboolean
deaf_src_unlock (GstBaseSrc * src)
{
  DeafSrc *self = (DeafSrc *) src;

  g_mutex_lock (&self->lock);
  if (self->misses > 0)
    self->misses--;
  else
    self->unlocked = TRUE;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->lock);
  return TRUE;
}

static void
deaf_src_finalize (GObject * object)
{
  DeafSrc *self = (DeafSrc *) object;

  g_cond_clear (&self->cond);
  g_mutex_clear (&self->lock);
  G_OBJECT_CLASS (deaf_src_parent_class)->finalize (object);
}

static void
deaf_src_init (DeafSrc * self)
{
  g_mutex_init (&self->lock);
  g_cond_init (&self->cond);
  gst_base_src_set_live (GST_BASE_SRC (self), TRUE);
}

static void
deaf_src_class_init (DeafSrcClass * klass)
{
  static GstStaticPadTemplate src = GST_STATIC_PAD_TEMPLATE ("src", GST_PAD_SRC,
      GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);

  G_OBJECT_CLASS (klass)->finalize = deaf_src_finalize;
  klass->create = deaf_src_create;
  GST_BASE_SRC_CLASS (klass)->unlock = deaf_src_unlock;
  gst_element_class_add_static_pad_template (GST_ELEMENT_CLASS (klass), &src);
  gst_element_class_set_static_metadata (GST_ELEMENT_CLASS (klass),
      "Deaf source", "Source", "Misses that it stops", "test");
}

/* More than a stop does by itself, on any GStreamer. */
static const guint misses[] = { 0, 4 };

GST_START_TEST (test_a_source_that_misses_its_stop)
{
  g_autoptr (GstElement) pipeline = gst_pipeline_new (NULL);
  GstBin *fence = gst_chat_fence_new ("fence", NULL, NULL, NULL);
  GstElement *inner = gst_bin_new ("inner");
  DeafSrc *source = g_object_new (deaf_src_get_type (), NULL);
  GstElement *sink = gst_element_factory_make ("fakesink", NULL);

  gst_bin_add_many (GST_BIN (inner), GST_ELEMENT (source), sink, NULL);
  fail_unless (gst_element_link (GST_ELEMENT (source), sink));
  gst_bin_add (fence, inner);
  gst_bin_add (GST_BIN (pipeline), GST_ELEMENT (fence));
  gst_object_ref (source);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  g_mutex_lock (&source->lock);
  while (!source->waits)
    g_cond_wait (&source->cond, &source->lock);
  source->misses = misses[__i__];
  g_mutex_unlock (&source->lock);

  gst_chat_fence_dismiss (fence, inner, NULL);
  fail_unless (gst_chat_fence_wait (GST_BIN (pipeline), 10000));
  fail_unless_equals_int (source->misses, 0);
  fail_unless_equals_int (GST_STATE (source), GST_STATE_NULL);
  gst_object_unref (source);
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

GST_END_TEST;

static Suite *
fence_suite (void)
{
  Suite *suite = suite_create ("fence");
  TCase *tcase = tcase_create ("stop");

  suite_add_tcase (suite, tcase);
  tcase_add_loop_test (tcase, test_a_source_that_misses_its_stop, 0,
      G_N_ELEMENTS (misses));
  return suite;
}

GST_CHECK_MAIN (fence);
