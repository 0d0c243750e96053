// SPDX-License-Identifier: LGPL-2.1-or-later
#include "seenrequests.h"

#include "common/folder.h"

#include <fcntl.h>
#include <glib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <optional>
#include <utility>

namespace rtms::recorder {
namespace {

namespace fs = std::filesystem;

constexpr char kPrefix[] = "requests-";
// A timestamp is valid for five minutes before and after its time: a request must be kept for ten
// minutes, and at most three files hold such requests.
constexpr int64_t kGood_s = 10 * 60;
constexpr size_t kLine = 65;  // SHA-256 in hex
// The limit per file, in requests signed by the service: 27 per second.
constexpr size_t kMostBytes = kLine << 14;

int64_t now_s() {
  return g_get_real_time() / G_USEC_PER_SEC;
}

// A file holds the requests of ten minutes, and is deleted as a whole: recorders with a common
// output folder only ever append to it.
std::string file_at(const std::string &folder, int64_t time_s) {
  return folder + "/" + kPrefix + std::to_string(time_s / kGood_s);
}

std::optional<int64_t> number_of(const std::string &name) {
  if (name.compare(0, sizeof kPrefix - 1, kPrefix) != 0)
    return std::nullopt;
  int64_t number = 0;
  const char *end = name.data() + name.size();
  const auto [stop, error] = std::from_chars(name.data() + sizeof kPrefix - 1, end, number);
  return error == std::errc() && stop == end ? std::optional<int64_t>(number) : std::nullopt;
}

std::string text_of(const std::string &path) {
  std::string text(kMostBytes, 0);
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  const ssize_t size = fd < 0 ? 0 : ::read(fd, text.data(), text.size());
  if (fd >= 0)
    close(fd);
  text.resize(static_cast<size_t>(std::max<ssize_t>(size, 0)));
  return text;
}

// Returns zero, or an errno.
int append(const std::string &path, const std::string &request) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0)
    return errno;
  const std::string line = request + "\n";
  struct stat status;
  if (fstat(fd, &status) != 0) {
    const int unknown = errno;
    close(fd);
    return unknown;
  }
  int failure = 0;
  ssize_t written = 0;
  if (static_cast<size_t>(status.st_size) >= kMostBytes)
    failure = EFBIG;
  else if ((written = write(fd, line.data(), line.size())) != static_cast<ssize_t>(line.size()))
    failure = written < 0 ? errno : ENOSPC;
  else if (fsync(fd) != 0 && errno != EINVAL)
    failure = errno;
  // Part of a line would hide those after it. Another recorder may have written meanwhile.
  const bool partial = written > 0 && written < static_cast<ssize_t>(line.size());
  struct stat now;
  if (partial && fstat(fd, &now) == 0 && now.st_size == status.st_size + written &&
      ftruncate(fd, status.st_size) != 0)
    failure = errno;
  close(fd);
  return failure;
}

void remove_old(const std::string &folder, int64_t now) {
  for (const fs::path &path : paths_in(folder))
    if (const auto number = number_of(path.filename()); number && *number < now / kGood_s - 1)
      unlink(path.c_str());
}

}  // namespace

SeenRequests::SeenRequests(std::string folder, Log *log) : folder_(std::move(folder)), log_(log) {}

// A line of another length is damaged: the rest of the file is ignored.
SeenRequests::Requests SeenRequests::read(const std::string &folder, int64_t now_s) {
  remove_old(folder, now_s);
  Requests all;
  for (const fs::path &path : paths_in(folder)) {
    if (!number_of(path.filename()))
      continue;
    const std::string text = text_of(path);
    for (size_t at = 0; at + kLine <= text.size() && text[at + kLine - 1] == '\n'; at += kLine)
      all.insert(text.substr(at, kLine - 1));
  }
  return all;
}

void SeenRequests::load(std::function<void()> done) {
  const auto found = std::make_shared<Requests>();
  worker_.run([found, folder = folder_] { *found = read(folder, now_s()); },
              [this, found, done = std::move(done)] {
                earlier_ = std::move(*found);
                done();
              });
}

bool SeenRequests::add(const std::string &request) {
  if (earlier_.count(request)) {
    log_->write(Log::Level::Warning, "replayed", "",
                "a signed request of the service was sent again, after a restart of the recorder: "
                "ignored");
    return false;
  }
  const auto failure = std::make_shared<int>(0);
  ++*pending_;
  worker_.run(
      [folder = folder_, request, failure] {
        const int64_t now = now_s();
        mkdir(folder.c_str(), 0700);
        *failure = append(file_at(folder, now), request);
        remove_old(folder, now);
      },
      [pending = pending_, failure, log = log_, folder = folder_] {
        --*pending;
        if (*failure)
          log->write(Log::Level::Warning, "not-kept", "",
                     "a webhook's signature cannot be kept in " + folder + ": " +
                         std::strerror(*failure) +
                         "; whoever has captured the webhook can repeat it after a restart, for up "
                         "to ten minutes");
      });
  return true;
}

}  // namespace rtms::recorder
