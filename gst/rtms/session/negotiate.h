// SPDX-License-Identifier: LGPL-2.1-or-later
// What was asked for + what message 4 echoed → what will come.
#pragma once

#include "protocol/types.h"

#include <optional>
#include <string>

namespace rtms {

struct Negotiation {
  MediaParams params;   // of which only the members of the one kind of media matter
  std::string changes;  // where the service gives something else than was asked for, in words
  std::string problem;  // why the result cannot be used, in words
};

// A member that the server does not echo keeps the value that was asked for.
Negotiation negotiate(Media media, const MediaParams &asked, const NegotiatedParams &answer);

}  // namespace rtms
