// SPDX-License-Identifier: LGPL-2.1-or-later
#include "trackset.h"

#include "trackclock.h"

#include <algorithm>
#include <bitset>
#include <cstdlib>

namespace rtms {
namespace {
constexpr int64_t kNsPerMs = 1000 * 1000;
constexpr int64_t kNsPerS = 1000 * kNsPerMs;
// Clocks that differ by no more are the same.
constexpr int64_t kSame_ns = 200 * kNsPerMs;
// How long a track's offset counts after its last message.
constexpr int64_t kCounts_ns = 60 * kNsPerS;
// A track with media in this time is expected to have more.
constexpr int64_t kActive_ns = 2 * kNsPerS;
// What the service keeps of the audio, with a margin.
constexpr int64_t kBacklog_ns = 65 * kNsPerS;
constexpr unsigned kBacklogSeconds = 4;  // until the pace of the audio is known
// The first media may have been held up; media after them may be ahead for a moment.
constexpr int64_t kYoung_ns = 2 * kNsPerS;
constexpr int64_t kYoungLead_ns = 5 * kNsPerS;
constexpr int64_t kLead_ns = kNsPerS;
// Media older than the text that was the anchor by more than this have another clock.
constexpr int64_t kTextLate_ns = 5 * kNsPerS;
// So long must a lead have been constant.
constexpr unsigned kLeadSeconds = 4;
// Jitter of a message that is on time.
constexpr int64_t kOnTime_ns = 300 * kNsPerMs;
}  // namespace

void TrackSet::remove(TrackClock *track) {
  tracks_.erase(std::remove(tracks_.begin(), tracks_.end(), track), tracks_.end());
}

void TrackSet::anchored(int64_t running_ns, bool text) {
  anchored_ns_ = running_ns;
  text_delay_ns_.reset();
  const Timeline::Segment segment = timeline_->segment();
  if (text)
    text_delay_ns_ = static_cast<int64_t>(segment.base) - static_cast<int64_t>(segment.start);
  caught_up_ = false;
  usual_.reset();
  for (TrackClock *track : tracks_)
    track->resume();
}

bool TrackSet::text_anchor_is_late(int64_t position_ns, int64_t running_ns) const {
  return text_delay_ns_ && delay_ns(position_ns, running_ns) < *text_delay_ns_ - kLead_ns;
}

int64_t TrackSet::replace_text_anchor(int64_t position_ns, int64_t running_ns) {
  const int64_t late_ns = delay_ns(position_ns, running_ns) - *text_delay_ns_;
  text_delay_ns_.reset();
  if (late_ns <= kTextLate_ns)
    return 0;
  timeline_->shift(late_ns / kNsPerMs);
  return late_ns / kNsPerMs * kNsPerMs;
}

int64_t TrackSet::newest_ns() const {
  int64_t newest_ns = 0;
  for (const TrackClock *track : tracks_)
    newest_ns = std::max(newest_ns, track->newest_ns_);
  return newest_ns;
}

int64_t TrackSet::lead_ns(const TrackClock *track, int64_t position_ns, int64_t delay_ns) const {
  if (!usual_.known())
    return 0;
  int64_t lead_ns = usual_.earliest_ns() - delay_ns;
  for (const TrackClock *other : tracks_)
    if (other != track && other->last_)
      lead_ns = std::min(lead_ns, position_ns - other->newest_ns_);
  return lead_ns;
}

int64_t TrackSet::allowed_lead_ns(int64_t running_ns) const {
  if (!usual_.settled())
    return kBacklog_ns;
  if (behind() && usual_.seconds(UsualDelay::Audio) < kBacklogSeconds)
    return kBacklog_ns;
  return running_ns - anchored_ns_ < kYoung_ns ? kYoungLead_ns : kLead_ns;
}

int64_t TrackSet::expected_ns(UsualDelay::Kind kind) const {
  return usual_.expected_ns(kind, kind != UsualDelay::Audio || !behind());
}

std::optional<int64_t> TrackSet::offset_for(const TrackClock *track, int64_t delay_ns,
                                            int64_t expected_ns, int64_t running_ns,
                                            int64_t changed_ns) const {
  for (const TrackClock *other : tracks_) {
    const bool counts = other != track && other->last_ && other->since_ns_ >= changed_ns &&
                        running_ns - other->last_->running_ns < kCounts_ns;
    if (counts && std::abs(delay_ns - other->offset_ns_ - expected_ns) <= kOnTime_ns)
      return other->offset_ns_;
  }
  return std::nullopt;
}

int64_t TrackSet::replayed_ns(int64_t running_ns) const {
  int64_t most_ns = 0;
  for (const TrackClock *track : tracks_)
    if (track->is_audio() && track->last_) {
      const int64_t passed_ns = running_ns - track->last_->running_ns;
      // A participant who spoke before the loss may have no audio in the replay yet.
      if (track->lost_ ? passed_ns <= TrackClock::kReplay_ns : passed_ns < kCounts_ns)
        most_ns = std::max(most_ns, track->lateness_.replay_ns() + (track->lost_ ? passed_ns : 0));
    }
  return most_ns;
}

// Whether the other tracks confirm the offset of a track. Tracks with media since the change
// count; the result waits for active tracks without.
bool TrackSet::agreed(const TrackClock &track, int64_t running_ns) const {
  std::bitset<UsualDelay::kKinds> agree, against;
  unsigned participants = 0;
  bool undecided = false;
  for (const TrackClock *other : tracks_) {
    if (!other->last_ || running_ns - other->last_->running_ns > kCounts_ns)
      continue;
    const bool same = std::abs(other->offset_ns_ - track.offset_ns_) <= kSame_ns;
    const bool says = other->last_->running_ns >= (same ? other : &track)->since_ns_ + kSays_ns;
    if (same && says) {
      agree.set(other->usual_kind_);
      participants += other->kind_ == TrackClock::Kind::Participant;
    } else if (!same && says) {
      against.set(other->usual_kind_);
    } else {
      undecided |= running_ns - other->last_->running_ns < kActive_ns;
    }
  }
  if (against.test(UsualDelay::Audio))
    return false;
  if (agree.count() > 1)
    return true;
  return agree.test(UsualDelay::Audio) && participants != 1 && against.none() && !undecided;
}

std::optional<int64_t> TrackSet::leads_alone_ns(const TrackClock &track, int64_t running_ns) const {
  const auto own_ns = track.lateness_.constant_ns(0, kLeadSeconds);
  if (!own_ns || track.is_audio() || behind())
    return std::nullopt;
  std::optional<int64_t> audio_ns;
  for (const TrackClock *other : tracks_) {
    if (other == &track || !other->last_ || running_ns - other->last_->running_ns > kActive_ns)
      continue;
    const auto other_ns = other->lateness_.constant_ns(0, kLeadSeconds);
    if (other_ns && *other_ns <= *own_ns + kLead_ns)
      return std::nullopt;
    if (!other->is_audio())
      continue;
    const bool usual =
        other_ns && !other->lateness_.replaying() &&
        std::abs(*other_ns - usual_.expected_ns(UsualDelay::Audio, false)) <= kOnTime_ns;
    if (!usual)
      return std::nullopt;
    audio_ns = std::min(audio_ns.value_or(*other_ns), *other_ns);
  }
  return audio_ns ? std::optional<int64_t>(*audio_ns - *own_ns) : std::nullopt;
}

int64_t TrackSet::agree(int64_t running_ns) {
  for (const TrackClock *track : tracks_) {
    if (track->rough_ || std::abs(track->offset_ns_) < kLead_ns / 2 || !agreed(*track, running_ns))
      continue;
    const int64_t by_ns = track->offset_ns_, since_ns = track->since_ns_;
    timeline_->shift(by_ns / kNsPerMs);
    for (TrackClock *other : tracks_)
      other->common_moved(by_ns, since_ns);
    return by_ns;
  }
  return 0;
}

}  // namespace rtms
