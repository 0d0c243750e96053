// SPDX-License-Identifier: LGPL-2.1-or-later
// What a server has received from the element.
#pragma once

#include <json-glib/json-glib.h>

#include "fixture.h"

namespace rtmscheck {

// A server's keep-alives. Three may be unanswered: a client that stands still for a second is not
// given up.
inline const int kKeepAliveMs = std::max(400, 50 * slowness());

JsonObject *parse(JsonParser *parser, const std::string &text);
// The client's messages of a type, on any socket.
std::vector<Received> received(const Server &server, int64_t type);
bool wait_received(Server &server, int64_t type, std::size_t count);

}  // namespace rtmscheck
