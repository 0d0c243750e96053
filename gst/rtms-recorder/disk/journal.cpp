// SPDX-License-Identifier: LGPL-2.1-or-later
#include "journal.h"

#include "base/glibptr.h"

#include <fcntl.h>
#include <glib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstring>
#include <filesystem>
#include <type_traits>

namespace rtms::recorder {
namespace {

namespace fs = std::filesystem;

constexpr char kMagic[] = "rtms-recorder journal 1";
constexpr int64_t kSecond_ns = 1000000000;
constexpr size_t kSamples = 320;  // a packet of 20 ms at 16 kHz
// 7.6 s of one participant; of eight who speak at once, a second.
constexpr size_t kSlots = 380;

struct Slot {
  std::atomic<uint64_t> number;  // counts from 1; 0: the slot is empty, or being written
  int64_t captured_ns;
  uint32_t track, count;
  int16_t samples[kSamples];
};
static_assert(std::atomic<uint64_t>::is_always_lock_free);

std::string absolute(const std::string &path) {
  return fs::absolute(path).lexically_normal();
}

bool is_ours_alone(const std::string &folder) {
  struct stat status;
  return lstat(folder.c_str(), &status) == 0 && S_ISDIR(status.st_mode) &&
         status.st_uid == geteuid() && !(status.st_mode & 077);
}

}  // namespace

struct Journal::Map {
  char magic[sizeof kMagic];
  char folder[PATH_MAX];
  uint32_t rate;
  Slot slots[kSlots];
};

std::string Journal::default_place() {
  if (const char *folders = g_getenv("RUNTIME_DIRECTORY"); folders && *folders)
    return std::string(folders).substr(0, std::strcspn(folders, ":")) + "/journals";
  if (const char *runtime = g_getenv("XDG_RUNTIME_DIR"); runtime && *runtime)
    return std::string(runtime) + "/rtms-recorder";
  return "/dev/shm/rtms-recorder-" + std::to_string(geteuid());
}

std::unique_ptr<Journal> Journal::create(const std::string &place, const std::string &name,
                                         unsigned rate) {
  const std::string folder = absolute(name);
  mkdir(place.c_str(), 0700);
  if (!is_ours_alone(place) || folder.size() >= PATH_MAX) {
    errno = EPERM;
    return nullptr;
  }
  // Locked before it has a name that others look for.
  StringPtr sum(g_compute_checksum_for_string(G_CHECKSUM_SHA256, folder.c_str(), -1));
  const std::string path = place + "/" + sum.get(), fresh = path + ".new";
  const int fd = ::open(fresh.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0)
    return nullptr;
  flock(fd, LOCK_EX | LOCK_NB);
  // Without room now, a later access would end the process.
  errno = posix_fallocate(fd, 0, sizeof(Map));
  void *memory =
      errno ? MAP_FAILED : mmap(nullptr, sizeof(Map), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED || rename(fresh.c_str(), path.c_str()) != 0) {
    const int failure = errno;
    if (memory != MAP_FAILED)
      munmap(memory, sizeof(Map));
    unlink(fresh.c_str());
    close(fd);
    errno = failure;
    return nullptr;
  }
  Map *map = static_cast<Map *>(memory);
  std::memcpy(map->folder, folder.c_str(), folder.size() + 1);
  map->rate = rate;
  std::memcpy(map->magic, kMagic, sizeof kMagic);
  return std::unique_ptr<Journal>(new Journal(path, fd, map, rate));
}

Journal::~Journal() {
  if (!kept_)
    unlink(path_.c_str());
  munmap(map_, sizeof(Map));
  close(fd_);
}

void Journal::add(int64_t captured_ns, unsigned track, const int16_t *samples, size_t count) {
  for (size_t done = 0; done < count; done += kSamples)
    add_piece(captured_ns + static_cast<int64_t>(done) * kSecond_ns / rate_, track, samples + done,
              std::min(count - done, kSamples));
}

void Journal::add_piece(int64_t captured_ns, unsigned track, const int16_t *samples, size_t count) {
  Slot &slot = map_->slots[count_ % kSlots];
  slot.number.store(0, std::memory_order_release);
  std::atomic_thread_fence(std::memory_order_release);
  slot.captured_ns = captured_ns;
  slot.track = track;
  slot.count = static_cast<uint32_t>(count);
  std::memcpy(slot.samples, samples, count * sizeof *samples);
  slot.number.store(++count_, std::memory_order_release);
}

bool Journal::read(int fd, JournalContents *contents) {
  struct stat status;
  if (fstat(fd, &status) != 0 || status.st_size != sizeof(Map))
    return false;
  void *memory = mmap(nullptr, sizeof(Map), PROT_READ, MAP_PRIVATE, fd, 0);
  if (memory == MAP_FAILED)
    return false;
  const auto map = static_cast<const Map *>(memory);
  const bool good = std::memcmp(map->magic, kMagic, sizeof kMagic) == 0 && map->rate > 0 &&
                    std::memchr(map->folder, 0, sizeof map->folder);
  if (good) {
    contents->folder = map->folder;
    contents->rate = map->rate;
    std::vector<const Slot *> slots;
    for (const Slot &slot : map->slots)
      if (slot.number.load() && slot.count <= kSamples)
        slots.push_back(&slot);
    std::sort(slots.begin(), slots.end(), [](const Slot *one, const Slot *other) {
      return one->number.load() < other->number.load();
    });
    for (const Slot *slot : slots)
      contents->entries.push_back(
          {slot->captured_ns, slot->track, {slot->samples, slot->samples + slot->count}});
  }
  munmap(memory, sizeof(Map));
  return good;
}

std::vector<JournalContents> Journal::take_all(const std::string &place,
                                               const std::string &output) {
  std::vector<JournalContents> all;
  if (!is_ours_alone(place))
    return all;
  const fs::path parent = fs::path(absolute(output + "/recording")).parent_path();
  std::error_code none;
  for (const auto &entry : fs::directory_iterator(place, none)) {
    const int fd = ::open(entry.path().c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
      continue;
    JournalContents contents;
    const bool is_free = flock(fd, LOCK_EX | LOCK_NB) == 0;
    const bool good = is_free && read(fd, &contents);
    const bool wanted = good && fs::path(contents.folder).parent_path() == parent;
    if (is_free && (wanted || !good))
      unlink(entry.path().c_str());
    if (wanted)
      all.push_back(std::move(contents));
    close(fd);
  }
  return all;
}

}  // namespace rtms::recorder
