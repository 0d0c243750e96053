// SPDX-License-Identifier: LGPL-2.1-or-later
// One connection per stream in this process: the service drops the first one for a second one.
#pragma once

#include <optional>
#include <string>

namespace rtms {

// Reserves a stream id until destroyed. Claims may be taken and released on any thread.
class StreamClaim {
 public:
  // Returns nothing if another claim has the stream.
  static std::optional<StreamClaim> take(const std::string &stream_id);
  StreamClaim(StreamClaim &&other) noexcept;
  StreamClaim &operator=(StreamClaim &&other) noexcept;
  ~StreamClaim();

 private:
  explicit StreamClaim(std::string stream_id) : stream_id_(std::move(stream_id)) {}
  std::string stream_id_;  // empty after a move
};

}  // namespace rtms
