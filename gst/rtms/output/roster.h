// SPDX-License-Identifier: LGPL-2.1-or-later
// Who is in the meeting, as its events tell: for messages that come without a name.
#pragma once

#include "protocol/types.h"

#include <string>
#include <unordered_map>

namespace rtms {

class Roster {
 public:
  // Learns from an event, and gives its participants the names that it lacks.
  void update(EventUpdate *event);
  // Who the message is from, by name where that is known.
  Speaker speaker_of(const MediaData &data) const;
  // Whom the service last called the active speaker; user id 0 before that.
  Speaker active_speaker() const {
    return {active_speaker_.user_id, active_speaker_.user_name, active_speaker_.channel_id};
  }

 private:
  void learn(Participant *participant);
  // Empty where it is not known.
  const std::string &name(const ParticipantId &id) const;

  std::unordered_map<ParticipantId, std::string> names_;
  Participant active_speaker_;
};

}  // namespace rtms
