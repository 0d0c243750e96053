#include "json_read.h"

#include <charconv>
#include <cmath>
#include <cstring>
#include <glib.h>

namespace rtms {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && g_ascii_isspace(text.back()))
    text.remove_suffix(1);
  return text;
}

// The inside of a quoted token; the token itself otherwise.
std::string_view unquoted(std::string_view token) {
  if (token.size() >= 2 && token.front() == '"' && token.back() == '"')
    return token.substr(1, token.size() - 2);
  return token;
}

template <typename Int>
std::optional<Int> to_integer(std::string_view text) {
  Int number{};
  const char *end = text.data() + text.size();
  auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error == std::errc() && stop == end)
    return number;
  // A fraction or an exponent: 1738392033699.0 and 1.7e12 are timestamps, too.
  double real = 0;
  auto [real_stop, real_error] = std::from_chars(text.data(), end, real);
  // Below 2^63 every integer part fits both types; NaN fails both comparisons.
  if (real_error != std::errc() || real_stop != end || !(real < 9.2e18))
    return std::nullopt;
  if (!(real >= (std::is_signed_v<Int> ? -9.2e18 : 0.0)))
    return std::nullopt;
  return static_cast<Int>(real);
}

}  // namespace

std::string_view json_token(JsonValue value) {
  return trimmed(value.raw_json_token());
}

std::optional<int64_t> json_int(JsonValue value) {
  return to_integer<int64_t>(unquoted(json_token(value)));
}

std::optional<uint64_t> json_uint(JsonValue value) {
  return to_integer<uint64_t>(unquoted(json_token(value)));
}

std::optional<bool> json_bool(JsonValue value) {
  std::string_view token = unquoted(json_token(value));
  if (token == "true")
    return true;
  if (token == "false")
    return false;
  if (auto number = json_int(value))
    return *number != 0;
  return std::nullopt;
}

std::optional<std::string_view> json_string(JsonValue value) {
  std::string_view token = json_token(value);
  if (token.empty())
    return std::nullopt;
  if (token.front() != '"')
    return to_integer<int64_t>(token) ? std::make_optional(token) : std::nullopt;
  std::string_view text;
  if (value.get_string().get(text) != simdjson::SUCCESS)
    return std::nullopt;
  return text;
}

std::optional<std::string_view> json_string_in_place(JsonValue value) {
  std::string_view token = json_token(value);
  if (token.size() >= 2 && token.front() == '"' && token.back() == '"' &&
      !memchr(token.data(), '\\', token.size()))
    return unquoted(token);
  return json_string(value);
}

std::string_view json_number_token(JsonValue value) {
  std::string_view token = json_token(value);
  return to_integer<int64_t>(unquoted(token)) ? token : std::string_view();
}

std::string_view json_raw_object(JsonValue value) {
  JsonObject object;
  std::string_view raw;
  if (json_token(value).substr(0, 1) != "{" || value.get_object().get(object) ||
      object.raw_json().get(raw))
    return {};
  return trimmed(raw);
}

void JsonReader::load(std::string_view text) {
  if (capacity_ < text.size() + simdjson::SIMDJSON_PADDING) {
    capacity_ = text.size() + simdjson::SIMDJSON_PADDING;
    buffer_.reset(new char[capacity_]);
  }
  if (!text.empty())
    memcpy(buffer_.get(), text.data(), text.size());
  memset(buffer_.get() + text.size(), 0, simdjson::SIMDJSON_PADDING);
}

simdjson::error_code JsonReader::iterate(const char *text, size_t size, size_t allocated,
                                         JsonObject *object) {
  if (auto error = parser_.iterate(text, size, allocated).get(document_))
    return error;
  return document_.get_object().get(*object);
}

simdjson::error_code JsonReader::read(std::string_view text, JsonObject *object) {
  load(text);
  auto error = iterate(buffer_.get(), text.size(), capacity_, object);
  if (error != simdjson::UTF8_ERROR)
    return error;
  // Only a binary frame can get here (WebSocket checks text frames): better a � than a lost message.
  std::unique_ptr<char, void (*)(void *)> valid(
      g_utf8_make_valid(text.data(), static_cast<gssize>(text.size())), g_free);
  std::string_view mended(valid.get());
  load(mended);
  return iterate(buffer_.get(), mended.size(), capacity_, object);
}

simdjson::error_code JsonReader::rewind(JsonObject *object) {
  document_.rewind();
  return document_.get_object().get(*object);
}

simdjson::error_code JsonReader::read_inner(std::string_view text, JsonObject *object) {
  return iterate(text.data(), text.size(), text.size() + simdjson::SIMDJSON_PADDING, object);
}

}  // namespace rtms
