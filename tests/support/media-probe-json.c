/* SPDX-License-Identifier: LGPL-2.1-or-later
 * media-probe: its lines of output. */
#include "media-probe.h"

#include <stdio.h>

void
probe_print (JsonNode * node)
{
  g_autofree gchar *text = json_to_string (node, FALSE);
  json_node_unref (node);
  puts (text);
  fflush (stdout);
}

static void
add_value (JsonBuilder * json, const GValue * value)
{
  if (G_VALUE_HOLDS_STRING (value)) {
    const gchar *string = g_value_get_string (value);
    if (string == NULL)
      json_builder_add_null_value (json);
    else
      json_builder_add_string_value (json, string);
  } else if (G_VALUE_HOLDS_BOOLEAN (value)) {
    json_builder_add_boolean_value (json, g_value_get_boolean (value));
  } else if (G_VALUE_HOLDS_INT (value)) {
    json_builder_add_int_value (json, g_value_get_int (value));
  } else if (G_VALUE_HOLDS_UINT (value)) {
    json_builder_add_int_value (json, g_value_get_uint (value));
  } else if (G_VALUE_HOLDS_UINT64 (value)) {
    json_builder_add_int_value (json, g_value_get_uint64 (value));
  } else if (G_VALUE_HOLDS_INT64 (value)) {
    json_builder_add_int_value (json, g_value_get_int64 (value));
  } else if (G_VALUE_HOLDS_DOUBLE (value)) {
    json_builder_add_double_value (json, g_value_get_double (value));
  } else if (G_VALUE_HOLDS_ENUM (value)) {
    g_autoptr (GTypeClass) type = g_type_class_ref (G_VALUE_TYPE (value));
    GEnumValue *e = g_enum_get_value (G_ENUM_CLASS (type),
        g_value_get_enum (value));
    json_builder_add_string_value (json, e != NULL ? e->value_nick : "?");
  } else if (GST_VALUE_HOLDS_STRUCTURE (value)) {
    const GstStructure *fields = gst_value_get_structure (value);
    json_builder_begin_object (json);
    for (gint i = 0; fields != NULL && i < gst_structure_n_fields (fields); i++) {
      const gchar *name = gst_structure_nth_field_name (fields, i);
      json_builder_set_member_name (json, name);
      add_value (json, gst_structure_get_value (fields, name));
    }
    json_builder_end_object (json);
  } else {
    g_autofree gchar *text = gst_value_serialize (value);
    json_builder_add_string_value (json, text != NULL ? text : "?");
  }
}

void
probe_print_structure (const gchar * what, GstObject * source,
    const GstStructure * fields)
{
  g_autoptr (JsonBuilder) json = json_builder_new ();

  json_builder_begin_object (json);
  json_builder_set_member_name (json, what);
  json_builder_begin_object (json);
  if (source != NULL) {
    json_builder_set_member_name (json, "source");
    json_builder_add_string_value (json, GST_OBJECT_NAME (source));
  }
  for (gint i = 0; fields != NULL && i < gst_structure_n_fields (fields); i++) {
    const gchar *name = gst_structure_nth_field_name (fields, i);
    json_builder_set_member_name (json, name);
    add_value (json, gst_structure_get_value (fields, name));
  }
  json_builder_end_object (json);
  json_builder_end_object (json);
  probe_print (json_builder_get_root (json));
}
