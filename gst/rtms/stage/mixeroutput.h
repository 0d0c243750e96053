// SPDX-License-Identifier: LGPL-2.1-or-later
// Makes the output of a mixer that never waits for its inputs live, complete, and finite.
#pragma once

#include "elements.h"

#include <array>
#include <atomic>
#include <functional>
#include <mutex>

namespace rtms::program {

class MixerOutput {
 public:
  // `pad` is the mixer's source pad, whose timestamps are running times; `name` is that of the
  // bin's pad.
  MixerOutput(const char *name, GstPad *pad);
  ~MixerOutput();
  MixerOutput(const MixerOutput &) = delete;
  MixerOutput &operator=(const MixerOutput &) = delete;

  // EOS follows the last buffer that begins before `time`.
  void end_at(GstClockTime time) { end_ = time; }
  // From prepare() to start(), the mixer is in READY. A pipeline gives all elements a clock at
  // first, and each one a base time when it changes to PLAYING: in between, a mixer takes its
  // deadlines as past, and makes output without its inputs. start() must be called when the bin has
  // both. `feed` gives the mixer its first input, which begins at the running time `time`.
  void prepare();
  void start(GstClockTime time, const std::function<void()> &feed);
  void stop();
  // The end of the last buffer.
  GstClockTime reached() const { return reached_; }

  // After hold(), nothing leaves the mixer, and it waits, until release().
  void hold();
  void release();

 private:
  static GstPadProbeReturn on_buffer(GstPad *pad, GstPadProbeInfo *info, gpointer self);
  static GstPadProbeReturn on_event(GstPad *pad, GstPadProbeInfo *info, gpointer self);
  static GstPadProbeReturn on_answer(GstPad *pad, GstPadProbeInfo *info, gpointer self);
  void refused();
  bool is_new(GstEvent *custom);

  const char *const name_;
  const PadPtr pad_;
  GstElement *const mixer_;
  gulong probes_[3] = {}, block_ = 0;
  std::atomic<GstClockTime> end_{GST_CLOCK_TIME_NONE}, reached_{0};
  std::atomic<bool> started_{false};
  std::mutex mutex_;                  // guards the next two members
  std::array<guint32, 16> custom_{};  // the sequence numbers of the last custom events
  size_t customs_ = 0;
};

}  // namespace rtms::program
