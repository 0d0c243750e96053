// SPDX-License-Identifier: LGPL-2.1-or-later
// The settings for waiting for the service's webhook.
#pragma once

#include "settings.h"
#include "webhook/listener.h"

namespace rtms {

// Listens at webhook-listen, and checks all settings that do not depend on a stream.
std::variant<std::unique_ptr<WebhookListener>, BadSetting> open_listener(const Settings &settings);

// Whether webhook-meeting accepts the stream.
bool is_wanted(const Settings &settings, const Webhook &hook);

}  // namespace rtms
