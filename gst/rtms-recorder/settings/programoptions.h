// SPDX-License-Identifier: LGPL-2.1-or-later
// What the command line says of the program: the meeting as one video and one audio stream.
#pragma once

#include "scene/layout.h"

#include <glib.h>
#include <string>
#include <vector>

namespace rtms::recorder {

struct ProgramOptions {
  std::string file;  // its name beside the recording; empty: no file
  std::string rtmp;  // {stream} and {meeting} are replaced; empty: no push
  std::string resolution = "sd";
  program::Layout layout = program::Layout::Auto;
  bool name_tags = false, captions = false;
  std::string slate;  // an image; empty: black

  bool wanted() const { return !file.empty() || !rtmp.empty(); }
  bool shows_camera() const { return wanted() && program::shows_camera(layout); }
  bool shows_screen() const { return wanted() && program::shows_screen(layout); }
};

// What GOption fills.
class RawProgramOptions {
 public:
  RawProgramOptions() = default;
  ~RawProgramOptions();
  RawProgramOptions(const RawProgramOptions &) = delete;
  RawProgramOptions &operator=(const RawProgramOptions &) = delete;

  std::vector<GOptionEntry> entries();
  // What is wrong with the values, or nothing.
  std::string convert(ProgramOptions *options) const;

 private:
  gboolean name_tags_ = FALSE, captions_ = FALSE;
  char *file_ = nullptr, *rtmp_ = nullptr, *resolution_ = nullptr, *layout_ = nullptr,
       *slate_ = nullptr;
};

// What is wrong with the whole, or nothing.
std::string program_problem(const ProgramOptions &options);

}  // namespace rtms::recorder
