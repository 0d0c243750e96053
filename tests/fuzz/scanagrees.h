// SPDX-License-Identifier: LGPL-2.1-or-later
// scan_media() says what the parser says, or nothing.
#pragma once

#include "protocol/mediascan.h"
#include "protocol/parse.h"

#include <string>

namespace rtms {

inline bool same(const MediaData &a, const MediaData &b) {
  return a.media == b.media && a.payload == b.payload && a.user_id == b.user_id &&
         a.user_name == b.user_name && a.channel_id == b.channel_id && a.timestamp == b.timestamp &&
         a.length == b.length && a.start_time == b.start_time && a.end_time == b.end_time &&
         a.language == b.language && a.is_final == b.is_final;
}

// Where the payload is no base64, both lead to nothing.
inline bool scan_agrees(std::string_view text) {
  const auto scanned = scan_media(text);
  constexpr const char *base64 =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
  if (!scanned || scanned->payload.find_first_not_of(base64) != std::string_view::npos)
    return true;
  // A member that the scan leaves alone makes the parser read the same by its document.
  Parser parser;
  const size_t object = text.find('{');
  const std::string other =
      std::string(text.substr(0, object)) + "{\"\":[]," + std::string(text.substr(object + 1));
  const Message message = parser.parse(other);
  const auto *parsed = std::get_if<MediaData>(&message);
  return parsed && same(*scanned, *parsed);
}

}  // namespace rtms
