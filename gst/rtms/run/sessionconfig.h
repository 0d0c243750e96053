// SPDX-License-Identifier: LGPL-2.1-or-later
// What a session needs, from the properties and the webhook that announces the stream.
#pragma once

#include "protocol/webhook.h"
#include "session/session.h"
#include "settings.h"

#include <optional>
#include <string>
#include <variant>

namespace rtms {

// The authorities to trust: tls-database, else those of tls-ca-file, else null for the system's.
std::variant<TlsDatabase, BadSetting> tls_database(const Settings &settings);

// What is wrong with the settings that have to do with no stream in particular, or nothing.
std::optional<BadSetting> general_problem(const Settings &settings);

// Everything that a session needs, checked. The webhook may be an empty one.
std::variant<SessionConfig, BadSetting> session_config(const Settings &settings,
                                                       const Webhook &hook);

// The same for a stream that the properties name, by a webhook or by themselves.
std::variant<SessionConfig, BadSetting> session_config(const Settings &settings);

// The same for a stream that runs, and was announced anew.
std::variant<SessionConfig, BadSetting> rejoin_config(Settings settings, const Webhook &hook,
                                                      const std::string &stream_id);

}  // namespace rtms
