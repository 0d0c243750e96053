// SPDX-License-Identifier: LGPL-2.1-or-later
// Buffers that are used again with their memory and metas. To make those and to free them, on
// another thread, is most of what a packet of sound costs; the memory of a large picture comes from
// the system each time, page by page.
#pragma once

#include "gstptr.h"

namespace rtms {

// What a pool is for.
struct PacketSizes {
  size_t least, most;  // other sizes are as well made each time
  size_t step;         // its buffers are multiples of it
  size_t slack;        // and so many times what they hold, at most
};
// Sizes of raw audio are multiples of 64.
inline constexpr PacketSizes kSoundSizes{1, 8 << 10, 64, 8 << 10};
// Queues count what a buffer holds: it must not take much more.
inline constexpr PacketSizes kPictureSizes{64 << 10, 1 << 20, 32 << 10, 2};
// What a burst has needed need not stay for the rest of a meeting: so many bytes do. A buffer and
// its metas take some beside what they hold.
inline constexpr size_t kPacketsKept = 2 << 20, kPacketCost = 1 << 10;

class PacketPool {
 public:
  explicit PacketPool(const PacketSizes &sizes = kSoundSizes) : sizes_(sizes) {}
  PacketPool(const PacketPool &) = delete;
  PacketPool &operator=(const PacketPool &) = delete;
  ~PacketPool();

  // A buffer of that size, with kBase64Margin bytes behind it; what it holds is not defined. Its
  // metas are those that it was given before, by keep_with_buffer(). Null: not of its sizes.
  BufferPtr acquire(size_t size);

 private:
  void replace(size_t capacity);

  PacketSizes sizes_;
  ObjectPtr<GstBufferPool> pool_;
  size_t capacity_ = 0;
};

// Where the buffer is a pool's, the meta stays on it when it is used again.
void keep_with_buffer(GstBuffer *buffer, GstMeta *meta);

}  // namespace rtms
