// SPDX-License-Identifier: LGPL-2.1-or-later
#include "transcript.h"

#include "protocol/shorten.h"

#include <algorithm>
#include <iterator>

namespace rtms::recorder {
namespace {

constexpr uint64_t kMilli = 1000000;
// A server could send lines without end.
constexpr size_t kMostWaiting = 1000, kMostWritten = 1000;
// In bytes. Cues are shorter.
constexpr size_t kLongestText = 16000;
constexpr char kEdited[] = "[edited] ", kTakenBack[] = "[taken back] ";

}  // namespace

// Returns the version to replace: same speaker and start. Without start times, a speaker has one
// interim line at a time. Two final versions are two lines, unless one is an update.
Transcript::Lines::iterator Transcript::find(const Spoken &spoken) {
  return std::find_if(waiting_.begin(), waiting_.end(), [&spoken](const Waiting &one) {
    const bool same_start =
        one.start_ms == spoken.start_ms || (!one.is_past && !(one.has_start && spoken.has_start));
    const bool is_update = spoken.operation != Spoken::Operation::New;
    return one.who == spoken.who &&
           (one.is_final ? is_update && one.start_ms == spoken.start_ms : same_start);
  });
}

void Transcript::add(Spoken spoken, uint64_t start, uint64_t now) {
  spoken.text = shorten(spoken.text, kLongestText);
  const auto found = find(spoken);
  const bool taken_back = spoken.operation == Spoken::Operation::Delete;
  if (found != waiting_.end() && taken_back) {
    waiting_.erase(found);
    return;
  }
  if (found == waiting_.end() && change_written(spoken, now))
    return;
  // The speaker's earlier lines may get no final version.
  for (Waiting &one : waiting_)
    one.is_past |= one.who == spoken.who && one.start_ms < spoken.start_ms;
  Waiting waiting{{start, 0, spoken.name, spoken.text},
                  spoken.who,
                  spoken.start_ms,
                  spoken.is_final,
                  spoken.has_start,
                  false,
                  now};
  if (taken_back)
    waiting.line.text = kTakenBack + spoken.text;
  if (!spoken.is_final && spoken.json.size() <= kLongestMessage)
    waiting.line.interim = std::move(spoken.json);
  if (spoken.end_ms > spoken.start_ms)
    waiting.line.end = start + static_cast<uint64_t>(spoken.end_ms - spoken.start_ms) * kMilli;
  if (found == waiting_.end()) {
    waiting_.push_back(std::move(waiting));
    return;
  }
  if (!spoken.has_start)
    waiting.line.start = std::min(waiting.line.start, found->line.start);
  *found = std::move(waiting);
}

// A written line cannot be changed: a further line reports the change.
bool Transcript::change_written(const Spoken &spoken, uint64_t now) {
  const auto found = written_.find({spoken.who, spoken.start_ms});
  const bool is_update = spoken.operation != Spoken::Operation::New;
  if (found == written_.end() || (found->second.is_final && !is_update))
    return false;
  const bool taken_back = spoken.operation == Spoken::Operation::Delete;
  if (!taken_back && found->second.text == spoken.text)
    return true;
  const std::string text =
      taken_back ? kTakenBack + found->second.text : std::string(kEdited) + spoken.text;
  waiting_.push_back({{now, 0, spoken.name, text}, "", 0, true, true, false, now});
  found->second = {spoken.text, spoken.is_final};
  return true;
}

void Transcript::remember(const Waiting &waiting) {
  if (waiting.who.empty())
    return;
  const Key key(waiting.who, waiting.start_ms);
  if (written_.insert_or_assign(key, Written{waiting.line.text, waiting.is_final}).second)
    order_.push_back(key);
  if (order_.size() <= kMostWritten)
    return;
  written_.erase(order_.front());
  order_.pop_front();
}

template <typename Due>
std::vector<Line> Transcript::take_if(Due due) {
  const auto first = std::stable_partition(waiting_.begin(), waiting_.end(),
                                           [&due](const Waiting &one) { return !due(one); });
  std::stable_sort(first, waiting_.end(),
                   [](const Waiting &a, const Waiting &b) { return a.line.start < b.line.start; });
  std::vector<Line> taken;
  for (auto one = first; one != waiting_.end(); ++one) {
    remember(*one);
    if (!one->line.text.empty())
      taken.push_back(std::move(one->line));
  }
  waiting_.erase(first, waiting_.end());
  return taken;
}

std::vector<Line> Transcript::take(uint64_t now) {
  if (waiting_.size() > kMostWaiting)
    return take_all();
  return take_if([now](const Waiting &one) {
    const bool complete = one.is_final || one.is_past || one.since + kInterim <= now;
    return complete && one.line.start + kWait <= now;
  });
}

std::vector<Line> Transcript::take_all() {
  return take_if([](const Waiting &) { return true; });
}

}  // namespace rtms::recorder
