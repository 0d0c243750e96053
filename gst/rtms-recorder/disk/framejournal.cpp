// SPDX-License-Identifier: LGPL-2.1-or-later
#include "framejournal.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <tuple>
#include <utility>

namespace rtms::recorder {

// The ring follows.
struct FrameJournalHead {
  static constexpr size_t kSize = 4096;
  static constexpr char kMagic[] = "rtms-recorder frames 1";

  char magic[sizeof kMagic];
  char track[1024];
  // Bytes since the creation: between them are whole frames.
  std::atomic<uint64_t> begin, end;
};
static_assert(sizeof(FrameJournalHead) <= FrameJournalHead::kSize);
static_assert(std::atomic<uint64_t>::is_always_lock_free);

namespace {

// As much as a recording keeps in its memory while it waits for audio.
constexpr uint64_t kRing = 64 << 20;
// Memory is freed in pieces of this size, which is a multiple of that of a page.
constexpr uint64_t kPiece = 256 << 10;

// The caps, the parameters and the data follow.
struct FrameHead {
  static constexpr uint32_t kDelta = 1, kGap = 2;

  uint64_t begin;  // of itself: what is no head has another number
  int64_t running_ns, captured_ns;
  uint32_t caps, parameters, data;  // sizes
  uint32_t flags;
};

// A range of the ring as one or two ranges of the file: calls use(offset, done, size) for each.
template <typename Use>
bool for_pieces(uint64_t at, uint64_t size, Use use) {
  for (uint64_t done = 0; done < size;) {
    const uint64_t place = (at + done) % kRing, piece = std::min(size - done, kRing - place);
    if (!use(static_cast<off_t>(FrameJournalHead::kSize + place), done, piece))
      return false;
    done += piece;
  }
  return true;
}

template <typename T>
std::string_view bytes_of(const T &object) {
  return {reinterpret_cast<const char *>(&object), sizeof object};
}

using Parts = std::array<std::string_view, 4>;  // of a frame in the file

// The bytes of the parts from `from` on, `size` of them, as one write takes them.
std::pair<std::array<iovec, std::tuple_size_v<Parts>>, int> vectors_of(const Parts &parts,
                                                                       uint64_t from,
                                                                       uint64_t size) {
  std::array<iovec, std::tuple_size_v<Parts>> vectors;
  int count = 0;
  for (std::string_view part : parts) {
    const uint64_t before = std::min<uint64_t>(from, part.size());
    from -= before;
    part = part.substr(before, size);
    size -= part.size();
    vectors[static_cast<size_t>(count++)] = {const_cast<char *>(part.data()), part.size()};
  }
  return {vectors, count};
}

// Writes the parts to the ring.
bool write(int fd, uint64_t at, uint64_t size, const Parts &parts) {
  return for_pieces(at, size, [&](off_t offset, uint64_t done, uint64_t piece) {
    const auto [vectors, count] = vectors_of(parts, done, piece);
    return pwritev(fd, vectors.data(), count, offset) == static_cast<ssize_t>(piece);
  });
}

class OpenFile {
 public:
  explicit OpenFile(const std::string &path)
      : fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)) {}
  ~OpenFile() {
    if (fd_ >= 0)
      close(fd_);
  }
  OpenFile(const OpenFile &) = delete;
  OpenFile &operator=(const OpenFile &) = delete;

  bool read(off_t offset, void *to, size_t size) const {
    return pread(fd_, to, size, offset) == static_cast<ssize_t>(size);
  }
  // Returns false if the head is invalid.
  bool read_head(FrameJournalHead *head) const {
    return read(0, head, sizeof *head) &&
           std::memcmp(head->magic, FrameJournalHead::kMagic, sizeof head->magic) == 0 &&
           std::memchr(head->track, 0, sizeof head->track) && head->end >= head->begin &&
           head->end - head->begin <= kRing;
  }

 private:
  const int fd_;
};

// Stops at the first invalid frame.
std::vector<JournalFrame> frames_in(std::string_view rest, uint64_t begin) {
  std::vector<JournalFrame> frames;
  FrameHead head;
  const uint64_t end = begin + rest.size();
  while (rest.size() >= sizeof head) {
    std::memcpy(&head, rest.data(), sizeof head);
    const bool valid = head.begin == end - rest.size() && head.data && head.running_ns >= 0;
    rest.remove_prefix(sizeof head);
    if (!valid || uint64_t{head.caps} + head.parameters + head.data > rest.size())
      break;
    const auto take = [&rest](uint32_t size) {
      const std::string_view taken = rest.substr(0, size);
      rest.remove_prefix(size);
      return taken;
    };
    JournalFrame frame;
    frame.running_ns = head.running_ns;
    frame.captured_ns = head.captured_ns;
    frame.delta = head.flags & FrameHead::kDelta;
    frame.gap = head.flags & FrameHead::kGap;
    frame.caps = take(head.caps);
    frame.parameters = take(head.parameters);
    frame.data = take(head.data);
    frames.push_back(frame);
  }
  return frames;
}

}  // namespace

// ---- writing -------------------------------------------------------------------------

FrameJournal::FrameJournal(std::unique_ptr<MemoryFile> file)
    : file_(std::move(file)), head_(static_cast<FrameJournalHead *>(file_->memory())) {}

std::unique_ptr<FrameJournal> FrameJournal::create(const std::string &path) {
  auto file = MemoryFile::create(path, FrameJournalHead::kSize, FrameJournalHead::kSize);
  if (!file)
    return nullptr;
  std::unique_ptr<FrameJournal> journal(new FrameJournal(std::move(file)));
  std::memcpy(journal->head_->magic, FrameJournalHead::kMagic, sizeof journal->head_->magic);
  return journal;
}

// A quarter of the memory, at most 64 MiB, is for the audio of all recordings. A file system
// without a limit has no number of blocks.
bool FrameJournal::has_room(uint64_t size) const {
  constexpr uint64_t kShare = 4, kMost = 64 << 20;
  struct statvfs status;
  if (head_->end + size - freed_ > kRing || fstatvfs(file_->fd(), &status) != 0)
    return false;
  const uint64_t kept = std::min<uint64_t>(status.f_blocks / kShare, kMost / status.f_frsize);
  return !status.f_blocks || status.f_bavail > kept;
}

void FrameJournal::free_memory(uint64_t from, uint64_t to) const {
  for_pieces(from, to - from, [this](off_t offset, uint64_t, uint64_t size) {
    // Elsewhere than in memory the space may stay in use: it is used again.
    fallocate(file_->fd(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset,
              static_cast<off_t>(size));
    return true;
  });
}

void FrameJournal::remove_written() {
  while (places_.size() > 1 && places_.front().running_ns < needed_from_ns_) {
    places_.pop_front();
    head_->begin = places_.front().begin;
  }
  // A page is freed only as a whole.
  const uint64_t free = head_->begin / kPiece * kPiece;
  if (free > freed_)
    free_memory(std::exchange(freed_, free), free);
}

void FrameJournal::set_track(std::string_view caps) {
  if (caps.size() >= sizeof head_->track)
    return;
  std::memcpy(head_->track, caps.data(), caps.size());
  head_->track[caps.size()] = 0;
}

bool FrameJournal::add(const JournalFrame &frame) {
  remove_written();
  if (!*head_->track)
    set_track(frame.caps);
  const uint64_t begin = head_->end;
  const FrameHead head{begin,
                       frame.running_ns,
                       frame.captured_ns,
                       static_cast<uint32_t>(frame.caps.size()),
                       static_cast<uint32_t>(frame.parameters.size()),
                       static_cast<uint32_t>(frame.data.size()),
                       (frame.delta ? FrameHead::kDelta : 0) | (frame.gap ? FrameHead::kGap : 0)};
  const Parts parts{bytes_of(head), frame.caps, frame.parameters, frame.data};
  uint64_t size = 0;
  for (std::string_view part : parts)
    size += part.size();
  const bool added = *head_->track && !(waits_ && frame.delta) && has_room(size) &&
                     write(file_->fd(), begin, size, parts);
  waits_ = !added;
  if (!added)
    return false;
  places_.push_back({frame.running_ns, begin});
  head_->end = begin + size;
  return true;
}

// ---- reading -------------------------------------------------------------------------

bool FrameJournal::has_frames(const std::string &path) {
  FrameJournalHead head;
  return OpenFile(path).read_head(&head) && head.end > head.begin;
}

FoundFrames FrameJournal::read(const std::string &path) {
  FoundFrames found;
  const OpenFile file(path);
  FrameJournalHead head;
  if (!file.read_head(&head))
    return found;
  const uint64_t all = head.end - head.begin;
  found.bytes = std::make_unique<char[]>(all);
  if (!for_pieces(head.begin, all, [&](off_t offset, uint64_t done, uint64_t size) {
        return file.read(offset, &found.bytes[done], size);
      }))
    return {};
  found.track = head.track;
  found.frames = frames_in({found.bytes.get(), all}, head.begin);
  return found;
}

}  // namespace rtms::recorder
