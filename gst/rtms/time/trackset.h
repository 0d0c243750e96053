// SPDX-License-Identifier: LGPL-2.1-or-later
// The tracks of one stream: what each must know of the others, and what they agree on. Pure: all
// times are arguments.
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
  // How long a track stays on a new offset before that says something of the others.
  static constexpr int64_t kSays_ns = 300 * 1000 * 1000;

  // `backlog`: audio from before the connection was asked for. It may be a minute older than
  // everything else, and come at any pace.
  TrackSet(Timeline *timeline, bool backlog) : timeline_(timeline), backlog_(backlog) {}

  Timeline *timeline() const { return timeline_; }
  const UsualDelay &usual() const { return usual_; }
  // The timeline has a new anchor, of a text or of something better: positions go on, delays do
  // not.
  void anchored(int64_t running_ns, bool text);
  bool has_text_anchor() const { return text_delay_ns_.has_value(); }
  // A text has been the anchor, and what comes now is far ahead of that.
  bool text_anchor_is_late(int64_t position_ns, int64_t running_ns) const;
  // It is far behind: moves the common mapping, for nothing has been placed by it; returns by how
  // much.
  int64_t fit_text_anchor(int64_t position_ns, int64_t running_ns) {
    return text_delay_ns_ ? replace_text_anchor(position_ns, running_ns) : 0;
  }

  int64_t delay_ns(int64_t position_ns, int64_t running_ns) const {
    return running_ns - position_ns - timeline_->skew_ns();
  }
  int64_t newest_ns() const;
  // How far a position is ahead of both the clock and the newest one of the other tracks.
  int64_t lead_ns(const TrackClock *track, int64_t position_ns, int64_t delay_ns) const;
  // How far it may be.
  int64_t allowed_lead_ns(int64_t running_ns) const;
  // The audio may still be older than what else there is.
  bool behind() const { return backlog_ && !caught_up_; }
  // The delay of a track of that kind when it is on time.
  int64_t expected_ns(UsualDelay::Kind kind) const;
  // The offset of another track with which a message of that delay would be on time, chosen at
  // `changed_ns` or later.
  std::optional<int64_t> offset_for(const TrackClock *track, int64_t delay_ns, int64_t expected_ns,
                                    int64_t running_ns, int64_t changed_ns = INT64_MIN) const;
  // How late audio may be that was kept while a connection was away.
  int64_t replayed_ns(int64_t running_ns) const;
  // Media arrived on the common mapping.
  void observe(UsualDelay::Kind kind, int64_t position_ns, int64_t delay_ns, int64_t running_ns) {
    usual_.observe(kind, delay_ns, running_ns);
    timeline_->observe(kind, position_ns, running_ns);
    if (behind())
      caught_up_ = usual_.audio_caught_up();
  }
  // Moves the common mapping where audio, or two kinds of media, say the same; returns by how much.
  int64_t agree(int64_t running_ns);

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
  // The delay of the text that was the anchor, until there is something better.
  std::optional<int64_t> text_delay_ns_;
  UsualDelay usual_;
  std::vector<TrackClock *> tracks_;
};

}  // namespace rtms
