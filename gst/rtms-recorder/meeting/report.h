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
#include <string>
#include <vector>

namespace rtms::recorder {

class Report {
 public:
  // The stream starts at `unix_us`.
  Report(const Webhook &hook, std::string folder, std::vector<std::string> titles, int64_t unix_us);

  void set_part(const Part &part) { part_ = part; }
  People &people() { return people_; }
  void set_title(unsigned track, const std::string &title) { titles_[track] = title; }
  // The delay of late audio; the report has the maximum.
  void audio_behind(GstClockTime by) { audio_behind_ = std::max(audio_behind_, by); }
  // The total of the audio that was too late to be recorded.
  void late_audio(uint64_t ms) { late_audio_ms_ = ms; }
  // At the end: of a recording of less than a second, refresh() does not know its start.
  void set_times(const CaptureTime &capture) {
    learn(capture, 0);
    ends_ = capture.ends();
  }
  void add_file(const std::string &name) { files_.push_back(name); }
  void remove_file(const std::string &name) {
    files_.erase(std::remove(files_.begin(), files_.end(), name), files_.end());
  }

  void write(const char *state);
  // Is called each second: writes the file if anything has changed; the longer the lists, the less
  // often.
  void refresh(int64_t now_us, const CaptureTime &capture);
  // Writes the final report. `done` gets the error, or empty.
  void close(int64_t unix_us, double duration_s, const std::string &reason,
             const std::string &error, StructurePtr stats, const std::string &push,
             std::function<void(const std::string &problem)> done);

 private:
  bool learn(const CaptureTime &capture, int64_t tolerance_ms);
  std::string json(const char *state) const;
  void write_tracks(JsonWriter *writer) const;

  const Webhook hook_;
  ReportFile file_;
  std::vector<std::string> titles_;
  const int64_t started_us_;
  int64_t next_us_ = 0, next_start_us_ = 0;
  Part part_;
  int64_t ended_us_ = 0;
  GstClockTime audio_behind_ = 0;
  uint64_t late_audio_ms_ = 0;
  int64_t capture_start_ms_ = 0, drift_ms_ = 0;
  CaptureTime::Ends ends_;
  double duration_s_ = 0;
  std::string reason_, error_, push_;
  StructurePtr stats_;
  std::vector<std::string> files_;
  People people_;
};

// Writes the counters of a `stats` structure as members of the current object.
void write_stats(JsonBuilder *builder, const GstStructure *stats);

}  // namespace rtms::recorder
