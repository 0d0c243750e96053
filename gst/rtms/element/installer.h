// SPDX-License-Identifier: LGPL-2.1-or-later
// Installs the properties that are settings: each is a member of Settings.
#pragma once

#include "run/settings.h"

#include <gst/gst.h>

#include <variant>
#include <vector>

namespace rtms {

// What a new element has, but for the environment's client id.
Settings default_settings();

class Installer {
 public:
  using Member = std::variant<std::string Settings::*, Secret Settings::*, bool Settings::*,
                              int Settings::*, unsigned Settings::*, uint64_t Settings::*>;

  explicit Installer(GObjectClass *klass) : klass_(klass) {}

  void string(const char *name, const char *nick, const char *blurb, std::string Settings::*member);
  // Write-only.
  void secret(const char *name, const char *nick, const char *blurb, Secret Settings::*member);
  void boolean(const char *name, const char *nick, const char *blurb, bool Settings::*member);
  void choice(const char *name, const char *nick, const char *blurb, GType type,
              int Settings::*member);
  void flags(const char *name, const char *nick, const char *blurb, GType type,
             unsigned Settings::*member);
  // Accepts values outside the range: the state change to PAUSED refuses them with an error, like
  // other invalid settings.
  void integer(const char *name, const char *nick, const char *blurb, int Settings::*member,
               Range<int> range);
  void uint(const char *name, const char *nick, const char *blurb, unsigned Settings::*member,
            Range<unsigned> range, int when = GST_PARAM_MUTABLE_READY);
  void uint64(const char *name, const char *nick, const char *blurb, uint64_t Settings::*member);

  // The members in the order of the property ids, which begin with 1.
  static const std::vector<Member> &members() { return table(); }

 private:
  static std::vector<Member> &table();
  void add(Member member, GParamSpec *spec);

  GObjectClass *klass_;
  const Settings defaults_ = default_settings();
};

// By theme, in the order of the ids.
void install_stream_properties(Installer *install);
void install_webhook_properties(Installer *install);
void install_media_properties(Installer *install);
void install_network_properties(Installer *install);
void install_timing_properties(Installer *install);

}  // namespace rtms
