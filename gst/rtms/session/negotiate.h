// SPDX-License-Identifier: LGPL-2.1-or-later
// Computes the parameters of the media from the request and the echo in message 4.
#pragma once

#include "protocol/types.h"

#include <optional>
#include <string>

namespace rtms {

struct Negotiation {
  MediaParams params;   // only the members for this kind of media are valid
  std::string changes;  // what the service changed, in words
  std::string problem;  // why the result is unusable, in words
};

// A member without an echo keeps the requested value.
Negotiation negotiate(Media media, const MediaParams &asked, const NegotiatedParams &answer);

}  // namespace rtms
