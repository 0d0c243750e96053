// SPDX-License-Identifier: LGPL-2.1-or-later
// The HTTP exchange that turns a connection into a WebSocket (RFC 6455, section 4). Pure: no I/O.
#pragma once

#include "transport.h"

#include <gio/gio.h>
#include <optional>
#include <string>
#include <string_view>

namespace rtms {

// The longest answer that is read.
constexpr size_t kMaxUpgradeAnswer = 16 << 10;

// `key` is base64 of 16 random bytes. Nothing where a header or the URL holds what would break the
// request.
std::optional<std::string> upgrade_request(GUri *uri, const std::string &key,
                                           const std::string &user_agent,
                                           const Transport::Headers &headers);

// The value of Sec-WebSocket-Accept that a key must be answered with.
std::string upgrade_accept(const std::string &key);

// The size of the answer with its blank line; nothing while it is not complete.
std::optional<size_t> upgrade_answer_size(std::string_view bytes);

// Whether a complete answer only says that another one follows: a status of 1xx, but for 101.
bool is_interim_answer(std::string_view answer);

// What is wrong with a complete answer; nothing when the connection is a WebSocket now.
std::optional<TransportClose> upgrade_refusal(std::string_view answer, const std::string &key);

// "host", "host:port" or "[address]:port", without the port where it is the scheme's own.
std::string host_and_port(GUri *uri);
// The URI's, or the scheme's own.
uint16_t port_of(GUri *uri);

}  // namespace rtms
