// SPDX-License-Identifier: LGPL-2.1-or-later
// Joins the texts of several parts: meeting.vtt, transcript.jsonl, chat.jsonl.
#pragma once

#include "join.h"

namespace rtms::recorder {

// Returns the error, or empty.
std::string join_texts(const JoinParts &parts, const std::string &output);
// Returns the cues of a part, `by_ms` later, without the file's header.
std::string shifted_vtt(const std::string &vtt, int64_t by_ms);

}  // namespace rtms::recorder
