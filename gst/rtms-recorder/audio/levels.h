// SPDX-License-Identifier: LGPL-2.1-or-later
// The current level of a meeting, and its speakers. Pure: the clock is an argument. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace rtms::recorder {

class Levels {
 public:
  static constexpr int kSilence_db = -90;
  // A louder peak counts as speech.
  static constexpr int kSpeech_db = -45;
  static constexpr int64_t kWindow_us = 1000000;
  // The most speakers named.
  static constexpr size_t kMostNames = 8;

  // Audio of one speaker, or of the mix if `who` is empty, arrived now.
  void add(const std::string &who, const std::string &name, const int16_t *samples, size_t count,
           int64_t now_us);
  // The service reports the active speaker of its mix.
  void active(const std::string &name);

  // The state of the last second.
  struct Now {
    int peak_db = kSilence_db;          // the loudest sample, in dBFS
    std::vector<std::string> speaking;  // speakers above kSpeech_db
  };
  Now now(int64_t now_us) const;

 private:
  struct Heard {
    std::string name;
    int64_t at_us;
  };
  mutable std::mutex mutex_;      // guards the fields below
  std::map<int64_t, int> peaks_;  // per tenth of a second
  std::map<std::string, Heard> speaking_;
  std::string active_;
};

}  // namespace rtms::recorder
