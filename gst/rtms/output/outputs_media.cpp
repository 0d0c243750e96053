// SPDX-License-Identifier: LGPL-2.1-or-later
// What Outputs does with a message: hold it, make a buffer of it, stamp that, queue it.
#include "buffers.h"
#include "media/decode.h"
#include "outputs.h"
#include "protocol/text.h"

#include <algorithm>

GST_DEBUG_CATEGORY_EXTERN(gst_rtms_src_debug);
#define GST_CAT_DEFAULT gst_rtms_src_debug

namespace rtms {
namespace {
constexpr unsigned kMaxHold_ms = 1000;
constexpr int64_t kMaxAhead_ms = 10 * 1000;  // of a text's start to when it came
}  // namespace

void Outputs::push(const MediaData &data) {
  if (!playing_)
    return;
  if (hold(data))
    return;
  accept(data);
}

void Outputs::wake() {
  for (Output *output : to_wake_) {
    output->to_wake = false;
    gst_rtms_src_pad_wake(output->pad);
  }
  to_wake_.clear();
  arrival_.reset();
}

// With buffer-data the first audio is older than anything else, but need not come first: for a
// moment all else waits for it, or the stream would begin after the audio does.
bool Outputs::hold(const MediaData &data) {
  if (!config_.buffer_data || timeline_.anchored())
    return false;
  auto audio = outputs_.find(media_nick(Media::Audio));
  if (audio != outputs_.end() && !gst_rtms_src_pad_is_linked(audio->second->pad))
    return false;
  if (data.media == Media::Audio) {
    anchor(timestamp_of(data));
    release_held();
    return false;
  }
  if (held_.empty())
    held_bytes_ = 0;
  held_bytes_ += data.payload.size() + sizeof(HeldMedia);
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
  interim_timer_.stop();
  interim_.all();
}

void Outputs::accept(const MediaData &data) {
  if (data.media == Media::Transcript && !config_.transcript_json)
    await_final(named(data));
  else
    hand_on(named(data));
}

// A text that is not final yet waits for the one that is. JSON has both, and tells which is which.
void Outputs::await_final(const MediaData &data) {
  bool show = false;
  release_interim(interim_.add(data, g_get_monotonic_time(), &show));
  if (show)
    hand_on(data);
  else
    watch_interim();
}

void Outputs::watch_interim() {
  interim_timer_.start(InterimTexts::kPatience_us / 1000, [this] {
    release_interim(interim_.overdue(g_get_monotonic_time()));
    if (!interim_.empty())
      watch_interim();
  });
}

void Outputs::release_interim(InterimTexts::Texts texts) {
  for (auto &text : texts)
    hand_on(text->data);
}

void Outputs::hand_on(const MediaData &data) {
  Output *output = output_for(data);
  if (!output || !leads_somewhere(output))
    return;
  BufferPtr buffer =
      make_buffer(data, params_, {config_.transcript_json, config_.transcript_speaker},
                  stream_start(data), &output->packets);
  if (!buffer) {
    ++stats_->of(data.media).dropped;
    interrupt(output);
    GST_WARNING_OBJECT(output->pad, "damaged payload of %" G_GSIZE_FORMAT " characters dropped",
                       data.payload.size());
    return;
  }
  follow_speaker(output, data, buffer.get());
  follow_size(output, buffer.get());
  stamp(output, buffer.get(), data);
  add_participant(buffer.get(), speaker_of(data));
  enqueue(output, std::move(buffer));
}

// Nothing is done for a pad that leads nowhere.
bool Outputs::leads_somewhere(Output *output) {
  if (gst_rtms_src_pad_is_linked(output->pad) &&
      gst_rtms_src_pad_get_flow(output->pad) != GST_FLOW_ERROR)
    return true;
  interrupt(output);
  check_flows();
  return false;
}

MediaData Outputs::named(const MediaData &data) const {
  MediaData named = data;
  if (data.user_name.empty())
    named.user_name = roster_->name(data.user_id, data.channel_id);
  return named;
}

// In the mix it is the active speaker.
MediaData Outputs::speaker_of(const MediaData &data) const {
  const bool mix = data.media == Media::Audio && data.user_id == 0 && data.channel_id.empty();
  MediaData speaker = data;
  if (mix && roster_->active_speaker().user_id != 0) {
    speaker.user_id = roster_->active_speaker().user_id;
    speaker.user_name = roster_->active_speaker().user_name;
  }
  return speaker;
}

// Another camera begins with a keyframe. Where that was lost, its pictures cannot be decoded, or
// would be painted over the last ones.
void Outputs::follow_speaker(Output *output, const MediaData &data, const GstBuffer *buffer) {
  const bool mix = data.media == Media::Audio && !participants();
  if (mix || is_text(data.media))
    return;
  if (output->user_id && output->user_id != data.user_id &&
      GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DELTA_UNIT)) {
    interrupt(output);
    return;
  }
  const bool told = output->user_id == data.user_id && output->title == data.user_name;
  output->user_id = data.user_id;
  if (told || data.user_name.empty())
    return;
  output->title = data.user_name;
  gst_rtms_src_pad_enqueue_event(output->pad, participant_tags(data));
}

// Pictures change their size at keyframes, too.
void Outputs::follow_size(Output *output, GstBuffer *buffer) {
  const bool pictures = output->media == Media::Video || output->media == Media::Screen;
  if (!pictures || GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DELTA_UNIT))
    return;
  const VideoParams &params = output->media == Media::Screen ? params_.screen : params_.video;
  const auto size = picture_size(params.codec, buffer);
  if (!size || output->size == size)
    return;
  output->size = size;
  update_caps(output);
}

// A message without a timestamp belongs where the last one was.
int64_t Outputs::timestamp_of(const MediaData &data) {
  if (data.timestamp > 0)
    last_timestamp_ms_ = data.timestamp;
  else if (last_timestamp_ms_ == 0)
    last_timestamp_ms_ = g_get_real_time() / 1000;
  return last_timestamp_ms_;
}

// What a text's times count from.
int64_t Outputs::stream_start(const MediaData &data) const {
  return timeline_.start_ms(data.start_time.value_or(data.end_time.value_or(0)), data.timestamp);
}

void Outputs::stamp(Output *output, GstBuffer *buffer, const MediaData &data) {
  const int64_t captured_ms = timestamp_of(data);
  if (reanchor_.exchange(false))
    anchor(captured_ms);

  if (data.media == Media::Transcript) {
    const TextSpan span = transcript_span(data, stream_start(data));
    // What is said was said already, but two clocks of the service may differ by a little.
    const bool sensible = span.start > 0 && span.start - captured_ms <= kMaxAhead_ms;
    const int64_t start_ms = sensible ? span.start : captured_ms;
    GST_BUFFER_PTS(buffer) = static_cast<GstClockTime>(
        output->track.not_before(timeline_.position(start_ms) + timeline_.skew_ns()));
  } else {
    const Track::Stamp stamp =
        output->track.stamp(&timeline_, captured_ms, arrival().running_ns, newest_position_);
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
  if (!is_text(data.media))
    advance(GST_BUFFER_PTS(buffer), GST_BUFFER_DURATION(buffer));
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

void Outputs::advance(GstClockTime position, GstClockTime duration) {
  const GstClockTime running =
      position + segment_.base > segment_.start ? position + segment_.base - segment_.start : 0;
  if (running > latest_)
    latest_.store(running, std::memory_order_relaxed);
  const GstClockTime end = running + (GST_CLOCK_TIME_IS_VALID(duration) ? duration : 0);
  latest_end_ns_ = std::max(latest_end_ns_, static_cast<int64_t>(end));
}

void Outputs::count(const MediaData &data, int64_t timestamp_ms, const GstBuffer *buffer) {
  MediaStats &stats = stats_->of(data.media);
  ++stats.messages;
  stats.bytes += gst_buffer_get_size(const_cast<GstBuffer *>(buffer));
  stats.last_timestamp_ms = static_cast<uint64_t>(timestamp_ms);
  const int64_t latency_ns = (arrival().real_us - timestamp_ms * 1000) * 1000;
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
  arrival_.reset();
  // What came early is ahead of the clock: nothing plays before its end.
  timeline_.anchor(unix_ms, std::max(arrival().running_ns, latest_end_ns_));
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
  if (!output->to_wake)
    to_wake_.push_back(output);
  output->to_wake = true;
  MediaStats &stats = stats_->of(output->media);
  stats.dropped += result.dropped;
  if (result.dropped && !result.overflow)
    GST_DEBUG_OBJECT(output->pad, "dropped a picture that needs a keyframe before it");
  if (result.overflow) {
    ++stats.discontinuities;
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
