// SPDX-License-Identifier: LGPL-2.1-or-later
#include "pool.h"

#include "base64.h"

// GstBufferPool's own acquire and release wake waiting threads by system calls. Nothing waits here:
// an empty pool allocates.
struct GstRtmsPacketPool {
  GstBufferPool parent;
  GstAtomicQueue *kept;
  // Of `kept`. `count` is atomic, so that ThreadSanitizer sees how buffers change threads.
  gint count, most;
  gsize capacity;
};

struct GstRtmsPacketPoolClass {
  GstBufferPoolClass parent_class;
};

static GType gst_rtms_packet_pool_get_type();
G_DEFINE_TYPE(GstRtmsPacketPool, gst_rtms_packet_pool, GST_TYPE_BUFFER_POOL)

static GstRtmsPacketPool *packet_pool(gpointer pool) {
  return static_cast<GstRtmsPacketPool *>(pool);
}

static gboolean gst_rtms_packet_pool_start(GstBufferPool *) {
  return TRUE;
}

static gboolean gst_rtms_packet_pool_stop(GstBufferPool *pool) {
  while (gpointer buffer = gst_atomic_queue_pop(packet_pool(pool)->kept))
    gst_buffer_unref(GST_BUFFER_CAST(buffer));
  return TRUE;
}

static GstFlowReturn gst_rtms_packet_pool_acquire(GstBufferPool *pool, GstBuffer **buffer,
                                                  GstBufferPoolAcquireParams *) {
  GstRtmsPacketPool *self = packet_pool(pool);
  *buffer = GST_BUFFER_CAST(gst_atomic_queue_pop(self->kept));
  if (*buffer) {
    g_atomic_int_add(&self->count, -1);
    return GST_FLOW_OK;
  }
  GstAllocationParams room{};
  room.padding = rtms::kBase64Margin;
  *buffer = gst_buffer_new_allocate(nullptr, self->capacity, &room);
  if (!*buffer)
    return GST_FLOW_ERROR;
  GST_BUFFER_FLAG_UNSET(*buffer, GST_BUFFER_FLAG_TAG_MEMORY);
  return GST_FLOW_OK;
}

// The buffer has been reset, but its memory may be shared or replaced.
static void gst_rtms_packet_pool_release(GstBufferPool *pool, GstBuffer *buffer) {
  GstRtmsPacketPool *self = packet_pool(pool);
  const bool intact = !GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_TAG_MEMORY) &&
                      gst_buffer_get_size(buffer) == self->capacity &&
                      gst_buffer_is_all_memory_writable(buffer);
  if (!intact || g_atomic_int_get(&self->count) >= self->most) {
    gst_buffer_unref(buffer);
    return;
  }
  g_atomic_int_inc(&self->count);
  gst_atomic_queue_push(self->kept, buffer);
}

static void gst_rtms_packet_pool_init(GstRtmsPacketPool *self) {
  self->kept = gst_atomic_queue_new(16);
}

static void gst_rtms_packet_pool_finalize(GObject *object) {
  G_OBJECT_CLASS(gst_rtms_packet_pool_parent_class)->finalize(object);
  gst_atomic_queue_unref(packet_pool(object)->kept);
}

static void gst_rtms_packet_pool_class_init(GstRtmsPacketPoolClass *klass) {
  G_OBJECT_CLASS(klass)->finalize = gst_rtms_packet_pool_finalize;
  GstBufferPoolClass *pool_class = &klass->parent_class;
  pool_class->start = gst_rtms_packet_pool_start;
  pool_class->stop = gst_rtms_packet_pool_stop;
  pool_class->acquire_buffer = gst_rtms_packet_pool_acquire;
  pool_class->release_buffer = gst_rtms_packet_pool_release;
}

namespace rtms {
namespace {

ObjectPtr<GstBufferPool> make_pool(size_t capacity) {
  auto pool = static_cast<GstBufferPool *>(g_object_new(gst_rtms_packet_pool_get_type(), nullptr));
  gst_object_ref_sink(pool);
  packet_pool(pool)->capacity = capacity;
  packet_pool(pool)->most = static_cast<gint>(kPacketsKept / (capacity + kPacketCost));
  GstStructure *config = gst_buffer_pool_get_config(pool);
  gst_buffer_pool_config_set_params(config, nullptr, static_cast<guint>(capacity), 0, 0);
  gst_buffer_pool_set_config(pool, config);
  gst_buffer_pool_set_active(pool, TRUE);
  return ObjectPtr<GstBufferPool>(pool);
}

}  // namespace

PacketPool::~PacketPool() {
  replace(0);
}

// Buffers in use return to the old pool, and are freed with it.
void PacketPool::replace(size_t capacity) {
  if (pool_)
    gst_buffer_pool_set_active(pool_.get(), FALSE);
  pool_ = capacity ? make_pool(capacity) : nullptr;
  capacity_ = capacity;
}

BufferPtr PacketPool::acquire(size_t size) {
  if (size < sizes_.least || size > sizes_.most || size < capacity_ / sizes_.slack)
    return nullptr;
  if (size > capacity_)
    replace((size + sizes_.step - 1) / sizes_.step * sizes_.step);
  GstBuffer *buffer = nullptr;
  if (gst_buffer_pool_acquire_buffer(pool_.get(), &buffer, nullptr) != GST_FLOW_OK)
    return nullptr;
  if (size != capacity_)
    gst_buffer_set_size(buffer, static_cast<gssize>(size));
  return BufferPtr(buffer);
}

void keep_with_buffer(GstBuffer *buffer, GstMeta *meta) {
  if (buffer->pool)
    meta->flags = static_cast<GstMetaFlags>(meta->flags | GST_META_FLAG_POOLED);
}

}  // namespace rtms
