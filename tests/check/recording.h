// SPDX-License-Identifier: LGPL-2.1-or-later
// Recordings, and what ffprobe and ffmpeg find in them.
#pragma once

#include <cmath>

#include "fixture.h"

namespace rtmscheck {

class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory &) = delete;
  TemporaryDirectory &operator=(const TemporaryDirectory &) = delete;
  const std::string &path() const { return path_; }
  std::string file(const std::string &name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

struct Output {
  std::string out, err;
};
// Runs a program to its end; a failure fails the test.
Output run(std::vector<const char *> arguments);

// A file's track by its packets. Times in s.
struct Track {
  std::string codec;
  int packets = 0;
  double first = INFINITY, end = -INFINITY;
};
// By codec type: "video", "audio", "subtitle"; the second of a kind is "audio 1", and so on.
std::map<std::string, Track> tracks_of(const std::string &file);
double start_of(const std::map<std::string, Track> &tracks);  // of the first one

uint64_t size_of(const std::string &file);  // 0: there is none
// Decoding it, or some of its streams ("0:a"), ffmpeg has nothing to complain about.
void expect_playable(const std::string &file, const char *streams = nullptr);
void expect_near(const char *what, double got, double wanted, double tolerance);

// When the made meeting's white pictures and beeps are seen and heard in a file, in s.
struct FlashBeep {
  std::vector<double> flashes, beeps;
};
FlashBeep flash_beep(const std::string &file, unsigned audio_track = 0);
std::vector<double> beeps_of(const std::string &file, unsigned audio_track = 0);
std::string to_string(const FlashBeep &found);
// Where both are, they are together. There are `fewest` of them at least.
void expect_in_sync(const FlashBeep &found, double tolerance, unsigned fewest);

ElementPtr parse_launch(const char *description);
// Plays to the end; a warning is as bad as an error.
void play(GstElement *pipeline);

// Adds a case of one test, which runs `times` times, each for at most 90 s.
void add_case(Suite *suite, const char *name, TFun test, int times = 1);

}  // namespace rtmscheck
