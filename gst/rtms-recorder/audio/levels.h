// SPDX-License-Identifier: LGPL-2.1-or-later
// How loud a meeting is now, and who speaks. Pure: the clock is an argument. On any thread.
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
  // Louder than that is speech.
  static constexpr int kSpeech_db = -45;
  static constexpr int64_t kWindow_us = 1000000;
  // So many are named.
  static constexpr size_t kMostNames = 8;

  // Audio of one speaker, or of the mix where `who` is empty, that has arrived now.
  void add(const std::string &who, const std::string &name, const int16_t *samples, size_t count,
           int64_t now_us);
  // The service says who speaks in its mix.
  void active(const std::string &name);

  // Of the last second.
  struct Now {
    int peak_db = kSilence_db;          // the loudest sample, of full scale
    std::vector<std::string> speaking;  // who was louder than kSpeech_db
  };
  Now now(int64_t now_us) const;

 private:
  struct Heard {
    std::string name;
    int64_t at_us;
  };
  mutable std::mutex mutex_;      // guards what follows
  std::map<int64_t, int> peaks_;  // of each tenth of a second
  std::map<std::string, Heard> speaking_;
  std::string active_;
};

}  // namespace rtms::recorder
