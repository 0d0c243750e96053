// SPDX-License-Identifier: LGPL-2.1-or-later
// What a run hands on: which message goes to which pad, and when.
#pragma once

#include "backlog.h"
#include "knowntexts.h"
#include "outputset.h"
#include "participants.h"
#include "streams.h"
#include "textgate.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace rtms {

// Used on the loop thread, but for what says otherwise.
class Outputs {
 public:
  struct Calls {
    // Any thread: has that done on the loop thread.
    std::function<void(std::function<void()>)> post;
    // From any thread: nothing downstream takes data any more, but returns GST_FLOW_EOS,
    // GST_FLOW_NOT_LINKED or an error.
    std::function<void(GstFlowReturn)> stopped;
    // Something is handed on: wake() is wanted before the loop waits.
    std::function<void()> burst;
  };
  Outputs(GstElement *element, const OutputsConfig &config, Stats *stats, const Roster *roster,
          Calls calls);

  // Which stream it is: before anything else of it.
  void set_stream(Product product, std::string stream_id);
  // What was requested of the service.
  void set_requested(MediaMask media, const MediaParams &params);
  // Pads appear with the parameters; when they are there already, their caps follow.
  void negotiated(Media media, const MediaParams &params);
  void all_negotiated();
  // What is pushed goes on its way with the next wake().
  void push(const MediaData &data);
  void wake();
  // The connection of these media is lost, and is there again.
  void lost(MediaMask media);
  void restored(MediaMask media);
  Participants &participants() { return participants_; }
  // This participant's camera is off; the screen share is over.
  void camera_off(uint64_t user_id);
  void share_off();
  // EOS on each pad, behind what waits there. False where there is no pad.
  bool end();
  // Nothing more arrives of these media: EOS on their pads. Where they never had a pad, and
  // `empty_pads` is set, one is added, which stays empty until end().
  void end(MediaMask media);
  // The loop thread ends: what waits for something is given up, and the pads are left alone.
  void forget();

  // Any thread, as far as they say so. Media that comes while the pipeline does not play is thrown
  // away.
  StreamTime &time() { return context_.time; }
  OutputSet &pads() { return set_; }

 private:
  bool per_participant() const;
  bool is_per_participant(const AudioParams &audio) const;
  bool is_other_channel(const MediaData &data);
  bool waits_for_audio() const;
  MediaMask add_empty(MediaMask media);
  void release_backlog();
  void accept(const MediaData &data);
  void hand_on(const MediaData &data);
  void anchor(int64_t unix_ms, Media media, int64_t waited_ns = 0);
  void sweep();
  void select(EventPtr event);

  const Calls calls_;
  OutputContext context_;
  OutputSet set_;
  Streams streams_;
  Participants participants_;
  Backlog backlog_;
  TextGate texts_;
  KnownTexts known_texts_;
  Product product_ = Product::Meeting;
  std::string first_channel_;  // of a Phone call
  MediaMask requested_ = 0, negotiated_ = 0;
  MediaParams requested_params_;
  std::vector<Output *> to_wake_;
  bool over_ = false;
};

}  // namespace rtms
