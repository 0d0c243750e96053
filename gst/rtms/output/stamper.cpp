// SPDX-License-Identifier: LGPL-2.1-or-later
#include "stamper.h"

#include "media/decode.h"
#include "output.h"
#include "protocol/text.h"

namespace rtms {
namespace {

constexpr int64_t kMaxAhead_ms = 10 * 1000;  // of a text's start to when it came

// Matroska's times are whole milliseconds.
int64_t least_step(Media media) {
  return is_picture(media) ? GST_MSECOND : 0;
}

}  // namespace

Stamper::Stamper(OutputContext *context, Media media)
    : context_(context), media_(media), track_(least_step(media)) {}

void Stamper::stamp(GstBuffer *buffer, const MediaData &data) {
  StreamTime &time = context_->time;
  const int64_t captured_ms = time.timestamp_of(data);
  GST_BUFFER_PTS(buffer) = position_of(data, captured_ms);
  if (media_ == Media::Audio)
    align(buffer);
  if (discont_)
    GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_DISCONT);
  discont_ = false;
  add_capture_time(buffer, captured_ms, GST_BUFFER_DURATION(buffer));
  if (!is_text(media_))
    time.advance(media_, GST_BUFFER_PTS(buffer), GST_BUFFER_DURATION(buffer));
  count(captured_ms, buffer);
}

GstClockTime Stamper::position_of(const MediaData &data, int64_t captured_ms) {
  StreamTime &time = context_->time;
  if (media_ == Media::Transcript) {
    const TextSpan span = transcript_span(data, time.text_zero_ms(data));
    // What is said was said already, but two clocks of the service may differ by a little.
    const bool sensible = span.start > 0 && span.start - captured_ms <= kMaxAhead_ms;
    const int64_t start_ms = sensible ? span.start : captured_ms;
    return static_cast<GstClockTime>(
        track_.not_before(time.timeline().position(start_ms) + time.timeline().skew_ns()));
  }
  const Track::Stamp stamp = track_.stamp(&time.timeline(), captured_ms, time.arrival().running_ns,
                                          time.newest_position_ns());
  discont_ |= stamp.discont;
  return static_cast<GstClockTime>(stamp.position_ns);
}

// The wire's timestamps are whole milliseconds with jitter; the samples have neither.
void Stamper::align(GstBuffer *buffer) {
  if (!GST_BUFFER_DURATION_IS_VALID(buffer))
    return;
  align_.set_rate(context_->params.audio.rate_hz);
  const AudioAlign::Result aligned =
      align_.process(GST_BUFFER_PTS(buffer), GST_BUFFER_DURATION(buffer), discont_);
  GST_BUFFER_PTS(buffer) = aligned.pts;
  GST_BUFFER_DURATION(buffer) = aligned.duration;
  discont_ |= aligned.discont;
}

void Stamper::count(int64_t captured_ms, const GstBuffer *buffer) {
  MediaStats &stats = context_->stats->of(media_);
  ++stats.messages;
  stats.bytes += gst_buffer_get_size(const_cast<GstBuffer *>(buffer));
  stats.last_timestamp_ms = static_cast<uint64_t>(captured_ms);
  const int64_t latency_ns = (context_->time.arrival().real_us - captured_ms * 1000) * 1000;
  if (!context_->first_latency_ns)
    context_->first_latency_ns = latency_ns;
  stats.latency_ns = latency_ns - *context_->first_latency_ns;
}

}  // namespace rtms
