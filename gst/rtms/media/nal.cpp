// SPDX-License-Identifier: LGPL-2.1-or-later
#include "nal.h"

#include "gstptr.h"
#include "picturesize.h"

namespace rtms {
namespace {

constexpr gsize kStartCode = 3;

// The end of a sequence and of a stream, and what scalable, multiview and 3D video needs.
bool is_unneeded(unsigned type) {
  return type == 10 || type == 11 || type == 14 || type == 15 || type == 20 || type == 21;
}

bool is_unwanted(const guint8 *header, const guint8 *end) {
  const unsigned type = NalScanner::type(header);
  return is_unneeded(type) || (type == NalScanner::kSps && sps_is_oversized(header, end));
}

// Without a start code at the end, which no unit follows.
gsize end_of(const ReadMap &map) {
  const guint8 *data = map.data();
  gsize end = map.size();
  while (end >= kStartCode && data[end - 1] == 1 && data[end - 2] == 0 && data[end - 3] == 0) {
    end -= kStartCode;
    while (end > 0 && data[end - 1] == 0)
      end--;
  }
  return end;
}

// Returns the bytes of the other units, or null if all are others.
BufferPtr cleaned(GstBuffer *buffer) {
  const ReadMap map(buffer);
  const gsize end = end_of(map);
  NalScanner units(map.data(), end);
  BufferPtr left;
  gsize copied = 0;  // up to there
  bool removes = true;
  const auto keep_until = [&](gsize until) {
    if (until > copied)
      left.reset(gst_buffer_append_region(left.release(), gst_buffer_ref(buffer),
                                          static_cast<gssize>(copied),
                                          static_cast<gssize>(until - copied)));
  };
  while (const guint8 *header = units.next()) {
    auto start = static_cast<gsize>(header - map.data()) - kStartCode;
    if (start > copied && map.data()[start - 1] == 0)  // start codes of four bytes
      start--;
    if (removes && start > 0 && !left)
      left.reset(gst_buffer_new());
    if (removes)
      copied = start;
    removes = is_unwanted(header, map.data() + end);
    if (!removes)
      continue;
    if (!left)
      left.reset(gst_buffer_new());
    keep_until(start);
  }
  if ((removes || end < map.size()) && !left)
    left.reset(gst_buffer_new());
  if (left && !removes)
    keep_until(end);
  return left;
}

}  // namespace

GstPadProbeReturn clean_h264(GstPadProbeInfo *info) {
  GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER(info);
  BufferPtr left = cleaned(buffer);
  if (!left)
    return GST_PAD_PROBE_OK;
  if (gst_buffer_get_size(left.get()) == 0)
    return GST_PAD_PROBE_DROP;
  gst_buffer_copy_into(left.get(), buffer, GST_BUFFER_COPY_METADATA, 0, static_cast<gsize>(-1));
  info->data = left.release();
  gst_buffer_unref(buffer);
  return GST_PAD_PROBE_OK;
}

}  // namespace rtms
