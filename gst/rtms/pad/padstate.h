// SPDX-License-Identifier: LGPL-2.1-or-later
// The state of a GstRtmsSrcPad.
#pragma once

#include "gstrtmssrcpad.h"
#include "padfill.h"
#include "padposition.h"
#include "padqueue.h"

#include <mutex>

namespace rtms {

// Grouped in cache lines by writer: writes of the streaming task must not invalidate what the loop
// thread reads for each buffer.
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

  std::atomic<GstFlowReturn> flow{GST_FLOW_OK};  // result of the last push
  bool told_refused = false;  // a warning tells that the caps are refused; streaming task
  std::atomic<bool> linked{false};
  std::atomic<bool> was_linked{false};
  std::atomic<bool> flushed{false};     // FLUSH_START was pushed, FLUSH_STOP was not
  std::atomic<bool> threadless{false};  // the task could not be started
  std::atomic<int64_t> gaps_from_us{0};
  // Certain time when EOS entered the queue.
  std::atomic<GstClockTime> ends_at{GST_CLOCK_TIME_NONE};
  // Number of RECONFIGURE events: one for each new link, here or further downstream. The mutex is
  // held when it or `linked` is written.
  std::atomic<unsigned> links{0};
  std::mutex mutex;
  bool selectable = false;  // SELECT_STREAMS is handed on; the mutex guards it

  alignas(kCacheLine) PadQueue queue;

  // Used by the streaming task only.
  alignas(kCacheLine) PadPosition position;
  PadFill fill;
  bool silent = false;                                // the last item was a GAP
  std::chrono::steady_clock::time_point quiet_since;  // shared thread: last item or GAP
};

}  // namespace rtms
