// SPDX-License-Identifier: LGPL-2.1-or-later
// The last seconds of a recording's received audio, in a file in memory that survives the process:
// after kill -9 the next start finds the audio that was not written yet. Only the newest audio
// stays; the file has a fixed size.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace rtms::recorder {

// A piece of audio, of one participant or of the service's mix.
struct JournalEntry {
  int64_t captured_ns = 0;  // Unix time
  unsigned track = 0;       // of the recording; 0: the mix alone
  std::vector<int16_t> samples;
};

struct JournalContents {
  std::string folder;                 // of the recording
  unsigned rate = 0;                  // of the samples, in Hz
  std::vector<JournalEntry> entries;  // in the order of arrival
};

// Locked while open, so that recorders do not take the journals of running ones.
class Journal {
 public:
  // $RUNTIME_DIRECTORY, $XDG_RUNTIME_DIR/rtms-recorder or /dev/shm/rtms-recorder-UID: none of them
  // is on a disk, so that no access blocks.
  static std::string default_place();

  // Creates the journal of a recording. Returns null, and sets errno, on failure. `place` is
  // created if necessary, and must be accessible to this user only.
  static std::unique_ptr<Journal> create(const std::string &place, const std::string &folder,
                                         unsigned rate);
  // Removes the file, unless it is to be kept for take_all().
  ~Journal();
  void keep() { kept_ = true; }
  Journal(const Journal &) = delete;
  Journal &operator=(const Journal &) = delete;

  // Used on one thread.
  void add(int64_t captured_ns, unsigned track, const int16_t *samples, size_t count);

  // Takes the journals of recordings in `output` that nobody writes any more, and removes their
  // files.
  static std::vector<JournalContents> take_all(const std::string &place, const std::string &output);

 private:
  struct Map;
  Journal(std::string path, int fd, Map *map, unsigned rate)
      : path_(std::move(path)), fd_(fd), map_(map), rate_(rate) {}
  void add_piece(int64_t captured_ns, unsigned track, const int16_t *samples, size_t count);
  static bool read(int fd, JournalContents *contents);

  const std::string path_;
  const int fd_;
  Map *const map_;
  const unsigned rate_;
  uint64_t count_ = 0;
  bool kept_ = false;
};

}  // namespace rtms::recorder
