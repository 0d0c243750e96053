// SPDX-License-Identifier: LGPL-2.1-or-later
// The properties about media → what to ask the service for.
#pragma once

#include "session/session.h"
#include "settings.h"

#include <optional>

namespace rtms {

// Fills what the session asks for, or says which property is wrong.
std::optional<BadSetting> fill_media(const Settings &settings, SessionConfig *config);

}  // namespace rtms
