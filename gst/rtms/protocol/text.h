// SPDX-License-Identifier: LGPL-2.1-or-later
// Transcript and chat messages as the element's output: one normalised JSON object each.
#pragma once

#include "types.h"

#include <string>
#include <string_view>

namespace rtms {

// A text describes the past, but two clocks of the service may differ a little: by so much may its
// start be later than its arrival.
inline constexpr int64_t kMaxAhead_ms = 10 * 1000;
// A line that claims to last longer has a wrong end.
inline constexpr int64_t kLongestLine_ms = 60 * 1000;

// The span of a transcript line in Unix ms. Times below 10^11 count from the stream's start.
struct TextSpan {
  int64_t start = 0;
  int64_t end = 0;       // 0 if unknown or wrong
  bool guessed = false;  // `start` is when the message was made
};
TextSpan transcript_span(const MediaData &data, int64_t stream_start_ms);

// "John Smith: Hello.", or without the speaker.
std::string transcript_line(const MediaData &data, bool speaker);

// The same on one line, with `&amp;`, `&lt;` and `&gt;`, so that pango markup and WebVTT show the
// original text.
std::string transcript_markup(const MediaData &data, bool speaker);

// The time it takes to read the text.
int64_t reading_time_ms(std::string_view text);

// {"user_id","user_name","text","timestamp","start_time","end_time","language","final"}
std::string transcript_json(const MediaData &data, int64_t stream_start_ms);

// {"user_id","user_name","text","timestamp","message_id","operation","raw"}
std::string chat_json(const MediaData &data);

}  // namespace rtms
