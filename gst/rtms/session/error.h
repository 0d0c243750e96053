// SPDX-License-Identifier: LGPL-2.1-or-later
// What can go wrong in a session, as a value.
#pragma once

#include "transport/transport.h"

#include <cstdint>
#include <string>

namespace rtms {

struct SessionError {
  enum class Kind {
    Busy,        // this process has a connection to the stream already
    Transport,   // `transport` says what
    Timeout,     // no answer within the time limit
    Unanswered,  // closed in place of an answer to the signaling handshake: a wrong signature, most
                 // likely
    Insecure,    // a ws:// URL that is not allowed
    Status,      // the service refused; `status` is its code
    Interrupted,  // the service says that the connection is lost
    Protocol,     // the service said something that makes no sense here
    NoMedia,      // nothing is left of the media that were asked for
    Unsuitable,   // the application asked for what does not go with its settings
    Forbidden,    // the application allows no connection any more
    Ended,        // the stream is over before any media could be negotiated
  };
  Kind kind = Kind::Protocol;
  std::string text;  // what happened and what to do, a sentence each
  int64_t status = 0;
  TransportClose transport;
};

SessionError forbidden_error();
SessionError plain_error(SessionError::Kind kind, std::string text);
// The service answered with another status than OK.
SessionError status_error(const std::string &name, int64_t status, const std::string &reason);
// No connection, or (`connected`) no answer to the handshake, within the time limit.
SessionError timeout_error(const std::string &name, const std::string &url, bool connected,
                           unsigned timeout_ms);
// Nothing came for longer than the watchdog allows.
SessionError silence_error(const std::string &name, const std::string &url, unsigned timeout_ms);
// The last of so many tries: nothing is tried again.
SessionError after_tries(SessionError error, unsigned tries, unsigned window_ms);
SessionError transport_error(const std::string &name, const std::string &url,
                             const TransportClose &why);

}  // namespace rtms
