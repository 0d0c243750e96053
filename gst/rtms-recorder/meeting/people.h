// SPDX-License-Identifier: LGPL-2.1-or-later
// The participants and speakers of a meeting, with the history of their names, for meeting.json.
// Pure.
#pragma once

#include "audio/sound.h"
#include "protocol/json_write.h"

#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace rtms::recorder {

class People {
 public:
  // The maximum of listed people, because a server can send any number. All are counted.
  static constexpr size_t kMost = 10000;
  // The maximum of listed names beyond the first one of each entry. The current name is always
  // listed.
  static constexpr size_t kMostRenames = 10000;

  explicit People(int64_t started_us) : started_us_(started_us) {}

  void joined(uint64_t user, const std::string &name, int64_t unix_us);
  void left(uint64_t user, int64_t unix_us);
  // A participant speaks for the first time, or has a new name. Returns false if nothing is new.
  bool heard(const Voice &voice);

  // Whether anything has changed since the last call.
  bool take_changed() { return std::exchange(changed_, false); }
  // The number of names in the report, which the time to write it depends on.
  size_t listed() const { return participants_.size() + speakers_.size() + renames_; }
  // The number of all speakers.
  unsigned speakers() const { return static_cast<unsigned>(spoken_); }

  // Writes `participants`, `participant_count` and, if the lists are incomplete,
  // `participants_truncated` and `names_left_out`.
  void write_participants(JsonWriter *writer) const;
  // Writes `speakers` of a track; track 0 has all.
  void write_speakers(JsonWriter *writer, unsigned track) const;
  // Writes `speaker_count` and `speakers_truncated` if not all speakers are listed.
  void write_speaker_count(JsonWriter *writer) const;

 private:
  struct Name {
    std::string text;
    int64_t unix_us;
  };
  struct Participant {
    uint64_t user;
    std::vector<Name> names;
    int64_t joined_us, left_us = 0;
  };
  struct Spoken {
    Voice voice;  // has the current name
    std::vector<Name> names;
  };
  bool rename(std::vector<Name> *names, const std::string &name, int64_t unix_us);
  static void write_names(JsonBuilder *builder, const std::vector<Name> &names);

  const int64_t started_us_;
  std::vector<Participant> participants_;
  std::unordered_map<uint64_t, size_t> present_;  // index of each participant who has not left
  std::vector<Spoken> speakers_;
  std::unordered_map<std::string, size_t> spoke_;  // by user and track
  size_t joined_ = 0, spoken_ = 0;
  size_t renames_ = 0, names_left_out_ = 0;
  bool changed_ = false;
};

}  // namespace rtms::recorder
