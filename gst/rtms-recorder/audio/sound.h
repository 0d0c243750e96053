// SPDX-License-Identifier: LGPL-2.1-or-later
// What is heard in a meeting, on tracks without gaps: from rtmssrc's audio pads to a source for
// each of the container's tracks.
#pragma once

#include "common/gst.h"
#include "frontier.h"
#include "levels.h"
#include "mixer.h"
#include "room.h"
#include "settings/options.h"
#include "speakers.h"

#include <atomic>
#include <mutex>
#include <vector>

namespace rtms::recorder {

// Somebody who is heard for the first time, or again, or has another name from then on.
struct Voice {
  std::string who, name;  // "16778240"; empty: the service's own mix
  unsigned track = 0;     // besides track 0
  GstClockTime from = 0;
};

class Sound {
 public:
  // Of what waits for the audio of its time, in bytes: then all goes on without.
  static constexpr unsigned kMostWaiting = 64 << 20;

  Sound(const Options &options, std::function<void(Voice)> heard);

  // ---- on rtmssrc's loop thread, and on its pads' threads
  // Adds to the pipeline what takes the pad's sound. False: it is none that can be mixed.
  bool connect(GstBin *pipeline, GstPad *pad);
  // Somebody joins, or is called otherwise; somebody leaves.
  void joined(const std::string &who, const std::string &name);
  void left(const std::string &who);
  // So far a pad has come, by a buffer or a GAP.
  void reached(GstClockTime running, bool audio);
  // So many bytes of that time wait until its audio is mixed.
  void waits(GstClockTime running, uint64_t bytes);
  // An audio pad has ended.
  void ended() { pads_--; }
  // Something is seen or heard.
  void came() { anything_ = true; }

  // ---- on the main thread
  unsigned tracks() const { return mixer_.tracks(); }
  // The source of a track, encoded: a bin with a pad `src`.
  ElementPtr make_source(unsigned track);
  // Gets track 0 live, piece by piece: what comes later than a moment is not in it.
  void set_listener(std::function<void(GstBuffer *)> listener) { listener_ = std::move(listener); }
  // What the track is called from now on: containers take the last title, or the first.
  void set_title(unsigned track, const std::string &title);
  // Is told when the connection of the audio is lost, and there again.
  Frontier *frontier() { return &frontier_; }
  // Hands on what is complete, by the pipeline's running time.
  void emit(GstClockTime now);
  // Hands on the rest, and ends the sources.
  void finish();
  bool anything() const { return anything_; }
  // Audio that came behind all else.
  struct Late {
    uint64_t samples, ms;   // after their time had been handed on: lost
    uint64_t buffers;       // for which all waited
    GstClockTime furthest;  // behind, of those
    GstClockTime waiting;   // so much has come, of anything, and is not handed on yet
  };
  Late late() const;
  // So much has been handed on.
  GstClockTime length() const;
  // On any thread.
  Levels *levels() const { return &levels_; }

 private:
  struct Input;
  static GstPadProbeReturn on_data(GstPad *pad, GstPadProbeInfo *info, gpointer input);
  void add(Input *input, GstPad *pad, GstBuffer *buffer);
  void rename(Input *input, GstEvent *tags);
  void emit_live(uint64_t sample);
  void emit_until(uint64_t sample);
  void emit_piece(size_t count);

  const unsigned rate_;
  const std::string codec_;
  const std::function<void(Voice)> heard_;
  std::atomic<GstClockTime> reached_{0}, audio_{0};  // any pad, and audio that is in the mixer
  std::atomic<GstClockTime> now_{0}, behind_{0};
  std::atomic<unsigned> pads_{0};  // of audio that have not ended
  std::atomic<uint64_t> late_{0}, waited_{0};
  std::atomic<bool> anything_{false};
  mutable Levels levels_;

  std::mutex mutex_;  // guards these three
  Mixer mixer_;
  Speakers speakers_;
  Room room_;

  std::vector<ElementPtr> sources_;  // the appsrc of each track
  std::function<void(GstBuffer *)> listener_;
  Limiter listener_limiter_;
  Frontier frontier_;
  uint64_t live_ = 0;  // the listener has had what is before this sample
  bool finished_ = false;
};

// Of track 0, and of all tracks before they are encoded.
CapsPtr sound_caps(unsigned rate);

// Whether an element takes the sound of a pad: what goes wrong there concerns one voice.
bool is_sound_input(GstObject *object);

}  // namespace rtms::recorder
