// SPDX-License-Identifier: LGPL-2.1-or-later
// A pipeline of rtmsprogram, and what a viewer would see and hear: each frame and each block of
// samples that leave it.
#pragma once

#include "recording.h"

namespace rtmscheck {

struct Frame {
  static constexpr unsigned kColumns = 32, kRows = 18;
  GstClockTime pts = GST_CLOCK_TIME_NONE, duration = GST_CLOCK_TIME_NONE;
  // Mean luma of each cell, row by row.
  std::array<uint8_t, std::size_t{kColumns} * kRows> luma{};

  // Of the cells from the first to the one before the last.
  double mean(unsigned left, unsigned top, unsigned right, unsigned bottom) const;
  double mean() const { return mean(0, 0, kColumns, kRows); }
  // Differs where text is drawn.
  double spread(unsigned left, unsigned top, unsigned right, unsigned bottom) const;
};

struct Block {
  GstClockTime pts = GST_CLOCK_TIME_NONE, duration = GST_CLOCK_TIME_NONE;
  std::size_t bytes = 0;
  bool discont = false;
  int peak = 0;
  GstClockTime loud = GST_CLOCK_TIME_NONE;  // of its first sample that only a beep has
};

struct Watched {
  std::vector<Frame> frames;
  std::vector<Block> blocks;
  std::vector<std::string> video_caps, audio_caps, captions;
  bool video_eos = false, audio_eos = false, captions_pad = false;
  std::vector<MessagePtr> messages;

  const Frame &frame_at(double seconds) const;
  // Of the frames: the first second in which it holds, and which lies after `from`.
  double first(const std::function<bool(const Frame &)> &holds, double from = 0) const;
  const GstMessage *message(GstMessageType type) const;
};

class Watcher {
 public:
  using Predicate = std::function<bool(const Watched &)>;

  // Small and cheap: 640x360. `setup` is called last.
  explicit Watcher(const Setup &setup);
  Watcher(const Server &server, const Setup &setup);
  ~Watcher();
  Watcher(const Watcher &) = delete;
  Watcher &operator=(const Watcher &) = delete;

  GstElement *program() const { return program_; }
  GstElement *pipeline() const { return pipeline_.get(); }
  void play();
  bool wait(const Predicate &predicate, int timeout_ms = kDeadlineMs);
  bool wait_seconds(double of_video, int timeout_ms = kDeadlineMs) {
    return wait(
        [=](const Watched &w) {
          return !w.frames.empty() && static_cast<double>(w.frames.back().pts) >=
                                          of_video * static_cast<double>(GST_SECOND);
        },
        timeout_ms);
  }
  // EOS on the bus, and on both pads; an error fails.
  void wait_eos(int timeout_ms = 2 * kDeadlineMs);
  void stop();
  // After stop(): what was watched is forgotten.
  void clear();
  // After stop().
  const Watched &watched() const { return watched_; }

 private:
  static GstPadProbeReturn on_video(GstPad *pad, GstPadProbeInfo *info, gpointer self);
  static GstPadProbeReturn on_audio(GstPad *pad, GstPadProbeInfo *info, gpointer self);
  static GstPadProbeReturn on_captions(GstPad *pad, GstPadProbeInfo *info, gpointer self);
  static GstBusSyncReply on_message(GstBus *bus, GstMessage *message, gpointer self);
  static void on_pad_added(GstElement *program, GstPad *pad, gpointer self);
  void watch(GstPad *pad, GstPadProbeCallback probe);
  void note(GstEvent *event, std::vector<std::string> *caps, bool *eos);

  ElementPtr pipeline_;
  GstElement *program_ = nullptr;
  std::mutex mutex_;
  std::condition_variable changed_;
  Watched watched_;
  bool latency_changed_ = false;
};

// What is to be seen in a file.
std::vector<Frame> frames_of(const std::string &file);

// Where white frames and beeps begin, in s.
struct Moments {
  std::vector<double> flashes, beeps;
};
Moments flashes_and_beeps(const Watched &watched);

// Constant size and rate, every frame of the grid, no sample missing; where they end, they end
// together.
void expect_constant(const Watched &watched, int fps = 25);

}  // namespace rtmscheck
