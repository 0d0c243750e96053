// SPDX-License-Identifier: LGPL-2.1-or-later
// Transcript and chat as the element hands them on: one normalised JSON object each.
#pragma once

#include "types.h"

#include <string>
#include <string_view>

namespace rtms {

// The span of a transcript line in Unix ms. Times below 10^11 count from the stream's start.
struct TextSpan {
  int64_t start = 0;
  int64_t end = 0;  // 0 where not known
};
TextSpan transcript_span(const MediaData &data, int64_t stream_start_ms);

// "John Smith: Hello.", or without its speaker.
std::string transcript_line(const MediaData &data, bool speaker);

// The same on one line, with `&amp;`, `&lt;` and `&gt;`: what pango markup and WebVTT show as it
// was said.
std::string transcript_markup(const MediaData &data, bool speaker);

// As long as it takes to read.
int64_t reading_time_ms(std::string_view text);

// {"user_id","user_name","text","timestamp","start_time","end_time","language","final"}
std::string transcript_json(const MediaData &data, int64_t stream_start_ms);

// {"user_id","user_name","text","timestamp","message_id","operation","raw"}
std::string chat_json(const MediaData &data);

}  // namespace rtms
