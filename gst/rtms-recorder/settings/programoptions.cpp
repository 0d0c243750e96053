// SPDX-License-Identifier: LGPL-2.1-or-later
#include "programoptions.h"

namespace rtms::recorder {
namespace {

using program::Layout;

struct Named {
  const char *name;
  Layout layout;
};
constexpr Named kLayouts[] = {{"auto", Layout::Auto},
                              {"camera", Layout::Camera},
                              {"screen", Layout::Screen},
                              {"screen+camera", Layout::ScreenCamera},
                              {"side-by-side", Layout::SideBySide}};

bool find_layout(const std::string &name, Layout *layout) {
  for (const Named &one : kLayouts)
    if (name == one.name) {
      *layout = one.layout;
      return true;
    }
  return false;
}

}  // namespace

RawProgramOptions::~RawProgramOptions() {
  for (char *text : {file_, rtmp_, resolution_, layout_, slate_})
    g_free(text);
}

std::vector<GOptionEntry> RawProgramOptions::entries() {
  constexpr auto kString = G_OPTION_ARG_STRING;
  constexpr auto kFile = G_OPTION_ARG_FILENAME;
  constexpr auto kNone = G_OPTION_ARG_NONE;
  return {
      {"program", 0, 0, kFile, &file_,
       "Also write this file, such as program.mp4, beside each recording: camera and screen share "
       "in one video of constant size, for all players",
       "NAME.mp4"},
      {"rtmp", 0, 0, kString, &rtmp_,
       "Also push the program to this RTMP server; {stream} and {meeting} stand for the ids. Set "
       "a URL that holds a key as RTMS_RECORDER_RTMP in the credentials file or the environment",
       "URL"},
      {"program-resolution", 0, 0, kString, &resolution_,
       "Size of the program: 640x360, 1280x720, 1920x1080 or 2560x1440 (default: sd)",
       "sd|hd|fhd|qhd"},
      {"layout", 0, 0, kString, &layout_,
       "What the program shows where: auto, camera, screen, screen+camera or side-by-side "
       "(default: auto, the share with the camera in a corner)",
       "LAYOUT"},
      {"name-tags", 0, 0, kNone, &name_tags_,
       "Draw the name of the active speaker into the program", nullptr},
      {"captions", 0, 0, kNone, &captions_, "Draw the transcript into the program", nullptr},
      {"slate", 0, 0, kFile, &slate_,
       "Image (PNG or JPEG) that the program shows while there is neither camera nor share "
       "(default: black)",
       "FILE"},
      {}};
}

std::string RawProgramOptions::convert(ProgramOptions *options) const {
  options->file = file_ ? file_ : "";
  options->name_tags = name_tags_;
  options->captions = captions_;
  options->rtmp = rtmp_ ? rtmp_ : "";
  options->slate = slate_ ? slate_ : "";
  options->resolution = resolution_ ? resolution_ : "sd";
  const std::string layout = layout_ ? layout_ : "auto";
  if (!find_layout(layout, &options->layout))
    return "--layout is " + layout +
           ". Valid are auto, camera, screen, screen+camera and side-by-side.";
  for (const char *valid : {"sd", "hd", "fhd", "qhd"})
    if (options->resolution == valid)
      return "";
  return "--program-resolution is " + options->resolution + ". Valid are sd, hd, fhd and qhd.";
}

std::string program_problem(const ProgramOptions &options) {
  const std::string &file = options.file;
  const bool is_name = g_str_has_suffix(file.c_str(), ".mp4") && file.front() != '.' &&
                       file.find('/') == std::string::npos && file != "meeting.mp4" &&
                       file != "tail.mp4";
  if (!file.empty() && !is_name)
    return "--program is " + file +
           ". Give a name without a folder that ends in .mp4, other than meeting.mp4 and tail.mp4: "
           "each "
           "recording has the file in its own folder.";
  const std::string &rtmp = options.rtmp;
  if (!rtmp.empty() && !g_str_has_prefix(rtmp.c_str(), "rtmp://") &&
      !g_str_has_prefix(rtmp.c_str(), "rtmps://"))
    return "The RTMP URL does not begin with rtmp:// or rtmps://. Give a URL such as "
           "rtmp://localhost/live/{stream}.";
  return "";
}

}  // namespace rtms::recorder
