// SPDX-License-Identifier: LGPL-2.1-or-later
#include "joinplan.h"

#include <algorithm>

namespace rtms::recorder {
namespace {

// Shorter differences may be those of the clocks of two parts. A packet has 20 ms.
constexpr int64_t kLeast_ms = 40;

bool is_long(const JoinSpan &span) {
  return span.until - span.from >= kLeast_ms;
}

JoinSpan common(const JoinSpan &one, const JoinSpan &other) {
  return {std::max(one.from, other.from), std::min(one.until, other.until)};
}

// Returns the spans between these, which are in order and may overlap, within `where`.
std::vector<JoinSpan> between(const std::vector<JoinSpan> &spans, const JoinSpan &where) {
  std::vector<JoinSpan> gaps;
  int64_t at = where.from;
  for (const JoinSpan &span : spans) {
    const JoinSpan gap = {at, std::min(span.from, where.until)};
    if (is_long(gap))
      gaps.push_back(gap);
    at = std::max(at, span.until);
  }
  if (is_long({at, where.until}))
    gaps.push_back({at, where.until});
  return gaps;
}

// Returns the span from the first audio within `silence` to the last: one piece, although there may
// be pauses.
JoinSpan audible_in(const JoinSpan &silence, const std::vector<JoinSpan> &audible) {
  JoinSpan all = {silence.until, silence.from};
  for (const JoinSpan &one : audible) {
    const JoinSpan part = common(one, silence);
    if (!is_long(part))
      continue;
    all.from = std::min(all.from, part.from);
    all.until = std::max(all.until, part.until);
  }
  return all;
}

void insert(const JoinPiece &piece, std::vector<JoinPiece> *pieces) {
  std::vector<JoinPiece> all = {piece};
  for (const JoinPiece &one : *pieces) {
    const JoinPiece before = {one.input,
                              {one.span.from, std::min(one.span.until, piece.span.from)}};
    const JoinPiece after = {one.input,
                             {std::max(one.span.from, piece.span.until), one.span.until}};
    for (const JoinPiece &rest : {before, after})
      if (rest.span.from < rest.span.until)
        all.push_back(rest);
  }
  std::sort(all.begin(), all.end(), [](const JoinPiece &one, const JoinPiece &other) {
    return one.span.from < other.span.from;
  });
  *pieces = std::move(all);
}

}  // namespace

JoinPlan plan_audio(const std::vector<JoinAudio> &inputs) {
  JoinPlan plan;
  std::vector<JoinSpan> audible;
  int64_t end = inputs.empty() ? 0 : inputs.front().whole.from;
  for (std::size_t i = 0; i < inputs.size(); i++) {
    const JoinAudio &input = inputs[i];
    for (const JoinSpan &silence : between(audible, common(input.whole, {input.whole.from, end}))) {
      const JoinPiece piece = {i, audible_in(silence, input.audible)};
      if (input.continues || !is_long(piece.span))
        continue;
      insert(piece, &plan.pieces);
      plan.filled.push_back(piece);
    }
    const JoinPiece rest = {i, {std::max(end, input.whole.from), input.whole.until}};
    if (rest.span.from < rest.span.until)
      plan.pieces.push_back(rest);
    end = std::max(end, input.whole.until);
    audible.insert(audible.end(), input.audible.begin(), input.audible.end());
    std::sort(audible.begin(), audible.end(),
              [](const JoinSpan &one, const JoinSpan &other) { return one.from < other.from; });
  }
  return plan;
}

}  // namespace rtms::recorder
