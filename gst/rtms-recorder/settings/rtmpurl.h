// SPDX-License-Identifier: LGPL-2.1-or-later
// The value of --rtmp, and the URLs that it becomes.
#pragma once

#include <string>

namespace rtms::recorder {

// Where one stream is pushed to; what of a URL may be shown, for its path is a key.
std::string push_url(const std::string &pattern, const std::string &stream,
                     const std::string &meeting);
std::string shown_url(const std::string &url);
// Whether it leaves this machine without encryption.
bool is_open_to_the_network(const std::string &rtmp_url);
// What a server says about the URL, without any part of that but the host.
std::string without_key(std::string text, const std::string &url);

}  // namespace rtms::recorder
