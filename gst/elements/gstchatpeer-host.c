/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Whether the program around chatpeer bears webrtcbin. */
#include "config.h"

#include "gstchatpeerprivate.h"

#include "chaterror.h"
#include "chatsoupcheck.h"

#define GST_CAT_DEFAULT gst_chat_peer_debug

/* Those with libnice in them, which has UPnP, with libsoup 3 below it, in many
 * distributions. It is turned off in calls, but loaded nevertheless. */
static const gchar *const plugins[] = { "webrtc", "nice" };

static gboolean
is_deadly (const gchar * name)
{
  g_autoptr (GstPlugin) plugin = gst_registry_find_plugin (gst_registry_get (),
      name);
  /* What is not there is missed elsewhere. */
  return plugin != NULL && !gst_plugin_is_loaded (plugin)
      && gst_plugin_get_filename (plugin) != NULL
      && gst_chat_soup_check_is_deadly (gst_plugin_get_filename (plugin));
}

gboolean
gst_chat_peer_check_host (GError ** error)
{
  for (guint i = 0; i < G_N_ELEMENTS (plugins); i++) {
    if (is_deadly (plugins[i])) {
      g_set_error_literal (error, GST_CHAT_ERROR, GST_CHAT_ERROR_UNSUPPORTED,
          "This program has libsoup 2 in it, beside which the libsoup 3 that "
          "comes with the libnice of webrtcbin cannot be loaded: run the "
          "pipeline in a process of its own, or use a libnice without UPnP");
      return FALSE;
    }
  }
  return TRUE;
}
