// SPDX-License-Identifier: LGPL-2.1-or-later
#include "rules.h"

#include <algorithm>

#include "crypto.h"

namespace rtmstest {

namespace {

constexpr const char *kStatusNames[] = {
    "OK",
    "INVALID_MESSAGE_TYPE",
    "INVALID_RTMS_STREAM_ID",
    "INVALID_SIGNATURE",
    "INVALID_PAYLOAD",
    "INVALID_EVENTS",
    "INVALID_EVENT_TYPE",
    "INVALID_MEDIA_TYPE",
    "DUPLICATE_SIGNAL_REQUEST",
    "MEDIA_TYPE_AUDIO_NOT_SUPPORT",
    "MEDIA_TYPE_VIDEO_NOT_SUPPORT",
    "MEDIA_TYPE_DESKSHARE_NOT_SUPPORT",
    "MEDIA_TYPE_TRANSCRIPT_NOT_SUPPORT",
    "MEDIA_TYPE_CHAT_NOT_SUPPORT",
    "MEDIA_TYPE_INVALID_VALUE",
    "MEDIA_DATA_ALL_CONNECTION_EXIST",
    "DUPLICATE_MEDIA_DATA_CONNECTION",
    "INVALID_MEDIA_PARAMS",
    "INVALID_MEDIA_AUDIO_PARAMS",
    "INVALID_MEDIA_AUDIO_CONTENT_TYPE",
    "INVALID_MEDIA_AUDIO_SAMPLE_RATE",
    "INVALID_MEDIA_AUDIO_CHANNEL",
    "INVALID_MEDIA_AUDIO_CODEC",
    "INVALID_MEDIA_AUDIO_DATA_OPT",
    "INVALID_MEDIA_AUDIO_SEND_RATE",
    "INVALID_MEDIA_VIDEO_PARAMS",
    "INVALID_MEDIA_VIDEO_CONTENT_TYPE",
    "INVALID_MEDIA_VIDEO_CODEC",
    "INVALID_MEDIA_VIDEO_RESOLUTION",
    "INVALID_MEDIA_VIDEO_DATA_OPT",
    "INVALID_MEDIA_VIDEO_FPS",
    "INVALID_MEDIA_DESKSHARE_PARAMS",
    "INVALID_MEDIA_DESKSHARE_CONTENT_TYPE",
    "INVALID_MEDIA_DESKSHARE_CODEC",
    "INVALID_MEDIA_DESKSHARE_RESOLUTION",
    "INVALID_MEDIA_DESKSHARE_FPS",
    "INVALID_MEDIA_TRANSCRIPT_PARAMS",
    "INVALID_MEDIA_TRANSCRIPT_CONTENT_TYPE",
    "INVALID_MEDIA_CHAT_PARAMS",
    "INVALID_MEDIA_CHAT_CONTENT_TYPE",
    "INVALID_RTMS_SESSION_ID",
    "INVALID_CLIENT_READY_ACK",
    "INVALID_EVENT_SUBSCRIBE",
    "INVALID_MEDIA_TRANSCRIPT_SOURCE_LANGUAGE",
    "DUPLICATE_VIDEO_SUBSCRIPTION",
    "INTERNAL_EXCEPTION",
    "INVALID_MEDIA_TRANSCRIPT_TARGET_LANGUAGE",
    "CHAT_SESSION_KEY_NOT_AVAILABLE",
};

constexpr int kParamsStatus[kMediaCount] = {kAudioParams, kVideoParams, kDeskshareParams,
                                            kTranscriptParams, kChatParams};

// A member that may be absent, but not something else.
Verdict check_optional_string(JsonObject *request, const char *key, const std::string &expected,
                              int status) {
  if (!json_object_has_member(request, key))
    return {};
  if (get_string(request, key) == expected)
    return {};
  return {status, std::string(key) + " is not the expected one"};
}

// Under the product's key, or meeting_uuid, or both.
Verdict check_id(JsonObject *request, const Identity &identity, bool strict) {
  std::set<std::string> keys = {"meeting_uuid", product_key(identity.product)};
  if (identity.product == Product::Webinar && (!strict || !identity.webinar_uuid.empty()))
    keys.insert("webinar_uuid");
  bool named = false;
  for (const std::string &key : keys) {
    named = named || json_object_has_member(request, key.c_str());
    const bool second = key == "webinar_uuid" && !identity.webinar_uuid.empty();
    const std::string &expected = second ? identity.webinar_uuid : identity.id;
    Verdict verdict = check_optional_string(request, key.c_str(), expected, kInvalidPayload);
    if (verdict.status)
      return verdict;
  }
  return named ? Verdict{} : Verdict{kInvalidPayload, "no meeting_uuid"};
}

bool integer_or_absent(JsonObject *request, const char *key) {
  return !json_object_has_member(request, key) || get_int(request, key);
}

// What both handshakes have in common.
Verdict check_credentials(JsonObject *request, const Identity &identity, bool strict) {
  if (get_int(request, "protocol_version") != 1)
    return {kInvalidPayload, "protocol_version"};
  if (strict ? !get_int(request, "sequence") : !integer_or_absent(request, "sequence"))
    return {kInvalidPayload, "sequence"};
  auto stream_id = get_string(request, "rtms_stream_id");
  if (!stream_id)
    return {kInvalidPayload, "no rtms_stream_id"};
  if (*stream_id != identity.stream_id)
    return {kInvalidStreamId, "unknown stream"};
  Verdict verdict = check_id(request, identity, strict);
  if (verdict.status)
    return verdict;
  auto signature = get_string(request, "signature");
  if (!signature)
    return {kInvalidPayload, "no signature"};
  if (!equal_constant_time(*signature, identity.signature))
    return {kInvalidSignature, "wrong signature"};
  return {};
}

// Contact Center has all that it offers at the URL of audio, too; strictly, what has no other URL.
bool belongs_to(int64_t mask, Media endpoint, const Config &config) {
  if (mask == media_bit(endpoint))
    return true;
  if (config.product != Product::ContactCenter || endpoint != Media::Audio)
    return false;
  const bool transcript = mask == media_bit(Media::Transcript);
  if (config.strict)
    return transcript && config.no_url.count(Media::Transcript) && !config.offer_all;
  return transcript || mask == kAllMask;
}

bool known_event(int64_t type, Product product) {
  return type >= 1 && type <= (product == Product::ContactCenter ? 34 : 14);
}

}  // namespace

const char *status_name(int status) {
  constexpr int count = sizeof kStatusNames / sizeof kStatusNames[0];
  return status >= 0 && status < count ? kStatusNames[status] : "UNKNOWN";
}

const char *media_name(Media m) {
  constexpr const char *names[kMediaCount] = {"audio", "video", "deskshare", "transcript", "chat"};
  return names[static_cast<std::size_t>(m)];
}

std::string socket_name(Where where) {
  return where ? std::string("media/") + media_name(*where) : "signaling";
}

int64_t media_bit(Media m) {
  return int64_t{1} << static_cast<int>(m);
}

std::vector<Media> media_of_mask(int64_t mask) {
  if (mask == kAllMask)
    return {kAllMedia.begin(), kAllMedia.end()};
  std::vector<Media> media;
  if (mask < 1 || mask >= kAllMask - 1)
    return media;
  std::copy_if(kAllMedia.begin(), kAllMedia.end(), std::back_inserter(media),
               [mask](Media m) { return mask & media_bit(m); });
  return media;
}

std::vector<Media> wanted_media(int64_t mask, const Config &config) {
  std::vector<Media> media = media_of_mask(mask);
  if (!config.strict && mask == kAllMask)
    media.erase(std::remove_if(media.begin(), media.end(),
                               [&config](Media m) { return !config.offered.count(m); }),
                media.end());
  return media;
}

const char *product_key(Product product) {
  switch (product) {
    case Product::Session:
      return "session_id";
    case Product::ContactCenter:
      return "engagement_id";
    case Product::Phone:
      return "call_id";
    case Product::Meeting:
    case Product::Webinar:
      break;
  }
  return "meeting_uuid";
}

Verdict check_type(JsonObject *request, int msg_type) {
  if (!request)
    return {kInvalidPayload, "not a JSON object"};
  auto type = get_int(request, "msg_type");
  if (!type)
    return {kInvalidPayload, "no msg_type"};
  if (*type != msg_type)
    return {kInvalidMessageType,
            "msg_type " + std::to_string(*type) + " instead of " + std::to_string(msg_type)};
  return {};
}

Verdict check_signaling(JsonObject *request, const Identity &identity, const Config &config) {
  Verdict verdict = check_credentials(request, identity, config.strict);
  if (verdict.status)
    return verdict;
  if (json_object_has_member(request, "buffer_data") && !get_bool(request, "buffer_data"))
    return {kInvalidPayload, "buffer_data is not a boolean"};
  verdict = check_optional_string(request, "client_id", identity.client_id, kInvalidPayload);
  if (verdict.status)
    return verdict;
  verdict = check_optional_string(request, "stream_id", identity.stream_id, kInvalidStreamId);
  if (verdict.status)
    return verdict;
  // Here it only announces, so the union of all five is taken, too.
  int64_t mask = get_int(request, "media_type").value_or(0);
  if (json_object_has_member(request, "media_type") && (mask < 1 || mask > kAllMask))
    return {kMediaTypeInvalidValue, "media_type"};
  return {};
}

Verdict check_media(JsonObject *request, const Identity &identity, Where endpoint,
                    const Config &config) {
  Verdict verdict = check_credentials(request, identity, config.strict);
  if (verdict.status)
    return verdict;
  if (json_object_has_member(request, "payload_encryption") &&
      get_bool(request, "payload_encryption") != false)
    return {kInvalidPayload, "payload_encryption"};
  if (!json_object_has_member(request, "media_type"))
    return {kInvalidPayload, "no media_type"};
  int64_t mask = get_int(request, "media_type").value_or(0);
  if (media_of_mask(mask).empty())
    return {kMediaTypeInvalidValue, "media_type " + std::to_string(mask)};
  if (endpoint && !belongs_to(mask, *endpoint, config))
    return {kInvalidMediaType, "media_type " + std::to_string(mask) + " at this URL"};
  std::vector<Media> media = wanted_media(mask, config);
  for (Media m : media)
    if (!config.offered.count(m))
      return {kAudioNotSupported + static_cast<int>(m),
              std::string(media_name(m)) + " not offered"};
  JsonObject *params = get_object(request, "media_params");
  if (!params && (config.strict || json_object_has_member(request, "media_params")))
    return {kInvalidMediaParams, "no media_params"};
  for (Media m : media) {
    bool there = params && json_object_has_member(params, media_name(m));
    if (!get_object(params, media_name(m)) && (config.strict || there))
      return {kParamsStatus[static_cast<int>(m)], std::string("no ") + media_name(m)};
    NodePtr own = parse_object(asked_params(m, params, config));
    verdict = check_params(m, json_node_get_object(own.get()), config);
    if (verdict.status)
      return verdict;
  }
  return {};
}

std::vector<std::string> surplus_params(JsonObject *request) {
  std::vector<Media> media = media_of_mask(get_int(request, "media_type").value_or(0));
  JsonObject *params = get_object(request, "media_params");
  std::vector<std::string> surplus;
  if (media.empty())
    return surplus;  // the mask is wrong, not the parameters
  for (Media m : kAllMedia) {
    bool wanted = std::find(media.begin(), media.end(), m) != media.end();
    if (!wanted && params && json_object_has_member(params, media_name(m)))
      surplus.push_back(media_name(m));
  }
  return surplus;
}

bool unasked_event(int64_t type) {
  return type == 1 || type == 7;
}

Verdict check_subscription(JsonObject *request, const Config &config) {
  JsonNode *node = json_object_get_member(request, "events");
  if (!node || !JSON_NODE_HOLDS_ARRAY(node))
    return {kInvalidEvents, "no array of events"};
  JsonArray *events = json_node_get_array(node);
  if (json_array_get_length(events) == 0)
    return {kInvalidEvents, "no events"};
  for (guint i = 0; i < json_array_get_length(events); i++) {
    JsonNode *element = json_array_get_element(events, i);
    if (!JSON_NODE_HOLDS_OBJECT(element))
      return {kInvalidEvents, "event is not an object"};
    JsonObject *event = json_node_get_object(element);
    auto type = get_int(event, "event_type");
    if (!type || !known_event(*type, config.product))
      return {kInvalidEventType, "unknown event_type"};
    if (config.strict && unasked_event(*type))
      return {kInvalidEventType, "event_type " + std::to_string(*type) + " is sent unasked"};
    bool absent = !config.strict && !json_object_has_member(event, "subscribe");
    if (!absent && !get_bool(event, "subscribe"))
      return {kInvalidSubscribe, "subscribe is not a boolean"};
  }
  return {};
}

}  // namespace rtmstest
