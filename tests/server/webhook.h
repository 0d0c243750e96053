// SPDX-License-Identifier: LGPL-2.1-or-later
// The bodies of the webhooks *.rtms_started, *.rtms_stopped and *.rtms_interrupted.
#pragma once

#include <string>

#include "config.h"

namespace rtmstest {

std::string webhook_started(const Config &config, const std::string &signaling_url);
std::string webhook_stopped(const Config &config, int reason);
std::string webhook_interrupted(const Config &config);
// The signature that the service expects.
std::string expected_signature(const Config &config);

}  // namespace rtmstest
