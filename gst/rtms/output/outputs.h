// SPDX-License-Identifier: LGPL-2.1-or-later
// The set of pads, and which message goes to which.
#pragma once

#include "backlog.h"
#include "base/timer.h"
#include "interim.h"
#include "output.h"

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace rtms {

// Used on the loop thread, but for what says otherwise.
class Outputs {
 public:
  // `stopped` is called, from any thread, when nothing downstream takes data any more: with
  // GST_FLOW_EOS, GST_FLOW_NOT_LINKED or an error.
  Outputs(GstElement *element, const OutputsConfig &config, Stats *stats, const Roster *roster,
          std::function<void(GstFlowReturn)> stopped);
  // Ends the pads' tasks and removes the pads. Any thread, when the loop thread does nothing with
  // them any more.
  void close();

  // Which stream it is: before anything else of it.
  void set_stream(Product product, std::string stream_id);
  // Pads appear with the parameters; when they are there already, their caps follow.
  void negotiated(Media media, const MediaParams &params);
  void all_negotiated();
  // What is pushed goes on its way with the next wake().
  void push(const MediaData &data);
  void wake();
  void first_packet(int64_t unix_ms) { context_.time.timeline().first_packet(unix_ms); }
  void interrupt(MediaMask media);
  // Who has left before may speak again, on a new pad.
  void participant_came(const Participant &participant);
  // EOS on the participant's own pad, where there is one.
  void participant_left(const Participant &participant);
  // EOS on each pad, behind what waits there. False where there is no pad.
  bool end();
  // The same for the pads of these kinds of media, of which nothing comes again.
  void end(MediaMask media);

  // What waits for the first audio, or for a final text, is given up: the loop thread ends.
  void forget_held();

  // Any thread: media that comes while the pipeline does not play is thrown away.
  void set_playing(bool playing) { context_.time.set_playing(playing); }
  // Any thread.
  const std::shared_ptr<PadLatency> &latency() const { return context_.time.latency(); }
  // Any thread: brings the queue levels in the statistics up to date.
  void update_levels();

 private:
  using OutputPtr = std::unique_ptr<Output>;

  template <typename Fn>
  void for_each(Fn &&fn) const;
  OutputPtr &of(Media media) { return outputs_[static_cast<unsigned>(media)]; }
  bool per_participant() const;
  Output *output_for(const MediaData &data);
  Output *participant_output(const MediaData &data);
  Output *add(OutputPtr *place, Media media, const OutputLabel &label);
  std::string stream_id(const std::string &name);

  bool waits_for_audio() const;
  void release_backlog();
  void release_interim(InterimTexts::Texts texts);
  void watch_interim();
  void accept(const MediaData &data);
  void hand_on(const MediaData &data);
  void anchor(int64_t unix_ms);
  void check_flows();

  OutputContext context_;
  std::function<void(GstFlowReturn)> stopped_;
  Product product_ = Product::Meeting;
  std::string stream_id_;
  MediaMask negotiated_ = 0;
  Backlog backlog_;
  InterimTexts interim_;
  Timer interim_timer_;
  std::vector<Output *> to_wake_;

  // Guards the places of outputs, which only the loop thread changes; not what is in them.
  mutable std::mutex mutex_;
  std::array<OutputPtr, kMediaCount> outputs_;
  std::unordered_map<ParticipantId, OutputPtr> participants_;
  std::vector<OutputPtr> left_;  // of those who have left

  std::unordered_map<ParticipantId, int64_t> left_us_;  // when participants with a pad left
  std::unordered_map<std::string, unsigned> streams_;   // how often a stream was begun, by its name
  bool told_too_many_ = false;

  std::atomic<bool> all_negotiated_{false};
  std::atomic<bool> told_stopped_{false};
};

}  // namespace rtms
