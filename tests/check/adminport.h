// SPDX-License-Identifier: LGPL-2.1-or-later
// A recorder with an admin port, and requests to it.
#pragma once

#include "recorder_run.h"

namespace rtmscheck {

// "GET PATH HTTP/1.1" and headers, among them a Host.
std::string get_text(const std::string &path, const Headers &headers = {},
                     const std::string &host = "localhost");

class AdminPort {
 public:
  explicit AdminPort(RecorderRun::Setup setup = {});

  RecorderRun &run() { return *run_; }
  const std::string &url();  // ends with a slash
  HttpAnswer get(const std::string &path, const Headers &headers = {},
                 const std::string &host = "localhost");
  HttpAnswer send(const std::string &text);

 private:
  std::optional<RecorderRun> run_;
  std::string url_;
};

// The output folder of a recorder, with recordings that others have left.
class OldRecordings {
 public:
  OldRecordings();
  // With a report; returns its path.
  std::string add(const std::string &folder);
  const std::string &path() const { return path_; }
  const std::string outside(const char *name) const { return directory_.file(name); }

 private:
  TemporaryDirectory directory_;
  const std::string path_;
};

void write_file(const std::string &path, const std::string &text);

}  // namespace rtmscheck
