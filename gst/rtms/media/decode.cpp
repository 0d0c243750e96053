// SPDX-License-Identifier: LGPL-2.1-or-later
#include "decode.h"

#include "base64.h"

namespace rtms {
namespace {

// RFC 6716 §3.1: frame length by configuration, in units of 2.5 ms.
unsigned opus_frame_units(guint8 toc) {
  const unsigned config = toc >> 3;
  if (config >= 16)  // CELT: 2.5, 5, 10, 20 ms
    return 1u << (config & 3);
  if (config >= 12)  // hybrid: 10, 20 ms
    return config & 1 ? 8 : 4;
  constexpr unsigned silk[] = {4, 8, 16, 24};  // 10, 20, 40, 60 ms
  return silk[config & 3];
}

GstClockTime opus_duration(const guint8 *data, gsize size) {
  if (size == 0)
    return GST_CLOCK_TIME_NONE;
  unsigned frames = 1;
  if ((data[0] & 3) == 3)
    frames = size > 1 ? data[1] & 63 : 0;
  else if ((data[0] & 3) != 0)
    frames = 2;
  const GstClockTime duration = frames * opus_frame_units(data[0]) * 2500 * GST_USECOND;
  return duration > 0 && duration <= 120 * GST_MSECOND ? duration : GST_CLOCK_TIME_NONE;
}

}  // namespace

BufferPtr decode_base64(std::string_view text, PacketPool *pool) {
  const std::optional<size_t> size = base64_size(text);
  if (!size)
    return nullptr;
  BufferPtr buffer = pool ? pool->acquire(*size) : nullptr;
  if (!buffer) {
    GstAllocationParams room{};
    room.padding = kBase64Margin;
    buffer.reset(gst_buffer_new_allocate(nullptr, *size, &room));
  }
  GstMapInfo map;
  if (!buffer || !gst_buffer_map(buffer.get(), &map, GST_MAP_WRITE))
    return nullptr;
  const bool decoded = base64_decode(text, map.data);
  gst_buffer_unmap(buffer.get(), &map);
  return decoded ? std::move(buffer) : nullptr;
}

BufferPtr text_buffer(std::string_view text) {
  BufferPtr buffer(gst_buffer_new_allocate(nullptr, text.size(), nullptr));
  gst_buffer_fill(buffer.get(), 0, text.data(), text.size());
  return buffer;
}

GstClockTime audio_duration(const AudioParams &params, GstBuffer *buffer) {
  if (is_rtp(params))
    return static_cast<GstClockTime>(params.send_rate_ms) * GST_MSECOND;
  const gsize size = gst_buffer_get_size(buffer);
  switch (params.codec) {
    case Codec::L16:
      return gst_util_uint64_scale(size / (2 * params.channels), GST_SECOND, params.rate_hz);
    case Codec::G711:
      return gst_util_uint64_scale(size / params.channels, GST_SECOND, params.rate_hz);
    case Codec::G722:  // 64 kbit/s
      return gst_util_uint64_scale(size, GST_SECOND, 8000);
    case Codec::Opus: {
      ReadMap map(buffer);
      return opus_duration(map.data(), map.size());
    }
    default:
      return GST_CLOCK_TIME_NONE;
  }
}

std::optional<int> rtp_payload_type(GstBuffer *buffer) {
  guint8 header[2] = {};
  if (gst_buffer_extract(buffer, 0, header, sizeof header) < sizeof header)
    return std::nullopt;
  return header[1] & 127;
}

bool audio_is_whole(const AudioParams &params, GstBuffer *buffer) {
  return params.codec != Codec::L16 || gst_buffer_get_size(buffer) % (2 * params.channels) == 0;
}

void add_capture_time(GstBuffer *buffer, int64_t unix_ms, GstClockTime duration) {
  static GstCaps *unix_time = [] {
    GstCaps *caps = gst_caps_new_empty_simple("timestamp/x-unix");
    GST_MINI_OBJECT_FLAG_SET(caps, GST_MINI_OBJECT_FLAG_MAY_BE_LEAKED);
    return caps;
  }();
  const auto time = static_cast<GstClockTime>(unix_ms) * GST_MSECOND;
  auto meta = reinterpret_cast<GstReferenceTimestampMeta *>(
      gst_buffer_get_meta(buffer, GST_REFERENCE_TIMESTAMP_META_API_TYPE));
  if (meta && meta->reference == unix_time) {
    meta->timestamp = time;
    meta->duration = duration;
    return;
  }
  meta = gst_buffer_add_reference_timestamp_meta(buffer, unix_time, time, duration);
  keep_with_buffer(buffer, &meta->parent);
}

}  // namespace rtms
