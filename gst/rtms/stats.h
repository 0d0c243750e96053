// Counters of a run, written on the loop thread and read anywhere.
#pragma once

#include "media/gstptr.h"
#include "protocol/types.h"

#include <array>
#include <atomic>

namespace rtms {

struct MediaStats {
  std::atomic<uint64_t> messages{0}, bytes{0}, dropped{0}, discontinuities{0}, reconnects{0},
      keep_alives{0}, ignored{0};
  std::atomic<uint64_t> last_timestamp_ms{0};
  std::atomic<int64_t> latency_ns{0};
  // Of the pads' queues, filled in when the statistics are read.
  std::atomic<uint64_t> queue_bytes{0}, queue_time_ns{0};
};

struct Stats {
  std::array<MediaStats, kMediaCount> media;
  MediaStats signaling;  // what belongs to no kind of media

  MediaStats &of(Media m) { return media[static_cast<unsigned>(m)]; }
};

// The value of the property `stats`.
StructurePtr stats_structure(const Stats &stats);

}  // namespace rtms
