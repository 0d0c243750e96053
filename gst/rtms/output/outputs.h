// SPDX-License-Identifier: LGPL-2.1-or-later
// Media messages → buffers on the pads, on one time line.
#pragma once

#include "base/timer.h"
#include "gstrtmssrcpad.h"
#include "heldmedia.h"
#include "interim.h"
#include "media/audioalign.h"
#include "media/picturesize.h"
#include "media/pool.h"
#include "media/timeline.h"
#include "media/track.h"
#include "protocol/types.h"
#include "roster.h"
#include "stats.h"

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace rtms {

struct OutputsConfig {
  Queue::Limits limits;
  GstClockTime latency = 0;
  bool transcript_json = false;
  bool transcript_speaker = false;
  bool buffer_data = false;
};

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
  void first_packet(int64_t unix_ms) { timeline_.first_packet(unix_ms); }
  void interrupt(MediaMask media);
  // Who has left before may speak again, on a new pad.
  void participant_came(const Participant &participant);
  // EOS on the participant's own pad, where there is one.
  void participant_left(const Participant &participant);
  // EOS on each pad, behind what waits there. False where there is no pad.
  bool end();

  // What waits for the first audio is given up: the loop thread ends.
  void forget_held();

  // Any thread: media that comes while the pipeline does not play is thrown away.
  void set_playing(bool playing);
  // Any thread.
  void set_latency(GstClockTime latency) { latency_->min = latency; }
  // Any thread.
  void answer_latency(GstQuery *query) const;
  // Any thread: brings the queue levels in the statistics up to date.
  void update_levels();

 private:
  struct Output {
    explicit Output(Media its_media)
        : media(its_media), packets(media == Media::Audio ? kSoundSizes : kPictureSizes) {}

    Media media;
    GstRtmsSrcPad *pad = nullptr;  // a reference of ours
    CapsPtr caps;
    Track track;
    AudioAlign align;
    PacketPool packets;
    bool discont = false;  // what comes next does not follow what came before
    bool overflowing = false;
    bool left = false;  // its participant
    bool to_wake = false;

    // Whom it shows, and what was told of that.
    std::optional<uint64_t> user_id;
    std::string title;
    std::optional<PictureSize> size;
  };

  // When what is being handed on came: the same for all of a burst.
  struct Arrival {
    int64_t running_ns = 0, real_us = 0;
  };

  Output *output_for(const MediaData &data);
  Output *participant_output(const MediaData &data);
  Output *add_output(Media media, const std::string &key, const std::string &name,
                     const char *templ, EventPtr tags = nullptr);
  std::string returned(const std::string &key) const;
  void start_pad(GstRtmsSrcPad *pad, const Output &output, const std::string &key, EventPtr tags);
  CapsPtr caps_of(Media media, std::optional<PictureSize> size) const;
  void update_caps(Output *output);
  bool participants() const;

  bool hold(const MediaData &data);
  void release_held();
  void accept(const MediaData &data);
  void await_final(const MediaData &data);
  void release_interim(InterimTexts::Texts texts);
  void watch_interim();
  MediaData named(const MediaData &data) const;
  MediaData speaker_of(const MediaData &data) const;
  void hand_on(const MediaData &data);
  bool leads_somewhere(Output *output);
  void follow_speaker(Output *output, const MediaData &data, const GstBuffer *buffer);
  void follow_size(Output *output, GstBuffer *buffer);
  void leave(const std::string &key);
  void interrupt(Output *output);
  void align(Output *output, GstBuffer *buffer);
  void advance(GstClockTime position, GstClockTime duration);
  void stamp(Output *output, GstBuffer *buffer, const MediaData &data);
  void anchor(int64_t unix_ms);
  EventPtr segment_event() const;
  void enqueue(Output *output, BufferPtr buffer);
  int64_t timestamp_of(const MediaData &data);
  int64_t stream_start(const MediaData &data) const;
  void count(const MediaData &data, int64_t timestamp_ms, const GstBuffer *buffer);

  GstClockTime running_time() const;
  const Arrival &arrival();
  GstClockTime certain_time() const;
  void check_flows();

  GstElement *element_;
  const OutputsConfig config_;
  Product product_ = Product::Meeting;
  std::string stream_id_;
  Stats *stats_;
  const Roster *roster_;
  std::function<void(GstFlowReturn)> stopped_;
  MediaParams params_;
  Timeline timeline_;
  Timeline::Segment segment_;
  int64_t newest_position_ = 0;  // of audio, video and screen
  int64_t latest_end_ns_ = 0;    // running time of the end of what was handed on
  std::vector<Output *> to_wake_;
  std::optional<Arrival> arrival_;  // until wake()
  std::vector<std::unique_ptr<HeldMedia>> held_;
  uint64_t held_bytes_ = 0;
  Timer hold_timer_;
  InterimTexts interim_;
  Timer interim_timer_;
  guint group_id_;
  unsigned participant_count_ = 0;
  std::map<std::string, int64_t> left_us_;  // when participants with a pad left
  MediaMask negotiated_ = 0;
  int64_t last_timestamp_ms_ = 0;
  std::optional<int64_t> first_latency_ns_;
  bool told_too_many_ = false;

  // Guards the map, which only the loop thread changes; not what is in it.
  mutable std::mutex mutex_;
  std::map<std::string, std::unique_ptr<Output>> outputs_;

  std::atomic<bool> playing_{false};
  std::atomic<bool> reanchor_{true};
  std::atomic<bool> all_negotiated_{false};
  std::atomic<bool> told_stopped_{false};
  const std::shared_ptr<PadLatency> latency_;
  std::atomic<GstClockTime> latest_{0};  // running time of the newest media on any pad
};

}  // namespace rtms
