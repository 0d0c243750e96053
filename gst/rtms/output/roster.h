// SPDX-License-Identifier: LGPL-2.1-or-later
// Who is in the meeting, as its events tell: for messages that come without a name.
#pragma once

#include "protocol/types.h"

#include <map>
#include <string>

namespace rtms {

class Roster {
 public:
  // Learns from an event, and gives its participants the names that it lacks.
  void update(EventUpdate *event);
  // The name by user id, or by Contact Center channel; empty where it is not known.
  const std::string &name(uint64_t user_id, std::string_view channel_id) const;
  // Whom the service last called the active speaker; user id 0 before that.
  const Participant &active_speaker() const { return active_speaker_; }

 private:
  void learn(Participant *participant);
  void remember(const std::string &key, const std::string &name);
  const std::string &find(const std::string &key) const;

  std::map<std::string, std::string> names_;
  Participant active_speaker_;
};

}  // namespace rtms
