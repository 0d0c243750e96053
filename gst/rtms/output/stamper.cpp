// SPDX-License-Identifier: LGPL-2.1-or-later
#include "stamper.h"

#include "media/decode.h"
#include "output.h"
#include "protocol/text.h"

GST_DEBUG_CATEGORY_EXTERN(gst_rtms_output_debug);
#define GST_CAT_DEFAULT gst_rtms_output_debug

namespace rtms {
namespace {

// Matroska has timestamps of whole milliseconds.
int64_t least_step(Media media) {
  return is_picture(media) ? GST_MSECOND : 0;
}

}  // namespace

Stamper::Stamper(OutputContext *context, Media media, bool participant, GstRtmsSrcPad *pad)
    : context_(context),
      media_(media),
      pad_(pad),
      track_(&context->time.tracks(), track_clock(media, participant), least_step(media)) {}

std::optional<int64_t> Stamper::anchor_ms(const MediaData &data) {
  StreamTime &time = context_->time;
  const int64_t captured_ms = time.timestamp_of(data);
  if (!time.needs_anchor() && !track_.needs_anchor(captured_ms, time.arrival().running_ns))
    return std::nullopt;
  return track_.anchor_ms(captured_ms);
}

void Stamper::stamp(GstBuffer *buffer, const MediaData &data) {
  StreamTime &time = context_->time;
  const int64_t captured_ms = time.timestamp_of(data);
  const Track::Stamp stamp = track_.stamp(start_ms(data, captured_ms), time.arrival().running_ns);
  GST_BUFFER_PTS(buffer) = static_cast<GstClockTime>(stamp.position_ns);
  discont_ |= stamp.discont;
  if (stamp.decision.any())
    tell(stamp.decision);
  if (media_ == Media::Audio)
    align(buffer, stamp.raised_ns);
  if (discont_)
    GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_DISCONT);
  discont_ = false;
  add_capture_time(buffer, captured_ms, GST_BUFFER_DURATION(buffer));
  if (!is_text(media_))
    time.advance(media_, GST_BUFFER_PTS(buffer), GST_BUFFER_DURATION(buffer));
  count(captured_ms, buffer);
}

int64_t Stamper::start_ms(const MediaData &data, int64_t captured_ms) const {
  if (media_ != Media::Transcript)
    return captured_ms;
  const TextSpan span = transcript_span(data, context_->time.text_zero_ms(data));
  // The text may lack the timestamp that its span is compared with.
  const bool sensible = span.start > 0 && span.start - captured_ms <= kMaxAhead_ms;
  return sensible ? span.start : captured_ms;
}

void Stamper::tell(const TimeDecision &decision) {
  GST_DEBUG_OBJECT(pad_, "%s", to_text(decision).c_str());
  if (decision.what == TimeDecision::What::Odd)
    ++context_->stats->of(media_).discontinuities;
}

// Timestamps on the wire are whole milliseconds with jitter; samples have neither.
void Stamper::align(GstBuffer *buffer, int64_t raised_ns) {
  if (!GST_BUFFER_DURATION_IS_VALID(buffer))
    return;
  align_.set_rate(context_->params.audio.rate_hz);
  StreamTime &time = context_->time;
  const AudioArrival arrival = {
      time.position_at(static_cast<GstClockTime>(time.arrival().running_ns)),
      static_cast<GstClockTime>(raised_ns)};
  const AudioAlign::Result aligned =
      align_.process(GST_BUFFER_PTS(buffer), GST_BUFFER_DURATION(buffer), discont_, arrival);
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
