// SPDX-License-Identifier: LGPL-2.1-or-later
#include "mediaread.h"

#include "json_read.h"

#include <utility>

namespace rtms {
namespace {

// Members of a media message; in `content`, from older servers beside it.
struct Members {
  std::optional<std::string_view> payload;
  std::optional<std::string> user_name, channel_id;
  std::optional<uint64_t> user_id;
  std::optional<int64_t> timestamp, length, start_time, end_time, language;
  std::optional<bool> is_final;
  std::optional<TextOperation> operation;
};

template <typename T>
void fall_back(std::optional<T> &value, const std::optional<T> &otherwise) {
  if (!value)
    value = otherwise;
}

// A text or a boolean says whether the text is final; a number is the operation on the text.
void read_attribute(JsonValue value, Members *members) {
  const auto text = json_view(value);
  std::optional<bool> is_final;
  if (value.is_bool())
    is_final = json_bool(value);
  else if (text == "final")
    is_final = true;
  else if (text == "interim" || text == "partial")
    is_final = false;
  else if (auto number = json_int(value))
    members->operation = *number == 2   ? TextOperation::Update
                         : *number == 3 ? TextOperation::Delete
                                        : TextOperation::New;
  if (!members->is_final)
    members->is_final = is_final;
}

// `data` of a chat message may be an object; then its JSON text.
std::optional<std::string_view> payload_of(JsonValue value, std::string *chat) {
  if (!value.is_object())
    return json_view(value);
  *chat = json_text(value);
  return *chat;
}

void read_member(MediaField field, JsonValue value, Members *members, std::string *chat) {
  switch (field) {
    case MediaField::Data:
      members->payload = payload_of(value, chat);
      break;
    case MediaField::UserId:
      members->user_id = json_uint(value);
      break;
    case MediaField::UserName:
      members->user_name = json_short_string(value);
      break;
    case MediaField::Timestamp:
      members->timestamp = json_time(value);
      break;
    case MediaField::Length:
      members->length = json_int(value);
      break;
    case MediaField::ChannelId:
      members->channel_id = json_short_string(value);
      break;
    case MediaField::StartTime:
      members->start_time = json_time(value);
      break;
    case MediaField::EndTime:
      members->end_time = json_time(value);
      break;
    case MediaField::Language:
      members->language = json_int(value);
      break;
    case MediaField::IsFinal:
      members->is_final = json_bool(value);
      break;
    case MediaField::Attribute:
      read_attribute(value, members);
      break;
    case MediaField::None:
    case MediaField::MsgType:
    case MediaField::Content:
      break;
  }
}

// Members missing in `members` are taken from `beside`.
Message message_of(Media media, Members members, const Members &beside, std::string *user_name,
                   std::string *channel_id) {
  fall_back(members.payload, beside.payload);
  fall_back(members.user_id, beside.user_id);
  fall_back(members.user_name, beside.user_name);
  fall_back(members.channel_id, beside.channel_id);
  fall_back(members.timestamp, beside.timestamp);
  fall_back(members.length, beside.length);
  fall_back(members.start_time, beside.start_time);
  fall_back(members.end_time, beside.end_time);
  fall_back(members.language, beside.language);
  fall_back(members.is_final, beside.is_final);
  fall_back(members.operation, beside.operation);
  // What takes a text back need not repeat it.
  if (!members.payload && members.operation == TextOperation::Delete)
    members.payload = "";
  if (!members.payload)
    return ParseError{std::string(media_nick(media)) + " message without data"};

  MediaData data;
  data.media = media;
  data.payload = *members.payload;
  data.user_id = user_of(members.user_id.value_or(0));
  *user_name = members.user_name.value_or("");
  data.user_name = *user_name;
  *channel_id = members.channel_id.value_or("");
  data.channel_id = *channel_id;
  data.timestamp = members.timestamp.value_or(0);
  data.length = members.length;
  data.start_time = members.start_time;
  data.end_time = members.end_time;
  data.language = members.language;
  data.is_final = members.is_final;
  data.operation = members.operation.value_or(TextOperation::New);
  return data;
}

void read_members(JsonValue object, Members *members, std::string *chat) {
  json_for_each(object, [&](std::string_view key, JsonValue value) {
    read_member(media_field(key), value, members, chat);
  });
}

}  // namespace

void MediaReader::release_outsized() {
  for (std::string *text : {&content_chat_, &beside_chat_})
    if (text->capacity() > kKeptText)
      std::string().swap(*text);
}

Message MediaReader::read(Media media, JsonObject object) {
  Members beside, content;
  json_for_each(object, [&](std::string_view key, JsonValue value) {
    const MediaField field = media_field(key);
    if (field == MediaField::Content && value.is_object())
      read_members(value, &content, &content_chat_);
    else if (field == MediaField::Content)
      content.payload = json_view(value);
    else
      read_member(field, value, &beside, &beside_chat_);
  });
  return message_of(media, std::move(content), beside, &user_name_, &channel_id_);
}

}  // namespace rtms
