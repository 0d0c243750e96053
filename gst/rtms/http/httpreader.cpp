// SPDX-License-Identifier: LGPL-2.1-or-later
#include "httpreader.h"

#include <algorithm>
#include <charconv>

namespace rtms {
namespace {

constexpr std::string_view kEnd = "\r\n\r\n";

bool is_token_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         (c && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos);
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_character);
}

bool is_visible(char c) {
  return c > ' ' && c < 0x7f;
}

// Tab and bytes above 0x7f are valid in a value; other control characters are not.
bool is_value_character(char c) {
  return c == '\t' || (static_cast<unsigned char>(c) >= ' ' && c != 0x7f);
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char &c : result)
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c - 'A' + 'a');
  return result;
}

std::string_view trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos)
    return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

// "/path", or the path of "http://host/path", without a query; empty if there is none.
std::string_view path_of(std::string_view target) {
  for (std::string_view scheme : {"http://", "https://"})
    if (target.substr(0, scheme.size()) == scheme) {
      const size_t slash = target.find('/', scheme.size());
      target = slash == std::string_view::npos ? std::string_view("/") : target.substr(slash);
    }
  return target.substr(0, target.find_first_of("?#"));
}

}  // namespace

std::string HttpHead::header(std::string_view name) const {
  std::string value;
  bool found = false;
  for (const auto &[key, text] : headers) {
    if (key != name)
      continue;
    value += (found ? ", " : "") + text;
    found = true;
  }
  return value;
}

HttpReader::State HttpReader::add(std::string_view bytes) {
  if (state_ == State::Body)
    take_body(bytes);
  if (state_ != State::Head)
    return state_;
  const size_t before = head_text_.size();
  head_text_.append(bytes.substr(0, kMaxHttpHead - before));
  // The blank line may be split between two pieces.
  const size_t end = head_text_.find(kEnd, before - std::min(before, kEnd.size() - 1));
  if (end == std::string::npos) {
    if (head_text_.size() == kMaxHttpHead)
      refuse(431, "the head of the request is larger than 16 KiB");
    return state_;
  }
  read_head(std::string_view(head_text_).substr(0, end));
  head_text_ = std::string();
  if (state_ == State::Body)
    take_body(bytes.substr(end + kEnd.size() - before));
  return state_;
}

void HttpReader::take_body(std::string_view bytes) {
  body_.append(bytes.substr(0, head_.content_length - body_.size()));
  if (body_.size() == head_.content_length)
    state_ = State::Complete;
}

void HttpReader::read_head(std::string_view text) {
  size_t end = std::min(text.find("\r\n"), text.size());
  if (!read_request_line(text.substr(0, end)))
    return;
  while (end < text.size()) {
    text.remove_prefix(end + 2);
    end = std::min(text.find("\r\n"), text.size());
    if (!read_header(text.substr(0, end)))
      return;
  }
  if (read_framing())
    state_ = State::Body;
}

bool HttpReader::read_request_line(std::string_view line) {
  const size_t first = line.find(' '), last = line.rfind(' ');
  if (first == std::string_view::npos || first == last)
    return refuse(400, "the request line is not HTTP");
  const std::string_view method = line.substr(0, first), version = line.substr(last + 1);
  const std::string_view target = line.substr(first + 1, last - first - 1);
  if (!is_token(method) || target.empty() || !std::all_of(target.begin(), target.end(), is_visible))
    return refuse(400, "the request line is not HTTP");
  if (version != "HTTP/1.1" && version != "HTTP/1.0")
    return refuse(505, "the version of HTTP is not 1.0 or 1.1");
  head_.method = method;
  head_.path = path_of(target);
  return true;
}

bool HttpReader::read_header(std::string_view line) {
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon)))
    return refuse(400, "a header has no valid name");
  const std::string_view value = trim(line.substr(colon + 1));
  if (!std::all_of(value.begin(), value.end(), is_value_character))
    return refuse(400, "a header holds control characters");
  if (head_.headers.size() == kMaxHttpHeaders)
    return refuse(431, "the request has more than 100 headers");
  head_.headers.emplace_back(lower(line.substr(0, colon)), value);
  return true;
}

// The body's end is defined by a numeric content length, and by nothing else.
bool HttpReader::read_framing() {
  const std::string coding = lower(head_.header("transfer-encoding"));
  if (coding == "chunked")
    return refuse(411, "the request has no Content-Length");
  if (!coding.empty())
    return refuse(501, "the transfer encoding of the request is not supported");
  const std::string length = head_.header("content-length");
  const char *end = length.data() + length.size();
  if (!length.empty()) {
    const bool digits = length.find_first_not_of("0123456789") == std::string::npos;
    const auto [stop, error] = std::from_chars(length.data(), end, head_.content_length);
    if (!digits || error != std::errc() || stop != end)
      return refuse(400, "Content-Length is not a number");
  }
  head_.expects_continue = lower(head_.header("expect")) == "100-continue";
  return true;
}

bool HttpReader::refuse(unsigned status, const char *why) {
  state_ = State::Refused;
  status_ = status;
  why_ = why;
  return false;
}

void HttpReader::clear() {
  head_text_ = body_ = std::string();
  head_ = {};
}

}  // namespace rtms
