// SPDX-License-Identifier: LGPL-2.1-or-later
// Reuses buffers with their memory and metas. Allocating and freeing them, on different threads, is
// most of the cost of an audio packet; the system maps the memory of a large video frame page by
// page each time.
#pragma once

#include "gstptr.h"

namespace rtms {

// The sizes of buffers that a pool keeps.
struct PacketSizes {
  size_t least, most;  // other sizes gain nothing from a pool
  size_t step;         // buffer sizes are multiples of it
  size_t slack;        // a buffer is at most this many times its contents
};
// Sizes of raw audio are multiples of 64.
inline constexpr PacketSizes kSoundSizes{1, 8 << 10, 64, 8 << 10};
// Queues count the contents of a buffer: its memory must not be much larger.
inline constexpr PacketSizes kPictureSizes{64 << 10, 1 << 20, 32 << 10, 2};
// The memory of a burst must not stay for the rest of a meeting: the pool keeps up to this many
// bytes, each buffer and its metas counting kPacketCost in addition.
inline constexpr size_t kPacketsKept = 2 << 20, kPacketCost = 1 << 10;

class PacketPool {
 public:
  explicit PacketPool(const PacketSizes &sizes = kSoundSizes) : sizes_(sizes) {}
  PacketPool(const PacketPool &) = delete;
  PacketPool &operator=(const PacketPool &) = delete;
  ~PacketPool();

  // Returns a buffer of that size, with kBase64Margin bytes behind it and undefined contents. It
  // has the metas given to keep_with_buffer() before. Null: the pool does not keep this size.
  BufferPtr acquire(size_t size);

 private:
  void replace(size_t capacity);

  PacketSizes sizes_;
  ObjectPtr<GstBufferPool> pool_;
  size_t capacity_ = 0;
};

// The meta stays on a buffer of a pool when it is reused.
void keep_with_buffer(GstBuffer *buffer, GstMeta *meta);

}  // namespace rtms
