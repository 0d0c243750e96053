// SPDX-License-Identifier: LGPL-2.1-or-later
// The process's own TCP connections, for those that a library does not hand out.
#pragma once

#include <gio/gio.h>
#include <vector>

namespace rtms::recorder {

// Ends connections to these addresses and this port when nothing that was sent is taken for so
// long. The number of connections found.
unsigned limit_unacknowledged(const std::vector<GInetAddress *> &addresses, unsigned port,
                              unsigned timeout_ms);

}  // namespace rtms::recorder
