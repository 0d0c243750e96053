// SPDX-License-Identifier: LGPL-2.1-or-later
// Classifies the payload of a video message.
#pragma once

#include "gstptr.h"
#include "protocol/types.h"

#include <optional>
#include <string>

namespace rtms {

// Returns the codec that the first bytes of the payload prove; nothing if they are ambiguous.
std::optional<Codec> plain_codec(GstBuffer *buffer);

// Key: decoding can begin with this access unit. Unknown: it contains no slice.
enum class Picture { Key, Delta, Unknown };
Picture picture_kind(Codec codec, GstBuffer *buffer);

// Returns the parameter sets of an access unit of H.264, with start codes.
std::string parameter_sets(GstBuffer *buffer);

}  // namespace rtms
