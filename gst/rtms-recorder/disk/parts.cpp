// SPDX-License-Identifier: LGPL-2.1-or-later
#include "parts.h"

#include "base/glibptr.h"

#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <functional>
#include <mutex>

namespace rtms::recorder {

namespace {

// Several threads may edit the same report. Returns false if that failed.
bool edit(const std::string &folder, const std::function<void(JsonObject *)> &change) {
  static std::mutex mutex;
  const std::lock_guard<std::mutex> lock(mutex);
  const std::string path = folder + "/meeting.json";
  ObjectPtr<JsonParser> parser(json_parser_new());
  if (!json_parser_load_from_file(parser.get(), path.c_str(), nullptr))
    return false;
  JsonNode *root = json_parser_get_root(parser.get());
  if (!root || !JSON_NODE_HOLDS_OBJECT(root))
    return false;
  change(json_node_get_object(root));
  StringPtr text(json_to_string(root, FALSE));
  const std::string all = std::string(text.get()) + "\n";
  return g_file_set_contents_full(path.c_str(), all.data(), static_cast<gssize>(all.size()),
                                  G_FILE_SET_CONTENTS_CONSISTENT, 0644, nullptr);
}

bool has(JsonArray *array, const std::string &text) {
  for (guint i = 0; i < json_array_get_length(array); i++)
    if (text == json_array_get_string_element(array, i))
      return true;
  return false;
}

void add_to_files(JsonObject *report, const std::string &file) {
  JsonArray *files = json_object_has_member(report, "files")
                         ? json_object_get_array_member(report, "files")
                         : nullptr;
  if (files && !has(files, file))
    json_array_add_string_element(files, file.c_str());
}

}  // namespace

void end_part(const std::string &folder, const std::string &next) {
  // On a full disk, its space is that of the edited report.
  g_unlink((folder + "/.reserve").c_str());
  edit(folder, [&](JsonObject *report) {
    const std::string state = json_object_get_string_member_with_default(report, "state", "");
    if (state == "recording") {
      json_object_set_string_member(report, "state", "interrupted");
      json_object_set_string_member(report, "end_reason",
                                    "the recorder ended before the recording");
    }
    if (!next.empty())
      json_object_set_string_member(report, "next_part", next.c_str());
    for (const char *name : {"meeting.vtt", "transcript.jsonl", "chat.jsonl"})
      if (g_file_test((folder + "/" + name).c_str(), G_FILE_TEST_EXISTS))
        add_to_files(report, name);
  });
}

bool add_tail(const std::string &folder, const std::string &file, const TailStart &start) {
  return edit(folder, [&](JsonObject *report) {
    // The report may be a little older than the tail, and --join needs their exact distance.
    const int64_t file_ms = json_object_get_int_member_with_default(report, "capture_start_ms", 0);
    json_object_set_int_member(
        report, "tail_start_ms",
        file_ms && start.running_ms ? file_ms + *start.running_ms : start.captured_ms);
    add_to_files(report, file);
  });
}

}  // namespace rtms::recorder
