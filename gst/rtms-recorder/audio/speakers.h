// SPDX-License-Identifier: LGPL-2.1-or-later
// Who is recorded on which track. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace rtms::recorder {

// Whose sound a pad of rtmssrc's carries, by its stream id: STREAM/audio/WHO, or STREAM/audio/WHO/2
// for who came back; empty for the mix, STREAM/audio.
std::string speaker_of(const std::string &stream_id);

// Track 0 holds all; then come the speakers' own, and where there are any, one for the others.
class Speakers {
 public:
  explicit Speakers(unsigned own) : own_(own) {}

  unsigned tracks() const { return own_ ? own_ + 2 : 1; }
  unsigned others() const { return own_ + 1; }
  bool is_own(unsigned track) const { return track > 0 && track <= own_; }
  // What the track is called before anybody is known to be on it.
  std::string title(unsigned track) const;
  std::vector<std::string> titles() const;
  // Where somebody goes besides track 0, the same each time; 0: nowhere. A track is a person's:
  // whoever comes back as another user has the name of one who has left, and so the track.
  unsigned track_of(const std::string &who, const std::string &name);
  // What somebody is called becomes known, or changes.
  void named(const std::string &who, const std::string &name);
  void came(const std::string &who, const std::string &name);
  void left(const std::string &who);

 private:
  struct Person {
    unsigned track = 0;
    std::string name;  // empty: not known
    bool present = true;
  };
  const unsigned own_;
  std::map<std::string, Person> given_;  // one for each of the tracks that are somebody's
};

}  // namespace rtms::recorder
