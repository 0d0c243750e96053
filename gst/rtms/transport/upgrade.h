// SPDX-License-Identifier: LGPL-2.1-or-later
// The HTTP request that turns a connection into a WebSocket (RFC 6455, section 4). Pure: no I/O.
#pragma once

#include "transport.h"

#include <gio/gio.h>
#include <optional>
#include <string>
#include <string_view>

namespace rtms {

// The maximum size of the answer.
constexpr size_t kMaxUpgradeAnswer = 16 << 10;

// `key` is base64 of 16 random bytes. Returns nothing if a header or the URL contains characters
// that would break the request.
std::optional<std::string> upgrade_request(GUri *uri, const std::string &key,
                                           const std::string &user_agent,
                                           const Transport::Headers &headers);

// Returns the Sec-WebSocket-Accept that answers a key.
std::string upgrade_accept(const std::string &key);

// Returns the size of the answer with its blank line; nothing while the answer is incomplete.
std::optional<size_t> upgrade_answer_size(std::string_view bytes);

// Whether another answer follows a complete one: status 1xx other than 101.
bool is_interim_answer(std::string_view answer);

// Returns why a complete answer refuses the upgrade; nothing if the connection is now a WebSocket.
std::optional<TransportClose> upgrade_refusal(std::string_view answer, const std::string &key);

// "host", "host:port" or "[address]:port"; without the port if it is the scheme's default.
std::string host_and_port(GUri *uri);
// The URI's port, or the scheme's default.
uint16_t port_of(GUri *uri);

}  // namespace rtms
