// SPDX-License-Identifier: LGPL-2.1-or-later
// The body of the *.rtms_started webhook.
#pragma once

#include <string>

#include "config.h"

namespace rtmstest {

std::string webhook_started(const Config &config, const std::string &signaling_url);

}  // namespace rtmstest
