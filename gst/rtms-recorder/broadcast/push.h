// SPDX-License-Identifier: LGPL-2.1-or-later
// The program, live to an RTMP server, from a pipeline of its own: whatever happens to the server,
// neither the program nor the recording notices.
#pragma once

#include "base/glibptr.h"
#include "base/timer.h"
#include "common/gst.h"

#include <atomic>
#include <mutex>
#include <vector>

namespace rtms::recorder {

class Push {
 public:
  using Tell = std::function<void(bool good, const std::string &text)>;

  // By the clock and the time of `program`, a pipeline that plays. `tell` is called on the main
  // thread.
  Push(std::string url, GstElement *program, Tell tell);
  // The stream is ended in order, if the server takes part; nobody waits for that.
  ~Push();
  Push(const Push &) = delete;
  Push &operator=(const Push &) = delete;

  // What is encoded, with running times. From any thread; it never waits.
  void media(bool video, GstBuffer *buffer, GstCaps *caps);

  // On the main thread, each second: whether the server still takes anything.
  void watch();
  bool connected() const { return connected_; }
  unsigned attempts() const { return attempts_; }
  std::string summary() const;

 private:
  void start();
  void stop(GstClockTime patience);
  void failed(const std::string &why);
  static gboolean on_message(GstBus *bus, GstMessage *message, gpointer self);
  uint64_t sent() const;
  void look_up_server();
  void limit_silence();
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
  std::vector<ObjectPtr<GInetAddress>> addresses_;  // of the server
  ObjectPtr<GCancellable> looking_up_;
  bool limited_ = false;  // how long the server may take nothing

  std::mutex mutex_;  // guards what follows
  ElementPtr video_, audio_;
  bool has_keyframe_ = false;
};

}  // namespace rtms::recorder
