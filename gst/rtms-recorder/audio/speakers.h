// SPDX-License-Identifier: LGPL-2.1-or-later
// Assigns participants to tracks. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace rtms::recorder {

// Returns the participant of a pad by its stream id: STREAM/audio/WHO, or STREAM/audio/WHO/2 after
// a return; empty for the mix, STREAM/audio.
std::string speaker_of(const std::string &stream_id);

// Track 0 holds everybody; then follow the own tracks of speakers, and one for all others, if any.
class Speakers {
 public:
  explicit Speakers(unsigned own) : own_(own) {}

  unsigned tracks() const { return own_ ? own_ + 2 : 1; }
  unsigned others() const { return own_ + 1; }
  // Returns the title of a track without a known speaker.
  std::string title(unsigned track) const;
  std::vector<std::string> titles() const;
  // Returns the participant's track besides 0, always the same; 0: none. A track belongs to a
  // person: a user with the name of one who has left gets that one's track.
  unsigned track_of(const std::string &who, const std::string &name);
  // Sets or changes the name of a participant.
  void named(const std::string &who, const std::string &name);
  void came(const std::string &who, const std::string &name);
  void left(const std::string &who);

 private:
  struct Person {
    unsigned track = 0;
    std::string name;  // empty: unknown
    bool present = true;
  };
  const unsigned own_;
  std::map<std::string, Person> given_;  // one per assigned track
};

}  // namespace rtms::recorder
