// SPDX-License-Identifier: LGPL-2.1-or-later
// The vocabulary of the wire: enumerations with their wire values, and one struct per message.
#pragma once

#include "participant.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace rtms {

enum class MsgType : int {
  SignalingHandshakeReq = 1,
  SignalingHandshakeResp = 2,
  DataHandshakeReq = 3,
  DataHandshakeResp = 4,
  EventSubscription = 5,
  EventUpdate = 6,
  ClientReadyAck = 7,
  StreamStateUpdate = 8,
  SessionStateUpdate = 9,
  SessionStateReq = 10,
  SessionStateResp = 11,
  KeepAliveReq = 12,
  KeepAliveResp = 13,
  MediaDataAudio = 14,
  MediaDataVideo = 15,
  MediaDataShare = 16,
  MediaDataTranscript = 17,
  MediaDataChat = 18,
  StreamStateReq = 19,
  StreamStateResp = 20,
  StreamCloseReq = 21,
  StreamCloseResp = 22,
  VideoSubscriptionReq = 28,
  VideoSubscriptionResp = 29,
};

// The kinds of media, in the order of their bits in a mask.
enum class Media : unsigned { Audio, Video, Screen, Transcript, Chat };
inline constexpr unsigned kMediaCount = 5;
inline constexpr Media kAllMedia[kMediaCount] = {Media::Audio, Media::Video, Media::Screen,
                                                 Media::Transcript, Media::Chat};

using MediaMask = unsigned;
constexpr MediaMask media_bit(Media m) {
  return 1u << static_cast<unsigned>(m);
}
inline constexpr MediaMask kMaskAll = 31;      // the union of the five bits
inline constexpr MediaMask kWireMaskAll = 32;  // the wire's value for all five
constexpr bool is_text(Media m) {
  return m == Media::Transcript || m == Media::Chat;
}
constexpr bool is_picture(Media m) {
  return m == Media::Video || m == Media::Screen;
}
const char *media_nick(Media m);           // "audio", "video", "screen", …
const char *media_wire_key(Media m);       // "audio", "video", "deskshare", …
std::string media_names(MediaMask media);  // "audio+video"

enum class Product { Meeting, Webinar, VideoSdk, ContactCenter, Phone };
const char *product_id_key(Product p);  // "meeting_uuid", "session_id", …

enum class ContentType : int { Rtp = 1, RawAudio = 2, RawVideo = 3, FileStream = 4, Text = 5 };
enum class Codec : int { L16 = 1, G711 = 2, G722 = 3, Opus = 4, Jpeg = 5, Png = 6, H264 = 7 };
enum class DataOpt : int {
  AudioMixed = 1,
  AudioMulti = 2,
  VideoActiveSpeaker = 3,
  VideoIndividual = 4,
};
enum class Resolution : int { Sd = 1, Hd = 2, Fhd = 3, Qhd = 4 };
const char *codec_nick(Codec c);

struct AudioParams {
  ContentType content_type = ContentType::RawAudio;
  Codec codec = Codec::L16;
  int rate_hz = 16000;
  int channels = 1;
  DataOpt data_opt = DataOpt::AudioMixed;
  int send_rate_ms = 20;
};

// Public samples request L16 as RTP, and receive it raw.
constexpr bool is_rtp(const AudioParams &params) {
  return params.content_type == ContentType::Rtp && params.codec != Codec::L16;
}

struct VideoParams {  // video and screen; a screen has no data_opt
  ContentType content_type = ContentType::RawVideo;
  Codec codec = Codec::H264;
  Resolution resolution = Resolution::Hd;
  int fps = 25;
  DataOpt data_opt = DataOpt::VideoActiveSpeaker;
};

struct TranscriptParams {
  int src_language = 9;
  bool enable_lid = false;
};

struct MediaParams {
  AudioParams audio;
  VideoParams video;
  VideoParams screen{ContentType::RawVideo, Codec::H264, Resolution::Hd, 15,
                     DataOpt::VideoActiveSpeaker};
  TranscriptParams transcript;

  // Parameters of video or screen.
  const VideoParams &pictures(Media m) const { return m == Media::Screen ? screen : video; }
};

std::optional<int> sample_rate_from_index(int64_t index);  // 0..3 → Hz
std::optional<int> sample_rate_to_index(int hz);

// Identity of this client and of the stream that it requests. `signature` is ready to send.
struct Identity {
  Product product = Product::Meeting;
  std::string id;
  std::string webinar_id;  // of a webinar, else empty; may be the same as `id`
  std::string stream_id;
  std::string client_id;
  std::string id_signature;       // with `id`
  std::string webinar_signature;  // with `webinar_id`; empty if that is not another id
  bool by_webinar_id = false;     // which of the two is sent

  const std::string &signature() const { return by_webinar_id ? webinar_signature : id_signature; }
  // Takes those of another announcement with the ids that they are of, and keeps the choice.
  void set_signatures(const Identity &from) {
    if (from.signature().empty())
      return;  // a repeated announcement may lack it
    id = from.id;
    webinar_id = from.webinar_id;
    id_signature = from.id_signature;
    webinar_signature = from.webinar_signature;
    by_webinar_id &= !webinar_signature.empty();
  }
};

// ---- inbound messages ------------------------------------------------------------------------

struct SignalingResponse {
  int64_t status = 0;
  std::string reason;
  std::string all_url;                 // empty if not offered
  std::string media_url[kMediaCount];  // by Media
};

// Parameters of one kind of media that message 4 echoed; a member without an echo is empty.
struct NegotiatedParams {
  std::optional<int64_t> content_type, codec, sample_rate, channels, data_opt, send_rate,
      resolution, fps;
};

struct DataResponse {
  int64_t status = 0;
  std::string reason;
  bool payload_encrypted = false;
  NegotiatedParams params[kMediaCount];
};

struct Participant {
  uint64_t user_id = 0;
  std::string user_name;
  std::string channel_id;  // Contact Center: the party's audio channel

  // Media of a Contact Center party carry either id, or both.
  std::vector<ParticipantId> ids() const;
};

struct EventUpdate {
  int64_t type = 0;
  int64_t timestamp = 0;  // Unix ms, 0 where absent
  std::vector<Participant> participants;
  std::string json;  // the body of `event`, unchanged
};

// The wire has the reason's number, or its name as a string: then `reason_text` holds the name.
struct StreamStateUpdate {
  int64_t state = -1;
  int64_t reason = 0;
  std::string reason_text;
  int64_t timestamp = 0;

  bool has_reason() const { return reason != 0 || !reason_text.empty(); }
};

struct SessionStateUpdate {
  std::string session_id;
  int64_t state = -1;
  int64_t reason = 0;
  std::string reason_text;
  int64_t timestamp = 0;
};

struct KeepAliveRequest {
  std::string
      timestamp;  // the JSON number as received, because the response must repeat it exactly
};

struct StreamCloseResponse {
  int64_t status = 0;
  std::string reason;
};

struct VideoSubscriptionResponse {
  uint64_t user_id = 0;
  bool subscribe = true;
  int64_t status = 0;
  std::string reason;
};

// How a transcript message changes a text of the same speaker and start.
enum class TextOperation { New, Update, Delete };

// Any of 14..18. The views point into the parser and live until its next call.
struct MediaData {
  Media media = Media::Audio;
  std::string_view payload;  // unchecked base64; text for a transcript; text or JSON for chat
  uint64_t user_id = 0;
  std::string_view user_name;
  std::string_view channel_id;
  int64_t timestamp = 0;  // Unix ms, 0 where absent
  std::optional<int64_t> length;
  std::optional<int64_t> start_time, end_time;
  std::optional<int64_t> language;
  std::optional<bool> is_final;
  TextOperation operation = TextOperation::New;

  ParticipantId from() const { return {user_id, channel_id}; }
  Speaker speaker() const { return {user_id, user_name, channel_id}; }
};

struct UnknownMessage {
  int64_t type = 0;
};

struct ParseError {
  std::string what;
};

using Message = std::variant<ParseError, UnknownMessage, SignalingResponse, DataResponse,
                             EventUpdate, StreamStateUpdate, SessionStateUpdate, KeepAliveRequest,
                             StreamCloseResponse, VideoSubscriptionResponse, MediaData>;

// ---- events, states, reasons, status codes -----------------------------------------------------

enum class EventType : int {
  FirstPacketTimestamp = 1,
  ActiveSpeakerChange = 2,
  ParticipantJoin = 3,
  ParticipantLeave = 4,
  SharingStart = 5,
  SharingStop = 6,
  MediaConnectionInterrupted = 7,
  ParticipantVideoOn = 8,
  ParticipantVideoOff = 9,
};

// Contact Center voice assigns other events to the numbers from 8 on.
enum class ContactCenterEvent : int {
  ConsumerAnswered = 8,
  ConsumerEnd = 9,
  UserAnswered = 10,
  UserEnd = 11,
  TransferEnd = 18,
  ConferenceEnd = 21,
};

enum class StreamState : int {
  Inactive,
  Active,
  Interrupted,
  Terminating,
  Terminated,
  Paused,
  Resumed
};

enum class StopReason : int {
  DataConnectionInterrupted = 14,
};

// A refusal without a number.
inline constexpr int64_t kNoStatus = -1;

enum class StatusCode : int {
  Ok = 0,
  InvalidSignature = 3,
  DuplicateSignalRequest = 8,
  AudioNotSupported = 9,
  ChatNotSupported = 13,
  MediaDataAllConnectionExist = 15,
  DuplicateMediaDataConnection = 16,
  DuplicateVideoSubscription = 44,
  InternalException = 45,
};

const char *status_name(int64_t code);    // "INVALID_SIGNATURE"; "UNKNOWN_STATUS" for others
const char *status_advice(int64_t code);  // what the user should check
// Returns the kind of media that a status refuses, as a whole or with the requested parameters.
std::optional<Media> media_of_status(int64_t code);
const char *stream_state_nick(int64_t state);   // "terminated"; "unknown"
const char *session_state_nick(int64_t state);  // "started"; "unknown"
const char *stop_reason_nick(int64_t reason);   // "meeting-ended"; "unknown"
// Whether the service restarts the stream on request, through its API.
bool is_restartable(int64_t reason);
// The nick, or the service's own text if the reason has no nick.
const char *reason_nick(int64_t reason, const std::string &text);
std::optional<int64_t> stop_reason_from_name(std::string_view name);  // "STOP_BC_MEETING_ENDED" → 6

}  // namespace rtms
