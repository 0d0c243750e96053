// SPDX-License-Identifier: LGPL-2.1-or-later
#include "roster.h"

namespace rtms {
namespace {

// More than any meeting has: a server could invent new ones for ever.
constexpr size_t kMaxNames = 10000;

std::string user_key(uint64_t user_id) {
  return std::to_string(user_id);
}

std::string channel_key(std::string_view channel_id) {
  return "/" + std::string(channel_id);
}

}  // namespace

void Roster::update(EventUpdate *event) {
  for (Participant &participant : event->participants)
    learn(&participant);
  if (event->type == static_cast<int64_t>(EventType::ActiveSpeakerChange) &&
      !event->participants.empty())
    active_speaker_ = event->participants.front();
}

void Roster::learn(Participant *participant) {
  if (participant->user_name.empty()) {
    participant->user_name = name(participant->user_id, participant->channel_id);
    return;
  }
  if (participant->user_id != 0)
    remember(user_key(participant->user_id), participant->user_name);
  if (!participant->channel_id.empty())
    remember(channel_key(participant->channel_id), participant->user_name);
}

void Roster::remember(const std::string &key, const std::string &name) {
  if (names_.size() < kMaxNames || names_.count(key))
    names_[key] = name;
}

const std::string &Roster::find(const std::string &key) const {
  static const std::string unknown;
  auto found = names_.find(key);
  return found == names_.end() ? unknown : found->second;
}

const std::string &Roster::name(uint64_t user_id, std::string_view channel_id) const {
  return channel_id.empty() ? find(user_key(user_id)) : find(channel_key(channel_id));
}

}  // namespace rtms
