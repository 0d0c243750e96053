// SPDX-License-Identifier: LGPL-2.1-or-later
#include "mediasettings.h"

namespace rtms {
namespace {

using Problem = std::optional<BadSetting>;

std::string nick(GType type, int value) {
  return gst_rtms_src_enum_nick(type, value);
}

struct AudioChoice {
  ContentType framing;
  Codec codec;
  int rate_hz;  // 0: any
  int max_channels;
  int max_packet_ms;
};

// The service validates the whole combination.
constexpr AudioChoice kAudioChoices[] = {
    {ContentType::Rtp, Codec::Opus, 48000, 2, 20},
    {ContentType::Rtp, Codec::G711, 8000, 1, 20},
    {ContentType::Rtp, Codec::G722, 16000, 1, 20},
    {ContentType::RawAudio, Codec::L16, 0, 2, 1000},
    {ContentType::RawAudio, Codec::Opus, 48000, 2, 20},
    {ContentType::RawAudio, Codec::G711, 8000, 1, 20},
    {ContentType::RawAudio, Codec::G722, 16000, 1, 20},
};

std::string describe(const AudioChoice &choice) {
  return "audio-framing=" +
         nick(gst_rtms_src_audio_framing_get_type(), static_cast<int>(choice.framing)) +
         " audio-codec=" + codec_nick(choice.codec) + " audio-rate=" +
         (choice.rate_hz ? std::to_string(choice.rate_hz) : "8000|16000|32000|48000") +
         " audio-channels=" + (choice.max_channels == 1 ? "1" : "1|2") +
         " audio-packet-duration=" + (choice.max_packet_ms == 20 ? "20" : "20, 40, 60, … 1000");
}

bool fits(const AudioChoice &choice, const AudioParams &audio) {
  const bool rate_fits = choice.rate_hz ? choice.rate_hz == audio.rate_hz
                                        : sample_rate_to_index(audio.rate_hz).has_value();
  return choice.framing == audio.content_type && choice.codec == audio.codec && rate_fits &&
         audio.channels >= 1 && audio.channels <= choice.max_channels && audio.send_rate_ms >= 20 &&
         audio.send_rate_ms <= choice.max_packet_ms && audio.send_rate_ms % 20 == 0;
}

Problem check_audio(const AudioParams &audio) {
  std::string valid;
  for (const AudioChoice &choice : kAudioChoices) {
    if (fits(choice, audio))
      return {};
    valid += "\n  " + describe(choice);
  }
  return BadSetting{
      "audio-framing=" +
      nick(gst_rtms_src_audio_framing_get_type(), static_cast<int>(audio.content_type)) +
      " audio-codec=" + codec_nick(audio.codec) + " audio-rate=" + std::to_string(audio.rate_hz) +
      " audio-channels=" + std::to_string(audio.channels) +
      " audio-packet-duration=" + std::to_string(audio.send_rate_ms) +
      " is not a combination that the service offers. Valid are:" + valid};
}

// The service's limits of JPEG and PNG, in frames per second.
constexpr int kMostVideoPictures = 5, kMostScreenPictures = 1;

// `most_pictures`: the highest frame rate of JPEG and PNG; that of H.264 is higher.
Problem check_video(const char *prefix, const VideoParams &video, int most_pictures) {
  const bool pictures = video.codec != Codec::H264;
  if (kFrameRates.holds(video.fps) && pictures == (video.fps <= most_pictures))
    return {};
  const std::string most = std::to_string(most_pictures);
  return BadSetting{std::string(prefix) + "-fps=" + std::to_string(video.fps) +
                    " cannot be combined with " + prefix + "-codec=" + codec_nick(video.codec) +
                    ": jpeg and png need " + (most_pictures == 1 ? "1" : "1 to " + most) +
                    ", h264 needs " + std::to_string(most_pictures + 1) + " to 30."};
}

VideoParams video_params(int codec, int resolution, int fps, int streams) {
  VideoParams video;
  video.codec = static_cast<Codec>(codec);
  video.resolution = static_cast<Resolution>(resolution);
  video.fps = fps;
  video.data_opt = static_cast<DataOpt>(streams);
  return video;
}

}  // namespace

Problem fill_media(const Settings &settings, SessionConfig *config) {
  config->media = settings.media_types & kMaskAll;
  config->unified = settings.connection_mode == GST_RTMS_SRC_CONNECTION_UNIFIED;
  config->buffer_data = settings.buffer_data;
  AudioParams &audio = config->params.audio;
  audio.content_type = static_cast<ContentType>(settings.audio_framing);
  audio.codec = static_cast<Codec>(settings.audio_codec);
  audio.rate_hz = settings.audio_rate;
  audio.channels = settings.audio_channels;
  audio.data_opt = static_cast<DataOpt>(settings.audio_streams);
  audio.send_rate_ms = settings.audio_packet_duration;
  config->params.video = video_params(settings.video_codec, settings.video_resolution,
                                      settings.video_fps, settings.video_streams);
  config->params.screen =
      video_params(settings.screen_codec, settings.screen_resolution, settings.screen_fps,
                   static_cast<int>(DataOpt::VideoActiveSpeaker));
  config->params.transcript = {settings.transcript_language, settings.transcript_detect_language};

  if (!config->media)
    return BadSetting{
        "media-types is empty. Valid are audio, video, screen, transcript and chat, "
        "joined by +."};
  if (config->media & media_bit(Media::Audio))
    if (auto problem = check_audio(audio))
      return problem;
  if (config->media & media_bit(Media::Video))
    if (auto problem = check_video("video", config->params.video, kMostVideoPictures))
      return problem;
  if (config->media & media_bit(Media::Screen))
    if (auto problem = check_video("screen", config->params.screen, kMostScreenPictures))
      return problem;
  if (!kLanguages.holds(settings.transcript_language))
    return BadSetting{"transcript-language=" + std::to_string(settings.transcript_language) +
                      " is not valid. Valid are -1 (none) and 0 to 36, 9 is English."};
  return {};
}

}  // namespace rtms
