// SPDX-License-Identifier: LGPL-2.1-or-later
// Parses the URL to listen at.
#pragma once

#include "base/glibptr.h"

#include <string>
#include <variant>

namespace rtms {

struct ListenAddress {
  ObjectPtr<GInetAddress> host;
  unsigned port = 0;
  bool tls = false;
  std::string path;
};

// Returns the address, or why the URL cannot be used, as the end of a sentence.
std::variant<ListenAddress, std::string> listen_address(const std::string &url);

// Returns the URL of the address with another port.
std::string listen_url(const ListenAddress &address, unsigned port);

}  // namespace rtms
