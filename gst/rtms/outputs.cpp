#include "outputs.h"

#include "media/caps.h"
#include "media/payload.h"
#include "protocol/textmedia.h"

#include <algorithm>

GST_DEBUG_CATEGORY_EXTERN(gst_rtms_src_debug);
#define GST_CAT_DEFAULT gst_rtms_src_debug

namespace rtms {
namespace {

// More speakers than any meeting unmutes; a server could invent a new one with every message.
constexpr unsigned kMaxParticipantPads = 128;

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

bool is_text(Media media) {
  return media == Media::Transcript || media == Media::Chat;
}

}  // namespace

Outputs::Outputs(GstElement *element, OutputsConfig config, Stats *stats,
                 std::function<void(GstFlowReturn)> stopped)
    : element_(element),
      config_(std::move(config)),
      stats_(stats),
      stopped_(std::move(stopped)),
      group_id_(gst_util_group_id_next()),
      latency_(config_.latency) {}

Outputs::~Outputs() {
  for (auto &[key, output] : outputs_) {
    gst_pad_set_active(GST_PAD(output->pad), FALSE);
    gst_element_remove_pad(element_, GST_PAD(output->pad));
    gst_object_unref(output->pad);
  }
}

// ---- pads ----------------------------------------------------------------------------

// A pad for each speaker: asked for, or because Contact Center always has it so.
bool Outputs::participants() const {
  return params_.audio.data_opt == DataOpt::AudioMulti || config_.product == Product::ContactCenter;
}

CapsPtr Outputs::caps_of(Media media) const {
  switch (media) {
    case Media::Audio:
      return audio_caps(params_.audio);
    case Media::Video:
      return video_caps(params_.video);
    case Media::Screen:
      return video_caps(params_.screen);
    case Media::Transcript:
      return transcript_caps(config_.transcript_json);
    case Media::Chat:
      break;
  }
  return chat_caps();
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

  CapsPtr caps = caps_of(media);
  bool found = false;
  for (auto &[key, output] : outputs_) {
    if (output->media != media)
      continue;
    found = true;
    if (gst_caps_is_equal(output->caps.get(), caps.get()))
      continue;
    output->caps.reset(gst_caps_copy(caps.get()));
    gst_rtms_src_pad_enqueue_event(output->pad, EventPtr(gst_event_new_caps(caps.get())));
  }
  if (!found && !(media == Media::Audio && participants()))
    add_output(media, media_nick(media), media_nick(media), media_nick(media), "");
}

void Outputs::all_negotiated() {
  all_negotiated_ = true;
  const bool more = participants() && (negotiated_ & media_bit(Media::Audio));
  if (!more)
    gst_element_no_more_pads(element_);
}

Outputs::Output *Outputs::add_output(Media media, const std::string &key, const std::string &name,
                                     const char *templ, const std::string &title) {
  auto output = std::make_unique<Output>();
  Output *raw = output.get();
  output->media = media;
  output->caps = caps_of(media);

  PadConfig config;
  config.policy = policy_of(media);
  config.limits = config_.limits;
  config.certain_time = [this] { return certain_time(); };
  config.latency = [this](GstQuery *query) { answer_latency(query); };
  config.flow_changed = [this, raw](GstFlowReturn flow) {
    raw->flow = flow;
    if (flow != GST_FLOW_OK)
      check_flows();
  };
  GstRtmsSrcPad *pad = gst_rtms_src_pad_new(
      gst_element_class_get_pad_template(GST_ELEMENT_GET_CLASS(element_), templ), name.c_str(),
      std::move(config));
  output->pad = GST_RTMS_SRC_PAD(gst_object_ref_sink(pad));
  start_pad(pad, *raw, key, title);
  {
    std::lock_guard<std::mutex> lock(mutex_);
    outputs_[key] = std::move(output);
  }
  gst_element_add_pad(element_, GST_PAD(pad));
  return raw;
}

// Sticky events are stored before the pad is shown: a pad-added handler finds its caps.
void Outputs::start_pad(GstRtmsSrcPad *pad, const Output &output, const std::string &key,
                        const std::string &title) {
  const std::string stream_id = config_.stream_id + "/" + key;
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
  if (!title.empty())
    gst_pad_push_event(GST_PAD(pad),
                       gst_event_new_tag(gst_tag_list_new(GST_TAG_TITLE, title.c_str(), nullptr)));
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
  const std::string key = "audio/" + who;
  auto found = outputs_.find(key);
  if (found != outputs_.end())
    return found->second.get();
  if (participant_count_ >= kMaxParticipantPads) {
    if (!told_too_many_)
      GST_ELEMENT_WARNING(element_, STREAM, FAILED,
                          ("More than %u speakers: further ones get no pad.", kMaxParticipantPads),
                          (nullptr));
    told_too_many_ = true;
    return nullptr;
  }
  return add_output(Media::Audio, key, "audio_" + std::to_string(participant_count_++), "audio_%u",
                    std::string(data.user_name));
}

// ---- buffers -------------------------------------------------------------------------

void Outputs::push(const MediaData &data) {
  if (!playing_)
    return;
  Output *output = output_for(data);
  if (!output)
    return;
  // Nothing is done for a pad that leads nowhere.
  if (!gst_pad_is_linked(GST_PAD(output->pad)) || output->flow == GST_FLOW_ERROR) {
    gst_rtms_src_pad_interrupt(output->pad);
    check_flows();
    return;
  }
  BufferPtr buffer = make_buffer(data);
  if (!buffer) {
    stats_->of(data.media).dropped++;
    gst_rtms_src_pad_interrupt(output->pad);
    GST_WARNING_OBJECT(output->pad, "damaged payload of %" G_GSIZE_FORMAT " characters dropped",
                       data.payload.size());
    return;
  }
  stamp(output, buffer.get(), data);
  enqueue(output, std::move(buffer));
}

BufferPtr Outputs::make_buffer(const MediaData &data) {
  return is_text(data.media) ? text(data) : decode(data);
}

BufferPtr Outputs::decode(const MediaData &data) {
  BufferPtr buffer = decode_base64(data.payload);
  if (!buffer)
    return nullptr;
  if (data.length && *data.length != static_cast<int64_t>(gst_buffer_get_size(buffer.get())))
    return nullptr;
  if (data.media == Media::Audio) {
    if (!audio_is_whole(params_.audio, buffer.get()))
      return nullptr;
    GST_BUFFER_DURATION(buffer.get()) = audio_duration(params_.audio, buffer.get());
  } else {
    const VideoParams &video = data.media == Media::Screen ? params_.screen : params_.video;
    if (picture_kind(video.codec, buffer.get()) == Picture::Delta)
      GST_BUFFER_FLAG_SET(buffer.get(), GST_BUFFER_FLAG_DELTA_UNIT);
  }
  return buffer;
}

BufferPtr Outputs::text(const MediaData &data) {
  const int64_t zero_ms = timeline_.anchored() ? timeline_.zero_ms() : data.timestamp;
  const TextSpan span = transcript_span(data, zero_ms);
  BufferPtr buffer = nullptr;
  if (data.media == Media::Chat)
    buffer = text_buffer(chat_json(data));
  else if (config_.transcript_json)
    buffer = text_buffer(transcript_json(data, zero_ms));
  else if (!data.payload.empty())
    buffer = text_buffer(data.payload);
  if (buffer && span.end > span.start)
    GST_BUFFER_DURATION(buffer.get()) =
        static_cast<GstClockTime>(span.end - span.start) * GST_MSECOND;
  return buffer;
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
  const int64_t start_ms = data.media == Media::Transcript
                               ? transcript_span(data, timeline_.zero_ms()).start
                               : captured_ms;
  const int64_t position = timeline_.position(start_ms > 0 ? start_ms : captured_ms);
  // Never before the stream's start, and never back.
  output->last_pts =
      std::max(output->last_pts, static_cast<GstClockTime>(std::max<int64_t>(position, 0)));
  GST_BUFFER_PTS(buffer) = output->last_pts;
  add_capture_time(buffer, captured_ms, GST_BUFFER_DURATION(buffer));

  const GstClockTime running = output->last_pts + segment_.base > segment_.start
                                   ? output->last_pts + segment_.base - segment_.start
                                   : 0;
  if (running > latest_)
    latest_ = running;
  count(data, captured_ms, buffer);
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
  const GstClockTime now = running_time();
  timeline_.anchor(unix_ms, GST_CLOCK_TIME_IS_VALID(now) ? static_cast<int64_t>(now) : 0);
  segment_ = timeline_.segment();
  GST_INFO_OBJECT(element_,
                  "position 0 is Unix time %" G_GINT64_FORMAT " ms; position %" GST_TIME_FORMAT
                  " plays at running time %" GST_TIME_FORMAT,
                  timeline_.zero_ms(), GST_TIME_ARGS(segment_.start), GST_TIME_ARGS(segment_.base));
  for (auto &[key, output] : outputs_)
    gst_rtms_src_pad_enqueue_event(output->pad, segment_event());
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

void Outputs::interrupt(MediaMask media) {
  for (auto &[key, output] : outputs_) {
    if (!(media & media_bit(output->media)))
      continue;
    gst_rtms_src_pad_interrupt(output->pad);
    stats_->of(output->media).discontinuities++;
  }
}

bool Outputs::end() {
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

GstClockTime Outputs::certain_time() const {
  const GstClockTime now = running_time();
  if (!GST_CLOCK_TIME_IS_VALID(now))
    return GST_CLOCK_TIME_NONE;
  // A server that sends faster than real time is ahead of the clock.
  const GstClockTime newest = std::max(now, latest_.load());
  return newest > latency_ ? newest - latency_ : GST_CLOCK_TIME_NONE;
}

void Outputs::answer_latency(GstQuery *query) const {
  const GstClockTime latency = latency_;
  const GstClockTime max =
      config_.limits.time_ns ? latency + config_.limits.time_ns : GST_CLOCK_TIME_NONE;
  gst_query_set_latency(query, TRUE, latency, max);
}

void Outputs::update_levels() {
  std::lock_guard<std::mutex> lock(mutex_);
  for (MediaStats &media : stats_->media)
    media.queue_bytes = media.queue_time_ns = 0;
  for (auto &[key, output] : outputs_) {
    const PadLevel level = gst_rtms_src_pad_get_level(output->pad);
    MediaStats &media = stats_->of(output->media);
    media.queue_bytes += level.bytes;
    media.queue_time_ns = std::max(media.queue_time_ns.load(), level.time_ns);
  }
}

// Only when no pad takes data any more is it time to stop.
void Outputs::check_flows() {
  if (!all_negotiated_ || told_stopped_)
    return;
  GstFlowReturn combined = GST_FLOW_NOT_LINKED;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    for (auto &[key, output] : outputs_) {
      GstFlowReturn flow = output->flow;
      if (flow == GST_FLOW_OK || flow == GST_FLOW_NOT_LINKED)
        flow = gst_pad_is_linked(GST_PAD(output->pad)) ? flow : GST_FLOW_NOT_LINKED;
      if (flow == GST_FLOW_OK)
        return;
      if (flow < GST_FLOW_EOS || combined == GST_FLOW_NOT_LINKED)
        combined = flow;
    }
  }
  if (!told_stopped_.exchange(true))
    stopped_(combined);
}

}  // namespace rtms
