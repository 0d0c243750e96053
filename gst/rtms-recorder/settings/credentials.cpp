// SPDX-License-Identifier: LGPL-2.1-or-later
#include "credentials.h"

#include "base/environment.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace rtms::recorder {
namespace {

constexpr size_t kMostBytes = 64 << 10;
constexpr char kExport[] = "export ";

// Holds the file's text, which only Secret may copy.
class SecretFile {
 public:
  explicit SecretFile(const std::string &path) : fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~SecretFile() {
    wipe_memory(bytes_.data(), bytes_.size());
    if (fd_ >= 0)
      close(fd_);
  }
  SecretFile(const SecretFile &) = delete;
  SecretFile &operator=(const SecretFile &) = delete;

  bool is_open() const { return fd_ >= 0; }
  bool anybody_can_read() const {
    struct stat status;
    return fstat(fd_, &status) == 0 && (status.st_mode & S_IRWXO);
  }
  // Returns zero, or an errno. A pipe needs several reads.
  int read_all() {
    ssize_t size = 1;
    while (size > 0 && size_ < bytes_.size()) {
      size = ::read(fd_, bytes_.data() + size_, bytes_.size() - size_);
      if (size < 0)
        return errno;
      size_ += static_cast<size_t>(size);
    }
    return size_ < bytes_.size() ? 0 : EFBIG;
  }
  std::string_view text() const { return {bytes_.data(), size_}; }

 private:
  const int fd_;
  size_t size_ = 0;
  std::array<char, kMostBytes> bytes_{};
};

std::string_view unquoted(std::string_view text) {
  const bool quoted = text.size() >= 2 && (text.front() == '"' || text.front() == '\'') &&
                      text.back() == text.front();
  return quoted ? text.substr(1, text.size() - 2) : text;
}

// Returns why the secrets in a file cannot be used, and what the file must be.
std::optional<CredentialsError> problem_of(SecretFile *file, const std::string &path,
                                           const std::string &what, const char *must_be) {
  const int failure = !file->is_open() ? errno : file->read_all();
  if (failure)
    return CredentialsError{what + " cannot be read: " + std::strerror(failure) + ". " + must_be};
  if (file->anybody_can_read())
    return CredentialsError{what + " in " + path +
                            " can be read by all users of this machine. Run chmod 600 " + path +
                            "."};
  return std::nullopt;
}

Variables parsed(std::string_view text) {
  Variables variables;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const size_t equals = line.find('=');
    if (line.empty() || line.front() == '#' || equals == std::string_view::npos)
      continue;
    std::string_view name = line.substr(0, equals);
    if (name.substr(0, sizeof kExport - 1) == kExport)  // a file that a shell reads, too
      name = trimmed(name.substr(sizeof kExport - 1));
    variables[std::string(name)] = Secret(unquoted(line.substr(equals + 1)));
  }
  return variables;
}

}  // namespace

std::variant<Variables, CredentialsError> read_credentials(const std::string &path) {
  SecretFile file(path);
  if (auto problem = problem_of(&file, path, "The credentials",
                                "--credentials-file must name a file with lines NAME=VALUE."))
    return *problem;
  return parsed(file.text());
}

Secret credential(const Variables &file, std::initializer_list<const char *> names) {
  for (const char *name : names) {
    auto found = file.find(name);
    if (found != file.end() && !found->second.empty())
      return found->second;
  }
  return Secret(environment(names));
}

std::variant<Secret, CredentialsError> admin_token(const std::string &path, const Secret &given) {
  constexpr size_t kShortest = 16, kLongest = 512;
  Secret token = given;
  if (!path.empty()) {
    SecretFile file(path);
    if (auto problem = problem_of(&file, path, "The token of the admin port",
                                  "--admin-token-file must name a file that holds the token."))
      return *problem;
    token = Secret(trimmed(file.text()));
  } else if (token.empty()) {
    return token;
  }
  const std::string_view text = token.view();
  const auto is_visible = [](char c) { return g_ascii_isgraph(c); };
  if (text.size() < kShortest || text.size() > kLongest ||
      !std::all_of(text.begin(), text.end(), is_visible))
    return CredentialsError{
        "The token of --admin-token-file or RTMS_RECORDER_ADMIN_TOKEN is not valid: it must have "
        "16 to 512 ASCII characters without spaces. Make one with `openssl rand -hex 24`."};
  return token;
}

}  // namespace rtms::recorder
