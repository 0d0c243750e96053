// SPDX-License-Identifier: LGPL-2.1-or-later
// How far one kind of media has arrived, and what may still be in transit. Pure: all times are
// arguments.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

namespace rtms {

// One thread writes, any thread reads. Running times in ns, monotonic times in µs.
class Delivery {
 public:
  // Media arrived at `at_us`; `running_ns` is the running time of the newest media of the kind.
  void media(int64_t running_ns, int64_t now_ns, int64_t at_us);
  // The connection delivered something else: all media sent before have arrived.
  void alive(int64_t at_us);
  // The server sends none of the kind for now.
  void off() { sends_ = false; }

  int64_t newest_ns() const { return newest_ns_; }
  bool is_coming(int64_t now_us) const;
  // Returns how far the newest media were behind the clock on arrival; 0 for live media. A replay
  // may pause, but does not fall further behind.
  int64_t behind_ns(int64_t now_us) const;
  // Returns the running time up to which all media sent have arrived; nothing if the connection has
  // been quiet for more than `wait_us`, or, unless `always`, delivered something else last.
  std::optional<int64_t> delivered_ns(int64_t now_ns, int64_t now_us, int64_t wait_us,
                                      bool always) const;

 private:
  std::atomic<int64_t> newest_ns_{0}, behind_ns_{0};
  std::atomic<int64_t> media_us_{0}, alive_us_{0};  // last media, last delivery
  std::atomic<bool> sends_{false};
};

}  // namespace rtms
