// SPDX-License-Identifier: LGPL-2.1-or-later
// What kind of picture a payload is.
#pragma once

#include "gstptr.h"
#include "protocol/types.h"

#include <optional>

namespace rtms {

// The codec that a payload plainly is, by its first bytes; nothing where they do not say.
std::optional<Codec> plain_codec(GstBuffer *buffer);

// Key: decoding can begin there. Unknown: no slice was found.
enum class Picture { Key, Delta, Unknown };
Picture picture_kind(Codec codec, GstBuffer *buffer);

}  // namespace rtms
