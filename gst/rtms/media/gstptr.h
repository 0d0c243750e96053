// SPDX-License-Identifier: LGPL-2.1-or-later
// Owning pointers for GStreamer's references, a buffer mapped for reading, and running times.
#pragma once

#include "base/glibptr.h"

#include <gst/gst.h>

namespace rtms {

// Not FreeWith<gst_buffer_unref>: GStreamer's unref functions are static inline, and would make a
// different type in each file.
struct UnrefMiniObject {
  template <typename T>
  void operator()(T *object) const {
    gst_mini_object_unref(GST_MINI_OBJECT_CAST(object));
  }
};

struct UnrefObject {
  template <typename T>
  void operator()(T *object) const {
    gst_object_unref(object);
  }
};

using BufferPtr = std::unique_ptr<GstBuffer, UnrefMiniObject>;
using CapsPtr = std::unique_ptr<GstCaps, UnrefMiniObject>;
using EventPtr = std::unique_ptr<GstEvent, UnrefMiniObject>;
using SamplePtr = std::unique_ptr<GstSample, UnrefMiniObject>;
using StructurePtr = std::unique_ptr<GstStructure, FreeWith<gst_structure_free>>;

using ElementPtr = std::unique_ptr<GstElement, UnrefObject>;
using PadPtr = std::unique_ptr<GstPad, UnrefObject>;
using BusPtr = std::unique_ptr<GstBus, UnrefObject>;
using ClockPtr = std::unique_ptr<GstClock, UnrefObject>;

// Converts a time of the pad's current segment; GST_CLOCK_TIME_NONE if either is missing.
inline GstClockTime running_time(GstPad *pad, GstClockTime time) {
  const EventPtr event(gst_pad_get_sticky_event(pad, GST_EVENT_SEGMENT, 0));
  if (!event || !GST_CLOCK_TIME_IS_VALID(time))
    return GST_CLOCK_TIME_NONE;
  const GstSegment *segment = nullptr;
  gst_event_parse_segment(event.get(), &segment);
  return gst_segment_to_running_time(segment, GST_FORMAT_TIME, time);
}

class ReadMap {
 public:
  explicit ReadMap(GstBuffer *buffer) : buffer_(buffer) {
    gst_buffer_map(buffer, &info_, GST_MAP_READ);
  }
  ~ReadMap() { gst_buffer_unmap(buffer_, &info_); }
  ReadMap(const ReadMap &) = delete;
  ReadMap &operator=(const ReadMap &) = delete;
  const guint8 *data() const { return info_.data; }
  gsize size() const { return info_.size; }

 private:
  GstBuffer *buffer_;
  GstMapInfo info_{};
};

}  // namespace rtms
