// SPDX-License-Identifier: LGPL-2.1-or-later
// The state of the meeting, as text for the slate. Pure.
#pragma once

#include <map>
#include <string>

namespace rtms::program {

class MeetingState {
 public:
  // Takes the fields of the message `rtms-connection`. Each kind of media, of "audio+video" for
  // example, has a state of its own: the next connection may have others of them.
  void connection(const std::string &media, const std::string &state) {
    if (state == "silent")
      return;
    for (std::size_t at = 0, end = 0; end != std::string::npos; at = end + 1) {
      end = media.find('+', at);
      states_[media.substr(at, end - at)] = state;
    }
  }
  // Empty while media is streaming, and after the end.
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
