// SPDX-License-Identifier: LGPL-2.1-or-later
// Contact Center's own events, 8 to 34.
#pragma once

#include "source.h"

namespace rtmstest {

// `misspelt`: the key is "paticipant_info", as it has been seen.
EventItem contact_center_event(int type, const std::string &channel, const std::string &name,
                               int64_t timestamp, bool misspelt = false);

}  // namespace rtmstest
