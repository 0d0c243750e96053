// SPDX-License-Identifier: LGPL-2.1-or-later
#include "text.h"

#include "json_read.h"
#include "json_write.h"
#include "mediaread.h"

#include <algorithm>

namespace rtms {
namespace {

constexpr int64_t kFirstAbsolute_ms = 100'000'000'000;

int64_t absolute(int64_t time_ms, int64_t stream_start_ms) {
  int64_t sum_ms = 0;
  if (time_ms >= kFirstAbsolute_ms || __builtin_add_overflow(stream_start_ms, time_ms, &sum_ms))
    return time_ms;
  return sum_ms;
}

const char *operation_nick(int64_t type) {
  switch (type) {
    case 2:
      return "delete";
    case 3:
      return "update";
    case 4:
      return "emoji-add";
    case 5:
      return "emoji-remove";
    default:
      return "new";
  }
}

struct ChatFields {
  std::string text, message_id, user_name;
  uint64_t user_id = 0;
  int64_t operation = 1;
};

const char *operation_nick(TextOperation operation) {
  constexpr const char *nicks[] = {"new", "update", "delete"};
  return nicks[static_cast<unsigned>(operation)];
}

// Older servers send plain text; newer ones a JSON object, as text or as an object.
ChatFields read_chat(std::string_view payload) {
  ChatFields fields;
  JsonReader reader;
  JsonObject object;
  if (reader.read(payload, &object)) {
    fields.text = payload;
    return fields;
  }
  json_for_each(object, [&](std::string_view key, JsonValue value) {
    if (key == "data")
      fields.text = json_string(value).value_or("");
    else if (key == "message_id")
      fields.message_id = json_string(value).value_or("");
    else if (key == "operation_type")
      fields.operation = json_int(value).value_or(1);
    else if (key == "sender")
      json_for_each(value, [&](std::string_view sender_key, JsonValue of_sender) {
        if (sender_key == "user_id")
          fields.user_id = user_of(json_uint(of_sender).value_or(0));
        else if (sender_key == "user_name")
          fields.user_name = json_short_string(of_sender).value_or("");
      });
  });
  return fields;
}

}  // namespace

TextSpan transcript_span(const MediaData &data, int64_t stream_start_ms) {
  TextSpan span;
  span.guessed = !data.start_time;
  span.start = span.guessed ? data.timestamp : absolute(*data.start_time, stream_start_ms);
  span.end = data.end_time ? absolute(*data.end_time, stream_start_ms) : 0;
  // A pad whose line does not end says nothing of the time after it, and muxers wait.
  if (span.end < span.start || span.end - span.start > kLongestLine_ms)
    span.end = 0;
  // Where the start of the stream is unknown, relative times are far ahead.
  if (data.timestamp > 0 && span.start > data.timestamp &&
      span.start - data.timestamp > kMaxAhead_ms) {
    span.end = span.end ? data.timestamp + (span.end - span.start) : 0;
    span.start = data.timestamp;
    span.guessed = true;
  }
  return span;
}

std::string transcript_line(const MediaData &data, bool speaker) {
  std::string line;
  if (speaker && !data.user_name.empty())
    line = std::string(data.user_name) + ": ";
  line += data.payload;
  // NUL is valid UTF-8, but ends a string for many readers.
  line.erase(std::remove(line.begin(), line.end(), '\0'), line.end());
  return line;
}

std::string transcript_markup(const MediaData &data, bool speaker) {
  std::string markup;
  for (const char c : transcript_line(data, speaker)) {
    if (c == '&')
      markup += "&amp;";
    else if (c == '<')
      markup += "&lt;";
    else if (c == '>')
      markup += "&gt;";
    else
      markup += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
  }
  return markup;
}

int64_t reading_time_ms(std::string_view text) {
  constexpr int64_t kLeast_ms = 2000, kMost_ms = 7000, kCharacter_ms = 60;
  const auto characters =
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; });
  return std::clamp(1000 + characters * kCharacter_ms, kLeast_ms, kMost_ms);
}

std::string transcript_json(const MediaData &data, int64_t stream_start_ms) {
  const TextSpan span = transcript_span(data, stream_start_ms);
  JsonWriter json;
  json.member("user_id", static_cast<int64_t>(data.user_id))
      .member("user_name", std::string(data.user_name))
      .member("text", std::string(data.payload))
      .member("timestamp", data.timestamp)
      .member("start_time", span.start);
  if (span.guessed)
    json.member("start_time_guessed", true);
  if (span.end)
    json.member("end_time", span.end);
  if (data.language)
    json.member("language", *data.language);
  if (!data.channel_id.empty())
    json.member("channel_id", std::string(data.channel_id));
  json.member("final", data.is_final.value_or(true))
      .member("operation", std::string(operation_nick(data.operation)));
  return json.text();
}

// The sender is beside the payload, in it, or both.
std::string chat_json(const MediaData &data) {
  const ChatFields chat = read_chat(data.payload);
  const bool same_name = data.user_name.empty() || chat.user_name.empty() ||
                         std::string_view(chat.user_name) == data.user_name;
  const bool inside = same_name && (!data.user_id || !chat.user_id || data.user_id == chat.user_id);
  JsonWriter json;
  json.member("user_id", static_cast<int64_t>(inside && chat.user_id ? chat.user_id : data.user_id))
      .member("user_name",
              inside && data.user_name.empty() ? chat.user_name : std::string(data.user_name))
      .member("text", chat.text)
      .member("timestamp", data.timestamp)
      .member("message_id", chat.message_id)
      .member("operation", std::string(operation_nick(chat.operation)))
      .member("raw", std::string(data.payload));
  return json.text();
}

}  // namespace rtms
