// SPDX-License-Identifier: LGPL-2.1-or-later
// The last seconds of a recording's received audio, in a file in memory that survives the process:
// after kill -9 the next start finds the audio that was not written yet. Only the newest audio
// stays; the file grows while audio waits to be written, up to a bound. Beside it are the journals
// of the video tracks.
#pragma once

#include "framejournal.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace rtms::recorder {

struct JournalHead;

// What the journal's audio is recorded as.
struct JournalFormat {
  unsigned rate = 0;      // of the samples, in Hz
  unsigned speakers = 0;  // that have tracks of their own
  std::string codec;      // "pcm", "flac" or "opus"
  bool mp4 = false;
};

// A piece of audio, of one participant or of the service's mix.
struct JournalEntry {
  int64_t captured_ns = 0;  // Unix time
  unsigned track = 0;       // of the recording; 0: the mix alone
  std::vector<int16_t> samples;
};

// A journal that nobody writes any more. Locked while it exists.
class FoundJournal {
 public:
  FoundJournal(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}
  ~FoundJournal();
  FoundJournal(const FoundJournal &) = delete;
  FoundJournal &operator=(const FoundJournal &) = delete;

  // Returns false if the contents are invalid.
  bool read();
  // Reads the frames of a video track. They take up to 64 MiB.
  FoundFrames frames(const char *track) const;
  bool has_media() const;
  // Returns the memory of all its files, in bytes.
  uint64_t size() const;
  // Returns the Unix time of the last media, about.
  int64_t last_ns() const;
  // Stays, for the next search, if the place is locked for long.
  void remove() const;
  // Around what may end the process. Returns how often it has done so, since set_tail_written().
  unsigned begin_try() const;
  void end_try() const { set_tries(tries_); }
  // The tail is in the folder.
  void set_tail_written() { set_tries(tries_ = kTailWritten); }
  bool is_tail_written() const { return tries_ >= kTailWritten; }

  std::string folder;  // of the recording
  JournalFormat format;
  int64_t start_ns = 0;                // the capture time of running time 0; 0: unknown
  int64_t needed_from_ns = INT64_MIN;  // audio captured before is in the file of the recording
  std::vector<JournalEntry> entries;   // in the order of arrival

 private:
  void set_tries(uint32_t tries) const;

  static constexpr uint32_t kTailWritten = 1 << 16;
  uint32_t tries_ = 0;  // as in JournalHead
  const std::string path_;
  const int fd_;
};

class Journal {
 public:
  // $RUNTIME_DIRECTORY; $XDG_RUNTIME_DIR if it is in memory; else /dev/shm. No access blocks there.
  static std::string default_place();
  // The video tracks of recordings.
  static constexpr const char *kTracks[] = {"video", "screen"};

  // Creates the journal of a recording. Returns null, and sets errno, on failure. `place` is
  // created if necessary, and must be accessible to this user only.
  static std::unique_ptr<Journal> create(const std::string &place, const std::string &folder,
                                         const JournalFormat &format);
  // The file stays for find().
  void keep() { file_->keep(); }
  // Creates the journal of one of kTracks. Returns null, and sets errno, on failure. Must be
  // destroyed first.
  std::unique_ptr<FrameJournal> create_frames(const char *track) const;

  // Any thread: the capture time of running time 0 of the recording, as Unix time.
  void set_start(int64_t captured_ns);
  // Any thread: audio captured before that time is in the file of the recording.
  void written(int64_t captured_ns);
  // Used on one thread.
  void add(int64_t captured_ns, unsigned track, const int16_t *samples, size_t count);

  // Returns the journals of recordings in `output` that nobody writes any more. Removes invalid
  // ones, and others that are older than a day. `busy`: another recorder is creating one: try
  // again.
  using FoundPtr = std::unique_ptr<FoundJournal>;
  static std::vector<FoundPtr> find(const std::string &place, const std::string &output,
                                    bool *busy = nullptr);
  // Returns the Unix time of the newest media in the journal of each recording in `output`, by the
  // name of its folder.
  static std::map<std::string, int64_t> newest_ns(const std::string &place,
                                                  const std::string &output);

 private:
  Journal(std::unique_ptr<MemoryFile> file, size_t slots, size_t most);
  static bool open_all(const std::string &place, const std::string *output,
                       std::vector<FoundPtr> *all);
  void add_piece(int64_t captured_ns, unsigned track, const int16_t *samples, size_t count);
  size_t take_slot();
  bool grow();

  const std::unique_ptr<MemoryFile> file_;
  JournalHead *const head_;
  size_t slots_;       // in the file
  const size_t most_;  // in the mapped memory
  size_t used_ = 0;
  std::deque<size_t> order_;  // of the used slots, the oldest first
  uint64_t count_ = 0;
};

}  // namespace rtms::recorder
