// SPDX-License-Identifier: LGPL-2.1-or-later
// meeting.json, which describes a recording.
#pragma once

#include "capturetime.h"
#include "disk/parts.h"
#include "disk/reportfile.h"
#include "media/gstptr.h"
#include "people.h"
#include "protocol/json_write.h"
#include "protocol/webhook.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace rtms::recorder {

class Report {
 public:
  // The stream starts at `unix_us`.
  Report(const Webhook &hook, std::string folder, std::vector<std::string> titles, int64_t unix_us);

  void set_part(const Part &part) { facts_.part = part; }
  People &people() { return facts_.people; }
  void set_title(unsigned track, const std::string &title) { facts_.titles[track] = title; }
  // The delay of late audio; the report has the maximum.
  void audio_behind(GstClockTime by) { facts_.audio_behind = std::max(facts_.audio_behind, by); }
  // The total of the audio that was too late to be recorded.
  void late_audio(uint64_t ms) { facts_.late_audio_ms = ms; }
  // At the end: of a recording of less than a second, refresh() does not know its start.
  void set_times(const CaptureTime &capture) {
    learn(capture, 0);
    facts_.ends = capture.ends();
  }
  void add_file(const std::string &name) { facts_.files.push_back(name); }
  // `left_out`: the number of texts that no file has.
  void add_texts(const std::vector<std::string> &names, uint64_t left_out) {
    facts_.files.insert(facts_.files.end(), names.begin(), names.end());
    facts_.texts_left_out = left_out;
  }
  void remove_file(const std::string &name) {
    facts_.files.erase(std::remove(facts_.files.begin(), facts_.files.end(), name),
                       facts_.files.end());
  }

  void write(const char *state);
  // Is called each second: writes the file if anything has changed; the longer the lists, the less
  // often. Returns whether it does.
  bool refresh(int64_t now_us, const CaptureTime &capture);
  // Writes the final report. `done` gets the error, or empty.
  void close(int64_t unix_us, double duration_s, const std::string &reason,
             const std::string &error, StructurePtr stats, const std::string &push,
             std::function<void(const std::string &problem)> done);

 private:
  // What the file says. Making its text takes long, so the file's worker does it, from a copy.
  struct Facts {
    std::string json(const std::string &state) const;
    void write_tracks(JsonWriter *writer) const;

    Webhook hook;
    std::vector<std::string> titles;
    int64_t started_us;
    People people;
    Part part;
    int64_t ended_us = 0;
    GstClockTime audio_behind = 0;
    uint64_t late_audio_ms = 0, texts_left_out = 0;
    int64_t capture_start_ms = 0, drift_ms = 0;
    CaptureTime::Ends ends;
    double duration_s = 0;
    std::string reason, error, push;
    std::shared_ptr<const GstStructure> stats;
    std::vector<std::string> files;
  };
  bool learn(const CaptureTime &capture, int64_t tolerance_ms);
  std::function<std::string()> text(const char *state) const;

  ReportFile file_;
  Facts facts_;
  bool learned_ = false;
  int64_t next_us_ = 0, next_start_us_ = 0, next_jump_us_ = 0;
};

// Writes the counters of a `stats` structure as members of the current object.
void write_stats(JsonBuilder *builder, const GstStructure *stats);

}  // namespace rtms::recorder
