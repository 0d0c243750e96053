// SPDX-License-Identifier: LGPL-2.1-or-later
#include "roster.h"

namespace rtms {
namespace {

// More than any meeting has: a server could invent names for ever.
constexpr size_t kMaxNames = 10000;

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
    participant->user_name = name({participant->user_id, participant->channel_id});
    return;
  }
  for (const ParticipantId &id : participant->ids())
    if (id.is_known() && (names_.size() < kMaxNames || names_.count(id)))
      names_[id] = participant->user_name;
}

const std::string &Roster::name(const ParticipantId &id) const {
  static const std::string unknown;
  auto found = names_.find(id);
  return found == names_.end() ? unknown : found->second;
}

Speaker Roster::speaker_of(const MediaData &data) const {
  Speaker speaker = data.speaker();
  if (speaker.name.empty())
    speaker.name = name(data.from());
  return speaker;
}

}  // namespace rtms
