// SPDX-License-Identifier: LGPL-2.1-or-later
// The tracks of one stream: what they compare, and what they agree on. Pure: all times are
// arguments.
#pragma once

#include "timeline.h"
#include "usualdelay.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace rtms {

class TrackClock;

class TrackSet {
 public:
  // How long a track stays on a new offset before it counts for the common mapping.
  static constexpr int64_t kSays_ns = 300 * 1000 * 1000;

  // `backlog`: audio from before the connection is requested. It may be a minute older than all
  // other media, and arrive at any pace.
  TrackSet(Timeline *timeline, bool backlog) : timeline_(timeline), backlog_(backlog) {}

  Timeline *timeline() const { return timeline_; }
  const UsualDelay &usual() const { return usual_; }
  // The timeline has a new anchor, a text or media: positions continue, known delays are void.
  void anchored(int64_t running_ns, bool text);
  bool has_text_anchor() const { return text_delay_ns_.has_value(); }
  // Returns true if a text is the anchor and the message is far ahead of it.
  bool text_anchor_is_late(int64_t position_ns, int64_t running_ns) const;
  // If a text is the anchor and the message is far behind it, moves the common mapping, which has
  // placed no media yet. Returns by how much.
  int64_t fit_text_anchor(int64_t position_ns, int64_t running_ns) {
    return text_delay_ns_ ? replace_text_anchor(position_ns, running_ns) : 0;
  }

  int64_t delay_ns(int64_t position_ns, int64_t running_ns) const {
    return running_ns - position_ns - timeline_->skew_ns();
  }
  int64_t newest_ns() const;
  // Returns how far a position is ahead of both the clock and the newest one of the other tracks.
  int64_t lead_ns(const TrackClock *track, int64_t position_ns, int64_t delay_ns) const;
  // Returns the lead that is still plausible.
  int64_t allowed_lead_ns(int64_t running_ns) const;
  // Returns true while audio may be older than the other media.
  bool behind() const { return backlog_ && !caught_up_; }
  // Returns the delay of a track of that kind that is on time.
  int64_t expected_ns(UsualDelay::Kind kind) const;
  // Returns the offset of another track, chosen at `changed_ns` or later, with which a message of
  // that delay would be on time.
  std::optional<int64_t> offset_for(const TrackClock *track, int64_t delay_ns, int64_t expected_ns,
                                    int64_t running_ns, int64_t changed_ns = INT64_MIN) const;
  // Returns how late replayed audio of a lost connection may be.
  int64_t replayed_ns(int64_t running_ns) const;
  // Media arrived on the common mapping.
  void observe(UsualDelay::Kind kind, int64_t position_ns, int64_t delay_ns, int64_t running_ns) {
    usual_.observe(kind, delay_ns, running_ns);
    timeline_->observe(kind, position_ns, running_ns);
    if (behind())
      caught_up_ = usual_.audio_caught_up();
  }
  // Moves the common mapping if audio, or two kinds of media, agree. Returns by how much.
  int64_t agree(int64_t running_ns);
  // Returns by how much a track on the common mapping is constantly ahead of the audio and of all
  // other media, if its own clock explains that: the audio arrives as it always has.
  std::optional<int64_t> leads_alone_ns(const TrackClock &track, int64_t running_ns) const;
  // What was observed of the kind was not on the common mapping.
  void forget(UsualDelay::Kind kind) { usual_.forget(kind); }

 private:
  friend class TrackClock;
  void add(TrackClock *track) { tracks_.push_back(track); }
  void remove(TrackClock *track);
  int64_t replace_text_anchor(int64_t position_ns, int64_t running_ns);
  bool agreed(const TrackClock &track, int64_t running_ns) const;

  Timeline *timeline_;
  const bool backlog_;
  bool caught_up_ = false;
  int64_t anchored_ns_ = 0;
  // The delay of the text that is the anchor, until media replace it.
  std::optional<int64_t> text_delay_ns_;
  UsualDelay usual_;
  std::vector<TrackClock *> tracks_;
};

}  // namespace rtms
