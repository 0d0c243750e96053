// SPDX-License-Identifier: LGPL-2.1-or-later
// Mixes a meeting's audio into tracks without gaps: from rtmssrc's audio pads to one source per
// track of the container.
#pragma once

#include "common/gst.h"
#include "frontier.h"
#include "levels.h"
#include "mixer.h"
#include "room.h"
#include "settings/options.h"
#include "sources.h"
#include "speakers.h"

#include <atomic>
#include <mutex>
#include <vector>

namespace rtms::recorder {

// A participant who speaks for the first time, or again, or under a new name from `from` on.
struct Voice {
  std::string who, name;  // "16778240"; empty: the service's mix
  unsigned track = 0;     // in addition to track 0
  GstClockTime from = 0;
};

class Sound {
 public:
  Sound(const Options &options, std::function<void(Voice)> heard);

  // ---- Used on rtmssrc's loop thread, and on its pads' threads.
  // Adds a converter for the pad to the pipeline. Returns false if its audio cannot be mixed.
  bool connect(GstBin *pipeline, GstPad *pad);
  // Main thread: the pad was removed, and so is its input, unless the pipeline is being stopped.
  void disconnect(GstBin *pipeline, const std::string &pad);
  void keep_inputs() { keeps_inputs_ = true; }
  // A participant joins or has a new name; a participant leaves.
  void joined(const std::string &who, const std::string &name);
  void left(const std::string &who);
  // A pad has reached `running`, by a buffer or a GAP.
  void reached(GstClockTime running, bool audio);
  // `bytes` of that running time wait until its audio is mixed.
  void waits(GstClockTime running, uint64_t bytes);
  // An audio pad has ended.
  void ended() { pads_--; }
  // Audio or video has arrived.
  void came() { anything_ = true; }

  // ---- Used on the main thread.
  // Where the mixed audio is pushed.
  Sources *sources() { return &sources_; }
  // The listener gets track 0 live, in pieces; audio later than 500 ms is missing in it.
  void set_listener(std::function<void(GstBuffer *)> listener) { listener_ = std::move(listener); }
  // Must be informed when the connection of the audio is lost or restored.
  Frontier *frontier() { return &frontier_; }
  // Pushes complete audio; `now` is the pipeline's running time.
  void emit(GstClockTime now);
  // Pushes the rest, and ends the sources.
  void finish();
  bool anything() const { return anything_; }
  // Audio that arrived late.
  struct Late {
    uint64_t samples, ms;   // lost: later than the time already pushed, or no room for the file
    uint64_t buffers;       // for which mixing waited
    GstClockTime furthest;  // delay of the latest of those
    GstClockTime waiting;   // received media of any kind, not yet pushed
  };
  Late late() const;
  // Returns the duration pushed.
  GstClockTime length() const;
  // Any thread.
  Levels *levels() const { return &levels_; }

 private:
  struct Input;
  // Whether a voice may be told now: a server could rename participants with each packet.
  struct Telling {
    bool may(int64_t now_us);

    int64_t since_us = 0;
    unsigned count = 0;
  };
  static GstPadProbeReturn on_data(GstPad *pad, GstPadProbeInfo *info, gpointer input);
  void add(Input *input, GstPad *pad, GstBuffer *buffer);
  void rename(Input *input, GstEvent *tags);
  void emit_live(uint64_t sample);
  void emit_until(uint64_t sample);
  void emit_piece(size_t count);

  const unsigned rate_;
  const std::function<void(Voice)> heard_;
  std::atomic<GstClockTime> reached_{0}, audio_{0};  // any pad; audio that is in the mixer
  std::atomic<GstClockTime> now_{0}, behind_{0};
  std::atomic<unsigned> pads_{0};  // audio pads that have not ended
  std::atomic<uint64_t> late_{0}, waited_{0};
  std::atomic<bool> anything_{false}, several_{false};  // several: pads with audio of one time
  mutable Levels levels_;

  std::mutex mutex_;  // guards the fields up to the empty line
  Telling telling_;
  Mixer mixer_;
  Speakers speakers_;
  Room room_;

  Sources sources_;
  std::function<void(GstBuffer *)> listener_;
  Limiter listener_limiter_;
  Frontier frontier_;
  bool keeps_inputs_ = false;
  uint64_t live_ = 0;  // the listener has received the samples before this one
  bool finished_ = false;
};

// Returns the track of a connected pad; 0: the mix alone.
unsigned track_of(GstPad *pad);

// Whether an element is a converter of a pad: its errors concern one participant only.
bool is_sound_input(GstObject *object);

}  // namespace rtms::recorder
