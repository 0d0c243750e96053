// SPDX-License-Identifier: LGPL-2.1-or-later
#include "diskwatch.h"

#include <utility>

namespace rtms::recorder {

DiskWatch::DiskWatch(Storage *storage, Log *log, std::string output,
                     std::function<void(const std::string &why)> end)
    : storage_(storage), log_(log), output_(std::move(output)), end_(std::move(end)) {}

void DiskWatch::look() {
  storage_->look();
  tell_hanging();
  tell_space();
  if (space_ == Storage::Space::Ends)
    end_(storage_->shortage());
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
  log_->write(enough ? Log::Level::Info : Log::Level::Warning, enough ? "disk" : "disk-low", "",
              enough
                  ? "the disk of " + output_ + " has enough free space again"
                  : storage_->shortage() + (space == Storage::Space::Low
                                                ? " No recording starts; those that run go on."
                                                : " No recording starts, and those that run end."),
              [&](JsonWriter &writer) {
                writer.member("free_bytes", static_cast<int64_t>(storage_->free_bytes()));
              });
  space_ = space;
}

}  // namespace rtms::recorder
