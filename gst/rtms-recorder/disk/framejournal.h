// SPDX-License-Identifier: LGPL-2.1-or-later
// The last video frames of a track, in a file in memory that survives the process, beside the
// journal of the audio. The file is a ring. The memory of frames that are in the file of the
// recording is freed.
#pragma once

#include "memoryfile.h"

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace rtms::recorder {

struct FrameJournalHead;

struct JournalFrame {
  int64_t running_ns = 0;       // the running time in the recording
  int64_t captured_ns = 0;      // Unix time; 0: unknown
  bool delta = false;           // is decoded with the help of the frames before
  bool gap = false;             // a black frame of rtmssrc
  std::string_view caps;        // of the frame
  std::string_view parameters;  // for a decoder that begins with this frame
  std::string_view data;
};

struct FoundFrames {
  std::string track;                 // the caps of the track; empty: there is none
  std::vector<JournalFrame> frames;  // in the order of arrival
  std::unique_ptr<char[]> bytes;     // of the frames
};

class FrameJournal {
 public:
  // Creates the file, in place of an old one. Returns null, and sets errno, on failure.
  static std::unique_ptr<FrameJournal> create(const std::string &path);

  // The file stays for read().
  void keep() { file_->keep(); }
  // The caps with which the track is in the file of the recording. Until then, the journal has
  // those of the first frame.
  void set_track(std::string_view caps);
  // Frames before that running time are in the file of the recording. The last frame stays in the
  // journal all the same.
  void written(int64_t running_ns) { needed_from_ns_ = running_ns; }
  // Returns false if there is no room for the frame. Then no frame is added until a keyframe for
  // which there is room.
  bool add(const JournalFrame &frame);

  static bool has_frames(const std::string &path);
  static FoundFrames read(const std::string &path);

 private:
  struct Place {
    int64_t running_ns;
    uint64_t begin;
  };
  explicit FrameJournal(std::unique_ptr<MemoryFile> file);
  bool has_room(uint64_t size) const;
  void remove_written();
  void free_memory(uint64_t from, uint64_t to) const;

  const std::unique_ptr<MemoryFile> file_;
  FrameJournalHead *const head_;
  std::deque<Place> places_;  // of the frames in the file
  uint64_t freed_ = 0;
  bool waits_ = false;  // for a keyframe
  int64_t needed_from_ns_ = INT64_MIN;
};

}  // namespace rtms::recorder
