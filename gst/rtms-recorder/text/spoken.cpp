// SPDX-License-Identifier: LGPL-2.1-or-later
#include "spoken.h"

#include "base/glibptr.h"

#include <json-glib/json-glib.h>
#include <memory>

namespace rtms::recorder {

std::optional<Spoken> read_spoken(const std::string &json) {
  const std::unique_ptr<JsonNode, FreeWith<json_node_unref>> node(
      json_from_string(json.c_str(), nullptr));
  if (!node || !JSON_NODE_HOLDS_OBJECT(node.get()))
    return std::nullopt;
  JsonObject *object = json_node_get_object(node.get());
  const auto text = [object](const char *member) {
    return std::string(json_object_get_string_member_with_default(object, member, ""));
  };
  const auto number = [object](const char *member) {
    return json_object_get_int_member_with_default(object, member, 0);
  };
  Spoken spoken;
  spoken.name = text("user_name");
  // The parties of a Contact Center's call have a channel, and perhaps no id and no name.
  const int64_t user = number("user_id");
  const std::string channel = text("channel_id");
  spoken.who = user ? std::to_string(user) : channel.empty() ? spoken.name : channel;
  spoken.text = text("text");
  spoken.start_ms = number("start_time");
  spoken.end_ms = number("end_time");
  spoken.has_start =
      !json_object_get_boolean_member_with_default(object, "start_time_guessed", FALSE);
  spoken.is_final = json_object_get_boolean_member_with_default(object, "final", TRUE);
  const std::string operation = text("operation");
  if (operation == "update")
    spoken.operation = Spoken::Operation::Update;
  else if (operation == "delete")
    spoken.operation = Spoken::Operation::Delete;
  spoken.json = json;
  return spoken;
}

}  // namespace rtms::recorder
