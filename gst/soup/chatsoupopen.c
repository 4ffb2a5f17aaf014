/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Finds the module with libsoup 3 beside the plugin, and opens it where that does
 * no harm. */
#define _GNU_SOURCE             /* dladdr */
#include "config.h"

#include "chatsoup.h"
#include "chaterror.h"
#include "chatsoupcheck.h"

#include <dlfcn.h>
#include <gmodule.h>
#include <stdlib.h>

/* From the folder of the plugin: installed, and in the folder of a build. */
static const gchar *const places[] = {
  "../" PACKAGE "/" MODULE_FILE,
  "../soup/" MODULE_FILE,
};

/* Where the code is that this is linked into. Absolute, and without links, as
 * those of a package's plugin may lead elsewhere. Transfer full. */
static gchar *
own_folder (void)
{
  Dl_info info;
  if (!dladdr ((gconstpointer) own_folder, &info))
    return NULL;
  gchar *file = realpath (info.dli_fname, NULL);
  gchar *folder = file ? g_path_get_dirname (file) : NULL;
  free (file);
  return folder;
}

/* Transfer full. NULL: it is not there. */
static gchar *
find_module (const gchar * folder)
{
  for (guint i = 0; folder && i < G_N_ELEMENTS (places); i++) {
    g_autofree gchar *path = g_build_filename (folder, places[i], NULL);
    if (g_file_test (path, G_FILE_TEST_EXISTS))
      return g_steal_pointer (&path);
  }
  return NULL;
}

static const GstChatSoup *
refuse (GError ** error, const gchar * what, const gchar * why)
{
  g_set_error (error, GST_CHAT_ERROR, GST_CHAT_ERROR_MISSING,
      "Without %s there is no connection to a chat server: install " PACKAGE
      " completely (%s)", what, why);
  return NULL;
}

const GstChatSoup *
gst_chat_soup_open (GError ** error)
{
  if (gst_chat_soup_check_libsoup_2 ()) {
    g_set_error_literal (error, GST_CHAT_ERROR, GST_CHAT_ERROR_UNSUPPORTED,
        "This program has libsoup 2 in it, beside which the libsoup 3 of "
        "chatsignalsrc cannot run: run the pipeline in a process of its own, or "
        "bring the signalling by a transport of your own to the signal pad of "
        "chatpeer");
    return NULL;
  }
  g_autofree gchar *folder = own_folder ();
  g_autofree gchar *path = find_module (folder);
  if (!path)
    return refuse (error, MODULE_FILE, "it is not beside the plugin");
  g_autoptr (GError) reason = NULL;
  /* GLib's lock comes before that of dlopen(), as in all who load plugins: while
   * it is loaded, libsoup asks GLib for a module. Its names are nobody else's. */
  GModule *module = g_module_open_full (path, G_MODULE_BIND_LOCAL, &reason);
  if (!module)
    return refuse (error, path, reason->message);
  gpointer symbol = NULL;
  g_module_symbol (module, GST_CHAT_SOUP_SYMBOL, &symbol);
  /* Its types stay registered, so it has to stay as well. */
  g_module_make_resident (module);
  g_module_close (module);
  const GstChatSoup *soup = symbol;
  if (!soup || g_strcmp0 (soup->version, VERSION) != 0)
    return refuse (error, path, "it is not of version " VERSION);
  return soup;
}
