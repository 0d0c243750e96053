// SPDX-License-Identifier: LGPL-2.1-or-later
#include "json_read.h"

#include "shorten.h"
#include "types.h"

#include <glib.h>
#include <charconv>
#include <cstring>

namespace rtms {
namespace {

// Some programs write it before a text.
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

// Every integer part below 2^63 fits; NaN fails both comparisons.
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

// Returns the code unit of an escape \uXXXX at that index; nothing if there is none.
std::optional<unsigned> unicode_escape(std::string_view text, size_t at) {
  if (at + 6 > text.size() || text[at] != '\\' || text[at + 1] != 'u')
    return std::nullopt;
  unsigned unit = 0;
  const char *end = text.data() + at + 6;
  auto [stop, error] = std::from_chars(text.data() + at + 2, end, unit, 16);
  if (error != std::errc() || stop != end)
    return std::nullopt;
  return unit;
}

bool is_high(unsigned unit) {
  return unit >= 0xd800 && unit < 0xdc00;
}

bool is_low(unsigned unit) {
  return unit >= 0xdc00 && unit < 0xe000;
}

// Replaces lone surrogates by �: programs that cut texts between UTF-16 units leave them.
std::string mend_surrogates(std::string_view text) {
  std::string mended(text);
  for (size_t at = mended.find('\\'); at != std::string::npos; at = mended.find('\\', at)) {
    const auto unit = unicode_escape(mended, at);
    if (!unit) {
      at += 2;
      continue;
    }
    const bool pair = is_high(*unit) && is_low(unicode_escape(mended, at + 6).value_or(0));
    if (!pair && (is_high(*unit) || is_low(*unit)))
      mended.replace(at, 6, "\\ufffd");
    at += pair ? 12 : 6;
  }
  return mended;
}

std::string valid_utf8(std::string_view text) {
  const std::unique_ptr<char, void (*)(void *)> valid(
      g_utf8_make_valid(text.data(), static_cast<gssize>(text.size())), g_free);
  return valid.get();
}

template <typename Number>
bool is_out_of_range(std::string_view token) {
  Number number = 0;
  const char *end = token.data() + token.size();
  const auto [stop, error] = std::from_chars(token.data(), end, number);
  return stop == end && error == std::errc::result_out_of_range;
}

// Integers beyond 64 bits, and others beyond a double. Both are valid JSON, but no number here.
bool is_too_large(std::string_view token) {
  if (token.find_first_of(".eE") != std::string_view::npos)
    return is_out_of_range<double>(token);
  return token[0] == '-' ? is_out_of_range<int64_t>(token) : is_out_of_range<uint64_t>(token);
}

// Returns the end of the string that begins at `at`.
size_t after_string(std::string_view text, size_t at) {
  for (at++; at < text.size() && text[at] != '"'; at++)
    at += text[at] == '\\';
  return std::min(at + 1, text.size());
}

// Replaces numbers that are too large by null.
std::string mend_numbers(std::string_view text) {
  constexpr std::string_view kNumber = "-0123456789", kInNumber = "+-.0123456789eE";
  std::string mended;
  for (size_t at = 0; at < text.size();) {
    size_t end = at + 1;
    if (text[at] == '"')
      end = after_string(text, at);
    else if (kNumber.find(text[at]) != std::string_view::npos)
      end = std::min(text.find_first_not_of(kInNumber, at), text.size());
    const std::string_view token = text.substr(at, end - at);
    mended += token.size() > 1 && token[0] != '"' && is_too_large(token) ? "null" : token;
    at = end;
  }
  return mended;
}

// Returns nothing if the text cannot be mended. simdjson names a large number by errors that depend
// on its version.
std::optional<std::string> mend(std::string_view text, simdjson::error_code error) {
  switch (error) {
    case simdjson::UTF8_ERROR:
      return valid_utf8(text);
    case simdjson::STRING_ERROR:
      return mend_surrogates(text);
    case simdjson::CAPACITY:
    case simdjson::MEMALLOC:
    case simdjson::TAPE_ERROR:
    case simdjson::DEPTH_ERROR:
    case simdjson::T_ATOM_ERROR:
    case simdjson::F_ATOM_ERROR:
    case simdjson::N_ATOM_ERROR:
    case simdjson::UNESCAPED_CHARS:
    case simdjson::UNCLOSED_STRING:
    case simdjson::EMPTY:
      return std::nullopt;
    default:
      return mend_numbers(text);
  }
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
  int64_t time_ms = json_int(value).value_or(-1);
  if (time_ms >= kFirstTime_us)
    time_ms /= 1000;
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

std::optional<std::string> json_short_string(JsonValue value) {
  auto text = json_string(value);
  if (text)
    text = one_line(shorten(*text));
  return text;
}

std::optional<int64_t> first_number(std::string_view text, std::string_view key) {
  constexpr std::string_view kSpace = " \t\r\n";
  const auto skip_space = [&] {
    text.remove_prefix(std::min(text.find_first_not_of(kSpace), text.size()));
  };
  for (const std::string_view token : {std::string_view("{"), key, std::string_view(":")}) {
    skip_space();
    if (text.substr(0, token.size()) != token)
      return std::nullopt;
    text.remove_prefix(token.size());
  }
  skip_space();
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && text[0] != '-' ? std::optional(number) : std::nullopt;
}

std::string json_text(JsonValue value) {
  return simdjson::minify(value);
}

std::string_view JsonReader::padded(std::string_view text) {
  if (capacity_ < text.size() + kPadding) {
    capacity_ = text.size() + kPadding;
    buffer_.reset(new char[capacity_]);
  }
  if (!text.empty())
    memcpy(buffer_.get(), text.data(), text.size());
  memset(buffer_.get() + text.size(), 0, kPadding);
  return {buffer_.get(), text.size()};
}

void JsonReader::release() {
  parser_ = simdjson::dom::parser();
  buffer_.reset();
  capacity_ = 0;
}

simdjson::error_code JsonReader::parse(std::string_view text, JsonValue *value) {
  return parser_.parse(text.data(), text.size(), false).get(*value);
}

// What cannot be read is replaced: the rest of the message is still useful.
simdjson::error_code JsonReader::parse_mended(std::string_view text, JsonValue *value) {
  if (text.substr(0, kByteOrderMark.size()) == kByteOrderMark)
    text.remove_prefix(kByteOrderMark.size());
  auto error = parse(text, value);
  std::string last;
  while (error) {
    auto mended = mend(last.empty() ? text : last, error);
    if (!mended || *mended == (last.empty() ? text : last))
      break;
    last = std::move(*mended);
    error = parse(padded(last), value);
  }
  return error;
}

simdjson::error_code JsonReader::read_any(std::string_view text, JsonValue *value) {
  return parse_mended(padded(text), value);
}

simdjson::error_code JsonReader::read(std::string_view text, JsonObject *object) {
  return read_padded(padded(text), object);
}

simdjson::error_code JsonReader::read_padded(std::string_view text, JsonObject *object) {
  JsonValue value;
  if (auto error = parse_mended(text, &value))
    return error;
  return value.get_object().get(*object);
}

void json_reason(JsonValue value, int64_t *reason, std::string *name) {
  if (auto number = json_int(value)) {
    *reason = *number;
    return;
  }
  if (auto text = json_short_string(value))
    *name = *text;
  if (auto number = stop_reason_from_name(*name))
    *reason = *number;
}

}  // namespace rtms
