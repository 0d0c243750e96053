// SPDX-License-Identifier: LGPL-2.1-or-later
#include "participant.h"

#include <tuple>

namespace rtms {

std::string ParticipantId::tag() const {
  if (!is_known())
    return "";
  return (is_channel() ? "channel-id=" : "user-id=") + text();
}

bool ParticipantId::operator<(const ParticipantId &other) const {
  return std::tie(user_id_, channel_id_) < std::tie(other.user_id_, other.channel_id_);
}

size_t ParticipantId::hash() const {
  return is_channel() ? std::hash<std::string>()(channel_id_) : std::hash<uint64_t>()(user_id_);
}

}  // namespace rtms
