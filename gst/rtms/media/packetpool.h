// Small buffers that are used again with their memory and metas. To make those and to free them, on
// another thread, is most of what a packet of sound costs.
#pragma once

#include "gstptr.h"

namespace rtms {

class PacketPool {
 public:
  PacketPool() = default;
  PacketPool(const PacketPool &) = delete;
  PacketPool &operator=(const PacketPool &) = delete;
  ~PacketPool();

  // A buffer of that size, with kBase64Margin bytes behind it; what it holds is not defined. Its
  // metas are those that it was given before, by keep_with_buffer(). Null: too large to be kept.
  BufferPtr acquire(size_t size);

 private:
  void replace(size_t capacity);

  ObjectPtr<GstBufferPool> pool_;
  size_t capacity_ = 0;
};

// Where the buffer is a pool's, the meta stays on it when it is used again.
void keep_with_buffer(GstBuffer *buffer, GstMeta *meta);

}  // namespace rtms
