// SPDX-License-Identifier: LGPL-2.1-or-later
// Handles the value of --rtmp, and the URLs made from it.
#pragma once

#include <string>

namespace rtms::recorder {

// push_url: the URL for one stream. shown_url: without the path, which is a key.
std::string push_url(const std::string &pattern, const std::string &stream,
                     const std::string &meeting);
std::string shown_url(const std::string &url);
// Whether the push leaves this machine unencrypted.
bool is_open_to_the_network(const std::string &rtmp_url);
// Returns a server's message without any part of the URL but the host.
std::string without_key(std::string text, const std::string &url);

}  // namespace rtms::recorder
