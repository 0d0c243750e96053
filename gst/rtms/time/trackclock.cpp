// SPDX-License-Identifier: LGPL-2.1-or-later
#include "trackclock.h"

#include <algorithm>
#include <cstdlib>

namespace rtms {
namespace {
using What = TimeDecision::What;

constexpr int64_t kNsPerMs = 1000 * 1000;
constexpr int64_t kNsPerS = 1000 * kNsPerMs;
// Less is a message out of order, jitter, or the difference between kinds of media.
constexpr int64_t kOff_ns = kNsPerS;
// More than the jitter of two arrivals.
constexpr int64_t kJitter_ns = 350 * kNsPerMs;
constexpr int64_t kClose_ns = 500 * kNsPerMs;
// Timestamps that go back further belong to another clock, if a known one fits.
constexpr int64_t kBack_ns = 300 * kNsPerMs;
constexpr int64_t kLongestStep_ns = 250 * kNsPerMs;
constexpr unsigned kKnownSeconds = 2, kNewSeconds = 4;
// A smaller error is not corrected.
constexpr int64_t kExact_ns = 20 * kNsPerMs;

int64_t whole_ms(int64_t ns) {
  return (ns >= 0 ? ns + kNsPerMs / 2 : ns - kNsPerMs / 2) / kNsPerMs * kNsPerMs;
}

UsualDelay::Kind usual_kind(TrackClock::Kind kind) {
  switch (kind) {
    case TrackClock::Kind::Mix:
    case TrackClock::Kind::Participant:
      break;
    case TrackClock::Kind::Video:
      return UsualDelay::Video;
    case TrackClock::Kind::Screen:
      return UsualDelay::Screen;
  }
  return UsualDelay::Audio;
}

const char *name(What what) {
  switch (what) {
    case What::None:
      break;
    case What::Odd:
      return "odd timestamp, placed by its arrival";
    case What::Alone:
      return "the odd timestamp before was alone";
    case What::Jumped:
      return "the clock has jumped";
    case What::Known:
      return "back on a known clock";
    case What::Moved:
      return "off by a constant, moved by the arrivals";
    case What::Corrected:
      return "corrected by more arrivals";
  }
  return "as before";
}
}  // namespace

std::string to_text(const TimeDecision &decision) {
  const auto ms = [](int64_t ns) { return std::to_string(ns / kNsPerMs) + " ms"; };
  std::string text = name(decision.what);
  if (decision.what != What::None)
    text += ": from " + ms(decision.from_ns) + " to " + ms(decision.to_ns) + "; it has taken " +
            ms(decision.delay_ns) + ", on time is " + ms(decision.expected_ns);
  if (decision.common_ns)
    text += "; the common mapping moves by " + ms(decision.common_ns);
  return text;
}

int64_t TrackClock::Place::ahead_ns(const Message &now, int64_t offset_ns) const {
  return now.position_ns + offset_ns - position_ns - (now.running_ns - running_ns);
}

TrackClock::TrackClock(TrackSet *set, Kind kind)
    : set_(set), kind_(kind), usual_kind_(usual_kind(kind)) {
  set_->add(this);
}

TrackClock::~TrackClock() {
  set_->remove(this);
}

void TrackClock::resume() {
  last_.reset();
  odd_.reset();
  lateness_ = Lateness();
  lost_ = false;
}

TrackClock::Placed TrackClock::place(int64_t position_ns, int64_t running_ns) {
  Placed placed;
  const int64_t by_ns = set_->fit_text_anchor(position_ns + offset_ns_, running_ns);
  placed.decision.common_ns = by_ns;
  const Message now = {position_ns + by_ns, running_ns,
                       set_->delay_ns(position_ns + by_ns, running_ns)};
  if (last_ ? odd_ ? settles(now, &placed) : follows(now, &placed) : begins(now, &placed))
    accept(now, &placed);
  else
    place_odd(now, &placed);
  newest_ns_ = std::max(newest_ns_, placed.position_ns);
  return placed;
}

int64_t TrackClock::lead_ns(const Message &now, int64_t offset_ns) const {
  return set_->lead_ns(this, now.position_ns + offset_ns, now.delay_ns - offset_ns);
}

// Places the first message, also after a pause of the pipeline.
bool TrackClock::begins(const Message &now, Placed *placed) {
  const bool ahead = lead_ns(now, offset_ns_) > set_->allowed_lead_ns(now.running_ns);
  const bool late = now.delay_ns - offset_ns_ > expected_ns() + kOff_ns;
  if (!ahead && !late)
    return true;
  const auto offset_ns = set_->offset_for(this, now.delay_ns, expected_ns(), now.running_ns);
  if (offset_ns && *offset_ns != offset_ns_)
    change(*offset_ns, now, What::Known, placed);
  return offset_ns || !ahead;
}

// Places a message after one that was not odd.
bool TrackClock::follows(const Message &now, Placed *placed) {
  const int64_t step_ns = now.position_ns + offset_ns_ - last_->position_ns;
  if (offset_ns_ <= 0 && step_ns >= -kBack_ns && step_ns <= kLongestStep_ns &&
      last_->ahead_ns(now, offset_ns_) <= kClose_ns)
    return true;  // nearly all messages
  // The track was late, was moved, and has caught up: with the offset it would be early.
  if (offset_ns_ > 0 && now.delay_ns - offset_ns_ < expected_ns() - kClose_ns &&
      std::abs(now.delay_ns - expected_ns()) <= kClose_ns &&
      last_->ahead_ns(now, offset_ns_) <= kClose_ns) {
    move(0, now, What::Known, placed);
    return true;
  }
  // The sender's clock jumped while paused, if another track jumped or the offset is a known one.
  const bool late = now.delay_ns - offset_ns_ > expected_ns() + kOff_ns;
  if (late && step_ns > kLongestStep_ns) {
    if (const auto offset_ns = offset_after_pause(now)) {
      change(*offset_ns, now, What::Known, placed);
      return true;
    }
  }
  const bool fine = plausible(now, offset_ns_);
  if (fine && !doubtful(now))
    return true;
  const auto offset_ns = known_offset(now);
  if (offset_ns && *offset_ns != offset_ns_)
    change(*offset_ns, now, What::Known, placed);
  return fine || offset_ns;
}

std::optional<int64_t> TrackClock::offset_after_pause(const Message &now) const {
  for (const int64_t offset_ns : known_)
    if (std::abs(now.delay_ns - offset_ns - expected_ns()) <= kJitter_ns)
      return offset_ns;
  return set_->offset_for(this, now.delay_ns, expected_ns(), now.running_ns, last_->running_ns);
}

// Places the message after an odd one: decides which of the two clocks it belongs to.
bool TrackClock::settles(const Message &now, Placed *placed) {
  const auto before_ns = cost(now, offset_ns_, *last_);
  const auto after_ns = cost(now, odd_offset_ns_, *odd_);
  const int64_t from_ns = offset_ns_;
  if (before_ns && (!after_ns || *before_ns <= *after_ns)) {
    placed->decision = {What::Alone, from_ns, from_ns, now.delay_ns - from_ns, expected_ns()};
    return true;
  }
  if (!after_ns) {
    odd_.reset();  // neither
    return follows(now, placed);
  }
  // Other media may be a minute ahead of audio from before the connection.
  const int64_t lead = lead_ns(now, offset_ns_);
  if (set_->behind() && !is_audio() && lead > 0 && lead <= kReplay_ns) {
    placed->decision = {What::Known, from_ns, from_ns, now.delay_ns - from_ns, expected_ns()};
    placed->discont = true;
    return true;
  }
  const auto known_ns = set_->offset_for(this, now.delay_ns, expected_ns(), now.running_ns);
  const bool same = known_ns && std::abs(*known_ns - odd_offset_ns_) <= KnownOffsets::kSame_ns;
  change(same ? *known_ns : odd_offset_ns_, now, What::Jumped, placed);
  rough_ = rough_ && (same || odd_rough_);
  return true;
}

// Lateness alone makes no message odd: the connection may have been held up.
bool TrackClock::plausible(const Message &now, int64_t offset_ns) const {
  const int64_t position_ns = now.position_ns + offset_ns;
  const int64_t step_ns = position_ns - last_->position_ns;
  if (step_ns < (lost_ && is_audio() ? -kReplay_ns : -kOff_ns)) {
    // The last message was ahead of the clock, this one is not.
    const int64_t last_delay_ns = set_->delay_ns(last_->position_ns, last_->running_ns);
    return last_delay_ns < expected_ns() - kOff_ns &&
           std::abs(now.delay_ns - offset_ns - expected_ns()) <= kClose_ns;
  }
  return last_->ahead_ns(now, offset_ns) <= kOff_ns ||
         lead_ns(now, offset_ns) <= set_->allowed_lead_ns(now.running_ns);
}

// True if the message may belong to another known clock of the track.
bool TrackClock::doubtful(const Message &now) const {
  if (known_.empty())
    return false;
  return now.position_ns + offset_ns_ - last_->position_ns < -kBack_ns ||
         last_->ahead_ns(now, offset_ns_) > kClose_ns;
}

// Returns the known offset with which the message follows the last one.
std::optional<int64_t> TrackClock::known_offset(const Message &now) const {
  std::optional<int64_t> best_ns, least_ns;
  const auto consider = [&](int64_t offset_ns) {
    const auto ns = cost(now, offset_ns, *last_);
    const bool on_time = std::abs(now.delay_ns - offset_ns - expected_ns()) <= kClose_ns;
    if (!ns || (*ns > kClose_ns && !on_time) || (least_ns && *ns >= *least_ns))
      return;
    best_ns = offset_ns;
    least_ns = ns;
  };
  consider(offset_ns_);
  consider(0);
  for (const int64_t offset_ns : known_)
    if (std::abs(offset_ns - offset_ns_) > KnownOffsets::kSame_ns)
      consider(offset_ns);
  if (const auto other_ns = set_->offset_for(this, now.delay_ns, expected_ns(), now.running_ns))
    consider(*other_ns);
  return best_ns;
}

// Returns how far the message would be from `after`, compared with the time passed; nothing if
// impossible. A message may be late, not early.
std::optional<int64_t> TrackClock::cost(const Message &now, int64_t offset_ns,
                                        const Place &after) const {
  const int64_t ahead = after.ahead_ns(now, offset_ns);
  if (now.position_ns + offset_ns - after.position_ns < -kOff_ns ||
      (ahead > kJitter_ns && lead_ns(now, offset_ns) > kJitter_ns))
    return std::nullopt;
  return std::abs(ahead);
}

void TrackClock::change(int64_t offset_ns, const Message &now, What what, Placed *placed) {
  placed->decision = {what, offset_ns_, offset_ns, now.delay_ns - offset_ns_, expected_ns()};
  placed->discont = true;
  known_.add(offset_ns_);
  offset_ns_ = offset_ns;
  since_ns_ = now.running_ns;
  rough_ = offset_ns != 0;
  lateness_.restart();
}

// Like change(), for a track whose timestamps continue.
void TrackClock::move(int64_t offset_ns, const Message &now, What what, Placed *placed) {
  const int64_t by_ns = offset_ns - offset_ns_;
  const Lateness lateness = lateness_;
  change(offset_ns, now, what, placed);
  rough_ = false;
  lateness_ = lateness;
  lateness_.moved(by_ns);
  last_->position_ns += by_ns;
}

void TrackClock::accept(const Message &now, Placed *placed) {
  const Place place = {now.position_ns + offset_ns_, now.running_ns};
  const bool complete = lateness_.add(now.delay_ns - offset_ns_, now.running_ns);
  // The complete second ended before this message.
  if (complete)
    lateness_.check(expected_ns());
  const int64_t says_ns = since_ns_ + TrackSet::kSays_ns;
  const bool says = last_ && last_->running_ns < says_ns && now.running_ns >= says_ns;
  if (last_) {
    const int64_t step_ns = place.position_ns - last_->position_ns;
    const int64_t passed_ns = place.running_ns - last_->running_ns;
    // The service keeps only audio, but other media on the connection wait behind it.
    if (lost_)
      lateness_.replay(passed_ns, is_audio() ? INT64_MAX : now.running_ns + kReplay_ns);
    lateness_.grew(passed_ns - step_ns);
    if (step_ns > 0 && step_ns <= kLongestStep_ns)
      usual_step_ns_ += usual_step_ns_ ? (step_ns - usual_step_ns_) / 8 : step_ns;
  } else if (set_->usual().known()) {
    lateness_.replay(is_audio() ? set_->replayed_ns(now.running_ns) : 0, INT64_MAX);
    lateness_.grew(now.delay_ns - offset_ns_ - expected_ns());
  }
  last_ = place;
  odd_.reset();
  lost_ = false;
  if ((offset_ns_ == 0 || !set_->usual().known()) && !lateness_.replaying())
    set_->observe(usual_kind_, place.position_ns, now.delay_ns - offset_ns_, now.running_ns);
  if (complete)
    judge(now, placed);
  if (complete || says)
    placed->decision.common_ns += set_->agree(now.running_ns);
  placed->position_ns = last_->position_ns;
}

// Places the message after the last one, by the usual step or by the time passed.
void TrackClock::place_odd(const Message &now, Placed *placed) {
  int64_t position_ns = now.position_ns + offset_ns_;
  if (const Place *last = odd_ ? &*odd_ : last_ ? &*last_ : nullptr) {
    const int64_t passed_ns = std::max<int64_t>(now.running_ns - last->running_ns, 0);
    odd_rough_ = !usual_step_ns_ || passed_ns >= usual_step_ns_ + kJitter_ns;
    position_ns = last->position_ns + (odd_rough_ ? passed_ns : usual_step_ns_);
  } else {
    odd_rough_ = true;
    position_ns -= lead_ns(now, offset_ns_);
  }
  odd_offset_ns_ = whole_ms(position_ns - now.position_ns);
  odd_ = {now.position_ns + odd_offset_ns_, now.running_ns};
  if (!last_)
    last_ = odd_;
  placed->decision = {What::Odd, now.position_ns + offset_ns_, odd_->position_ns,
                      now.delay_ns - offset_ns_, expected_ns()};
  placed->discont = true;
  placed->position_ns = odd_->position_ns;
}

// Is called for each complete second.
void TrackClock::judge(const Message &now, Placed *placed) {
  const int64_t expected = expected_ns();
  if (const auto off_ns = lateness_.constant_ns(expected, kKnownSeconds);
      off_ns && std::abs(*off_ns) > kOff_ns) {
    const int64_t delay_ns = expected + *off_ns + offset_ns_;
    const auto other_ns = std::abs(delay_ns - expected) <= KnownOffsets::kSame_ns
                              ? std::optional<int64_t>(0)
                              : set_->offset_for(this, delay_ns, expected, now.running_ns);
    if (other_ns)
      move(*other_ns, now, What::Known, placed);
  }
  if (const auto late_ns = lateness_.for_good_ns(expected, now.running_ns))
    move(offset_ns_ + whole_ms(*late_ns), now, What::Moved, placed);
  const auto off_ns = lateness_.constant_ns(expected, kNewSeconds);
  if (off_ns && offset_ns_ != 0 && *off_ns < -kOff_ns)
    move(offset_ns_ + whole_ms(*off_ns), now, What::Moved, placed);
  else if (off_ns && rough_ && std::abs(*off_ns) > kExact_ns && std::abs(*off_ns) <= kOff_ns)
    move(offset_ns_ + whole_ms(*off_ns), now, What::Corrected, placed);
  rough_ = rough_ && !off_ns;
  if (offset_ns_ != 0)
    return;
  if (const auto lead_ns = set_->leads_alone_ns(*this, now.running_ns)) {
    set_->forget(usual_kind_);
    move(-whole_ms(*lead_ns), now, What::Moved, placed);
  }
}

// A track that is on time with the old mapping keeps its positions.
void TrackClock::common_moved(int64_t by_ns, int64_t since_ns) {
  known_.add(offset_ns_);
  known_.add(0);
  known_.common_moved(by_ns);
  odd_offset_ns_ -= by_ns;
  rough_ = false;
  const int64_t delay_ns = last_ ? set_->delay_ns(last_->position_ns, last_->running_ns) : 0;
  const int64_t late_ns = delay_ns - expected_ns();
  const bool heard = last_ && last_->running_ns >= since_ns;
  if (heard && std::abs(offset_ns_ - by_ns) > KnownOffsets::kSame_ns &&
      std::abs(late_ns) <= kClose_ns) {
    offset_ns_ -= by_ns;
    return;
  }
  // A track that was late by that amount is on time with the new mapping.
  if (last_ && std::abs(late_ns - (by_ns - offset_ns_)) <= kClose_ns &&
      std::abs(by_ns - offset_ns_) > KnownOffsets::kSame_ns) {
    last_->position_ns += by_ns - offset_ns_;
    lateness_.moved(by_ns - offset_ns_);
  }
  offset_ns_ = 0;
}

}  // namespace rtms
