// SPDX-License-Identifier: LGPL-2.1-or-later
#include "outputs.h"

GST_DEBUG_CATEGORY_EXTERN(gst_rtms_output_debug);
#define GST_CAT_DEFAULT gst_rtms_output_debug

namespace rtms {
namespace {

bool is_per_participant(Product product, const AudioParams &audio) {
  return audio.data_opt == DataOpt::AudioMulti || product == Product::ContactCenter;
}

// Returns the media whose pads were added.
MediaMask add_missing(Outputs *outputs, MediaMask media, const MediaParams &params) {
  MediaMask added = 0;
  for (Media m : kAllMedia) {
    if (!(media & media_bit(m)) || outputs->pads().find(m))
      continue;
    outputs->negotiated(m, params);
    added |= media_bit(m);
  }
  return added;
}

}  // namespace

Outputs::Outputs(GstElement *element, const OutputsConfig &config, Stats *stats,
                 const Roster *roster, Calls calls)
    : calls_(std::move(calls)),
      context_{element,
               config,
               stats,
               roster,
               [this] { set_.check_flows(); },
               [this](Media media) {
                 calls_.post([this, media] { ++context_.stats->of(media).dropped; });
               },
               [this] { calls_.post([this] { sweep(); }); },
               // std::function requires a copyable closure: EventPtr is not.
               [this](EventPtr event) {
                 calls_.post([this, raw = event.release()] {
                   const EventPtr owned(raw);
                   if (!over_)
                     streams_.select(raw);
                 });
               },
               [this](Output *added) { streams_.changed(added); },
               [this] {
                 set_.for_each([](Output &output) {
                   if (output.media() == Media::Audio)
                     output.restored(true);
                 });
               },
               &expected_,
               {element, config.latency, config.limits.time_ns, config.text_wait,
                config.stall_wait_ms, config.buffer_data, calls_.read_until_us},
               {},
               gst_util_group_id_next(),
               gst_util_seqnum_next(),
               {},
               {}},
      set_(&context_, calls_.stopped),
      streams_(&context_, &set_, calls_.post),
      participants_(&context_, &set_),
      backlog_(config.limits.bytes, config.stall_wait_ms, [this] { release_backlog(); }),
      texts_([this](const MediaData &data) { hand_on(data); }),
      known_texts_(config.transcript_json) {
  context_.time.set_burst(calls_.burst);
  if (config.share_thread)
    context_.thread = std::make_shared<PadThread>(GST_OBJECT_NAME(element) + std::string(":pads"),
                                                  std::chrono::milliseconds(config.batch_ms));
  context_.time.latency()->batch = config.batch_ms * GST_MSECOND;
  context_.time.latency()->round = config.round_ms * GST_MSECOND;
}

// ---- pads ----------------------------------------------------------------------------

// Whether there is audio per participant: if requested, or with Contact Center. Then pads may
// appear at any time.
bool Outputs::per_participant() const {
  return (negotiated_ & media_bit(Media::Audio)) &&
         is_per_participant(product_, context_.params.audio);
}

// A Phone call may have one channel per party although the mix was requested: the first channel is
// on the pad `audio`.
bool Outputs::is_other_channel(const MediaData &data) {
  if (product_ != Product::Phone || data.channel_id.empty())
    return false;
  if (first_channel_.empty())
    first_channel_ = data.channel_id;
  return data.channel_id != first_channel_;
}

void Outputs::set_stream(Product product, std::string stream_id, MediaMask requested,
                         const MediaParams &params) {
  product_ = product;
  context_.stream_id = std::move(stream_id);
  promised_params_ = params;
  promised_ = context_.config.empty_pads ? requested : 0;
  // Pads of participants have no names yet.
  if (is_per_participant(product, params.audio))
    promised_ &= ~media_bit(Media::Audio);
}

void Outputs::planned(MediaMask media) {
  if (media & media_bit(Media::Audio))
    backlog_.connecting();
  media |= promised_;
  if (is_per_participant(product_, promised_params_.audio))
    media &= ~media_bit(Media::Audio);
  for (Media m : kAllMedia)
    if ((media & media_bit(m)) && !set_.find(m))
      expected_.expect(m, context_.stream_id);
}

void Outputs::negotiated(Media media, const MediaParams &params) {
  negotiated_ |= media_bit(media);
  if (media == Media::Audio)
    context_.params.audio = params.audio;
  else if (media == Media::Video)
    context_.params.video = params.video;
  else if (media == Media::Screen)
    context_.params.screen = params.screen;
  else if (media == Media::Transcript)
    context_.params.transcript = params.transcript;

  set_.for_each([media](Output &output) {
    if (output.media() == media)
      output.renegotiated();
  });
  const bool wanted = media != Media::Audio || !per_participant();
  const char *nick = media_nick(media);
  if (wanted && !set_.find(media))
    set_.add(media, {nick, nick, ExpectedStreams::id_of(context_.stream_id, media), {}});
}

void Outputs::all_negotiated() {
  set_.set_complete(per_participant());
  if (!per_participant())
    set_.no_more_pads();
}

void Outputs::lost(MediaMask media) {
  if (media & media_bit(Media::Audio)) {
    backlog_.connecting();
    participants_.audio_lost();
  }
  set_.for_each([media](Output &output) {
    if (media & media_bit(output.media()))
      output.lost();
  });
}

void Outputs::restored(MediaMask media) {
  if (media & media_bit(Media::Audio)) {
    backlog_.connected();
    participants_.audio_restored();
  }
  context_.time.alive(media);
  set_.for_each([media](Output &output) {
    if (media & media_bit(output.media()))
      output.restored();
  });
}

void Outputs::sweep() {
  if (over_)
    return;
  wake();
  set_.sweep();
  set_.check_flows();
}

void Outputs::camera_off(uint64_t user_id, int64_t at_ms) {
  Output *video = set_.find(Media::Video);
  if (!video || video->user_id() != user_id)
    return;
  context_.time.off(Media::Video);
  video->turn_off(at_ms);
}

void Outputs::share_off(int64_t at_ms) {
  context_.time.off(Media::Screen);
  if (Output *screen = set_.find(Media::Screen))
    screen->turn_off(at_ms);
}

bool Outputs::end_all(guint32 seqnum) {
  if (seqnum)
    context_.seqnum = seqnum;
  release_backlog();
  texts_.open();
  const bool any = set_.any();
  if (any)
    add_missing(this, promised_, promised_params_);
  // The stream may end before all media connections have answered.
  if (any && !per_participant())
    set_.no_more_pads();
  set_.for_each([](Output &output) { output.end(); });
  return any;
}

void Outputs::end(MediaMask media) {
  if (media & media_bit(Media::Audio)) {
    audio_is_over_ = true;
    backlog_.connected();
    release_backlog();
  }
  if (media & media_bit(Media::Transcript))
    texts_.open();
  const MediaMask over = media & ~add_missing(this, media & promised_, promised_params_);
  if (expected_.drop(over))
    streams_.changed(nullptr);
  set_.for_each([over](Output &output) {
    if (over & media_bit(output.media()))
      output.end();
  });
  negotiated_ &= ~over;
  if (over & media_bit(Media::Audio))
    set_.no_more_participants();
  if (set_.complete() && !per_participant())
    set_.no_more_pads();
}

void Outputs::forget() {
  over_ = true;
  backlog_.take();
  texts_.forget();
  streams_.forget();
  participants_.forget();
}

// ---- messages ------------------------------------------------------------------------

void Outputs::push(const MediaData &data) {
  if (!context_.time.playing())
    return;
  if (context_.time.arrival().is_early) {
    ++context_.stats->of(data.media).dropped;
    return;
  }
  if (waits_for_audio()) {
    if (data.media != Media::Audio && backlog_.hold(data))
      return;
    // Else there was no older audio: what has waited comes first.
    if (const int64_t unix_ms = context_.time.timestamp_of(data);
        data.media == Media::Audio && !backlog_.begins_before(unix_ms))
      anchor(unix_ms, data.media);
  }
  // It may have waited for audio whose pad was added since, and is not linked.
  if (!backlog_.is_empty())
    release_backlog();
  accept(data);
}

// Nothing waits for the audio of an unlinked pad.
bool Outputs::waits_for_audio() const {
  if (!context_.config.buffer_data || audio_is_over_ || context_.time.timeline().anchored())
    return false;
  const Output *audio = set_.find(Media::Audio);
  return !audio || gst_rtms_src_pad_is_linked(audio->pad());
}

void Outputs::release_backlog() {
  const int64_t waited_ns = backlog_.waited_ns();
  const Backlog::Messages messages = backlog_.take();
  if (!messages.empty() && !context_.time.timeline().anchored())
    anchor(context_.time.timestamp_of(messages.front()->data), messages.front()->data.media,
           waited_ns);
  for (const auto &message : messages)
    accept(message->data);
}

// A text that is not final waits for the final one. JSON has both, and a field to tell them apart.
void Outputs::accept(const MediaData &data) {
  if (data.media == Media::Transcript && !context_.config.transcript_json)
    texts_.accept(data);
  else
    hand_on(data);
}

void Outputs::hand_on(const MediaData &data) {
  const bool own_pad = data.media == Media::Audio && (per_participant() || is_other_channel(data));
  Output *output = own_pad ? participants_.output_for(data) : set_.find(data.media);
  if (!output)
    return;
  if (!output->leads_somewhere()) {
    set_.check_flows();
    return;
  }
  if (data.media == Media::Transcript && !known_texts_.accept(data)) {
    ++context_.stats->of(data.media).ignored;
    return;
  }
  BufferPtr buffer = output->make(data);
  if (!buffer)
    return;
  if (const auto unix_ms = output->anchor_ms(data))
    anchor(*unix_ms, data.media);
  if (!output->hand_on(std::move(buffer), data))
    return;
  to_wake_.push_back(output);
  calls_.burst();
}

void Outputs::wake() {
  for (Output *output : to_wake_)
    output->wake();
  to_wake_.clear();
  context_.time.burst_over();
}

void Outputs::anchor(int64_t unix_ms, Media media, int64_t waited_ns) {
  context_.time.anchor(unix_ms, is_text(media), waited_ns);
  set_.for_each([](Output &output) { output.remapped(); });
}

}  // namespace rtms
