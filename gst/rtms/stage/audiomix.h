// SPDX-License-Identifier: LGPL-2.1-or-later
// The audio of the program: all audio of the meeting in one, limited where it is too loud together,
// and silence where there is none.
#pragma once

#include "audiolimit.h"
#include "mixeroutput.h"

namespace rtms::program {

class AudioMix {
 public:
  // Makes the elements in the bin. `missing`: the name of one that there is not, or empty.
  AudioMix(GstBin *bin, std::string *missing);
  AudioMix(const AudioMix &) = delete;
  AudioMix &operator=(const AudioMix &) = delete;

  GstPad *source() const { return source_.get(); }
  MixerOutput &output() { return *output_; }
  // Whether it is one of the elements.
  bool has(GstObject *element) const;
  void prepare();
  // Sets the mixer to PAUSED; the audio is to begin at that running time. Before any other data,
  // because a mixer starts over at its first.
  void begin(GstClockTime time);
  void set_upstream_latency(GstClockTime latency);
  // A pad for one more stream; remove it when the stream is over.
  PadPtr add_pad();
  void remove_pad(GstPad *pad);

 private:
  GstElement *mixer_ = nullptr, *sums_ = nullptr, *convert_ = nullptr, *filter_ = nullptr;
  PadPtr first_, source_;
  std::unique_ptr<MixerOutput> output_;
  std::unique_ptr<AudioLimit> limit_;
  bool first_used_ = false;
};

}  // namespace rtms::program
