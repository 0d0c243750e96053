// SPDX-License-Identifier: LGPL-2.1-or-later
// The identity of the stream, and the credentials of the client.
#pragma once

#include "protocol/webhook.h"
#include "session/session.h"
#include "settings.h"

#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace rtms {

// Parses a *.rtms_started webhook; `source` names it in errors.
std::variant<Webhook, BadSetting> read_announcement(const std::string &json,
                                                    const std::string &source);
// Returns the webhook of `webhook` or `webhook-location`; an empty one if neither is set.
std::variant<Webhook, BadSetting> announcement_of(const Settings &settings);

// Sets the stream, the signaling URL and the signature. Returns what is wrong or missing. A
// property takes precedence over the webhook.
std::optional<BadSetting> fill_identity(const Settings &settings, Webhook hook,
                                        SessionConfig *config);

// Whether handshakes can be signed without a webhook's signature.
bool has_credentials(const Settings &settings);

// False for text with line breaks or control characters: HTTP headers and JSON must not contain it.
bool is_printable(std::string_view text);

}  // namespace rtms
