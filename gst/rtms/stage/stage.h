// SPDX-License-Identifier: LGPL-2.1-or-later
// A meeting as one video and one audio stream: the mixers, and the way of each kind of media into
// them. Where the media come from is not its business.
#pragma once

#include "audiomix.h"
#include "feed.h"
#include "videomix.h"

#include <map>

namespace rtms::program {

class Stage {
 public:
  // How many inputs run changes by that; what they had ends at that running time. Any thread.
  using Changed = std::function<void(int running, GstClockTime end)>;

  // `bin` and `scene` outlive it.
  Stage(GstBin *bin, Scene *scene, Changed changed);
  ~Stage();
  Stage(const Stage &) = delete;
  Stage &operator=(const Stage &) = delete;

  GstPad *video() const { return video_mix_ ? video_mix_->source() : nullptr; }
  GstPad *audio() const { return audio_mix_ ? audio_mix_->source() : nullptr; }
  // An element that is not installed; empty: all are there.
  const std::string &missing() const { return missing_; }

  // In the order of a run. The video is as late as the audio, by `delay`. False: `error` says why.
  bool prepare(const VideoSettings &settings, GstClockTime delay, std::string *error);
  void begin(GstClockTime time);
  // The inputs are over, at the latest when the bin is in READY.
  void stop();

  // While it runs, too.
  void set_layout(Layout layout);
  void set_upstream_latency(GstClockTime latency);
  // `video` is the camera, `screen` the screen share; all others are audio.
  void add(const std::string &name, GstPad *pad);
  // EOS follows what begins before.
  void end_at(GstClockTime time);
  // After an error of one of its elements. False: it is the end of the stage. True: another decoder
  // takes over, as far as there is one.
  bool mends(GstObject *failed);

 private:
  struct Alive;
  void update_wanted();
  void replace_decoder(GstObject *failed);

  GstBin *const bin_;
  Scene *const scene_;
  const Changed changed_;
  std::string missing_;
  std::unique_ptr<VideoMix> video_mix_;
  std::unique_ptr<AudioMix> audio_mix_;

  std::mutex mutex_;  // guards the feeds, and is held while elements change
  std::map<std::string, std::unique_ptr<Feed>> feeds_;
  std::map<std::string, PadPtr> audio_pads_;
  const std::shared_ptr<Alive> alive_;
};

}  // namespace rtms::program
