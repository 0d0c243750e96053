// SPDX-License-Identifier: LGPL-2.1-or-later
#include "credentials.h"

#include "base/environment.h"
#include "base/glibptr.h"

#include <sys/stat.h>
#include <sstream>

namespace rtms::recorder {
namespace {

std::string unquoted(const std::string &text) {
  const bool quoted = text.size() >= 2 && (text.front() == '"' || text.front() == '\'') &&
                      text.back() == text.front();
  return quoted ? text.substr(1, text.size() - 2) : text;
}

std::string trimmed(const std::string &line) {
  StringPtr copy(g_strdup(line.c_str()));
  return g_strstrip(copy.get());
}

}  // namespace

std::variant<Variables, CredentialsError> read_credentials(const std::string &file) {
  char *text = nullptr;
  GError *raw_error = nullptr;
  g_file_get_contents(file.c_str(), &text, nullptr, &raw_error);
  StringPtr owned(text);
  ErrorPtr error(raw_error);
  if (error)
    return CredentialsError{"The credentials cannot be read: " + std::string(error->message) +
                            ". --credentials-file must name a file with lines NAME=VALUE."};
  struct stat status;
  if (stat(file.c_str(), &status) == 0 && (status.st_mode & S_IRWXO))
    return CredentialsError{"The credentials in " + file +
                            " can be read by all users of this machine. Run chmod 600 " + file +
                            "."};
  Variables variables;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    line = trimmed(line);
    const size_t equals = line.find('=');
    if (!line.empty() && line.front() != '#' && equals != std::string::npos)
      variables[line.substr(0, equals)] = unquoted(line.substr(equals + 1));
  }
  return variables;
}

std::string credential(const Variables &file, std::initializer_list<const char *> names) {
  for (const char *name : names) {
    auto found = file.find(name);
    if (found != file.end() && !found->second.empty())
      return found->second;
  }
  return environment(names);
}

}  // namespace rtms::recorder
