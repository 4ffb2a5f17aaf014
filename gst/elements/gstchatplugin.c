/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The plugin: its elements and nothing else. */
#include "config.h"

#include "chatcertificate.h"
#include "gstchatpeer.h"
#include "gstchatsignalsrc.h"

static gboolean
plugin_init (GstPlugin * plugin)
{
  gst_chat_crypto_stay_at_exit ();
  return GST_ELEMENT_REGISTER (chatsignalsrc, plugin)
      && GST_ELEMENT_REGISTER (chatpeer, plugin);
}

GST_PLUGIN_DEFINE (GST_VERSION_MAJOR, GST_VERSION_MINOR, chat,
    "Video calls with browsers in a pipeline, over a Socket.IO server",
    plugin_init, VERSION, GST_LICENSE, GST_PACKAGE_NAME, GST_PACKAGE_ORIGIN)
