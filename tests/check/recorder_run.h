// SPDX-License-Identifier: LGPL-2.1-or-later
// rtms-recorder as a program, with what it wrote.
#pragma once

#include "launch.h"
#include "recording.h"
#include "webhooks.h"

namespace rtmscheck {

class RecorderRun {
 public:
  struct Setup {
    std::vector<std::string> options;
    std::string output;  // empty: a folder of its own
    std::map<std::string, std::string> environment;
    bool listen = true;
  };
  explicit RecorderRun(const std::vector<std::string> &options = {});
  explicit RecorderRun(const Setup &setup);

  Program &program() { return *program_; }
  const std::string &url();  // of the webhook
  HttpAnswer get(const std::string &path);
  // Announces the server's meeting. Again: as another event.
  void announce_moved(const Server &server);
  void announce(const Server &server, int later = 0);
  void tell(const Server &server, const char *event);

  // Of the log, the events so named, each a line of JSON.
  std::vector<std::string> events(const std::string &name);
  void wait_events(const std::string &name, std::size_t count, int timeout_ms = kDeadlineMs);
  // How many of a server's messages the recorder has received, by its metrics.
  int64_t messages(const Server &server, const char *media);
  void wait_messages(const Server &server, const char *media, int64_t count);
  // It has ended, by itself.
  void expect_end(int timeout_ms = kDeadlineMs);
  const std::string &output() const { return output_; }
  // The recordings' folders in it; the oldest first.
  std::vector<std::string> folders() const;
  std::string only_folder() const;
  std::string text_of(const std::string &file) const;
  std::string said() const;  // the end of what it has printed
  // Neither in the log, nor in what it said, nor in any of its files.
  void expect_no_secrets(const std::vector<std::string> &secrets);

 private:
  TemporaryDirectory directory_;
  std::string output_, url_;
  std::optional<Program> program_;
};

// A string member, and a number, of the recording's meeting.json.
std::string report_of(const std::string &folder, const char *member);
int64_t report_number(const std::string &folder, const char *member);

// Can be played, and has as many tracks of sound; the first lasts for so long, but for what may be
// lost.
void expect_recording(const std::string &file, unsigned sounds, double length, double lost = 0.1);

// A meeting that ends by itself, or never.
Config meeting_of(int64_t length_ms, MeetingOptions options = {});

// A webhook is answered much sooner than what is in the way lasts.
inline const int kAnswerMs = static_cast<int>(2000 * slowness());
void expect_answers(const std::string &url);

}  // namespace rtmscheck
