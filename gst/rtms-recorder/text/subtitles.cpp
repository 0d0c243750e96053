// SPDX-License-Identifier: LGPL-2.1-or-later
#include "subtitles.h"

#include <gst/app/gstappsrc.h>
#include <algorithm>
#include <utility>

namespace rtms::recorder {
namespace {

// Live muxers wait this long for the track.
constexpr GstClockTime kLatency = 2 * GST_SECOND;
constexpr GstClockTime kLeastGap = 200 * GST_MSECOND;
constexpr GstClockTime kReserveEvery = GST_SECOND;
// The container is made within a minute.
constexpr size_t kMostEarly = 1000;

// appsrc accepts no GAP events: a flagged buffer stands for one. matroskamux of GStreamer 1.26
// writes an empty block for each GAP without the flag for missing data.
GstPadProbeReturn make_gap(GstPad *pad, GstPadProbeInfo *info, gpointer) {
  GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER(info);
  if (!GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_GAP))
    return GST_PAD_PROBE_OK;
  GstEvent *gap = gst_event_new_gap(GST_BUFFER_PTS(buffer), GST_BUFFER_DURATION(buffer));
  gst_event_set_gap_flags(gap, GST_GAP_FLAG_MISSING_DATA);
  gst_pad_push_event(pad, gap);
  return GST_PAD_PROBE_DROP;
}

}  // namespace

ElementPtr Subtitles::make_source() {
  ElementPtr bin = make_bin(
      "appsrc name=text is-live=true format=time max-bytes=0 caps=text/x-raw,format=utf8 "
      "min-latency=" +
      std::to_string(kLatency));
  if (!bin)
    return nullptr;
  source_.reset(gst_bin_get_by_name(GST_BIN(bin.get()), "text"));
  PadPtr pad(gst_element_get_static_pad(source_.get(), "src"));
  gst_pad_add_probe(pad.get(), GST_PAD_PROBE_TYPE_BUFFER, make_gap, nullptr, nullptr);
  // The muxer needs the track from the beginning.
  advance(GST_MSECOND);
  for (const Line &line : std::exchange(early_, {}))
    push(line);
  if (finished_)
    finish();
  return bin;
}

void Subtitles::send(BufferPtr buffer, uint64_t start, uint64_t end) {
  GST_BUFFER_PTS(buffer.get()) = start;
  GST_BUFFER_DURATION(buffer.get()) = end - start;
  gst_app_src_push_buffer(GST_APP_SRC(source_.get()), buffer.release());
}

void Subtitles::reserve(std::size_t size, uint64_t start, uint64_t end) {
  BufferPtr buffer(gst_buffer_new_allocate(nullptr, size, nullptr));
  gst_buffer_memset(buffer.get(), 0, ' ', size);
  send(std::move(buffer), start, end);
}

void Subtitles::push(const Line &line, bool is_last) {
  if (!source_) {
    early_.push_back(line);
    if (early_.size() > kMostEarly)
      early_.pop_front();
    return;
  }
  const std::string text = srt_text(line);
  const std::size_t payload = LateLines::payload_for(text.size());
  uint64_t start = line.start, end = end_of(line);
  if (payload > LateLines::kReserved) {
    reserve(payload, position_, position_ + GST_MSECOND);
    // A player finds the line behind this position only, and shows it as long as it takes to read.
    if (start < position_) {
      start = position_;
      end = std::max(end, is_last ? start + kLastShown : end_of({start, 0, "", line.text}));
    }
  }
  late_->push(start / GST_MSECOND, end / GST_MSECOND, text);
}

void Subtitles::advance(uint64_t position) {
  if (!source_ || (position_ != 0 && position < position_ + kLeastGap))
    return;
  if (position_ >= reserve_at_) {
    reserve(LateLines::kReserved, position_, position);
    reserve_at_ = position_ + kReserveEvery;
  } else {
    BufferPtr gap(gst_buffer_new());
    GST_BUFFER_FLAG_SET(gap.get(), GST_BUFFER_FLAG_GAP);
    send(std::move(gap), position_, position);
  }
  position_ = position;
}

void Subtitles::finish() {
  finished_ = true;
  if (source_)
    gst_app_src_end_of_stream(GST_APP_SRC(source_.get()));
}

}  // namespace rtms::recorder
