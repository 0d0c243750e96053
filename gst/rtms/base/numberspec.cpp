// SPDX-License-Identifier: LGPL-2.1-or-later
#include "numberspec.h"

namespace rtms {
namespace {

// A type derived from GLib's, without its check.
GType unchecked_type(const char *name, GType parent) {
  GTypeQuery query;
  g_type_query(parent, &query);
  GTypeInfo info{};
  info.class_size = static_cast<guint16>(query.class_size);
  info.instance_size = static_cast<guint16>(query.instance_size);
  info.class_init = [](gpointer klass, gpointer) {
    static_cast<GParamSpecClass *>(klass)->value_validate = nullptr;
  };
  return g_type_register_static(parent, name, &info, static_cast<GTypeFlags>(0));
}

template <typename Spec, typename T>
GParamSpec *number_spec(GType type, const char *name, const char *nick, const char *blurb, T least,
                        T most, T default_value, GParamFlags flags) {
  auto spec = static_cast<Spec *>(g_param_spec_internal(type, name, nick, blurb, flags));
  spec->minimum = least;
  spec->maximum = most;
  spec->default_value = default_value;
  return &spec->parent_instance;
}

}  // namespace

GParamSpec *int_spec(const char *name, const char *nick, const char *blurb, int least, int most,
                     int default_value, GParamFlags flags) {
  static const GType type = unchecked_type("GstRtmsSrcParamInt", G_TYPE_PARAM_INT);
  return number_spec<GParamSpecInt>(type, name, nick, blurb, least, most, default_value, flags);
}

GParamSpec *uint_spec(const char *name, const char *nick, const char *blurb, unsigned least,
                      unsigned most, unsigned default_value, GParamFlags flags) {
  static const GType type = unchecked_type("GstRtmsSrcParamUInt", G_TYPE_PARAM_UINT);
  return number_spec<GParamSpecUInt>(type, name, nick, blurb, least, most, default_value, flags);
}

}  // namespace rtms
