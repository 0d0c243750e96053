// SPDX-License-Identifier: LGPL-2.1-or-later
// The layout of a journal's file: a head, and a ring of slots.
#pragma once

#include <atomic>
#include <climits>
#include <cstddef>
#include <cstdint>

namespace rtms::recorder {

struct JournalSlot {
  static constexpr size_t kSamples = 320;  // a packet of 20 ms at 16 kHz

  std::atomic<uint64_t> number;  // counts from 1; 0: the slot is empty, or being written
  int64_t captured_ns;
  uint32_t track, count;
  int16_t samples[kSamples];
};
static_assert(std::atomic<uint64_t>::is_always_lock_free);

// The slots follow.
struct alignas(JournalSlot) JournalHead {
  static constexpr char kMagic[] = "rtms-recorder journal 3";

  char magic[sizeof kMagic];
  char folder[PATH_MAX];
  char codec[8];
  uint32_t rate, speakers, mp4;
  uint32_t tries;                 // to write a tail that have not come back
  std::atomic<int64_t> start_ns;  // the capture time of the recording's running time 0; 0: unknown
  std::atomic<int64_t> needed_from_ns;  // audio captured before is in the file of the recording

  JournalSlot *slots() { return reinterpret_cast<JournalSlot *>(this + 1); }
  const JournalSlot *slots() const { return reinterpret_cast<const JournalSlot *>(this + 1); }
  static size_t file_size(size_t slots) {
    return sizeof(JournalHead) + slots * sizeof(JournalSlot);
  }
  static bool is_valid_rate(unsigned rate) {
    return rate == 8000 || rate == 16000 || rate == 32000 || rate == 48000;
  }
};

}  // namespace rtms::recorder
