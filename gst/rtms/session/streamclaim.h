// SPDX-License-Identifier: LGPL-2.1-or-later
// One connection per stream in this process: a second one would kick the first one out.
#pragma once

#include <optional>
#include <string>

namespace rtms {

// Holds a stream id until it is destroyed. Claims can be taken and given back on any thread.
class StreamClaim {
 public:
  // Nothing where another claim holds the stream.
  static std::optional<StreamClaim> take(const std::string &stream_id);
  StreamClaim(StreamClaim &&other) noexcept;
  StreamClaim &operator=(StreamClaim &&other) noexcept;
  ~StreamClaim();

 private:
  explicit StreamClaim(std::string stream_id) : stream_id_(std::move(stream_id)) {}
  std::string stream_id_;  // empty: moved from
};

}  // namespace rtms
