// SPDX-License-Identifier: LGPL-2.1-or-later
#include <deque>

#include "json.h"
#include "sound.h"
#include "track.h"

namespace rtmstest {

namespace {

enum Codec { kL16 = 1, kG711, kG722, kOpus };
constexpr int64_t kRtp = 1, kMultiStreams = 2;

struct AudioParams {
  PcmFormat pcm;
  int64_t codec, packet_ms;
  bool rtp, multi;
};

AudioParams parse(const Cast &cast, JsonObject *object) {
  constexpr int rates[] = {8000, 16000, 32000, 48000};
  AudioParams params;
  int64_t rate = get_int(object, "sample_rate").value_or(1);
  params.pcm.rate = rates[rate >= 0 && rate < 4 ? rate : 1];
  params.pcm.channels = get_int(object, "channel").value_or(1) == 2 ? 2 : 1;
  params.codec = get_int(object, "codec").value_or(kL16);
  params.packet_ms = std::max<int64_t>(get_int(object, "send_rate").value_or(20), 1);
  params.rtp = get_int(object, "content_type") == kRtp;
  params.multi = cast.channels || get_int(object, "data_opt") == kMultiStreams;
  return params;
}

// Empty for L16, which needs no encoding.
std::string encoder_description(const AudioParams &params) {
  const std::string start = "appsrc name=src ! ", end = " ! appsink name=sink";
  const std::string one_packet = " min-ptime=20000000 max-ptime=20000000";
  switch (params.codec) {
    case kG711:
      return start + "alawenc" + (params.rtp ? " ! rtppcmapay" + one_packet : "") + end;
    case kG722:
      return start + "avenc_g722" + (params.rtp ? " ! rtpg722pay" + one_packet : "") + end;
    case kOpus:
      return start + "opusenc frame-size=20" + (params.rtp ? " ! rtpopuspay" : "") + end;
    default:
      return {};
  }
}

// What one user, or the mix, says: its sound and its encoder.
class Voice {
 public:
  Voice(std::unique_ptr<Sound> sound, const AudioParams &params)
      : sound_(std::move(sound)), params_(params) {
    std::string description = encoder_description(params);
    if (description.empty())
      return;
    encoder_ = std::make_unique<Pipeline>(description);
    encoder_->set_caps(CapsPtr(gst_caps_new_simple("audio/x-raw", "format", G_TYPE_STRING, "S16LE",
                                                   "layout", G_TYPE_STRING, "interleaved", "rate",
                                                   G_TYPE_INT, params.pcm.rate, "channels",
                                                   G_TYPE_INT, params.pcm.channels, nullptr)));
  }

  bool packet(int64_t position_ms, std::vector<uint8_t> &payload) {
    int64_t first = position_ms * params_.pcm.rate / 1000;
    auto frames = static_cast<std::size_t>(params_.packet_ms * params_.pcm.rate / 1000);
    std::vector<uint8_t> pcm;
    if (!sound_->read(first, frames, pcm))
      return false;
    return encoder_ ? encode(position_ms, pcm, payload) : (payload = std::move(pcm), true);
  }

 private:
  bool encode(int64_t position_ms, const std::vector<uint8_t> &pcm, std::vector<uint8_t> &payload) {
    BufferPtr buffer(gst_buffer_new_allocate(nullptr, pcm.size(), nullptr));
    gst_buffer_fill(buffer.get(), 0, pcm.data(), pcm.size());
    GST_BUFFER_PTS(buffer.get()) = static_cast<GstClockTime>(position_ms) * GST_MSECOND;
    GST_BUFFER_DURATION(buffer.get()) = static_cast<GstClockTime>(params_.packet_ms) * GST_MSECOND;
    if (!encoder_->push(std::move(buffer)))
      return false;
    SamplePtr sample = encoder_->pull();
    if (!sample)
      return false;
    payload = bytes_of(gst_sample_get_buffer(sample.get()));
    return true;
  }

  std::unique_ptr<Sound> sound_;
  AudioParams params_;
  std::unique_ptr<Pipeline> encoder_;
};

class AudioTrack : public Track {
 public:
  AudioTrack(const TrackOptions &options, const AudioParams &params)
      : cast_(options.cast), uri_(options.uri), params_(params) {
    AudioTrack::skip_to(options.from_ms);
  }

  bool next(MediaItem &item, int64_t &position_ms) override {
    if (ready_.empty())
      make_packets();
    if (ready_.empty())
      return false;
    item = std::move(ready_.front());
    ready_.pop_front();
    position_ms = item.timestamp - cast_.start_timestamp;
    return true;
  }

  void skip_to(int64_t position_ms) override {
    int64_t packets = (position_ms + params_.packet_ms - 1) / params_.packet_ms;
    if (packets * params_.packet_ms <= position_ms_)
      return;
    position_ms_ = packets * params_.packet_ms;
    ready_.clear();
  }

 private:
  // The packets of all who speak in the next packet's time.
  void make_packets() {
    if (position_ms_ + params_.packet_ms > cast_.end_ms)
      return;
    bool separate = params_.multi && uri_.empty();
    std::vector<unsigned> speakers =
        separate ? cast_.speaking(position_ms_)
                 : std::vector<unsigned>{params_.multi ? cast_.active(position_ms_) : 0};
    for (unsigned speaker : speakers) {
      MediaItem item;
      item.media = Media::Audio;
      item.timestamp = cast_.start_timestamp + position_ms_;
      // User 0 is the mix.
      if (params_.multi) {
        item.user_id = Cast::user_id(speaker);
        item.user_name = Cast::user_name(speaker);
      }
      if (voice(separate ? speaker : 0).packet(position_ms_, item.payload))
        ready_.push_back(std::move(item));
    }
    position_ms_ += params_.packet_ms;
  }

  Voice &voice(unsigned speaker) {
    std::unique_ptr<Voice> &voice = voices_[speaker];
    if (voice)
      return *voice;
    std::unique_ptr<Sound> sound;
    if (!uri_.empty())
      sound = std::make_unique<FileSound>(uri_, params_.pcm);
    else
      sound = std::make_unique<MadeSound>(
          cast_, params_.pcm, params_.multi ? std::optional<unsigned>(speaker) : std::nullopt);
    voice = std::make_unique<Voice>(std::move(sound), params_);
    return *voice;
  }

  const Cast &cast_;
  std::string uri_;
  AudioParams params_;
  std::map<unsigned, std::unique_ptr<Voice>> voices_;
  std::deque<MediaItem> ready_;
  int64_t position_ms_ = 0;
};

}  // namespace

std::unique_ptr<Track> make_audio_track(const TrackOptions &options, JsonObject *params) {
  return std::make_unique<AudioTrack>(options, parse(options.cast, params));
}

}  // namespace rtmstest
