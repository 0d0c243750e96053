// SPDX-License-Identifier: LGPL-2.1-or-later
#include "build.h"

#include "json_write.h"

namespace rtms {
namespace {

constexpr int kProtocolVersion = 1;

template <typename Enum>
int number(Enum value) {
  return static_cast<int>(value);
}

void begin_message(JsonWriter *json, MsgType type) {
  json->member("msg_type", number(type));
}

// Sources disagree on the id's key for products other than meetings: both keys are sent.
void add_identity(JsonWriter *json, const Identity &who) {
  json->member("meeting_uuid", who.id);
  const std::string key = product_id_key(who.product);
  if (key != "meeting_uuid")
    json->member(key.c_str(), who.id);
  if (!who.webinar_id.empty())
    json->member("webinar_uuid", who.webinar_id);
  json->member("rtms_stream_id", who.stream_id).member("signature", who.signature());
}

void add_video(JsonWriter *json, const VideoParams &video, bool is_screen) {
  json->member("content_type", number(video.content_type))
      .member("codec", number(video.codec))
      .member("resolution", number(video.resolution))
      .member("fps", video.fps);
  if (!is_screen)
    json->member("data_opt", number(video.data_opt));
}

void add_params(JsonWriter *json, Media media, const MediaParams &params) {
  const AudioParams &audio = params.audio;
  switch (media) {
    case Media::Audio:
      json->member("content_type", number(audio.content_type))
          .member("sample_rate", sample_rate_to_index(audio.rate_hz).value_or(1))
          .member("channel", audio.channels)
          .member("codec", number(audio.codec))
          .member("data_opt", number(audio.data_opt))
          .member("send_rate", audio.send_rate_ms);
      break;
    case Media::Video:
      add_video(json, params.video, false);
      break;
    case Media::Screen:
      add_video(json, params.screen, true);
      break;
    case Media::Transcript:
      json->member("content_type", number(ContentType::Text))
          .member("src_language", params.transcript.src_language)
          .member("enable_lid", params.transcript.enable_lid);
      break;
    case Media::Chat:
      json->member("content_type", number(ContentType::Text));
      break;
  }
}

}  // namespace

MediaMask wire_mask(MediaMask mask) {
  return mask == kMaskAll ? kWireMaskAll : mask;
}

std::string build_signaling_handshake(const Identity &who, MediaMask mask, bool unified,
                                      bool buffer_data, int64_t sequence) {
  JsonWriter json;
  begin_message(&json, MsgType::SignalingHandshakeReq);
  json.member("protocol_version", kProtocolVersion).member("sequence", sequence);
  add_identity(&json, who);
  json.member("buffer_data", buffer_data);
  if (!who.client_id.empty())
    json.member("client_id", who.client_id);
  json.member("stream_id", who.stream_id)
      .member("media_type", static_cast<int64_t>(unified ? wire_mask(mask) : mask));
  return json.text();
}

std::string build_data_handshake(const Identity &who, MediaMask mask, const MediaParams &params,
                                 int64_t sequence) {
  JsonWriter json;
  begin_message(&json, MsgType::DataHandshakeReq);
  json.member("protocol_version", kProtocolVersion).member("sequence", sequence);
  add_identity(&json, who);
  json.member("media_type", static_cast<int64_t>(wire_mask(mask)))
      .member("payload_encryption", false)
      .begin("media_params");
  for (Media media : kAllMedia) {
    if (!(mask & media_bit(media)))
      continue;
    json.begin(media_wire_key(media));
    add_params(&json, media, params);
    json.end();
  }
  json.end();
  return json.text();
}

std::string build_event_subscription(const std::vector<int> &event_types) {
  JsonWriter json;
  begin_message(&json, MsgType::EventSubscription);
  json_builder_set_member_name(json.builder(), "events");
  json_builder_begin_array(json.builder());
  for (int type : event_types) {
    // The service sends these without a subscription, and refuses one.
    if (type == number(EventType::FirstPacketTimestamp) ||
        type == number(EventType::MediaConnectionInterrupted))
      continue;
    json_builder_begin_object(json.builder());
    json.member("event_type", type).member("subscribe", true);
    json_builder_end_object(json.builder());
  }
  json_builder_end_array(json.builder());
  return json.text();
}

std::string build_client_ready(const Identity &who) {
  JsonWriter json;
  begin_message(&json, MsgType::ClientReadyAck);
  json.member("rtms_stream_id", who.stream_id);
  return json.text();
}

std::string build_keep_alive_response(const std::string &timestamp) {
  // By hand: json-glib would rewrite a timestamp received as a string or as 1.7e12.
  std::string json = "{\"msg_type\":" + std::to_string(number(MsgType::KeepAliveResp));
  if (!timestamp.empty())
    json += ",\"timestamp\":" + timestamp;
  return json + "}";
}

std::string build_stream_close(const Identity &who) {
  JsonWriter json;
  begin_message(&json, MsgType::StreamCloseReq);
  json.member("rtms_stream_id", who.stream_id);
  return json.text();
}

std::string build_video_subscription(uint64_t user_id, bool subscribe, int64_t timestamp_ms) {
  JsonWriter json;
  begin_message(&json, MsgType::VideoSubscriptionReq);
  json.member("user_id", static_cast<int64_t>(user_id))
      .member("subscribe", subscribe)
      .member("timestamp", timestamp_ms);
  return json.text();
}

std::vector<int> subscribable_events(Product product) {
  switch (product) {
    case Product::Meeting:
    case Product::Webinar:
      return {2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14};
    case Product::VideoSdk:
      return {2, 3, 4, 5, 6, 8, 9};
    case Product::ContactCenter: {
      std::vector<int> types = {2, 3, 4};
      for (int type = 8; type <= 34; type++)
        types.push_back(type);
      return types;
    }
    case Product::Phone:
      return {2, 3, 4};
  }
  return {};
}

}  // namespace rtms
