/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The web page: files of the program itself. */
#include "chatpage.h"

#include <string.h>

#include "chatpage-resource.h"

#define ROOT "/chat/page"

/* Nothing but what the server itself delivers, and nothing inline. "data:" and
 * "blob:" are pictures and sounds that the page makes itself. */
#define POLICY "default-src 'none'; script-src 'self'; style-src 'self'; " \
  "connect-src 'self'; img-src 'self' data: blob:; " \
  "media-src 'self' data: blob: mediastream:; font-src 'self'; " \
  "manifest-src 'self'; base-uri 'none'; form-action 'self'; " \
  "frame-ancestors 'none'"

static const gchar *
content_type (const gchar * path)
{
  static const gchar *const types[][2] = {
    {".html", "text/html; charset=utf-8"},
    {".mjs", "text/javascript; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".ico", "image/x-icon"},
    {".json", "application/json"},
    {".webmanifest", "application/manifest+json"},
  };
  for (guint i = 0; i < G_N_ELEMENTS (types); i++) {
    if (g_str_has_suffix (path, types[i][0]))
      return types[i][1];
  }
  return "application/octet-stream";
}

static void
answer_plainly (SoupServerMessage * message, guint status)
{
  const gchar *text = soup_status_get_phrase (status);
  soup_server_message_set_status (message, status, NULL);
  soup_server_message_set_response (message, "text/plain; charset=utf-8",
      SOUP_MEMORY_STATIC, text, strlen (text));
}

static void
set_headers (SoupServerMessage * message, gboolean tls)
{
  static const gchar *const headers[][2] = {
    {"Content-Security-Policy", POLICY},
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "no-referrer"},
    {"Permissions-Policy", "camera=(self), microphone=(self), "
          "display-capture=(self), geolocation=(), payment=(), usb=()"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"X-Frame-Options", "DENY"},
    {"Cache-Control", "no-cache"},
  };
  SoupMessageHeaders *out = soup_server_message_get_response_headers (message);
  for (guint i = 0; i < G_N_ELEMENTS (headers); i++)
    soup_message_headers_replace (out, headers[i][0], headers[i][1]);
  /* Without TLS browsers ignore it, and complain. */
  if (tls)
    soup_message_headers_replace (out, "Cross-Origin-Opener-Policy",
        "same-origin");
}

/* The name of a bundled file, or NULL. */
static GBytes *
find (const gchar * path, const gchar ** name)
{
  if (g_str_equal (path, "/"))
    path = "/index.html";
  /* Browsers ask for it without being told to. */
  if (g_str_equal (path, "/favicon.ico"))
    path = "/icon.svg";
  g_autofree gchar *resource = g_strconcat (ROOT, path, NULL);
  *name = path;
  return g_resource_lookup_data (chat_page_get_resource (), resource,
      G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
}

void
gst_chat_page_answer (SoupServerMessage * message, const char *path,
    gboolean tls)
{
  const gchar *method = soup_server_message_get_method (message);
  set_headers (message, tls);
  if (method != SOUP_METHOD_GET && method != SOUP_METHOD_HEAD) {
    soup_message_headers_replace (soup_server_message_get_response_headers
        (message), "Allow", "GET, HEAD");
    answer_plainly (message, SOUP_STATUS_METHOD_NOT_ALLOWED);
    return;
  }
  const gchar *name;
  g_autoptr (GBytes) file = find (path, &name);
  if (file == NULL) {
    answer_plainly (message, SOUP_STATUS_NOT_FOUND);
    return;
  }
  gsize len;
  const gchar *data = g_bytes_get_data (file, &len);
  soup_server_message_set_status (message, SOUP_STATUS_OK, NULL);
  soup_server_message_set_response (message, content_type (name),
      SOUP_MEMORY_COPY, data, len);
}
