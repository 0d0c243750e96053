// SPDX-License-Identifier: LGPL-2.1-or-later
// How long a connection may be silent before it counts as lost. Pure: times are arguments.
#pragma once

#include <cstdint>
#include <optional>

namespace rtms {

class Silence {
 public:
  // `fixed_ms` 0: the limit follows the pace of the server's keep-alives.
  explicit Silence(unsigned fixed_ms) : fixed_ms_(fixed_ms) {}

  // A keep-alive request arrived; monotonic time in ms.
  void keep_alive(int64_t now_ms);
  // The peer is pinged after ping_ms() of silence; the connection is lost after lost_ms().
  unsigned ping_ms() const;
  unsigned lost_ms() const;

 private:
  const unsigned fixed_ms_;
  std::optional<int64_t> last_ms_;
  bool quick_ = false;  // the last two keep-alives were at most 15 s apart
};

}  // namespace rtms
