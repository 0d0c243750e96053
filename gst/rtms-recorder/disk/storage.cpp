// SPDX-License-Identifier: LGPL-2.1-or-later
#include "storage.h"

#include "common/names.h"

#include <glib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <future>

namespace rtms::recorder {
namespace {

constexpr int64_t kPatience_us = 3 * G_USEC_PER_SEC;
constexpr std::chrono::seconds kFirstLook{2};

std::string megabytes(uint64_t bytes) {
  return std::to_string(bytes >> 20) + " MB";
}

Storage::Place new_folder(const std::string &first) {
  constexpr int kMostTries = 1000;
  for (int i = 1; i <= kMostTries; i++) {
    const std::string folder = i == 1 ? first : first + "_" + std::to_string(i);
    if (mkdir(folder.c_str(), 0750) == 0)
      return {folder, ""};
    if (errno != EEXIST)
      break;
  }
  return {"", "no folder can be created: " + std::string(std::strerror(errno)) + "."};
}

// When it begins, and the number that participants dial, or an id.
std::string folder_name(const Webhook &hook) {
  const std::string id = !hook.meeting_id.empty() ? hook.meeting_id
                         : !hook.id.empty()       ? hook.id
                                                  : hook.stream_id;
  return file_stamp(g_get_real_time()) + "_" + safe_name(id);
}

std::string shortage_of(uint64_t free_bytes, const std::string &output, const char *option,
                        uint64_t wanted) {
  return "only " + megabytes(free_bytes) + " are free in " + output + ", and " + option +
         " asks for " + megabytes(wanted) + ". Free disk space, or lower " + option + ".";
}

}  // namespace

Storage::Storage(std::string output, uint64_t min_free, uint64_t end_free)
    : output_(std::move(output)), min_free_(min_free), end_free_(std::min(min_free, end_free)) {
  const auto first = std::make_shared<std::promise<Seen>>();
  auto result = first->get_future();
  worker_.run([first, output = output_] { first->set_value(look_at(output)); });
  if (result.wait_for(kFirstLook) == std::future_status::ready)
    seen_ = result.get();
}

Storage::Seen Storage::look_at(const std::string &output) {
  Seen seen;
  struct statvfs status;
  seen.measured = statvfs(output.c_str(), &status) == 0;
  if (seen.measured)
    seen.free_bytes = uint64_t{status.f_bavail} * status.f_frsize;
  seen.writable = access((output + "/.").c_str(), W_OK | X_OK) == 0;
  seen.failure = seen.writable ? 0 : errno;
  return seen;
}

void Storage::look() {
  hangs_ = looking_since_us_ && g_get_monotonic_time() - looking_since_us_ > kPatience_us;
  if (looking_since_us_)
    return;
  looking_since_us_ = g_get_monotonic_time();
  const auto seen = std::make_shared<Seen>();
  worker_.run([seen, output = output_] { *seen = look_at(output); },
              [this, seen] {
                seen_ = *seen;
                looking_since_us_ = 0;
              });
}

std::string Storage::sick() const {
  if (hangs_)
    return "the disk does not answer";
  if (!seen_.writable)
    return "recordings cannot be written";
  return seen_.free_bytes < min_free_ ? "disk full" : "";
}

// A missing folder, or a disk that has not answered yet, must not end recordings.
Storage::Space Storage::space() const {
  if (!seen_.measured || seen_.free_bytes >= min_free_)
    return Space::Enough;
  return seen_.free_bytes < end_free_ ? Space::Ends : Space::Low;
}

uint64_t Storage::spare_bytes() const {
  if (!seen_.measured)
    return UINT64_MAX;
  return seen_.free_bytes - std::min(seen_.free_bytes, end_free_);
}

std::string Storage::shortage(Space space) const {
  return space == Space::Ends ? shortage_of(seen_.free_bytes, output_, "--end-free", end_free_)
                              : shortage_of(seen_.free_bytes, output_, "--min-free", min_free_);
}

void Storage::make_folder(const Webhook &hook, bool continues,
                          std::function<void(const Place &)> done) {
  const char *option = continues ? "--end-free" : "--min-free";
  const uint64_t least = continues ? end_free_ : min_free_;
  const auto place = std::make_shared<Place>();
  const auto seen = std::make_shared<Seen>();
  worker_.run(
      [place, seen, output = output_, name = folder_name(hook), option, least] {
        *seen = look_at(output);
        if (seen->measured && seen->free_bytes < least)
          place->problem = shortage_of(seen->free_bytes, output, option, least);
        else
          *place = new_folder(output + "/" + name);
      },
      [this, place, seen, done = std::move(done)] {
        seen_ = *seen;
        done(*place);
      });
}

void Storage::remove_folder(const std::string &folder) {
  worker_.run([folder] { rmdir(folder.c_str()); });
}

}  // namespace rtms::recorder
