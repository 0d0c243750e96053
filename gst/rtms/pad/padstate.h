// SPDX-License-Identifier: LGPL-2.1-or-later
// What a GstRtmsSrcPad is made of.
#pragma once

#include "gstrtmssrcpad.h"
#include "padfill.h"
#include "padposition.h"
#include "padqueue.h"

#include <mutex>

namespace rtms {

// In cache lines by who writes: what the loop thread reads of each buffer's pad is not fetched anew
// because the streaming task wrote beside it.
struct PadState {
  static constexpr size_t kCacheLine = 64;

  explicit PadState(PadConfig c)
      : config(std::move(c)),
        queue(config.policy, config.limits, std::chrono::milliseconds(config.batch_ms)),
        position(config.step, config.policy == Queue::Policy::Oldest ? PadPosition::Late::EndToEnd
                                                                     : PadPosition::Late::Stacked) {
  }

  const PadConfig config;
  GstRtmsSrcPad *pad = nullptr;

  std::atomic<GstFlowReturn> flow{GST_FLOW_OK};  // what the last push returned
  std::atomic<bool> linked{false};
  std::atomic<bool> threadless{false};  // the task could not be started
  std::atomic<int64_t> gaps_from_us{0};
  // Certain time when EOS entered the queue.
  std::atomic<GstClockTime> ends_at{GST_CLOCK_TIME_NONE};
  // What is said of the link, and how often there was a new one: written with the mutex.
  std::atomic<unsigned> links{0};
  std::mutex mutex;

  alignas(kCacheLine) PadQueue queue;

  // The streaming task's own.
  alignas(kCacheLine) PadPosition position;
  PadFill fill;
  bool silent = false;                                // a GAP was the last
  std::chrono::steady_clock::time_point quiet_since;  // of a shared thread: nothing came since
};

}  // namespace rtms
