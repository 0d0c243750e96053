// SPDX-License-Identifier: LGPL-2.1-or-later
// The existing pads: one for each kind of media, and those of participants.
#pragma once

#include "output.h"

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace rtms {

// Changed only on the loop thread. No signal or message is sent with the mutex held.
class OutputSet {
 public:
  // `stopped` is called, on any thread, when nothing downstream accepts buffers any more, with
  // GST_FLOW_EOS, GST_FLOW_NOT_LINKED or an error.
  OutputSet(OutputContext *context, std::function<void(GstFlowReturn)> stopped)
      : context_(context), stopped_(std::move(stopped)) {}

  Output *find(Media media) const { return outputs_[static_cast<unsigned>(media)].get(); }
  Output *find(const ParticipantId &id) const;
  Output *add(Media media, const OutputLabel &label);
  Output *add(const ParticipantId &id, const OutputLabel &label);
  // Queues EOS on a participant's pad, which is removed after EOS.
  void end(const ParticipantId &id);
  // Removes the pads that have pushed EOS.
  void sweep();
  size_t participants() const { return participants_.size(); }
  size_t ending() const { return ending_.size(); }
  // Whether there has been a pad.
  bool any() const { return any_; }

  template <typename Fn>
  void for_each(Fn &&fn) const {
    for (const auto &output : outputs_)
      if (output)
        fn(*output);
    for (const auto &[id, output] : participants_)
      fn(*output);
  }

  // All pads exist: check_flows() counts from now on. With `more`, participants' pads may still
  // appear, and only an error is final.
  void set_complete(bool more) {
    more_ = more;
    complete_ = true;
  }
  void no_more_participants() { more_ = false; }
  bool complete() const { return complete_; }
  // Emits the signal once.
  void no_more_pads();

  // Any thread:

  // Updates the queue levels in the statistics.
  void update_levels();
  // Queues a serialized event on each pad. Returns false if there is no pad.
  bool send(GstEvent *event);
  // Calls `stopped` if no pad accepts buffers any more.
  void check_flows();
  // Ends all streaming tasks at once, before the pads are deactivated.
  void stop();
  // Removes all pads, after the loop thread's last use of them.
  void close();

 private:
  using OutputPtr = std::unique_ptr<Output>;

  void remove(OutputPtr output);

  OutputContext *context_;
  const std::function<void(GstFlowReturn)> stopped_;

  // Guards the containers, not the outputs.
  mutable std::mutex mutex_;
  std::array<OutputPtr, kMediaCount> outputs_;
  std::unordered_map<ParticipantId, OutputPtr> participants_;
  std::vector<OutputPtr> ending_;

  std::atomic<bool> complete_{false}, more_{false};
  bool any_ = false;
  bool no_more_pads_ = false;
  std::atomic<bool> told_stopped_{false};
};

}  // namespace rtms
