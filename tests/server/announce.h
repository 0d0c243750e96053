// SPDX-License-Identifier: LGPL-2.1-or-later
// Telling an app, as the service does: a signed webhook.
#pragma once

#include <string>

namespace rtmstest {

// Posts the body to the URL and waits for the answer; while nobody listens there, tries again for
// some seconds. What went wrong; nothing where it is 200.
std::string announce(const std::string &url, const std::string &secret_token,
                     const std::string &body);

}  // namespace rtmstest
