// SPDX-License-Identifier: LGPL-2.1-or-later
#include "httpfields.h"

#include <glib.h>
#include <algorithm>
#include <charconv>
#include <memory>

namespace rtms {
namespace {

constexpr size_t kLongestHost = 255;

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](char c) { return g_ascii_tolower(c); });
  return result;
}

bool is_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// Returns nothing for text that is no number, or too large.
std::optional<uint64_t> number_of(std::string_view text) {
  uint64_t number = 0;
  const char *end = text.data() + text.size();
  if (!is_digits(text) || std::from_chars(text.data(), end, number).ec != std::errc())
    return std::nullopt;
  return number;
}

// Returns the text after a word, in any case, and spaces.
std::optional<std::string_view> behind(std::string_view word, std::string_view value) {
  if (value.size() <= word.size() || lower(value.substr(0, word.size())) != word ||
      value[word.size()] != ' ')
    return std::nullopt;
  value.remove_prefix(word.size());
  value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
  return value;
}

// GLib skips invalid characters: base64 is valid if encoding the result gives the same text.
std::optional<std::string> decoded(std::string_view base64) {
  gsize size = 0;
  const std::unique_ptr<guchar, void (*)(void *)> bytes(
      g_base64_decode(std::string(base64).c_str(), &size), g_free);
  const std::unique_ptr<char, void (*)(void *)> again(g_base64_encode(bytes.get(), size), g_free);
  if (base64 != again.get())
    return std::nullopt;
  return std::string(reinterpret_cast<const char *>(bytes.get()), size);
}

bool is_host_character(char c) {
  return g_ascii_isalnum(c) || c == '-' || c == '.' || c == '_';
}

bool is_address_character(char c) {
  return g_ascii_isxdigit(c) || c == ':' || c == '.';
}

}  // namespace

HttpRange range_of(std::string_view value, uint64_t file_size) {
  constexpr std::string_view kUnit = "bytes=";
  const size_t dash = value.find('-');
  if (lower(value.substr(0, kUnit.size())) != kUnit || dash == std::string_view::npos)
    return {};
  const std::string_view from = value.substr(kUnit.size(), dash - kUnit.size());
  const std::string_view to = value.substr(dash + 1);
  const auto first = number_of(from), last = number_of(to);
  if ((!from.empty() && !first) || (!to.empty() && !last) || (!first && !last) ||
      (first && last && *first > *last))
    return {};
  // A suffix: the last bytes of the file.
  if (!first) {
    const uint64_t size = std::min(*last, file_size);
    return size ? HttpRange{HttpRange::Kind::Part, file_size - size, size}
                : HttpRange{HttpRange::Kind::Outside};
  }
  if (*first >= file_size)
    return {HttpRange::Kind::Outside};
  const uint64_t end = last ? std::min(*last, file_size - 1) : file_size - 1;
  return {HttpRange::Kind::Part, *first, end - *first + 1};
}

std::string host_of(std::string_view value) {
  std::string_view host = value, port;
  const bool bracket = !value.empty() && value.front() == '[';
  const size_t end = bracket ? value.find(']') : value.find(':');
  if (bracket && end == std::string_view::npos)
    return "";
  if (end != std::string_view::npos) {
    host = bracket ? value.substr(1, end - 1) : value.substr(0, end);
    port = value.substr(bracket ? end + 1 : end);
  }
  if (!port.empty() && (port.front() != ':' || !is_digits(port.substr(1))))
    return "";
  const auto valid = bracket ? is_address_character : is_host_character;
  if (host.size() > kLongestHost || !std::all_of(host.begin(), host.end(), valid))
    return "";
  return lower(host);
}

std::optional<std::string> token_of(std::string_view value) {
  if (const auto token = behind("bearer", value))
    return std::string(*token);
  const auto basic = behind("basic", value);
  const auto text = basic ? decoded(*basic) : std::nullopt;
  const size_t colon = text ? text->find(':') : std::string::npos;
  if (colon == std::string::npos)
    return std::nullopt;
  return text->substr(colon + 1);
}

}  // namespace rtms
