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

}  // namespace rtms::recorder
