// SPDX-License-Identifier: LGPL-2.1-or-later
#include "negotiate.h"

#include <initializer_list>

namespace rtms {
namespace {

class Merge {
 public:
  explicit Merge(Negotiation *result) : result_(result) {}

  // Accepts a number that names one of `valid`. Returns false for others, and leaves *value.
  template <typename Enum>
  bool choice(const char *name, const std::optional<int64_t> &answer,
              std::initializer_list<Enum> valid, Enum *value) {
    if (!answer || *answer == static_cast<int64_t>(*value))
      return true;
    for (Enum candidate : valid) {
      if (*answer != static_cast<int64_t>(candidate))
        continue;
      if (name)
        changed(name, static_cast<int64_t>(*value), *answer);
      *value = candidate;
      return true;
    }
    return false;
  }

  // The same for a plain number within limits.
  bool range(const char *name, const std::optional<int64_t> &answer, int low, int high,
             int *value) {
    if (!answer || *answer == *value)
      return true;
    if (*answer < low || *answer > high)
      return false;
    changed(name, *value, *answer);
    *value = static_cast<int>(*answer);
    return true;
  }

  void channels(const std::optional<int64_t> &answer, int *value) {
    if (!range("channels", answer, 1, 2, value))
      unusable("channel", *answer);
  }

  void sample_rate(const std::optional<int64_t> &answer, int *rate_hz) {
    if (!answer)
      return;
    const auto hz = sample_rate_from_index(*answer);
    if (!hz)
      unusable("sample_rate", *answer);
    else if (*hz != *rate_hz)
      changed("sample rate in Hz", *rate_hz, *hz);
    *rate_hz = hz.value_or(*rate_hz);
  }

  void codec(const std::optional<int64_t> &answer, std::initializer_list<Codec> valid,
             Codec *value) {
    const Codec asked = *value;
    if (!choice(nullptr, answer, valid, value))
      unusable("codec", *answer);
    if (*value != asked)
      add(&result_->changes,
          std::string("codec ") + codec_nick(*value) + " in place of " + codec_nick(asked));
  }

  void data_opt(const std::optional<int64_t> &answer, DataOpt first, DataOpt second,
                DataOpt *value) {
    const DataOpt asked = *value;
    choice(nullptr, answer, {first, second}, value);
    if (*value != asked)
      add(&result_->changes, std::string(nick(*value)) + " in place of " + nick(asked));
  }

 private:
  static const char *nick(DataOpt opt) {
    constexpr const char *nicks[] = {"mixed audio", "audio per participant",
                                     "the active speaker's video", "individual video"};
    return nicks[static_cast<int>(opt) - 1];
  }

  static void add(std::string *list, const std::string &text) {
    if (!text.empty())
      *list += (list->empty() ? "" : ", ") + text;
  }

  void changed(const char *name, int64_t asked, int64_t got) {
    add(&result_->changes,
        std::string(name) + " " + std::to_string(got) + " in place of " + std::to_string(asked));
  }

  void unusable(const char *name, int64_t value) {
    add(&result_->problem, std::string(name) + " " + std::to_string(value) + " is not known");
  }

  Negotiation *result_;
};

void merge_audio(const NegotiatedParams &answer, Merge *merge, AudioParams *audio) {
  merge->codec(answer.codec, {Codec::L16, Codec::G711, Codec::G722, Codec::Opus}, &audio->codec);
  // L16 is raw with either.
  merge->choice(audio->codec == Codec::L16 ? nullptr : "content_type", answer.content_type,
                {ContentType::Rtp, ContentType::RawAudio}, &audio->content_type);
  merge->sample_rate(answer.sample_rate, &audio->rate_hz);
  merge->channels(answer.channels, &audio->channels);
  merge->data_opt(answer.data_opt, DataOpt::AudioMixed, DataOpt::AudioMulti, &audio->data_opt);
  merge->range("send_rate", answer.send_rate, 1, 1000, &audio->send_rate_ms);
}

void merge_video(const NegotiatedParams &answer, Merge *merge, VideoParams *video) {
  merge->choice("content_type", answer.content_type,
                {ContentType::RawVideo, ContentType::FileStream}, &video->content_type);
  merge->codec(answer.codec, {Codec::Jpeg, Codec::Png, Codec::H264}, &video->codec);
  merge->choice("resolution", answer.resolution,
                {Resolution::Sd, Resolution::Hd, Resolution::Fhd, Resolution::Qhd},
                &video->resolution);
  merge->range("fps", answer.fps, 1, 30, &video->fps);
  merge->data_opt(answer.data_opt, DataOpt::VideoActiveSpeaker, DataOpt::VideoIndividual,
                  &video->data_opt);
}

}  // namespace

Negotiation negotiate(Media media, const MediaParams &asked, const NegotiatedParams &answer) {
  Negotiation result;
  result.params = asked;
  Merge merge(&result);
  if (media == Media::Audio)
    merge_audio(answer, &merge, &result.params.audio);
  else if (media == Media::Video)
    merge_video(answer, &merge, &result.params.video);
  else if (media == Media::Screen)
    merge_video(answer, &merge, &result.params.screen);
  return result;
}

}  // namespace rtms
