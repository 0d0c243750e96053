// SPDX-License-Identifier: LGPL-2.1-or-later
// Properties about the media to request and their formats.
#include "installer.h"

namespace rtms {
namespace {

void install_audio(Installer *install) {
  /**
   * GstRtmsSrc:audio-codec:
   *
   * The audio codec to request. The service accepts these combinations: `l16` at each rate, with 1
   * or 2 channels and packets of 20 to 1000 ms; `opus` at 48000 Hz, with 1 or 2 channels and 20 ms;
   * `g711` at 8000 Hz and `g722` at 16000 Hz, both with 1 channel and 20 ms.
   *
   * Since: 0.1
   */
  install->choice("audio-codec", "Audio codec",
                  "Audio codec to request; opus requires audio-rate=48000, g711 8000 Hz mono, g722 "
                  "16000 Hz mono",
                  gst_rtms_src_audio_codec_get_type(), &Settings::audio_codec);
  /**
   * GstRtmsSrc:audio-rate:
   *
   * The sample rate to request, in Hz.
   *
   * Valid: 8000, 16000, 32000 or 48000 Hz with `l16`; 48000 Hz with `opus`; 8000 Hz with `g711`;
   * 16000 Hz with `g722`.
   *
   * Since: 0.1
   */
  install->integer("audio-rate", "Audio rate",
                   "Sample rate to request, in Hz: 8000, 16000, 32000 or 48000",
                   &Settings::audio_rate, kAudioRates);
  /**
   * GstRtmsSrc:audio-channels:
   *
   * The number of audio channels to request.
   *
   * Valid: 1 or 2 with `l16` and `opus`; 1 with `g711` and `g722`.
   *
   * Since: 0.1
   */
  install->integer("audio-channels", "Audio channels",
                   "Number of audio channels to request: 1 or 2", &Settings::audio_channels,
                   kAudioChannels);
  /**
   * GstRtmsSrc:audio-streams:
   *
   * Whether to request one mix of all participants on the pad `audio`, or one stream for each
   * participant, each on a pad `audio_%u`.
   *
   * Since: 0.1
   */
  install->choice("audio-streams", "Audio streams",
                  "One mix of all participants (pad audio), or one stream for each participant "
                  "(pads audio_%u)",
                  gst_rtms_src_audio_streams_get_type(), &Settings::audio_streams);
  /**
   * GstRtmsSrc:audio-framing:
   *
   * Whether to request packets of the codec without RTP headers, or RTP packets
   * (`application/x-rtp`). `l16` is not available as RTP.
   *
   * Since: 0.1
   */
  install->choice("audio-framing", "Audio framing",
                  "Packets of the codec without RTP headers, or RTP packets (not with l16)",
                  gst_rtms_src_audio_framing_get_type(), &Settings::audio_framing);
  /**
   * GstRtmsSrc:audio-packet-duration:
   *
   * The duration of the audio in one packet, in ms. A packet is one buffer.
   *
   * Valid: 20 to 1000 ms in steps of 20 with `l16`; 20 ms with the other codecs.
   *
   * Since: 0.1
   */
  install->integer("audio-packet-duration", "Audio packet duration",
                   "Duration of the audio in one packet, in ms: 20, or with l16 up to 1000 in "
                   "steps of 20",
                   &Settings::audio_packet_duration, kPacketDurations);
}

void install_video(Installer *install) {
  /**
   * GstRtmsSrc:video-codec:
   *
   * The codec to request for camera video. `jpeg` and `png` require #GstRtmsSrc:video-fps of 5 or
   * less, `h264` more than 5.
   *
   * Since: 0.1
   */
  install->choice("video-codec", "Video codec",
                  "Codec to request for camera video; jpeg and png require video-fps of 5 or less",
                  gst_rtms_src_video_codec_get_type(), &Settings::video_codec);
  /**
   * GstRtmsSrc:video-resolution:
   *
   * The largest size to request for camera video.
   *
   * Since: 0.1
   */
  install->choice("video-resolution", "Video resolution",
                  "Largest size to request for camera video",
                  gst_rtms_src_video_resolution_get_type(), &Settings::video_resolution);
  /**
   * GstRtmsSrc:video-fps:
   *
   * The highest frame rate to request for camera video, in frames per second.
   *
   * Valid: 6 to 30 frames per second with `h264`; 1 to 5 with `jpeg` and `png`.
   *
   * Since: 0.1
   */
  install->integer("video-fps", "Video frame rate",
                   "Highest frame rate to request for camera video, in frames per second: 6 to 30 "
                   "with h264, 1 to 5 with jpeg and png",
                   &Settings::video_fps, kFrameRates);
  /**
   * GstRtmsSrc:video-streams:
   *
   * Whether the pad `video` carries the camera of the active speaker, or the camera of one
   * participant whom you choose with #GstRtmsSrc::subscribe-video.
   *
   * Since: 0.1
   */
  install->choice(
      "video-streams", "Video streams",
      "Camera of the active speaker, or of the participant chosen with the action signal "
      "subscribe-video",
      gst_rtms_src_video_streams_get_type(), &Settings::video_streams);
}

void install_screen(Installer *install) {
  /**
   * GstRtmsSrc:screen-codec:
   *
   * The codec to request for the screen share. `jpeg` and `png` require #GstRtmsSrc:screen-fps of
   * 1, `h264` more than 1.
   *
   * Since: 0.1
   */
  install->choice("screen-codec", "Screen codec",
                  "Codec to request for the screen share; jpeg and png require screen-fps of 1",
                  gst_rtms_src_video_codec_get_type(), &Settings::screen_codec);
  /**
   * GstRtmsSrc:screen-resolution:
   *
   * The largest size to request for the screen share.
   *
   * Since: 0.1
   */
  install->choice("screen-resolution", "Screen resolution",
                  "Largest size to request for the screen share",
                  gst_rtms_src_video_resolution_get_type(), &Settings::screen_resolution);
  /**
   * GstRtmsSrc:screen-fps:
   *
   * The highest frame rate to request for the screen share, in frames per second.
   *
   * Valid: 2 to 30 frames per second with `h264`; 1 with `jpeg` and `png`.
   *
   * Since: 0.1
   */
  install->integer("screen-fps", "Screen frame rate",
                   "Highest frame rate to request for the screen share, in frames per second: 2 to "
                   "30 with h264, 1 with jpeg and png",
                   &Settings::screen_fps, kFrameRates);
}

void install_transcript(Installer *install) {
  /**
   * GstRtmsSrc:transcript-language:
   *
   * The language that is spoken in the meeting, as a number of the service: -1 for none, 0 for
   * Arabic, 9 for English, 36 for Vietnamese; protocol.md#3-media-parameters lists all.
   *
   * Valid: -1 to 36.
   *
   * Since: 0.1
   */
  install->integer("transcript-language", "Transcript language",
                   "Spoken language, as a number of the service: -1 none, 9 English, 13 "
                   "French, 14 German, 20 Japanese, 28 Spanish",
                   &Settings::transcript_language, kLanguages);
  /**
   * GstRtmsSrc:transcript-detect-language:
   *
   * Whether the service detects the spoken language by itself.
   *
   * Since: 0.1
   */
  install->boolean("transcript-detect-language", "Detect language",
                   "Let the service detect the spoken language",
                   &Settings::transcript_detect_language);
  /**
   * GstRtmsSrc:transcript-format:
   *
   * The format of the buffers on the pad `transcript`: plain text, one JSON object with all
   * versions of a line, or escaped text for elements that read markup.
   *
   * Since: 0.1
   */
  install->choice(
      "transcript-format", "Transcript format",
      "Format of the buffers on the pad transcript: one line of text, one JSON object, or one line "
      "of escaped text",
      gst_rtms_src_transcript_format_get_type(), &Settings::transcript_format);
  /**
   * GstRtmsSrc:transcript-speaker:
   *
   * Whether a line of plain text starts with the name of its speaker: "John Smith: Hello.". JSON
   * objects always hold the name, as `user_name`.
   *
   * Since: 0.1
   */
  install->boolean("transcript-speaker", "Transcript speaker",
                   "Start each line of plain text with the name of its speaker",
                   &Settings::transcript_speaker);
}

}  // namespace

void install_media_properties(Installer *install) {
  /**
   * GstRtmsSrc:media-types:
   *
   * The kinds of media to request. The element posts a warning that names those that the service
   * does not offer, and goes on with the others.
   *
   * Errors: an empty value is RESOURCE/SETTINGS at the state change to PAUSED.
   *
   * Since: 0.1
   */
  install->flags(
      "media-types", "Media types",
      "Kinds of media to request: audio, video, screen, transcript and chat, joined by +",
      gst_rtms_src_media_types_get_type(), &Settings::media_types);
  /**
   * GstRtmsSrc:connection-mode:
   *
   * Whether the element opens one connection for each kind of media, or one connection for all
   * media. Where the service does not offer a connection for all media, the element posts a warning
   * and uses `split` instead of `unified`.
   *
   * Since: 0.1
   */
  install->choice("connection-mode", "Connection mode",
                  "One connection for each kind of media, or one connection for all media",
                  gst_rtms_src_connection_mode_get_type(), &Settings::connection_mode);
  /**
   * GstRtmsSrc:buffer-data:
   *
   * Whether to request the audio that the service has buffered before the connection, up to 60 s.
   * The audio of the stream then begins earlier than its video. Recommended for recordings, because
   * the first words of a meeting are often spoken before the element is connected. Other media wait
   * for the first audio: up to 5 s, or up to #GstRtmsSrc:stall-wait, if that is longer, while the
   * connection of the audio cannot be made, and up to 5 s from then on. The service buffers the
   * audio meanwhile.
   *
   * Since: 0.1
   */
  install->boolean(
      "buffer-data", "Buffer data",
      "Request the audio that the service has buffered before the connection, up to 60 s",
      &Settings::buffer_data);
  install_audio(install);
  install_video(install);
  install_screen(install);
  install_transcript(install);
}

}  // namespace rtms
