// SPDX-License-Identifier: LGPL-2.1-or-later
// Sound and pictures in their usual spelling, found in one pass, without a document: nearly all
// that a meeting sends. Private to this room.
#pragma once

#include "types.h"

#include <optional>
#include <string_view>

namespace rtms {

// What the parser would say of the text, or nothing where it must be asked: other messages,
// escapes, members in other places or twice, values of other types, what is not JSON. The payload
// alone is not looked at: what is no base64 in it, the decoder finds.
std::optional<MediaData> scan_media(std::string_view text);

}  // namespace rtms
