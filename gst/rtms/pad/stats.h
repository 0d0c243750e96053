// SPDX-License-Identifier: LGPL-2.1-or-later
// Counters of a run, written on the loop thread, read on any thread.
#pragma once

#include "media/gstptr.h"
#include "protocol/types.h"

#include <array>
#include <atomic>

namespace rtms {

// Only one thread writes at a time, so that no update needs a locked instruction.
template <typename T>
class Figure {
 public:
  operator T() const { return value_.load(std::memory_order_relaxed); }
  T operator=(T value) {
    value_.store(value, std::memory_order_relaxed);
    return value;
  }
  T operator+=(T more) { return *this = *this + more; }
  T operator++() { return *this += 1; }

 private:
  std::atomic<T> value_{0};
};

struct MediaStats {
  Figure<uint64_t> messages, bytes, dropped, discontinuities, reconnects, keep_alives, ignored;
  Figure<uint64_t> last_timestamp_ms;
  Figure<int64_t> latency_ns;
  // Levels of the pads' queues, set when the statistics are read.
  Figure<uint64_t> queue_bytes, queue_time_ns;
};

struct Stats {
  std::array<MediaStats, kMediaCount> media;
  MediaStats signaling;  // not of one kind of media

  MediaStats &of(Media m) { return media[static_cast<unsigned>(m)]; }
};

// Returns the value of the property `stats`.
StructurePtr stats_structure(const Stats &stats);

}  // namespace rtms
