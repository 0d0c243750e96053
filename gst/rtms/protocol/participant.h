// SPDX-License-Identifier: LGPL-2.1-or-later
// Identity of a meeting's participants.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace rtms {

// A user by number, or a Contact Center party by its audio channel.
class ParticipantId {
 public:
  // No participant: user 0, as in the mix.
  ParticipantId() = default;
  explicit ParticipantId(uint64_t user_id) : user_id_(user_id) {}
  explicit ParticipantId(std::string_view channel_id) : channel_id_(channel_id) {}
  // From the members of a message. The channel has priority: one user may be on several channels.
  ParticipantId(uint64_t user_id, std::string_view channel_id)
      : user_id_(channel_id.empty() ? user_id : 0), channel_id_(channel_id) {}

  bool is_channel() const { return !channel_id_.empty(); }
  bool is_known() const { return user_id_ != 0 || is_channel(); }
  uint64_t user_id() const { return user_id_; }
  const std::string &channel_id() const { return channel_id_; }
  // The number or the channel, for users and for stream ids.
  std::string text() const { return is_channel() ? channel_id_ : std::to_string(user_id_); }
  // "user-id=22", "channel-id=agent"; empty without a participant.
  std::string tag() const;

  bool operator==(const ParticipantId &other) const {
    return user_id_ == other.user_id_ && channel_id_ == other.channel_id_;
  }
  bool operator!=(const ParticipantId &other) const { return !(*this == other); }
  bool operator<(const ParticipantId &other) const;
  size_t hash() const;

 private:
  uint64_t user_id_ = 0;
  std::string channel_id_;
};

// The sender of a message, with a name that may be known from other messages. The views point into
// the message or the roster.
struct Speaker {
  uint64_t user_id = 0;
  std::string_view name;
  std::string_view channel_id;

  ParticipantId id() const { return {user_id, channel_id}; }
};

}  // namespace rtms

template <>
struct std::hash<rtms::ParticipantId> {
  size_t operator()(const rtms::ParticipantId &id) const { return id.hash(); }
};
