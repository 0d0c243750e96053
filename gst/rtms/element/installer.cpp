// SPDX-License-Identifier: LGPL-2.1-or-later
#include "installer.h"

#include "base/numberspec.h"

namespace rtms {
namespace {

constexpr auto kReadWrite =
    static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);
constexpr auto kWriteOnly =
    static_cast<GParamFlags>(G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);

}  // namespace

Settings default_settings() {
  Settings settings;
  settings.user_agent = "gst-rtms/" PACKAGE_VERSION;
  return settings;
}

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
  const std::string &text = defaults_.*member;
  add(member,
      g_param_spec_string(name, nick, blurb, text.empty() ? nullptr : text.c_str(), kReadWrite));
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
  add(member, int_spec(name, nick, blurb, range.least, range.most, defaults_.*member, kReadWrite));
}

void Installer::uint(const char *name, const char *nick, const char *blurb,
                     unsigned Settings::*member, Range<unsigned> range, int when) {
  const auto flags = static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | when);
  add(member, uint_spec(name, nick, blurb, range.least, range.most, defaults_.*member, flags));
}

void Installer::uint64(const char *name, const char *nick, const char *blurb,
                       uint64_t Settings::*member) {
  add(member,
      g_param_spec_uint64(name, nick, blurb, 0, G_MAXUINT64, defaults_.*member, kReadWrite));
}

}  // namespace rtms
