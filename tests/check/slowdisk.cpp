// SPDX-License-Identifier: LGPL-2.1-or-later
// A disk that is slow, or does not answer, for one program (LD_PRELOAD). RTMS_SLOW_FOLDER: what is
// on that disk; RTMS_SLOW_FSYNC_MS: how long fsync() takes; RTMS_SLOW_HANG: while there is a file
// of this name, every call about the folder waits. RTMS_SLOW_FREE: a file with the number of bytes
// that are free on it. RTMS_SLOW_FAIL: a file of this name makes one write to the folder fail,
// which removes it. RTMS_SLOW_FAIL_SYNC: the same for fdatasync() of a file with media.

// With these macros, headers rename or define some of the functions below.
#undef _FILE_OFFSET_BITS
#undef _FORTIFY_SOURCE

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>

namespace {

template <typename Function>
Function next(const char *name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

void pause_ms(int ms) {
  usleep(static_cast<useconds_t>(ms) * 1000);
}

bool hangs() {
  static const char *const file = std::getenv("RTMS_SLOW_HANG");
  static const auto real = next<int (*)(const char *, int)>("access");
  return file && real(file, F_OK) == 0;
}

bool fails(const char *file) {
  static const auto real = next<int (*)(const char *)>("unlink");
  return file && real(file) == 0;
}

bool is_slow(const char *path) {
  static const char *const folder = std::getenv("RTMS_SLOW_FOLDER");
  return folder && path && std::strncmp(path, folder, std::strlen(folder)) == 0;
}

void reach(const char *path) {
  constexpr int kLookMs = 20;
  while (is_slow(path) && hangs())
    pause_ms(kLookMs);
}

bool reach(int fd, const char *end = "") {
  char name[64], path[4096] = "";
  std::snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
  const ssize_t size = readlink(name, path, sizeof path - 1);
  path[size > 0 ? size : 0] = 0;
  reach(path);
  const size_t length = std::strlen(path), tail = std::strlen(end);
  return is_slow(path) && length >= tail && std::strcmp(path + length - tail, end) == 0;
}

std::optional<unsigned long> free_bytes() {
  static const char *const file = std::getenv("RTMS_SLOW_FREE");
  static const auto open_file = next<int (*)(const char *, int, ...)>("open");
  const int fd = file ? open_file(file, O_RDONLY | O_CLOEXEC) : -1;
  if (fd < 0)
    return std::nullopt;
  char text[32] = "";
  const ssize_t size = read(fd, text, sizeof text - 1);
  close(fd);
  return size > 0 ? std::optional<unsigned long>(std::strtoul(text, nullptr, 10)) : std::nullopt;
}

}  // namespace

// What the recorder, GLib and GStreamer call, by the names that the C library has for large files.
#define SLOW_PATH(type, name, parameters, arguments)          \
  extern "C" type name parameters {                           \
    static const auto real = next<type(*) parameters>(#name); \
    reach(path);                                              \
    return real arguments;                                    \
  }

// The type has the function's name.
#define SLOW_STATVFS(name)                                                      \
  extern "C" int name(const char *path, struct name *out) {                     \
    static const auto real = next<int (*)(const char *, struct name *)>(#name); \
    reach(path);                                                                \
    const int result = real(path, out);                                         \
    if (const auto bytes = free_bytes(); result == 0 && is_slow(path) && bytes) \
      out->f_bavail = *bytes / out->f_frsize;                                   \
    return result;                                                              \
  }

SLOW_STATVFS(statvfs)
SLOW_STATVFS(statvfs64)
SLOW_PATH(int, stat, (const char *path, struct stat *out), (path, out))
SLOW_PATH(int, stat64, (const char *path, struct stat64 *out), (path, out))
SLOW_PATH(int, access, (const char *path, int mode), (path, mode))
SLOW_PATH(int, mkdir, (const char *path, mode_t mode), (path, mode))
SLOW_PATH(int, unlink, (const char *path), (path))
SLOW_PATH(int, rename, (const char *path, const char *to), (path, to))
SLOW_PATH(FILE *, fopen, (const char *path, const char *mode), (path, mode))
SLOW_PATH(FILE *, fopen64, (const char *path, const char *mode), (path, mode))

#define SLOW_OPEN(name)                                                    \
  extern "C" int name(const char *path, int flags, ...) {                  \
    static const auto real = next<int (*)(const char *, int, ...)>(#name); \
    va_list more;                                                          \
    va_start(more, flags);                                                 \
    const mode_t mode = va_arg(more, mode_t);                              \
    va_end(more);                                                          \
    reach(path);                                                           \
    return real(path, flags, mode);                                        \
  }

SLOW_OPEN(open)
SLOW_OPEN(open64)

extern "C" int fsync(int fd) {
  static const auto real = next<int (*)(int)>("fsync");
  static const char *const delay = std::getenv("RTMS_SLOW_FSYNC_MS");
  if (reach(fd) && delay)
    pause_ms(std::atoi(delay));
  return real(fd);
}

extern "C" int fdatasync(int fd) {
  static const auto real = next<int (*)(int)>("fdatasync");
  static const char *const failing = std::getenv("RTMS_SLOW_FAIL_SYNC");
  if ((reach(fd, ".mkv") || reach(fd, ".mp4")) && fails(failing)) {
    errno = EIO;
    return -1;
  }
  return real(fd);
}

extern "C" ssize_t write(int fd, const void *data, size_t size) {
  static const auto real = next<ssize_t (*)(int, const void *, size_t)>("write");
  if (hangs())
    reach(fd);
  return real(fd, data, size);
}

#define SLOW_READ(name, offset)                                                     \
  extern "C" ssize_t name(int fd, void *data, size_t size, offset at) {             \
    static const auto real = next<ssize_t (*)(int, void *, size_t, offset)>(#name); \
    if (hangs())                                                                    \
      reach(fd);                                                                    \
    return real(fd, data, size, at);                                                \
  }

SLOW_READ(pread, off_t)
SLOW_READ(pread64, off64_t)

extern "C" ssize_t writev(int fd, const struct iovec *parts, int count) {
  static const auto real = next<ssize_t (*)(int, const struct iovec *, int)>("writev");
  if (hangs())
    reach(fd);
  static const char *const failing = std::getenv("RTMS_SLOW_FAIL");
  if (reach(fd) && fails(failing)) {
    errno = EIO;
    return -1;
  }
  return real(fd, parts, count);
}
