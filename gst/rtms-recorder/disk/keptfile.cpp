// SPDX-License-Identifier: LGPL-2.1-or-later
#include "keptfile.h"

#include <fcntl.h>
#include <glib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <sstream>

namespace rtms::recorder {
namespace {

// Three lines: this text, the part's number and the recording's id; the folder; the webhook.
constexpr char kHead[] = "rtms-recorder part ", kLeft[] = "rtms-recorder left ";
static_assert(sizeof kHead == sizeof kLeft);
constexpr size_t kLongest = 2 << 20;

std::string text_of(const KeptMeeting &meeting) {
  return kHead + std::to_string(meeting.part) + " " + meeting.recording + "\n" + meeting.folder +
         "\n" + meeting.webhook;
}

}  // namespace

std::shared_ptr<KeptFile> KeptFile::create(const std::string &path, const KeptMeeting &meeting) {
  // Written completely, and locked, before the file gets its name.
  const std::string fresh = path + ".new", text = text_of(meeting);
  const int fd = ::open(fresh.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0)
    return nullptr;
  std::shared_ptr<KeptFile> file(new KeptFile(path, fd));
  errno = ENOSPC;  // where less is written
  const bool written = write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                       fdatasync(fd) == 0;
  file->lock();
  if (written && rename(fresh.c_str(), path.c_str()) == 0)
    return file;
  const int failure = errno;
  unlink(fresh.c_str());
  errno = failure;
  return nullptr;
}

std::shared_ptr<KeptFile> KeptFile::open(const std::string &path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0)
    return nullptr;
  std::shared_ptr<KeptFile> file(new KeptFile(path, fd));
  struct stat status;
  // Its recorder may have replaced or removed the file meanwhile.
  return file->lock() && fstat(fd, &status) == 0 && status.st_nlink > 0 ? file : nullptr;
}

KeptFile::~KeptFile() {
  close(fd_);
}

bool KeptFile::lock() {
  locked_ = flock(fd_, LOCK_EX | LOCK_NB) == 0;
  return locked_ || errno == ENOLCK || errno == EOPNOTSUPP;
}

KeptFile::Contents KeptFile::read(KeptMeeting *meeting) const {
  std::string text(kLongest, 0);
  const ssize_t size = pread(fd_, text.data(), text.size(), 0);
  if (size < 0)
    return Contents::Unread;
  text.resize(static_cast<size_t>(size));
  std::istringstream lines(text);
  std::string head;
  if (!std::getline(lines, head) || !std::getline(lines, meeting->folder))
    return Contents::Invalid;
  meeting->left = g_str_has_prefix(head.c_str(), kLeft);
  if (!meeting->left && !g_str_has_prefix(head.c_str(), kHead))
    return Contents::Invalid;
  meeting->part = static_cast<unsigned>(std::atoi(head.c_str() + sizeof kHead - 1));
  const auto space = head.find(' ', sizeof kHead - 1);
  meeting->recording = space == std::string::npos ? "" : head.substr(space + 1);
  const auto rest = lines.tellg();
  meeting->webhook = rest < 0 ? "" : text.substr(static_cast<size_t>(rest));
  // A meeting that was announced, and not begun, has no folder.
  const bool good = (meeting->part > 0) == !meeting->folder.empty() &&
                    meeting->folder.find('/') == std::string::npos;
  return good ? Contents::Good : Contents::Invalid;
}

int64_t KeptFile::age_s() const {
  struct stat status;
  if (fstat(fd_, &status) != 0)
    return 0;
  return std::max<int64_t>(g_get_real_time() / G_USEC_PER_SEC - status.st_mtime, 0);
}

// By this machine's clock, which age_s() reads, and not by a file server's.
void KeptFile::touch() const {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  const timespec times[] = {now, now};
  if (futimens(fd_, times) != 0)  // not this user's file, where the file server has one for all
    futimens(fd_, nullptr);
}

void KeptFile::leave() const {
  if (pwrite(fd_, kLeft, sizeof kLeft - 1, 0) < 0)
    g_debug("%s cannot be marked: %s", path_.c_str(), g_strerror(errno));
  touch();
}

// Another recorder may have replaced it.
void KeptFile::remove() const {
  struct stat own, there;
  if (fstat(fd_, &own) == 0 && stat(path_.c_str(), &there) == 0 && own.st_dev == there.st_dev &&
      own.st_ino == there.st_ino)
    unlink(path_.c_str());
}

}  // namespace rtms::recorder
