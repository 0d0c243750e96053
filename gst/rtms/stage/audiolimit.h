// SPDX-License-Identifier: LGPL-2.1-or-later
// Lowers sums of the audio mixer that do not fit 16 bits, before they are converted.
#pragma once

#include "elements.h"
#include "media/limiter.h"

#include <deque>
#include <vector>

namespace rtms::program {

// Holds each buffer until the look-ahead behind it has arrived. Buffers keep their timestamps and
// sizes; the delay is in the answers to LATENCY queries.
class AudioLimit {
 public:
  static constexpr unsigned kRate = 48000, kChannels = 2;

  // `pad` is a source pad of F32LE samples, which may exceed 1. Buffers are of `block` each.
  AudioLimit(GstPad *pad, GstClockTime block);
  ~AudioLimit();
  AudioLimit(const AudioLimit &) = delete;
  AudioLimit &operator=(const AudioLimit &) = delete;

  void reset();

 private:
  static GstPadProbeReturn on_buffer(GstPad *pad, GstPadProbeInfo *info, gpointer self);
  static GstPadProbeReturn on_event(GstPad *pad, GstPadProbeInfo *info, gpointer self);
  static GstPadProbeReturn on_answer(GstPad *pad, GstPadProbeInfo *info, gpointer self);
  void add(BufferPtr buffer);
  bool has_look_ahead() const;
  BufferPtr take();
  void drain();

  const PadPtr pad_;
  const GstClockTime block_;
  gulong probes_[3] = {};
  // Used on the streaming thread only.
  Limiter limiter_{kRate, kChannels};
  std::deque<BufferPtr> held_;
  std::vector<int32_t> sums_;  // the samples of the held buffers
};

}  // namespace rtms::program
