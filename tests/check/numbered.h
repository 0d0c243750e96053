// SPDX-License-Identifier: LGPL-2.1-or-later
// Media with numbers that a recording is asked for: each sample of a packet of sound, and each
// picture, tells its own.
#pragma once

#include "fixture.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace rtmscheck {

inline constexpr int64_t kPacketMs = 20, kPictureMs = 40;
inline constexpr std::size_t kPacketBytes = 640, kPacketSamples = kPacketBytes / 2;

class Numbered : public MediaSource {
 public:
  struct Options {
    int64_t end_ms = 0;
    bool chat = false;        // a message each second: the server ends a stream without any media
    bool turns = false;       // two participants in turns, with pauses; each is heard separately
    int64_t quiet_ms = 0;     // from the start, when nobody speaks
    int64_t backlog_ms = 0;   // sound of so long before all else,
    int64_t hold_ms = 0;      // which begins to come then,
    double speed = 0;         // so many times faster than real time; 0: at once
    std::size_t padding = 0;  // bytes of each picture that say nothing
    int64_t group = 0;        // pictures from one keyframe to the next; 0: 10
  };
  // Encodes the pictures, once for all.
  explicit Numbered(const Options &options);

  bool next(Media m, MediaItem &item, int64_t &due_ms) override;
  void skip_to(Media m, int64_t due_ms) override;

  // The first packet has 1: silence has none.
  static int16_t sample_of(int64_t packet) { return static_cast<int16_t>(packet + 1); }
  // Of a picture that was recorded.
  static std::optional<int64_t> number_of(const Bytes &picture);

 private:
  int64_t interval_ms(Media m) const;
  int64_t group() const;
  Bytes payload(Media m, int64_t number) const;

  const Options options_;
  std::map<Media, int64_t> next_;
};

// With what is wrong with it; empty: nothing.
ElementPtr launch(const std::string &line, std::string *error);
// Plays to the end. What is said against it; empty: nothing.
std::string play_all(GstElement *pipeline, int64_t patience_ms);

}  // namespace rtmscheck
