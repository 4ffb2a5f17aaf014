/* SPDX-License-Identifier: LGPL-2.1-or-later
 * How much of its bitrate a sender may use. */
#include "chatpace.h"

/* Less is what networks without wires lose anyway. */
#define LITTLE_LOSS 0.02
#define MUCH_LOSS 0.1
/* A line that is far too narrow is found at once, not by halves. */
#define FAR_TOO_MUCH 0.3
#define DEEPEST_CUT 0.4
#define GROWTH 1.08

void
gst_chat_pace_init (GstChatPace * pace)
{
  pace->share = 1;
  pace->has_cut = FALSE;
}

gboolean
gst_chat_pace_report (GstChatPace * pace, gdouble loss)
{
  gdouble before = pace->share;
  gboolean cut = loss > MUCH_LOSS && loss <= FAR_TOO_MUCH;

  /* Most of what is lost now was sent before. */
  if (cut && pace->has_cut) {
    pace->has_cut = FALSE;
    return FALSE;
  }
  pace->has_cut = cut;
  /* What is sent again makes it look worse than it is. */
  if (loss > FAR_TOO_MUCH)
    pace->share *= MAX (1 - loss, DEEPEST_CUT);
  else if (cut)
    pace->share *= 1 - loss / 2;
  else if (loss < LITTLE_LOSS)
    pace->share *= GROWTH;
  pace->share = CLAMP (pace->share, GST_CHAT_PACE_LEAST, 1);
  return pace->share != before;
}
