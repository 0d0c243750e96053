// SPDX-License-Identifier: LGPL-2.1-or-later
// What an error means for a session. Pure.
#pragma once

#include "error.h"
#include "protocol/types.h"

#include <optional>
#include <string>

namespace rtms {

// "audio+video"
std::string link_name(MediaMask media);

// The one kind of media that a status between 9 and 13 is about.
std::optional<Media> unsupported_media(int64_t status);

// Whether to give up after this; `first`: nothing has worked on this connection yet.
bool is_final(const SessionError &why, bool first);

SessionError status_error(const std::string &name, int64_t status, const std::string &reason);
SessionError plain_error(SessionError::Kind kind, std::string text);

}  // namespace rtms
