// SPDX-License-Identifier: LGPL-2.1-or-later
#include "jointexts.h"

#include "base/glibptr.h"
#include "text/cues.h"

#include <json-glib/json-glib.h>
#include <algorithm>
#include <cstdio>
#include <map>
#include <set>
#include <sstream>

namespace rtms::recorder {
namespace {

constexpr char kArrow[] = " --> ";

// A part without texts has no file. Any other failure is a problem: the first one is kept.
std::string text_of(const std::string &path, std::string *problem) {
  char *text = nullptr;
  gsize size = 0;
  GError *raw_error = nullptr;
  const bool read = g_file_get_contents(path.c_str(), &text, &size, &raw_error);
  const StringPtr owned(text);
  const ErrorPtr error(raw_error);
  if (!read && !g_error_matches(error.get(), G_FILE_ERROR, G_FILE_ERROR_NOENT) && problem->empty())
    *problem = error->message;
  return read ? std::string(text, size) : "";
}

// "00:01:02.345" or "01:02.345".
bool parse_time(const std::string &text, int64_t *ms) {
  long hours = 0, minutes = 0, seconds = 0, millis = 0;
  if (std::sscanf(text.c_str(), "%ld:%ld:%ld.%ld", &hours, &minutes, &seconds, &millis) != 4) {
    hours = 0;
    if (std::sscanf(text.c_str(), "%ld:%ld.%ld", &minutes, &seconds, &millis) != 3)
      return false;
  }
  *ms = ((hours * 60 + minutes) * 60 + seconds) * 1000 + millis;
  return true;
}

std::string time_text(int64_t ms) {
  char text[32];
  const int64_t s = ms / 1000;
  std::snprintf(text, sizeof text, "%02d:%02d:%02d.%03d", static_cast<int>(s / 3600),
                static_cast<int>(s / 60 % 60), static_cast<int>(s % 60),
                static_cast<int>(ms % 1000));
  return text;
}

// Each line once: a line in two parts is the same message.
std::string lines_of(const std::vector<std::string> &folders, const char *name,
                     std::string *problem) {
  std::string all;
  std::set<std::string> seen;
  for (const std::string &folder : folders) {
    std::istringstream lines(text_of(folder + "/" + name, problem));
    for (std::string line; std::getline(lines, line);)
      if (seen.insert(line).second)
        all += line + "\n";
  }
  return all;
}

std::string text_in(const std::string &cue) {
  return cue.substr(cue.find('\n') + 1);
}

// What stands in the cue of a line of transcript.jsonl; empty: it has none.
std::string cue_of(const std::string &json) {
  ObjectPtr<JsonParser> parser(json_parser_new());
  if (!json_parser_load_from_data(parser.get(), json.c_str(), -1, nullptr))
    return "";
  JsonNode *root = json_parser_get_root(parser.get());
  if (!root || !JSON_NODE_HOLDS_OBJECT(root))
    return "";
  JsonObject *line = json_node_get_object(root);
  const auto text = [line](const char *member) {
    const char *value = json_object_get_string_member_with_default(line, member, "");
    return std::string(value ? value : "");  // no text: the file is damaged
  };
  const std::string cue = vtt_cue({0, 0, text("user_name"), text("text")});
  return text_in(cue);
}

std::vector<std::string> split(const std::string &cues) {
  std::vector<std::string> all;
  for (std::size_t at = 0; at < cues.size(); at += all.back().size()) {
    const std::size_t gap = cues.find("\n\n", at);
    all.push_back(cues.substr(at, gap == std::string::npos ? gap : gap + 2 - at));
  }
  return all;
}

// After a reconnect the service repeats lines, which are at the start of the next part then.
class Repetitions {
 public:
  // `lines`: transcript.jsonl, in which each message is once.
  explicit Repetitions(const std::string &lines) {
    std::istringstream all(lines);
    for (std::string line; std::getline(all, line);)
      left_[cue_of(line)]++;
  }
  // Returns the cues of the next part without the first ones for which there is no message left.
  std::string without(const std::string &cues) {
    std::map<std::string, int> more;
    for (const std::string &cue : split(cues))
      more[text_in(cue)]++;
    std::string rest;
    for (const std::string &cue : split(cues)) {
      const auto left = left_.find(text_in(cue));
      const bool repeated = left != left_.end() && more[text_in(cue)]-- > left->second &&
                            earlier_.count(text_in(cue)) > 0;
      if (!repeated)
        rest += cue;
      if (!repeated && left != left_.end())
        left->second--;
    }
    for (const std::string &cue : split(cues))
      earlier_.insert(text_in(cue));
    return rest;
  }

 private:
  std::map<std::string, int> left_;
  std::set<std::string> earlier_;  // texts of the parts so far
};

// Returns the error, or empty.
std::string write(const std::string &path, const std::string &text) {
  GError *raw_error = nullptr;
  if (!text.empty())
    g_file_set_contents_full(path.c_str(), text.data(), static_cast<gssize>(text.size()),
                             G_FILE_SET_CONTENTS_DURABLE, 0644, &raw_error);
  const ErrorPtr error(raw_error);
  return error ? error->message : "";
}

}  // namespace

std::string shifted_vtt(const std::string &vtt, int64_t by_ms) {
  std::string all;
  std::istringstream lines(vtt);
  bool in_cues = false;
  for (std::string line; std::getline(lines, line);) {
    const auto arrow = line.find(kArrow);
    int64_t start = 0, end = 0;
    if (arrow != std::string::npos && parse_time(line, &start) &&
        parse_time(line.substr(arrow + sizeof kArrow - 1), &end)) {
      // What was said before the joined file begins is not in it.
      in_cues = end + by_ms > 0;
      line = time_text(std::max<int64_t>(start + by_ms, 0)) + kArrow + time_text(end + by_ms);
    }
    if (in_cues)
      all += line + "\n";
  }
  return all;
}

std::string join_texts(const JoinParts &parts, const std::string &output) {
  std::string vtt, problem;
  Repetitions repetitions(lines_of(parts.folders, "transcript.jsonl", &problem));
  for (const JoinPart &part : parts.media)
    vtt += repetitions.without(
        shifted_vtt(text_of(part.folder + "/meeting.vtt", &problem), part.position_ms));
  if (problem.empty())
    problem = write(output + "/meeting.vtt", vtt.empty() ? "" : kVttHead + vtt);
  for (const char *name : {"transcript.jsonl", "chat.jsonl"}) {
    const std::string lines = lines_of(parts.folders, name, &problem);
    if (problem.empty())
      problem = write(output + "/" + name, lines);
  }
  return problem;
}

}  // namespace rtms::recorder
