// SPDX-License-Identifier: LGPL-2.1-or-later
// How far one kind of media has come, and what may still be on its way. Pure: all times are
// arguments.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

namespace rtms {

// One thread writes, any reads. Running times in ns, monotonic ones in us.
class Delivery {
 public:
  // Media arrived now; the newest of that kind have that running time.
  void media(int64_t running_ns, int64_t now_ns, int64_t at_us);
  // Its connection has delivered something else: all that was sent before has come.
  void alive(int64_t at_us);
  // Nothing is sent for now.
  void off() { sends_ = false; }

  int64_t newest_ns() const { return newest_ns_; }
  bool is_coming(int64_t now_us) const;
  // How far behind the clock the newest were when they came. A replay may pause, but does not fall
  // further behind.
  int64_t behind_ns(int64_t now_us) const;
  // Up to where all that was sent has come, where the connection has delivered nothing since: for
  // `wait_us` it may stand still. Nothing where it need not be looked at. `always`: also where
  // nothing was sent before that.
  std::optional<int64_t> delivered_ns(int64_t now_ns, int64_t now_us, int64_t wait_us,
                                      bool always) const;

 private:
  std::atomic<int64_t> newest_ns_{0}, behind_ns_{0};
  std::atomic<int64_t> media_us_{0}, alive_us_{0};  // when that was
  std::atomic<bool> sends_{false};
};

}  // namespace rtms
