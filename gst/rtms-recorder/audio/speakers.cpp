// SPDX-License-Identifier: LGPL-2.1-or-later
#include "speakers.h"

#include <algorithm>

namespace rtms::recorder {

std::string speaker_of(const std::string &stream_id) {
  const std::string mark = "/audio/";
  const size_t at = stream_id.rfind(mark);
  if (at == std::string::npos)
    return "";
  const std::string who = stream_id.substr(at + mark.size());
  const size_t times = who.rfind('/');
  const bool again = times != std::string::npos && times + 1 < who.size() &&
                     who.find_first_not_of("0123456789", times + 1) == std::string::npos;
  return again ? who.substr(0, times) : who;
}

std::string Speakers::title(unsigned track) const {
  if (track == 0)
    return "All";
  return track == others() ? "Others" : "Speaker " + std::to_string(track);
}

std::vector<std::string> Speakers::titles() const {
  std::vector<std::string> all;
  for (unsigned track = 0; track < tracks(); track++)
    all.push_back(title(track));
  return all;
}

unsigned Speakers::track_of(const std::string &who, const std::string &name) {
  if (own_ == 0)
    return 0;
  const auto found = given_.find(who);
  if (found != given_.end()) {
    came(who, name);
    return found->second.track;
  }
  const auto before = std::find_if(given_.begin(), given_.end(), [&name](const auto &one) {
    return !name.empty() && !one.second.present && one.second.name == name;
  });
  if (before != given_.end()) {
    const unsigned track = before->second.track;
    given_.erase(before);
    given_[who] = {track, name};
    return track;
  }
  if (given_.size() >= own_)
    return others();
  const auto track = static_cast<unsigned>(given_.size()) + 1;
  given_[who] = {track, name};
  return track;
}

void Speakers::named(const std::string &who, const std::string &name) {
  const auto found = given_.find(who);
  if (found != given_.end() && !name.empty())
    found->second.name = name;
}

void Speakers::came(const std::string &who, const std::string &name) {
  const auto found = given_.find(who);
  if (found != given_.end())
    found->second.present = true;
  named(who, name);
}

void Speakers::left(const std::string &who) {
  const auto found = given_.find(who);
  if (found != given_.end())
    found->second.present = false;
}

}  // namespace rtms::recorder
