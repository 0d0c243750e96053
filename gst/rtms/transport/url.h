// SPDX-License-Identifier: LGPL-2.1-or-later
// Checks WebSocket URLs, and prints them without secrets.
#pragma once

#include <optional>
#include <string>

namespace rtms {

// Returns why the URL cannot be used, as the end of a sentence; nothing if it can.
std::optional<std::string> url_problem(const std::string &url, bool allow_insecure);

// Whether the URL's host is in a list separated by commas: names, addresses, or `*.example.org` for
// all names with that ending.
bool host_is_listed(const std::string &url, const std::string &hosts);

bool is_secure(const std::string &url);

// The URL without user, password, query and fragment, which may contain tokens.
std::string printable_url(const std::string &url);

// The URL with *** for its password.
std::string without_password(const std::string &url);

}  // namespace rtms
