// SPDX-License-Identifier: LGPL-2.1-or-later
// Errors of a session, as values.
#pragma once

#include "transport/transport.h"

#include <cstdint>
#include <string>

namespace rtms {

struct SessionError {
  enum class Kind {
    Busy,         // this process already has a connection to the stream
    Transport,    // `transport` has the details
    Timeout,      // no answer within the time limit
    Unanswered,   // closed without an answer to the handshake: most likely a wrong signature
    Insecure,     // the ws:// URL is not allowed
    Status,       // the service refused; `status` is its code
    Interrupted,  // the service reports the connection as lost
    Protocol,     // an unexpected message of the service
    NoMedia,      // none of the requested media is left
    Unsuitable,   // the request contradicts the settings
    Forbidden,    // the application allows no more connections
    Ended,        // the stream ended before any media were negotiated
  };
  Kind kind = Kind::Protocol;
  std::string text;  // what happened and what to do, one sentence each
  int64_t status = 0;
  TransportClose transport;
};

SessionError forbidden_error();
SessionError plain_error(SessionError::Kind kind, std::string text);
// The service answered with a status other than OK. `what` was refused: "audio handshake".
SessionError status_error(const std::string &what, int64_t status, const std::string &reason);
// No connection, or (`connected`) no answer to the handshake, within the time limit.
SessionError timeout_error(const std::string &name, const std::string &url, bool connected,
                           unsigned timeout_ms);
// Nothing arrived for longer than the watchdog allows.
SessionError silence_error(const std::string &name, const std::string &url, unsigned timeout_ms);
// The error of the last of `tries` tries.
SessionError after_tries(SessionError error, unsigned tries, unsigned window_ms);
SessionError transport_error(const std::string &name, const std::string &url,
                             const TransportClose &why);

}  // namespace rtms
