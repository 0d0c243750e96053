// SPDX-License-Identifier: LGPL-2.1-or-later
// Turns the properties about media into the request to the service.
#pragma once

#include "session/session.h"
#include "settings.h"

#include <optional>

namespace rtms {

// Sets the media of the session. Returns which property is wrong.
std::optional<BadSetting> fill_media(const Settings &settings, SessionConfig *config);

}  // namespace rtms
