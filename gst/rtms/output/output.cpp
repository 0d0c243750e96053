// SPDX-License-Identifier: LGPL-2.1-or-later
#include "output.h"

#include "buffers.h"
#include "media/caps.h"
#include "media/decode.h"
#include "participantmeta.h"
#include "protocol/text.h"

#include <algorithm>
#include <utility>

GST_DEBUG_CATEGORY_EXTERN(gst_rtms_output_debug);
#define GST_CAT_DEFAULT gst_rtms_output_debug

namespace rtms {
namespace {

constexpr int64_t kMaxAhead_ms = 10 * 1000;  // of a text's start to when it came
// The service buffers media of up to a minute. They begin to come soon after the connection is
// there, and then without long pauses.
constexpr int64_t kMaxReplay_us = 65 * G_USEC_PER_SEC, kReplayPause_us = 2 * G_USEC_PER_SEC;
constexpr GstClockTime kCaughtUp = 200 * GST_MSECOND;  // what comes that late is new

Queue::Policy policy_of(Media media) {
  if (is_picture(media))
    return Queue::Policy::ToKeyframe;
  return is_text(media) ? Queue::Policy::OldestBytes : Queue::Policy::Oldest;
}

// Muxers wait no longer than that for a pad. But a picture stays until the next one: where few come
// in a second, a GAP between two would have it taken away.
unsigned gap_after_ms(Media media, const MediaParams &params) {
  constexpr unsigned kUsual_ms = 250, kPictures_ms = 1300;
  if (!is_picture(media))
    return kUsual_ms;
  const int fps = std::max(params.pictures(media).fps, 1);
  return std::max(kUsual_ms, kPictures_ms / static_cast<unsigned>(fps));
}

PictureSize negotiated_size(const VideoParams &params) {
  switch (params.resolution) {
    case Resolution::Sd:
      return {854, 480, ""};
    case Resolution::Fhd:
      return {1920, 1080, ""};
    case Resolution::Qhd:
      return {2560, 1440, ""};
    default:
      return {1280, 720, ""};
  }
}

// Matroska's times are whole milliseconds.
int64_t least_step(Media media) {
  return is_picture(media) ? GST_MSECOND : 0;
}

GstStream *new_stream(Media media, const char *id, GstCaps *caps) {
  GstStreamType type = GST_STREAM_TYPE_AUDIO;
  if (is_picture(media))
    type = GST_STREAM_TYPE_VIDEO;
  else if (is_text(media))
    type = GST_STREAM_TYPE_TEXT;
  return gst_stream_new(id, caps, type,
                        is_text(media) ? GST_STREAM_FLAG_SPARSE : GST_STREAM_FLAG_NONE);
}

void note_tags(GstStream *stream, GstEvent *event) {
  GstTagList *tags = nullptr;
  gst_event_parse_tag(event, &tags);
  gst_stream_set_tags(stream, tags);
}

}  // namespace

GstRtmsSrcPad *Output::new_pad(const OutputLabel &label) {
  OutputContext *context = context_;
  const Media media = media_;
  PadConfig config;
  config.policy = policy_of(media);
  config.limits = context->config.limits;
  // Two buffers that are moved must not begin at the same time: no muxer takes that.
  config.step = GST_MSECOND;
  config.gap_after_ms = gap_after_ms(media, context->params);
  if (is_picture(media) && context->config.fill_black)
    config.black = [this](bool again) { return black(again); };
  // The matroskamux of GStreamer 1.26 writes an empty block for each GAP that is not flagged as
  // missing data. A compositor keeps the last picture where data is missing, so that only GAPs of
  // pictures that no black frame replaces have no flag.
  const bool taken_away = is_picture(media) && !config.black;
  config.gap_flags = taken_away ? GstGapFlags{} : GST_GAP_FLAG_MISSING_DATA;
  config.certain_time = [context, media] { return context->time.certain_time(media); };
  config.too_late = [context, media] { context->too_late(media); };
  config.flow_changed = [context] { context->flow_changed(); };
  config.ended = [context] { context->ended(); };
  config.select = [context](EventPtr event) { context->select(std::move(event)); };
  config.latency = context->time.latency();
  GstElementClass *klass = GST_ELEMENT_GET_CLASS(context->element);
  GstRtmsSrcPad *pad = gst_rtms_src_pad_new(gst_element_class_get_pad_template(klass, label.templ),
                                            label.name.c_str(), std::move(config));
  return GST_RTMS_SRC_PAD(gst_object_ref_sink(pad));
}

void Output::set_black_size() {
  if (!is_picture(media_))
    return;
  const VideoParams &params = context_->params.pictures(media_);
  const PictureSize size = size_.value_or(negotiated_size(params));
  black_width_ = params.codec == Codec::H264 ? size.width : 0;
  black_height_ = size.height;
}

// On the streaming task. Null for JPEG and PNG: each picture of theirs stands alone, and muxers
// need no parameter sets.
BufferPtr Output::black(bool again) {
  if (!again)
    black_.interrupt();
  BufferPtr frame = black_.next({black_width_, black_height_, ""});
  if (frame)
    GST_BUFFER_FLAG_SET(frame.get(), GST_BUFFER_FLAG_GAP);
  return frame;
}

Output::Output(OutputContext *context, Media media, const OutputLabel &label)
    : context_(context),
      media_(media),
      participant_(label.participant.has_value()),
      pad_(new_pad(label)),
      drops_(context, media),
      track_(least_step(media)),
      packets_(media == Media::Audio ? kSoundSizes : kPictureSizes) {
  caps_ = caps();
  set_black_size();
  stream_.reset(new_stream(media, label.stream_id.c_str(), caps_.get()));
  if (label.participant) {
    user_id_ = label.participant->user_id;
    title_ = label.participant->name;
  }
  store_sticky_events(label);
  gst_rtms_src_pad_interrupt(pad_);
}

Output::~Output() {
  gst_object_unref(pad_);
}

// A pad-added handler finds them.
void Output::store_sticky_events(const OutputLabel &label) {
  GstPad *pad = GST_PAD(pad_);
  GstEvent *start = gst_event_new_stream_start(label.stream_id.c_str());
  gst_event_set_group_id(start, context_->group_id);
  if (is_text(media_))
    gst_event_set_stream_flags(start, GST_STREAM_FLAG_SPARSE);
  gst_event_set_stream(start, stream_.get());
  gst_pad_push_event(pad, start);
  gst_pad_push_event(pad, gst_event_new_caps(caps_.get()));
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  GstEvent *first = gst_event_new_segment(&segment);
  gst_event_set_seqnum(first, context_->seqnum);
  gst_pad_push_event(pad, first);
  if (context_->time.timeline().anchored())
    gst_rtms_src_pad_enqueue_event(pad_, context_->time.segment_event(context_->seqnum));
  EventPtr tags = label.participant ? participant_tags(*label.participant) : nullptr;
  if (!tags)
    return;
  note_tags(stream_.get(), tags.get());
  gst_pad_push_event(pad, tags.release());
}

CapsPtr Output::caps() const {
  switch (media_) {
    case Media::Audio:
      return audio_caps(context_->params.audio);
    case Media::Video:
    case Media::Screen:
      return video_caps(context_->params.pictures(media_), size_);
    case Media::Transcript:
      return transcript_caps(context_->config.transcript_json);
    case Media::Chat:
      break;
  }
  return chat_caps();
}

void Output::renegotiated() {
  set_black_size();
  CapsPtr now = caps();
  if (gst_caps_is_equal(caps_.get(), now.get()))
    return;
  gst_rtms_src_pad_enqueue_event(pad_, EventPtr(gst_event_new_caps(now.get())));
  caps_ = std::move(now);
  gst_stream_set_caps(stream_.get(), caps_.get());
}

void Output::remapped() {
  track_.resume();
  interrupt();
  gst_rtms_src_pad_enqueue_event(pad_, context_->time.segment_event(context_->seqnum));
}

void Output::interrupt() {
  discont_ = true;
  gst_rtms_src_pad_interrupt(pad_);
}

void Output::lost() {
  interrupt();
  ++context_->stats->of(media_).discontinuities;
  const unsigned wait_ms = context_->config.replay_wait_ms;
  const int64_t wait_us = wait_ms ? int64_t{wait_ms} * 1000 : kMaxReplay_us;
  replay_until_us_ = g_get_monotonic_time() + wait_us;
  gst_rtms_src_pad_hold_gaps(pad_, replay_until_us_);
  GST_DEBUG_OBJECT(pad_, "connection lost: no GAP for at most %" G_GINT64_FORMAT " ms",
                   wait_us / 1000);
}

void Output::restored() {
  if (replay_until_us_ && !context_->config.replay_wait_ms)
    hold_gaps(g_get_monotonic_time() + kReplayPause_us);
}

void Output::hold_gaps(int64_t until_us) {
  gst_rtms_src_pad_hold_gaps(pad_, std::min(until_us, replay_until_us_));
}

// Until what comes is new again.
void Output::follow_replay(const GstBuffer *buffer) {
  const GstClockTime running = context_->time.running_time_of(GST_BUFFER_PTS(buffer));
  const GstClockTime now = context_->time.running_time();
  const bool caught_up = running + kCaughtUp > now;
  if (!caught_up && g_get_monotonic_time() < replay_until_us_) {
    hold_gaps(context_->time.arrival().monotonic_us + kReplayPause_us);
    return;
  }
  GST_DEBUG_OBJECT(pad_, "replay is over at %" GST_TIME_FORMAT ", now is %" GST_TIME_FORMAT,
                   GST_TIME_ARGS(running), GST_TIME_ARGS(now));
  replay_until_us_ = 0;
  gst_rtms_src_pad_hold_gaps(pad_, 0);
}

void Output::end() {
  drops_.finish();
  EventPtr eos(gst_event_new_eos());
  gst_event_set_seqnum(eos.get(), context_->seqnum);
  gst_rtms_src_pad_enqueue_event(pad_, std::move(eos));
}

GstFlowReturn Output::flow() const {
  const GstFlowReturn flow = gst_rtms_src_pad_get_flow(pad_);
  const bool passes = flow == GST_FLOW_OK || flow == GST_FLOW_NOT_LINKED;
  if (passes && !gst_rtms_src_pad_is_linked(pad_))
    return GST_FLOW_NOT_LINKED;
  return passes && gst_rtms_src_pad_is_over(pad_) ? GST_FLOW_EOS : flow;
}

void Output::select(bool selected) {
  if (selected != selected_)
    GST_DEBUG_OBJECT(pad_, "%sselected", selected ? "" : "not ");
  selected_ = selected;
}

bool Output::leads_somewhere() {
  // At EOS, not negotiated or in error it will take nothing until it is linked anew.
  if (selected_ && gst_rtms_src_pad_is_linked(pad_) &&
      gst_rtms_src_pad_get_flow(pad_) > GST_FLOW_EOS)
    return true;
  interrupt();
  return false;
}

BufferPtr Output::make(const MediaData &data) {
  const TextOptions options{context_->config.transcript_json, context_->config.transcript_speaker};
  const int64_t zero_ms = context_->time.text_zero_ms(data);
  BufferPtr buffer;
  if (is_text(media_) && data.user_name.empty()) {
    MediaData named = data;
    named.user_name = context_->roster->speaker_of(data).name;
    buffer = make_buffer(named, context_->params, options, zero_ms, &packets_);
  } else {
    buffer = make_buffer(data, context_->params, options, zero_ms, &packets_);
  }
  if (buffer)
    return buffer;
  ++context_->stats->of(media_).dropped;
  interrupt();
  GST_WARNING_OBJECT(pad_, "damaged payload of %" G_GSIZE_FORMAT " characters dropped",
                     data.payload.size());
  return nullptr;
}

bool Output::hand_on(BufferPtr buffer, const MediaData &data) {
  const Speaker speaker = context_->roster->speaker_of(data);
  follow_speaker(speaker, buffer.get());
  follow_size(buffer.get());
  stamp(buffer.get(), data);
  if (replay_until_us_)
    follow_replay(buffer.get());
  // In the mix it is the active speaker.
  const bool mix = media_ == Media::Audio && data.user_id == 0 && data.channel_id.empty();
  const Speaker active = context_->roster->active_speaker();
  if (mix && active.user_id != 0)
    add_participant(buffer.get(), {active.user_id, active.name, ""});
  else
    add_participant(buffer.get(), speaker);
  drops_.note(pad_, gst_rtms_src_pad_enqueue(pad_, std::move(buffer)),
              context_->time.arrival().monotonic_us);
  return !std::exchange(to_wake_, true);
}

void Output::wake() {
  to_wake_ = false;
  gst_rtms_src_pad_wake(pad_);
}

// Another camera begins with a keyframe. Where that was lost, its pictures cannot be decoded, or
// would be painted over the last ones.
void Output::follow_speaker(const Speaker &speaker, const GstBuffer *buffer) {
  if (!participant_ && !is_picture(media_))
    return;
  if (user_id_ && user_id_ != speaker.user_id &&
      GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DELTA_UNIT)) {
    interrupt();
    return;
  }
  const bool told = user_id_ == speaker.user_id && title_ == speaker.name;
  user_id_ = speaker.user_id;
  if (told || speaker.name.empty())
    return;
  title_ = speaker.name;
  EventPtr tags = participant_tags(speaker);
  note_tags(stream_.get(), tags.get());
  gst_rtms_src_pad_enqueue_event(pad_, std::move(tags));
}

// Pictures change their size at keyframes, too.
void Output::follow_size(GstBuffer *buffer) {
  if (!is_picture(media_) || GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DELTA_UNIT))
    return;
  auto size = picture_size(context_->params.pictures(media_).codec, buffer);
  // A camera that says nothing of its colors does not take away what the last one said.
  if (size && size_ && size->colorimetry.empty())
    size->colorimetry = size_->colorimetry;
  if (!size || size_ == size)
    return;
  size_ = size;
  renegotiated();
}

void Output::stamp(GstBuffer *buffer, const MediaData &data) {
  StreamTime &time = context_->time;
  const int64_t captured_ms = time.timestamp_of(data);
  if (media_ == Media::Transcript) {
    const TextSpan span = transcript_span(data, time.text_zero_ms(data));
    // What is said was said already, but two clocks of the service may differ by a little.
    const bool sensible = span.start > 0 && span.start - captured_ms <= kMaxAhead_ms;
    const int64_t start_ms = sensible ? span.start : captured_ms;
    GST_BUFFER_PTS(buffer) = static_cast<GstClockTime>(
        track_.not_before(time.timeline().position(start_ms) + time.timeline().skew_ns()));
  } else {
    const Track::Stamp stamp = track_.stamp(&time.timeline(), captured_ms,
                                            time.arrival().running_ns, time.newest_position_ns());
    GST_BUFFER_PTS(buffer) = static_cast<GstClockTime>(stamp.position_ns);
    discont_ |= stamp.discont;
  }
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

// The wire's timestamps are whole milliseconds with jitter; the samples have neither.
void Output::align(GstBuffer *buffer) {
  if (!GST_BUFFER_DURATION_IS_VALID(buffer))
    return;
  align_.set_rate(context_->params.audio.rate_hz);
  const AudioAlign::Result aligned =
      align_.process(GST_BUFFER_PTS(buffer), GST_BUFFER_DURATION(buffer), discont_);
  GST_BUFFER_PTS(buffer) = aligned.pts;
  GST_BUFFER_DURATION(buffer) = aligned.duration;
  discont_ |= aligned.discont;
}

void Output::count(int64_t captured_ms, const GstBuffer *buffer) {
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
