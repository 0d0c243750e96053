// SPDX-License-Identifier: LGPL-2.1-or-later
// The state of a GstRtmsSrcPad.
#pragma once

#include "gstrtmssrcpad.h"
#include "padfill.h"
#include "padposition.h"
#include "padqueue.h"

#include <mutex>
#include <utility>

namespace rtms {

// The peer that was unlinked first during a push: the push may be in it still. Pushes are those of
// PadQueue::push_in_progress().
class LeftPeer {
 public:
  LeftPeer() { g_weak_ref_init(&peer_, nullptr); }
  ~LeftPeer() { g_weak_ref_clear(&peer_); }
  LeftPeer(const LeftPeer &) = delete;
  LeftPeer &operator=(const LeftPeer &) = delete;

  void set(uint64_t push, GstPad *peer) {
    if (push && std::exchange(push_, push) != push)
      g_weak_ref_set(&peer_, peer);
  }
  PadPtr get(uint64_t push) {
    return PadPtr(push && push == push_ ? static_cast<GstPad *>(g_weak_ref_get(&peer_)) : nullptr);
  }

 private:
  uint64_t push_ = 0;
  GWeakRef peer_;
};

// Grouped in cache lines by writer: writes of the streaming task must not invalidate what the loop
// thread reads for each buffer.
struct PadState {
  static constexpr size_t kCacheLine = 64;

  explicit PadState(PadConfig c)
      : config(std::move(c)),
        queue(config.policy, config.limits, std::chrono::milliseconds(config.batch_ms)),
        position(config.step, config.policy == Queue::Policy::Oldest ? PadPosition::Late::EndToEnd
                                                                     : PadPosition::Late::Stacked),
        fill(config.still) {}

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
  // The mutex guards these.
  bool selectable = false;  // SELECT_STREAMS is handed on
  LeftPeer left;
  PadPtr flushed_left;  // got FLUSH_START, and no FLUSH_STOP

  alignas(kCacheLine) PadQueue queue;

  // Used by the streaming task only.
  alignas(kCacheLine) PadPosition position;
  PadFill fill;
  bool silent = false;                                // the last item was a GAP
  std::chrono::steady_clock::time_point quiet_since;  // shared thread: last item or GAP
};

}  // namespace rtms
