// SPDX-License-Identifier: LGPL-2.1-or-later
// The names of participants from the meeting's events, for messages without a name.
#pragma once

#include "protocol/types.h"

#include <string>
#include <unordered_map>

namespace rtms {

class Roster {
 public:
  // Learns from an event, and adds missing names to its participants.
  void update(EventUpdate *event);
  // Returns the sender of a message, with the name if known.
  Speaker speaker_of(const MediaData &data) const;
  // Returns the last active speaker reported; user id 0 before the first.
  Speaker active_speaker() const {
    return {active_speaker_.user_id, active_speaker_.user_name, active_speaker_.channel_id};
  }

 private:
  void learn(Participant *participant);
  // Returns "" if unknown.
  const std::string &name(const ParticipantId &id) const;

  std::unordered_map<ParticipantId, std::string> names_;
  Participant active_speaker_;
};

}  // namespace rtms
