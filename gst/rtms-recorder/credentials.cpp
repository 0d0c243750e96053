// SPDX-License-Identifier: LGPL-2.1-or-later
#include "credentials.h"

#include "base/environment.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <array>
#include <cerrno>
#include <cstring>

namespace rtms::recorder {
namespace {

constexpr size_t kMostBytes = 64 << 10;

// The file's text, which nothing but Secret copies.
class CredentialsFile {
 public:
  explicit CredentialsFile(const std::string &path)
      : fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~CredentialsFile() {
    wipe_memory(bytes_.data(), bytes_.size());
    if (fd_ >= 0)
      close(fd_);
  }
  CredentialsFile(const CredentialsFile &) = delete;
  CredentialsFile &operator=(const CredentialsFile &) = delete;

  bool is_open() const { return fd_ >= 0; }
  bool anybody_can_read() const {
    struct stat status;
    return fstat(fd_, &status) == 0 && (status.st_mode & S_IRWXO);
  }
  // Zero, or an errno. A pipe comes in pieces.
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

std::string_view trimmed(std::string_view line) {
  constexpr char kSpace[] = " \t\n\v\f\r";
  const size_t start = line.find_first_not_of(kSpace);
  return start == std::string_view::npos
             ? std::string_view()
             : line.substr(start, line.find_last_not_of(kSpace) + 1 - start);
}

CredentialsError cannot_read(int failure) {
  return {"The credentials cannot be read: " + std::string(std::strerror(failure)) +
          ". --credentials-file must name a file with lines NAME=VALUE."};
}

Variables parsed(std::string_view text) {
  Variables variables;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const size_t equals = line.find('=');
    if (!line.empty() && line.front() != '#' && equals != std::string_view::npos)
      variables[std::string(line.substr(0, equals))] = Secret(unquoted(line.substr(equals + 1)));
  }
  return variables;
}

}  // namespace

std::variant<Variables, CredentialsError> read_credentials(const std::string &path) {
  CredentialsFile file(path);
  if (!file.is_open())
    return cannot_read(errno);
  if (file.anybody_can_read())
    return CredentialsError{"The credentials in " + path +
                            " can be read by all users of this machine. Run chmod 600 " + path +
                            "."};
  if (const int failure = file.read_all())
    return cannot_read(failure);
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

}  // namespace rtms::recorder
