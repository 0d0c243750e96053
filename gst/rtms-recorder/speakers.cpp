#include "speakers.h"

namespace rtms::recorder {

std::string Speakers::title(unsigned track) const {
  if (track == 0)
    return "All";
  return track == others() ? "Others" : "Speaker " + std::to_string(track);
}

unsigned Speakers::track_of(const std::string &who) {
  if (own_ == 0)
    return 0;
  auto found = given_.find(who);
  if (found != given_.end())
    return found->second;
  if (given_.size() >= own_)
    return others();
  const auto track = static_cast<unsigned>(given_.size()) + 1;
  return given_[who] = track;
}

}  // namespace rtms::recorder
