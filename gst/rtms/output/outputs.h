// SPDX-License-Identifier: LGPL-2.1-or-later
// Distributes the messages of a run to its pads.
#pragma once

#include "backlog.h"
#include "outputset.h"
#include "participants.h"
#include "repetitions.h"
#include "streams.h"
#include "textgate.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace rtms {

// Used on the loop thread, except where noted.
class Outputs {
 public:
  struct Calls {
    // Any thread: runs the function on the loop thread.
    std::function<void(std::function<void()>)> post;
    // From any thread: nothing downstream accepts buffers any more; the result is GST_FLOW_EOS,
    // GST_FLOW_NOT_LINKED or an error.
    std::function<void(GstFlowReturn)> stopped;
    // A buffer was queued: wake() is required before the loop waits.
    std::function<void()> burst;
    // Any thread: returns the monotonic time, in µs, up to which all that arrived has been read.
    std::function<int64_t()> read_until_us;
  };
  Outputs(GstElement *element, const OutputsConfig &config, Stats *stats, const Roster *roster,
          Calls calls);

  // Must be called before anything else of the stream.
  void set_stream(Product product, std::string stream_id, MediaMask requested,
                  const MediaParams &params);
  // The media connections are about to be made: their pads follow, or their end.
  void planned(MediaMask media);
  // Creates the pads, or updates the caps of existing ones.
  void negotiated(Media media, const MediaParams &params);
  void all_negotiated();
  // Queues a message; the next wake() starts pushing.
  void push(const MediaData &data);
  void wake();
  // The connection of these media is lost, or there, for the first time or again.
  void lost(MediaMask media);
  void restored(MediaMask media);
  Participants &participants() { return participants_; }
  // This participant's camera is off; the screen share is over.
  // Since `at_ms`, in Unix ms; 0: unknown.
  void camera_off(uint64_t user_id, int64_t at_ms);
  void share_off(int64_t at_ms);
  // Queues EOS on each pad, with that number if it is not 0. Returns false if there has been no
  // pad.
  bool end_all(guint32 seqnum = 0);
  // Nothing more arrives of these media: queues EOS on their pads. With `empty_pads`, a kind that
  // never had a pad gets one, without data, until end().
  void end(MediaMask media);
  // The loop thread ends: pending work is dropped, the pads remain unchanged.
  void forget();

  // Any thread, where their methods allow it. Media are dropped while the pipeline is not playing.
  StreamTime &time() { return context_.time; }
  OutputSet &pads() { return set_; }

 private:
  bool per_participant() const;
  bool is_other_channel(const MediaData &data);
  bool waits_for_audio() const;
  void release_backlog();
  void accept(const MediaData &data);
  void hand_on(const MediaData &data);
  void anchor(int64_t unix_ms, Media media, int64_t waited_ns = 0);
  void sweep();

  const Calls calls_;
  ExpectedStreams expected_;
  OutputContext context_;
  OutputSet set_;
  Streams streams_;
  Participants participants_;
  bool audio_is_over_ = false;
  Backlog backlog_;
  TextGate texts_;
  KnownTexts known_texts_;
  Product product_ = Product::Meeting;
  std::string first_channel_;  // of a Phone call
  MediaMask negotiated_ = 0;
  MediaMask promised_ = 0;  // with a pad in any case
  MediaParams promised_params_;
  std::vector<Output *> to_wake_;
  bool over_ = false;
};

}  // namespace rtms
