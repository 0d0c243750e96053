// SPDX-License-Identifier: LGPL-2.1-or-later
// The text files of a recording: the transcript as WebVTT, and the chat.
#pragma once

#include "textfile.h"

#include <functional>
#include <string>
#include <vector>

namespace rtms::recorder {

// A line of the transcript, or a chat message. Times in ns from the recording's start.
struct Line {
  uint64_t start = 0, end = 0;  // end 0: not known
  std::string speaker, text;
};

// Used on the pads' threads.
class Texts {
 public:
  // A file cannot be written: its path, and errno. Called once for each file.
  using Failed = std::function<void(const std::string &path, int failure)>;

  Texts(const std::string &folder, Failed failed);

  void transcript(const Line &line);
  void chat(const Line &line);
  // The names of the files that have been made.
  std::vector<std::string> names();

 private:
  void append(TextFile *file, const std::string &text);

  TextFile vtt_, chat_;
  const Failed failed_;
};

}  // namespace rtms::recorder
