// SPDX-License-Identifier: LGPL-2.1-or-later
// Sets options on TCP connections of the process whose library does not expose them.
#pragma once

#include <gio/gio.h>
#include <vector>

namespace rtms::recorder {

// Limits for how long sent data may stay unacknowledged on connections to these addresses and this
// port; then they end.
void limit_unacknowledged(const std::vector<GInetAddress *> &addresses, unsigned port,
                          unsigned timeout_ms);

}  // namespace rtms::recorder
