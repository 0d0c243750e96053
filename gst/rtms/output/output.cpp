// SPDX-License-Identifier: LGPL-2.1-or-later
#include "output.h"

#include "pad/buffers.h"
#include "pad/participantmeta.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

GST_DEBUG_CATEGORY_EXTERN(gst_rtms_output_debug);
#define GST_CAT_DEFAULT gst_rtms_output_debug

namespace rtms {
namespace {

constexpr GstClockTime kCaughtUp = 200 * GST_MSECOND;  // media less late are new

Queue::Policy policy_of(Media media) {
  if (is_picture(media))
    return Queue::Policy::ToKeyframe;
  return is_text(media) ? Queue::Policy::OldestBytes : Queue::Policy::Oldest;
}

// Muxers wait no longer for a pad. A video frame lasts until the next one: at a low frame rate, a
// GAP between two would remove it.
unsigned gap_after_ms(Media media, const MediaParams &params) {
  constexpr unsigned kUsual_ms = 250, kPictures_ms = 1300;
  if (!is_picture(media))
    return kUsual_ms;
  const int fps = std::max(params.pictures(media).fps, 1);
  return std::max(kUsual_ms, kPictures_ms / static_cast<unsigned>(fps));
}

// TCP loses no bytes: a length that differs is a misunderstanding of the protocol.
void check_length(GstRtmsSrcPad *pad, const MediaData &data, gsize size, MediaStats *stats) {
  if (is_text(data.media) || !data.length || *data.length == static_cast<int64_t>(size))
    return;
  if (!stats->ignored)
    GST_WARNING_OBJECT(pad,
                       "a payload of %" G_GSIZE_FORMAT " bytes has the length %" G_GINT64_FORMAT
                       "; it is pushed, and further ones are counted as ignored",
                       size, *data.length);
  ++stats->ignored;
}

}  // namespace

GstRtmsSrcPad *Output::new_pad(const OutputLabel &label) {
  OutputContext *context = context_;
  const Media media = media_;
  PadConfig config;
  config.policy = policy_of(media);
  config.limits = context->config.limits;
  // Muxers reject two buffers with one timestamp.
  config.step = GST_MSECOND;
  config.gap_after_ms = gap_after_ms(media, context->params);
  config.batch_ms = context->config.batch_ms;
  config.thread = context->thread;
  config.sparse = is_text(media);
  config.still = media == Media::Screen;
  config.fill_black = is_picture(media) && context->config.fill_black;
  // matroskamux of GStreamer 1.26 writes an empty block for each GAP without the flag for missing
  // data. A compositor keeps the last video frame for flagged GAPs, so that only GAPs of video
  // without black frames have no flag; those of a share have one until it is over.
  const bool taken_away = is_picture(media) && !config.fill_black;
  config.gap_flags = taken_away ? GstGapFlags{} : GST_GAP_FLAG_MISSING_DATA;
  config.early_caps = !is_picture(media);
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

Output::Output(OutputContext *context, Media media, const OutputLabel &label)
    : context_(context),
      media_(media),
      pad_(new_pad(label)),
      info_(context, media, label, pad_),
      stamper_(context, media, label.participant.has_value(), pad_),
      replay_(context->config.replay_wait_ms),
      drops_(context->element, media, &context->stats->of(media),
             [time = &context->time](GstClockTime at) { return time->running_time_of(at); }),
      packets_(media == Media::Audio ? kSoundSizes : kPictureSizes) {
  gst_rtms_src_pad_interrupt(pad_);
}

Output::~Output() {
  gst_object_unref(pad_);
}

void Output::remapped() {
  interrupt();
  gst_rtms_src_pad_enqueue_event(pad_, context_->time.segment_event(context_->seqnum));
  // The first audio may arrive 1.5 s after the first video frame, in one burst.
  if (media_ == Media::Audio && !std::exchange(begun_, true))
    gst_rtms_src_pad_hold_gaps(pad_, replay_.begins(g_get_monotonic_time()));
}

void Output::interrupt() {
  stamper_.interrupt();
  gst_rtms_src_pad_interrupt(pad_);
}

// The event may overtake frames, which are on another connection. Its time counts if it is of the
// same clock.
void Output::turn_off(int64_t at_ms) {
  constexpr int64_t kClocks_ms = 10000;
  const auto newest_ms = static_cast<int64_t>(context_->stats->of(media_).last_timestamp_ms);
  off_ms_ = std::abs(at_ms - newest_ms) <= kClocks_ms ? at_ms : 0;
  gst_rtms_src_pad_turn(pad_, false);
}

void Output::lost() {
  interrupt();
  // A share may end meanwhile: the service does not repeat that event.
  if (media_ == Media::Screen)
    turn_off(0);
  stamper_.lost();
  known_audio_.lost();
  ++context_->stats->of(media_).discontinuities;
  const int64_t now_us = g_get_monotonic_time();
  const int64_t until_us = replay_.lost(now_us);
  gst_rtms_src_pad_hold_gaps(pad_, until_us);
  GST_DEBUG_OBJECT(pad_, "connection lost: no GAP for at most %" G_GINT64_FORMAT " ms",
                   (until_us - now_us) / 1000);
}

// The service buffers audio only, and a server that has just taken over may need seconds.
void Output::restored(bool others_are_new) {
  const bool waits = media_ == Media::Audio && !others_are_new;
  const unsigned patience_ms = waits ? context_->config.stall_wait_ms : 0;
  if (replay_.is_awaited())
    gst_rtms_src_pad_hold_gaps(pad_, replay_.restored(g_get_monotonic_time(), patience_ms));
}

void Output::follow_replay(const GstBuffer *buffer) {
  const GstClockTime running = context_->time.running_time_of(GST_BUFFER_PTS(buffer));
  const GstClockTime now = context_->time.running_time();
  const int64_t until_us = replay_.came(
      running + kCaughtUp > now, context_->time.arrival().monotonic_us, g_get_monotonic_time());
  gst_rtms_src_pad_hold_gaps(pad_, until_us);
  if (!until_us && media_ == Media::Audio)
    context_->replay_over();
  if (!until_us)
    GST_DEBUG_OBJECT(pad_, "replay is over at %" GST_TIME_FORMAT ", now is %" GST_TIME_FORMAT,
                     GST_TIME_ARGS(running), GST_TIME_ARGS(now));
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
  // After EOS, not-negotiated or an error, downstream accepts nothing until a new link.
  if (selected_ && gst_rtms_src_pad_is_linked(pad_) &&
      gst_rtms_src_pad_get_flow(pad_) > GST_FLOW_EOS)
    return true;
  interrupt();
  return false;
}

BufferPtr Output::make(const MediaData &data) {
  // An empty message is no frame that is missing. A text may be taken back by one.
  if ((data.payload.empty() && !is_text(media_)) ||
      (media_ == Media::Audio && !known_audio_.accept(data))) {
    ++context_->stats->of(media_).ignored;
    return nullptr;
  }
  const OutputsConfig &config = context_->config;
  const TextOptions options{config.transcript_json, config.transcript_markup,
                            config.transcript_speaker};
  const int64_t zero_ms = is_text(media_) ? context_->time.text_zero_ms(data) : 0;
  BufferPtr buffer;
  if (is_text(media_) && data.user_name.empty()) {
    MediaData named = data;
    named.user_name = context_->roster->speaker_of(data).name;
    buffer = make_buffer(named, context_->params, options, zero_ms, &packets_);
  } else {
    buffer = make_buffer(data, context_->params, options, zero_ms, &packets_);
  }
  if (buffer) {
    check_length(pad_, data, gst_buffer_get_size(buffer.get()), &context_->stats->of(media_));
    return buffer;
  }
  ++context_->stats->of(media_).dropped;
  interrupt();
  GST_WARNING_OBJECT(pad_, "damaged payload of %" G_GSIZE_FORMAT " characters dropped",
                     data.payload.size());
  return nullptr;
}

bool Output::hand_on(BufferPtr buffer, const MediaData &data) {
  const Speaker speaker = context_->roster->speaker_of(data);
  if (!info_.follow_speaker(speaker, buffer.get()))
    interrupt();
  if (!info_.follow_format(buffer.get()))
    interrupt();
  if (info_.is_oversized()) {
    GST_WARNING_OBJECT(
        pad_, "a frame of more than %" G_GINT64_FORMAT " pixels, or of unknown size, dropped",
        PictureSize::kMostPixels);
    ++context_->stats->of(media_).dropped;
    interrupt();
    return false;
  }
  stamper_.stamp(buffer.get(), data);
  if (off_ms_ && (!*off_ms_ || data.timestamp > *off_ms_)) {
    off_ms_.reset();
    gst_rtms_src_pad_turn(pad_, true);
  }
  if (replay_.is_awaited())
    follow_replay(buffer.get());
  // Audio of the mix has the active speaker.
  const bool mix = media_ == Media::Audio && data.user_id == 0 && data.channel_id.empty();
  const Speaker active = mix ? context_->roster->active_speaker() : Speaker();
  if (active.user_id != 0)
    add_participant(buffer.get(), {active.user_id, active.name, ""});
  else
    add_participant(buffer.get(), speaker);
  if (context_->config.audio_received && media_ == Media::Audio) {
    g_signal_emit(context_->element, context_->config.audio_received, 0, pad_, buffer.get());
    // A handler may keep the buffer, which the pad changes.
    buffer.reset(gst_buffer_make_writable(buffer.release()));
  }
  drops_.note(pad_, gst_rtms_src_pad_enqueue(pad_, std::move(buffer)),
              context_->time.arrival().monotonic_us);
  return !std::exchange(to_wake_, true);
}

void Output::wake() {
  to_wake_ = false;
  gst_rtms_src_pad_wake(pad_);
}

}  // namespace rtms
