// SPDX-License-Identifier: LGPL-2.1-or-later
// Writes the media of a recording into its journals: the audio as soon as it arrives, the video on
// the streaming threads.
#pragma once

#include "audio/sound.h"
#include "disk/journal.h"
#include "intake.h"

#include <mutex>
#include <vector>

namespace rtms::recorder {

class MediaJournal {
 public:
  // `src` is the rtmssrc of the recording, not yet running.
  MediaJournal(const std::string &folder, const Options &options, GstElement *src);
  ~MediaJournal();
  MediaJournal(const MediaJournal &) = delete;
  MediaJournal &operator=(const MediaJournal &) = delete;

  // Returns what the journals cannot keep, and why, once for each reason; empty: nothing new.
  std::string take_problem();
  // The file of the recording has the tracks of those whose caps are known. Journals of others end.
  void set_tracks(const std::vector<Waiting> &all);
  // The media up to that running time is written. `start_ms`: the capture time of running time 0,
  // in Unix ms; 0: unknown.
  void written(GstClockTime running, int64_t start_ms);
  // The file of the recording lacks the last media, which Tails will write.
  void keep();

 private:
  // A pad's frames.
  struct Track {
    std::string name;
    std::mutex mutex;
    std::unique_ptr<FrameJournal> journal;  // null: it has ended
    std::string caps, parameters;           // of the streaming thread
    bool full = false;                      // frames were refused
    bool reported = false;                  // by take_problem()

    void set_caps(GstCaps *caps);
    void add(GstPad *pad, GstBuffer *buffer);
  };
  static void on_received(GstElement *src, GstPad *pad, GstBuffer *buffer, gpointer self);
  static void on_pad_added(GstElement *src, GstPad *pad, gpointer self);
  template <typename Use>
  void for_tracks(Use use);
  static GstPadProbeReturn on_data(GstPad *pad, GstPadProbeInfo *info, gpointer track);

  const ElementPtr src_;
  const CapsPtr format_;
  const int64_t fragment_ns_;
  const bool has_screen_;
  const std::unique_ptr<Journal> journal_;
  std::mutex mutex_;
  std::string problem_;  // not yet reported
  std::vector<std::shared_ptr<Track>> tracks_;
  bool complete_ = false;  // the file has no further tracks
};

}  // namespace rtms::recorder
