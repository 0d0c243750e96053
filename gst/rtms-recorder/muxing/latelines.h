// SPDX-License-Identifier: LGPL-2.1-or-later
// Writes transcript lines into the file after the audio of their time.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

namespace rtms::recorder {

// A line of the transcript is complete seconds after it began. A muxer that waited for it would
// keep the audio and video of these seconds in memory, where a crash loses them. So the
// transcript's track has reserved blocks, one per second, and a line replaces the last one before
// its time. No other block has a text: a muxer would count the time it takes to read as a part of
// the recording. Pure but for a mutex: one thread pushes, the muxer's takes.
class LateLines {
 public:
  // The payload of a reserved block, in bytes. A longer line has one of its own, after the others.
  static constexpr std::size_t kReserved = 600;
  // Returns the payload of a reserved block for a text of this length.
  static std::size_t payload_for(std::size_t length);
  // A reserved block in the file: a BlockGroup of `size` bytes; times in ms.
  struct Space {
    uint64_t position, size;
    uint64_t time, cluster_time;
    uint8_t track;
  };
  // Bytes to write into the file at a position.
  struct Patch {
    uint64_t position;
    std::vector<uint8_t> bytes;
  };

  void push(uint64_t start_ms, uint64_t end_ms, const std::string &text);
  void reserved(const Space &space);
  // Returns the patches of lines that have a block. A line without one stays until there is one, or
  // until none can be near it: then it is only in the files of the transcript.
  std::vector<Patch> take();

 private:
  struct Late {
    uint64_t start, end;
    std::string text;
  };
  Space *space_for(const Late &line, uint64_t need);
  bool is_too_late(const Late &line) const;

  std::mutex mutex_;
  std::deque<Space> spaces_;
  std::deque<Late> lines_;
};

}  // namespace rtms::recorder
