// SPDX-License-Identifier: LGPL-2.1-or-later
// Scans audio and video messages in their usual spelling in one pass, without a document: nearly
// all messages of a meeting. Private to this room.
#pragma once

#include "types.h"

#include <optional>
#include <string_view>

namespace rtms {

// Returns what the parser would, or nothing if only the parser can decide: other messages, escapes,
// misplaced or repeated members, other types, invalid JSON. The payload is not checked: the decoder
// detects invalid base64.
std::optional<MediaData> scan_media(std::string_view text);

}  // namespace rtms
