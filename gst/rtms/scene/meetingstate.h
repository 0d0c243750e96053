// SPDX-License-Identifier: LGPL-2.1-or-later
// What the slate says of the meeting. Pure.
#pragma once

#include <map>
#include <string>

namespace rtms::program {

class MeetingState {
 public:
  // As the message `rtms-connection` says.
  void connection(const std::string &media, const std::string &state) {
    if (state == "silent")
      return;
    states_[media] = state;
  }
  // Empty while the meeting goes on.
  const char *words() const {
    bool streams = false;
    for (const auto &[media, state] : states_) {
      if (state == "reconnecting")
        return "Reconnecting";
      streams |= state == "streaming" && media != "signaling";
    }
    return streams || was_closed() ? "" : "Waiting for the meeting";
  }

 private:
  bool was_closed() const {
    for (const auto &[media, state] : states_)
      if (state == "closed")
        return true;
    return false;
  }
  std::map<std::string, std::string> states_;
};

}  // namespace rtms::program
