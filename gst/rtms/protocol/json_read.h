// Reading JSON values as the wire means them: liberal about the type, never throwing.
// Private to parse.cpp and webhook.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <simdjson.h>
#include <string>
#include <string_view>

namespace rtms {

using JsonObject = simdjson::ondemand::object;
using JsonValue = simdjson::ondemand::value;

// The value's text as it stands in the message, quotes included; "{" or "[" for a container.
std::string_view json_token(JsonValue value);

// A number, or a string that holds one. Fractions are cut off; what does not fit is nothing.
std::optional<int64_t> json_int(JsonValue value);
std::optional<uint64_t> json_uint(JsonValue value);

// true, false, or a number (0 is false).
std::optional<bool> json_bool(JsonValue value);

// A string without its escapes, or a number's text; nothing for other types. The view lives until
// the parser's next document.
std::optional<std::string_view> json_string(JsonValue value);

// The same, but a string without escapes is not copied: the view then points into the message.
std::optional<std::string_view> json_string_in_place(JsonValue value);

// A number's text as it stands on the wire, a string that holds a number with its quotes; else empty.
std::string_view json_number_token(JsonValue value);

// An object's text as it stands in the message; empty for other types.
std::string_view json_raw_object(JsonValue value);

// One document at a time, read from memory of its own that has the padding that simdjson needs.
class JsonReader {
 public:
  // Takes a copy of the text, mends invalid UTF-8, and returns the top-level object.
  simdjson::error_code read(std::string_view text, JsonObject *object);
  // The document from its start once more.
  simdjson::error_code rewind(JsonObject *object);
  // The same as read() for text that lies inside the document of another reader: no copy.
  simdjson::error_code read_inner(std::string_view text, JsonObject *object);

 private:
  simdjson::error_code iterate(const char *text, size_t size, size_t allocated, JsonObject *object);
  void load(std::string_view text);

  simdjson::ondemand::parser parser_;
  simdjson::ondemand::document document_;
  std::unique_ptr<char[]> buffer_;
  size_t capacity_ = 0;
};

// Calls fn(key, value) for each member; keys come without escapes.
template <typename Fn>
simdjson::error_code json_for_each(JsonObject object, Fn &&fn) {
  for (auto field : object) {
    std::string_view key;
    JsonValue value;
    if (auto error = field.unescaped_key().get(key))
      return error;
    if (auto error = field.value().get(value))
      return error;
    fn(key, value);
  }
  return simdjson::SUCCESS;
}

// The value as an object, then as json_for_each; nothing happens for other types.
template <typename Fn>
void json_for_each_in(JsonValue value, Fn &&fn) {
  JsonObject object;
  if (json_token(value).substr(0, 1) == "{" && value.get_object().get(object) == simdjson::SUCCESS)
    (void) json_for_each(object, fn);
}

}  // namespace rtms
