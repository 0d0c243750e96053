// SPDX-License-Identifier: LGPL-2.1-or-later
// What the properties say about waiting for the service's webhook.
#pragma once

#include "settings.h"
#include "webhook/listener.h"

namespace rtms {

// Listening where webhook-listen says, and all other settings checked that can be without a stream.
std::variant<std::unique_ptr<WebhookListener>, BadSetting> open_listener(const Settings &settings);

// Whether the stream is one that webhook-meeting lets in.
bool is_wanted(const Settings &settings, const Webhook &hook);

}  // namespace rtms
