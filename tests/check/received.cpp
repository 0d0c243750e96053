// SPDX-License-Identifier: LGPL-2.1-or-later
#include "received.h"

namespace rtmscheck {

JsonObject *parse(JsonParser *parser, const std::string &text) {
  ck_assert(json_parser_load_from_data(parser, text.c_str(), -1, nullptr));
  return json_node_get_object(json_parser_get_root(parser));
}

std::vector<Received> received(const Server &server, int64_t type) {
  ObjectPtr<JsonParser> parser(json_parser_new());
  std::vector<Received> found;
  for (const Received &message : server.received())
    if (json_object_get_int_member(parse(parser.get(), message.text), "msg_type") == type)
      found.push_back(message);
  return found;
}

bool wait_received(Server &server, int64_t type, std::size_t count) {
  return server.wait_for([&](const Server &s) { return received(s, type).size() >= count; },
                         kDeadlineMs);
}

}  // namespace rtmscheck
