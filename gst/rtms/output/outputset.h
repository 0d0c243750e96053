// SPDX-License-Identifier: LGPL-2.1-or-later
// The pads that are there: one for each kind of media, and those of participants.
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

// Changed on the loop thread alone. No signal or message is sent with the mutex held.
class OutputSet {
 public:
  // `stopped` is called, from any thread, when nothing downstream takes data any more: with
  // GST_FLOW_EOS, GST_FLOW_NOT_LINKED or an error.
  OutputSet(OutputContext *context, std::function<void(GstFlowReturn)> stopped)
      : context_(context), stopped_(std::move(stopped)) {}

  Output *find(Media media) const { return outputs_[static_cast<unsigned>(media)].get(); }
  Output *find(const ParticipantId &id) const;
  Output *add(Media media, const OutputLabel &label);
  Output *add(const ParticipantId &id, const OutputLabel &label);
  // EOS on a participant's pad, which is removed when that has gone through.
  void end(const ParticipantId &id);
  // Removes the pads that are over.
  void sweep();
  size_t participants() const { return participants_.size(); }
  size_t ending() const { return ending_.size(); }

  template <typename Fn>
  void for_each(Fn &&fn) const {
    for (const auto &output : outputs_)
      if (output)
        fn(*output);
    for (const auto &[id, output] : participants_)
      fn(*output);
  }

  // All pads are there: from now on it counts when none takes data.
  void set_complete() { complete_ = true; }
  bool complete() const { return complete_; }
  // Emits the signal, the first time.
  void no_more_pads();

  // Any thread.

  // Brings the queue levels in the statistics up to date.
  void update_levels();
  // Puts a serialized event on each pad, in order with its buffers. False where there is no pad.
  bool send(GstEvent *event);
  // Only when no pad takes data any more is it time to stop.
  void check_flows();
  // Ends the streaming tasks, all at once: the pads are going to be deactivated.
  void stop();
  // Removes all pads, when the loop thread does nothing with them any more.
  void close();

 private:
  using OutputPtr = std::unique_ptr<Output>;

  void remove(OutputPtr output);

  OutputContext *context_;
  const std::function<void(GstFlowReturn)> stopped_;

  // Guards the places of outputs; not what is in them.
  mutable std::mutex mutex_;
  std::array<OutputPtr, kMediaCount> outputs_;
  std::unordered_map<ParticipantId, OutputPtr> participants_;
  std::vector<OutputPtr> ending_;

  std::atomic<bool> complete_{false};
  bool no_more_pads_ = false;
  std::atomic<bool> told_stopped_{false};
};

}  // namespace rtms
