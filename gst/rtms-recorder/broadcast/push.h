// SPDX-License-Identifier: LGPL-2.1-or-later
// Pushes the program live to an RTMP server, from a pipeline of its own, so that no failure of the
// server affects the program or the recording.
#pragma once

#include "base/glibptr.h"
#include "base/timer.h"
#include "common/gst.h"
#include "earlyaudio.h"

#include <atomic>
#include <mutex>
#include <vector>

namespace rtms::recorder {

class Push {
 public:
  using Tell = std::function<void(bool good, const std::string &text)>;

  // Uses the clock and base time of `program`, a playing pipeline. Calls `tell` on the main thread.
  Push(std::string url, GstElement *program, Tell tell);
  // Ends the stream at the server in the background, if the server responds.
  ~Push();
  Push(const Push &) = delete;
  Push &operator=(const Push &) = delete;

  // Takes encoded data with running times. Thread-safe, and never blocks.
  void media(bool video, GstBuffer *buffer, GstCaps *caps);

  // Is called each second, on the main thread: detects a server that has stopped receiving.
  void watch();
  bool connected() const { return connected_; }
  std::string summary() const;

 private:
  void start();
  void stop(GstClockTime patience);
  void failed(const std::string &why);
  static gboolean on_message(GstBus *bus, GstMessage *message, gpointer self);
  uint64_t sent() const;
  void look_up_server();
  void limit_silence();
  void push_video(GstSample *sample, GstBuffer *buffer);
  static void on_address(GObject *resolver, GAsyncResult *result, gpointer self);

  const std::string url_;
  const GstClockTime base_time_;
  const ClockPtr clock_;
  const Tell tell_;
  ElementPtr pipeline_;
  AttachedSource watch_;
  ElementPtr server_;
  Timer retry_;
  unsigned delay_ms_ = 0, attempts_ = 0;
  bool connected_ = false;
  uint64_t seen_sent_ = 0;
  int64_t progress_us_ = 0;
  std::vector<ObjectPtr<GInetAddress>> addresses_;
  ObjectPtr<GCancellable> looking_up_;
  bool limited_ = false;  // limit_silence() has succeeded

  std::mutex mutex_;  // guards the members below
  ElementPtr video_, audio_;
  bool has_keyframe_ = false;  // since the pipeline was made, or the video was too much
  GstClockTime from_ = 0;      // the time of that keyframe
  EarlyAudio early_;
};

}  // namespace rtms::recorder
