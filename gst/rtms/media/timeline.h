// Unix ms → the stream's time line, and that to running time. Pure: all times are arguments.
#pragma once

#include <cstdint>
#include <optional>

namespace rtms {

// All media of a stream share one.
//
// Position 0 is FIRST_PACKET_TIMESTAMP where that event came and lies within 90 s before the first
// media, else the first media's own time. The first media's position is played at the running time
// at which it arrived; that stays so until the next anchor().
class Timeline {
 public:
  void first_packet(int64_t unix_ms);

  bool anchored() const { return zero_ms_.has_value(); }
  // For the first media, and for the first after the pipeline was paused: `running_ns` is when it
  // arrived.
  void anchor(int64_t unix_ms, int64_t running_ns);

  // ns since position 0; negative for what was captured before.
  int64_t position(int64_t unix_ms) const;
  // Unix ms of position 0.
  int64_t zero_ms() const { return zero_ms_.value_or(0); }

  // The segment that maps positions to running time: running time = position - start + base.
  struct Segment {
    uint64_t start = 0;
    uint64_t base = 0;
  };
  Segment segment() const;

 private:
  std::optional<int64_t> first_packet_ms_;
  std::optional<int64_t> zero_ms_;
  int64_t offset_ns_ = 0;  // running time - position
};

}  // namespace rtms
