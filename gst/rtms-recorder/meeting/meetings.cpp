// SPDX-License-Identifier: LGPL-2.1-or-later
#include "meetings.h"

#include "base/sleepclock.h"

namespace rtms::recorder {

void Meetings::add(const std::string &stream, std::unique_ptr<Meeting> meeting) {
  Meeting *raw = meeting.get();
  meetings_[stream] = std::move(meeting);
  raw->set_until(until_us_);
  raw->start();
}

Meeting *Meetings::find(const std::string &stream) const {
  const auto found = meetings_.find(stream);
  return found == meetings_.end() ? nullptr : found->second.get();
}

void Meetings::leave(const std::string &stream, const std::string &reason) {
  Meeting *meeting = find(stream);
  if (!meeting)
    return;
  if (!meeting->is_over())
    left_.insert(stream);
  meeting->finish(reason);
}

std::vector<DiskUse> Meetings::disk_uses() const {
  std::vector<DiskUse> all;
  for (const auto &[stream, meeting] : meetings_)
    all.push_back({stream, meeting->status().file_bytes});
  return all;
}

void Meetings::end_for_space(const std::string &stream, const std::string &why) {
  if (Meeting *meeting = find(stream))
    meeting->finish("the disk is nearly full", "The recording ends before its stream: " + why,
                    true);
}

void Meetings::cut(const std::string &stream) {
  if (Meeting *meeting = find(stream))
    meeting->set_until(sleep_clock_us());
}

void Meetings::set_until(int64_t until_us) {
  until_us_ = until_us;
  for (auto &[stream, meeting] : meetings_)
    if (!left_.count(stream))
      meeting->set_until(until_us);
}

bool Meetings::is_forbidden() const {
  return until_us_ && sleep_clock_us() >= until_us_;
}

void Meetings::watch() {
  for (auto &[stream, meeting] : meetings_)
    meeting->watch();
}

std::vector<Status> Meetings::statuses() const {
  std::vector<Status> all;
  for (const auto &[stream, meeting] : meetings_)
    all.push_back(meeting->status());
  return all;
}

std::vector<std::string> Meetings::streams() const {
  std::vector<std::string> all;
  for (const auto &[stream, meeting] : meetings_)
    all.push_back(stream);
  return all;
}

}  // namespace rtms::recorder
