// SPDX-License-Identifier: LGPL-2.1-or-later
#include "participants.h"

#include <algorithm>

GST_DEBUG_CATEGORY_EXTERN(gst_rtms_output_debug);
#define GST_CAT_DEFAULT gst_rtms_output_debug

namespace rtms {
namespace {

// The number of pads kept for participants who have left, or are silent. As many may wait for their
// EOS.
constexpr size_t kUsualPads = 128;
// More than any listener can follow; a server could invent a speaker with every message.
constexpr size_t kMaxPads = 512;
// A participant silent for this long may lose the pad until the next audio: few speak at a time.
constexpr int64_t kSilent_us = 5 * G_USEC_PER_SEC;
// A participant who is away for longer has left.
constexpr int64_t kGrace_us = 10 * G_USEC_PER_SEC;
// The leave event may overtake the participant's last audio, on another connection, and its time
// may be unknown or a little early.
constexpr int64_t kTrailing_us = 2 * G_USEC_PER_SEC;
constexpr unsigned kLookAfter_ms = 500;
// The limit of remembered stream names and leavers: a server could invent new ones for ever.
constexpr size_t kMaxNames = 10000;

}  // namespace

bool Participants::is_back(const MediaData &data, Left *left) {
  const int64_t now_us = g_get_monotonic_time();
  const bool before = left->at_ms && data.timestamp > 0 && data.timestamp <= left->at_ms;
  if (!before)
    return now_us - left->at_us >= kTrailing_us;
  left->at_us = now_us;
  return false;
}

Output *Participants::output_for(const MediaData &data) {
  const ParticipantId id = data.from();
  Output *output = set_->find(id);
  if (!left_.empty()) {
    auto left = left_.find(id);
    if (left != left_.end() && is_back(data, &left->second)) {
      left_.erase(left);
    } else if (left != left_.end() && !output && left->second.ended) {
      ++context_->stats->of(Media::Audio).dropped;
      return nullptr;
    }
  }
  if (!output)
    output = add(id, context_->roster->speaker_of(data));
  if (output)
    used_us_[id] = context_->time.arrival().monotonic_us;
  return output;
}

Output *Participants::add(const ParticipantId &id, const Speaker &speaker) {
  if (!make_room()) {
    if (!told_too_many_)
      GST_ELEMENT_WARNING(
          context_->element, STREAM, FAILED,
          ("More than %u participants speak at once: the audio of further ones is dropped.",
           static_cast<unsigned>(kMaxPads)),
          (nullptr));
    told_too_many_ = true;
    ++context_->stats->of(Media::Audio).dropped;
    return nullptr;
  }
  told_too_many_ = false;
  // The name counts all pads ever made: the application may still know a removed pad by its name.
  return set_->add(id, {"audio_%u", "audio_" + std::to_string(made_++),
                        context_->stream_id + "/" + stream_name(id), speaker});
}

// Ends the pad of the participant who left first; without one, that of the participant silent for
// the longest.
bool Participants::make_room() {
  if (set_->participants() < kUsualPads)
    return true;
  if (set_->ending() < kUsualPads && end_one())
    return true;
  return set_->participants() < kMaxPads;
}

bool Participants::end_one() {
  auto oldest = left_.end();
  // There are fewer pads than participants who left.
  for (const auto &[id, unused] : used_us_) {
    const auto one = left_.find(id);
    if (one != left_.end() && (oldest == left_.end() || one->second.at_us < oldest->second.at_us))
      oldest = one;
  }
  if (oldest != left_.end()) {
    oldest->second.ended = true;
    end(oldest->first);
    return true;
  }
  return end_silent();
}

void Participants::end(const ParticipantId &id) {
  used_us_.erase(id);
  set_->end(id);
}

bool Participants::end_silent() {
  const auto silent =
      std::min_element(used_us_.begin(), used_us_.end(),
                       [](const auto &a, const auto &b) { return a.second < b.second; });
  if (silent == used_us_.end() ||
      context_->time.arrival().monotonic_us - silent->second < kSilent_us)
    return false;
  end(ParticipantId(silent->first));
  return true;
}

// A participant's first stream has the same id in each run; later ones have a number.
std::string Participants::stream_name(const ParticipantId &id) {
  const std::string name = "audio/" + id.text();
  if (streams_.size() >= kMaxNames && !streams_.count(name))
    return name + "/" + std::to_string(made_);
  const unsigned times = ++streams_[name];
  return times > 1 ? name + "/" + std::to_string(times) : name;
}

void Participants::came(const Participant &participant) {
  for (const ParticipantId &id : participant.ids())
    left_.erase(id);
}

void Participants::left(const Participant &participant, int64_t at_ms) {
  for (const ParticipantId &id : participant.ids())
    if (left_.size() < kMaxNames || left_.count(id)) {
      Left &left = left_.emplace(id, Left{0, 0, false}).first->second;
      left.at_us = g_get_monotonic_time();
      left.at_ms = std::max(left.at_ms, at_ms);
    }
  if (!left_.empty() && !timer_.running())
    look_after();
}

void Participants::audio_restored() {
  audio_lost_ = false;
  for (auto &[id, left] : left_)
    left.at_us = g_get_monotonic_time();
}

void Participants::look_after() {
  timer_.start(kLookAfter_ms, [this] {
    const int64_t now_us = g_get_monotonic_time();
    for (auto one = left_.begin(); !audio_lost_ && one != left_.end();) {
      if (now_us - one->second.at_us < kGrace_us) {
        ++one;
        continue;
      }
      if (set_->find(one->first))
        end(one->first);
      one = left_.erase(one);
    }
    if (!left_.empty())
      look_after();
  });
}

void Participants::forget() {
  timer_.stop();
  left_.clear();
  used_us_.clear();
}

}  // namespace rtms
