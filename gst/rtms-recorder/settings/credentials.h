// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads the app's secrets from a file or the environment, never from the command line.
#pragma once

#include "protocol/signature.h"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <variant>

namespace rtms::recorder {

// NAME=VALUE lines, as in systemd's EnvironmentFile.
using Variables = std::map<std::string, Secret, std::less<>>;

struct CredentialsError {
  std::string text;
};
std::variant<Variables, CredentialsError> read_credentials(const std::string &file);

// Returns the first of the names that the file, else the environment has; empty if there is none.
Secret credential(const Variables &file, std::initializer_list<const char *> names);

// Returns the admin port's token: from the file if one is named, else `given`. Empty without both.
std::variant<Secret, CredentialsError> admin_token(const std::string &file, const Secret &given);

}  // namespace rtms::recorder
