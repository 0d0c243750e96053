// SPDX-License-Identifier: LGPL-2.1-or-later
#include "audioalign.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace rtms {
namespace {

// More than the jitter of timestamps, less than any pause.
constexpr GstClockTime kThreshold = 40 * GST_MSECOND;
// The first timestamp may be wrong by its jitter: when the mean of enough others differs, the
// position is corrected to it.
constexpr unsigned kFewest = 16;
constexpr unsigned kWindow = 256;
constexpr double kTolerance_ns = 3.5e6;
constexpr double kUncertainty_ns = 12e6;  // of one timestamp
// By then, the timestamps are mapped anew.
constexpr GstClockTime kMostFollowed = 6 * GST_SECOND;
// Packets may come in small bursts.
constexpr GstClockTime kBurst = 100 * GST_MSECOND;
// Less is the difference of two kinds of media, and is not mapped anew.
constexpr GstClockTime kOtherClock = GST_SECOND;
// The coarsest timestamps are whole seconds.
constexpr GstClockTime kCoarse = GST_SECOND;

}  // namespace

void AudioAlign::set_rate(int rate_hz) {
  if (rate_hz == rate_hz_)
    return;
  rate_hz_ = rate_hz;
  // No wait before a gap counts: it would stamp a pause of 200 ms 200 ms early.
  align_.reset(gst_audio_stream_align_new(rate_hz, kThreshold, 0));
  next_ = GST_CLOCK_TIME_NONE;
}

GstClockTime AudioAlign::corrected(GstClockTime pts, bool *discont) {
  if (*discont || !GST_CLOCK_TIME_IS_VALID(next_)) {
    packets_ = 0;
    return pts;
  }
  const GstClockTimeDiff error = GST_CLOCK_DIFF(next_, pts);
  if (std::abs(static_cast<double>(error)) >= static_cast<double>(kThreshold)) {
    packets_ = 0;
    return pts;
  }
  packets_ = std::min(packets_ + 1, kWindow);
  if (packets_ == 1)
    mean_error_ns_ = 0;
  mean_error_ns_ += (static_cast<double>(error) - mean_error_ns_) / packets_;
  if (packets_ < kFewest ||
      std::abs(mean_error_ns_) < kTolerance_ns + kUncertainty_ns / std::sqrt(packets_))
    return pts;
  *discont = true;
  packets_ = 0;
  const auto better = static_cast<GstClockTimeDiff>(next_) + std::llround(mean_error_ns_);
  return static_cast<GstClockTime>(std::max<GstClockTimeDiff>(better, 0));
}

bool AudioAlign::repeats(GstClockTime pts, GstClockTime duration) {
  if (std::exchange(said_, pts) != pts)
    repeated_ = 0;
  repeated_ += duration;
  return repeated_ > duration && repeated_ <= kCoarse && GST_CLOCK_TIME_IS_VALID(next_);
}

bool AudioAlign::follows(GstClockTime pts, GstClockTime duration, const AudioArrival &arrival) {
  if (!GST_CLOCK_TIME_IS_VALID(next_))
    return false;
  if (!followed_)
    follows_since_ = arrival.now;
  const GstClockTime came_since = arrival.now - follows_since_ + kBurst;
  if (pts + kOtherClock > next_ + arrival.behind || followed_ > std::min(came_since, kMostFollowed))
    return false;
  followed_ += duration;
  return true;
}

AudioAlign::Result AudioAlign::process(GstClockTime pts, GstClockTime duration, bool discont,
                                       AudioArrival arrival) {
  Result result;
  const auto samples = static_cast<guint>(
      gst_util_uint64_scale_round(duration, static_cast<guint64>(rate_hz_), GST_SECOND));
  const bool repeated = repeats(pts, duration) && !arrival.behind;
  GstClockTime better = corrected(pts, &discont);
  // Repeated or late timestamps must not move the position back.
  const bool late = better < last_ + arrival.behind;
  if (!late || (!discont && better + kThreshold > next_)) {
    followed_ = 0;
  } else if (repeated || follows(better, duration, arrival)) {
    better = next_;
  } else {
    better = last_;
    discont = true;
  }
  result.discont = gst_audio_stream_align_process(align_.get(), discont, better, samples,
                                                  &result.pts, &result.duration, nullptr);
  last_ = result.pts;
  next_ = result.pts + result.duration;
  return result;
}

}  // namespace rtms
