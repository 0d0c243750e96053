// SPDX-License-Identifier: LGPL-2.1-or-later
#include "outputs.h"

#include "buffers.h"
#include "media/caps.h"

#include <algorithm>

GST_DEBUG_CATEGORY_EXTERN(gst_rtms_src_debug);
#define GST_CAT_DEFAULT gst_rtms_src_debug

namespace rtms {
namespace {

// More speakers than any meeting unmutes; a server could invent a new one with every message.
constexpr unsigned kMaxParticipantPads = 128;
constexpr int64_t kTrailing_us = 2 * G_USEC_PER_SEC;

Queue::Policy policy_of(Media media) {
  switch (media) {
    case Media::Audio:
      return Queue::Policy::Oldest;
    case Media::Video:
    case Media::Screen:
      return Queue::Policy::ToKeyframe;
    default:
      return Queue::Policy::OldestBytes;
  }
}

// Muxers wait no longer than that for a pad. But a picture stays until the next one: where few come
// in a second, a GAP between two would have it taken away.
unsigned gap_after_ms(Media media, const MediaParams &params) {
  constexpr unsigned kUsual_ms = 250, kPictures_ms = 1300;
  if (media != Media::Video && media != Media::Screen)
    return kUsual_ms;
  const int fps = media == Media::Screen ? params.screen.fps : params.video.fps;
  return std::max(kUsual_ms, kPictures_ms / static_cast<unsigned>(std::max(fps, 1)));
}

// Matroska's times are whole milliseconds.
int64_t least_step(Media media) {
  return media == Media::Video || media == Media::Screen ? GST_MSECOND : 0;
}

std::string participant_key(const std::string &who) {
  return "audio/" + who;
}

// Of a pad whose participant has left.
std::string left_key(const std::string &key, const std::string &pad) {
  return "left/" + key + "/" + pad;
}

}  // namespace

Outputs::Outputs(GstElement *element, const OutputsConfig &config, Stats *stats,
                 const Roster *roster, std::function<void(GstFlowReturn)> stopped)
    : element_(element),
      config_(config),
      stats_(stats),
      roster_(roster),
      stopped_(std::move(stopped)),
      group_id_(gst_util_group_id_next()),
      latency_(std::make_shared<PadLatency>()) {
  latency_->min = config_.latency;
  latency_->queue_time = config_.limits.time_ns;
}

void Outputs::close() {
  told_stopped_ = true;
  for (auto &[key, output] : outputs_) {
    gst_pad_set_active(GST_PAD(output->pad), FALSE);
    gst_element_remove_pad(element_, GST_PAD(output->pad));
    gst_object_unref(output->pad);
  }
  outputs_.clear();
}

// ---- pads ----------------------------------------------------------------------------

// A pad for each speaker: asked for, or because Contact Center always has it so.
bool Outputs::participants() const {
  return params_.audio.data_opt == DataOpt::AudioMulti || product_ == Product::ContactCenter;
}

CapsPtr Outputs::caps_of(Media media, std::optional<PictureSize> size) const {
  switch (media) {
    case Media::Audio:
      return audio_caps(params_.audio);
    case Media::Video:
      return video_caps(params_.video, size);
    case Media::Screen:
      return video_caps(params_.screen, size);
    case Media::Transcript:
      return transcript_caps(config_.transcript_json);
    case Media::Chat:
      break;
  }
  return chat_caps();
}

void Outputs::set_stream(Product product, std::string stream_id) {
  product_ = product;
  stream_id_ = std::move(stream_id);
}

void Outputs::negotiated(Media media, const MediaParams &params) {
  negotiated_ |= media_bit(media);
  if (media == Media::Audio)
    params_.audio = params.audio;
  else if (media == Media::Video)
    params_.video = params.video;
  else if (media == Media::Screen)
    params_.screen = params.screen;
  else if (media == Media::Transcript)
    params_.transcript = params.transcript;

  for (auto &[key, output] : outputs_)
    if (output->media == media)
      update_caps(output.get());
  const bool wanted = media != Media::Audio || !participants();
  if (wanted && outputs_.find(media_nick(media)) == outputs_.end())
    add_output(media, media_nick(media), media_nick(media), media_nick(media));
}

void Outputs::update_caps(Output *output) {
  CapsPtr caps = caps_of(output->media, output->size);
  if (gst_caps_is_equal(output->caps.get(), caps.get()))
    return;
  gst_rtms_src_pad_enqueue_event(output->pad, EventPtr(gst_event_new_caps(caps.get())));
  output->caps = std::move(caps);
}

void Outputs::all_negotiated() {
  all_negotiated_ = true;
  const bool more = participants() && (negotiated_ & media_bit(Media::Audio));
  if (!more)
    gst_element_no_more_pads(element_);
}

Outputs::Output *Outputs::add_output(Media media, const std::string &key, const std::string &name,
                                     const char *templ, EventPtr tags) {
  auto output = std::make_unique<Output>(media);
  Output *raw = output.get();
  output->caps = caps_of(media, std::nullopt);
  output->track = Track(least_step(media));

  PadConfig config;
  config.policy = policy_of(media);
  config.limits = config_.limits;
  config.gap_after_ms = gap_after_ms(media, params_);
  config.certain_time = [this] { return certain_time(); };
  config.flow_changed = [this] { check_flows(); };
  config.latency = latency_;
  GstRtmsSrcPad *pad = gst_rtms_src_pad_new(
      gst_element_class_get_pad_template(GST_ELEMENT_GET_CLASS(element_), templ), name.c_str(),
      std::move(config));
  output->pad = GST_RTMS_SRC_PAD(gst_object_ref_sink(pad));
  start_pad(pad, *raw, key, std::move(tags));
  {
    std::lock_guard<std::mutex> lock(mutex_);
    outputs_[key] = std::move(output);
  }
  gst_element_add_pad(element_, GST_PAD(pad));
  return raw;
}

// Somebody's first pad has a stream id that is the same in each run; a later one has another.
std::string Outputs::returned(const std::string &key) const {
  const std::string left = left_key(key, "");
  const auto times = std::count_if(outputs_.begin(), outputs_.end(), [&](const auto &output) {
    return output.first.compare(0, left.size(), left) == 0;
  });
  return times > 0 ? "/" + std::to_string(times + 1) : "";
}

// Sticky events are stored before the pad is shown: a pad-added handler finds its caps.
void Outputs::start_pad(GstRtmsSrcPad *pad, const Output &output, const std::string &key,
                        EventPtr tags) {
  const std::string stream_id = stream_id_ + "/" + key + returned(key);
  GstEvent *start = gst_event_new_stream_start(stream_id.c_str());
  gst_event_set_group_id(start, group_id_);
  if (is_text(output.media))
    gst_event_set_stream_flags(start, GST_STREAM_FLAG_SPARSE);
  gst_pad_push_event(GST_PAD(pad), start);
  gst_pad_push_event(GST_PAD(pad), gst_event_new_caps(output.caps.get()));
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  gst_pad_push_event(GST_PAD(pad), gst_event_new_segment(&segment));
  if (timeline_.anchored())
    gst_rtms_src_pad_enqueue_event(pad, segment_event());
  if (tags)
    gst_pad_push_event(GST_PAD(pad), tags.release());
  gst_rtms_src_pad_interrupt(pad);
}

Outputs::Output *Outputs::output_for(const MediaData &data) {
  if (data.media == Media::Audio && participants())
    return participant_output(data);
  auto found = outputs_.find(media_nick(data.media));
  return found == outputs_.end() ? nullptr : found->second.get();
}

Outputs::Output *Outputs::participant_output(const MediaData &data) {
  const std::string who =
      data.channel_id.empty() ? std::to_string(data.user_id) : std::string(data.channel_id);
  const std::string key = participant_key(who);
  auto found = outputs_.find(key);
  if (found != outputs_.end())
    return found->second.get();
  // The news that somebody has left can overtake the last they said, on another connection.
  auto left = left_us_.find(key);
  if (left != left_us_.end() && g_get_monotonic_time() - left->second < kTrailing_us)
    return nullptr;
  if (participant_count_ >= kMaxParticipantPads) {
    if (!told_too_many_)
      GST_ELEMENT_WARNING(element_, STREAM, FAILED,
                          ("More than %u speakers: further ones get no pad.", kMaxParticipantPads),
                          (nullptr));
    told_too_many_ = true;
    ++stats_->of(Media::Audio).dropped;
    return nullptr;
  }
  Output *output = add_output(Media::Audio, key, "audio_" + std::to_string(participant_count_++),
                              "audio_%u", participant_tags(data));
  output->user_id = data.user_id;
  output->title = data.user_name;
  return output;
}

void Outputs::interrupt(MediaMask media) {
  for (auto &[key, output] : outputs_) {
    if (!(media & media_bit(output->media)))
      continue;
    GST_DEBUG_OBJECT(output->pad, "interrupted");
    interrupt(output.get());
    ++stats_->of(output->media).discontinuities;
  }
}

void Outputs::interrupt(Output *output) {
  output->discont = true;
  gst_rtms_src_pad_interrupt(output->pad);
}

void Outputs::participant_came(const Participant &participant) {
  left_us_.erase(participant_key(std::to_string(participant.user_id)));
  if (!participant.channel_id.empty())
    left_us_.erase(participant_key(participant.channel_id));
}

void Outputs::participant_left(const Participant &participant) {
  leave(participant_key(std::to_string(participant.user_id)));
  if (!participant.channel_id.empty())
    leave(participant_key(participant.channel_id));
}

// The pad stays until the element stops: what follows it may still be busy. Who comes back gets a
// new one.
void Outputs::leave(const std::string &key) {
  auto found = outputs_.find(key);
  if (found == outputs_.end())
    return;
  left_us_[key] = g_get_monotonic_time();
  gst_rtms_src_pad_enqueue_event(found->second->pad, EventPtr(gst_event_new_eos()));
  std::lock_guard<std::mutex> lock(mutex_);
  auto node = outputs_.extract(found);
  node.key() = left_key(key, GST_PAD_NAME(node.mapped()->pad));
  node.mapped()->left = true;
  outputs_.insert(std::move(node));
}

bool Outputs::end() {
  release_held();
  release_interim(interim_.all());
  for (auto &[key, output] : outputs_)
    gst_rtms_src_pad_enqueue_event(output->pad, EventPtr(gst_event_new_eos()));
  return !outputs_.empty();
}

// ---- clock and flow ------------------------------------------------------------------

void Outputs::set_playing(bool playing) {
  // Running time stood still while paused, the meeting did not: the next media sets the mapping
  // anew.
  if (playing)
    reanchor_ = true;
  playing_ = playing;
}

GstClockTime Outputs::running_time() const {
  return playing_ ? gst_element_get_current_running_time(element_) : GST_CLOCK_TIME_NONE;
}

const Outputs::Arrival &Outputs::arrival() {
  if (!arrival_) {
    const GstClockTime now = running_time();
    arrival_ = {GST_CLOCK_TIME_IS_VALID(now) ? static_cast<int64_t>(now) : 0, g_get_real_time()};
  }
  return *arrival_;
}

GstClockTime Outputs::certain_time() const {
  const GstClockTime now = running_time();
  if (!GST_CLOCK_TIME_IS_VALID(now))
    return GST_CLOCK_TIME_NONE;
  // A server that sends faster than real time is ahead of the clock.
  const GstClockTime newest = std::max(now, latest_.load());
  const GstClockTime latency = latency_->min;
  return newest > latency ? newest - latency : GST_CLOCK_TIME_NONE;
}

void Outputs::answer_latency(GstQuery *query) const {
  gst_query_set_latency(query, TRUE, latency_->min, latency_->max());
}

void Outputs::update_levels() {
  std::lock_guard<std::mutex> lock(mutex_);
  for (MediaStats &media : stats_->media)
    media.queue_bytes = media.queue_time_ns = 0;
  for (auto &[key, output] : outputs_) {
    const PadLevel level = gst_rtms_src_pad_get_level(output->pad);
    MediaStats &media = stats_->of(output->media);
    media.queue_bytes += level.bytes;
    media.queue_time_ns = std::max<uint64_t>(media.queue_time_ns, level.time_ns);
  }
}

// Only when no pad takes data any more is it time to stop.
void Outputs::check_flows() {
  if (!all_negotiated_ || told_stopped_)
    return;
  GstFlowReturn combined = GST_FLOW_NOT_LINKED;
  bool any = false;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    for (auto &[key, output] : outputs_) {
      if (output->left)
        continue;
      any = true;
      GstFlowReturn flow = gst_rtms_src_pad_get_flow(output->pad);
      if (flow == GST_FLOW_OK || flow == GST_FLOW_NOT_LINKED)
        flow = gst_rtms_src_pad_is_linked(output->pad) ? flow : GST_FLOW_NOT_LINKED;
      // A pad is flushed when the pipeline goes down, or for a moment.
      if (flow == GST_FLOW_OK || flow == GST_FLOW_FLUSHING)
        return;
      if (flow < GST_FLOW_EOS || combined == GST_FLOW_NOT_LINKED)
        combined = flow;
    }
  }
  if (any && !told_stopped_.exchange(true))
    stopped_(combined);
}

}  // namespace rtms
