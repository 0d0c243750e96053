#include "json_read.h"

#include <glib.h>
#include <charconv>
#include <cstring>

namespace rtms {
namespace {

constexpr int64_t kLastTime_ms = 9'000'000'000'000;

// Below 2^63 every integer part fits; NaN fails both comparisons.
std::optional<int64_t> from_real(double real) {
  if (!(real > -9.2e18 && real < 9.2e18))
    return std::nullopt;
  return static_cast<int64_t>(real);
}

std::optional<int64_t> from_text(std::string_view text) {
  int64_t number = 0;
  const char *end = text.data() + text.size();
  auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error == std::errc() && stop == end)
    return number;
  double real = 0;
  auto [real_stop, real_error] = std::from_chars(text.data(), end, real);
  if (real_error != std::errc() || real_stop != end)
    return std::nullopt;
  return from_real(real);
}

}  // namespace

std::optional<int64_t> json_int(JsonValue value) {
  int64_t number = 0;
  if (value.get_int64().get(number) == simdjson::SUCCESS)
    return number;
  double real = 0;
  if (value.is_double() && value.get_double().get(real) == simdjson::SUCCESS)
    return from_real(real);
  if (auto text = json_view(value))
    return from_text(*text);
  return std::nullopt;
}

std::optional<uint64_t> json_uint(JsonValue value) {
  const int64_t number = json_int(value).value_or(-1);
  if (number < 0)
    return std::nullopt;
  return static_cast<uint64_t>(number);
}

std::optional<int64_t> json_time(JsonValue value) {
  const int64_t time_ms = json_int(value).value_or(-1);
  if (time_ms < 0 || time_ms > kLastTime_ms)
    return std::nullopt;
  return time_ms;
}

std::optional<bool> json_bool(JsonValue value) {
  bool flag = false;
  if (value.get_bool().get(flag) == simdjson::SUCCESS)
    return flag;
  if (auto number = json_int(value))
    return *number != 0;
  return std::nullopt;
}

std::optional<std::string_view> json_view(JsonValue value) {
  std::string_view text;
  if (value.get_string().get(text) != simdjson::SUCCESS)
    return std::nullopt;
  return text;
}

std::optional<std::string> json_string(JsonValue value) {
  if (auto text = json_view(value))
    return std::string(*text);
  if (value.is_int64() || value.is_uint64())
    return json_text(value);
  return std::nullopt;
}

std::string first_url(std::string_view list) {
  list = list.substr(0, list.find(','));
  while (!list.empty() && g_ascii_isspace(list.front()))
    list.remove_prefix(1);
  while (!list.empty() && g_ascii_isspace(list.back()))
    list.remove_suffix(1);
  return std::string(list);
}

std::string json_text(JsonValue value) {
  return simdjson::minify(value);
}

simdjson::error_code JsonReader::parse(std::string_view text, JsonValue *value) {
  if (capacity_ < text.size() + simdjson::SIMDJSON_PADDING) {
    capacity_ = text.size() + simdjson::SIMDJSON_PADDING;
    buffer_.reset(new char[capacity_]);
  }
  if (!text.empty())
    memcpy(buffer_.get(), text.data(), text.size());
  memset(buffer_.get() + text.size(), 0, simdjson::SIMDJSON_PADDING);
  return parser_.parse(buffer_.get(), text.size(), false).get(*value);
}

simdjson::error_code JsonReader::read(std::string_view text, JsonObject *object) {
  JsonValue value;
  if (auto error = read_any(text, &value))
    return error;
  return value.get_object().get(*object);
}

simdjson::error_code JsonReader::read_any(std::string_view text, JsonValue *value) {
  auto error = parse(text, value);
  if (error != simdjson::UTF8_ERROR)
    return error;
  // Only a binary frame can get here (WebSocket checks text frames): better a � than a lost
  // message.
  std::unique_ptr<char, void (*)(void *)> valid(
      g_utf8_make_valid(text.data(), static_cast<gssize>(text.size())), g_free);
  return parse(valid.get(), value);
}

}  // namespace rtms
