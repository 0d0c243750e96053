// What Outputs does with a message: hold it, make a buffer of it, stamp that, queue it.
#include "media/payload.h"
#include "outputs.h"
#include "payloads.h"
#include "protocol/textmedia.h"

#include <algorithm>

GST_DEBUG_CATEGORY_EXTERN(gst_rtms_src_debug);
#define GST_CAT_DEFAULT gst_rtms_src_debug

namespace rtms {
namespace {
constexpr unsigned kMaxHold_ms = 1000;
}

void Outputs::push(const MediaData &data) {
  if (!playing_)
    return;
  if (hold(data))
    return;
  accept(data);
}

// With buffer-data the first audio is older than anything else, but need not come first: for a
// moment all else waits for it, or the stream would begin after the audio does.
bool Outputs::hold(const MediaData &data) {
  if (!config_.buffer_data || timeline_.anchored())
    return false;
  auto audio = outputs_.find(media_nick(Media::Audio));
  if (audio != outputs_.end() && !gst_pad_is_linked(GST_PAD(audio->second->pad)))
    return false;
  if (data.media == Media::Audio) {
    anchor(timestamp_of(data));
    release_held();
    return false;
  }
  if (held_.empty())
    held_bytes_ = 0;
  held_bytes_ += data.payload.size();
  if (config_.limits.bytes && held_bytes_ > config_.limits.bytes) {
    release_held();
    return false;
  }
  if (held_.empty())
    hold_timer_.start(kMaxHold_ms, [this] { release_held(); });
  held_.push_back(std::make_unique<HeldMedia>(data));
  return true;
}

void Outputs::release_held() {
  hold_timer_.stop();
  const auto held = std::move(held_);
  held_.clear();
  if (!held.empty() && !timeline_.anchored())
    anchor(timestamp_of(held.front()->data));
  for (auto &message : held)
    accept(message->data);
}

void Outputs::forget_held() {
  hold_timer_.stop();
  held_.clear();
}

void Outputs::accept(const MediaData &data) {
  Output *output = output_for(data);
  if (!output)
    return;
  // Nothing is done for a pad that leads nowhere.
  if (!gst_pad_is_linked(GST_PAD(output->pad)) ||
      gst_rtms_src_pad_get_flow(output->pad) == GST_FLOW_ERROR) {
    interrupt(output);
    check_flows();
    return;
  }
  const int64_t start_ms = timeline_.anchored() ? timeline_.zero_ms() : data.timestamp;
  BufferPtr buffer = make_buffer(data, params_, config_.transcript_json, start_ms);
  if (!buffer) {
    stats_->of(data.media).dropped++;
    interrupt(output);
    GST_WARNING_OBJECT(output->pad, "damaged payload of %" G_GSIZE_FORMAT " characters dropped",
                       data.payload.size());
    return;
  }
  stamp(output, buffer.get(), data);
  enqueue(output, std::move(buffer));
}

// A message without a timestamp belongs where the last one was.
int64_t Outputs::timestamp_of(const MediaData &data) {
  if (data.timestamp > 0)
    last_timestamp_ms_ = data.timestamp;
  else if (last_timestamp_ms_ == 0)
    last_timestamp_ms_ = g_get_real_time() / 1000;
  return last_timestamp_ms_;
}

void Outputs::stamp(Output *output, GstBuffer *buffer, const MediaData &data) {
  const int64_t captured_ms = timestamp_of(data);
  if (reanchor_.exchange(false))
    anchor(captured_ms);
  const GstClockTime now = running_time();
  const int64_t running_ns = GST_CLOCK_TIME_IS_VALID(now) ? static_cast<int64_t>(now) : 0;

  if (data.media == Media::Transcript) {
    const TextSpan span = transcript_span(data, timeline_.zero_ms());
    // What is said was said already.
    const int64_t start_ms = span.start > 0 ? std::min(span.start, captured_ms) : captured_ms;
    GST_BUFFER_PTS(buffer) = static_cast<GstClockTime>(
        output->track.not_before(timeline_.position(start_ms) + timeline_.skew_ns()));
  } else {
    const Track::Stamp stamp =
        output->track.stamp(&timeline_, captured_ms, running_ns, newest_position_);
    GST_BUFFER_PTS(buffer) = static_cast<GstClockTime>(stamp.position_ns);
    if (!is_text(data.media))
      newest_position_ = std::max(newest_position_, stamp.position_ns);
    output->discont |= stamp.discont;
  }
  if (data.media == Media::Audio)
    align(output, buffer);
  if (output->discont)
    GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_DISCONT);
  output->discont = false;
  add_capture_time(buffer, captured_ms, GST_BUFFER_DURATION(buffer));
  add_participant(buffer, data);
  if (!is_text(data.media))
    advance(GST_BUFFER_PTS(buffer));
  count(data, captured_ms, buffer);
}

// The wire's timestamps are whole milliseconds with jitter; the samples have neither.
void Outputs::align(Output *output, GstBuffer *buffer) {
  if (!GST_BUFFER_DURATION_IS_VALID(buffer))
    return;
  output->align.set_rate(params_.audio.rate_hz);
  const AudioAlign::Result aligned =
      output->align.process(GST_BUFFER_PTS(buffer), GST_BUFFER_DURATION(buffer), output->discont);
  GST_BUFFER_PTS(buffer) = aligned.pts;
  GST_BUFFER_DURATION(buffer) = aligned.duration;
  output->discont |= aligned.discont;
}

void Outputs::advance(GstClockTime position) {
  const GstClockTime running =
      position + segment_.base > segment_.start ? position + segment_.base - segment_.start : 0;
  if (running > latest_)
    latest_ = running;
}

void Outputs::count(const MediaData &data, int64_t timestamp_ms, const GstBuffer *buffer) {
  MediaStats &stats = stats_->of(data.media);
  stats.messages++;
  stats.bytes += gst_buffer_get_size(const_cast<GstBuffer *>(buffer));
  stats.last_timestamp_ms = static_cast<uint64_t>(timestamp_ms);
  const int64_t latency_ns = (g_get_real_time() - timestamp_ms * 1000) * 1000;
  if (!first_latency_ns_)
    first_latency_ns_ = latency_ns;
  stats.latency_ns = latency_ns - *first_latency_ns_;
}

EventPtr Outputs::segment_event() const {
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.start = segment.time = segment.position = segment_.start;
  segment.base = segment_.base;
  return EventPtr(gst_event_new_segment(&segment));
}

void Outputs::anchor(int64_t unix_ms) {
  reanchor_ = false;
  const GstClockTime now = running_time();
  timeline_.anchor(unix_ms, GST_CLOCK_TIME_IS_VALID(now) ? static_cast<int64_t>(now) : 0);
  segment_ = timeline_.segment();
  GST_INFO_OBJECT(element_,
                  "position 0 is Unix time %" G_GINT64_FORMAT " ms; position %" GST_TIME_FORMAT
                  " plays at running time %" GST_TIME_FORMAT,
                  timeline_.zero_ms(), GST_TIME_ARGS(segment_.start), GST_TIME_ARGS(segment_.base));
  for (auto &[key, output] : outputs_) {
    output->track.resume();
    interrupt(output.get());
    gst_rtms_src_pad_enqueue_event(output->pad, segment_event());
  }
}

void Outputs::enqueue(Output *output, BufferPtr buffer) {
  const Queue::Result result = gst_rtms_src_pad_enqueue(output->pad, std::move(buffer));
  MediaStats &stats = stats_->of(output->media);
  stats.dropped += result.dropped;
  if (result.overflow) {
    stats.discontinuities++;
    if (!output->overflowing)
      GST_ELEMENT_WARNING(
          element_, RESOURCE, NO_SPACE_LEFT,
          ("The pipeline takes the %s too slowly: %u buffers dropped so far. Make what follows pad "
           "%s faster, or raise max-queue-bytes or max-queue-time.",
           media_nick(output->media), result.dropped, GST_PAD_NAME(output->pad)),
          (nullptr));
    output->overflowing = true;
  } else if (output->overflowing &&
             gst_rtms_src_pad_get_level(output->pad).bytes <= config_.limits.bytes / 2) {
    output->overflowing = false;
  }
}

}  // namespace rtms
