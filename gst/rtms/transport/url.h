// SPDX-License-Identifier: LGPL-2.1-or-later
// What a WebSocket URL may look like.
#pragma once

#include <optional>
#include <string>

namespace rtms {

// Why the URL cannot be used, as the end of a sentence; nothing where it can.
std::optional<std::string> url_problem(const std::string &url, bool allow_insecure);

// Whether the URL's host is one of a list, joined by commas: names, addresses, or `*.example.org`
// for all names that end so.
bool host_is_listed(const std::string &url, const std::string &hosts);

// Whether it is a wss:// URL.
bool is_secure(const std::string &url);

// The URL without user, password, query and fragment: those may hold tokens.
std::string printable_url(const std::string &url);

// The URL with *** in place of its password.
std::string without_password(const std::string &url);

}  // namespace rtms
