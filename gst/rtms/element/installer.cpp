// SPDX-License-Identifier: LGPL-2.1-or-later
#include "installer.h"

namespace rtms {
namespace {

constexpr auto kReadWrite =
    static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);
constexpr auto kWriteOnly =
    static_cast<GParamFlags>(G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);

// GObject ignores or clamps a value outside a GParamSpecInt's range: a pipeline would run with a
// setting that the user did not choose. This type, derived from GLib's, has the range without that
// check.
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
GParamSpec *number_spec(GType type, const char *name, const char *nick, const char *blurb,
                        Range<T> range, T default_value, GParamFlags flags) {
  auto spec = static_cast<Spec *>(g_param_spec_internal(type, name, nick, blurb, flags));
  spec->minimum = range.least;
  spec->maximum = range.most;
  spec->default_value = default_value;
  return &spec->parent_instance;
}

}  // namespace

std::vector<Installer::Member> &Installer::table() {
  static std::vector<Member> members;
  return members;
}

void Installer::add(Member member, GParamSpec *spec) {
  table().push_back(member);
  g_object_class_install_property(klass_, static_cast<guint>(table().size()), spec);
}

void Installer::string(const char *name, const char *nick, const char *blurb,
                       std::string Settings::*member) {
  add(member, g_param_spec_string(name, nick, blurb, nullptr, kReadWrite));
}

void Installer::secret(const char *name, const char *nick, const char *blurb,
                       Secret Settings::*member) {
  add(member, g_param_spec_string(name, nick, blurb, nullptr, kWriteOnly));
}

void Installer::boolean(const char *name, const char *nick, const char *blurb,
                        bool Settings::*member) {
  add(member, g_param_spec_boolean(name, nick, blurb, defaults_.*member, kReadWrite));
}

void Installer::choice(const char *name, const char *nick, const char *blurb, GType type,
                       int Settings::*member) {
  add(member, g_param_spec_enum(name, nick, blurb, type, defaults_.*member, kReadWrite));
}

void Installer::flags(const char *name, const char *nick, const char *blurb, GType type,
                      unsigned Settings::*member) {
  add(member, g_param_spec_flags(name, nick, blurb, type, defaults_.*member, kReadWrite));
}

void Installer::integer(const char *name, const char *nick, const char *blurb,
                        int Settings::*member, Range<int> range) {
  static const GType type = unchecked_type("GstRtmsSrcParamInt", G_TYPE_PARAM_INT);
  add(member,
      number_spec<GParamSpecInt>(type, name, nick, blurb, range, defaults_.*member, kReadWrite));
}

void Installer::uint(const char *name, const char *nick, const char *blurb,
                     unsigned Settings::*member, Range<unsigned> range, int when) {
  static const GType type = unchecked_type("GstRtmsSrcParamUInt", G_TYPE_PARAM_UINT);
  const auto flags = static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | when);
  add(member,
      number_spec<GParamSpecUInt>(type, name, nick, blurb, range, defaults_.*member, flags));
}

void Installer::uint64(const char *name, const char *nick, const char *blurb,
                       uint64_t Settings::*member) {
  add(member,
      g_param_spec_uint64(name, nick, blurb, 0, G_MAXUINT64, defaults_.*member, kReadWrite));
}

}  // namespace rtms
