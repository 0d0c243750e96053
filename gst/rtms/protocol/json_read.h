// SPDX-License-Identifier: LGPL-2.1-or-later
// Reading JSON values as the wire means them: liberal about the type, never throwing. Private to
// this room.
#pragma once

#include <simdjson.h>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace rtms {

using JsonObject = simdjson::dom::object;
using JsonValue = simdjson::dom::element;

// A number, or a string that holds one. Fractions are cut off; what does not fit is nothing.
std::optional<int64_t> json_int(JsonValue value);

// The same, but nothing where it is negative.
std::optional<uint64_t> json_uint(JsonValue value);

// The last time in ms that fits into ns since 1970 (in the year 2255).
constexpr int64_t kLastTime_ms = 9'000'000'000'000;
constexpr int64_t kFirstTime_us = 100'000'000'000'000;

// A time in ms, or in µs where it is later than any in ms; nothing where it is negative or too
// late.
std::optional<int64_t> json_time(JsonValue value);

// true, false, or a number (0 is false).
std::optional<bool> json_bool(JsonValue value);

// A string, or the text of a whole number; nothing for other types.
std::optional<std::string> json_string(JsonValue value);

// The same as one line of at most kMaxShortText bytes, see one_line().
std::optional<std::string> json_short_string(JsonValue value);

// A string alone. The view lives as long as the document.
std::optional<std::string_view> json_view(JsonValue value);

// The whole number that is the value of an object's first member, if this is its key, in quotes, as
// it stands there: for texts of which a document would take too much memory.
std::optional<int64_t> first_number(std::string_view text, std::string_view key);

// The value as JSON text, without white space.
std::string json_text(JsonValue value);

// For texts up to this size memory is kept; simdjson takes 14 times as much.
constexpr size_t kKeptText = 256 << 10;

// One document at a time. The whole text is validated before anything of it is used, and nesting is
// bounded.
class JsonReader {
 public:
  // What `read_padded` reads after the text.
  static constexpr size_t kPadding = simdjson::SIMDJSON_PADDING;

  // A copy, padded, until the next call.
  std::string_view padded(std::string_view text);
  // Gives back what a text of more than kKeptText took. What the last document holds is gone then.
  void release_outsized() {
    if (capacity_ > kKeptText + kPadding || parser_.capacity() > kKeptText)
      release();
  }
  // All mend invalid UTF-8. What the value holds lives until the next call.
  simdjson::error_code read_any(std::string_view text, JsonValue *value);
  simdjson::error_code read(std::string_view text, JsonObject *object);
  // Without a copy of the text.
  simdjson::error_code read_padded(std::string_view text, JsonObject *object);

 private:
  simdjson::error_code parse(std::string_view text, JsonValue *value);
  simdjson::error_code parse_mended(std::string_view text, JsonValue *value);
  void release();

  simdjson::dom::parser parser_;
  std::unique_ptr<char[]> buffer_;
  size_t capacity_ = 0;
};

// Calls fn(key, value) for each member of an object; nothing happens for other types.
template <typename Fn>
void json_for_each(JsonValue value, Fn &&fn) {
  JsonObject object;
  if (value.get_object().get(object) == simdjson::SUCCESS)
    for (auto [key, member] : object)
      fn(key, member);
}

// Calls fn(item) for each item of an array; nothing happens for other types.
template <typename Fn>
void json_for_each_item(JsonValue value, Fn &&fn) {
  simdjson::dom::array array;
  if (value.get_array().get(array) == simdjson::SUCCESS)
    for (JsonValue item : array)
      fn(item);
}

template <typename Fn>
void json_for_each(JsonObject object, Fn &&fn) {
  for (auto [key, member] : object)
    fn(key, member);
}

}  // namespace rtms
