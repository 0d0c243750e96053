// SPDX-License-Identifier: LGPL-2.1-or-later
// rtmssrc in a meeting's pipeline: its pads, and what passes them.
#pragma once

#include "audio/sound.h"
#include "broadcast/intaketap.h"
#include "capturetime.h"
#include "common/gst.h"
#include "settings/options.h"
#include "text/texts.h"

#include <atomic>
#include <mutex>
#include <vector>

namespace rtms::recorder {

// All are called on the pads' threads.
struct IntakeListener {
  virtual ~IntakeListener() = default;
  // A pad has ended, or one cannot be recorded.
  virtual void intake_ended() = 0;
  virtual void intake_unusable(const std::string &pad) = 0;
};

// The exit of a queue behind one of rtmssrc's pads: `video` or `screen`.
struct Waiting {
  std::string name;
  PadPtr exit;
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
  // Hands on a later webhook about the stream.
  void notify(const std::string &webhook);
  void send_eos();

  // What waits to be linked: nothing passes before release().
  std::vector<Waiting> waiting();
  void release();
  // The service sends a transcript.
  bool has_transcript() const { return has_transcript_; }
  // Every pad that came has ended.
  bool all_ended() const { return pads_ > 0 && ended_ == pads_; }

 private:
  enum class Kind { Audio, Video, Screen, Transcript, Chat };
  struct Passing;
  static Kind kind_of(GstPad *pad);
  static void on_message(GstBus *bus, GstMessage *message, gpointer self);
  static void on_pad_added(GstElement *src, GstPad *pad, gpointer self);
  static GstPadProbeReturn on_data(GstPad *pad, GstPadProbeInfo *info, gpointer passing);
  void add(GstPad *pad);
  void hold(GstPad *pad);
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
  IntakeTap *const tap_;  // or null
  const bool holds_screen_;
  ElementPtr src_;
  BusPtr bus_;
  std::atomic<unsigned> pads_{0}, ended_{0};
  std::atomic<bool> has_transcript_{false};
  std::mutex mutex_;
  std::vector<Held> held_;
  bool released_ = false;
};

}  // namespace rtms::recorder
