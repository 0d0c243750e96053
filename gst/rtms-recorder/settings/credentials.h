// SPDX-License-Identifier: LGPL-2.1-or-later
// Where the app's secrets come from: a file, or the environment. Never the command line.
#pragma once

#include "protocol/signature.h"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <variant>

namespace rtms::recorder {

// NAME=VALUE, as in systemd's EnvironmentFile.
using Variables = std::map<std::string, Secret, std::less<>>;

struct CredentialsError {
  std::string text;
};
std::variant<Variables, CredentialsError> read_credentials(const std::string &file);

// The first of the names that the file or else the environment has; empty where none is.
Secret credential(const Variables &file, std::initializer_list<const char *> names);

// The admin port's token: of the file, or where none is named, the given one. Empty without both.
std::variant<Secret, CredentialsError> admin_token(const std::string &file, const Secret &given);

}  // namespace rtms::recorder
