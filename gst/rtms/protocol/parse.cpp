// SPDX-License-Identifier: LGPL-2.1-or-later
#include "parse.h"

#include "json_read.h"
#include "mediaread.h"
#include "mediascan.h"
#include "shorten.h"

#include <glib.h>
#include <algorithm>
#include <iterator>

namespace rtms {

struct Parser::State {
  JsonReader reader;
  MediaReader media_reader;

  Message read(std::string_view text);
  Message message(simdjson::error_code error, JsonObject object, size_t size);
  // A connection lasts hours after an outsized message.
  void release_outsized() {
    reader.release_outsized();
    media_reader.release_outsized();
  }
};

namespace {

// More participants in one event than any meeting has: the rest is ignored.
constexpr size_t kMaxParticipants = 10000;
// Enough for all participants of a meeting, with names.
constexpr size_t kMaxControlMessage = 1 << 20;

void read_url(JsonValue value, std::string *url) {
  if (auto list = json_view(value))
    *url = first_url(*list);
}

// Accepts an older key of the screen share.
std::optional<Media> media_of_wire_key(std::string_view key) {
  for (Media media : kAllMedia)
    if (key == media_wire_key(media))
      return media;
  return key == "sharescreen" ? std::optional(Media::Screen) : std::nullopt;
}

void read_server_urls(JsonValue value, SignalingResponse *response) {
  if (!value.is_object()) {
    read_url(value, &response->all_url);
    return;
  }
  json_for_each(value, [&](std::string_view key, JsonValue url) {
    if (key == "all")
      read_url(url, &response->all_url);
    if (auto media = media_of_wire_key(key))
      read_url(url, &response->media_url[static_cast<unsigned>(*media)]);
  });
}

void assign(JsonValue value, std::string *text) {
  if (auto string = json_short_string(value))
    *text = *string;
}

void assign(JsonValue value, int64_t *number) {
  if (auto integer = json_int(value))
    *number = *integer;
}

void read_time(JsonValue value, int64_t *time) {
  *time = json_time(value).value_or(0);
}

bool same_letter(char a, char b) {
  return g_ascii_tolower(a) == g_ascii_tolower(b);
}

// Both ignore case.
bool is_word(std::string_view text, std::string_view word) {
  return std::equal(text.begin(), text.end(), word.begin(), word.end(), same_letter);
}
bool holds(std::string_view text, std::string_view words) {
  return std::search(text.begin(), text.end(), words.begin(), words.end(), same_letter) !=
         text.end();
}

// Reads the result of an answer. Servers use different members; some send a reason alone.
class StatusReader {
 public:
  explicit StatusReader(std::string *reason) : reason_(reason) {}

  // Returns false for unrelated members.
  bool take(std::string_view key, JsonValue value) {
    if (key == "status_code")
      code_ = json_int(value).value_or(kNoStatus);
    else if (key == "status")
      status_ = read_word(value);
    else if (key == "reason")
      assign(value, reason_);
    else
      return false;
    return true;
  }

  // `granted`: the message has members that only a success has.
  int64_t status(bool granted) const {
    const bool refused = !granted && !reason_->empty() && !is_good(*reason_);
    const int64_t status = code_ ? *code_ : status_.value_or(refused ? kNoStatus : 0);
    // Older servers use another number.
    if (status != 0 && holds(*reason_, "duplicate signal request"))
      return static_cast<int64_t>(StatusCode::DuplicateSignalRequest);
    return status;
  }

 private:
  static bool is_good(std::string_view word) {
    return is_word(word, "ok") || is_word(word, "success");
  }
  static int64_t read_word(JsonValue value) {
    if (auto number = json_int(value))
      return *number;
    return is_good(json_view(value).value_or("")) ? 0 : kNoStatus;
  }

  std::string *reason_;
  std::optional<int64_t> code_, status_;
};

void read_signaling_response(JsonObject object, SignalingResponse *response) {
  StatusReader status(&response->reason);
  json_for_each(object, [&](std::string_view key, JsonValue value) {
    if (status.take(key, value))
      return;
    if (key == "media_server_url")
      read_url(value, &response->all_url);
    else if (key == "server_urls")
      read_server_urls(value, response);
    else if (key == "media_server")
      json_for_each(value, [&](std::string_view inner_key, JsonValue inner) {
        if (inner_key == "server_urls")
          read_server_urls(inner, response);
      });
  });
  const bool granted = !response->all_url.empty() ||
                       std::any_of(std::begin(response->media_url), std::end(response->media_url),
                                   [](const std::string &url) { return !url.empty(); });
  response->status = status.status(granted);
}

void read_negotiated(JsonValue value, NegotiatedParams *params) {
  json_for_each(value, [&](std::string_view key, JsonValue member) {
    if (key == "content_type")
      params->content_type = json_int(member);
    else if (key == "codec")
      params->codec = json_int(member);
    else if (key == "sample_rate")
      params->sample_rate = json_int(member);
    else if (key == "channel")
      params->channels = json_int(member);
    else if (key == "data_opt")
      params->data_opt = json_int(member);
    else if (key == "send_rate")
      params->send_rate = json_int(member);
    else if (key == "resolution")
      params->resolution = json_int(member);
    else if (key == "fps")
      params->fps = json_int(member);
  });
}

void read_data_response(JsonObject object, DataResponse *response) {
  StatusReader status(&response->reason);
  bool granted = false;
  json_for_each(object, [&](std::string_view key, JsonValue value) {
    if (status.take(key, value))
      return;
    if (key == "payload_encrypted")
      response->payload_encrypted = json_bool(value).value_or(false);
    else if (key == "media_params") {
      granted = true;
      json_for_each(value, [&](std::string_view media_key, JsonValue params) {
        if (auto media = media_of_wire_key(media_key))
          read_negotiated(params, &response->params[static_cast<unsigned>(*media)]);
      });
    }
  });
  response->status = status.status(granted);
}

// The members that name a participant, in any object.
bool read_participant_field(std::string_view key, JsonValue value, Participant *participant) {
  if (key == "user_id" || key == "current_id")
    participant->user_id = user_of(json_uint(value).value_or(participant->user_id));
  else if (key == "user_name" || key == "display_name")
    assign(value, &participant->user_name);
  else if (key == "channel_id")
    assign(value, &participant->channel_id);
  else
    return false;
  return true;
}

void read_participants(JsonValue value, std::vector<Participant> *participants) {
  simdjson::dom::array array;
  if (value.get_array().get(array) != simdjson::SUCCESS)
    return;
  for (JsonValue item : array) {
    if (participants->size() >= kMaxParticipants)
      return;
    Participant participant;
    bool named = false;
    json_for_each(item, [&](std::string_view key, JsonValue member) {
      named |= read_participant_field(key, member, &participant);
    });
    if (named)
      participants->push_back(std::move(participant));
  }
}

void read_event(JsonValue body, EventUpdate *event) {
  Participant flat;
  bool has_flat = false;
  json_for_each(body, [&](std::string_view key, JsonValue value) {
    if (key == "event_type")
      assign(value, &event->type);
    else if (key == "timestamp" || key == "event_ts")
      read_time(value, &event->timestamp);
    else if (key == "participants")
      read_participants(value, &event->participants);
    else if (key == "participant_info" || key == "paticipant_info")
      json_for_each(value, [&](std::string_view inner_key, JsonValue inner) {
        has_flat |= read_participant_field(inner_key, inner, &flat);
      });
    else
      has_flat |= read_participant_field(key, value, &flat);
  });
  if (has_flat && event->participants.empty())
    event->participants.push_back(std::move(flat));
}

Message event_update(JsonObject object) {
  EventUpdate event;
  bool found = false;
  json_for_each(object, [&](std::string_view key, JsonValue value) {
    if (key != "event" || !value.is_object())
      return;
    found = true;
    event.json = json_text(value);
    read_event(value, &event);
  });
  if (!found)
    return ParseError{"event update without an event object"};
  return event;
}

// Messages 8 and 9 differ in one member only.
template <typename Update>
void read_state(JsonObject object, Update *update) {
  json_for_each(object, [&](std::string_view key, JsonValue value) {
    if (key == "state")
      assign(value, &update->state);
    else if (key == "reason" || key == "stop_reason")
      json_reason(value, &update->reason, &update->reason_text);
    else if (key == "timestamp")
      read_time(value, &update->timestamp);
    if constexpr (std::is_same_v<Update, SessionStateUpdate>)
      if (key == "rtms_session_id")
        assign(value, &update->session_id);
  });
}

void read_keep_alive(JsonObject object, KeepAliveRequest *request) {
  json_for_each(object, [&](std::string_view key, JsonValue value) {
    if (key == "timestamp" && (value.is_number() || json_int(value)))
      request->timestamp = json_text(value);
  });
}

void read_close_response(JsonObject object, StreamCloseResponse *response) {
  StatusReader status(&response->reason);
  json_for_each(object, [&](std::string_view key, JsonValue value) { status.take(key, value); });
  response->status = status.status(false);
}

void read_subscription(JsonObject object, VideoSubscriptionResponse *response) {
  StatusReader status(&response->reason);
  json_for_each(object, [&](std::string_view key, JsonValue value) {
    if (status.take(key, value))
      return;
    if (key == "user_id")
      response->user_id = json_uint(value).value_or(0);
    else if (key == "subscribe")
      response->subscribe = json_bool(value).value_or(true);
  });
  response->status = status.status(false);
}

template <typename T>
Message control(JsonObject object, void (*read)(JsonObject, T *)) {
  T message;
  read(object, &message);
  return message;
}

// A connection gets one such message, and fails if it is invalid.
bool answers_handshake(int64_t type) {
  return type == static_cast<int64_t>(MsgType::SignalingHandshakeResp) ||
         type == static_cast<int64_t>(MsgType::DataHandshakeResp);
}

std::optional<ParseError> refusal(int64_t type, size_t size) {
  if (size <= kMaxControlMessage || media_of(type) || answers_handshake(type))
    return std::nullopt;
  return ParseError{"msg_type " + std::to_string(type) + " with more than 1 MiB"};
}

Message control_message(int64_t type, JsonObject object) {
  switch (static_cast<MsgType>(type)) {
    case MsgType::SignalingHandshakeResp:
      return control(object, read_signaling_response);
    case MsgType::DataHandshakeResp:
      return control(object, read_data_response);
    case MsgType::EventUpdate:
      return event_update(object);
    case MsgType::StreamStateUpdate:
      return control(object, read_state<StreamStateUpdate>);
    case MsgType::SessionStateUpdate:
      return control(object, read_state<SessionStateUpdate>);
    case MsgType::KeepAliveReq:
      return control(object, read_keep_alive);
    case MsgType::StreamCloseResp:
      return control(object, read_close_response);
    case MsgType::VideoSubscriptionResp:
      return control(object, read_subscription);
    default:
      return UnknownMessage{type};
  }
}

}  // namespace

Parser::Parser() : state_(std::make_unique<State>()) {}
Parser::~Parser() = default;

Message Parser::parse(std::string_view text) {
  state_->release_outsized();
  return state_->read(state_->reader.padded(text));
}

Message Parser::parse_padded(std::string_view text) {
  static_assert(kPadding >= JsonReader::kPadding);
  state_->release_outsized();
  return state_->read(text);
}

void Parser::release_outsized() {
  state_->release_outsized();
}

Message Parser::State::read(std::string_view text) {
  if (auto media = scan_media(text))
    return *media;
  // simdjson needs 14 times the memory of the text.
  if (const auto type = first_number(text, "\"msg_type\""))
    if (const auto refused = refusal(*type, text.size()))
      return *refused;
  JsonObject object;
  const auto error = reader.read_padded(text, &object);
  return message(error, object, text.size());
}

Message Parser::State::message(simdjson::error_code error, JsonObject object, size_t size) {
  if (error)
    return ParseError{std::string("not a JSON object: ") + simdjson::error_message(error)};
  std::optional<int64_t> type;
  JsonValue value;
  if (object["msg_type"].get(value) == simdjson::SUCCESS)
    type = json_int(value);
  if (!type)
    return ParseError{"message without msg_type"};
  if (const auto media = media_of(*type))
    return media_reader.read(*media, object);
  if (const auto refused = refusal(*type, size))
    return *refused;
  return control_message(*type, object);
}

}  // namespace rtms
