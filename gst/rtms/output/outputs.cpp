// SPDX-License-Identifier: LGPL-2.1-or-later
#include "outputs.h"

#include <algorithm>

GST_DEBUG_CATEGORY_EXTERN(gst_rtms_src_debug);
#define GST_CAT_DEFAULT gst_rtms_src_debug

namespace rtms {
namespace {

// More speakers than any meeting unmutes; a server could invent a new one with every message.
constexpr unsigned kMaxParticipantPads = 128;
constexpr int64_t kTrailing_us = 2 * G_USEC_PER_SEC;

}  // namespace

Outputs::Outputs(GstElement *element, const OutputsConfig &config, Stats *stats,
                 const Roster *roster, std::function<void(GstFlowReturn)> stopped)
    : context_{element,
               config,
               stats,
               roster,
               [this] { check_flows(); },
               {element, config.latency, config.limits.time_ns},
               {},
               gst_util_group_id_next(),
               {}},
      stopped_(std::move(stopped)),
      backlog_(config.limits.bytes, [this] { release_backlog(); }) {}

template <typename Fn>
void Outputs::for_each(Fn &&fn) const {
  for (const OutputPtr &output : outputs_)
    if (output)
      fn(*output);
  for (const auto &[id, output] : participants_)
    fn(*output);
}

void Outputs::close() {
  told_stopped_ = true;
  const auto remove = [this](Output &output) {
    gst_pad_set_active(GST_PAD(output.pad()), FALSE);
    gst_element_remove_pad(context_.element, GST_PAD(output.pad()));
  };
  for_each(remove);
  for (const OutputPtr &output : left_)
    remove(*output);
  outputs_ = {};
  participants_.clear();
  left_.clear();
}

// ---- pads ----------------------------------------------------------------------------

// Asked for, or because Contact Center always has it so.
bool Outputs::per_participant() const {
  return context_.params.audio.data_opt == DataOpt::AudioMulti ||
         product_ == Product::ContactCenter;
}

void Outputs::set_stream(Product product, std::string stream_id) {
  product_ = product;
  stream_id_ = std::move(stream_id);
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

  for_each([media](Output &output) {
    if (output.media() == media)
      output.renegotiated();
  });
  const bool wanted = media != Media::Audio || !per_participant();
  const char *nick = media_nick(media);
  if (wanted && !of(media))
    add(&of(media), media, {nick, nick, stream_id(nick), {}});
}

void Outputs::all_negotiated() {
  all_negotiated_ = true;
  const bool more = per_participant() && (negotiated_ & media_bit(Media::Audio));
  if (!more)
    gst_element_no_more_pads(context_.element);
}

// Somebody's first pad has a stream id that is the same in each run; a later one has another.
std::string Outputs::stream_id(const std::string &name) {
  const unsigned times = ++streams_[name];
  const std::string id = stream_id_ + "/" + name;
  return times > 1 ? id + "/" + std::to_string(times) : id;
}

Output *Outputs::add(OutputPtr *place, Media media, const OutputLabel &label) {
  auto output = std::make_unique<Output>(&context_, media, label);
  Output *added = output.get();
  {
    std::lock_guard<std::mutex> lock(mutex_);
    *place = std::move(output);
  }
  gst_element_add_pad(context_.element, GST_PAD(added->pad()));
  return added;
}

Output *Outputs::output_for(const MediaData &data) {
  if (data.media == Media::Audio && per_participant())
    return participant_output(data);
  return of(data.media).get();
}

Output *Outputs::participant_output(const MediaData &data) {
  const ParticipantId id = data.from();
  auto found = participants_.find(id);
  if (found != participants_.end())
    return found->second.get();
  // The news that somebody has left can overtake the last they said, on another connection.
  auto left = left_us_.find(id);
  if (left != left_us_.end() && g_get_monotonic_time() - left->second < kTrailing_us)
    return nullptr;
  const size_t pads = participants_.size() + left_.size();
  if (pads >= kMaxParticipantPads) {
    if (!told_too_many_)
      GST_ELEMENT_WARNING(context_.element, STREAM, FAILED,
                          ("More than %u speakers: further ones get no pad.", kMaxParticipantPads),
                          (nullptr));
    told_too_many_ = true;
    ++context_.stats->of(Media::Audio).dropped;
    return nullptr;
  }
  OutputPtr *place = nullptr;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    place = &participants_[id];
  }
  return add(place, Media::Audio,
             {"audio_%u", "audio_" + std::to_string(pads), stream_id("audio/" + id.text()),
              context_.roster->speaker_of(data)});
}

void Outputs::interrupt(MediaMask media) {
  for_each([this, media](Output &output) {
    if (!(media & media_bit(output.media())))
      return;
    GST_DEBUG_OBJECT(output.pad(), "interrupted");
    output.interrupt();
    ++context_.stats->of(output.media()).discontinuities;
  });
}

void Outputs::participant_came(const Participant &participant) {
  for (const ParticipantId &id : participant.ids())
    left_us_.erase(id);
}

// The pad stays until the element stops: what follows it may still be busy. Who comes back gets a
// new one.
void Outputs::participant_left(const Participant &participant) {
  for (const ParticipantId &id : participant.ids()) {
    auto found = participants_.find(id);
    if (found == participants_.end())
      continue;
    left_us_[id] = g_get_monotonic_time();
    found->second->end();
    std::lock_guard<std::mutex> lock(mutex_);
    left_.push_back(std::move(found->second));
    participants_.erase(found);
  }
}

bool Outputs::end() {
  release_backlog();
  release_interim(interim_.all());
  bool any = !left_.empty();
  for_each([&any](Output &output) {
    any = true;
    output.end();
  });
  return any;
}

void Outputs::end(MediaMask media) {
  const bool more = per_participant() && (negotiated_ & media & media_bit(Media::Audio));
  if (media & media_bit(Media::Audio))
    release_backlog();
  if (media & media_bit(Media::Transcript))
    release_interim(interim_.all());
  for_each([media](Output &output) {
    if (media & media_bit(output.media()))
      output.end();
  });
  negotiated_ &= ~media;
  if (more && all_negotiated_)
    gst_element_no_more_pads(context_.element);
}

// ---- messages ------------------------------------------------------------------------

void Outputs::push(const MediaData &data) {
  if (!context_.time.playing())
    return;
  if (waits_for_audio()) {
    if (data.media != Media::Audio && backlog_.hold(data))
      return;
    if (data.media == Media::Audio)
      anchor(context_.time.timestamp_of(data));
    release_backlog();
  }
  accept(data);
}

// For audio that leads nowhere nothing waits.
bool Outputs::waits_for_audio() const {
  if (!context_.config.buffer_data || context_.time.timeline().anchored())
    return false;
  const OutputPtr &audio = outputs_[static_cast<unsigned>(Media::Audio)];
  return !audio || gst_rtms_src_pad_is_linked(audio->pad());
}

void Outputs::release_backlog() {
  const Backlog::Messages messages = backlog_.take();
  if (!messages.empty() && !context_.time.timeline().anchored())
    anchor(context_.time.timestamp_of(messages.front()->data));
  for (const auto &message : messages)
    accept(message->data);
}

// A text that is not final yet waits for the one that is. JSON has both, and tells which is which.
void Outputs::accept(const MediaData &data) {
  if (data.media == Media::Transcript && !context_.config.transcript_json) {
    bool show = false;
    release_interim(interim_.add(data, g_get_monotonic_time(), &show));
    if (!show) {
      watch_interim();
      return;
    }
  }
  hand_on(data);
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

void Outputs::forget_held() {
  backlog_.take();
  interim_timer_.stop();
  interim_.all();
}

void Outputs::hand_on(const MediaData &data) {
  Output *output = output_for(data);
  if (!output)
    return;
  if (!output->leads_somewhere()) {
    check_flows();
    return;
  }
  BufferPtr buffer = output->make(data);
  if (!buffer)
    return;
  if (context_.time.needs_anchor())
    anchor(context_.time.timestamp_of(data));
  if (output->hand_on(std::move(buffer), data))
    to_wake_.push_back(output);
}

void Outputs::wake() {
  for (Output *output : to_wake_)
    output->wake();
  to_wake_.clear();
  context_.time.burst_over();
}

void Outputs::anchor(int64_t unix_ms) {
  context_.time.anchor(unix_ms);
  for_each([](Output &output) { output.remapped(); });
}

// ---- flow ----------------------------------------------------------------------------

void Outputs::update_levels() {
  std::lock_guard<std::mutex> lock(mutex_);
  for (MediaStats &media : context_.stats->media)
    media.queue_bytes = media.queue_time_ns = 0;
  for_each([this](Output &output) {
    const PadLevel level = gst_rtms_src_pad_get_level(output.pad());
    MediaStats &media = context_.stats->of(output.media());
    media.queue_bytes += level.bytes;
    media.queue_time_ns = std::max<uint64_t>(media.queue_time_ns, level.time_ns);
  });
}

// Only when no pad takes data any more is it time to stop.
void Outputs::check_flows() {
  if (!all_negotiated_ || told_stopped_)
    return;
  GstFlowReturn combined = GST_FLOW_NOT_LINKED;
  bool any = false, goes_on = false;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    for_each([&](Output &output) {
      any = true;
      const GstFlowReturn flow = output.flow();
      // A pad is flushed when the pipeline goes down, or for a moment.
      goes_on |= flow == GST_FLOW_OK || flow == GST_FLOW_FLUSHING;
      if (flow < GST_FLOW_EOS || combined == GST_FLOW_NOT_LINKED)
        combined = flow;
    });
  }
  if (any && !goes_on && !told_stopped_.exchange(true))
    stopped_(combined);
}

}  // namespace rtms
