/* SPDX-License-Identifier: LGPL-2.1-or-later
 * What a pipeline shows and says, and whether it sees and hears what it should:
 * by content, a ball of one colour and a tone. */
#pragma once

#include "stage.h"

G_BEGIN_DECLS

/* A launch line: a chatpeer named "peer" with media so small that many fit into
 * one machine, and what is behind it. CALLS_FPS is how many pictures a second, 10
 * unless told otherwise. Caller frees. */
gchar *senses_launch (const gchar * port, const gchar * name,
    const gchar * properties);

/* What there is to show: any number is a look. */
typedef guint Look;

typedef struct _Senses Senses;

Senses *senses_new (Actor * actor);
void senses_free (Senses * senses);
/* From now on shows that. */
void senses_show (Senses * senses, Look look);
/* Forgets all; then: whether that look has been seen and heard since. */
void senses_expect (Senses * senses, Look look);
gboolean senses_met (Senses * senses);
/* What was seen and heard instead. Caller frees. */
gchar *senses_to_string (Senses * senses);

G_END_DECLS
