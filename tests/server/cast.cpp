// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cast.h"

namespace rtmstest {

unsigned Cast::active(int64_t position_ms) const {
  return static_cast<unsigned>(position_ms / kTurnMs % speakers);
}

std::vector<unsigned> Cast::speaking(int64_t position_ms) const {
  std::vector<unsigned> now{active(position_ms)};
  unsigned soon = active(position_ms + kOverlapMs);
  if (soon != now.front())
    now.push_back(soon);
  return now;
}

std::string Cast::user_name(unsigned speaker) {
  constexpr const char *names[] = {
      "John Smith",    "Ada Lovelace", "Jürgen Groß", "山田 花子", "Grace \"Amazing\" Hopper",
      "O'Neil / Sons", "Zoë",          "Николай"};
  constexpr unsigned count = sizeof names / sizeof names[0];
  std::string name = names[speaker % count];
  return speaker < count ? name : name + " " + std::to_string(speaker / count + 1);
}

}  // namespace rtmstest
