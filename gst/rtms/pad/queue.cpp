// SPDX-License-Identifier: LGPL-2.1-or-later
#include "queue.h"

#include <algorithm>

namespace rtms {
namespace {

constexpr uint64_t kBufferCost = 256;
constexpr uint64_t kMinCost = 64 << 10;

bool is_delta(const GstBuffer *buffer) {
  return GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DELTA_UNIT);
}

bool is_collection(const GstEvent *event) {
  return GST_EVENT_TYPE(event) == GST_EVENT_STREAM_COLLECTION;
}

// Whether the later event has each tag of the earlier one, in the same scope.
bool covers(GstEvent *later, GstEvent *earlier) {
  GstTagList *news = nullptr, *olds = nullptr;
  gst_event_parse_tag(later, &news);
  gst_event_parse_tag(earlier, &olds);
  bool all = gst_tag_list_get_scope(news) == gst_tag_list_get_scope(olds);
  for (gint i = 0; all && i < gst_tag_list_n_tags(olds); i++)
    all =
        gst_tag_list_get_tag_size(news, gst_tag_list_nth_tag_name(olds, static_cast<guint>(i))) > 0;
  return all;
}

// Of two such events without a buffer between them, only the later one matters; of two collections,
// even with buffers between them.
bool replaces(GstEvent *later, GstEvent *earlier) {
  const GstEventType type = GST_EVENT_TYPE(later);
  if (type != GST_EVENT_TYPE(earlier))
    return false;
  return type == GST_EVENT_CAPS || type == GST_EVENT_SEGMENT || is_collection(later) ||
         (type == GST_EVENT_TAG && covers(later, earlier));
}

}  // namespace

Queue::Result Queue::push(BufferPtr buffer) {
  if (policy_ == Policy::ToKeyframe && wait_keyframe_) {
    if (is_delta(buffer.get()))
      return {1, false, GST_BUFFER_PTS(buffer.get()), GST_BUFFER_PTS(buffer.get())};
    wait_keyframe_ = false;
  }
  if (discont_)
    GST_BUFFER_FLAG_SET(buffer.get(), GST_BUFFER_FLAG_DISCONT);
  discont_ = false;
  const uint64_t size = gst_buffer_get_size(buffer.get());
  bytes_ += size;
  buffers_++;
  items_.push_back({std::move(buffer), nullptr, size});
  Result result;
  // A buffer larger than the limit is queued alone.
  while (exceeds(1) && buffers_ > 1) {
    drop(&result);
    result.overflow = true;
  }
  return result;
}

void Queue::push(EventPtr event) {
  const bool everywhere = is_collection(event.get());
  for (size_t at = items_.size(); at > 0 && (everywhere || items_[at - 1].event); --at) {
    GstEvent *earlier = items_[at - 1].event.get();
    if (earlier && replaces(event.get(), earlier))
      items_.erase(items_.begin() + static_cast<std::ptrdiff_t>(at - 1));
  }
  items_.push_back({nullptr, std::move(event), 0});
}

void Queue::pop(BufferPtr *buffer, EventPtr *event) {
  if (items_.empty())
    return;
  *buffer = std::move(items_.front().buffer);
  *event = std::move(items_.front().event);
  bytes_ -= items_.front().bytes;
  items_.pop_front();
  if (!*buffer)
    return;
  buffers_--;
  if (discont_head_)
    GST_BUFFER_FLAG_SET(buffer->get(), GST_BUFFER_FLAG_DISCONT);
  discont_head_ = false;
}

void Queue::clear() {
  items_.clear();
  bytes_ = 0;
  buffers_ = 0;
}

void Queue::interrupt() {
  discont_ = true;
  wait_keyframe_ = true;
}

uint64_t Queue::time_ns() const {
  const GstBuffer *oldest = oldest_buffer();
  if (!oldest || !items_.back().buffer)
    return 0;
  const GstClockTime first = GST_BUFFER_PTS(oldest);
  const GstClockTime last = GST_BUFFER_PTS(items_.back().buffer.get());
  return GST_CLOCK_TIME_IS_VALID(first) && GST_CLOCK_TIME_IS_VALID(last) && last > first
             ? last - first
             : 0;
}

// Whether the queue exceeds the limit divided by `parts`.
bool Queue::exceeds(unsigned parts) const {
  // Small buffers cost more memory than their bytes.
  const uint64_t cost = buffers_ * kBufferCost;
  return (limits_.bytes &&
          (bytes_ > limits_.bytes / parts || cost > std::max(limits_.bytes, kMinCost) / parts)) ||
         (limits_.time_ns && policy_ != Policy::OldestBytes && time_ns() > limits_.time_ns / parts);
}

void Queue::lost() {
  Result dropped;
  go_on(&dropped);
}

void Queue::drop(Result *result) {
  drop_oldest_buffer(result);
  go_on(result);
}

// Behind a lost buffer.
void Queue::go_on(Result *result) {
  if (policy_ == Policy::ToKeyframe) {
    while (buffers_ > 0 && is_delta(oldest_buffer()))
      drop_oldest_buffer(result);
    wait_keyframe_ |= buffers_ == 0;
  }
  if (buffers_ > 0)
    discont_head_ = true;
  else
    discont_ = true;
}

// Events are kept: caps, segments and EOS still apply. An event that a later one replaces is
// removed, so that they do not accumulate.
void Queue::drop_oldest_buffer(Result *result) {
  auto oldest = std::find_if(items_.begin(), items_.end(),
                             [](const Item &item) { return item.buffer != nullptr; });
  if (oldest == items_.end())
    return;
  const GstClockTime pts = GST_BUFFER_PTS(oldest->buffer.get());
  if (result->dropped++ == 0)
    result->from = pts;
  result->to = pts;
  bytes_ -= oldest->bytes;
  buffers_--;
  // Only events precede it.
  auto at = items_.erase(oldest);
  while (at != items_.begin()) {
    --at;
    auto later = at + 1;
    while (later != items_.end() && later->event && !replaces(later->event.get(), at->event.get()))
      ++later;
    if (later != items_.end() && later->event)
      at = items_.erase(at);
  }
}

const GstBuffer *Queue::oldest_buffer() const {
  for (const Item &item : items_)
    if (item.buffer)
      return item.buffer.get();
  return nullptr;
}

}  // namespace rtms
