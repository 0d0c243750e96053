// SPDX-License-Identifier: LGPL-2.1-or-later
// Parses one HTTP/1 request (RFC 9112) of an untrusted client. Pure: no I/O.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rtms {

// Limits of the request line, the headers and the blank line.
inline constexpr size_t kMaxHttpHead = 16 << 10;
inline constexpr size_t kMaxHttpHeaders = 100;

struct HttpHead {
  std::string method, path;  // without a query, not decoded
  uint64_t content_length = 0;
  bool expects_continue = false;

  // `name` is in lower case. Values of repeated headers are joined by ", "; empty without the
  // header.
  std::string header(std::string_view name) const;

  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
};

class HttpReader {
 public:
  enum class State { Head, Body, Complete, Refused };

  // Adds bytes; those after the request are ignored. The caller must check the head's
  // content_length in the state Body before it adds more, because the body is stored.
  State add(std::string_view bytes);
  State state() const { return state_; }
  // In the states Body and Complete.
  const HttpHead &head() const { return head_; }
  // In the state Complete.
  const std::string &body() const { return body_; }
  // In the state Refused: an HTTP status, and the reason.
  unsigned status() const { return status_; }
  const char *why() const { return why_; }
  // Frees the memory.
  void clear();

 private:
  void read_head(std::string_view text);
  bool read_request_line(std::string_view line);
  bool read_header(std::string_view line);
  bool read_framing();
  bool refuse(unsigned status, const char *why);
  void take_body(std::string_view bytes);

  State state_ = State::Head;
  std::string head_text_, body_;
  HttpHead head_;
  unsigned status_ = 0;
  const char *why_ = "";
};

}  // namespace rtms
