// SPDX-License-Identifier: LGPL-2.1-or-later
// The configuration of a session, from the properties and the webhook that announces the stream.
#pragma once

#include "protocol/webhook.h"
#include "session/session.h"
#include "settings.h"

#include <optional>
#include <string>
#include <variant>

namespace rtms {

// Returns tls-database, else the authorities of tls-ca-file, else null for the system's.
std::variant<TlsDatabase, BadSetting> tls_database(const Settings &settings);

// Returns what is wrong with the settings that do not depend on a stream, or nothing.
std::optional<BadSetting> general_problem(const Settings &settings);

// Returns the checked configuration. The webhook may be empty.
std::variant<SessionConfig, BadSetting> session_config(const Settings &settings,
                                                       const Webhook &hook);

// The same for a stream that the properties name, with or without a webhook.
std::variant<SessionConfig, BadSetting> session_config(const Settings &settings);

// The same for a running stream that was announced again. `present`: what it is connected as; null
// if the webhook is for another stream.
std::variant<SessionConfig, BadSetting> rejoin_config(Settings settings, Webhook hook,
                                                      const Identity *present);

}  // namespace rtms
