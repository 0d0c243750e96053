// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sound.h"

#include "common/memory.h"
#include "common/names.h"

#include <algorithm>
#include <utility>

namespace rtms::recorder {
namespace {

// How late audio may be for the live listener.
constexpr GstClockTime kPatience = 500 * GST_MSECOND;
constexpr GstClockTime kSourceLatency = 200 * GST_MSECOND;
constexpr unsigned kPiecesPerSecond = 10;
constexpr unsigned kMostPieces = Mixer::kFurthest_s * kPiecesPerSecond;  // per call
// Audio within this distance continues the last: running times are rounded, and clocks drift.
constexpr unsigned kJoins_ms = 10;
constexpr char kInput[] = "voice-", kTrack[] = "rtms-recorder-track";

void raise(std::atomic<GstClockTime> *time, GstClockTime to) {
  GstClockTime before = *time;
  while (to > before && !time->compare_exchange_weak(before, to)) {
  }
}

GstClockTime before(GstClockTime time, GstClockTime by) {
  return time > by ? time - by : 0;
}

std::string who_is(GstPad *pad) {
  StringPtr id(gst_pad_get_stream_id(pad));
  return speaker_of(id ? id.get() : "");
}

std::string title_of(GstEvent *event) {
  GstTagList *tags = nullptr;
  char *title = nullptr;
  if (event)
    gst_event_parse_tag(event, &tags);
  if (tags)
    gst_tag_list_get_string(tags, GST_TAG_TITLE, &title);
  StringPtr owned(title);
  return shown(title ? title : "");
}

std::string name_of(GstPad *pad) {
  EventPtr event(gst_pad_get_sticky_event(pad, GST_EVENT_TAG, 0));
  return title_of(event.get());
}

// Returns the elements that decode the pad's audio, empty for raw audio: the service may grant
// another codec than L16.
std::string decoder_of(GstPad *pad) {
  constexpr struct {
    const char *caps, *elements;
  } kDecoders[] = {
      {"audio/x-opus", "opusdec ! "},
      {"audio/x-alaw", "alawdec ! "},
      {"audio/G722", "avdec_g722 ! "},
      {"application/x-rtp, encoding-name=OPUS", "rtpopusdepay ! opusdec ! "},
      {"application/x-rtp, encoding-name=PCMA", "rtppcmadepay ! alawdec ! "},
      {"application/x-rtp, encoding-name=G722", "rtpg722depay ! avdec_g722 ! "},
  };
  const CapsPtr caps(gst_pad_get_current_caps(pad));
  for (const auto &decoder : kDecoders)
    if (caps &&
        gst_caps_can_intersect(caps.get(), CapsPtr(gst_caps_from_string(decoder.caps)).get()))
      return decoder.elements;
  return "";
}

uint64_t sample_at(unsigned rate, GstClockTime running) {
  return gst_util_uint64_scale(running, rate, GST_SECOND);
}

}  // namespace

// The state of one of rtmssrc's pads. The probe owns it.
struct Sound::Input {
  Sound *sound;
  Voice voice;
  uint64_t next = 0;  // the sample after the last one
  bool spoke = false;
  bool news = true;  // the voice is to be told
};

Sound::Sound(const Options &options, std::function<void(Voice)> heard)
    : rate_(options.audio_rate),
      heard_(std::move(heard)),
      mixer_(Speakers(options.speakers).tracks(), options.audio_rate,
             uint64_t{Mixer::kFurthest_s} * options.audio_rate),
      speakers_(options.speakers),
      sources_(options, speakers_.titles(), Sources::Packets::Usual),
      listener_limiter_(options.audio_rate),
      // The service's own mix arrives in order. A push takes audio from the mixer that is half a
      // second old.
      frontier_(options.speakers > 0 || options.program.wanted()) {}

GstClockTime Sound::length() const {
  return gst_util_uint64_scale(mixer_.position(), GST_SECOND, rate_);
}

Sound::Late Sound::late() const {
  const uint64_t lost = late_ + sources_.lost();
  return {lost, lost * 1000 / rate_, waited_, behind_, before(reached_, length())};
}

unsigned track_of(GstPad *pad) {
  return GPOINTER_TO_UINT(g_object_get_data(G_OBJECT(pad), kTrack));
}

bool is_sound_input(GstObject *object) {
  for (; object; object = GST_OBJECT_PARENT(object))
    if (GST_OBJECT_NAME(object) && g_str_has_prefix(GST_OBJECT_NAME(object), kInput))
      return true;
  return false;
}

// ---- input ---------------------------------------------------------------------------

bool Sound::connect(GstBin *pipeline, GstPad *pad) {
  pads_++;
  StringPtr caps(gst_caps_to_string(sound_caps(rate_).get()));
  ElementPtr bin = make_bin(decoder_of(pad) + "audioconvert ! audioresample ! " + caps.get() +
                            " ! fakesink name=heard sync=false async=false");
  if (!bin)
    return false;
  gst_object_set_name(GST_OBJECT(bin.get()), (kInput + std::string(GST_PAD_NAME(pad))).c_str());
  set_no_sink(bin.get());
  ElementPtr sink(gst_bin_get_by_name(GST_BIN(bin.get()), "heard"));
  PadPtr sink_pad(gst_element_get_static_pad(sink.get(), "sink"));
  PadPtr entry(gst_element_get_static_pad(bin.get(), "sink"));
  auto input = new Input{this, {who_is(pad), name_of(pad), 0, 0}};
  // Channels of a call's parties come where the mix was asked for, too.
  if (!input->voice.who.empty() || pads_ > 1)
    several_ = true;
  if (!input->voice.who.empty()) {
    std::lock_guard<std::mutex> lock(mutex_);
    input->voice.track = speakers_.track_of(input->voice.who, input->voice.name);
  }
  g_object_set_data(G_OBJECT(pad), kTrack, GUINT_TO_POINTER(input->voice.track));
  gst_pad_add_probe(
      sink_pad.get(),
      static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM),
      on_data, input, [](gpointer data) { delete static_cast<Input *>(data); });
  gst_bin_add(pipeline, bin.get());
  gst_element_sync_state_with_parent(bin.get());
  return gst_pad_link(pad, entry.get()) == GST_PAD_LINK_OK;
}

void Sound::disconnect(GstBin *pipeline, const std::string &pad) {
  const ElementPtr input(keeps_inputs_ ? nullptr
                                       : gst_bin_get_by_name(pipeline, (kInput + pad).c_str()));
  if (!input)
    return;
  gst_element_set_state(input.get(), GST_STATE_NULL);
  gst_bin_remove(pipeline, input.get());
}

GstPadProbeReturn Sound::on_data(GstPad *pad, GstPadProbeInfo *info, gpointer data) {
  auto input = static_cast<Input *>(data);
  if (GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER)
    input->sound->add(input, pad, GST_PAD_PROBE_INFO_BUFFER(info));
  else if (GST_EVENT_TYPE(GST_PAD_PROBE_INFO_EVENT(info)) == GST_EVENT_TAG)
    input->sound->rename(input, GST_PAD_PROBE_INFO_EVENT(info));
  return GST_PAD_PROBE_OK;
}

void Sound::joined(const std::string &who, const std::string &name) {
  std::lock_guard<std::mutex> lock(mutex_);
  speakers_.came(who, shown(name));
}

void Sound::left(const std::string &who) {
  std::lock_guard<std::mutex> lock(mutex_);
  speakers_.left(who);
}

void Sound::rename(Input *input, GstEvent *tags) {
  const std::string name = title_of(tags);
  if (input->voice.who.empty() || name.empty() || name == input->voice.name)
    return;
  input->voice.name = name;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    speakers_.named(input->voice.who, name);
  }
  if (!input->spoke || input->news)
    return;
  input->voice.from = gst_util_uint64_scale(input->next, GST_SECOND, rate_);
  input->news = true;
}

bool Sound::Telling::may(int64_t now_us) {
  constexpr unsigned kMost = 50;
  if (now_us >= since_us + G_USEC_PER_SEC) {
    since_us = now_us;
    count = 0;
  }
  return count++ < kMost;
}

void Sound::add(Input *input, GstPad *pad, GstBuffer *buffer) {
  const GstClockTime running = running_time(pad, GST_BUFFER_PTS(buffer));
  GstMapInfo map;
  if (!GST_CLOCK_TIME_IS_VALID(running) || !gst_buffer_map(buffer, &map, GST_MAP_READ))
    return;
  const int64_t now_us = g_get_monotonic_time();
  if (!std::exchange(input->spoke, true))
    input->voice.from = running;
  bool tells = input->news;
  if (tells) {
    std::lock_guard<std::mutex> lock(mutex_);
    tells = telling_.may(now_us);
  }
  if (tells) {
    input->news = false;
    heard_(input->voice);
  }
  uint64_t at = sample_at(rate_, running);
  const uint64_t joins = uint64_t{rate_} * kJoins_ms / 1000;
  if (at + joins > input->next && at < input->next + joins)
    at = input->next;
  const size_t count = map.size / sizeof(int16_t);
  auto samples = reinterpret_cast<const int16_t *>(map.data);
  levels_.add(input->voice.who, input->voice.name, samples, count, now_us);
  {
    std::lock_guard<std::mutex> lock(mutex_);
    late_ += mixer_.add(0, at, samples, count);
    if (input->voice.track)
      mixer_.add(input->voice.track, at, samples, count);
  }
  input->next = at + count;
  raise(&audio_, running);
  const GstClockTime behind = before(std::max(now_.load(), reached_.load()), running);
  if (behind > Frontier::kStandstill) {
    raise(&behind_, behind);
    waited_++;
  }
  gst_buffer_unmap(buffer, &map);
}

void Sound::reached(GstClockTime running, bool audio) {
  raise(&reached_, running);
  if (audio)
    raise(&audio_, running);
}

void Sound::waits(GstClockTime running, uint64_t bytes) {
  std::lock_guard<std::mutex> lock(mutex_);
  room_.add(running, bytes);
}

// ---- output --------------------------------------------------------------------------

void Sound::emit(GstClockTime now) {
  if (finished_)
    return;
  if (several_)
    frontier_.set_several();
  now_ = before(now, kSourceLatency);
  if (listener_)
    emit_live(sample_at(rate_, before(std::max(now_.load(), reached_.load()), kPatience)));
  const bool full = [&] {
    std::lock_guard<std::mutex> lock(mutex_);
    room_.passed(length());
    // Less than a queue holds: a full one would stop the audio. With little memory, pictures are
    // left out first.
    return room_.is_full(MemoryShare::kMost / 5 * 4);
  }();
  emit_until(sample_at(rate_, frontier_.at(now_, {audio_, reached_, pads_}, full)));
}

void Sound::emit_live(uint64_t sample) {
  const size_t count = rate_ / kPiecesPerSecond;
  for (unsigned i = 0; i < kMostPieces && live_ + count <= sample; i++, live_ += count) {
    std::vector<int32_t> sums;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      live_ = std::max(live_, mixer_.position());
      sums = mixer_.peek(0, live_, count + listener_limiter_.ahead());
    }
    listener_(sound_buffer(listener_limiter_.limit(sums, count), count, live_, rate_).get());
  }
}

// The last block may be shorter, because unwritten samples are lost if the process is killed.
void Sound::emit_until(uint64_t sample) {
  const size_t count = rate_ / kPiecesPerSecond, least = count / 5;
  for (unsigned i = 0; i < kMostPieces && mixer_.position() + least <= sample; i++)
    emit_piece(std::min<uint64_t>(count, sample - mixer_.position()));
}

void Sound::emit_piece(size_t count) {
  uint64_t at = 0;
  std::vector<std::vector<int16_t>> sounds;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    at = mixer_.position();
    sounds = mixer_.take(count);
  }
  sources_.push(sounds, count, at);
}

void Sound::finish() {
  if (finished_)
    return;
  finished_ = true;
  // A meeting without audio and video follows the clock.
  const uint64_t reached =
      sample_at(rate_, std::max(reached_.load(), before(now_.load(), kPatience)));
  const uint64_t end = [&] {
    std::lock_guard<std::mutex> lock(mutex_);
    return std::max(mixer_.end(), reached);
  }();
  if (listener_)
    emit_live(end);
  emit_until(end);
  if (end > mixer_.position())
    emit_piece(std::min<uint64_t>(end - mixer_.position(), rate_));
  sources_.end();
}

}  // namespace rtms::recorder
