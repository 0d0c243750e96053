// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads JSON values leniently: types are converted, nothing throws.
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

// A number, or a string that holds one. Fractions are cut off; values out of range yield nothing.
std::optional<int64_t> json_int(JsonValue value);

// The same; negative values yield nothing.
std::optional<uint64_t> json_uint(JsonValue value);

// The last time in ms that fits into ns since 1970 (in the year 2255).
constexpr int64_t kLastTime_ms = 9'000'000'000'000;
constexpr int64_t kFirstTime_us = 100'000'000'000'000;

// A time in ms; values later than kLastTime_ms are taken as µs. Negative or later ones yield
// nothing.
std::optional<int64_t> json_time(JsonValue value);

// true, false, or a number (0 is false).
std::optional<bool> json_bool(JsonValue value);

// A string, or the text of a whole number; other types yield nothing.
std::optional<std::string> json_string(JsonValue value);

// The same as one line of at most kMaxShortText bytes; see one_line().
std::optional<std::string> json_short_string(JsonValue value);

// A string only. The view lives as long as the document.
std::optional<std::string_view> json_view(JsonValue value);

// Returns the whole number of an object's first member if its key is `key`, quotes included. For
// texts that need too much memory as a document.
std::optional<int64_t> first_number(std::string_view text, std::string_view key);

// The value as JSON text, without white space.
std::string json_text(JsonValue value);

// Memory for texts up to this size is kept between calls; simdjson needs 14 times as much.
constexpr size_t kKeptText = 256 << 10;

// Holds one document at a time. The whole text is validated before any value is returned; nesting
// is limited.
class JsonReader {
 public:
  // Bytes after the text that `read_padded` reads.
  static constexpr size_t kPadding = simdjson::SIMDJSON_PADDING;

  // Returns a padded copy, valid until the next call.
  std::string_view padded(std::string_view text);
  // Frees the memory of a text larger than kKeptText. Invalidates the last document.
  void release_outsized() {
    if (capacity_ > kKeptText + kPadding || parser_.capacity() > kKeptText)
      release();
  }
  // All three replace invalid UTF-8, and numbers that are out of range by null. The value's
  // contents live until the next call.
  simdjson::error_code read_any(std::string_view text, JsonValue *value);
  simdjson::error_code read(std::string_view text, JsonObject *object);
  // Reads without a copy of the text.
  simdjson::error_code read_padded(std::string_view text, JsonObject *object);

 private:
  simdjson::error_code parse(std::string_view text, JsonValue *value);
  simdjson::error_code parse_mended(std::string_view text, JsonValue *value);
  void release();

  simdjson::dom::parser parser_;
  std::unique_ptr<char[]> buffer_;
  size_t capacity_ = 0;
};

// Reads why a stream has ended: a number, or a name such as "STOP_BC_MEETING_ENDED", which is kept.
void json_reason(JsonValue value, int64_t *reason, std::string *name);

// Calls fn(key, value) for each member of an object; does nothing for other types.
template <typename Fn>
void json_for_each(JsonValue value, Fn &&fn) {
  JsonObject object;
  if (value.get_object().get(object) == simdjson::SUCCESS)
    for (auto [key, member] : object)
      fn(key, member);
}

// Calls fn(item) for each item of an array; does nothing for other types.
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
