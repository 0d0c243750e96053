// SPDX-License-Identifier: LGPL-2.1-or-later
#include "journal.h"

#include "base/glibptr.h"
#include "common/folder.h"
#include "journalfile.h"

#include <fcntl.h>
#include <glib.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <functional>
#include <iterator>
#include <map>

namespace rtms::recorder {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kSecond_ns = 1000000000;
// More than the fragments of MP4, and the mixing of speakers, keep from the file.
constexpr size_t kSeconds = 8;
constexpr int64_t kOld_s = 24 * 3600;
// A recording waits for a lost connection for 65 s at most.
constexpr size_t kMostSeconds = 80;
constexpr size_t kSpeakersAtOnce = 3;

// Does not access the disk.
std::string absolute(const std::string &path) {
  return (fs::path(path).is_absolute() ? fs::path(path)
                                       : fs::path(StringPtr(g_get_current_dir()).get()) / path)
      .lexically_normal();
}

fs::path parent_of_recordings(const std::string &output) {
  return fs::path(absolute(output + "/recording")).parent_path();
}

bool is_in_memory(const std::string &folder) {
  struct statfs status;
  return statfs(folder.c_str(), &status) == 0 && status.f_type == TMPFS_MAGIC;
}

bool is_ours_alone(int folder) {
  struct stat status;
  return fstat(folder, &status) == 0 && status.st_uid == geteuid() && !(status.st_mode & 077);
}

// Others hold the lock for less than a millisecond, unless their process is stopped.
bool lock_soon(int fd, int mode) {
  constexpr int kTries = 500;  // a busy machine may stop a process for a while
  constexpr unsigned long kWait_us = 1000;
  for (int i = 0; i < kTries; i++, g_usleep(kWait_us))
    if (flock(fd, mode | LOCK_NB) == 0)
      return true;
  return false;
}

// While it exists, no other recorder creates a journal; with LOCK_EX, none finds one, either.
class LockedPlace {
 public:
  LockedPlace(const std::string &place, int mode)
      : fd_(::open(place.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)),
        ours_(fd_ >= 0 && is_ours_alone(fd_)),
        good_(ours_ && lock_soon(fd_, mode)) {
    if (fd_ >= 0 && !good_)
      errno = ours_ ? EWOULDBLOCK : EPERM;
  }
  ~LockedPlace() {
    if (fd_ >= 0)
      close(fd_);
  }
  LockedPlace(const LockedPlace &) = delete;
  LockedPlace &operator=(const LockedPlace &) = delete;
  bool good() const { return good_; }

 private:
  const int fd_;
  const bool ours_, good_;
};

bool is_open_at(int fd, const std::string &path) {
  struct stat open, there;
  return fstat(fd, &open) == 0 && stat(path.c_str(), &there) == 0 && open.st_dev == there.st_dev &&
         open.st_ino == there.st_ino;
}

size_t slots_for(const JournalFormat &format, size_t seconds) {
  constexpr size_t kPackets = 50;  // per second; each takes a slot or more
  const size_t slots = std::max<size_t>(format.rate / JournalSlot::kSamples, kPackets);
  return seconds * slots * (format.speakers ? kSpeakersAtOnce : 1);
}

// The names of journals are hexadecimal.
std::string frames_path(const std::string &journal, const std::string &track) {
  return journal + "." + track;
}

// Returns the folder of the recording, or empty.
std::string folder_in(int fd) {
  std::string folder(PATH_MAX, 0);
  const ssize_t size = pread(fd, folder.data(), folder.size(), offsetof(JournalHead, folder));
  return folder.substr(
      0, std::min(folder.find('\0'), static_cast<size_t>(std::max<ssize_t>(size, 0))));
}

bool is_old(int fd) {
  struct stat status;
  return fstat(fd, &status) == 0 &&
         status.st_mtim.tv_sec < g_get_real_time() / G_USEC_PER_SEC - kOld_s;
}

std::string journal_of(const std::string &frames) {
  return fs::path(frames).replace_extension();
}

}  // namespace

// ---- writing -------------------------------------------------------------------------

std::string Journal::default_place() {
  if (const char *folders = g_getenv("RUNTIME_DIRECTORY"); folders && *folders)
    return std::string(folders).substr(0, std::strcspn(folders, ":")) + "/journals";
  const char *runtime = g_getenv("XDG_RUNTIME_DIR");
  if (runtime && is_in_memory(runtime))
    return std::string(runtime) + "/rtms-recorder";
  return "/dev/shm/rtms-recorder-" + std::to_string(geteuid());
}

Journal::Journal(std::unique_ptr<MemoryFile> file, size_t slots, size_t most)
    : file_(std::move(file)),
      head_(static_cast<JournalHead *>(file_->memory())),
      slots_(slots),
      most_(most) {}

std::unique_ptr<Journal> Journal::create(const std::string &place, const std::string &name,
                                         const JournalFormat &format) {
  const std::string folder = absolute(name);
  if (folder.size() >= PATH_MAX || format.codec.size() >= sizeof JournalHead::codec) {
    errno = ENAMETOOLONG;
    return nullptr;
  }
  mkdir(place.c_str(), 0700);
  const LockedPlace locked(place, LOCK_EX);
  if (!locked.good())
    return nullptr;
  StringPtr sum(g_compute_checksum_for_string(G_CHECKSUM_SHA256, folder.c_str(), -1));
  const std::string path = place + "/" + sum.get();
  for (const char *track : kTracks)
    unlink(frames_path(path, track).c_str());
  const size_t slots = slots_for(format, kSeconds), most = slots_for(format, kMostSeconds);
  auto file = MemoryFile::create(path, JournalHead::file_size(slots), JournalHead::file_size(most));
  if (!file)
    return nullptr;
  flock(file->fd(), LOCK_EX | LOCK_NB);
  std::unique_ptr<Journal> journal(new Journal(std::move(file), slots, most));
  JournalHead &head = *journal->head_;
  std::memcpy(head.folder, folder.c_str(), folder.size() + 1);
  std::memcpy(head.codec, format.codec.c_str(), format.codec.size() + 1);
  head.rate = format.rate;
  head.speakers = format.speakers;
  head.mp4 = format.mp4;
  std::memcpy(head.magic, JournalHead::kMagic, sizeof head.magic);
  return journal;
}

std::unique_ptr<FrameJournal> Journal::create_frames(const char *track) const {
  return FrameJournal::create(frames_path(file_->path(), track));
}

void Journal::set_start(int64_t captured_ns) {
  head_->start_ns = captured_ns;
}

void Journal::written(int64_t captured_ns) {
  head_->needed_from_ns = captured_ns;
}

void Journal::add(int64_t captured_ns, unsigned track, const int16_t *samples, size_t count) {
  constexpr size_t kMost = JournalSlot::kSamples;
  for (size_t done = 0; done < count; done += kMost)
    add_piece(captured_ns + static_cast<int64_t>(done) * kSecond_ns / head_->rate, track,
              samples + done, std::min(count - done, kMost));
}

bool Journal::grow() {
  constexpr size_t kStep = 50;
  const size_t more = std::min(slots_ + kStep, most_);
  if (more == slots_ || !file_->reserve(JournalHead::file_size(more)))
    return false;
  slots_ = more;
  return true;
}

// Overwrites the oldest audio, unless the file of the recording lacks it and there is room.
size_t Journal::take_slot() {
  if (used_ == slots_) {
    const bool needed = head_->slots()[order_.front()].captured_ns >= head_->needed_from_ns;
    if (!needed || !grow()) {
      const size_t oldest = order_.front();
      order_.pop_front();
      return oldest;
    }
  }
  return used_++;
}

void Journal::add_piece(int64_t captured_ns, unsigned track, const int16_t *samples, size_t count) {
  const size_t at = take_slot();
  order_.push_back(at);
  JournalSlot &slot = head_->slots()[at];
  slot.number.store(0, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_release);
  slot.captured_ns = captured_ns;
  slot.track = track;
  slot.count = static_cast<uint32_t>(count);
  std::memcpy(slot.samples, samples, count * sizeof *samples);
  slot.number.store(++count_, std::memory_order_release);
}

// ---- reading -------------------------------------------------------------------------

FoundJournal::~FoundJournal() {
  close(fd_);
}

void FoundJournal::remove() const {
  // Since it was found, a new recording may have created one of the same name.
  const LockedPlace locked(fs::path(path_).parent_path(), LOCK_EX);
  if (!locked.good() || !is_open_at(fd_, path_))
    return;
  for (const char *track : Journal::kTracks)
    unlink(frames_path(path_, track).c_str());
  unlink(path_.c_str());
}

FoundFrames FoundJournal::frames(const char *track) const {
  return FrameJournal::read(frames_path(path_, track));
}

bool FoundJournal::has_media() const {
  return !entries.empty() ||
         std::any_of(std::begin(Journal::kTracks), std::end(Journal::kTracks), [&](auto track) {
           return FrameJournal::has_frames(frames_path(path_, track));
         });
}

uint64_t FoundJournal::size() const {
  constexpr uint64_t kBlock = 512;  // of st_blocks
  struct stat status;
  uint64_t size = 0;
  std::vector<std::string> paths = {path_};
  for (const char *track : Journal::kTracks)
    paths.push_back(frames_path(path_, track));
  for (const std::string &path : paths)
    if (stat(path.c_str(), &status) == 0)
      size += static_cast<uint64_t>(status.st_blocks) * kBlock;
  return size;
}

int64_t FoundJournal::last_ns() const {
  struct stat status;
  if (!entries.empty())
    return entries.back().captured_ns;
  return fstat(fd_, &status) == 0 ? status.st_mtim.tv_sec * kSecond_ns : 0;
}

void FoundJournal::set_tries(uint32_t tries) const {
  if (pwrite(fd_, &tries, sizeof tries, offsetof(JournalHead, tries)) < 0)
    g_debug("the journal %s cannot be marked: %s", path_.c_str(), g_strerror(errno));
}

unsigned FoundJournal::begin_try() const {
  set_tries(tries_ + 1);
  return tries_ % kTailWritten;
}

bool FoundJournal::read() {
  constexpr size_t kLargest = 64 << 20;
  struct stat status;
  if (fstat(fd_, &status) != 0)
    return false;
  const auto size = static_cast<size_t>(status.st_size);
  if (size < sizeof(JournalHead) || size > kLargest)
    return false;
  void *memory = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd_, 0);
  if (memory == MAP_FAILED)
    return false;
  const std::unique_ptr<void, std::function<void(void *)>> owned(
      memory, [size](void *mapped) { munmap(mapped, size); });
  const auto &head = *static_cast<const JournalHead *>(memory);
  if (std::memcmp(head.magic, JournalHead::kMagic, sizeof head.magic) != 0 ||
      !JournalHead::is_valid_rate(head.rate) || !std::memchr(head.folder, 0, sizeof head.folder) ||
      !std::memchr(head.codec, 0, sizeof head.codec))
    return false;
  folder = head.folder;
  format = {head.rate, head.speakers, head.codec, head.mp4 != 0};
  tries_ = head.tries;
  start_ns = head.start_ns;
  needed_from_ns = head.needed_from_ns;
  const size_t slots = (size - sizeof head) / sizeof(JournalSlot);
  std::vector<const JournalSlot *> written;
  for (const JournalSlot *slot = head.slots(); slot < head.slots() + slots; slot++)
    if (slot->number.load() && slot->count > 0 && slot->count <= JournalSlot::kSamples)
      written.push_back(slot);
  std::sort(written.begin(), written.end(), [](const JournalSlot *one, const JournalSlot *other) {
    return one->number.load() < other->number.load();
  });
  for (const JournalSlot *slot : written)
    entries.push_back(
        {slot->captured_ns, slot->track, {slot->samples, slot->samples + slot->count}});
  return true;
}

// Opens all journals; with `output`, those of its recordings that nobody writes, and old ones. They
// are read later: meanwhile others may create journals.
bool Journal::open_all(const std::string &place, const std::string *output,
                       std::vector<FoundPtr> *all) {
  const LockedPlace locked(place, LOCK_SH);
  if (!locked.good())
    return errno != EWOULDBLOCK;
  std::error_code none;
  for (const fs::path &found : paths_in(place)) {
    const std::string path = found, journal = journal_of(path);
    // Its recorder was killed while it removed its journals.
    if (journal != path && output && !fs::exists(journal, none))
      unlink(path.c_str());
    if (journal != path)
      continue;
    const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
      continue;
    auto one = std::make_unique<FoundJournal>(path, fd);
    // A lock for a look would hide it from its own recorder's search.
    const std::string folder = folder_in(fd);
    const bool wanted = !output || folder.empty() || folder.front() != '/' ||
                        fs::path(folder).parent_path() == parent_of_recordings(*output) ||
                        is_old(fd);
    if (wanted && (!output || flock(fd, LOCK_EX | LOCK_NB) == 0))
      all->push_back(std::move(one));
  }
  return true;
}

std::map<std::string, int64_t> Journal::newest_ns(const std::string &place,
                                                  const std::string &output) {
  std::vector<FoundPtr> journals;
  open_all(place, nullptr, &journals);
  std::map<std::string, int64_t> all;
  const fs::path parent = parent_of_recordings(output);
  for (const FoundPtr &journal : journals) {
    if (!journal->read() || fs::path(journal->folder).parent_path() != parent)
      continue;
    int64_t &newest = all[fs::path(journal->folder).filename()];
    newest = std::max(newest, journal->last_ns());
  }
  return all;
}

std::vector<Journal::FoundPtr> Journal::find(const std::string &place, const std::string &output,
                                             bool *busy) {
  std::vector<FoundPtr> journals, all;
  const bool complete = open_all(place, &output, &journals);
  if (busy)
    *busy = !complete;
  const int64_t now_ns = g_get_real_time() * 1000;
  const fs::path parent = parent_of_recordings(output);
  std::error_code none;
  for (FoundPtr &journal : journals) {
    const bool good = journal->read() && journal->has_media();
    // A folder that is not there may be on a disk that is not mounted yet, or was deleted.
    const bool here = good && fs::path(journal->folder).parent_path() == parent;
    const bool old = good && journal->last_ns() < now_ns - kOld_s * kSecond_ns;
    const bool gone =
        here && old && fs::status(journal->folder, none).type() == fs::file_type::not_found;
    if (here && !gone)
      all.push_back(std::move(journal));
    else if (!good || old)
      journal->remove();
  }
  return all;
}

}  // namespace rtms::recorder
