// SPDX-License-Identifier: LGPL-2.1-or-later
#include "join.h"

#include "base/glibptr.h"
#include "common/sync.h"
#include "joinaudible.h"
#include "joinmedia.h"
#include "jointexts.h"
#include "muxing/ebml.h"
#include "muxing/mp4boxes.h"

#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string_view>
#include <tuple>

namespace rtms::recorder {
namespace {

constexpr int kFailed = 1, kMisused = 2;
// What a killed recorder had not written of a part that was shorter than its journal.
constexpr int64_t kInTheTail_ms = 1000;

bool exists(const std::string &path) {
  return g_file_test(path.c_str(), G_FILE_TEST_EXISTS);
}

// Whether a file is empty, or begins as one of a muxer does.
bool may_have_been_begun(const std::string &file) {
  constexpr std::string_view kMatroska = "\x1a\x45\xdf\xa3", kMp4 = "ftyp";
  std::ifstream stream(file, std::ios::binary);
  char start[8] = {};
  if (!stream.is_open())
    return false;
  stream.read(start, sizeof start);
  const std::string_view bytes(start, static_cast<std::size_t>(stream.gcount()));
  return bytes.empty() || bytes.substr(0, 4) == kMatroska ||
         (bytes.size() == sizeof start && bytes.substr(4) == kMp4);
}

// Returns the error, or empty.
std::string read_part(const std::string &folder, JoinPart *part) {
  const std::string path = folder + "/meeting.json";
  ObjectPtr<JsonParser> parser(json_parser_new());
  GError *raw_error = nullptr;
  const bool good = json_parser_load_from_file(parser.get(), path.c_str(), &raw_error);
  const ErrorPtr error(raw_error);
  JsonNode *root = good ? json_parser_get_root(parser.get()) : nullptr;
  if (!root || !JSON_NODE_HOLDS_OBJECT(root))
    return path + " cannot be read" + (error ? std::string(": ") + error->message : "") +
           ". Give the folders of recordings.";
  JsonObject *report = json_node_get_object(root);
  part->folder = folder;
  part->recording = json_object_get_string_member_with_default(report, "recording", "");
  part->number = json_object_get_int_member_with_default(report, "part", 1);
  part->start_ms = json_object_get_int_member_with_default(report, "capture_start_ms", 0);
  part->drift_ms = json_object_get_int_member_with_default(report, "drift_ms", 0);
  part->audio_end_ms = json_object_get_int_member_with_default(report, "audio_end_ms", -1);
  part->video_end_ms = json_object_get_int_member_with_default(report, "video_end_ms", -1);
  part->tail_start_ms = json_object_get_int_member_with_default(report, "tail_start_ms", 0);
  part->format = exists(folder + "/meeting.mp4") || exists(folder + "/tail.mp4") ? "mp4" : "mkv";
  const std::string file = folder + "/meeting." + part->format;
  // A killed recorder may have written the header only, or a part of it.
  const std::string state = json_object_get_string_member_with_default(report, "state", "");
  const bool has_media = part->format == "mp4"
                             ? state == "finished" || Mp4Boxes::has_fragments(file)
                             : ebml::has_cluster(file);
  part->has_file = part->start_ms && exists(file) && has_media;
  part->has_tail = part->tail_start_ms && exists(folder + "/tail." + part->format);
  // A killed recorder may have written nothing, or a part of the header. Then a tail has all.
  const bool promised = json_object_has_member(report, "duration_s") &&
                        json_object_get_double_member(report, "duration_s") > 0;
  const bool covered = part->has_tail && part->tail_start_ms <= part->start_ms + kInTheTail_ms;
  part->is_damaged =
      part->start_ms && !has_media && !covered && (promised || !may_have_been_begun(file));
  // Its recorder was killed before the file had a time.
  if (!part->start_ms) {
    part->start_ms = part->tail_start_ms;
    part->drift_ms = 0;
  }
  return "";
}

// The distance between two parts is that between the capture times of the first one's end and the
// second one's beginning. Otherwise the drift of the clocks within a long part would cut its first
// media, or leave a gap before them.
void place(std::vector<JoinPart> *parts) {
  for (std::size_t i = 1; i < parts->size(); i++) {
    const JoinPart &before = (*parts)[i - 1];
    JoinPart &part = (*parts)[i];
    part.position_ms = before.position_ms + part.start_ms - part.drift_ms - before.start_ms;
  }
}

}  // namespace

std::string find_parts(const std::vector<std::string> &folders, JoinParts *parts) {
  std::vector<JoinPart> all;
  for (const std::string &folder : folders)
    if (std::string problem = read_part(folder, &all.emplace_back()); !problem.empty())
      return problem;
  // Two recorders that could not tell each other may have made parts of the same number.
  std::sort(all.begin(), all.end(), [](const JoinPart &one, const JoinPart &other) {
    return std::tie(one.number, one.start_ms) < std::tie(other.number, other.start_ms);
  });
  for (const JoinPart &part : all) {
    const int64_t expected = &part == &all.front() ? 1 : (&part)[-1].number + 1;
    if (part.number > expected)
      parts->lacks.push_back("Part " + std::to_string(expected) + " is not among the folders.");
    if (part.recording != all.front().recording)
      return part.folder + " is a part of another recording than " + all.front().folder + ".";
    parts->folders.push_back(part.folder);
    if (part.is_damaged)
      parts->lacks.push_back("The media of " + part.folder + " cannot be read: meeting." +
                             part.format + " is damaged or missing.");
    // A part whose recorder died before media arrived is empty.
    if (part.has_file || part.has_tail)
      parts->media.push_back(part);
  }
  if (parts->media.empty())
    return "None of the folders holds media whose time is known.";
  const JoinPart &first = parts->media.front();
  for (const JoinPart &part : parts->media)
    if (part.format != first.format)
      return part.folder + " has another container than " + first.folder +
             ": parts are joined without encoding them again.";
  place(&parts->media);
  return "";
}

std::string join_parts(JoinParts *parts, const std::string &output) {
  const std::vector<JoinPart> &media = parts->media;
  const std::string file = output + "/meeting." + media.front().format;
  if (exists(file))
    return file + " is there already. Name another folder with --output.";
  std::vector<JoinInput> inputs;
  for (const JoinPart &part : media) {
    const bool is_last = &part == &media.back();
    // Silence and black frames at the end of a part hide nothing before the next part begins; no
    // other part follows the last.
    const auto end_of = [&](int64_t end_ms) {
      if (is_last || end_ms < 0)
        return int64_t{-1};
      return std::max(end_ms, (&part + 1)->position_ms - part.position_ms);
    };
    if (part.has_file)
      inputs.push_back({part.folder + "/meeting." + part.format, part.position_ms,
                        end_of(part.audio_end_ms), end_of(part.video_end_ms)});
    // A packet with a wrong time must not hide the next part.
    constexpr int64_t kLate_ms = 10000;
    const int64_t tail_ms = part.position_ms + part.tail_start_ms - part.start_ms;
    const int64_t end_ms = is_last ? -1 : (&part + 1)->position_ms - tail_ms + kLate_ms;
    if (part.has_tail)
      inputs.push_back({part.folder + "/tail." + part.format, tail_ms,
                        is_last ? -1 : std::max<int64_t>(end_ms, 0), -1, part.has_file});
  }
  inputs = fill_silence(inputs, &parts->lacks);
  // A join that is killed leaves no half file that looks like a whole one.
  const std::string fresh = output + "/meeting.new." + media.front().format;
  if (std::string problem = join_media(inputs, fresh); !problem.empty()) {
    g_unlink(fresh.c_str());
    return problem;
  }
  if (const int failure = sync_file(fresh); failure || g_rename(fresh.c_str(), file.c_str()) != 0)
    return fresh + " cannot be stored as " + file + ": " + std::strerror(failure ? failure : errno);
  if (std::string problem = join_texts(*parts, output); !problem.empty())
    return problem;
  // The parts may be deleted now.
  const int failure = sync_folder_of(file);
  return failure ? file + " cannot be stored: " + std::strerror(failure) : "";
}

bool is_join(int argc, char **argv) {
  return std::any_of(argv + 1, argv + argc,
                     [](const char *one) { return std::strcmp(one, "--join") == 0; });
}

int run_join(int argc, char **argv) {
  std::string output;
  std::vector<std::string> folders;
  const auto complain = [](const std::string &text, int status) {
    std::fprintf(stderr, "rtms-recorder: %s\n", text.c_str());
    return status;
  };
  for (int i = 1; i < argc; i++) {
    const std::string one = argv[i];
    if ((one == "-o" || one == "--output") && i + 1 < argc)
      output = argv[++i];
    else if (one.compare(0, 9, "--output=") == 0)
      output = one.substr(9);
    else if (one.compare(0, 1, "-") != 0)
      folders.push_back(one);
    else if (one != "--join")
      return complain(one + " does not go with --join. Give --output=FOLDER and folders of parts.",
                      kMisused);
  }
  if (output.empty() || folders.empty())
    return complain("--join needs --output=FOLDER and the folders of the parts.", kMisused);
  JoinParts parts;
  std::string problem = find_parts(folders, &parts);
  if (problem.empty())
    problem = join_parts(&parts, output);
  if (!problem.empty())
    return complain("--join: " + problem, kFailed);
  int status = EXIT_SUCCESS;
  for (const std::string &lack : parts.lacks)
    status = complain("--join: the joined file is incomplete. " + lack, kFailed);
  return status;
}

}  // namespace rtms::recorder
