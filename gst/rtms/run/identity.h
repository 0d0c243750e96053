// SPDX-License-Identifier: LGPL-2.1-or-later
// Which stream it is, and who asks for it.
#pragma once

#include "protocol/webhook.h"
#include "session/session.h"
#include "settings.h"

#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace rtms {

// Reads a *.rtms_started webhook; `source` names it in errors.
std::variant<Webhook, BadSetting> read_announcement(const std::string &json,
                                                    const std::string &source);
// The one that `webhook` or `webhook-location` holds; an empty one where neither is set.
std::variant<Webhook, BadSetting> announcement_of(const Settings &settings);

// Fills the stream, the signaling URL and the signature, or says what is wrong or missing. A
// property that is set beats the webhook.
std::optional<BadSetting> fill_identity(const Settings &settings, Webhook hook,
                                        SessionConfig *config);

// Whether handshakes can be signed without a webhook's signature.
bool has_credentials(const Settings &settings);

// False for what could end a line: such text must not get into HTTP headers and JSON strings.
bool is_printable(std::string_view text);

}  // namespace rtms
