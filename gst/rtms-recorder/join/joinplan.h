// SPDX-License-Identifier: LGPL-2.1-or-later
// Which part gives the joined file its audio, where several have the same time. Pure: times in ms
// from the start of the joined file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace rtms::recorder {

struct JoinSpan {
  int64_t from = 0, until = 0;
};

// The audio of one input.
struct JoinAudio {
  JoinSpan whole;
  std::vector<JoinSpan> audible;  // in order; the rest is digital silence
  bool continues = false;         // the input before: fills no silence of it
};

struct JoinPiece {
  std::size_t input = 0;
  JoinSpan span;
};

struct JoinPlan {
  // In order of time, without overlaps.
  std::vector<JoinPiece> pieces;
  // Those of a later input, where the earlier ones have silence only.
  std::vector<JoinPiece> filled;
};

// Takes what several inputs have from the first that has more than silence.
JoinPlan plan_audio(const std::vector<JoinAudio> &inputs);

}  // namespace rtms::recorder
