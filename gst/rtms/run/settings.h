// SPDX-License-Identifier: LGPL-2.1-or-later
// The values of the properties.
#pragma once

#include "base/permit.h"
#include "enums.h"
#include "protocol/signature.h"

#include <gio/gio.h>
#include <cstdint>
#include <memory>
#include <string>

namespace rtms {

using TlsDatabase = std::shared_ptr<GTlsDatabase>;

// The valid values of a number.
template <typename T>
struct Range {
  T least, most;
  constexpr bool holds(T value) const { return value >= least && value <= most; }
};
inline constexpr Range<int> kAudioRates{8000, 48000};  // Hz; of them 8000, 16000, 32000, 48000
inline constexpr Range<int> kAudioChannels{1, 2};
inline constexpr Range<int> kPacketDurations{20, 1000};  // ms
inline constexpr Range<int> kFrameRates{1, 30};
inline constexpr Range<int> kLanguages{-1, 36};
inline constexpr Range<unsigned> kLatencies{0, 60000};            // ms
inline constexpr Range<unsigned> kBatchTimes{0, 1000};            // ms
inline constexpr Range<unsigned> kTextWaits{0, 60000};            // ms
inline constexpr Range<unsigned> kStallWaits{0, 120000};          // ms
inline constexpr Range<unsigned> kReplayWaits{0, 65000};          // ms
inline constexpr Range<unsigned> kMessageSizes{1024, G_MAXUINT};  // the least for handshakes
inline constexpr Range<unsigned> kDelays{1, G_MAXUINT};           // ms
inline constexpr Range<unsigned> kAny{0, G_MAXUINT};

// One member per property, with its default. Copied at the state change to PAUSED.
struct Settings {
  std::string webhook;
  std::string webhook_location;
  std::string webhook_listen;
  std::string webhook_meeting;
  Secret webhook_secret_token;
  std::string webhook_tls_certificate;
  std::string webhook_tls_key;
  std::string signaling_url;
  std::string stream_id;
  std::string meeting_uuid;
  std::string session_id;
  std::string engagement_id;
  std::string call_id;
  std::string client_id;
  Secret client_secret;
  Secret signature;

  unsigned media_types = GST_RTMS_SRC_MEDIA_AUDIO | GST_RTMS_SRC_MEDIA_VIDEO |
                         GST_RTMS_SRC_MEDIA_SCREEN | GST_RTMS_SRC_MEDIA_TRANSCRIPT;
  int connection_mode = GST_RTMS_SRC_CONNECTION_SPLIT;
  bool buffer_data = false;

  int audio_codec = static_cast<int>(Codec::L16);
  int audio_rate = 16000;
  int audio_channels = 1;
  int audio_streams = static_cast<int>(DataOpt::AudioMixed);
  int audio_framing = static_cast<int>(ContentType::RawAudio);
  int audio_packet_duration = 20;
  int video_codec = static_cast<int>(Codec::H264);
  int video_resolution = static_cast<int>(Resolution::Hd);
  int video_fps = 25;
  int video_streams = static_cast<int>(DataOpt::VideoActiveSpeaker);
  int screen_codec = static_cast<int>(Codec::H264);
  int screen_resolution = static_cast<int>(Resolution::Hd);
  int screen_fps = 15;
  int transcript_language = 9;
  bool transcript_detect_language = false;
  int transcript_format = GST_RTMS_SRC_TRANSCRIPT_TEXT;
  bool transcript_speaker = true;

  unsigned latency = 200;
  unsigned batch_time = 0;
  bool share_thread = false;
  bool empty_pads = false;
  int fill = GST_RTMS_SRC_FILL_NONE;
  unsigned text_wait = 0;
  unsigned stall_wait = 0;
  unsigned replay_wait = 0;
  unsigned max_queue_bytes = 64u << 20;
  uint64_t max_queue_time = 0;
  unsigned max_message_size = 16u << 20;
  unsigned timeout = 10000;
  unsigned keep_alive_timeout = 0;
  unsigned connect_window = 20000;
  unsigned signaling_reconnect_window = 60000;
  unsigned media_reconnect_window = 65000;
  unsigned retry_delay = 1000;
  unsigned retry_delay_max = 30000;

  std::string tls_ca_file;
  TlsDatabase tls_database;  // null: the system's
  unsigned tls_validation_flags = G_TLS_CERTIFICATE_VALIDATE_ALL;
  bool allow_insecure = false;
  std::string uri_hosts = "*.zoom.us,localhost,127.0.0.1,::1";
  std::string uri_signaling_url;  // no property: the signaling_url that an rtms:// URI has set
  std::string proxy;
  std::string user_agent;
  std::string context;
  // Shared by all copies: a new value applies at once.
  std::shared_ptr<Permit> connect_until = std::make_shared<Permit>();
};

// An invalid setting: the property, its value and the valid values, in words.
struct BadSetting {
  std::string text;
  bool is_of_system = false;  // no value of a property: the system lacks something
};

// The proxy's URL without its password, for readers of the property.
std::string shown_proxy(const Settings &settings);

}  // namespace rtms
