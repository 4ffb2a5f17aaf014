/* SPDX-License-Identifier: LGPL-2.1-or-later
 * What a libnice with UPnP wants of libgupnp-igd, and nothing below it: so it is
 * as one without UPnP, which is not what Debian has. Nobody may call it. */
#include <stdlib.h>

void gupnp_simple_igd_add_port (void);
void gupnp_simple_igd_get_type (void);
void gupnp_simple_igd_remove_port_local (void);
void gupnp_simple_igd_thread_new (void);

void
gupnp_simple_igd_add_port (void)
{
  abort ();
}

void
gupnp_simple_igd_get_type (void)
{
  abort ();
}

void
gupnp_simple_igd_remove_port_local (void)
{
  abort ();
}

void
gupnp_simple_igd_thread_new (void)
{
  abort ();
}
