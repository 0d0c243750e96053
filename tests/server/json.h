// SPDX-License-Identifier: LGPL-2.1-or-later
// JSON: writing texts whose form is under control, and reading with json-glib.
#pragma once

#include <json-glib/json-glib.h>

#include <optional>
#include <string>
#include <string_view>

#include "config.h"
#include "glib_ptr.h"

namespace rtmstest {

// Members of an object, in the order of the calls.
class Members {
 public:
  Members &num(std::string_view key, int64_t value);
  Members &flag(std::string_view key, bool value);
  Members &str(std::string_view key, std::string_view value);
  Members &raw(std::string_view key, std::string_view json);
  Members &splice(std::string_view members);  // "" or "\"a\":1,\"b\":2"
  const std::string &text() const { return text_; }
  std::string object() const { return "{" + text_ + "}"; }

 private:
  void key(std::string_view name);
  std::string text_;
};

std::string quoted(std::string_view text);
std::string escape_slashes(std::string_view json);
// A whole message, in the form that the configuration wants.
std::string message(const Config &config, int msg_type, const Members &members);

using NodePtr = Ptr<JsonNode, json_node_unref>;
NodePtr parse_object(std::string_view text);  // null: not a JSON object

std::optional<int64_t> get_int(JsonObject *object, const char *key);
std::optional<bool> get_bool(JsonObject *object, const char *key);
std::optional<std::string> get_string(JsonObject *object, const char *key);
JsonObject *get_object(JsonObject *object, const char *key);

// The object's text with the members of `over` (may be null) replacing or joining its own.
std::string merged(JsonObject *object, JsonObject *over);

}  // namespace rtmstest
