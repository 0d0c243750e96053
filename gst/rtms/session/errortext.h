// SPDX-License-Identifier: LGPL-2.1-or-later
// Error texts: what happened, why, what to do.
#pragma once

#include "transport/transport.h"

#include <cstdint>
#include <string>

namespace rtms {

// No connection, or (`connected`) no answer to the handshake, within the time limit.
std::string timeout_text(const std::string &name, const std::string &url, bool connected,
                         unsigned timeout_ms);
// Nothing came for longer than the watchdog allows.
std::string silence_text(const std::string &name, const std::string &url, unsigned timeout_ms);
std::string transport_text(const std::string &name, const std::string &url,
                           const TransportClose &why);
// The service answered the handshake with another status than OK.
std::string status_text(const std::string &name, int64_t status, const std::string &reason);

}  // namespace rtms
