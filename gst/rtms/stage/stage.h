// SPDX-License-Identifier: LGPL-2.1-or-later
// A meeting as one video and one audio stream: the mixers, and a feed for each kind of media.
// Independent of the source of the media.
#pragma once

#include "audiomix.h"
#include "feed.h"
#include "videomix.h"

#include <map>

namespace rtms::program {

class Stage {
 public:
  // The number of running inputs changes by `running`; their data ends at the running time `end`.
  // Is called on any thread.
  using Changed = std::function<void(int running, GstClockTime end)>;

  // `bin` and `scene` must outlive this object.
  Stage(GstBin *bin, Scene *scene, Changed changed);
  ~Stage();
  Stage(const Stage &) = delete;
  Stage &operator=(const Stage &) = delete;

  GstPad *video() const { return video_mix_ ? video_mix_->source() : nullptr; }
  GstPad *audio() const { return audio_mix_ ? audio_mix_->source() : nullptr; }
  // The name of an element that is not installed, or empty.
  const std::string &missing() const { return missing_; }

  // prepare(), begin() and stop() make a run. The video is delayed by `delay`, like the audio.
  // Returns false, and sets `error`, on failure.
  bool prepare(const VideoSettings &settings, GstClockTime delay, std::string *error);
  // Must be called when the bin has its clock and base time, and before inputs have media: then the
  // mixers change to the state of the bin.
  void begin(GstClockTime time);
  // From hold() to release(), the stage makes no output.
  void hold();
  void release();
  // Removes the inputs. Must be called at the latest when the bin is in READY.
  void stop();

  // May be called at any time.
  void set_layout(Layout layout);
  void set_upstream_latency(GstClockTime latency);
  // Adds an input. `video` is the camera, `screen` the screen share; all others are audio.
  void add(const std::string &name, GstPad *pad);
  // The pad is gone.
  void remove(const std::string &name);
  // EOS follows the last buffers that begin before `time`.
  void end_at(GstClockTime time);
  // Handles an error of an element. Returns false if it ends the stage. Otherwise another decoder
  // takes over, if there is one.
  bool mends(GstObject *failed);

 private:
  struct Alive;
  PadPtr audio_pad(const std::string &name);
  void update_wanted();
  void replace_decoder(GstObject *failed);

  GstBin *const bin_;
  Scene *const scene_;
  const Changed changed_;
  std::string missing_;
  std::unique_ptr<VideoMix> video_mix_;
  std::unique_ptr<AudioMix> audio_mix_;

  std::mutex mutex_;  // guards the next two members
  std::map<std::string, std::shared_ptr<Feed>> feeds_;
  std::map<std::string, PadPtr> audio_pads_;
  const std::shared_ptr<Alive> alive_;
};

}  // namespace rtms::program
