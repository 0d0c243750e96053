// SPDX-License-Identifier: LGPL-2.1-or-later
#include "streamclaim.h"

#include <mutex>
#include <set>
#include <utility>

namespace rtms {
namespace {
std::mutex mutex;
std::set<std::string> &streams() {
  static std::set<std::string> set;
  return set;
}
}  // namespace

std::optional<StreamClaim> StreamClaim::take(const std::string &stream_id) {
  {
    std::lock_guard<std::mutex> lock(mutex);
    if (!streams().insert(stream_id).second)
      return std::nullopt;
  }
  return StreamClaim(stream_id);
}

StreamClaim::StreamClaim(StreamClaim &&other) noexcept
    : stream_id_(std::exchange(other.stream_id_, {})) {}

StreamClaim &StreamClaim::operator=(StreamClaim &&other) noexcept {
  std::swap(stream_id_, other.stream_id_);
  return *this;
}

StreamClaim::~StreamClaim() {
  if (stream_id_.empty())
    return;
  std::lock_guard<std::mutex> lock(mutex);
  streams().erase(stream_id_);
}

}  // namespace rtms
