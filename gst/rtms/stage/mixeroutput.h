// SPDX-License-Identifier: LGPL-2.1-or-later
// Makes the output of a mixer that never waits for its inputs live, complete, and finite.
#pragma once

#include "elements.h"

#include <atomic>

namespace rtms::program {

class MixerOutput {
 public:
  // `pad` is the mixer's source pad, whose timestamps are running times.
  explicit MixerOutput(GstPad *pad);
  ~MixerOutput();
  MixerOutput(const MixerOutput &) = delete;
  MixerOutput &operator=(const MixerOutput &) = delete;

  // EOS follows the last buffer that begins before `time`.
  void end_at(GstClockTime time) { end_ = time; }
  void reset() {
    end_ = GST_CLOCK_TIME_NONE;
    reached_ = 0;
  }
  // The end of the last buffer.
  GstClockTime reached() const { return reached_; }

  // From hold() to release(), nothing leaves the mixer, and it waits. A pipeline that starts to
  // play gives all elements a clock before their base times. A mixer that runs in between takes its
  // deadlines as past, and makes output without its inputs.
  void hold();
  void release();

 private:
  static GstPadProbeReturn on_buffer(GstPad *pad, GstPadProbeInfo *info, gpointer self);
  static GstPadProbeReturn on_event(GstPad *pad, GstPadProbeInfo *info, gpointer self);
  static GstPadProbeReturn on_answer(GstPad *pad, GstPadProbeInfo *info, gpointer self);

  const PadPtr pad_;
  gulong probes_[3] = {}, block_ = 0;
  std::atomic<GstClockTime> end_{GST_CLOCK_TIME_NONE}, reached_{0};
};

}  // namespace rtms::program
