#include "parse.h"

#include "json_read.h"

#include <algorithm>

namespace rtms {

struct Parser::Readers {
  JsonReader message;
  JsonReader inner;
};

namespace {

// More participants in one event than any meeting has: the rest is not believed.
constexpr size_t kMaxParticipants = 10000;

ParseError not_json(simdjson::error_code error) {
  return ParseError{std::string("not a JSON object: ") + simdjson::error_message(error)};
}

// ---- media: 14..18 ---------------------------------------------------------------------------

// The members of a media message; they stand in `content`, from older servers beside it.
struct MediaFields {
  std::optional<std::string_view> payload, user_name, channel_id;
  std::optional<uint64_t> user_id;
  std::optional<int64_t> timestamp, length, start_time, end_time, language;
  std::optional<bool> is_final;
};

template <typename T>
void fall_back(std::optional<T> &value, const std::optional<T> &otherwise) {
  if (!value)
    value = otherwise;
}

std::optional<bool> final_from_attribute(JsonValue value) {
  if (auto flag = json_bool(value))
    return flag;
  auto text = json_string(value);
  if (text == "final")
    return true;
  if (text == "interim" || text == "partial")
    return false;
  return std::nullopt;
}

// `data` of a chat message can be an object: then its text as it stands.
std::optional<std::string_view> payload_of(JsonValue value) {
  if (json_token(value) != "{")
    return json_string_in_place(value);
  std::string_view raw = json_raw_object(value);
  return raw.empty() ? std::nullopt : std::make_optional(raw);
}

void read_media_field(std::string_view key, JsonValue value, MediaFields *fields) {
  if (key == "data")
    fields->payload = payload_of(value);
  else if (key == "user_id")
    fields->user_id = json_uint(value);
  else if (key == "user_name")
    fields->user_name = json_string(value);
  else if (key == "timestamp")
    fields->timestamp = json_int(value);
  else if (key == "length")
    fields->length = json_int(value);
  else if (key == "channel_id")
    fields->channel_id = json_string(value);
  else if (key == "start_time")
    fields->start_time = json_int(value);
  else if (key == "end_time")
    fields->end_time = json_int(value);
  else if (key == "language")
    fields->language = json_int(value);
  else if (key == "is_final")
    fields->is_final = json_bool(value);
  else if (key == "attribute" && !fields->is_final)
    fields->is_final = final_from_attribute(value);
}

std::optional<Media> media_of(int64_t msg_type) {
  constexpr int64_t first = static_cast<int64_t>(MsgType::MediaDataAudio);
  if (msg_type < first || msg_type > static_cast<int64_t>(MsgType::MediaDataChat))
    return std::nullopt;
  return static_cast<Media>(msg_type - first);
}

Message media_message(Media media, MediaFields fields, const MediaFields &outer) {
  fall_back(fields.payload, outer.payload);
  fall_back(fields.user_id, outer.user_id);
  fall_back(fields.user_name, outer.user_name);
  fall_back(fields.channel_id, outer.channel_id);
  fall_back(fields.timestamp, outer.timestamp);
  fall_back(fields.length, outer.length);
  fall_back(fields.start_time, outer.start_time);
  fall_back(fields.end_time, outer.end_time);
  fall_back(fields.language, outer.language);
  fall_back(fields.is_final, outer.is_final);
  if (!fields.payload)
    return ParseError{std::string(media_nick(media)) + " message without data"};

  MediaData data;
  data.media = media;
  data.payload = *fields.payload;
  data.user_id = fields.user_id.value_or(0);
  data.user_name = fields.user_name.value_or("");
  data.channel_id = fields.channel_id.value_or("");
  data.timestamp = std::max<int64_t>(fields.timestamp.value_or(0), 0);
  data.length = fields.length;
  data.start_time = fields.start_time;
  data.end_time = fields.end_time;
  data.language = fields.language;
  data.is_final = fields.is_final;
  return data;
}

// ---- control: 1..13, 19..29 --------------------------------------------------------------------

std::string first_of_list(std::string_view urls) {
  return std::string(urls.substr(0, urls.find(',')));
}

void read_url(JsonValue value, std::string *url) {
  if (auto text = json_string(value))
    *url = first_of_list(*text);
}

void read_server_urls(JsonValue value, SignalingResponse *response) {
  if (json_token(value) != "{") {
    read_url(value, &response->all_url);
    return;
  }
  json_for_each_in(value, [&](std::string_view key, JsonValue url) {
    if (key == "all")
      read_url(url, &response->all_url);
    for (Media media : kAllMedia)
      if (key == media_wire_key(media))
        read_url(url, &response->media_url[static_cast<unsigned>(media)]);
  });
}

void assign(JsonValue value, std::string *text) {
  if (auto string = json_string(value))
    *text = *string;
}

void assign(JsonValue value, int64_t *number) {
  if (auto integer = json_int(value))
    *number = *integer;
}

simdjson::error_code read_signaling_response(JsonObject object, SignalingResponse *response) {
  return json_for_each(object, [&](std::string_view key, JsonValue value) {
    if (key == "status_code")
      assign(value, &response->status);
    else if (key == "reason")
      assign(value, &response->reason);
    else if (key == "media_server_url")
      read_url(value, &response->all_url);
    else if (key == "server_urls")
      read_server_urls(value, response);
    else if (key == "media_server")
      json_for_each_in(value, [&](std::string_view inner_key, JsonValue inner) {
        if (inner_key == "server_urls")
          read_server_urls(inner, response);
      });
  });
}

void read_negotiated(JsonValue value, NegotiatedParams *params) {
  json_for_each_in(value, [&](std::string_view key, JsonValue member) {
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

simdjson::error_code read_data_response(JsonObject object, DataResponse *response) {
  return json_for_each(object, [&](std::string_view key, JsonValue value) {
    if (key == "status_code")
      assign(value, &response->status);
    else if (key == "reason")
      assign(value, &response->reason);
    else if (key == "payload_encrypted")
      response->payload_encrypted = json_bool(value).value_or(false);
    else if (key == "media_params")
      json_for_each_in(value, [&](std::string_view media_key, JsonValue params) {
        for (Media media : kAllMedia)
          if (media_key == media_wire_key(media))
            read_negotiated(params, &response->params[static_cast<unsigned>(media)]);
      });
  });
}

// The members that name a participant, whatever holds them.
bool read_participant_field(std::string_view key, JsonValue value, Participant *participant) {
  if (key == "user_id" || key == "current_id")
    participant->user_id = json_uint(value).value_or(participant->user_id);
  else if (key == "user_name" || key == "display_name")
    assign(value, &participant->user_name);
  else if (key == "channel_id")
    assign(value, &participant->channel_id);
  else
    return false;
  return true;
}

void read_participants(JsonValue value, std::vector<Participant> *participants) {
  simdjson::ondemand::array array;
  if (json_token(value) != "[" || value.get_array().get(array) != simdjson::SUCCESS)
    return;
  for (auto element : array) {
    JsonValue item;
    if (element.get(item) != simdjson::SUCCESS || participants->size() >= kMaxParticipants)
      return;
    Participant participant;
    bool named = false;
    json_for_each_in(item, [&](std::string_view key, JsonValue member) {
      named |= read_participant_field(key, member, &participant);
    });
    if (named)
      participants->push_back(std::move(participant));
  }
}

simdjson::error_code read_event(JsonObject object, EventUpdate *event) {
  Participant flat;
  bool has_flat = false;
  auto error = json_for_each(object, [&](std::string_view key, JsonValue value) {
    if (key == "event_type")
      assign(value, &event->type);
    else if (key == "timestamp" || key == "event_ts")
      assign(value, &event->timestamp);
    else if (key == "participants")
      read_participants(value, &event->participants);
    else if (key == "participant_info")
      json_for_each_in(value, [&](std::string_view inner_key, JsonValue inner) {
        has_flat |= read_participant_field(inner_key, inner, &flat);
      });
    else
      has_flat |= read_participant_field(key, value, &flat);
  });
  if (has_flat && event->participants.empty())
    event->participants.push_back(std::move(flat));
  return error;
}

Message read_event_update(JsonObject object, JsonReader *inner) {
  EventUpdate event;
  std::string_view body;
  auto error = json_for_each(object, [&](std::string_view key, JsonValue value) {
    if (key == "event")
      body = json_raw_object(value);
  });
  if (error)
    return not_json(error);
  if (body.empty())
    return ParseError{"event update without an event object"};
  event.json = body;
  JsonObject members;
  error = inner->read_inner(body, &members);
  if (!error)
    error = read_event(members, &event);
  if (error)
    return not_json(error);
  return event;
}

// A number, or the reason's name as "STOP_BC_MEETING_ENDED".
void read_reason(JsonValue value, int64_t *reason, std::string *text) {
  if (auto number = json_int(value)) {
    *reason = *number;
    return;
  }
  assign(value, text);
  if (auto number = stop_reason_from_name(*text))
    *reason = *number;
}

// 8 and 9 differ in one member only.
template <typename Update>
simdjson::error_code read_state(JsonObject object, Update *update) {
  return json_for_each(object, [&](std::string_view key, JsonValue value) {
    if (key == "state")
      assign(value, &update->state);
    else if (key == "reason" || key == "stop_reason")
      read_reason(value, &update->reason, &update->reason_text);
    else if (key == "timestamp")
      assign(value, &update->timestamp);
    if constexpr (std::is_same_v<Update, SessionStateUpdate>)
      if (key == "rtms_session_id")
        assign(value, &update->session_id);
  });
}

simdjson::error_code read_keep_alive(JsonObject object, KeepAliveRequest *request) {
  return json_for_each(object, [&](std::string_view key, JsonValue value) {
    if (key == "timestamp")
      request->timestamp = json_number_token(value);
  });
}

simdjson::error_code read_close_response(JsonObject object, StreamCloseResponse *response) {
  return json_for_each(object, [&](std::string_view key, JsonValue value) {
    if (key == "status_code")
      assign(value, &response->status);
    else if (key == "reason")
      assign(value, &response->reason);
  });
}

simdjson::error_code read_subscription(JsonObject object, VideoSubscriptionResponse *response) {
  return json_for_each(object, [&](std::string_view key, JsonValue value) {
    if (key == "status_code")
      assign(value, &response->status);
    else if (key == "reason")
      assign(value, &response->reason);
    else if (key == "user_id")
      response->user_id = json_uint(value).value_or(0);
    else if (key == "subscribe")
      response->subscribe = json_bool(value).value_or(false);
  });
}

template <typename T>
Message control(JsonObject object, simdjson::error_code (*read)(JsonObject, T *)) {
  T message;
  if (auto error = read(object, &message))
    return not_json(error);
  return message;
}

Message control_message(int64_t type, JsonObject object, JsonReader *inner) {
  switch (static_cast<MsgType>(type)) {
    case MsgType::SignalingHandshakeResp:
      return control(object, read_signaling_response);
    case MsgType::DataHandshakeResp:
      return control(object, read_data_response);
    case MsgType::EventUpdate:
      return read_event_update(object, inner);
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

Parser::Parser() : readers_(std::make_unique<Readers>()) {}
Parser::~Parser() = default;

Message Parser::parse(std::string_view text) {
  JsonObject object;
  if (auto error = readers_->message.read(text, &object))
    return not_json(error);

  std::optional<int64_t> type;
  MediaFields outer, content;
  auto error = json_for_each(object, [&](std::string_view key, JsonValue value) {
    if (key == "msg_type")
      type = json_int(value);
    else if (key != "content")
      read_media_field(key, value, &outer);
    else if (json_token(value) == "{")
      json_for_each_in(value, [&](std::string_view inner_key, JsonValue inner) {
        read_media_field(inner_key, inner, &content);
      });
    else
      content.payload = json_string_in_place(value);
  });
  if (error)
    return not_json(error);
  if (!type)
    return ParseError{"message without msg_type"};
  if (auto media = media_of(*type))
    return media_message(*media, content, outer);

  // Few messages come here: reading them a second time keeps the path of the media short.
  if ((error = readers_->message.rewind(&object)))
    return not_json(error);
  return control_message(*type, object, &readers_->inner);
}

}  // namespace rtms
