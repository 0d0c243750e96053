// SPDX-License-Identifier: LGPL-2.1-or-later
#include "json.h"

namespace rtmstest {

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      CharPtr escape(g_strdup_printf("\\u%04x", byte));
      out += escape.get();
    } else {
      out += c;
    }
  }
  return out + "\"";
}

void Members::key(std::string_view name) {
  if (!text_.empty())
    text_ += ',';
  text_ += quoted(name);
  text_ += ':';
}

Members &Members::num(std::string_view name, int64_t value) {
  key(name);
  text_ += std::to_string(value);
  return *this;
}

Members &Members::flag(std::string_view name, bool value) {
  key(name);
  text_ += value ? "true" : "false";
  return *this;
}

Members &Members::str(std::string_view name, std::string_view value) {
  return raw(name, quoted(value));
}

Members &Members::raw(std::string_view name, std::string_view json) {
  key(name);
  text_ += json;
  return *this;
}

Members &Members::splice(std::string_view members) {
  if (members.empty())
    return *this;
  if (!text_.empty())
    text_ += ',';
  text_ += members;
  return *this;
}

std::string escape_slashes(std::string_view json) {
  std::string out;
  out.reserve(json.size() + json.size() / 32);
  bool escaped = false;
  for (char c : json) {
    if (c == '/' && !escaped)
      out += '\\';
    out += c;
    escaped = c == '\\' && !escaped;
  }
  return out;
}

std::string message(const Config &config, int msg_type, const Members &members) {
  Members whole;
  if (!config.msg_type_last)
    whole.num("msg_type", msg_type);
  whole.splice(members.text());
  if (config.msg_type_last)
    whole.num("msg_type", msg_type);
  return config.escape_slashes ? escape_slashes(whole.object()) : whole.object();
}

NodePtr parse_object(std::string_view text) {
  ObjectPtr<JsonParser> parser(json_parser_new_immutable());
  if (!json_parser_load_from_data(parser.get(), text.data(), static_cast<gssize>(text.size()),
                                  nullptr))
    return nullptr;
  NodePtr root(json_parser_steal_root(parser.get()));
  if (!root || !JSON_NODE_HOLDS_OBJECT(root.get()))
    return nullptr;
  return root;
}

static JsonNode *value_of_type(JsonObject *object, const char *key, GType type) {
  JsonNode *node = object ? json_object_get_member(object, key) : nullptr;
  bool fits = node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == type;
  return fits ? node : nullptr;
}

std::optional<int64_t> get_int(JsonObject *object, const char *key) {
  JsonNode *node = value_of_type(object, key, G_TYPE_INT64);
  return node ? std::optional<int64_t>(json_node_get_int(node)) : std::nullopt;
}

std::optional<bool> get_bool(JsonObject *object, const char *key) {
  JsonNode *node = value_of_type(object, key, G_TYPE_BOOLEAN);
  return node ? std::optional<bool>(json_node_get_boolean(node)) : std::nullopt;
}

std::optional<std::string> get_string(JsonObject *object, const char *key) {
  JsonNode *node = value_of_type(object, key, G_TYPE_STRING);
  return node ? std::optional<std::string>(json_node_get_string(node)) : std::nullopt;
}

JsonObject *get_object(JsonObject *object, const char *key) {
  JsonNode *node = object ? json_object_get_member(object, key) : nullptr;
  return node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : nullptr;
}

static void add_members(JsonObject *to, JsonObject *from) {
  JsonObjectIter iter;
  const char *name = nullptr;
  JsonNode *node = nullptr;
  json_object_iter_init_ordered(&iter, from);
  while (json_object_iter_next_ordered(&iter, &name, &node))
    json_object_set_member(to, name, json_node_copy(node));
}

std::string merged(JsonObject *object, JsonObject *over) {
  Ptr<JsonObject, json_object_unref> sum(json_object_new());
  add_members(sum.get(), object);
  if (over)
    add_members(sum.get(), over);
  NodePtr root(json_node_new(JSON_NODE_OBJECT));
  json_node_set_object(root.get(), sum.get());
  CharPtr text(json_to_string(root.get(), FALSE));
  return text.get();
}

}  // namespace rtmstest
