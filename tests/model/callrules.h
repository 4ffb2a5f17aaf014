/* SPDX-License-Identifier: LGPL-2.1-or-later
 * What holds of each single step of a call, whatever the state and the event. */
#pragma once

#include "chatcall.h"

G_BEGIN_DECLS

/* NULL, or the sentence that is not true of this step at @now. */
const gchar *call_rule_broken (const GstChatCall * before,
    const GstChatCallEvent * event, gint64 now, const GstChatCall * after,
    const GstChatCallEffects * effects);

G_END_DECLS
