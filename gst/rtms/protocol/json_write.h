// SPDX-License-Identifier: LGPL-2.1-or-later
// Writes JSON with json-glib's builder.
#pragma once

#include <json-glib/json-glib.h>
#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace rtms {

// One object; members appear in the order of the calls.
class JsonWriter {
 public:
  JsonWriter() { json_builder_begin_object(builder_.get()); }

  JsonWriter &member(const char *key, int64_t value) {
    json_builder_set_member_name(builder_.get(), key);
    json_builder_add_int_value(builder_.get(), value);
    return *this;
  }
  JsonWriter &member(const char *key, int value) {
    return member(key, static_cast<int64_t>(value));
  }
  JsonWriter &member(const char *key, bool value) {
    json_builder_set_member_name(builder_.get(), key);
    json_builder_add_boolean_value(builder_.get(), value);
    return *this;
  }
  JsonWriter &member(const char *key, const std::string &value) {
    json_builder_set_member_name(builder_.get(), key);
    json_builder_add_string_value(builder_.get(), without_nul(value).c_str());
    return *this;
  }
  JsonWriter &begin(const char *key) {
    json_builder_set_member_name(builder_.get(), key);
    json_builder_begin_object(builder_.get());
    return *this;
  }
  JsonWriter &end() {
    json_builder_end_object(builder_.get());
    return *this;
  }
  // Appends a JSON string.
  static void append_string(std::string *text, std::string_view string) {
    std::unique_ptr<JsonNode, void (*)(JsonNode *)> node(
        json_node_init_string(json_node_alloc(), without_nul(string).c_str()), json_node_unref);
    std::unique_ptr<char, void (*)(void *)> json(json_to_string(node.get(), FALSE), g_free);
    *text += json.get();
  }
  JsonBuilder *builder() { return builder_.get(); }

  std::string text() {
    json_builder_end_object(builder_.get());
    std::unique_ptr<JsonNode, void (*)(JsonNode *)> root(json_builder_get_root(builder_.get()),
                                                         json_node_unref);
    std::unique_ptr<char, void (*)(void *)> text(json_to_string(root.get(), FALSE), g_free);
    return text.get();
  }

 private:
  // Strings of C end there.
  static std::string without_nul(std::string_view value) {
    std::string text(value);
    text.erase(std::remove(text.begin(), text.end(), '\0'), text.end());
    return text;
  }

  std::unique_ptr<JsonBuilder, void (*)(void *)> builder_{json_builder_new(), g_object_unref};
};

}  // namespace rtms
