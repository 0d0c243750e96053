// SPDX-License-Identifier: LGPL-2.1-or-later
// Buffers and events for a slow pipeline, bounded in bytes and time, dropped in decodable units.
// Not thread-safe: the owner locks.
#pragma once

#include "media/gstptr.h"

#include <cstdint>
#include <deque>

namespace rtms {

class Queue {
 public:
  // What is dropped when the queue is full.
  enum class Policy {
    Oldest,       // audio: the oldest first
    ToKeyframe,   // video: up to the next keyframe
    OldestBytes,  // text: the oldest, by the byte bound alone
  };
  struct Limits {
    uint64_t bytes = 0;  // 0: no bound
    uint64_t time_ns = 0;
  };

  Queue(Policy policy, Limits limits) : policy_(policy), limits_(limits) {}

  struct Result {
    unsigned dropped = 0;   // buffers dropped
    bool overflow = false;  // the queue is full; else video waits for a keyframe
    // Timestamps of the first and the last dropped buffer.
    uint64_t from = UINT64_MAX, to = UINT64_MAX;
  };
  Result push(BufferPtr buffer);
  void push(EventPtr event);
  // Takes the oldest item: sets one of both, or none if the queue is empty.
  void pop(BufferPtr *buffer, EventPtr *event);
  void clear();
  // The next buffer gets DISCONT; video continues with a keyframe.
  void interrupt();
  // The same, from the oldest buffer on: the last one that was taken is lost.
  void lost();

  bool empty() const { return items_.empty(); }
  uint64_t bytes() const { return bytes_; }
  uint64_t time_ns() const;
  // Whether the queue exceeds half of a limit.
  bool half_full() const { return exceeds(2); }

 private:
  struct Item {
    BufferPtr buffer;
    EventPtr event;
    uint64_t bytes = 0;
  };

  bool exceeds(unsigned parts) const;
  void drop(Result *result);
  void go_on(Result *result);
  void drop_oldest_buffer(Result *result);
  const GstBuffer *oldest_buffer() const;

  Policy policy_;
  Limits limits_;
  std::deque<Item> items_;
  uint64_t bytes_ = 0;
  unsigned buffers_ = 0;
  bool discont_ = false;       // of the next buffer to be pushed
  bool discont_head_ = false;  // of the next buffer to be popped
  bool wait_keyframe_ = false;
};

}  // namespace rtms
