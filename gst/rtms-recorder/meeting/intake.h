// SPDX-License-Identifier: LGPL-2.1-or-later
// rtmssrc in a meeting's pipeline: its pads and their data.
#pragma once

#include "audio/sound.h"
#include "broadcast/intaketap.h"
#include "capturetime.h"
#include "common/gst.h"
#include "common/later.h"
#include "muxing/videotrack.h"
#include "settings/options.h"
#include "text/texts.h"

#include <atomic>
#include <mutex>
#include <vector>

namespace rtms::recorder {

// All methods are called on streaming threads.
struct IntakeListener {
  virtual ~IntakeListener() = default;
  // A pad got EOS.
  virtual void intake_ended() = 0;
  // Media that is not recorded, and why, as a sentence.
  virtual void intake_left_out(const std::string &problem) = 0;
};

// The src pad of a queue behind a `video` or `screen` pad of rtmssrc.
struct Waiting {
  std::string name;
  PadPtr exit;
  CapsPtr caps;  // of its track in the file; null: not known yet, or not recorded
  VideoTrack::Source source = VideoTrack::Source::Live;
};

class Intake {
 public:
  Intake(const Options &options, const std::string &webhook, GstBin *pipeline, Sound *sound,
         Texts *texts, CaptureTime *capture, IntakeListener *listener, IntakeTap *tap);
  ~Intake();
  Intake(const Intake &) = delete;
  Intake &operator=(const Intake &) = delete;

  GstElement *element() const { return src_.get(); }
  StructurePtr stats() const;
  // Passes a later webhook of the stream to rtmssrc.
  void notify(const std::string &webhook);
  void send_eos();

  // The pads to link; later ones are left out. Their data is blocked until release().
  std::vector<Waiting> waiting();
  void release();
  // Whether the service sends a transcript.
  bool has_transcript() const { return has_transcript_; }
  // Whether all pads got EOS.
  bool all_ended() const { return pads_ > 0 && ended_ == pads_; }

 private:
  enum class Kind { Audio, Video, Screen, Transcript, Chat };
  struct Passing;
  static Kind kind_of(GstPad *pad);
  static void on_message(GstBus *bus, GstMessage *message, gpointer self);
  static void on_pad_added(GstElement *src, GstPad *pad, gpointer self);
  static GstPadProbeReturn on_data(GstPad *pad, GstPadProbeInfo *info, gpointer passing);
  void add(GstPad *pad);
  void hold(GstPad *pad, Passing *passing);
  void follow(GstPad *pad, GstElement *element);
  void swallow(GstPad *pad);
  void leave_out(GstPad *pad);
  void buffer(Kind kind, GstPad *pad, GstBuffer *buffer);
  void text(Kind kind, GstClockTime start, GstBuffer *buffer);
  void event(Kind kind, GstPad *pad, GstEvent *event);
  void reached(GstClockTime running, bool audio);

  struct Held {
    std::string name;
    PadPtr exit;
    gulong probe;
  };
  GstBin *const pipeline_;
  Sound *const sound_;
  Texts *const texts_;
  CaptureTime *const capture_;
  IntakeListener *const listener_;
  IntakeTap *const tap_;  // may be null
  const bool holds_screen_;
  ElementPtr src_;
  BusPtr bus_;
  std::atomic<unsigned> pads_{0}, ended_{0};
  std::atomic<bool> has_transcript_{false};
  std::mutex mutex_;
  std::vector<Held> held_;
  bool complete_ = false;  // the container has no further tracks
  std::atomic<bool> released_{false};
  const Later later_;
};

}  // namespace rtms::recorder
