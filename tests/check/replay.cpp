// SPDX-License-Identifier: LGPL-2.1-or-later
#include "replay.h"

namespace rtmscheck {
namespace {

constexpr const char *kParams[] = {
    R"({"content_type":2,"sample_rate":1,"channel":1,"codec":1,"data_opt":2,"send_rate":20})",
    R"({"content_type":3,"codec":7,"resolution":2,"fps":25,"data_opt":3})", "{}",
    R"({"content_type":5})", R"({"content_type":5})"};

}  // namespace

std::shared_ptr<const Reel> film(const MeetingOptions &options) {
  auto reel = std::make_shared<Reel>();
  MeetingOptions timed = options;
  timed.start_timestamp = kStartMs;
  auto source = make_meeting(timed);
  for (Media m : {Media::Audio, Media::Video, Media::Transcript, Media::Chat}) {
    source->negotiated(m, kParams[static_cast<std::size_t>(m)]);
    MediaItem one;
    int64_t due_ms = 0;
    while (source->next(m, one, due_ms))
      reel->items[m].push_back({due_ms, one});
  }
  EventItem event;
  int64_t due_ms = 0;
  while (source->next_event(event, due_ms) && due_ms < options.duration_ms)
    reel->events.push_back({due_ms, event});
  return reel;
}

int64_t ReelSource::now() {
  if (!start_)
    start_ = g_get_real_time() / 1000;
  return start_;
}

bool ReelSource::next(Media m, MediaItem &item, int64_t &due_ms) {
  auto found = reel_->items.find(m);
  if (over || found == reel_->items.end() || next_[m] >= found->second.size())
    return false;
  std::tie(due_ms, item) = found->second[next_[m]++];
  item.timestamp += now() - kStartMs;
  return true;
}

bool ReelSource::next_event(EventItem &item, int64_t &due_ms) {
  if (next_event_ >= reel_->events.size())
    return false;
  std::tie(due_ms, item) = reel_->events[next_event_++];
  item.timestamp += now() - kStartMs;
  return true;
}

}  // namespace rtmscheck
