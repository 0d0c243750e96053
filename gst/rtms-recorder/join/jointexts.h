// SPDX-License-Identifier: LGPL-2.1-or-later
// The texts of several parts in one: meeting.vtt, transcript.jsonl, chat.jsonl.
#pragma once

#include "join.h"

namespace rtms::recorder {

// What is wrong, or nothing.
std::string join_texts(const std::vector<JoinPart> &parts, const std::string &output);
// The cues of a part later by so much, without the head of the file.
std::string shifted_vtt(const std::string &vtt, int64_t by_ms);

}  // namespace rtms::recorder
