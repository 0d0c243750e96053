// SPDX-License-Identifier: LGPL-2.1-or-later
#include "diskwatch.h"

#include <algorithm>
#include <utility>

namespace rtms::recorder {
namespace {

// Rates are of so many seconds: muxers write in blocks.
constexpr size_t kSeconds = 5;
// In bytes per second. A meeting with several cameras and shares has less than one megabyte.
constexpr uint64_t kFast = 4 << 20;
constexpr uint64_t kManyTimes = 8;
// Runaways end when there is room for so many seconds: space is measured once a second, and what
// has been received is still written.
constexpr uint64_t kAhead_s = 10;
// How many seconds the others wait for the end of runaways to help.
constexpr unsigned kPatience = 5;

}  // namespace

// ---- SpaceRationing ------------------------------------------------------------------

uint64_t SpaceRationing::Writer::per_s() const {
  return (bytes.back() - bytes.front()) / kSeconds;
}

void SpaceRationing::measure(const std::vector<DiskUse> &uses) {
  std::map<std::string, Writer> now;
  for (const DiskUse &use : uses) {
    Writer &writer = now[use.stream];
    // The next part of a recording begins with nothing. After a standstill, of the disk or of the
    // measurement, the growth of a long time shows at once.
    if (const auto known = writers_.find(use.stream);
        known != writers_.end() && known->second.bytes.back() <= use.bytes) {
      writer = std::move(known->second);
      if (writer.bytes.back() == use.bytes)
        writer.bytes.clear();
    }
    writer.bytes.push_back(use.bytes);
    if (writer.bytes.size() > kSeconds + 1)
      writer.bytes.pop_front();
  }
  writers_ = std::move(now);
}

std::vector<SpaceRationing::Ending> SpaceRationing::end_runaways(uint64_t spare) {
  std::vector<uint64_t> usual;
  uint64_t all = 0;
  for (const auto &[stream, writer] : writers_) {
    all += writer.per_s();
    if (writer.per_s() <= kFast)
      usual.push_back(writer.per_s());
  }
  // Where all write as fast, none is in the way of others.
  if (usual.empty() || spare >= all * kAhead_s)
    return {};
  const auto median = usual.begin() + static_cast<std::ptrdiff_t>(usual.size() / 2);
  std::nth_element(usual.begin(), median, usual.end());
  std::vector<Ending> ending;
  for (auto &[stream, writer] : writers_)
    if (writer.per_s() > std::max(kFast, *median * kManyTimes) &&
        !std::exchange(writer.ended, true))
      ending.push_back({stream, writer.per_s()});
  return ending;
}

std::vector<SpaceRationing::Ending> SpaceRationing::look(const std::vector<DiskUse> &uses,
                                                         uint64_t spare, bool ends) {
  measure(uses);
  std::vector<Ending> ending = end_runaways(spare);
  if (!ending.empty()) {
    patience_ = kPatience;
    return ending;
  }
  if (patience_ > 0)
    patience_--;
  else if (ends)
    for (const DiskUse &use : uses)
      ending.push_back({use.stream});
  return ending;
}

// ---- DiskWatch -----------------------------------------------------------------------

DiskWatch::DiskWatch(Storage *storage, Log *log, std::string output, DiskUsers *users)
    : storage_(storage), log_(log), output_(std::move(output)), users_(users) {}

void DiskWatch::look() {
  storage_->look();
  tell_hanging();
  tell_space();
  end_recordings();
}

void DiskWatch::end_recordings() {
  const bool ends = space_ == Storage::Space::Ends;
  for (const auto &one : rationing_.look(users_->disk_uses(), storage_->spare_bytes(), ends)) {
    const std::string shortage = storage_->shortage(Storage::Space::Ends);
    users_->end_for_space(one.stream, one.bytes_per_s == 0
                                          ? shortage
                                          : "the recording writes " +
                                                std::to_string(one.bytes_per_s >> 20) +
                                                " MB a second, more than eight times as much as "
                                                "the others, which need the space: " +
                                                shortage);
  }
}

void DiskWatch::tell_hanging() {
  const bool hangs = storage_->hangs();
  if (hangs != hangs_)
    log_->write(hangs ? Log::Level::Warning : Log::Level::Info, "disk", "",
                hangs ? "the disk of " + output_ + " does not answer: recordings wait for it"
                      : "the disk of " + output_ + " answers again");
  hangs_ = hangs;
}

// Logs changes only: a state may last for days.
void DiskWatch::tell_space() {
  const Storage::Space space = storage_->space();
  if (space == space_)
    return;
  const bool enough = space == Storage::Space::Enough;
  log_->write(
      enough ? Log::Level::Info : Log::Level::Warning, enough ? "disk" : "disk-low", "",
      enough ? "the disk of " + output_ + " has enough free space again"
             : storage_->shortage(space) + (space == Storage::Space::Low
                                                ? " No recording starts; those that run go on."
                                                : " No recording starts, and those that run end."),
      [&](JsonWriter &writer) {
        writer.member("free_bytes", static_cast<int64_t>(storage_->free_bytes()));
      });
  space_ = space;
}

}  // namespace rtms::recorder
