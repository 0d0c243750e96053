// SPDX-License-Identifier: LGPL-2.1-or-later
// The offset of the clock of one track's timestamps to the common mapping. Pure: all times are
// arguments.
#pragma once

#include "knownoffsets.h"
#include "lateness.h"
#include "trackset.h"

#include <cstdint>
#include <optional>
#include <string>

namespace rtms {

// A decision about the time of a message, with its numbers.
struct TimeDecision {
  enum class What {
    None,
    Odd,        // the message is placed by its arrival
    Alone,      // the message before was odd, this one is not
    Jumped,     // the clock of the track jumped: a new offset
    Known,      // an offset known from this track or another one
    Moved,      // constantly late or early: a new offset, by arrival
    Corrected,  // the offset, computed from more arrivals
  };
  What what = What::None;
  int64_t from_ns = 0, to_ns = 0;         // positions of an odd message, else offsets
  int64_t delay_ns = 0, expected_ns = 0;  // by the old offset; of a track on time
  int64_t common_ns = 0;                  // by how much the common mapping moved

  bool any() const { return what != What::None || common_ns != 0; }
};
std::string to_text(const TimeDecision &decision);

// Audio, video or screen. A track is on the common mapping, or at a constant offset to it. An odd
// message is placed by its arrival, until the next messages confirm its clock: one message never
// moves another.
class TrackClock {
 public:
  enum class Kind { Mix, Participant, Video, Screen };

  struct Placed {
    int64_t position_ns = 0;
    bool discont = false;  // does not continue the media before
    TimeDecision decision;
    int64_t raised_ns = 0;  // by Track::not_before()
  };

  TrackClock(TrackSet *set, Kind kind);
  ~TrackClock();
  TrackClock(const TrackClock &) = delete;
  TrackClock &operator=(const TrackClock &) = delete;

  // A message with `position_ns` by the common mapping arrived at `running_ns`.
  Placed place(int64_t position_ns, int64_t running_ns);
  // The connection was lost: its audio may be replayed, at any pace.
  void lost() { lost_ = true; }
  // The pipeline was paused: running time did not advance.
  void resume();

  int64_t offset_ns() const { return offset_ns_; }

 private:
  friend class TrackSet;
  // How much audio the service keeps while a connection is lost.
  static constexpr int64_t kReplay_ns = int64_t{65} * 1000 * 1000 * 1000;

  struct Message {
    int64_t position_ns = 0, running_ns = 0;
    int64_t delay_ns = 0;
  };
  struct Place {
    int64_t position_ns = 0, running_ns = 0;
    // Returns how far a message is ahead of this place plus the time that has passed.
    int64_t ahead_ns(const Message &now, int64_t offset_ns) const;
  };

  bool is_audio() const { return usual_kind_ == UsualDelay::Audio; }
  int64_t expected_ns() const { return set_->expected_ns(usual_kind_); }

  bool begins(const Message &now, Placed *placed);
  bool follows(const Message &now, Placed *placed);
  bool settles(const Message &now, Placed *placed);
  void accept(const Message &now, Placed *placed);
  void place_odd(const Message &now, Placed *placed);
  void judge(const Message &now, Placed *placed);

  int64_t lead_ns(const Message &now, int64_t offset_ns) const;
  bool plausible(const Message &now, int64_t offset_ns) const;
  bool doubtful(const Message &now) const;
  std::optional<int64_t> offset_after_pause(const Message &now) const;
  std::optional<int64_t> known_offset(const Message &now) const;
  std::optional<int64_t> cost(const Message &now, int64_t offset_ns, const Place &after) const;
  void change(int64_t offset_ns, const Message &now, TimeDecision::What what, Placed *placed);
  void move(int64_t offset_ns, const Message &now, TimeDecision::What what, Placed *placed);
  void common_moved(int64_t by_ns, int64_t since_ns);

  TrackSet *set_;
  const Kind kind_;
  const UsualDelay::Kind usual_kind_;
  int64_t offset_ns_ = 0;  // to the common mapping
  int64_t since_ns_ = 0;   // running time of the last change
  bool rough_ = false;     // computed from few arrivals
  KnownOffsets known_;

  std::optional<Place> last_;  // of the last message that was not odd
  std::optional<Place> odd_;   // of the last message if it was odd
  int64_t odd_offset_ns_ = 0;  // the offset that makes it not odd
  bool odd_rough_ = false;     // odd_offset_ns_ is computed from the time passed
  int64_t usual_step_ns_ = 0;
  int64_t newest_ns_ = 0;  // newest position
  Lateness lateness_;
  bool lost_ = false;  // the connection, since the last message
};

}  // namespace rtms
