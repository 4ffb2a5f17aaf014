/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Whether libsoup 3 can be loaded into this process. */
#define _GNU_SOURCE             /* dl_iterate_phdr */
#include "chatsoupcheck.h"

#include <dlfcn.h>
#include <link.h>
#include <string.h>

#define LIBSOUP_2 "libsoup-2.4.so.1"
#define LIBSOUP_3 "libsoup-3.0.so.0"
/* What every module of GStreamer needs. */
#define LIBGSTREAMER "libgstreamer-1.0.so"

static gboolean
is_loaded (const gchar * library)
{
  void *handle = dlopen (library, RTLD_LAZY | RTLD_NOLOAD);
  if (handle)
    dlclose (handle);
  return handle != NULL;
}

/* What libsoup 3 asks when it is loaded; on a yes it calls abort(). */
static gboolean
sees_libsoup_2 (void)
{
  void *program = dlopen (NULL, RTLD_LAZY);
  gboolean found = program && dlsym (program, "soup_uri_new") != NULL;
  if (program)
    dlclose (program);
  return found;
}

gboolean
gst_chat_soup_check_libsoup_2 (void)
{
  return sees_libsoup_2 () || is_loaded (LIBSOUP_2);
}

static int
find_loader (struct dl_phdr_info *info, size_t size, void *data)
{
  const gchar **loader = data;
  for (guint i = 0; i < info->dlpi_phnum; i++)
    if (info->dlpi_phdr[i].p_type == PT_INTERP)
      *loader = (const gchar *) (info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
  return 1;                     /* the program comes first, and is all */
}

/* What ldd prints. NULL: cannot be had. Transfer full. */
static gchar *
list_libraries (const gchar * file)
{
  const gchar *loader = NULL;
  dl_iterate_phdr (find_loader, &loader);
  if (!loader)
    return NULL;
  gchar *argv[] =
      { (gchar *) loader, (gchar *) "--list", (gchar *) file, NULL };
  gchar *list = NULL;
  /* Not asked for its exit status, it works in programs that ignore those. */
  g_spawn_sync (NULL, argv, NULL, G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL,
      &list, NULL, NULL, NULL);
  return list;
}

gboolean
gst_chat_soup_check_is_deadly (const gchar * file)
{
  if (!sees_libsoup_2 () || is_loaded (LIBSOUP_3))
    return FALSE;
  g_autofree gchar *list = list_libraries (file);
  /* No list is no permission. */
  return !list || !strstr (list, LIBGSTREAMER) || strstr (list, LIBSOUP_3);
}
