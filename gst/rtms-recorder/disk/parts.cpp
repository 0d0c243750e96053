// SPDX-License-Identifier: LGPL-2.1-or-later
#include "parts.h"

#include "base/glibptr.h"

#include <glib/gstdio.h>
#include <json-glib/json-glib.h>

namespace rtms::recorder {

void end_part(const std::string &folder, const std::string &next) {
  const std::string path = folder + "/meeting.json";
  ObjectPtr<JsonParser> parser(json_parser_new());
  if (!json_parser_load_from_file(parser.get(), path.c_str(), nullptr))
    return;
  JsonNode *root = json_parser_get_root(parser.get());
  if (!root || !JSON_NODE_HOLDS_OBJECT(root))
    return;
  JsonObject *report = json_node_get_object(root);
  const std::string state = json_object_get_string_member_with_default(report, "state", "");
  if (state == "recording") {
    json_object_set_string_member(report, "state", "interrupted");
    json_object_set_string_member(report, "end_reason", "the recorder ended before the recording");
  }
  if (!next.empty())
    json_object_set_string_member(report, "next_part", next.c_str());
  StringPtr text(json_to_string(root, FALSE));
  const std::string all = std::string(text.get()) + "\n";
  g_file_set_contents_full(path.c_str(), all.data(), static_cast<gssize>(all.size()),
                           G_FILE_SET_CONTENTS_CONSISTENT, 0644, nullptr);
  g_unlink((folder + "/.reserve").c_str());
}

}  // namespace rtms::recorder
