/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Many timers for the price of one: a wheel. No clock: time is an argument. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _GstChatTimers GstChatTimers;
typedef struct _GstChatTimer GstChatTimer;

/* Part of what waits; all zero at first. It must be stopped before it goes. */
struct _GstChatTimer {
  GstChatTimer *next, *prev;    /* NULL: it is not running */
  gint64 due;
  void (*func) (GstChatTimer * timer, gint64 now);
};

/* The @Type whose @member @pointer is: a timer, or something else that waits. */
#define GST_CHAT_OWNER_OF(Type, member, pointer) \
  ((Type *) ((guint8 *) (pointer) - G_STRUCT_OFFSET (Type, member)))

/* @resolution: microseconds by which a timer may be late. @now: monotonic
 * microseconds, as everywhere here. */
GstChatTimers *gst_chat_timers_new (gint64 resolution, gint64 now);
/* Those that still run are called, with G_MAXINT64 for the time; they must not
 * be started again. */
void gst_chat_timers_free (GstChatTimers * timers);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstChatTimers, gst_chat_timers_free)
/* Calls timer->func once, not before @due. One that runs is moved. */
void gst_chat_timers_start (GstChatTimers * timers, GstChatTimer * timer,
    gint64 due);
void gst_chat_timer_stop (GstChatTimer * timer);

/* Calls what is due. Its functions may start and stop any timer. */
void gst_chat_timers_run (GstChatTimers * timers, gint64 now);

G_END_DECLS
